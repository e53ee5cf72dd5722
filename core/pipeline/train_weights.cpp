#include "pipeline/train_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/prepare.hpp"

namespace assay::pipeline {

namespace {

constexpr double kNsPerMonth = 365.2425 / 12 * static_cast<double>(kNsPerDay);

template <class T>
std::vector<T> picked(std::span<const T> values, std::span<const std::int64_t> rows) {
  std::vector<T> result;
  for (const std::int64_t row : rows) result.push_back(values[static_cast<std::size_t>(row)]);
  return result;
}

// Half for each half-life of age. A count is one of distinct times, a month the mean one.
std::vector<double> half_life_decay(std::span<const TimeNs> time, const Span& half_life) {
  std::vector<double> age(time.size(), 0);
  std::int64_t times = 0;
  for (std::size_t i = time.size(); i-- > 0;) {
    if (i + 1 < time.size() && time[i] != time[i + 1]) ++times;
    age[i] = half_life.is_count() ? static_cast<double>(times) / static_cast<double>(half_life.count)
                                  : static_cast<double>(time.back() - time[i]) /
                                        (static_cast<double>(half_life.months) * kNsPerMonth + static_cast<double>(half_life.ns));
  }
  for (double& a : age) a = std::exp2(-a);
  return age;
}

std::vector<double> lasting_weights(const config::TrainSpec::SampleWeight& spec, const Dataset& dataset,
                                    std::span<const std::int64_t> rows) {
  std::vector<double> weight(rows.size(), 1.0);
  if (spec.uniqueness) weight = average_uniqueness(dataset, rows);
  if (spec.column.empty()) return weight;
  const std::vector<double> column = dataset.frame.at(spec.column).to_reals();
  for (std::size_t i = 0; i < rows.size(); ++i) weight[i] *= column[static_cast<std::size_t>(rows[i])];
  return weight;
}

}  // namespace

std::vector<double> average_uniqueness(const Dataset& dataset, std::span<const std::int64_t> rows) {
  const data::Frame& frame = dataset.frame;
  const auto known_at = frame.known_at();
  std::vector<double> result(rows.size(), 1.0);
  std::vector<std::vector<std::size_t>> of_entity(frame.entity_count());  // places in `rows`
  for (std::size_t i = 0; i < rows.size(); ++i)
    of_entity[frame.entity().empty() ? 0 : static_cast<std::size_t>(frame.entity()[static_cast<std::size_t>(rows[i])])].push_back(i);
  for (std::size_t e = 0; e < of_entity.size(); ++e) {
    const std::span<const std::int64_t> times = frame.rows_of_entity(static_cast<std::int32_t>(e));
    const auto first = [&](std::size_t i) { return static_cast<std::size_t>(dataset.position[static_cast<std::size_t>(rows[i])]); };
    const auto behind = [&](std::size_t i) {  // the place behind the last time that the label covers
      const TimeNs end = dataset.label_end[static_cast<std::size_t>(rows[i])];
      const auto at = std::partition_point(times.begin() + static_cast<std::ptrdiff_t>(first(i)), times.end(),
                                           [&](std::int64_t row) { return known_at[static_cast<std::size_t>(row)] <= end; });
      return std::max(first(i) + 1, static_cast<std::size_t>(at - times.begin()));
    };
    std::vector<double> labels(times.size() + 1, 0);  // how many cover each time
    for (const std::size_t i : of_entity[e]) labels[first(i)] += 1, labels[behind(i)] -= 1;
    std::partial_sum(labels.begin(), labels.end(), labels.begin());
    std::vector<double> share(times.size() + 1, 0);  // sum of one over that, up to each time
    for (std::size_t t = 0; t < times.size(); ++t) share[t + 1] = share[t] + (labels[t] > 0 ? 1 / labels[t] : 0);
    for (const std::size_t i : of_entity[e]) {
      const std::size_t from = first(i), to = behind(i);
      result[i] = (share[to] - share[from]) / static_cast<double>(to - from);
    }
  }
  return result;
}

std::vector<double> linear_decay(std::span<const TimeNs> time, std::span<const double> amount, double oldest) {
  std::vector<double> cumulative(amount.size());
  std::partial_sum(amount.begin(), amount.end(), cumulative.begin());
  for (std::size_t i = amount.size(); i-- > 1;) {
    if (time[i - 1] == time[i]) cumulative[i - 1] = cumulative[i];
  }
  const double all = cumulative.empty() ? 0 : cumulative.back();
  const double slope = oldest >= 0 ? (1 - oldest) / all : 1 / ((oldest + 1) * all);
  for (double& c : cumulative) c = std::max(0.0, 1 - slope * (all - c));
  return cumulative;
}

std::vector<double> train_weights(const config::TrainSpec::SampleWeight& spec, const Dataset& dataset, std::span<const std::int64_t> rows) {
  std::vector<double> weight = lasting_weights(spec, dataset, rows);
  const auto times = [&](const std::vector<double>& by_time) {
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= by_time[i];
  };
  const std::vector<TimeNs> time = dataset.has_time() ? picked(dataset.frame.known_at(), rows) : std::vector<TimeNs>();
  const std::vector<double> amount = spec.uniqueness ? average_uniqueness(dataset, rows) : std::vector<double>(rows.size(), 1.0);
  if (spec.decay != 1) times(linear_decay(time, amount, spec.decay));
  if (spec.half_life) times(half_life_decay(time, *spec.half_life));
  const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
  if (!(sum > 0))
    throw PreparationError("train.sample_weight", {Fault::data, "weighing the train rows", "every one of them weighs nothing",
                                                   "look at the column of weights, or let the past decay more slowly"});
  for (double& w : weight) w *= static_cast<double>(weight.size()) / sum;
  return weight;
}

Resampled resample(const config::TrainSpec::Resample& spec, std::span<const double> y, std::span<const double> weight, std::size_t classes,
                   SeedTree seed) {
  std::vector<std::vector<std::int64_t>> of_class(classes);
  for (std::size_t i = 0; i < y.size(); ++i) of_class[static_cast<std::size_t>(y[i])].push_back(static_cast<std::int64_t>(i));
  std::size_t rarest = y.size(), most = 0;
  for (const auto& rows : of_class) {
    most = std::max(most, rows.size());
    if (!rows.empty()) rarest = std::min(rarest, rows.size());
  }
  const auto wanted =
      static_cast<std::size_t>(std::llround(spec.over ? static_cast<double>(most) * spec.ratio : static_cast<double>(rarest) / spec.ratio));
  Resampled out;
  std::vector<double> before(classes, 0), after(classes, 0);
  const auto weigh = [&](std::int64_t row) { return weight.empty() ? 1.0 : weight[static_cast<std::size_t>(row)]; };
  bool changed = false;
  for (std::size_t k = 0; k < classes; ++k) {
    std::vector<std::int64_t>& rows = of_class[k];
    for (const std::int64_t row : rows) before[k] += weigh(row);
    Random random(seed.child(k));
    const std::size_t count = rows.size();
    changed = changed || (count > 0 && (spec.over ? count < wanted : count > wanted));
    if (spec.over && count > 0) {
      for (std::size_t more = count; more < wanted; ++more) rows.push_back(rows[random.below(count)]);
    } else if (!spec.over && count > wanted) {
      random.shuffle(std::span(rows));
      rows.resize(wanted);
    }
    for (const std::int64_t row : rows) after[k] += weigh(row);
    out.rows.insert(out.rows.end(), rows.begin(), rows.end());
  }
  std::sort(out.rows.begin(), out.rows.end());
  if (!changed) return out;
  const double all_before = std::accumulate(before.begin(), before.end(), 0.0),
               all_after = std::accumulate(after.begin(), after.end(), 0.0);
  for (std::size_t k = 0; k < classes; ++k) out.way_back.push_back(after[k] > 0 ? before[k] / all_before / (after[k] / all_after) : 1);
  return out;
}

void bring_back(std::span<double> probabilities, std::int64_t outputs, std::span<const double> way_back) {
  if (way_back.empty()) return;
  if (outputs == 1) {
    for (double& p : probabilities) p = p * way_back[1] / (p * way_back[1] + (1 - p) * way_back[0]);
    return;
  }
  const auto k = static_cast<std::size_t>(outputs);
  for (std::size_t first = 0; first < probabilities.size(); first += k) {
    const std::span<double> row = probabilities.subspan(first, k);
    double sum = 0;
    for (std::size_t c = 0; c < k; ++c) sum += row[c] *= way_back[c];
    for (double& p : row) p /= sum;
  }
}

}  // namespace assay::pipeline
