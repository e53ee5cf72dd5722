#include "cli/forecasts_text.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "cli/text_table.hpp"
#include "run/number_json.hpp"

namespace assay::cli {

namespace {

// Calls visit(key, predictions, index) for every stored forecast but those of the sealed final test.
template <class Visit>
void each_prediction(const store::Store& store, store::RunId id, const Visit& visit) {
  for (const store::UnitKey& key : store.finished_units(id))
    for (const store::Predictions& p : store.predictions(id, key)) {
      if (p.part == "final_test") continue;
      for (std::size_t i = 0; i < p.row.size(); ++i) visit(key, p, i);
    }
}

// On which path of a combinatorial split a fold's forecast of a time lies; every forecast of a test row lies on one.
class Paths {
 public:
  explicit Paths(const store::RunRecord& run) {
    if (run.summary.empty()) return;
    const Json summary = Json::parse(run.summary);
    if (!summary.contains("paths")) return;
    for (const Json& group : summary.at("paths").at("groups")) ends_.push_back(*parse_iso(group.at("last").get<std::string>()));
    folds_ = summary.at("paths").at("folds").get<std::vector<std::vector<std::int64_t>>>();
  }
  bool any() const { return !folds_.empty(); }
  std::optional<std::size_t> of(const store::UnitKey& key, const store::Predictions& p, std::size_t i) const {
    if (!any() || p.part != "test") return std::nullopt;
    const auto group = static_cast<std::size_t>(std::lower_bound(ends_.begin(), ends_.end(), p.known_at[i]) - ends_.begin());
    for (std::size_t path = 0; path < folds_.size(); ++path)
      if (folds_[path].at(group) == key.fold + 1) return path + 1;
    return std::nullopt;
  }

 private:
  std::vector<TimeNs> ends_;                      // of groups
  std::vector<std::vector<std::int64_t>> folds_;  // [path][group], from 1
};

// Levels that some stored forecasts have quantiles of: one list, since they are the file's.
std::vector<double> quantile_levels(const store::Store& store, store::RunId id) {
  for (const store::UnitKey& key : store.finished_units(id))
    for (const store::Predictions& p : store.predictions(id, key))
      if (!p.levels.empty()) return p.levels;
  return {};
}

std::span<const double> values_of(const store::Predictions& p, std::size_t i) {
  const auto outputs = static_cast<std::size_t>(p.outputs);
  return std::span(p.value).subspan(i * outputs, outputs);
}

// Rows for a program, written as they come, or for a reader, below one another.
class Lines {
 public:
  explicit Lines(bool as_csv) : as_csv_(as_csv) {}
  void add(Row row) {
    if (as_csv_)
      csv_ += text::join(row, ",") + "\n";
    else
      rows_.push_back(std::move(row));
  }
  std::string text() const { return as_csv_ ? csv_ : long_table(rows_); }

 private:
  bool as_csv_;
  std::string csv_;
  std::vector<Row> rows_;
};

bool has_horizons(const store::Store& store, store::RunId id) {
  for (const store::UnitKey& key : store.finished_units(id))
    for (const store::Predictions& p : store.predictions(id, key)) return p.horizon > 0;
  return false;
}

}  // namespace

std::string predictions_text(const store::Store& store, const store::RunRecord& run, bool as_csv) {
  const Paths paths(run);
  const bool by_horizon = has_horizons(store, run.id);
  Row names{"model", "fold", "repeat", "part", "row", "known_at", "label_end", "entity", "truth", "value"};
  if (by_horizon) names.emplace_back("horizon");
  const std::vector<double> levels = quantile_levels(store, run.id);
  for (const double level : levels) names.push_back("q" + text::shortest(level));
  if (paths.any()) names.emplace_back("path");
  Lines lines(as_csv);
  lines.add(names);
  const auto real = [](double v) { return std::isnan(v) ? std::string() : text::shortest(v); };
  each_prediction(store, run.id, [&](const store::UnitKey& key, const store::Predictions& p, std::size_t i) {
    Row cells{key.model, std::to_string(key.fold + 1), std::to_string(key.repeat + 1), p.part, std::to_string(p.row[i])};
    cells.push_back(p.known_at.empty() ? "" : to_iso(p.known_at[i]));
    cells.push_back(p.label_end.empty() ? "" : to_iso(p.label_end[i]));
    cells.push_back(p.entity.empty() ? "" : run.entities.at(static_cast<std::size_t>(p.entity[i])));
    cells.push_back(real(p.truth[i]));
    std::vector<std::string> values;
    for (const double v : values_of(p, i)) values.push_back(real(v));
    cells.push_back(text::join(values, ";"));
    if (by_horizon) cells.push_back(std::to_string(p.horizon));
    for (std::size_t k = 0; k < levels.size(); ++k) cells.push_back(p.levels.empty() ? "" : real(p.quantile[i * levels.size() + k]));
    if (const auto path = paths.of(key, p, i); paths.any()) cells.push_back(path ? std::to_string(*path) : "");
    lines.add(std::move(cells));
  });
  return lines.text();
}

std::string predictions_json(const store::Store& store, const store::RunRecord& run) {
  Json list = Json::array();
  const Paths paths(run);
  each_prediction(store, run.id, [&](const store::UnitKey& key, const store::Predictions& p, std::size_t i) {
    Json line{{"model", key.model}, {"fold", key.fold + 1}, {"repeat", key.repeat + 1}, {"part", p.part}, {"row", p.row[i]}};
    if (!p.known_at.empty()) line["known_at"] = to_iso(p.known_at[i]);
    if (!p.label_end.empty()) line["label_end"] = to_iso(p.label_end[i]);
    if (!p.entity.empty()) line["entity"] = run.entities.at(static_cast<std::size_t>(p.entity[i]));
    line["truth"] = run::number_json(p.truth[i]);
    Json values = Json::array();
    for (const double v : values_of(p, i)) values.push_back(run::number_json(v));
    line["value"] = p.outputs == 1 ? values[0] : values;
    if (p.horizon > 0) line["horizon"] = p.horizon;
    const std::size_t levels = p.levels.size();
    for (std::size_t k = 0; k < levels; ++k) line["quantiles"][text::shortest(p.levels[k])] = run::number_json(p.quantile[i * levels + k]);
    if (const auto path = paths.of(key, p, i)) line["path"] = *path;
    list.push_back(std::move(line));
  });
  return list.dump();
}

std::string steps_json(const store::Store& store, store::RunId id) {
  Json list = Json::array();
  for (const store::UnitRecord& unit : store.units(id))
    for (const store::StepMetric& s : unit.steps)
      list.push_back({{"model", unit.key.model},
                      {"fold", unit.key.fold + 1},
                      {"repeat", unit.key.repeat + 1},
                      {"epoch", s.step + 1},
                      {"name", s.name},
                      {"value", run::number_json(s.value)}});
  return list.dump();
}

std::string steps_text(const store::Store& store, store::RunId id, bool as_csv) {
  Lines lines(as_csv);
  lines.add({"model", "fold", "repeat", "epoch", "name", "value"});
  for (const store::UnitRecord& unit : store.units(id))
    for (const store::StepMetric& s : unit.steps)
      lines.add({unit.key.model, std::to_string(unit.key.fold + 1), std::to_string(unit.key.repeat + 1), std::to_string(s.step + 1), s.name,
                 std::isnan(s.value) ? "" : text::shortest(s.value)});
  return lines.text();
}

}  // namespace assay::cli
