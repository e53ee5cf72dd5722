#include "run/data_look.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "run/number_json.hpp"
#include "stats/correlation.hpp"
#include "stats/products.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::int64_t>;

// Enough for a picture, and the same for any size of data.
constexpr std::size_t kDrawn = 20'000, kBins = 30, kLevels = 20, kStretches = 40, kCorrelated = 200;
constexpr double kQuantiles[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

Rows open_rows(const pipeline::Dataset& dataset, const pipeline::Folds& folds) {
  std::vector<std::uint8_t> sealed(static_cast<std::size_t>(dataset.rows()), 0);
  if (folds.sealed)
    for (const std::int64_t row : folds.sealed->test) sealed[static_cast<std::size_t>(row)] = 1;
  Rows rows;
  for (std::int64_t row = 0; row < dataset.rows(); ++row)
    if (sealed[static_cast<std::size_t>(row)] == 0) rows.push_back(row);
  return rows;
}

Rows evenly(const Rows& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  Rows out;
  for (std::size_t i = 0; i < most; ++i) out.push_back(rows[i * rows.size() / most]);
  return out;
}

std::vector<double> known(const std::vector<double>& values, const Rows& rows) {
  std::vector<double> out;
  for (const std::int64_t row : rows)
    if (const double x = values[static_cast<std::size_t>(row)]; std::isfinite(x)) out.push_back(x);
  return out;
}

double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double next = sorted[std::min(below + 1, sorted.size() - 1)];
  return sorted[below] + (at - static_cast<double>(below)) * (next - sorted[below]);
}

// Classes of equal width between the quantiles of 1 and 99 percent; what lies beyond counts in the outermost.
Json histogram(const std::vector<double>& sorted) {
  const double low = quantile(sorted, 0.01), high = quantile(sorted, 0.99);
  if (!(high > low)) return nullptr;
  std::vector<std::int64_t> counts(kBins, 0);
  for (const double x : sorted) {
    const double at = std::floor((x - low) / (high - low) * static_cast<double>(kBins));
    ++counts[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(kBins - 1)))];
  }
  return {{"from", low}, {"to", high}, {"counts", counts}};
}

void add_numbers(const std::vector<double>& values, const Rows& drawn, Json& json) {
  std::vector<double> sorted = known(values, drawn);
  if (sorted.empty()) return;
  std::sort(sorted.begin(), sorted.end());
  double sum = 0, squares = 0;
  for (const double x : sorted) sum += x / static_cast<double>(sorted.size());
  for (const double x : sorted) squares += (x - sum) * (x - sum) / static_cast<double>(sorted.size());
  json["mean"] = number_json(sum);
  json["deviation"] = number_json(std::sqrt(squares));
  json["least"] = sorted.front();
  json["most"] = sorted.back();
  for (const double q : kQuantiles) json["quantiles"].push_back({q, quantile(sorted, q)});
  json["histogram"] = histogram(sorted);
}

void add_levels(const std::vector<double>& codes, const std::vector<std::string>& levels, const Rows& rows, Json& json) {
  std::vector<std::pair<std::int64_t, std::size_t>> often;
  for (std::size_t k = 0; k < levels.size(); ++k) often.emplace_back(0, k);
  for (const double code : known(codes, rows)) ++often[static_cast<std::size_t>(code)].first;
  std::stable_sort(often.begin(), often.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  json["distinct"] = levels.size();
  json["levels"] = Json::array();
  for (std::size_t k = 0; k < std::min(kLevels, often.size()); ++k)
    json["levels"].push_back({{"name", levels[often[k].second]}, {"count", often[k].first}});
}

struct Looked {
  std::string name, role;
  std::vector<double> values;
  const std::vector<std::string>* levels = nullptr;  // of a category, or of a target's classes
};

Json column_json(const Looked& looked, const Rows& rows, const Rows& drawn) {
  const auto there = static_cast<std::int64_t>(known(looked.values, rows).size());
  Json json{{"name", looked.name},
            {"role", looked.role},
            {"kind", looked.levels != nullptr ? "classes" : "number"},
            {"missing", static_cast<std::int64_t>(rows.size()) - there}};
  if (looked.levels != nullptr)
    add_levels(looked.values, *looked.levels, rows, json);
  else
    add_numbers(looked.values, drawn, json);
  return json;
}

// One column at a time: wide tables of many rows are never copied whole.
class Look {
 public:
  Look(const pipeline::Dataset& dataset, Rows rows)
      : dataset_(dataset), rows_(std::move(rows)), drawn_(evenly(rows_, kDrawn)), stretches_(std::min(kStretches, rows_.size())) {}

  Json json() {
    for (const std::string& name : dataset_.inputs) {
      const data::Column& column = dataset_.frame.at(name);
      const bool feature = std::find(dataset_.features.begin(), dataset_.features.end(), name) != dataset_.features.end();
      add({name, feature ? "feature" : "input", column.to_reals(),
           column.type() == data::ColumnType::category ? &column.levels() : nullptr});
    }
    add({dataset_.target_column, "target", dataset_.y, dataset_.classes.empty() ? nullptr : &dataset_.classes});
    return {{"columns", std::move(columns_)},
            {"missing", {{"from", stretch_begins()}, {"columns", std::move(missing_)}}},
            {"correlations", correlations()}};
  }

 private:
  void add(const Looked& looked) {
    columns_.push_back(column_json(looked, rows_, drawn_));
    add_missing(looked);
    if ((looked.levels == nullptr || looked.levels->size() <= 2) && (names_.size() < kCorrelated || looked.role == "target"))
      add_ranks(looked);
  }

  std::size_t begin(std::size_t stretch) const { return stretch * rows_.size() / stretches_; }
  Json stretch_begins() const {
    Json from = Json::array();
    for (std::size_t s = 0; s < stretches_; ++s) {
      const std::int64_t row = rows_[begin(s)];
      from.push_back(dataset_.has_time() ? Json(to_iso(dataset_.frame.known_at()[static_cast<std::size_t>(row)])) : Json(row));
    }
    return from;
  }
  // Shares by stretches of rows, which are sorted by time; of columns that lack something.
  void add_missing(const Looked& looked) {
    Json shares = Json::array();
    std::size_t all = 0;
    for (std::size_t s = 0; s < stretches_; ++s) {
      std::size_t lacking = 0;
      for (std::size_t i = begin(s); i < begin(s + 1); ++i) lacking += !std::isfinite(looked.values[static_cast<std::size_t>(rows_[i])]);
      shares.push_back(static_cast<double>(lacking) / static_cast<double>(begin(s + 1) - begin(s)));
      all += lacking;
    }
    if (all > 0) missing_.push_back({{"name", looked.name}, {"shares", std::move(shares)}});
  }

  // Centred and of length 1, so that products are Spearman's correlations; a missing cell stands in the middle.
  void add_ranks(const Looked& looked) {
    Rows there;
    for (std::size_t i = 0; i < drawn_.size(); ++i)
      if (std::isfinite(looked.values[static_cast<std::size_t>(drawn_[i])])) there.push_back(static_cast<std::int64_t>(i));
    const std::vector<double> ranks = stats::midranks(known(looked.values, drawn_));
    std::vector<double> unit(drawn_.size(), 0.0);
    double squares = 0;
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      const double x = ranks[k] - (static_cast<double>(ranks.size()) + 1) / 2;
      unit[static_cast<std::size_t>(there[k])] = x;
      squares += x * x;
    }
    if (!(squares > 0)) return;
    for (double& x : unit) x /= std::sqrt(squares);
    names_.push_back(looked.name);
    units_.push_back(std::move(unit));
  }
  Json correlations() const {
    const std::vector<double> all = stats::products(std::vector<stats::Column>(units_.begin(), units_.end()));
    Json lines = Json::array();
    for (std::size_t i = 0; i < units_.size(); ++i) {
      Json line = Json::array();
      for (std::size_t j = 0; j < i; ++j) line.push_back(std::round(1e4 * all[i * units_.size() + j]) / 1e4);
      lines.push_back(std::move(line));
    }
    return {{"columns", names_}, {"below", std::move(lines)}};
  }

  const pipeline::Dataset& dataset_;
  Rows rows_, drawn_;
  std::size_t stretches_;
  Json columns_ = Json::array(), missing_ = Json::array();
  std::vector<std::string> names_;
  std::vector<std::vector<double>> units_;
};

}  // namespace

std::string data_look(const pipeline::Dataset& dataset, const pipeline::Folds& folds) {
  const Rows rows = open_rows(dataset, folds);
  Json json{{"format", 1}, {"rows", rows.size()}, {"sealed_rows", dataset.rows() - static_cast<std::int64_t>(rows.size())}};
  if (rows.empty()) return json.dump();
  if (!dataset.frame.entity_names().empty()) json["entities"] = dataset.frame.entity_names().size();
  if (dataset.has_time()) {
    json["first"] = to_iso(dataset.frame.known_at()[static_cast<std::size_t>(rows.front())]);
    json["last"] = to_iso(dataset.frame.known_at()[static_cast<std::size_t>(rows.back())]);
  }
  json.update(Look(dataset, rows).json());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::run
