// Training and predicting on sample tables, as plainly as the host does it: shared by the checker's model tests. In the child process only.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "checker/sample_table.hpp"
#include "checker/subject.hpp"
#include "plugin/model.hpp"

namespace assay::checker {

struct Training {
  std::uint64_t seed = 1;
  int epochs = 12;     // of models that are stepped
  int first_step = 0;  // go on from here (no begin), with the same batches as a run from the start
  int last_step = -1;  // stop before this one; -1 = to the end
  unsigned max_threads = 1;
  bool protect = false;                    // inputs on read-only pages
  std::function<bool()> enough = nullptr;  // asked after every tenth epoch; may be null
};

inline constexpr std::int64_t kBatchSize = 32;

plugin::Model make_model(const Subject& subject);
// fit where it has it, else begin and steps. Throws what the plugin's refusal becomes; a loss that is no number is Found (fail).
void train(plugin::Model& model, const SampleTable& table, const Training& training);
std::vector<double> predict(const plugin::Model& model, const SampleTable& table, std::uint64_t seed = 1, bool protect = false,
                            unsigned max_threads = 1);

// The first task that the model takes, and the lookback it wants: 0, or 4 where it refuses plain rows.
SampleTable sample_for(const Subject& subject, std::int64_t rows, std::uint64_t seed, std::uint32_t task = 0);
std::vector<std::uint32_t> tasks_of(const Subject& subject);

bool same_bits(std::span<const double> a, std::span<const double> b);
std::size_t count_not_finite(std::span<const double> values);

}  // namespace assay::checker
