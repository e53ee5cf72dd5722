#include "pipeline/prepare_steps.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::pipeline {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMadToDeviation = 1.482602218505602;  // 1 / the normal distribution's 0.75 quantile
constexpr std::size_t kMostLevels = 1000;

double number_param(const config::Component& step, const std::string& name, double fallback) {
  for (const auto& [key, value] : step.params) {
    if (key == name && !value.is_none()) return value.as_real();
  }
  return fallback;
}

std::vector<double> present(std::span<const double> values, std::span<const std::uint8_t> train) {
  std::vector<double> result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (train[i] != 0 && !std::isnan(values[i])) result.push_back(values[i]);
  }
  return result;
}

struct Spread {
  double centre = 0, width = 0;
};

double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}
double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}
Spread deviation(const std::vector<double>& values) {  // two passes, so that large offsets cost no digits
  const double mean = mean_of(values);
  double squares = 0, rest = 0;
  for (const double x : values) {
    squares += (x - mean) * (x - mean);
    rest += x - mean;
  }
  const double n = static_cast<double>(values.size());
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  if (*least == *greatest) return {*least, 0};  // rounding in the mean must not look like spread
  return {mean, std::sqrt(std::max(0.0, squares - rest * rest / n) / n)};
}
Spread scale_of(const std::string& method, std::vector<double> values) {
  if (method == "standard" || method == "z_score") return deviation(values);
  std::sort(values.begin(), values.end());
  if (method == "min_max") return {values.front(), values.back() - values.front()};
  const double median = quantile(values, 0.5);
  if (method == "robust") return {median, quantile(values, 0.75) - quantile(values, 0.25)};
  ASSAY_CHECK(method == "mad", "a way to measure spread that no step declares");
  for (double& x : values) x = std::fabs(x - median);
  std::sort(values.begin(), values.end());
  return {median, kMadToDeviation * quantile(values, 0.5)};
}

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

void learn_missing(const config::Component& step, const InputColumn& column, const std::vector<double>& values, bool some_missing,
                   FittedColumn& fitted, std::vector<std::string>& notes) {
  const std::string method = text_param(step, "method", "median");
  fitted.indicator = flag_param(step, "indicator") && some_missing;
  if (method == "constant") {
    fitted.lower = number_param(step, "value", 0);
    return;
  }
  if (method == "forward_fill" || method == "interpolate" || method == "drop") return;
  if (values.empty()) {
    fitted.lower = std::numeric_limits<double>::quiet_NaN();
    notes.push_back(fmt::format("`{}` is missing in all train rows that are left: it stays missing", column.name));
    return;
  }
  const bool by_count = method == "most_frequent" || column.kind != InputKind::number;
  if (by_count) {
    fitted.lower = most_frequent(values);
  } else if (method == "mean") {
    fitted.lower = mean_of(values);
  } else {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    fitted.lower = quantile(sorted, 0.5);
  }
}

void learn_outliers(const config::Component& step, const InputColumn& column, const std::vector<double>& values, FittedColumn& fitted,
                    std::vector<std::string>& notes) {
  const std::string method = text_param(step, "method", "mad");
  const double threshold = number_param(step, "threshold", 5);
  fitted.lower = -kInfinity;
  fitted.upper = kInfinity;
  if (values.empty()) return;
  if (method == "iqr") {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const double low = quantile(sorted, 0.25), high = quantile(sorted, 0.75), range = high - low;
    if (range > 0) {
      fitted.lower = low - threshold * range;
      fitted.upper = high + threshold * range;
      return;
    }
  } else if (const Spread spread = scale_of(method, values); spread.width > 0) {
    fitted.lower = spread.centre - threshold * spread.width;
    fitted.upper = spread.centre + threshold * spread.width;
    return;
  }
  notes.push_back(fmt::format("`{}` has no spread by {} in the train rows: it has no outliers", column.name, method));
}

void learn_scale(const config::Component& step, const InputColumn& column, const std::vector<double>& values, FittedColumn& fitted,
                 std::vector<std::string>& notes) {
  fitted.upper = 1;
  if (text_param(step, "by", "all") == "time" || values.empty()) return;
  const Spread spread = scale_of(text_param(step, "method", "standard"), values);
  fitted.lower = spread.centre;
  if (spread.width > 0) {
    fitted.upper = spread.width;
  } else {
    notes.push_back(fmt::format("`{}` has no spread in the train rows: it is centred only", column.name));
  }
}

std::string level_text(const InputColumn& column, double value) {
  if (column.kind != InputKind::category) return text::shortest(value);
  if (!(value >= 0 && value < static_cast<double>(column.levels.size()))) return {};  // a number below 0 is no size_t at all
  return column.levels[static_cast<std::size_t>(value)];
}

void learn_one_hot(const InputColumn& column, std::vector<double> values, FittedColumn& fitted) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() > kMostLevels) {
    throw Error(Fault::data, fmt::format("one_hot of `{}`", column.name), fmt::format("it has {} values in the train rows", values.size()),
                fmt::format("at most {} can become columns: take it out of the step or of the inputs", kMostLevels));
  }
  for (const double value : values) {
    if (value >= 0 || column.kind != InputKind::category) fitted.levels.push_back(level_text(column, value));
  }
}

// ---- applying ------------------------------------------------------------------------------------------------------------------------

void add_flag(InputTable& table, std::string name, std::vector<double> values) {
  table.columns.push_back({std::move(name), InputKind::flag, {}});
  table.values.push_back(std::move(values));
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

void apply_missing(const FittedStep& step, const FittedColumn& fitted, std::size_t at, InputTable& table) {
  if (fitted.indicator) {
    std::vector<double> flags;
    for (const double x : table.values[at]) flags.push_back(std::isnan(x) ? 1 : 0);
    add_flag(table, fitted.name + "_missing", std::move(flags));
  }
  std::vector<double>& values = table.values[at];
  if (step.method == "drop") return;
  if (step.method == "forward_fill") return forward_fill(table, values, step.limit);
  if (step.method == "interpolate") return interpolate(table, values);
  std::replace_if(
      values.begin(), values.end(), [](double x) { return std::isnan(x); }, fitted.lower);
}

void apply_outliers(const FittedStep& step, const FittedColumn& fitted, std::size_t at, InputTable& table) {
  std::vector<double>& values = table.values[at];
  if (step.action == "clip") {
    for (double& x : values) {
      if (x < fitted.lower) x = fitted.lower;
      if (x > fitted.upper) x = fitted.upper;
    }
  } else if (step.action == "mark") {
    std::vector<double> flags;
    for (const double x : values) flags.push_back(x < fitted.lower || x > fitted.upper ? 1 : 0);
    add_flag(table, fitted.name + "_outlier", std::move(flags));
  }
}

void scale_by_time(const FittedStep& step, std::vector<double>& values, const std::vector<TimeNs>& time) {
  for (std::size_t begin = 0; begin < values.size();) {
    std::size_t end = begin;
    while (end < values.size() && time[end] == time[begin]) ++end;
    std::vector<double> here;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isnan(values[i])) here.push_back(values[i]);
    }
    if (!here.empty()) {
      const Spread spread = scale_of(step.method, std::move(here));
      for (std::size_t i = begin; i < end; ++i) values[i] = (values[i] - spread.centre) / (spread.width > 0 ? spread.width : 1);
    }
    begin = end;
  }
}

// The column gives way to one for each level, in its place.
void apply_one_hot(const FittedStep& step, const FittedColumn& fitted, std::size_t at, InputTable& table) {
  const InputColumn column = table.columns[at];
  const std::vector<double> values = std::move(table.values[at]);
  std::map<std::string, std::size_t> number;
  for (std::size_t level = 0; level < fitted.levels.size(); ++level) number[fitted.levels[level]] = level;
  std::vector<std::vector<double>> made(fitted.levels.size(), std::vector<double>(values.size(), 0.0));
  std::map<double, std::size_t> known;  // value -> level, or one past the last
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      for (std::vector<double>& flags : made) flags[i] = values[i];
      continue;
    }
    auto found = known.find(values[i]);
    if (found == known.end()) {
      const auto level = number.find(level_text(column, values[i]));
      found = known.emplace(values[i], level == number.end() ? made.size() : level->second).first;
    }
    if (found->second < made.size()) made[found->second][i] = 1;
  }
  const std::size_t first = step.action == "first" && !made.empty() ? 1 : 0;
  table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(at));
  table.values.erase(table.values.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::size_t level = first; level < made.size(); ++level) {
    const auto place = static_cast<std::ptrdiff_t>(at + level - first);
    table.columns.insert(table.columns.begin() + place, {column.name + "=" + fitted.levels[level], InputKind::flag, {}});
    table.values.insert(table.values.begin() + place, std::move(made[level]));
  }
}

std::size_t index_of(const InputTable& table, const std::string& name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const InputColumn& c) { return c.name == name; });
  ASSAY_CHECK(found != table.columns.end(), "a preparation step finds the columns that it was fitted on");
  return static_cast<std::size_t>(found - table.columns.begin());
}

}  // namespace

std::string text_param(const config::Component& step, const std::string& name, const std::string& fallback) {
  for (const auto& [key, value] : step.params) {
    if (key == name && !value.is_none()) return value.as_text();
  }
  return fallback;
}

bool flag_param(const config::Component& step, const std::string& name) {
  for (const auto& [key, value] : step.params) {
    if (key == name && !value.is_none()) return value.as_bool();
  }
  return false;
}

std::vector<std::string> patterns_of(const config::Component& step) {
  std::vector<std::string> patterns;
  for (const auto& [key, value] : step.params) {
    if (key != "columns" || value.is_none()) continue;
    for (const config::Value& item : value.as_list()) patterns.push_back(item.as_text());
  }
  return patterns;
}

bool works_on(const config::Component& step, const InputColumn& column) {
  const std::vector<std::string> patterns = patterns_of(step);
  const bool named = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return text::matches(p, column.name); });
  if (!patterns.empty() && !named) return false;
  if (step.id == "one_hot") return column.kind == InputKind::category || named;
  if (step.id == "missing") {
    const std::string method = text_param(step, "method", "median");
    return column.kind == InputKind::number || (method != "interpolate" && (method != "constant" || column.kind == InputKind::flag));
  }
  return column.kind == InputKind::number || (named && column.kind == InputKind::flag);
}

FittedStep learn_step(const config::Component& step, const InputTable& table, std::span<const std::uint8_t> train,
                      std::vector<std::string>& notes) {
  FittedStep fitted;
  fitted.use = step.id;
  fitted.method = text_param(step, "method", step.id == "missing" ? "median" : step.id == "outliers" ? "mad" : "standard");
  fitted.action = text_param(step,
                             step.id == "one_hot" ? "drop"
                             : step.id == "scale" ? "by"
                                                  : "action",
                             step.id == "one_hot" ? "none"
                             : step.id == "scale" ? "all"
                                                  : "clip");
  fitted.limit = static_cast<std::int64_t>(number_param(step, "limit", 0));
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const InputColumn& column = table.columns[i];
    if (!works_on(step, column)) continue;
    FittedColumn learned;
    learned.name = column.name;
    const std::vector<double> values = present(table.values[i], train);
    if (step.id == "missing") {
      const auto rows = static_cast<std::size_t>(std::count(train.begin(), train.end(), std::uint8_t{1}));
      learn_missing(step, column, values, values.size() < rows, learned, notes);
    } else if (step.id == "outliers") {
      learn_outliers(step, column, values, learned, notes);
    } else if (step.id == "scale") {
      learn_scale(step, column, values, learned, notes);
    } else if (step.id == "one_hot") {
      learn_one_hot(column, values, learned);
    } else {
      ASSAY_CHECK(false, "the checker lets known steps pass only");
    }
    fitted.columns.push_back(std::move(learned));
  }
  return fitted;
}

void drop_rows(const FittedStep& step, const InputTable& table, std::span<std::uint8_t> train) {
  const bool missing = step.use == "missing" && step.method == "drop";
  const bool outliers = step.use == "outliers" && step.action == "drop";
  if (!missing && !outliers) return;
  for (const FittedColumn& fitted : step.columns) {
    const std::vector<double>& values = table.values[index_of(table, fitted.name)];
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (missing ? std::isnan(values[i]) : values[i] < fitted.lower || values[i] > fitted.upper) train[i] = 0;
    }
  }
}

void apply_step(const FittedStep& step, InputTable& table) {
  for (const FittedColumn& fitted : step.columns) {
    const std::size_t at = index_of(table, fitted.name);
    if (step.use == "missing") {
      apply_missing(step, fitted, at, table);
    } else if (step.use == "outliers") {
      apply_outliers(step, fitted, at, table);
    } else if (step.use == "one_hot") {
      apply_one_hot(step, fitted, at, table);
    } else if (step.action == "time") {
      scale_by_time(step, table.values[at], table.time);
    } else {
      for (double& x : table.values[at]) x = (x - fitted.lower) / fitted.upper;
    }
  }
}

}  // namespace assay::pipeline
