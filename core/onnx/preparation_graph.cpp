#include "onnx/preparation_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "onnx/step_nodes.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::onnx {

namespace {

using pipeline::FittedColumn;
using pipeline::FittedStep;
using pipeline::InputColumn;

constexpr std::size_t kMostKnots = 10'000;  // a row is compared with each of them at once

struct Kind {
  const char* id;
  void (*add)(StepWork&);
};
constexpr Kind kKinds[] = {
    {"missing", add_missing}, {"outliers", add_outliers}, {"winsorise", add_winsorise}, {"scale", add_scale},
    {"one_hot", add_one_hot}, {"pca", add_pca},           {"power", add_power},         {"quantile_normal", add_quantile_normal}};

const Kind* kind_of(const FittedStep& step) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.id == step.how.id; });
  return found == std::end(kKinds) ? nullptr : found;
}

// "scale (by: time)": the step with what tells it from its kind.
std::string named(const FittedStep& step) {
  for (const char* key : {"by", "method"}) {
    const std::string& value = pipeline::text_param(step.how, key);
    if (!value.empty()) return fmt::format("{} ({}: {})", step.how.id, key, value);
  }
  return step.how.id;
}

// What a step does that cannot be said, after "the step x" and after "the steps x, y"; nothing where it can be.
struct Reason {
  std::string of_one, of_several;
};
std::optional<Reason> why_not(const FittedStep& step) {
  if (step.columns.empty()) return std::nullopt;
  const auto any = [&](auto is) { return std::any_of(step.columns.begin(), step.columns.end(), is); };
  if (pipeline::looks_around(step.how)) {
    const char* rest = " at other rows, and a file sees the rows of its own forecast alone";
    return Reason{std::string("looks") + rest, std::string("look") + rest};
  }
  if (step.how.id == "scale" && any([](const FittedColumn& column) { return !column.levels.empty(); }))
    return Reason{"needs to know whose row it is, and a file sees the inputs alone",
                  "need to know whose row it is, and a file sees the inputs alone"};
  if (step.how.id == "quantile_normal" && any([](const FittedColumn& column) { return column.learned.size() > kMostKnots; })) {
    const std::string rest = fmt::format(" more than {} quantiles, and a file compares each value with all of them", kMostKnots);
    return Reason{"keeps" + rest, "keep" + rest};
  }
  if (!pipeline::is_selection(step.how) && kind_of(step) == nullptr)
    return Reason{"has no form in ONNX's operators", "have no form in ONNX's operators"};
  return std::nullopt;
}

std::vector<std::int64_t> places_of(const std::vector<InputColumn>& wanted, const std::vector<InputColumn>& columns) {
  std::vector<std::int64_t> out;
  for (const InputColumn& column : wanted) out.push_back(std::find(columns.begin(), columns.end(), column) - columns.begin());
  return out;
}

// The columns that a step leaves, as the step itself says it of a table without rows.
std::vector<InputColumn> after(const FittedStep& step, const std::vector<InputColumn>& columns) {
  pipeline::InputTable table;
  table.columns = columns;
  table.values.resize(columns.size());
  pipeline::step_kind(step.how).apply(step, table);
  return table.columns;
}

}  // namespace

std::int64_t StepWork::place_of(const std::string& name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const InputColumn& column) { return column.name == name; });
  ASSAY_CHECK(found != columns.end(), "a step finds the columns that it was fitted on");
  return found - columns.begin();
}

std::vector<std::int64_t> StepWork::places() const {
  std::vector<std::int64_t> out;
  for (const FittedColumn& column : step.columns) out.push_back(place_of(column.name));
  return out;
}

std::vector<double> StepWork::by_column(double otherwise, const std::function<double(const FittedColumn&)>& of) const {
  std::vector<double> out(columns.size(), otherwise);
  for (const FittedColumn& column : step.columns) out[static_cast<std::size_t>(place_of(column.name))] = of(column);
  return out;
}

void StepWork::put_back(const std::string& made, const std::vector<std::int64_t>& where) {
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < width(); ++i) {
    const auto found = std::find(where.begin(), where.end(), i);
    order.push_back(found == where.end() ? i : width() + (found - where.begin()));
  }
  x = g.columns(g.beside({x, made}), order);
}

void add_selection(StepWork& work) { work.x = work.g.columns(work.x, places_of(work.after, work.columns)); }

std::vector<std::string> inexpressible_steps(const pipeline::FittedPreparation& preparation) {
  struct Group {
    Reason reason;
    std::vector<std::string> steps;
  };
  std::vector<Group> groups;
  for (const FittedStep& step : preparation.steps()) {
    const std::optional<Reason> reason = why_not(step);
    if (!reason) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.reason.of_one == reason->of_one; });
    if (group == groups.end()) group = groups.insert(group, {*reason, {}});
    group->steps.push_back(named(step));
  }
  std::vector<std::string> out;
  for (const Group& group : groups)
    out.push_back(group.steps.size() == 1 ? fmt::format("the step {} {}", group.steps.front(), group.reason.of_one)
                                          : fmt::format("the steps {} {}", text::join(group.steps, ", "), group.reason.of_several));
  return out;
}

std::string add_preparation(const pipeline::FittedPreparation& preparation, const std::string& x, GraphBuilder& g) {
  std::vector<InputColumn> columns = preparation.inputs();
  const std::vector<std::string>& dropped = preparation.dropped();
  std::erase_if(columns,
                [&](const InputColumn& column) { return std::find(dropped.begin(), dropped.end(), column.name) != dropped.end(); });
  // What is no number counts as missing, as it does in the reader's columns.
  std::string value = g.node("Where", {g.node("IsInf", {x}), g.number(std::numeric_limits<double>::quiet_NaN()), x});
  if (!dropped.empty()) value = g.columns(value, places_of(columns, preparation.inputs()));
  for (const FittedStep& step : preparation.steps()) {
    if (step.columns.empty()) continue;
    const std::vector<InputColumn> next = after(step, columns);
    StepWork work{step, columns, next, g, value};
    pipeline::is_selection(step.how) ? add_selection(work) : kind_of(step)->add(work);
    value = work.x;
    columns = next;
  }
  ASSAY_CHECK(columns == preparation.outputs(), "the nodes of a preparation give the columns that it gives");
  return value;
}

}  // namespace assay::onnx
