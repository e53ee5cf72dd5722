// Steps that treat values one by one, or columns as a whole: missing, outliers, winsorise, scale, one_hot, pca. What a step learned stands
// where the step itself does (pipeline/steps_*.cpp).
#include "onnx/step_nodes.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::onnx {

namespace {

using pipeline::FittedColumn;
using pipeline::InputColumn;
using pipeline::InputKind;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

// 0/1 columns behind the others, from a truth value for each column: those at `which`.
void add_flags(StepWork& work, const std::string& truth, const std::vector<std::int64_t>& which) {
  work.x = work.g.beside({work.x, work.g.cast(work.g.columns(truth, which), ASSAY_F64)});
}

std::string limits(const StepWork& work, std::size_t which) {
  const double none = which == 0 ? -kInfinity : kInfinity;
  return work.g.numbers(work.by_column(none, [&](const FittedColumn& column) { return column.learned[which]; }));
}

// A missing value is neither below nor above, and stays.
void clip(StepWork& work) {
  const std::string low = limits(work, 0), high = limits(work, 1);
  work.x = work.node("Where", {work.node("Less", {work.x, low}), low, work.x});
  work.x = work.node("Where", {work.node("Greater", {work.x, high}), high, work.x});
}

// The number that stands for a level in the column.
double value_of(const InputColumn& column, const std::string& level) {
  if (column.kind != InputKind::category) return text::to_real(level).value_or(kMissing);
  return static_cast<double>(std::find(column.levels.begin(), column.levels.end(), level) - column.levels.begin());
}

}  // namespace

void add_missing(StepWork& work) {
  std::vector<std::int64_t> marked;
  for (const FittedColumn& column : work.step.columns)
    if (column.learned[1] != 0) marked.push_back(work.place_of(column.name));
  const std::string is_missing = work.node("IsNaN", {work.x});
  if (pipeline::text_param(work.step.how, "method") != "drop") {
    const std::string fill = work.g.numbers(work.by_column(kMissing, [](const FittedColumn& column) { return column.learned[0]; }));
    work.x = work.node("Where", {is_missing, fill, work.x});
  }
  if (!marked.empty()) add_flags(work, is_missing, marked);
}

void add_outliers(StepWork& work) {
  const std::string& action = pipeline::text_param(work.step.how, "action");
  if (action == "clip") clip(work);
  if (action != "mark") return;
  const std::string below = work.node("Less", {work.x, limits(work, 0)}), above = work.node("Greater", {work.x, limits(work, 1)});
  add_flags(work, work.node("Or", {below, above}), work.places());
}

void add_winsorise(StepWork& work) { clip(work); }

void add_scale(StepWork& work) {
  const std::string centre = work.g.numbers(work.by_column(0, [](const FittedColumn& column) { return column.learned[0]; }));
  const std::string width =
      work.g.numbers(work.by_column(1, [](const FittedColumn& column) { return column.learned[1] > 0 ? column.learned[1] : 1; }));
  work.x = work.node("Div", {work.node("Sub", {work.x, centre}), width});
}

// Each column of the result has one that it comes from; those of levels are compared with the level's number.
void add_one_hot(StepWork& work) {
  const bool leave_out_first = pipeline::text_param(work.step.how, "drop") == "first";
  std::vector<std::int64_t> from;
  std::vector<double> level;
  std::vector<bool> is_level;
  for (const InputColumn& column : work.columns) {
    const auto entry =
        std::find_if(work.step.columns.begin(), work.step.columns.end(), [&](const FittedColumn& one) { return one.name == column.name; });
    const bool turned = entry != work.step.columns.end();
    const std::size_t count = turned ? entry->levels.size() : 1;
    for (std::size_t k = turned && leave_out_first ? 1 : 0; k < count; ++k) {
      from.push_back(work.place_of(column.name));
      is_level.push_back(turned);
      level.push_back(turned ? value_of(column, entry->levels[k]) : 0);
    }
  }
  ASSAY_CHECK(from.size() == work.after.size(), "one_hot gives a column for each level");
  const std::string values = work.g.columns(work.x, from);
  const std::string flags = work.g.cast(work.node("Equal", {values, work.g.numbers(level)}), ASSAY_F64);
  const std::string known = work.node("Where", {work.node("IsNaN", {values}), values, flags});
  work.x = work.node("Where", {work.g.flags(is_level), known, values});
}

void add_pca(StepWork& work) {
  constexpr std::size_t kMean = 0, kWidth = 1, kWeights = 2;
  const std::vector<std::int64_t> in = work.places();
  const std::size_t count = work.step.columns.front().learned.size() - kWeights;
  std::vector<double> mean, weights;
  for (const FittedColumn& column : work.step.columns) {
    mean.push_back(column.learned[kMean]);
    for (std::size_t k = 0; k < count; ++k) weights.push_back(column.learned[kWeights + k] / column.learned[kWidth]);
  }
  const std::string centred = work.node("Sub", {work.g.columns(work.x, in), work.g.numbers(mean)});
  const auto rows = static_cast<std::int64_t>(in.size()), columns = static_cast<std::int64_t>(count);
  const std::string made = work.node("MatMul", {centred, work.g.numbers(weights, {rows, columns})});
  std::vector<std::int64_t> others;
  for (std::int64_t i = 0; i < work.width(); ++i)
    if (std::find(in.begin(), in.end(), i) == in.end()) others.push_back(i);
  work.x = others.empty() ? made : work.g.beside({work.g.columns(work.x, others), made});
}

}  // namespace assay::onnx
