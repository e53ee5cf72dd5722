// `assay predict RUN --data FILE`: a stored model on new data.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "run/predictor.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp help() {
  return {
      "assay predict RUN --data FILE [options]",
      "Applies a stored model to new data (a CSV file with the columns that the experiment reads; the target may be absent) and writes\n"
      "CSV: row, time and entity where there are some, the forecast, its quantiles where the experiment asks for them,\n"
      "and for classes the decision. Nothing is fitted.\n"
      "Exit codes: 0 done, 1 the command line is wrong, 2 the data are wrong or not there, 3 the model failed.",
      "assay predict last --data new_customers.csv --out scores.csv",
      {{"data", "FILE", "the new rows", false},
       {"out", "FILE", "write there instead of stdout", false},
       model_option(),
       fold_option(),
       repeat_option(),
       store_option(),
       plugins_option(),
       json_option()},
      1,
      1};
}

std::string decision(const run::PredictResult& result, std::size_t i) {
  const double* value = result.value.data() + i * static_cast<std::size_t>(result.outputs);
  if (result.classes.empty() || std::isnan(value[0])) return "";
  if (result.outputs == 1) return result.classes[value[0] >= result.threshold ? 1 : 0];
  std::int64_t best = 0;
  for (std::int64_t k = 1; k < result.outputs; ++k)
    if (value[k] > value[best]) best = k;
  return result.classes[static_cast<std::size_t>(best)];
}

std::vector<std::string> value_columns(const run::PredictResult& result) {
  std::vector<std::string> names;
  for (const std::int64_t horizon : result.horizons) names.push_back(config::at_horizon("value", horizon));
  for (std::size_t k = 0; result.outputs > 1 && k < result.classes.size(); ++k) names.push_back("p_" + result.classes[k]);
  return names.empty() ? std::vector<std::string>{"value"} : names;
}

std::string csv(const run::PredictResult& result) {
  std::string out = "row";
  if (!result.known_at.empty()) out += ",known_at";
  if (!result.entity.empty()) out += ",entity";
  for (const std::string& name : value_columns(result)) out += "," + name;
  for (const double level : result.levels) out += ",q" + text::shortest(level);
  out += result.classes.empty() ? "\n" : ",decision\n";
  for (std::size_t i = 0; i < result.row.size(); ++i) {
    out += std::to_string(result.row[i]);
    if (!result.known_at.empty()) out += fmt::format(",{}", to_iso(result.known_at[i]));
    if (!result.entity.empty()) out += "," + result.entity[i];
    for (std::int64_t k = 0; k < result.outputs; ++k) {
      const double value = result.value[i * static_cast<std::size_t>(result.outputs) + static_cast<std::size_t>(k)];
      out += fmt::format(",{}", std::isnan(value) ? std::string() : text::shortest(value));
    }
    for (std::size_t k = 0; k < result.levels.size(); ++k) {
      const double value = result.quantile[i * result.levels.size() + k];
      out += "," + (std::isnan(value) ? std::string() : text::shortest(value));
    }
    out += result.classes.empty() ? "\n" : fmt::format(",{}\n", decision(result, i));
  }
  return out;
}

std::string json_text(const run::PredictResult& result) {
  Json json{{"model", result.model}, {"fold", result.fold + 1}, {"rows", Json::array()}};
  if (!result.horizons.empty()) json["horizons"] = result.horizons;
  for (std::size_t i = 0; i < result.row.size(); ++i) {
    Json line{{"row", result.row[i]}};
    if (!result.known_at.empty()) line["known_at"] = to_iso(result.known_at[i]);
    if (!result.entity.empty()) line["entity"] = result.entity[i];
    Json values = Json::array();
    for (std::int64_t k = 0; k < result.outputs; ++k) {
      const double value = result.value[i * static_cast<std::size_t>(result.outputs) + static_cast<std::size_t>(k)];
      values.push_back(std::isnan(value) ? Json() : Json(value));
    }
    line["value"] = result.outputs == 1 && result.horizons.empty() ? values[0] : values;
    for (std::size_t k = 0; k < result.levels.size(); ++k) {
      const double value = result.quantile[i * result.levels.size() + k];
      line["quantiles"][text::shortest(result.levels[k])] = std::isnan(value) ? Json() : Json(value);
    }
    if (!result.classes.empty()) line["decision"] = decision(result, i);
    json["rows"].push_back(line);
  }
  return json.dump() + "\n";
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const auto data = arguments.value("data");
  if (!data) throw Error(Fault::usage, "", "--data is missing", "Usage: " + help().usage);
  if (!std::filesystem::exists(*data))
    throw Error(Fault::data, "predicting", fmt::format("there is no file {}", *data), "Look at the path after --data");
  const std::filesystem::path file = store_file(arguments.value("store"));
  const store::Store store(file, store::Store::Mode::read);
  run::PredictRequest request;
  request.data = *data;
  request.fit = fit_choice(store, arguments);
  const auto plugins = registry_of(store.run(request.fit.run), arguments);
  Diagnostics diagnostics;
  const auto result = run::predict(store, request, run_context(*plugins, file, console), diagnostics);
  console.end_progress();
  console.show(diagnostics, nullptr);
  if (!result) return diagnostics.exit_code();
  for (const std::string& note : result->notes) console.say("note: " + note);
  const std::string text = console.json() ? json_text(*result) : csv(*result);
  const auto out = arguments.value("out");
  if (!out) {
    console.out(text);
    return 0;
  }
  std::ofstream stream(*out, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw Error(Fault::failed, "writing " + *out, "the disk refused it");
  return 0;
}

}  // namespace

Verb predict_verb() { return {"predict", "apply a stored model to new data", &help, &run}; }

}  // namespace assay::cli
