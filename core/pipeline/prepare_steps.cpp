#include "pipeline/prepare_steps.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/builtin_components.hpp"

namespace assay::pipeline {

namespace {

const config::ComponentSpec* declared(const std::string& id) {
  for (const config::ComponentSpec& spec : config::builtin_components()) {
    if ((spec.kind == "step" || spec.kind == "selection") && spec.id == id) return &spec;
  }
  return nullptr;
}

}  // namespace

const StepKind& step_kind(const config::Component& step) {
  for (const auto kinds : {missing_steps(), outlier_steps(), scale_steps(), shape_steps(), pca_steps(), one_hot_steps(), selection_steps(),
                           joint_selection_steps(), recursive_selection_steps(), l1_selection_steps()}) {
    for (const StepKind& kind : kinds) {
      if (kind.id == step.id) return kind;
    }
  }
  ASSAY_CHECK(false, "the checker lets known steps pass only");
}

const config::Value& param(const config::Component& step, std::string_view name) {
  static const config::Value none;
  const config::Value* given = find(step.params, name);
  if (given != nullptr && !given->is_none()) return *given;
  if (const config::ComponentSpec* spec = declared(step.id)) {
    for (const config::ParamSpec& known : spec->params) {
      if (known.name == name) return known.fallback;
    }
  }
  return none;
}

const std::string& text_param(const config::Component& step, std::string_view name) {
  static const std::string empty;
  const config::Value& value = param(step, name);
  return value.is_none() ? empty : value.as_text();
}
config::Component component_param(const config::Component& step, std::string_view name) {
  const auto& value = std::get<config::ComponentValue>(param(step, name).data);
  return {value.id, value.params, step.place};
}
double number_param(const config::Component& step, std::string_view name) { return param(step, name).as_real(); }
bool flag_param(const config::Component& step, std::string_view name) {
  const config::Value& value = param(step, name);
  return !value.is_none() && value.as_bool();
}

std::vector<std::string> patterns_of(const config::Component& step) {
  std::vector<std::string> patterns;
  const config::Value& value = param(step, "columns");
  if (value.is_none()) return patterns;
  for (const config::Value& item : value.as_list()) patterns.push_back(item.as_text());
  return patterns;
}

bool works_on(const config::Component& step, const InputColumn& column) {
  const std::vector<std::string> patterns = patterns_of(step);
  const bool named = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return text::matches(p, column.name); });
  return (patterns.empty() || named) && step_kind(step).takes(step, column, named);
}

bool looks_around(const config::Component& step) {
  const StepKind& kind = step_kind(step);
  return kind.looks_around != nullptr && kind.looks_around(step);
}

bool is_selection(const config::Component& step) {
  const config::ComponentSpec* spec = declared(step.id);
  return spec != nullptr && spec->kind == "selection";
}

bool takes_numbers(const config::Component&, const InputColumn& column, bool named) {
  return column.kind == InputKind::number || (named && column.kind == InputKind::flag);
}

FittedStep learn_step(const config::Component& step, const TrainRows& rows, std::vector<std::string>& notes) {
  FittedStep fitted{step, {}};
  for (const InputColumn& column : rows.table.columns) {
    if (works_on(step, column)) fitted.columns.push_back({column.name, {}, {}});
  }
  step_kind(step).learn(rows, fitted, notes);
  return fitted;
}

std::size_t index_of(const InputTable& table, const std::string& name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const InputColumn& c) { return c.name == name; });
  ASSAY_CHECK(found != table.columns.end(), "a preparation step finds the columns that it was fitted on");
  return static_cast<std::size_t>(found - table.columns.begin());
}

void add_flag(InputTable& table, std::string name, std::vector<double> values) {
  table.columns.push_back({std::move(name), InputKind::flag, {}});
  table.values.push_back(std::move(values));
}

}  // namespace assay::pipeline
