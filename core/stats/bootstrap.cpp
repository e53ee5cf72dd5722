#include "stats/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "stats/correlation.hpp"
#include "stats/distributions.hpp"

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kJackknifeGroups = 200;

using Units = std::span<const std::int64_t>;
using UnitStatistic = std::function<double(Units)>;

void require(bool fine, const char* what) {
  if (!fine) throw std::invalid_argument(what);
}

void check(const BootstrapOptions& options) {
  require(options.replicates > 0, "bootstrap: at least one replicate is needed");
  require(options.level > 0 && options.level < 1, "bootstrap: the level lies between 0 and 1");
}

std::vector<std::int64_t> all_units(const Resampler& resampler) {
  std::vector<std::int64_t> units(resampler.n_units());
  std::iota(units.begin(), units.end(), std::int64_t{0});
  return units;
}

void rows_of(const Resampler& resampler, Units units, std::vector<std::int64_t>& rows) {
  rows.clear();
  for (const auto u : units) {
    const auto unit = resampler.unit(u);
    rows.insert(rows.end(), unit.begin(), unit.end());
  }
}

UnitStatistic over_rows(const Resampler& resampler, const Statistic& statistic) {
  return [&resampler, &statistic, rows = std::vector<std::int64_t>()](Units units) mutable {
    rows_of(resampler, units, rows);
    return statistic(rows);
  };
}

std::vector<double> replicate(const Resampler& resampler, const UnitStatistic& statistic, const BootstrapOptions& options) {
  check(options);
  std::vector<double> values(options.replicates);
  std::vector<std::int64_t> units;
  for (std::int64_t i = 0; i < options.replicates; ++i) {
    Draws draws(options.seed, static_cast<std::uint64_t>(i));
    resampler.draw_units(draws, units);
    values[i] = statistic(units);
  }
  return values;
}

// Acceleration of BCa from a jackknife that leaves out consecutive units: one at a time up to 200 units, 200 equal groups above, which
// keeps its cost below that of the replicates. Consecutive, because neighbouring dates depend on each other.
double acceleration(const Resampler& resampler, const UnitStatistic& statistic) {
  const auto n = resampler.n_units(), groups = std::min(n, kJackknifeGroups);
  std::vector<double> values;
  std::vector<std::int64_t> kept;
  for (std::int64_t g = 0; g < groups; ++g) {
    kept.clear();
    for (std::int64_t u = 0; u < n; ++u) {
      if (u < g * n / groups || u >= (g + 1) * n / groups) kept.push_back(u);
    }
    if (const double v = statistic(kept); !std::isnan(v)) values.push_back(v);
  }
  if (values.size() < 2) return 0;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0, cubes = 0;
  for (const double v : values) {
    squares += (mean - v) * (mean - v);
    cubes += (mean - v) * (mean - v) * (mean - v);
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

// Linear interpolation between the order statistics of sorted values.
double sorted_quantile(std::span<const double> sorted, double p) {
  if (sorted.empty()) return kNan;
  const double place = std::clamp(p, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

// The level that BCa reads instead of p (Efron 1987, eq. 2.3). Replicates equal to the estimate count half; `error` gives the scale on
// which rounding counts as equal, since a few rows in another order can give the same mean with other last digits.
double bca_level(double p, std::span<const double> sorted, double estimate, double error, double accelerated) {
  const double slack = std::isnan(error) ? 0 : 1e-9 * error;
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), estimate - slack);
  const auto last = std::upper_bound(first, sorted.end(), estimate + slack);
  const auto below = static_cast<double>(first - sorted.begin()), equal = static_cast<double>(last - first);
  const auto n = static_cast<double>(sorted.size());
  const double bias = normal_quantile(std::clamp((below + equal / 2) / n, 0.5 / n, 1 - 0.5 / n));
  const double shifted = bias + normal_quantile(p);
  return normal_cdf(bias + shifted / (1 - accelerated * shifted));
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Interval unknown_interval(double estimate, const BootstrapOptions& options) {
  return {.estimate = estimate, .low = kNan, .high = kNan, .standard_error = kNan, .replicates = options.replicates, .undefined = 0};
}

std::vector<double> defined_sorted(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  std::sort(values.begin(), values.end());
  return values;
}

// `unit_statistic` of all units is the estimate.
Interval interval(const Resampler& resampler, const UnitStatistic& unit_statistic, const BootstrapOptions& options) {
  check(options);
  if (resampler.n_units() < 1) return unknown_interval(kNan, options);
  Interval result = unknown_interval(unit_statistic(all_units(resampler)), options);
  if (resampler.n_units() < 2) return result;  // one customer or one date resampled is always itself: no spread to be seen
  const auto sorted = defined_sorted(replicate(resampler, unit_statistic, options));
  result.undefined = options.replicates - static_cast<std::int64_t>(sorted.size());
  result.standard_error = standard_deviation(sorted);
  if (std::isnan(result.estimate) || 2 * result.undefined > options.replicates) return result;
  double low = (1 - options.level) / 2, high = (1 + options.level) / 2;
  if (options.kind == IntervalKind::bca) {
    const double accelerated = acceleration(resampler, unit_statistic);
    low = bca_level(low, sorted, result.estimate, result.standard_error, accelerated);
    high = bca_level(high, sorted, result.estimate, result.standard_error, accelerated);
  }
  result.low = sorted_quantile(sorted, low);
  result.high = sorted_quantile(sorted, high);
  if (options.kind == IntervalKind::basic) {
    const double upper = result.high;
    result.high = 2 * result.estimate - result.low;
    result.low = 2 * result.estimate - upper;
  }
  return result;
}

// AUC of a multiset of rows without sorting again: rows stand in score order once, a replicate only says how often each is drawn.
class CountedAuc {
 public:
  CountedAuc(std::span<const double> truth, std::span<const double> score)
      : place_(truth.size()), positive_(truth.size()), ends_tie_(truth.size()) {
    const auto order = ascending_order(score);
    for (std::size_t i = 0; i < order.size(); ++i) {
      place_[order[i]] = static_cast<std::int64_t>(i);
      positive_[i] = truth[order[i]] > 0.5;
      ends_tie_[i] = i + 1 == order.size() || score[order[i + 1]] != score[order[i]];
    }
  }

  double operator()(const Resampler& resampler, Units units) {
    counts_.assign(place_.size(), 0);
    for (const auto u : units) {
      for (const auto row : resampler.unit(u)) ++counts_[place_[row]];
    }
    // Indexed, not branched on: the classes come in random order along the scores, which a branch predictor cannot learn.
    double wins = 0, seen[2] = {0, 0};  // 0 negatives, 1 positives
    std::int64_t tied[2] = {0, 0};
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      tied[positive_[i]] += counts_[i];
      if (!ends_tie_[i]) continue;
      wins += static_cast<double>(tied[1]) * (seen[0] + 0.5 * static_cast<double>(tied[0]));
      seen[0] += static_cast<double>(tied[0]);
      seen[1] += static_cast<double>(tied[1]);
      tied[0] = tied[1] = 0;
    }
    return seen[0] > 0 && seen[1] > 0 ? wins / (seen[0] * seen[1]) : kNan;
  }

 private:
  std::vector<std::int64_t> place_;
  std::vector<unsigned char> positive_, ends_tie_;  // 0 or 1
  std::vector<std::int32_t> counts_;
};

}  // namespace

Resampler Resampler::rows(std::int64_t n) {
  require(n >= 0, "bootstrap: the row count is negative");
  Resampler result;
  result.rows_.resize(n);
  std::iota(result.rows_.begin(), result.rows_.end(), std::int64_t{0});
  result.start_.resize(n + 1);
  std::iota(result.start_.begin(), result.start_.end(), std::int64_t{0});
  return result;
}

Resampler Resampler::groups(std::span<const std::int64_t> group) { return dates(group, 1); }

Resampler Resampler::dates(std::span<const std::int64_t> time, double mean_block) {
  require(mean_block >= 1 && std::isfinite(mean_block), "bootstrap: the mean block length is at least 1");
  Resampler result;
  result.mean_block_ = mean_block;
  result.rows_.resize(time.size());
  std::iota(result.rows_.begin(), result.rows_.end(), std::int64_t{0});
  std::stable_sort(result.rows_.begin(), result.rows_.end(), [&](auto a, auto b) { return time[a] < time[b]; });
  for (std::size_t i = 0; i < time.size(); ++i) {
    if (i == 0 || time[result.rows_[i]] != time[result.rows_[i - 1]]) result.start_.push_back(static_cast<std::int64_t>(i));
  }
  result.start_.push_back(static_cast<std::int64_t>(time.size()));
  return result;
}

std::span<const std::int64_t> Resampler::unit(std::int64_t u) const {
  return std::span(rows_).subspan(start_[u], start_[u + 1] - start_[u]);
}

void Resampler::draw_units(Draws& draws, std::vector<std::int64_t>& out) const {
  const auto n = n_units();
  out.resize(n);
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool new_block = i == 0 || mean_block_ == 1 || draws.uniform() * mean_block_ < 1;
    at = new_block ? static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(n))) : (at + 1 == n ? 0 : at + 1);
    out[i] = at;
  }
}

void Resampler::draw_rows(Draws& draws, std::vector<std::int64_t>& out) const {
  std::vector<std::int64_t> units;
  draw_units(draws, units);
  rows_of(*this, units, out);
}

std::vector<double> bootstrap_values(const Resampler& resampler, const Statistic& statistic, const BootstrapOptions& options) {
  return replicate(resampler, over_rows(resampler, statistic), options);
}

Interval bootstrap(const Resampler& resampler, const Statistic& statistic, const BootstrapOptions& options) {
  return interval(resampler, over_rows(resampler, statistic), options);
}

Interval bootstrap_studentised(const Resampler& resampler, const StudentisedStatistic& statistic, const BootstrapOptions& options) {
  check(options);
  if (resampler.n_units() < 1) return unknown_interval(kNan, options);
  std::vector<std::int64_t> rows;
  rows_of(resampler, all_units(resampler), rows);
  const ValueWithError original = statistic(rows);
  Interval result = unknown_interval(original.value, options);
  if (resampler.n_units() < 2) return result;
  std::vector<double> values;
  const auto student = [&](std::span<const std::int64_t> drawn) {
    const auto [value, error] = statistic(drawn);
    if (!std::isnan(value)) values.push_back(value);
    return error > 0 ? (value - original.value) / error : kNan;
  };
  const auto sorted = defined_sorted(bootstrap_values(resampler, student, options));
  result.undefined = options.replicates - static_cast<std::int64_t>(sorted.size());
  result.standard_error = standard_deviation(values);
  if (!(original.standard_error >= 0) || 2 * result.undefined > options.replicates) return result;
  result.low = original.value - sorted_quantile(sorted, (1 + options.level) / 2) * original.standard_error;
  result.high = original.value - sorted_quantile(sorted, (1 - options.level) / 2) * original.standard_error;
  return result;
}

Interval bootstrap_mean(const Resampler& resampler, std::span<const double> values, const BootstrapOptions& options) {
  require(static_cast<std::int64_t>(values.size()) == resampler.n_rows(), "bootstrap: values and resampler need one length");
  std::vector<double> sum(resampler.n_units()), count(resampler.n_units());
  for (std::int64_t u = 0; u < resampler.n_units(); ++u) {
    for (const auto row : resampler.unit(u)) sum[u] += values[row];
    count[u] = static_cast<double>(resampler.unit(u).size());
  }
  const auto mean = [&](Units units) {
    double total = 0, rows = 0;
    for (const auto u : units) {
      total += sum[u];
      rows += count[u];
    }
    return total / rows;
  };
  return interval(resampler, mean, options);
}

Interval bootstrap_auc(const Resampler& resampler, std::span<const double> truth, std::span<const double> score,
                       const BootstrapOptions& options) {
  const auto n = static_cast<std::size_t>(resampler.n_rows());
  require(truth.size() == n && score.size() == n, "bootstrap: truth, score and resampler need one length");
  CountedAuc counted(truth, score);
  return interval(
      resampler, [&](Units units) { return counted(resampler, units); }, options);
}

Interval bootstrap_auc_difference(const Resampler& resampler, std::span<const double> truth, std::span<const double> score_a,
                                  std::span<const double> score_b, const BootstrapOptions& options) {
  const auto n = static_cast<std::size_t>(resampler.n_rows());
  require(truth.size() == n && score_a.size() == n && score_b.size() == n, "bootstrap: truth, scores and resampler need one length");
  CountedAuc a(truth, score_a), b(truth, score_b);
  return interval(
      resampler, [&](Units units) { return a(resampler, units) - b(resampler, units); }, options);
}

double quantile(std::span<const double> values, double p) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted_quantile(sorted, p);
}

}  // namespace assay::stats
