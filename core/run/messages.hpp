// What a host and its worker say to each other: message numbers and the text forms of what travels. Used by remote_learner (host) and
// worker_loop (worker). Arrays travel as packed memory (worker/packed_file) or as binary parts, everything else as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "train/learner.hpp"
#include "worker/packed_file.hpp"

namespace assay::run {

enum class Request : std::uint32_t {
  setup = 1,  // below 50: worker::TaskRequest begins there
  begin,
  epoch,
  fit,
  predict,
  keep_best,
  restore_best,
  save,
  load,
  checkpoint,
  resume,
  summary,
  score,
  importance,
  graph,
  slopes,
  prune,
  size,
  predict_speed,
  quantiles
};
constexpr std::uint32_t kEvaluate = 200;  // asked back during a fit, beside worker::Reply; answered with Request::score

std::string to_json(const train::LearnerSetup& setup);
train::LearnerSetup setup_from_json(const std::string& text);

// Rows as packed memory, and back as a view of the mapping (which must outlive it). Labels only where they are in `rows`.
worker::Descriptor pack(const train::Rows& rows);
train::Rows rows_of(const worker::PackedFile& file);

// A graph's nodes as text, and the bytes of its constants one after another; and back.
std::string to_text(const plugin::Graph& graph);
std::vector<std::byte> numbers_of(const plugin::Graph& graph);
plugin::Graph graph_from(std::string_view text, std::span<const std::byte> numbers);

}  // namespace assay::run
