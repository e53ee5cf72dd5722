// outliers, winsorise: learned are the limits, infinite where the train rows have no spread. hampel learns nothing: its limits are those
// of the rows around each row.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "pipeline/prepare_steps.hpp"
#include "pipeline/trailing.hpp"

namespace assay::pipeline {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> limits(const std::string& method, double threshold, std::vector<double> values) {
  double low = 0, high = 0, width = 0;
  if (method == "iqr") {
    std::sort(values.begin(), values.end());
    low = quantile_of(values, 0.25), high = quantile_of(values, 0.75), width = high - low;
  } else {
    const Spread spread = spread_by(method, std::move(values));
    low = high = spread.centre, width = spread.width;
  }
  if (!(width > 0)) return {-kInfinity, kInfinity};
  return {low - threshold * width, high + threshold * width};
}

void learn_outliers(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes) {
  const std::string& method = text_param(fitted.how, "method");
  learn_each(rows, fitted, [&](const InputColumn& column, const std::vector<double>& values, FittedColumn& entry) {
    entry.learned = {-kInfinity, kInfinity};
    if (values.empty()) return;
    entry.learned = limits(method, number_param(fitted.how, "threshold"), values);
    if (std::isinf(entry.learned[1]))
      notes.push_back(fmt::format("`{}` has no spread by {} in the train rows: it has no outliers", column.name, method));
  });
}

void drop_outliers(const FittedStep& fitted, const InputTable& table, std::span<std::uint8_t> train) {
  if (text_param(fitted.how, "action") != "drop") return;
  for (const FittedColumn& entry : fitted.columns) {
    const std::vector<double>& values = table.values[index_of(table, entry.name)];
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] < entry.learned[0] || values[i] > entry.learned[1]) train[i] = 0;
    }
  }
}

void clip(std::vector<double>& values, double low, double high) {
  for (double& x : values) {
    if (x < low) x = low;
    if (x > high) x = high;
  }
}

void apply_outliers(const FittedStep& fitted, InputTable& table) {
  const std::string& action = text_param(fitted.how, "action");
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    const double low = entry.learned[0], high = entry.learned[1];
    if (action == "clip") clip(table.values[at], low, high);
    if (action != "mark") return;
    std::vector<double> flags;
    for (const double x : table.values[at]) flags.push_back(x < low || x > high ? 1 : 0);
    add_flag(table, entry.name + "_outlier", std::move(flags));
  });
}

void learn_winsorise(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  const double lower = number_param(fitted.how, "lower"), upper = number_param(fitted.how, "upper");
  if (!(lower < upper))
    throw Error(Fault::data, "winsorise", fmt::format("the lower quantile {} is not below the upper one {}", lower, upper));
  learn_each(rows, fitted, [&](const InputColumn&, std::vector<double> values, FittedColumn& entry) {
    entry.learned = {-kInfinity, kInfinity};
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    entry.learned = {quantile_of(values, lower), quantile_of(values, upper)};
  });
}

void apply_winsorise(const FittedStep& fitted, InputTable& table) {
  change_each(fitted, table,
              [&](const FittedColumn& entry, std::size_t at) { clip(table.values[at], entry.learned[0], entry.learned[1]); });
}

void learn_nothing(const TrainRows&, FittedStep&, std::vector<std::string>&) {}

// Limits are always those of what the file had, never of what this very step has made of earlier rows.
void apply_hampel(const FittedStep& fitted, InputTable& table) {
  const std::string& action = text_param(fitted.how, "action");
  const double threshold = number_param(fitted.how, "threshold");
  const auto window = static_cast<std::int64_t>(number_param(fitted.how, "window"));
  const bool trailing = !table.time.empty();  // a table without time has no past: half of the window lies behind the row
  const std::int64_t after = trailing ? 0 : (window - 1) / 2;
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    std::vector<double> out = table.values[at], flags(out.size(), 0);
    walk_windows(table, table.values[at], window - 1 - after, after, [&](std::size_t row, const std::vector<double>& around) {
      const double x = table.values[at][row];
      if (std::isnan(x)) return;
      const Spread spread = spread_by("mad", around);
      const double far = threshold * spread.width;
      if (!(spread.width > 0) || std::fabs(x - spread.centre) <= far) return;
      flags[row] = 1;
      out[row] = action == "median" ? spread.centre : x > spread.centre ? spread.centre + far : spread.centre - far;
    });
    if (action == "mark") return add_flag(table, entry.name + "_outlier", std::move(flags));
    table.values[at] = std::move(out);
  });
}

constexpr StepKind kKinds[] = {
    {"outliers", takes_numbers, learn_outliers, apply_outliers, drop_outliers},
    {"winsorise", takes_numbers, learn_winsorise, apply_winsorise},
    {"hampel", takes_numbers, learn_nothing, apply_hampel, nullptr, [](const config::Component&) { return true; }}};

}  // namespace

std::span<const StepKind> outlier_steps() { return kKinds; }

}  // namespace assay::pipeline
