#include "pipeline/prepare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

InputColumn described(const data::Column& column) {
  switch (column.type()) {
    case data::ColumnType::category:
      return {column.name(), InputKind::category, column.levels()};
    case data::ColumnType::boolean:
      return {column.name(), InputKind::flag, {}};
    case data::ColumnType::timestamp:
      throw Error(Fault::data, "taking inputs", fmt::format("`{}` is a time, which no model can take", column.name()),
                  "take it out of the inputs");
    default:
      return {column.name(), InputKind::number, {}};
  }
}

std::vector<double> taken(const data::Column& column, std::span<const std::int64_t> rows) {
  std::vector<double> values(rows.size());
  if (column.type() == data::ColumnType::real) {
    const auto reals = column.reals();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double x = reals[static_cast<std::size_t>(rows[i])];
      values[i] = std::isfinite(x) ? x : kMissing;
    }
    return values;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) values[i] = column.number(static_cast<std::size_t>(rows[i]));
  return values;
}

void take_keys(const data::Frame& frame, std::span<const std::int64_t> rows, InputTable& table) {
  std::vector<std::int64_t> position(frame.rows());
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    std::int64_t at = 0;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) position[static_cast<std::size_t>(row)] = at++;
  }
  table.row.assign(rows.begin(), rows.end());
  table.entity.reserve(rows.size());
  table.position.reserve(rows.size());
  if (frame.has_time()) table.time.reserve(rows.size());
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    table.entity.push_back(frame.entity().empty() ? 0 : frame.entity()[at]);
    table.position.push_back(position[at]);
    if (frame.has_time()) table.time.push_back(frame.known_at()[at]);
  }
}

// A category's codes in the order of the schema's levels; what the schema lacks is kUnknownLevel.
void bring_to(const InputColumn& schema, const InputColumn& found, std::vector<double>& values) {
  std::vector<double> code;
  for (const std::string& level : found.levels) {
    const auto at = std::find(schema.levels.begin(), schema.levels.end(), level);
    code.push_back(at == schema.levels.end() ? kUnknownLevel : static_cast<double>(at - schema.levels.begin()));
  }
  for (double& x : values) {
    if (!std::isnan(x)) x = code[static_cast<std::size_t>(x)];
  }
}

void drop_columns(InputTable& table, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].name != name) continue;
      table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(i));
      table.values.erase(table.values.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  }
}

using Json = nlohmann::ordered_json;

Json to_json(const InputColumn& column) {
  Json json = {{"name", column.name}, {"kind", static_cast<int>(column.kind)}};
  if (!column.levels.empty()) json["levels"] = column.levels;
  return json;
}
InputColumn input_from(const Json& json) {
  InputColumn column;
  column.name = json.at("name").get<std::string>();
  const int kind = json.at("kind").get<int>();
  if (kind < 0 || kind > 2) throw Error(Fault::data, "reading a stored preparation", fmt::format("a column of kind {}", kind));
  column.kind = static_cast<InputKind>(kind);
  if (json.contains("levels")) column.levels = json["levels"].get<std::vector<std::string>>();
  return column;
}
// JSON has no infinities and no NaN; they are texts here.
Json to_json(double value) { return std::isfinite(value) ? Json(value) : Json(text::shortest(value)); }
double real_from(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto word = json.get<std::string>();
  if (word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-inf") return -std::numeric_limits<double>::infinity();
  if (word == "nan") return kMissing;
  throw Error(Fault::data, "reading a stored preparation", fmt::format("`{}` is not a number", word));
}

}  // namespace

std::vector<InputColumn> input_columns(const data::Frame& frame, std::span<const std::string> names) {
  std::vector<InputColumn> columns;
  for (const std::string& name : names) columns.push_back(described(frame.at(name)));
  return columns;
}

InputTable take_inputs(const data::Frame& frame, std::span<const std::string> names, std::span<const std::int64_t> rows) {
  InputTable table;
  table.columns = input_columns(frame, names);
  for (const std::string& name : names) table.values.push_back(taken(frame.at(name), rows));
  take_keys(frame, rows, table);
  return table;
}

InputTable take_inputs(const data::Frame& frame, std::span<const InputColumn> schema, std::span<const std::int64_t> rows) {
  InputTable table;
  for (const InputColumn& wanted : schema) {
    data::Column column = frame.at(wanted.name);
    const bool as_category = wanted.kind == InputKind::category && column.type() != data::ColumnType::category;
    if (as_category) column = column.as_category();
    const InputColumn found = described(column);
    if (wanted.kind != InputKind::category && found.kind == InputKind::category) {
      throw Error(Fault::data, fmt::format("taking the input `{}`", wanted.name), "it is text, and the model was trained on numbers");
    }
    std::vector<double> values = taken(column, rows);
    if (wanted.kind == InputKind::category) bring_to(wanted, found, values);
    table.columns.push_back(wanted);
    table.values.push_back(std::move(values));
  }
  take_keys(frame, rows, table);
  return table;
}

void FittedPreparation::check_inputs(const InputTable& table) const {
  ASSAY_CHECK(table.columns == inputs_, "a preparation is applied to the columns that it was fitted on");
}

void FittedPreparation::apply(InputTable& table) const {
  check_inputs(table);
  drop_columns(table, dropped_);
  for (const FittedStep& step : steps_) apply_step(step, table);
  ASSAY_CHECK(table.columns == outputs_, "a preparation gives the same columns for any rows");
}

Matrix FittedPreparation::transform(const InputTable& table) const {
  InputTable work = table;
  apply(work);
  return to_matrix(work);
}

Matrix to_matrix(InputTable& table) {
  constexpr std::size_t kTogether = 8;  // a cache line of the matrix is written at once
  const std::size_t rows = table.rows(), columns = table.values.size();
  Matrix matrix;
  matrix.rows = static_cast<std::int64_t>(rows);
  matrix.columns = static_cast<std::int64_t>(columns);
  matrix.values.resize(rows * columns);
  for (std::size_t first = 0; first < columns; first += kTogether) {
    const std::size_t count = std::min(kTogether, columns - first);
    double* out = matrix.values.data() + first;
    for (std::size_t row = 0; row < rows; ++row, out += columns)
      for (std::size_t k = 0; k < count; ++k) out[k] = table.values[first + k][row];
    for (std::size_t k = 0; k < count; ++k) std::vector<double>().swap(table.values[first + k]);
  }
  table.columns.clear();
  table.values.clear();
  return matrix;
}

class PreparationFit {
 public:
  static PreparationResult fit(const std::vector<config::Component>& steps, InputTable&& table, std::span<const std::uint8_t> is_train) {
    PreparationResult result;
    result.table = std::move(table);
    InputTable& work = result.table;
    result.kept.assign(is_train.begin(), is_train.end());
    FittedPreparation& fitted = result.fitted;
    fitted.inputs_ = work.columns;
    require_rows(result.kept, "the first step", "split");
    for (std::size_t i = 0; i < work.columns.size(); ++i) {
      if (!all_missing(work.values[i], is_train)) continue;
      fitted.dropped_.push_back(work.columns[i].name);
      result.notes.push_back(fmt::format("`{}` is missing in every train row: it is left out", work.columns[i].name));
    }
    drop_columns(work, fitted.dropped_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const config::Component& step = steps[i];
      const std::string key = fmt::format("prepare.{}", i);
      const auto before = std::count(result.kept.begin(), result.kept.end(), std::uint8_t{1});
      FittedStep learned = learned_at(key, step, work, result);
      drop_rows(learned, work, result.kept);
      const auto gone = before - std::count(result.kept.begin(), result.kept.end(), std::uint8_t{1});
      if (gone > 0) result.notes.push_back(fmt::format("{} dropped {} of {} train rows", step.id, gone, before));
      require_rows(result.kept, step.id, key);
      apply_step(learned, work);
      fitted.steps_.push_back(std::move(learned));
    }
    fitted.outputs_ = work.columns;
    if (work.columns.empty()) {
      throw PreparationError("inputs", {Fault::data, "preparing the inputs", "every input is missing in all train rows",
                                        "look at the columns named in `inputs`"});
    }
    return result;
  }

 private:
  static bool all_missing(std::span<const double> values, std::span<const std::uint8_t> is_train) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (is_train[i] != 0 && !std::isnan(values[i])) return false;
    }
    return true;
  }
  static FittedStep learned_at(const std::string& key, const config::Component& step, const InputTable& work, PreparationResult& result) {
    try {
      return learn_step(step, work, result.kept, result.notes);
    } catch (const Error& error) {
      throw PreparationError(key, error);
    }
  }
  static void require_rows(const std::vector<std::uint8_t>& kept, const std::string& step, const std::string& key) {
    if (std::find(kept.begin(), kept.end(), std::uint8_t{1}) != kept.end()) return;
    throw PreparationError(key, {Fault::data, "preparing the train rows", fmt::format("no train row is left after {}", step),
                                 "drop fewer rows: name `columns` in the step, or fill missing values instead"});
  }
};

PreparationResult fit_preparation(const std::vector<config::Component>& steps, InputTable table, std::span<const std::uint8_t> is_train) {
  ASSAY_CHECK(is_train.size() == table.rows(), "a train flag for each row");
  return PreparationFit::fit(steps, std::move(table), is_train);
}

std::string FittedPreparation::to_json() const {
  Json json = {{"format", 1}, {"inputs", Json::array()}, {"dropped", dropped_}, {"outputs", Json::array()}, {"steps", Json::array()}};
  for (const InputColumn& column : inputs_) json["inputs"].push_back(pipeline::to_json(column));
  for (const InputColumn& column : outputs_) json["outputs"].push_back(pipeline::to_json(column));
  for (const FittedStep& step : steps_) {
    Json columns = Json::array();
    for (const FittedColumn& column : step.columns) {
      Json entry = {{"name", column.name}, {"lower", pipeline::to_json(column.lower)}, {"upper", pipeline::to_json(column.upper)}};
      if (column.indicator) entry["indicator"] = true;
      if (!column.levels.empty()) entry["levels"] = column.levels;
      columns.push_back(std::move(entry));
    }
    json["steps"].push_back(
        {{"use", step.use}, {"method", step.method}, {"action", step.action}, {"limit", step.limit}, {"columns", columns}});
  }
  return json.dump();
}

FittedPreparation FittedPreparation::from_json(const std::string& text) {
  FittedPreparation result;
  try {
    const Json json = Json::parse(text);
    if (json.at("format").get<int>() != 1) throw Error(Fault::data, "reading a stored preparation", "it is of a newer format");
    for (const Json& column : json.at("inputs")) result.inputs_.push_back(input_from(column));
    for (const Json& column : json.at("outputs")) result.outputs_.push_back(input_from(column));
    result.dropped_ = json.at("dropped").get<std::vector<std::string>>();
    for (const Json& entry : json.at("steps")) {
      FittedStep step;
      step.use = entry.at("use").get<std::string>();
      step.method = entry.at("method").get<std::string>();
      step.action = entry.at("action").get<std::string>();
      step.limit = entry.at("limit").get<std::int64_t>();
      for (const Json& column : entry.at("columns")) {
        FittedColumn fitted{column.at("name").get<std::string>(), real_from(column.at("lower")), real_from(column.at("upper")), false, {}};
        fitted.indicator = column.value("indicator", false);
        if (column.contains("levels")) fitted.levels = column["levels"].get<std::vector<std::string>>();
        step.columns.push_back(std::move(fitted));
      }
      result.steps_.push_back(std::move(step));
    }
  } catch (const Json::exception& error) {
    throw Error(Fault::data, "reading a stored preparation", error.what(), "the model bundle is damaged: train again");
  }
  return result;
}

}  // namespace assay::pipeline
