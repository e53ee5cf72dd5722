// Each kind of split only names the rows of its sets; purging, groups, gaps and the checks after it are the same for all.
#include "pipeline/split.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "pipeline/checked_expression.hpp"
#include "pipeline/fold_maker.hpp"

namespace assay::pipeline {

namespace {

// Rules are evaluated over the frame with its features. Nothing where a rule is wrong, or reads a feature that is.
std::optional<std::vector<double>> rule_values(const std::string& rule, const Dataset& dataset, const config::SplitSpec& spec,
                                               const std::string& key, Diagnostics& diagnostics) {
  if (rule.empty()) return std::vector<double>();
  Plan plan(dataset.frame);
  const auto place = spec.key_places.find(key);
  const std::vector<int> root = {
      add_checked(plan, {"", rule, Use::rule, place == spec.key_places.end() ? spec.place : place->second, "split." + key},
                  dataset.doubtful, diagnostics)};
  if (root[0] < 0) return std::nullopt;
  return std::move(plan.evaluate(root)[0]);
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
  std::optional<std::vector<double>> test, validation;
  if (spec.use == "by_rule") {
    test = rule_values(spec.test_rule, dataset, spec, "test", diagnostics);
    validation = rule_values(spec.validation_rule, dataset, spec, "validation", diagnostics);
    if (!test || !validation) return {};
    rows.test_rule = *test;
    rows.validation_rule = *validation;
  }
  Folds folds = make_folds(spec, rows, seed, diagnostics);
  const bool without = std::any_of(folds.folds.begin(), folds.folds.end(), [](const Fold& fold) { return fold.validation.empty(); });
  if (without && !needs_validation.empty() && !diagnostics.has_errors()) {
    diagnostics.error(spec.place, fmt::format("{} needs validation rows, and the split gives none", needs_validation),
                      spec.use == "walk_forward" ? "as in `validation: 6mo`"
                      : spec.use == "by_rule"    ? "as in `validation: \"row % 5 == 3\"`"
                                                 : "as in `validation: 0.2`",
                      "split.validation");
  }
  return folds;
}

}  // namespace assay::pipeline
