// missing. Learned: what stands in for a missing value (mean, median, most_frequent, constant), and 1 where a column <name>_missing is
// added.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

double most_frequent(std::vector<double> values) {  // the smallest of equals
  std::sort(values.begin(), values.end());
  double best = values.front();
  std::size_t most = 0;
  for (std::size_t i = 0; i < values.size();) {
    const auto end = static_cast<std::size_t>(std::upper_bound(values.begin(), values.end(), values[i]) - values.begin());
    if (end - i > most) {
      most = end - i;
      best = values[i];
    }
    i = end;
  }
  return best;
}

bool takes(const config::Component& step, const InputColumn& column, bool) {
  const std::string& method = text_param(step, "method");
  return column.kind == InputKind::number || (method != "interpolate" && (method != "constant" || column.kind == InputKind::flag));
}

bool fills_from_others(const config::Component& step) {
  const std::string& method = text_param(step, "method");
  return method == "forward_fill" || method == "interpolate";
}

double stand_in(const config::Component& step, const InputColumn& column, std::vector<double> values, std::vector<std::string>& notes) {
  const std::string& method = text_param(step, "method");
  if (method == "constant") return number_param(step, "value");
  if (method == "drop" || fills_from_others(step)) return 0;
  if (values.empty()) {
    notes.push_back(fmt::format("`{}` is missing in all train rows that are left: it stays missing", column.name));
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (method == "most_frequent" || column.kind != InputKind::number) return most_frequent(std::move(values));
  if (method == "mean") return mean_of(values);
  std::sort(values.begin(), values.end());
  return quantile_of(values, 0.5);
}

void learn(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes) {
  const auto count = static_cast<std::size_t>(std::count(rows.train.begin(), rows.train.end(), std::uint8_t{1}));
  learn_each(rows, fitted, [&](const InputColumn& column, const std::vector<double>& values, FittedColumn& entry) {
    const bool indicator = flag_param(fitted.how, "indicator") && values.size() < count;
    entry.learned = {stand_in(fitted.how, column, values, notes), indicator ? 1.0 : 0.0};
  });
}

void drop(const FittedStep& fitted, const InputTable& table, std::span<std::uint8_t> train) {
  if (text_param(fitted.how, "method") != "drop") return;
  for (const FittedColumn& entry : fitted.columns) {
    const std::vector<double>& values = table.values[index_of(table, entry.name)];
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) train[i] = 0;
    }
  }
}

// Carries the last value of the entity forward, over rows of the table; the distance counts all rows of the entity.
void forward_fill(InputTable& table, std::vector<double>& values, std::int64_t limit) {
  std::map<std::int32_t, std::pair<std::int64_t, double>> last;  // entity -> (position, value)
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) {
      last[table.entity[i]] = {table.position[i], values[i]};
      continue;
    }
    const auto found = last.find(table.entity[i]);
    if (found == last.end()) continue;
    if (limit == 0 || table.position[i] - found->second.first <= limit) values[i] = found->second.second;
  }
}

// Linear between the nearest present rows of the table, by their place in the file; beyond the ends the nearest value.
void interpolate(const InputTable& table, std::vector<double>& values) {
  const std::size_t size = values.size();
  std::size_t before = size;  // the last present one
  for (std::size_t i = 0; i < size; ++i) {
    if (std::isnan(values[i])) continue;
    if (before == size) {
      std::fill(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]);
    } else {
      const double apart = static_cast<double>(table.position[i] - table.position[before]);
      for (std::size_t j = before + 1; j < i; ++j) {
        const double weight = static_cast<double>(table.position[j] - table.position[before]) / apart;
        values[j] = values[before] + weight * (values[i] - values[before]);
      }
    }
    before = i;
  }
  if (before < size) std::fill(values.begin() + static_cast<std::ptrdiff_t>(before) + 1, values.end(), values[before]);
}

void apply(const FittedStep& fitted, InputTable& table) {
  const std::string& method = text_param(fitted.how, "method");
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    if (entry.learned[1] != 0) {
      std::vector<double> flags;
      for (const double x : table.values[at]) flags.push_back(std::isnan(x) ? 1 : 0);
      add_flag(table, entry.name + "_missing", std::move(flags));
    }
    std::vector<double>& values = table.values[at];
    if (method == "drop") return;
    if (method == "forward_fill") return forward_fill(table, values, static_cast<std::int64_t>(number_param(fitted.how, "limit")));
    if (method == "interpolate") return interpolate(table, values);
    std::replace_if(
        values.begin(), values.end(), [](double x) { return std::isnan(x); }, entry.learned[0]);
  });
}

constexpr StepKind kKinds[] = {{"missing", takes, learn, apply, drop, fills_from_others}};

}  // namespace

std::span<const StepKind> missing_steps() { return kKinds; }

}  // namespace assay::pipeline
