// Is the model better than the baselines that were named beforehand, or than another model? The paired tests of rules.md 8.
// Used by run. Rows of one customer or one date are no independent evidence: they are averaged or drawn together. Regression:
// Diebold-Mariano with the Harvey-Leybourne-Newbold correction on losses averaged by date, and Clark-West where a nested baseline is
// compared under expanding windows. Classes: DeLong's paired AUC where the first metric orders rows (with groups or time: the difference
// over its error from the bootstrap of whole customers or dates), else a paired test of log losses. Several baselines: Holm. Pure.
#pragma once

#include <string>
#include <vector>

#include "train/forecasts.hpp"

namespace assay::train {

enum class LossKind { squared, absolute, log, order, pinball };  // order: AUC, no loss a row; pinball: mean over the levels
// What the first metric in the file asks to compare by.
LossKind loss_kind(config::Task task, const std::string& first_metric_id);

struct Comparison {
  std::string opponent, test;  // test: "Diebold-Mariano (HLN)", "Clark-West", "DeLong", "paired log loss"
  std::string measure;         // "squared error", "AUC", ...
  double difference = 0;       // positive: the model is better
  double p = 1, p_holm = 1;    // one-sided: the model is better
  double p_two_sided = 1;
  double smallest_effect = 0;  // the difference that a 5 % two-sided test finds with probability 0.8
  bool better = false;         // p_holm below 1 - confidence
  std::int64_t horizon = 0;    // of several, in rows
};

struct ComparisonRules {
  config::Task task = config::Task::regression;
  LossKind loss = LossKind::squared;
  std::int64_t horizon = 1;
  bool expanding = false;  // Clark-West for nested baselines
  double confidence = 0.95;
  std::uint64_t seed = 0;  // of the bootstrap that stands in for DeLong where rows are not independent
};

// Forecasts of the same rows in the same order, pooled over folds. Rows that either could not forecast are left out of both. Pinball losses
// need quantiles of both; where one has none, squared errors are compared.
Comparison compare(const ForecastSet& model, const ForecastSet& opponent, const std::string& opponent_name, bool opponent_is_nested,
                   const ComparisonRules& rules);
void adjust(std::vector<Comparison>& comparisons, double confidence);  // Holm, and `better`

std::string p_text(double p);  // "p 0.021", "p 5.4e-07", "p < 1e-16"

// One sentence: "better than prior (p 0.0001) and historical_mean (p 0.02)", "no better than no_change (p 0.41): ..."
std::string verdict_text(const std::vector<Comparison>& comparisons);

}  // namespace assay::train
