// What a host and its worker say to each other: message numbers and the text forms of what travels. Used by remote_learner (host) and
// worker_loop (worker). Arrays travel as packed memory (worker/packed_file) or as binary parts, everything else as JSON.
#pragma once

#include <cstdint>
#include <string>

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
  importance
};
constexpr std::uint32_t kEvaluate = 200;  // asked back during a fit, beside worker::Reply; answered with Request::score

std::string to_json(const train::LearnerSetup& setup);
train::LearnerSetup setup_from_json(const std::string& text);

// Rows as packed memory, and back as a view of the mapping (which must outlive it). Labels only where they are in `rows`.
worker::Descriptor pack(const train::Rows& rows);
train::Rows rows_of(const worker::PackedFile& file);

}  // namespace assay::run
