#include "pipeline/prepare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/selection.hpp"
#include "plugin/call_options.hpp"

namespace assay::pipeline {

namespace {

constexpr int kFormat = 2;
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
  table.entity_names.assign(frame.entity_names().begin(), frame.entity_names().end());
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

// What a step needs to be applied: its plain values. Patterns have become names, and a model that judged inputs has judged.
Json to_json(const config::Map& params) {
  Json json = Json::object();
  for (const auto& [key, value] : params) {
    if (const auto* flag = std::get_if<bool>(&value.data)) json[key] = *flag;
    if (const auto* whole = std::get_if<std::int64_t>(&value.data)) json[key] = *whole;
    if (const auto* real = std::get_if<double>(&value.data)) json[key] = *real;
    if (const auto* word = std::get_if<std::string>(&value.data)) json[key] = *word;
  }
  return json;
}
config::Map params_from(const Json& json) {
  config::Map params;
  for (const auto& [key, value] : json.items()) {
    if (value.is_boolean()) {
      params.emplace_back(key, config::Value{value.get<bool>()});
    } else if (value.is_number_integer()) {
      params.emplace_back(key, config::Value{value.get<std::int64_t>()});
    } else if (value.is_number()) {
      params.emplace_back(key, config::Value{value.get<double>()});
    } else {
      params.emplace_back(key, config::Value{value.get<std::string>()});
    }
  }
  return params;
}

Json to_json(const FittedStep& step) {
  Json columns = Json::array();
  for (const FittedColumn& column : step.columns) {
    Json entry = {{"name", column.name}, {"learned", Json::array()}};
    for (const double value : column.learned) entry["learned"].push_back(to_json(value));
    if (!column.levels.empty()) entry["levels"] = column.levels;
    columns.push_back(std::move(entry));
  }
  return {{"use", step.how.id}, {"params", to_json(step.how.params)}, {"columns", columns}};
}
FittedStep step_from(const Json& json) {
  FittedStep step{{json.at("use").get<std::string>(), params_from(json.at("params")), {}}, {}};
  for (const Json& entry : json.at("columns")) {
    FittedColumn column{entry.at("name").get<std::string>(), {}, {}};
    for (const Json& value : entry.at("learned")) column.learned.push_back(real_from(value));
    if (entry.contains("levels")) column.levels = entry["levels"].get<std::vector<std::string>>();
    step.columns.push_back(std::move(column));
  }
  return step;
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
  for (const FittedStep& step : steps_) step_kind(step.how).apply(step, table);
  ASSAY_CHECK(table.columns == outputs_, "a preparation gives the same columns for any rows");
}

bool FittedPreparation::selects() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const FittedStep& step) { return is_selection(step.how); });
}

std::vector<std::string> FittedPreparation::left_out() const {
  std::vector<std::string> names;
  for (const FittedStep& step : steps_) {
    if (!is_selection(step.how)) continue;
    for (const FittedColumn& column : step.columns) {
      if (column.learned[kStays] == 0) names.push_back(column.name);
    }
  }
  return names;
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
  PreparationFit(InputTable&& table, std::span<const std::uint8_t> is_train, const Labels& labels, const InnerFits* inner)
      : labels_(labels), inner_(inner) {
    result_.table = std::move(table);
    result_.kept.assign(is_train.begin(), is_train.end());
    result_.fitted.inputs_ = work().columns;
    require_rows("the first step", "split");
    drop_empty(is_train);
  }

  void add(const std::vector<config::Component>& steps, const char* list) {
    for (std::size_t i = 0; i < steps.size(); ++i) add(steps[i], fmt::format("{}.{}", list, i));
  }

  PreparationResult finish() && {
    result_.fitted.outputs_ = work().columns;
    return std::move(result_);
  }

 private:
  InputTable& work() { return result_.table; }
  auto rows_left() const { return std::count(result_.kept.begin(), result_.kept.end(), std::uint8_t{1}); }

  void drop_empty(std::span<const std::uint8_t> is_train) {
    FittedPreparation& fitted = result_.fitted;
    for (const InputColumn& column : work().columns) {
      if (!present(work().values[index_of(work(), column.name)], is_train).empty()) continue;
      fitted.dropped_.push_back(column.name);
      result_.notes.push_back(fmt::format("`{}` is missing in every train row: it is left out", column.name));
    }
    drop_columns(work(), fitted.dropped_);
    if (!work().columns.empty()) return;
    throw PreparationError("inputs", {Fault::data, "preparing the inputs", "every input is missing in all train rows",
                                      "look at the columns named in `inputs`"});
  }

  void add(const config::Component& step, const std::string& key) try {
    const auto before = rows_left();
    FittedStep learned = learn_step(step, {work(), result_.kept, labels_, inner_}, result_.notes);
    if (const auto drop = step_kind(step).drop) drop(learned, work(), result_.kept);
    const auto gone = before - rows_left();
    if (gone > 0) result_.notes.push_back(fmt::format("{} dropped {} of {} train rows", step.id, gone, before));
    require_rows(step.id, key);
    if (is_selection(step) && learned.columns.size() == work().columns.size()) keep_one(learned, result_.notes);
    step_kind(step).apply(learned, work());
    result_.fitted.steps_.push_back(std::move(learned));
  } catch (const PreparationError&) {
    throw;
  } catch (const plugin::CallFailure&) {  // of a model that a selection asked
    throw;
  } catch (const Error& error) {
    throw PreparationError(key, error);
  }

  void require_rows(const std::string& step, const std::string& key) const {
    if (rows_left() > 0) return;
    throw PreparationError(key, {Fault::data, "preparing the train rows", fmt::format("no train row is left after {}", step),
                                 "drop fewer rows: name `columns` in the step, or fill missing values instead"});
  }

  const Labels& labels_;
  const InnerFits* inner_;
  PreparationResult result_;
};

PreparationResult fit_preparation(const std::vector<config::Component>& steps, InputTable table, std::span<const std::uint8_t> is_train,
                                  const std::vector<config::Component>& select, const Labels& labels, const InnerFits* inner) {
  ASSAY_CHECK(is_train.size() == table.rows(), "a train flag for each row");
  PreparationFit fit(std::move(table), is_train, labels, inner);
  fit.add(steps, "prepare");
  fit.add(select, "select");
  return std::move(fit).finish();
}

std::string FittedPreparation::to_json() const {
  Json json = {{"format", kFormat}, {"inputs", Json::array()}, {"dropped", dropped_}, {"outputs", Json::array()}, {"steps", Json::array()}};
  for (const InputColumn& column : inputs_) json["inputs"].push_back(pipeline::to_json(column));
  for (const InputColumn& column : outputs_) json["outputs"].push_back(pipeline::to_json(column));
  for (const FittedStep& step : steps_) json["steps"].push_back(pipeline::to_json(step));
  return json.dump();
}

FittedPreparation FittedPreparation::from_json(const std::string& text) {
  FittedPreparation result;
  try {
    const Json json = Json::parse(text);
    if (json.at("format").get<int>() != kFormat)
      throw Error(Fault::data, "reading a stored preparation", "another version of assay has written it", "train again");
    for (const Json& column : json.at("inputs")) result.inputs_.push_back(input_from(column));
    for (const Json& column : json.at("outputs")) result.outputs_.push_back(input_from(column));
    result.dropped_ = json.at("dropped").get<std::vector<std::string>>();
    for (const Json& entry : json.at("steps")) {
      result.steps_.push_back(step_from(entry));
    }
  } catch (const Json::exception& error) {
    throw Error(Fault::data, "reading a stored preparation", error.what(), "the model bundle is damaged: train again");
  }
  return result;
}

}  // namespace assay::pipeline
