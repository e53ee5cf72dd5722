#include "train/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "stats/bootstrap.hpp"
#include "stats/correlation.hpp"
#include "stats/mean_interval.hpp"

namespace assay::train {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double mean_defined(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;  // one undefined makes the mean undefined: no repeat or fold is passed over in silence
  return values.empty() ? kNaN : sum / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return kNaN;
  const double mean = mean_defined(values);
  double square = 0;
  for (const double v : values) square += (v - mean) * (v - mean);
  return std::sqrt(square / static_cast<double>(values.size() - 1));
}

// Sets over which a metric is taken: the pooled rows, or each fold. [repeat][set]. Paths are histories of the same rows, as repeats are:
// each is an entry of its own.
std::vector<std::vector<ForecastSet>> arrange(const ModelForecasts& forecasts, bool pool) {
  std::vector<std::vector<ForecastSet>> sets;
  for (const auto& paths : forecasts.paths)
    for (const ForecastSet& path : paths) sets.push_back({path});
  if (!sets.empty()) return sets;
  for (const auto& folds : forecasts.repeats) {
    if (pool || folds.size() == 1)
      sets.push_back({pooled(folds)});
    else
      sets.push_back(folds);
  }
  return sets;
}

// Politis-White on a series by date that carries the forecast's errors: what the metric's dependence comes from.
double block_length(const ForecastSet& set, std::int64_t horizon) {
  std::vector<double> errors(set.truth.size());
  for (std::size_t r = 0; r < errors.size(); ++r) {
    const double value = set.outputs == 1 ? set.value[r] : set.value[r * static_cast<std::size_t>(set.outputs)];
    errors[r] = (set.truth[r] - value) * (set.truth[r] - value);
  }
  std::vector<std::size_t> order(errors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return set.time[a] < set.time[b]; });
  std::vector<double> by_date;
  for (std::size_t i = 0; i < order.size();) {
    double sum = 0;
    std::size_t k = i;
    for (; k < order.size() && set.time[order[k]] == set.time[order[i]]; ++k) sum += errors[order[k]];
    by_date.push_back(sum / static_cast<double>(k - i));
    i = k;
  }
  return std::max(static_cast<double>(horizon), stats::optimal_block_length(by_date).stationary);
}

stats::Resampler resampler_for(const ForecastSet& set, std::int64_t horizon) {
  if (!set.time.empty()) return stats::Resampler::dates(set.time, block_length(set, horizon));
  if (!set.group.empty()) return stats::Resampler::groups(set.group);
  return stats::Resampler::rows(set.rows());
}

// Replicate i of one set: rows drawn from stream i of the set's seed.
class Replicates {
 public:
  Replicates(const std::vector<std::vector<ForecastSet>>& sets, const EvaluationOptions& options) : sets_(sets), options_(options) {
    for (std::size_t s = 0; s < sets.front().size(); ++s) {
      resamplers_.push_back(resampler_for(sets.front()[s], options.horizon));
      seeds_.push_back(options.seed.child("bootstrap").child(s).seed());
    }
    for (const auto& repeat : sets) {
      orders_.emplace_back();
      for (const ForecastSet& set : repeat)
        orders_.back().push_back(by_value(set) ? stats::ascending_order(set.value) : std::vector<std::int64_t>{});
    }
  }

  // For each scorer, each replicate: the mean over sets and repeats.
  std::vector<std::vector<double>> values(const std::vector<Scorer>& scorers) const {
    std::vector<std::vector<double>> out(scorers.size(), std::vector<double>(static_cast<std::size_t>(options_.replicates), kNaN));
    const std::uint32_t threads = std::max<std::uint32_t>(1, options_.threads);
    std::vector<std::exception_ptr> failures(threads);
    const auto work = [&](std::uint32_t thread) {
      try {
        for (std::int64_t i = thread; i < options_.replicates; i += threads) replicate(scorers, i, out);
      } catch (...) {
        failures[thread] = std::current_exception();
      }
    };
    std::vector<std::thread> pool;
    for (std::uint32_t t = 1; t < threads; ++t) pool.emplace_back(work, t);
    work(0);
    for (std::thread& t : pool) t.join();
    for (const auto& failure : failures)
      if (failure) std::rethrow_exception(failure);
    return out;
  }

 private:
  // Rows of a table with one forecast each come in the order of the forecast: metrics that rank them then need not sort.
  static bool by_value(const ForecastSet& set) { return set.time.empty() && set.outputs == 1; }
  static std::vector<std::int64_t> in_order(const std::vector<std::int64_t>& drawn, const std::vector<std::int64_t>& order) {
    std::vector<std::int32_t> times(order.size(), 0);
    for (const std::int64_t row : drawn) ++times[static_cast<std::size_t>(row)];
    std::vector<std::int64_t> out;
    out.reserve(drawn.size());
    for (const std::int64_t row : order) out.insert(out.end(), static_cast<std::size_t>(times[static_cast<std::size_t>(row)]), row);
    return out;
  }

  void replicate(const std::vector<Scorer>& scorers, std::int64_t i, std::vector<std::vector<double>>& out) const {
    std::vector<double> sums(scorers.size(), 0);
    std::vector<std::int64_t> units, drawn;
    std::vector<TimeNs> dates;
    for (std::size_t s = 0; s < resamplers_.size(); ++s) {
      stats::Draws draws(seeds_[s], static_cast<std::uint64_t>(i));
      resamplers_[s].draw_units(draws, units);
      drawn.clear();
      dates.clear();
      for (std::size_t u = 0; u < units.size(); ++u)
        for (const std::int64_t row : resamplers_[s].unit(units[u])) {
          drawn.push_back(row);
          dates.push_back(static_cast<TimeNs>(u));  // a date that is drawn twice counts as two dates
        }
      for (std::size_t r = 0; r < sets_.size(); ++r) {
        ForecastSet sample = taken(sets_[r][s], by_value(sets_[r][s]) ? in_order(drawn, orders_[r][s]) : drawn);
        if (!sample.time.empty()) sample.time = dates;
        for (std::size_t m = 0; m < scorers.size(); ++m) sums[m] += scorers[m].value(sample);
      }
    }
    const auto count = static_cast<double>(resamplers_.size() * sets_.size());
    for (std::size_t m = 0; m < scorers.size(); ++m) out[m][static_cast<std::size_t>(i)] = sums[m] / count;
  }

  const std::vector<std::vector<ForecastSet>>& sets_;
  const EvaluationOptions& options_;
  std::vector<stats::Resampler> resamplers_;
  std::vector<std::uint64_t> seeds_;
  std::vector<std::vector<std::vector<std::int64_t>>> orders_;  // [repeat][set]
};

void set_interval(MetricResult& result, std::vector<double> values, double confidence) {
  const std::size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (std::isnan(result.value) || values.size() * 2 < all || values.empty()) {
    result.low = result.high = kNaN;
    return;
  }
  result.low = stats::quantile(values, (1 - confidence) / 2);
  result.high = stats::quantile(values, (1 + confidence) / 2);
}

// A metric by date on a panel: the interval of a mean of dependent dates.
void set_interval_by_date(MetricResult& result, const Scorer& scorer, const std::vector<std::vector<ForecastSet>>& sets,
                          const EvaluationOptions& options) {
  result.low = result.high = kNaN;
  if (std::isnan(result.value)) return;
  std::vector<double> mean;
  for (const auto& repeat : sets) {
    const Scorer::ByDate by_date = scorer.by_date(pooled(repeat));
    mean.resize(by_date.value.size());
    for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += by_date.value[d] / static_cast<double>(sets.size());
  }
  std::erase_if(mean, [](double v) { return std::isnan(v); });
  const stats::MeanInterval interval = stats::interval_of_mean(mean, options.horizon, options.confidence);
  result.low = interval.low;
  result.high = interval.high;
}

// Histories told apart: means over paths by repeat, and over repeats by path.
void over_paths(const ModelForecasts& forecasts, MetricResult& result) {
  result.path_spread = kNaN;
  if (forecasts.paths.empty()) {
    result.per_repeat = result.per_history;
    return;
  }
  const std::size_t repeats = forecasts.paths.size(), paths = forecasts.paths.front().size();
  for (std::size_t r = 0; r < repeats; ++r) {
    const auto first = result.per_history.begin() + static_cast<std::ptrdiff_t>(r * paths);
    result.per_repeat.push_back(mean_defined({first, first + static_cast<std::ptrdiff_t>(paths)}));
  }
  for (std::size_t p = 0; p < paths; ++p) {
    std::vector<double> by_repeat;
    for (std::size_t r = 0; r < repeats; ++r) by_repeat.push_back(result.per_history[r * paths + p]);
    result.per_path.push_back(mean_defined(by_repeat));
  }
  result.path_spread = standard_deviation(result.per_path);
}

MetricResult point_values(const Scorer& scorer, const ModelForecasts& forecasts, const std::vector<std::vector<ForecastSet>>& sets) {
  MetricResult result;
  result.name = scorer.name();
  result.direction = scorer.direction();
  result.aggregate = !forecasts.paths.empty() ? "mean_of_paths" : sets.front().size() == 1 ? "pooled" : "mean_of_folds";
  for (const auto& repeat : sets) {
    std::vector<double> by_set;
    for (const ForecastSet& set : repeat) by_set.push_back(scorer.value(set));
    result.per_history.push_back(mean_defined(by_set));
  }
  result.value = mean_defined(result.per_history);
  over_paths(forecasts, result);
  result.spread = standard_deviation(result.per_repeat);
  for (std::size_t f = 0; f < forecasts.repeats.front().size(); ++f) {
    std::vector<double> by_repeat;
    for (const auto& repeat : forecasts.repeats) by_repeat.push_back(scorer.value(repeat[f]));
    result.per_fold.push_back(mean_defined(by_repeat));
  }
  if (scorer.is_table()) {
    result.table_names = scorer.value_names();
    result.table.assign(result.table_names.size(), 0);
    for (const auto& repeat : sets) {
      const std::vector<double> values = scorer.values(pooled(repeat));
      for (std::size_t k = 0; k < values.size(); ++k) result.table[k] += values[k] / static_cast<double>(sets.size());
    }
  }
  return result;
}

}  // namespace

std::vector<MetricResult> evaluate(const std::vector<Scorer>& scorers, const ModelForecasts& forecasts, const EvaluationOptions& options) {
  ASSAY_CHECK(!forecasts.repeats.empty() && !forecasts.repeats.front().empty(), "a model has at least one repeat and one fold");
  const auto sets = arrange(forecasts, options.pool);
  std::vector<MetricResult> results;
  std::vector<Scorer> resampled;
  for (const Scorer& scorer : scorers) {
    results.push_back(point_values(scorer, forecasts, sets));
    if (!scorer.is_by_date(sets.front().front())) resampled.push_back(scorer);
  }
  std::vector<std::vector<double>> values;
  // One unit has no spread that could be resampled: no interval rather than one of width 0.
  const bool has_rows = std::all_of(sets.front().begin(), sets.front().end(),
                                    [&](const ForecastSet& s) { return s.rows() > 0 && resampler_for(s, options.horizon).n_units() > 1; });
  if (has_rows && !resampled.empty()) values = Replicates(sets, options).values(resampled);
  std::size_t next = 0;
  for (std::size_t m = 0; m < scorers.size(); ++m) {
    if (scorers[m].is_by_date(sets.front().front()))
      set_interval_by_date(results[m], scorers[m], sets, options);
    else
      set_interval(results[m], has_rows ? std::move(values[next++]) : std::vector<double>{}, options.confidence);
  }
  return results;
}

std::size_t median_history(const MetricResult& first_metric) {
  std::vector<std::size_t> order(first_metric.per_history.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return first_metric.per_history[a] < first_metric.per_history[b]; });
  return order[(order.size() - 1) / 2];
}

ForecastSet history(const ModelForecasts& forecasts, std::size_t index) {
  if (forecasts.paths.empty()) return pooled(forecasts.repeats.at(index));
  const std::size_t paths = forecasts.paths.front().size();
  return forecasts.paths.at(index / paths).at(index % paths);
}

}  // namespace assay::train
