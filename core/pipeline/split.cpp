// Each kind of split only names the rows of its sets; purging, groups, gaps and the checks after it are the same for all.
#include "pipeline/split.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/checked_expression.hpp"
#include "pipeline/fold_maker.hpp"

namespace assay::pipeline {

namespace {

// The first mention of a column that tells a row's own answer.
const Ast* answer_in(const Ast& ast, const Reads& reads, const Dataset& dataset) {
  if (ast.kind == Ast::Kind::name) {
    const auto answer = dataset.answers.find(ast.text);
    const auto read = reads.find(ast.text);
    return answer != dataset.answers.end() && read != reads.end() && read->second >= answer->second ? &ast : nullptr;
  }
  for (const Ast& argument : ast.arguments)
    if (const Ast* found = answer_in(argument, reads, dataset)) return found;
  return nullptr;
}

std::string picks_by_answer(const std::string& column, const Dataset& dataset) {
  return fmt::format("`{}` {}: rows would be picked by their answer", column,
                     column == dataset.target_column ? "is the target" : "tells the target of the same row");
}
constexpr const char* kPickOtherwise = "split by what is known of a row before its answer: another column, or `row`";

// Rules are evaluated over the frame with its features. Nothing where a rule is wrong, reads a feature that is, or reads the answer.
std::optional<ColumnValues> rule_values(const std::string& rule, const Dataset& dataset, const config::SplitSpec& spec,
                                        const std::string& key, Diagnostics& diagnostics) {
  if (rule.empty()) return ColumnValues();
  Plan plan(dataset.frame);
  const auto place = spec.key_places.find(key);
  const Place& at = place == spec.key_places.end() ? spec.place : place->second;
  const std::vector<int> root = {add_checked(plan, {"", rule, Use::rule, at, "split." + key}, dataset.doubtful, diagnostics)};
  if (root[0] < 0) return std::nullopt;
  const Ast ast = parse_expression(rule, Use::rule);
  if (const Ast* answer = answer_in(ast, plan.reads(root[0]), dataset)) {
    diagnostics.error(inside(at, rule, answer->offset, answer->length), picks_by_answer(answer->text, dataset), kPickOtherwise,
                      "split." + key);
    return std::nullopt;
  }
  return std::move(plan.evaluate(root)[0]);
}

struct RuleValues {
  ColumnValues test, validation, train;
};

std::optional<RuleValues> by_rules(const Dataset& dataset, const config::SplitSpec& spec, Diagnostics& diagnostics) {
  auto test = rule_values(spec.test_rule, dataset, spec, "test", diagnostics);
  auto validation = rule_values(spec.validation_rule, dataset, spec, "validation", diagnostics);
  auto train = rule_values(spec.train_rule, dataset, spec, "train", diagnostics);
  if (!test || !validation || !train) return std::nullopt;
  return RuleValues{std::move(*test), std::move(*validation), std::move(*train)};
}

// A value of the file is one of the column's where the texts are equal, or both are the same number.
bool same_value(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = text::to_real(a), y = text::to_real(b);
  return x && y && *x == *y;
}

std::optional<RuleValues> by_column(const Dataset& dataset, const config::SplitSpec& spec, Diagnostics& diagnostics) {
  const auto place = [&](const std::string& key) {
    const auto at = spec.key_places.find(key);
    return at == spec.key_places.end() ? spec.place : at->second;
  };
  const data::Column* column = dataset.frame.find(spec.column);
  if (column == nullptr) {
    if (dataset.doubtful.holds(spec.column)) return std::nullopt;
    const auto near = text::nearest(spec.column, dataset.frame.names());
    diagnostics.data_error(place("column"), fmt::format("there is no column `{}` in the data", spec.column),
                           near ? fmt::format("did you mean {}?", *near) : "columns: " + text::join(dataset.frame.names(), ", "),
                           "split.column");
    return std::nullopt;
  }
  if (const auto answer = dataset.answers.find(spec.column); answer != dataset.answers.end() && answer->second <= 0) {
    diagnostics.error(place("column"), picks_by_answer(spec.column, dataset), kPickOtherwise, "split.column");
    return std::nullopt;
  }
  const data::Column values = column->type() == data::ColumnType::category ? *column : column->as_category();
  const auto rows_with = [&](const std::string& value, const std::string& key) {
    ColumnValues rows;
    if (value.empty()) return rows;
    const auto level =
        std::find_if(values.levels().begin(), values.levels().end(), [&](const auto& one) { return same_value(one, value); });
    if (level == values.levels().end()) {
      const auto near = text::nearest(value, values.levels());
      diagnostics.data_error(place(key), fmt::format("the column `{}` never is `{}`", spec.column, value),
                             near ? fmt::format("did you mean {}?", *near) : "", "split." + key);
      return rows;
    }
    const auto code = static_cast<std::int32_t>(level - values.levels().begin());
    for (const std::int32_t one : values.codes()) rows.push_back(one == code);
    return rows;
  };
  RuleValues rules{rows_with(spec.test_value, "test"), rows_with(spec.validation_value, "validation"),
                   rows_with(spec.train_value, "train")};
  if (diagnostics.has_errors()) return std::nullopt;
  if (!spec.train_value.empty()) return rules;
  for (std::size_t row = 0; row < values.codes().size(); ++row) {  // a row without a value is in no set
    const bool taken = rules.test[row] == 1 || (!rules.validation.empty() && rules.validation[row] == 1);
    rules.train.push_back(values.codes()[row] >= 0 && !taken);
  }
  return rules;
}

}  // namespace

Folds make_folds(const config::SplitSpec& spec, const SplitRows& rows, SeedTree seed, Diagnostics& diagnostics) {
  return FoldMaker(spec, rows, seed, diagnostics).make();
}

Folds make_folds(const config::SplitSpec& spec, const Dataset& dataset, SeedTree seed, const std::string& needs_validation,
                 Diagnostics& diagnostics) {
  SplitRows rows;
  rows.rows = dataset.rows();
  if (dataset.has_time()) {
    rows.known_at = dataset.frame.known_at();
    rows.label_end = dataset.label_end;
  }
  rows.y = dataset.y;
  rows.classes = dataset.task != config::Task::regression;
  rows.group = dataset.group;
  rows.lead_rows = dataset.lead_rows;
  rows.gap_rows = dataset.lookback + dataset.warmup_rows;
  std::optional<RuleValues> rules;
  if (spec.use == "by_rule") rules = by_rules(dataset, spec, diagnostics);
  if (spec.use == "by_column") rules = by_column(dataset, spec, diagnostics);
  if (spec.use == "by_rule" || spec.use == "by_column") {
    if (!rules) return {};
    rows.test_rule = rules->test;
    rows.validation_rule = rules->validation;
    rows.train_rule = rules->train;
  }
  Folds folds = make_folds(spec, rows, seed, diagnostics);
  const bool without = std::any_of(folds.folds.begin(), folds.folds.end(), [](const Fold& fold) { return fold.validation.empty(); });
  if (without && !needs_validation.empty() && !diagnostics.has_errors()) {
    diagnostics.error(spec.place, fmt::format("{} needs validation rows, and the split gives none", needs_validation),
                      spec.use == "walk_forward" ? "as in `validation: 6mo`"
                      : spec.use == "by_rule"    ? "as in `validation: \"row % 5 == 3\"`"
                      : spec.use == "by_column"  ? "the column's value in validation rows, as in `validation: valid`"
                                                 : "as in `validation: 0.2`",
                      "split.validation");
  }
  return folds;
}

}  // namespace assay::pipeline
