// Rows with a linear signal, and the C batch over them: what the checker's model tests learn from. Belongs to one thread; a batch borrows
// from nothing but itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/abi.h"
#include "checker/input_memory.hpp"

namespace assay::checker {

inline constexpr std::int64_t kInputs = 5;
inline constexpr std::array<double, 5> kLevels = {0.05, 0.25, 0.5, 0.75, 0.95};  // of quantiles, which every regression is asked for

struct SampleTable {
  std::uint32_t task = ASSAY_TASK_REGRESSION;
  std::int64_t rows = 0, lookback = 0;  // lookback 0: plain rows
  std::vector<double> x;                // rows x max(1, lookback) x kInputs
  std::vector<double> y, last_known;    // last_known: the target of the row before
  std::vector<std::int64_t> time_ns, label_end_ns;
  std::vector<double> weight = {};  // empty: all rows weigh the same
  std::int64_t horizons = 1;        // y and last_known have as many values a row

  std::int64_t row_width() const { return (lookback > 0 ? lookback : 1) * kInputs; }
  std::int64_t outputs() const { return task == ASSAY_TASK_MULTICLASS ? 3 : horizons; }
  SampleTable taken(std::span<const std::int64_t> which) const;
  SampleTable first(std::int64_t count) const;
};

// score = w.x of the newest step + 0.3 noise. Regression: y = score; binary: score > 0; multiclass: three bands of it.
SampleTable linear_sample(std::uint32_t task, std::int64_t rows, std::int64_t lookback, std::uint64_t seed);
// A regression of two horizons on the same rows: y, and kSecond.center - kSecond.scale * y.
struct SecondHorizon {
  double center, scale;
};
inline constexpr SecondHorizon kSecond{5, 2};
SampleTable two_horizons(SampleTable one);

// One for one call. Labels are left out where a model only predicts.
class SampleBatch {
 public:
  SampleBatch(const SampleTable& table, std::uint16_t dtype, bool labels);
  SampleBatch(const SampleBatch&) = delete;
  SampleBatch& operator=(const SampleBatch&) = delete;

  const assay_batch& batch() const { return batch_; }
  const assay_problem& problem() const { return problem_; }
  void protect() { memory_.protect(); }

 private:
  InputMemory memory_;
  assay_problem problem_{};
  std::array<double, 2> center_{0, kSecond.center}, scale_{1, kSecond.scale};  // of two horizons
  assay_batch batch_{};
  std::vector<std::string> names_;
  std::vector<assay_column> columns_;
  std::vector<const assay_column*> pointers_;
};

// How well predictions follow the target: correlation (regression), AUC (binary), share of right classes (multiclass).
double skill(const SampleTable& table, std::span<const double> predictions);
// What a model reaches that learned something, well below what a linear one does.
double skill_wanted(std::uint32_t task);
const char* skill_name(std::uint32_t task);
const char* task_name(std::uint32_t task);

}  // namespace assay::checker
