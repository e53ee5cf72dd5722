// one_hot. Learned levels: those of the train rows, in order. A level never seen gives zeros, a missing value stays missing.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

constexpr std::size_t kMostLevels = 1000;

bool takes(const config::Component&, const InputColumn& column, bool named) { return column.kind == InputKind::category || named; }

std::string level_text(const InputColumn& column, double value) {
  if (column.kind != InputKind::category) return text::shortest(value);
  if (!(value >= 0 && value < static_cast<double>(column.levels.size()))) return {};  // a number below 0 is no size_t at all
  return column.levels[static_cast<std::size_t>(value)];
}

void learn(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  learn_each(rows, fitted, [](const InputColumn& column, std::vector<double> values, FittedColumn& entry) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > kMostLevels) {
      throw Error(Fault::data, fmt::format("one_hot of `{}`", column.name),
                  fmt::format("it has {} values in the train rows", values.size()),
                  fmt::format("at most {} can become columns: take it out of the step or of the inputs", kMostLevels));
    }
    for (const double value : values) {
      if (value >= 0 || column.kind != InputKind::category) entry.levels.push_back(level_text(column, value));
    }
  });
}

// The column gives way to one for each level, in its place.
void apply_one(const FittedColumn& entry, bool leave_out_first, InputTable& table) {
  const std::size_t at = index_of(table, entry.name);
  const InputColumn column = table.columns[at];
  const std::vector<double> values = std::move(table.values[at]);
  std::map<std::string, std::size_t> number;
  for (std::size_t level = 0; level < entry.levels.size(); ++level) number[entry.levels[level]] = level;
  std::vector<std::vector<double>> made(entry.levels.size(), std::vector<double>(values.size(), 0.0));
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
  const std::size_t first = leave_out_first && !made.empty() ? 1 : 0;
  table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(at));
  table.values.erase(table.values.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::size_t level = first; level < made.size(); ++level) {
    const auto place = static_cast<std::ptrdiff_t>(at + level - first);
    table.columns.insert(table.columns.begin() + place, {column.name + "=" + entry.levels[level], InputKind::flag, {}});
    table.values.insert(table.values.begin() + place, std::move(made[level]));
  }
}

void apply(const FittedStep& fitted, InputTable& table) {
  for (const FittedColumn& entry : fitted.columns) apply_one(entry, text_param(fitted.how, "drop") == "first", table);
}

constexpr StepKind kKinds[] = {{"one_hot", takes, learn, apply}};

}  // namespace

std::span<const StepKind> one_hot_steps() { return kKinds; }

}  // namespace assay::pipeline
