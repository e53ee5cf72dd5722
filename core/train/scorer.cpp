#include "train/scorer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace assay::train {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::uint32_t task_flag(config::Task task) {
  return task == config::Task::regression ? ASSAY_TASK_REGRESSION
         : task == config::Task::binary   ? ASSAY_TASK_BINARY
                                          : ASSAY_TASK_MULTICLASS;
}

template <class T>
const T* data_or_null(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

std::vector<std::int64_t> order_by_time(const ForecastSet& set) {
  std::vector<std::int64_t> order(set.truth.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return set.time[a] < set.time[b]; });
  return order;
}

}  // namespace

Scorer::Scorer(std::string name, std::shared_ptr<const plugin::AnyMetric> metric, config::Task task, std::int64_t classes)
    : name_(std::move(name)), metric_(std::move(metric)), task_(task), classes_(classes) {}

int Scorer::direction() const { return metric_->direction(); }
bool Scorer::needs_decision() const { return metric_->needs(ASSAY_METRIC_DECISION); }
bool Scorer::needs_quantiles() const { return metric_->needs(ASSAY_METRIC_QUANTILES); }
bool Scorer::applies() const { return (metric_->tasks() & task_flag(task_)) != 0; }
bool Scorer::is_table() const { return metric_->value_names().size() > 1; }
std::vector<std::string> Scorer::value_names() const { return metric_->value_names(); }

std::vector<double> Scorer::values(const ForecastSet& set) const {
  if (set.truth.empty() || (needs_quantiles() && set.levels.empty()))
    return std::vector<double>(std::max<std::size_t>(1, metric_->value_names().size()), kNaN);
  assay_scored scored{};
  scored.struct_size = sizeof scored;
  scored.task = task_flag(task_);
  scored.rows = set.rows();
  scored.n_classes = classes_;
  scored.truth = set.truth.data();
  scored.value = set.value.data();
  scored.n_outputs = set.outputs;
  scored.decision = data_or_null(set.decision);
  scored.time_ns = data_or_null(set.time);
  scored.entity = data_or_null(set.entity);
  scored.last_known_target = data_or_null(set.last_known_target);
  scored.naive_mae = set.naive_mae;
  scored.levels = data_or_null(set.levels);
  scored.quantile = data_or_null(set.quantile);
  scored.n_levels = std::ssize(set.levels);
  return metric_->score(scored, {});
}

double Scorer::value(const ForecastSet& set) const {
  if (!is_by_date(set)) return values(set).front();
  const ByDate dates = by_date(set);
  double sum = 0;
  std::int64_t count = 0;
  for (const double v : dates.value) {
    if (std::isnan(v)) continue;
    sum += v;
    ++count;
  }
  return count == 0 ? kNaN : sum / static_cast<double>(count);
}

double mean_value(const Scorer& scorer, std::span<const ForecastSet> horizons) {
  double sum = 0;
  for (const ForecastSet& set : horizons) sum += scorer.value(set);
  return sum / static_cast<double>(horizons.size());
}

bool Scorer::is_by_date(const ForecastSet& set) const {
  if (!metric_->needs(ASSAY_METRIC_BY_DATE) || set.time.empty() || set.entity.empty()) return false;
  return std::any_of(set.entity.begin(), set.entity.end(), [&](std::int32_t e) { return e != set.entity.front(); });
}

Scorer::ByDate Scorer::by_date(const ForecastSet& set) const {
  ByDate out;
  const std::vector<std::int64_t> order = order_by_time(set);
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && set.time[order[end]] == set.time[order[i]]) ++end;
    out.time.push_back(set.time[order[i]]);
    out.value.push_back(values(taken(set, std::span(order).subspan(i, end - i))).front());
    i = end;
  }
  return out;
}

}  // namespace assay::train
