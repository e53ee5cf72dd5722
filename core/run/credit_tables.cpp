#include "run/credit_tables.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "run/number_json.hpp"
#include "stats/bootstrap.hpp"
#include "stats/calibration.hpp"
#include "stats/decisions.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostLevels = 12;  // columns of more distinct numbers are cut at their quartiles

// Which group each forecast row belongs to, and the groups' names; -1: the cell is missing.
struct Grouping {
  std::vector<std::int64_t> code;
  std::vector<std::string> names;
};

Grouping by_quartile(const std::vector<double>& values) {
  std::vector<double> present;
  for (const double v : values)
    if (!std::isnan(v)) present.push_back(v);
  const double cut[3] = {stats::quantile(present, 0.25), stats::quantile(present, 0.5), stats::quantile(present, 0.75)};
  Grouping out;
  out.names = {"up to " + text::shortest(cut[0]), text::shortest(cut[0]) + " to " + text::shortest(cut[1]),
               text::shortest(cut[1]) + " to " + text::shortest(cut[2]), "above " + text::shortest(cut[2])};
  for (const double v : values) out.code.push_back(std::isnan(v) ? -1 : v <= cut[0] ? 0 : v <= cut[1] ? 1 : v <= cut[2] ? 2 : 3);
  return out;
}

Grouping grouping_of(const data::Column& column, const std::vector<std::int64_t>& rows) {
  if (column.type() == data::ColumnType::real || column.type() == data::ColumnType::integer) {
    std::vector<double> values, distinct;
    for (const std::int64_t r : rows) values.push_back(column.number(static_cast<std::size_t>(r)));
    for (const double v : values)
      if (!std::isnan(v)) distinct.push_back(v);
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() > kMostLevels) return by_quartile(values);
  }
  const data::Column category = column.type() == data::ColumnType::category ? column : column.as_category();
  Grouping out;
  out.names = category.levels();
  for (const std::int64_t r : rows) out.code.push_back(category.codes()[static_cast<std::size_t>(r)]);
  return out;
}

}  // namespace

Json calibration_json(const train::ForecastSet& set) {
  const stats::Calibration c = stats::calibration(set.truth, set.value);
  Json json{{"slope", number_json(c.line.slope)},
            {"slope_error", number_json(c.line.slope_error)},
            {"intercept", number_json(c.line.intercept)},
            {"intercept_error", number_json(c.line.intercept_error)},
            {"mean_probability", number_json(c.mean_probability)},
            {"observed_rate", number_json(c.observed_rate)},
            {"bins", Json::array()}};
  for (const stats::ReliabilityBin& b : stats::reliability_table(set.truth, set.value))
    json["bins"].push_back({{"mean_probability", number_json(b.mean_probability)},
                            {"observed_rate", number_json(b.observed_rate)},
                            {"low", number_json(b.observed_low)},
                            {"high", number_json(b.observed_high)},
                            {"count", b.count}});
  return json;
}

void segments_json(Json& json, const std::vector<std::string>& columns, const std::vector<train::Scorer>& scorers,
                   const train::ForecastSet& set, const pipeline::Dataset& dataset, std::int64_t horizon) {
  for (const std::string& name : columns) {
    const Grouping grouping = grouping_of(dataset.frame.at(name), set.row);
    Json& table = json[name];
    if (table.is_null()) table = Json::object();
    for (std::size_t g = 0; g < grouping.names.size(); ++g) {
      std::vector<std::int64_t> rows;
      for (std::size_t i = 0; i < grouping.code.size(); ++i)
        if (grouping.code[i] == static_cast<std::int64_t>(g)) rows.push_back(static_cast<std::int64_t>(i));
      if (rows.empty()) continue;
      const train::ForecastSet part = train::taken(set, rows);
      Json& line = table[grouping.names[g]];
      if (line.is_null()) line = {{"rows", part.rows()}};
      for (const train::Scorer& scorer : scorers)
        if (!scorer.is_table()) line[config::at_horizon(scorer.name(), horizon)] = number_json(scorer.value(part));
    }
  }
}

Json fairness_json(const train::ForecastSet& set, const pipeline::Dataset& dataset) {
  Json json = Json::object();
  for (const std::string& name : dataset.protected_columns) {
    const Grouping grouping = grouping_of(dataset.frame.at(name), set.row);
    std::vector<double> truth, decision;
    std::vector<std::int64_t> group;
    for (std::size_t i = 0; i < grouping.code.size(); ++i) {
      if (grouping.code[i] < 0) continue;
      truth.push_back(set.truth[i]);
      decision.push_back(set.decision[i]);
      group.push_back(grouping.code[i]);
    }
    const stats::Fairness fairness = stats::fairness(truth, decision, group);
    Json groups = Json::object();
    for (const stats::GroupRates& g : fairness.groups)
      groups[grouping.names[static_cast<std::size_t>(g.group)]] = {{"rows", g.count},
                                                                   {"base_rate", number_json(g.base_rate)},
                                                                   {"selection_rate", number_json(g.selection_rate)},
                                                                   {"true_positive_rate", number_json(g.true_positive_rate)},
                                                                   {"false_positive_rate", number_json(g.false_positive_rate)},
                                                                   {"accuracy", number_json(g.accuracy)}};
    json[name] = {{"groups", groups},
                  {"demographic_parity_difference", number_json(fairness.demographic_parity_difference)},
                  {"demographic_parity_ratio", number_json(fairness.demographic_parity_ratio)},
                  {"true_positive_rate_difference", number_json(fairness.true_positive_rate_difference)},
                  {"false_positive_rate_difference", number_json(fairness.false_positive_rate_difference)},
                  {"equalised_odds_difference", number_json(fairness.equalised_odds_difference)}};
  }
  return json;
}

}  // namespace assay::run
