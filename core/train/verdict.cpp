#include "train/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "stats/bootstrap.hpp"
#include "stats/distributions.hpp"
#include "stats/forecast_tests.hpp"
#include "stats/roc.hpp"

namespace assay::train {

namespace {

constexpr double kSmallestProbability = 1e-15;

// Both sets cut to the rows that both forecast, in the model's order.
std::pair<ForecastSet, ForecastSet> common_rows(const ForecastSet& a, const ForecastSet& b) {
  if (a.row == b.row) return {a, b};
  std::map<std::int64_t, std::int64_t> place;
  for (std::int64_t r = 0; r < b.rows(); ++r) place.emplace(b.row[static_cast<std::size_t>(r)], r);
  std::vector<std::int64_t> in_a, in_b;
  for (std::int64_t r = 0; r < a.rows(); ++r) {
    const auto found = place.find(a.row[static_cast<std::size_t>(r)]);
    if (found == place.end()) continue;
    in_a.push_back(r);
    in_b.push_back(found->second);
  }
  return {taken(a, in_a), taken(b, in_b)};
}

std::vector<double> pinball_losses(const ForecastSet& set) {
  const std::size_t levels = set.levels.size();
  std::vector<double> out(set.truth.size(), 0);
  for (std::size_t i = 0; i < set.quantile.size(); ++i) {
    const double gap = set.truth[i / levels] - set.quantile[i], level = set.levels[i % levels];
    out[i / levels] += (gap >= 0 ? level : level - 1) * gap / static_cast<double>(levels);
  }
  return out;
}

std::vector<double> losses(const ForecastSet& set, LossKind kind) {
  if (kind == LossKind::pinball) return pinball_losses(set);
  std::vector<double> out(set.truth.size());
  for (std::size_t r = 0; r < out.size(); ++r) {
    const double* value = set.value.data() + static_cast<std::int64_t>(r) * set.outputs;
    if (kind == LossKind::log) {
      const double p = set.outputs == 1 ? (set.truth[r] > 0.5 ? value[0] : 1 - value[0]) : value[static_cast<std::size_t>(set.truth[r])];
      out[r] = -std::log(std::max(p, kSmallestProbability));
    } else {
      const double error = set.truth[r] - value[0];
      out[r] = kind == LossKind::absolute ? std::abs(error) : error * error;
    }
  }
  return out;
}

// Averages by date in a panel or series, by customer where rows are grouped, else row by row.
std::vector<double> by_independent_unit(const ForecastSet& set, const std::vector<double>& values) {
  if (!set.time.empty()) return stats::mean_by_key(values, set.time).mean;
  if (!set.group.empty()) return stats::mean_by_key(values, set.group).mean;
  return values;
}

void take_test(Comparison& out, const stats::ForecastTest& test) {
  out.p = test.p_b_better;
  out.p_two_sided = test.p_two_sided;
  out.smallest_effect = test.smallest_effect;
}

// Whole customers, or blocks of whole dates as long as the difference of squared errors is correlated.
stats::Resampler dependent_rows(const ForecastSet& model, const ForecastSet& opponent, std::int64_t horizon) {
  if (model.time.empty()) return stats::Resampler::groups(model.group);
  std::vector<double> difference(model.truth.size());
  for (std::size_t r = 0; r < difference.size(); ++r) {
    const double ours = model.truth[r] - model.value[r], theirs = model.truth[r] - opponent.value[r];
    difference[r] = theirs * theirs - ours * ours;
  }
  const double block = stats::optimal_block_length(stats::mean_by_key(difference, model.time).mean).stationary;
  return stats::Resampler::dates(model.time, std::max(static_cast<double>(horizon), block));
}

Comparison compare_order_of_dependent(const ForecastSet& model, const ForecastSet& opponent, const ComparisonRules& rules, Comparison out) {
  stats::BootstrapOptions options;
  options.replicates = 1000;
  options.seed = rules.seed;
  const stats::Interval interval =
      stats::bootstrap_auc_difference(dependent_rows(model, opponent, rules.horizon), model.truth, model.value, opponent.value, options);
  const double z = interval.estimate / interval.standard_error;
  out.test = model.time.empty() ? "bootstrap of customers" : "bootstrap of dates";
  out.measure = "AUC";
  out.difference = interval.estimate;
  out.p = stats::normal_upper(z);
  out.p_two_sided = stats::normal_two_sided(z);
  out.smallest_effect = stats::smallest_effect(interval.standard_error, std::numeric_limits<double>::infinity());
  return out;
}

Comparison compare_order(const ForecastSet& model, const ForecastSet& opponent, const ComparisonRules& rules, Comparison out) {
  if (!model.time.empty() || !model.group.empty()) return compare_order_of_dependent(model, opponent, rules, std::move(out));
  const stats::AucComparison test = stats::delong_paired(model.truth, model.value, opponent.value);
  out.test = "DeLong";
  out.measure = "AUC";
  out.difference = test.difference;
  out.p_two_sided = test.p_two_sided;
  out.p = std::isnan(test.statistic) ? test.p_two_sided : stats::normal_upper(test.statistic);
  out.smallest_effect = stats::smallest_effect(test.standard_error, std::numeric_limits<double>::infinity());
  return out;
}

Comparison compare_losses(const ForecastSet& model, const ForecastSet& opponent, bool nested, const ComparisonRules& rules,
                          Comparison out) {
  const std::vector<double> ours = losses(model, rules.loss), theirs = losses(opponent, rules.loss);
  std::vector<double> difference(ours.size());
  for (std::size_t r = 0; r < ours.size(); ++r) difference[r] = theirs[r] - ours[r];
  const std::vector<double> by_unit = by_independent_unit(model, difference);
  out.measure = rules.loss == LossKind::log        ? "log loss"
                : rules.loss == LossKind::absolute ? "absolute error"
                : rules.loss == LossKind::pinball  ? "pinball loss"
                                                   : "squared error";
  out.test = rules.task == config::Task::regression ? "Diebold-Mariano (HLN)" : "paired log loss";
  const std::int64_t horizon = model.time.empty() ? 1 : rules.horizon;
  const stats::ForecastTest test = stats::diebold_mariano(by_unit, horizon);
  out.difference = test.mean;
  take_test(out, test);
  if (nested && rules.expanding && rules.loss == LossKind::squared && rules.task == config::Task::regression) {
    const auto terms = stats::clark_west_terms(model.truth, opponent.value, model.value);
    const stats::ForecastTest nested_test = stats::clark_west(by_independent_unit(model, terms), horizon);
    out.test = "Clark-West";
    out.p = nested_test.p_b_better;
    out.p_two_sided = nested_test.p_two_sided;
  }
  return out;
}

// "prior (p 0.02) and historical_mean (p 0.04)"; of several horizons "no_change at horizon 1 (p 0.02), 5 (p 0.3); historical_mean at ...".
std::string list_of(const std::vector<Comparison>& comparisons, bool better) {
  std::vector<std::string> opponents, parts;
  bool by_horizon = false;
  for (const Comparison& c : comparisons) {
    if (c.better != better) continue;
    by_horizon = by_horizon || c.horizon > 0;
    const std::string p = std::isnan(c.p_holm) ? "the test is undefined" : p_text(c.p_holm);
    const auto known = std::find(opponents.begin(), opponents.end(), c.opponent);
    if (known != opponents.end()) {
      parts[static_cast<std::size_t>(known - opponents.begin())] += fmt::format(", {} ({})", c.horizon, p);
      continue;
    }
    opponents.push_back(c.opponent);
    parts.push_back(c.horizon == 0 ? fmt::format("{} ({})", c.opponent, p)
                                   : fmt::format("{} at horizon {} ({})", c.opponent, c.horizon, p));
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : by_horizon ? "; " : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

}  // namespace

LossKind loss_kind(config::Task task, const std::string& id) {
  const std::string name = id.substr(id.rfind('.') == std::string::npos ? 0 : id.rfind('.') + 1);
  if (name == "pinball" || name == "crps" || name == "interval_score") return LossKind::pinball;
  if (task == config::Task::regression) return name == "mae" || name == "mase" || name == "smape" ? LossKind::absolute : LossKind::squared;
  if (task == config::Task::binary && (name == "auc" || name == "gini" || name == "ks")) return LossKind::order;
  return LossKind::log;
}

Comparison compare(const ForecastSet& model, const ForecastSet& opponent, const std::string& opponent_name, bool opponent_is_nested,
                   const ComparisonRules& rules) {
  const auto [ours, theirs] = common_rows(model, opponent);
  Comparison out;
  out.opponent = opponent_name;
  if (rules.loss == LossKind::order) return compare_order(ours, theirs, rules, std::move(out));
  ComparisonRules by = rules;
  if (by.loss == LossKind::pinball && (ours.levels.empty() || theirs.levels != ours.levels)) by.loss = LossKind::squared;
  return compare_losses(ours, theirs, opponent_is_nested, by, std::move(out));
}

void adjust(std::vector<Comparison>& comparisons, double confidence) {
  std::vector<double> p;
  for (const Comparison& c : comparisons) p.push_back(c.p);
  const std::vector<double> adjusted = stats::holm(p);
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    comparisons[i].p_holm = adjusted[i];
    comparisons[i].better = adjusted[i] < 1 - confidence;  // false for NaN
  }
}

std::string p_text(double p) {
  if (p < 1e-16) return "p < 1e-16";
  return p < 1e-4 ? fmt::format("p {:.1e}", p) : fmt::format("p {:.2g}", p);
}

std::string verdict_text(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return "no baseline was named";
  const std::string better = list_of(comparisons, true), not_better = list_of(comparisons, false);
  if (not_better.empty()) return "better than " + better;
  if (better.empty()) return "no gain: not better than " + not_better;
  return "no gain over all baselines: better than " + better + ", not better than " + not_better;
}

}  // namespace assay::train
