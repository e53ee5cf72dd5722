// Intervals by resampling what is independent: rows, whole customers, or blocks of whole dates. Used for every metric's interval.
// A statistic gets a list of row numbers (repeats included) and returns a number; NaN (one class drawn, say) drops the replicate and is
// counted. Replicate i uses stream i of the seed: same seed, same bits, in any order. A Resampler is immutable and free to share between
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "stats/draws.hpp"

namespace assay::stats {

class Resampler {
 public:
  // Single rows: a plain table.
  static Resampler rows(std::int64_t n);
  // Whole groups (a customer's rows stay together), as many groups as there are.
  static Resampler groups(std::span<const std::int64_t> group);
  // Stationary block bootstrap (Politis & Romano 1994) over whole dates: blocks of consecutive distinct times with geometric length of the
  // given mean (>= 1), wrapped at the end. Rows of one date come together. mean_block: max(horizon, optimal_block_length).
  static Resampler dates(std::span<const std::int64_t> time, double mean_block);

  std::int64_t n_rows() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t n_units() const { return static_cast<std::int64_t>(start_.size()) - 1; }
  double mean_block() const { return mean_block_; }
  std::span<const std::int64_t> unit(std::int64_t u) const;  // the rows of one unit

  // Draws n_units() units; out holds their numbers.
  void draw_units(Draws& draws, std::vector<std::int64_t>& out) const;
  // The same as row numbers.
  void draw_rows(Draws& draws, std::vector<std::int64_t>& out) const;

 private:
  std::vector<std::int64_t> rows_;   // rows in unit order
  std::vector<std::int64_t> start_;  // unit u holds rows_[start_[u] .. start_[u + 1])
  double mean_block_ = 1;            // 1 = independent units
};

// Politis & White (2004) with the correction of Patton, Politis & White (2009): automatic mean block length for a series in time order.
struct BlockLength {
  double stationary, circular;  // at least 1; 1 for a constant series or fewer than 4 values
};
BlockLength optimal_block_length(std::span<const double> series);

enum class IntervalKind { percentile, basic, bca };

struct BootstrapOptions {
  std::int64_t replicates = 2000;
  double level = 0.95;
  IntervalKind kind = IntervalKind::percentile;
  std::uint64_t seed = 0;  // from the seed tree
};

struct Interval {
  double estimate;        // on the rows as they are
  double low, high;       // NaN where the estimate is, or where fewer than half of the replicates were defined
  double standard_error;  // standard deviation of the replicates
  std::int64_t replicates, undefined;
};

using Statistic = std::function<double(std::span<const std::int64_t> rows)>;

std::vector<double> bootstrap_values(const Resampler& resampler, const Statistic& statistic, const BootstrapOptions& options);
Interval bootstrap(const Resampler& resampler, const Statistic& statistic, const BootstrapOptions& options);

// Studentised (bootstrap-t): the statistic also gives its own standard error. kind is ignored.
struct ValueWithError {
  double value, standard_error;
};
using StudentisedStatistic = std::function<ValueWithError(std::span<const std::int64_t> rows)>;
Interval bootstrap_studentised(const Resampler& resampler, const StudentisedStatistic& statistic, const BootstrapOptions& options);

// Fast ways for the commonest statistics; the same draws as bootstrap(), hence the same interval to rounding.
Interval bootstrap_mean(const Resampler& resampler, std::span<const double> values, const BootstrapOptions& options);
Interval bootstrap_auc(const Resampler& resampler, std::span<const double> truth, std::span<const double> score,
                       const BootstrapOptions& options);
// auc(score_a) - auc(score_b) on the same rows.
Interval bootstrap_auc_difference(const Resampler& resampler, std::span<const double> truth, std::span<const double> score_a,
                                  std::span<const double> score_b, const BootstrapOptions& options);

// Linear interpolation between order statistics (Hyndman & Fan 1996, type 7). values need not be sorted; empty gives NaN.
double quantile(std::span<const double> values, double p);

}  // namespace assay::stats
