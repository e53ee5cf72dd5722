#include "config/target_rules.hpp"

#include <string>
#include <utility>

#include "config/key_rules.hpp"

namespace assay::config {

namespace {

class TargetRules : KeyRules {
 public:
  TargetRules(const Experiment& e, const Checked& checked, Known time, Diagnostics& diagnostics)
      : KeyRules(e, checked, diagnostics, {e.file.string(), 0, 0, 1}), time_(time) {}

  void target();

 private:
  void target_label(bool others);
  void target_horizons();

  Known time_;
};

void TargetRules::target() {
  if (!good("target")) return;
  const bool column = !e_.target.column.empty(), expression = !e_.target.expression.empty(), label = e_.target.label.has_value();
  if (given("target") && !column && !expression && !label)
    error("target", "'target' needs 'column', 'expr' or 'label'", "name the column, or write an expression");
  if (label) target_label(column || expression);
  if (column && expression) error_at_key("target.expr", "'target' has both 'column' and 'expr'", "keep one of them");
  if (!e_.target.positive.empty() && e_.target.task != Task::binary)
    error("target.positive", std::string("'target.positive' counts only with task: binary, this is ") + to_text(e_.target.task),
          "remove it");
  if (column && !expression && !e_.target.horizon && time_ == Known::yes && !given("target.horizon"))
    error("target.column", "with time, a target column does not say when its values are known",
          "add `horizon`: 5 (rows) or 7d for labels that end so much later, 0 for values known at their own row's time");
  if (e_.target.horizon && time_ == Known::no)
    error("target.horizon", "a horizon needs time, and this is a plain table", "remove it, or name data.time");
  if (e_.has_horizons() && good("target.horizons")) target_horizons();
}

void TargetRules::target_horizons() {
  const std::string key = "target.horizons";
  const auto& rows = e_.target.horizons;
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (rows[i] <= rows[i - 1])
      error(key + "." + std::to_string(i), "horizons rise from one to the next, and this one does not", "sort them, each once");
  if (time_ == Known::no) error_at_key(key, "several horizons need time, and this is a plain table", "remove them, or name data.time");
  if (e_.target.task != Task::regression)
    error_at_key(key, std::string("several horizons are for task: regression, this is ") + to_text(e_.target.task),
                 "forecast numbers, or make a file for each horizon");
  if (!e_.target.column.empty())
    error_at_key(key, "a target column has one horizon", "write an expression: lead(" + e_.target.column.substr(0, 60) + ", horizon)");
  if (e_.target.horizon) error("target.horizon", "'horizon' beside 'horizons': each label ends by itself", "remove it");
  if (const auto& label = e_.target.label) {
    const Value* own = find(label->params, "horizon");
    if (label->id != "forward_return")
      error_at_key(key, "the label " + label->id + " has one horizon", "use forward_return, or make a file for each horizon");
    else if (own != nullptr && !own->is_none())
      error("target.label.horizon", "the label has a horizon of its own beside target.horizons", "remove it");
  }
  if (e_.evaluate.held_windows)
    error_at_key("evaluate.held_windows", "held windows go with one horizon", "remove them, or target.horizons");
}

void TargetRules::target_label(bool others) {
  if (others) error_at_key("target.label", "'target' has 'label' beside 'column' or 'expr'", "keep one of them");
  if (time_ == Known::no)
    error_at_key("target.label", "a label made from later prices needs time, and this is a plain table", "name data.time");
  if (e_.target.horizon) error("target.horizon", "a label says itself when it ends", "remove it: label.horizon counts");
  if (!e_.target.positive.empty()) error("target.positive", "a label says itself what class 1 is", "remove it");
  const Value* own = find(e_.target.label->params, "horizon");
  if (e_.target.label->id == "forward_return" && (own == nullptr || own->is_none()) && !e_.has_horizons() && good("target.label.horizon"))
    error_at_key("target.label", "the label forward_return does not say how far it reaches",
                 "add `horizon: 5`, in rows, to the label, or horizons: [1, 5, 20] to the target");
}

}  // namespace

void check_target_rules(const Experiment& experiment, const Checked& checked, Known time, Diagnostics& diagnostics) {
  TargetRules(experiment, checked, time, diagnostics).target();
}

}  // namespace assay::config
