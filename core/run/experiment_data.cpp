#include "run/experiment_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "config/value.hpp"
#include "data/simulate_credit.hpp"
#include "data/simulate_market.hpp"
#include "pipeline/category_inputs.hpp"
#include "pipeline/checked_expression.hpp"
#include "pipeline/plugin_features.hpp"
#include "pipeline/prepare.hpp"
#include "run/backtest_run.hpp"
#include "run/remote_components.hpp"
#include "run/table_stages.hpp"

namespace assay::run {

namespace {

const config::Value& param(const config::Map& params, std::string_view name) {
  for (const auto& [key, value] : params)
    if (key == name) return value;
  throw Error(Fault::failed, "reading a source's parameters", "there is no parameter " + std::string(name));
}

LoadedData simulate(const config::Experiment& experiment) {
  const config::Map& params = experiment.data.params;
  const auto integer = [&](const char* name) { return param(params, name).as_int(); };
  const auto real = [&](const char* name) { return param(params, name).as_real(); };
  LoadedData loaded;
  loaded.identity = experiment.data.source;
  for (const auto& [name, value] : params) loaded.identity += " " + name + "=" + config::to_text(value);
  loaded.hash = sha256_hex(loaded.identity);
  if (experiment.data.source == "sim.credit") {
    data::CreditOptions options;
    options.rows = integer("rows");
    options.default_rate = real("default_rate");
    options.nonlinearity = real("nonlinearity");
    options.signal = real("signal");
    options.missing = real("missing");
    options.seed = static_cast<std::uint64_t>(integer("seed"));
    data::SimulatedCredit simulated = data::simulate_credit(options);
    loaded.frame = std::move(simulated.frame);
    char note[120];
    std::snprintf(note, sizeof note, "simulated applicants: over all %lld rows the best possible AUC is %.4f",
                  static_cast<long long>(options.rows), simulated.best_auc);
    loaded.notes.push_back(note);
    loaded.true_probability = std::move(simulated.probability);
    return loaded;
  }
  ASSAY_CHECK(experiment.data.source == "sim.market", "the reader lets known sources through only");
  data::MarketOptions options;
  options.entities = integer("entities");
  options.days = integer("days");
  options.signal = real("signal");
  options.correlation = real("correlation");
  options.start = param(params, "start").as_text();
  options.seed = static_cast<std::uint64_t>(integer("seed"));
  data::SimulatedMarket simulated = data::simulate_market(options);
  loaded.frame = std::move(simulated.frame);
  char note[120];
  std::snprintf(note, sizeof note, "simulated market: the share of the next return's variance that can be forecast is %.4g",
                simulated.r_squared);
  loaded.notes.push_back(note);
  return loaded;
}

// Source columns that `columns` and `drop` leave, for sources that give a whole frame. Faulty items change nothing (see leave_out).
void keep_wanted(LoadedData& loaded, const config::Experiment& experiment, Diagnostics& diagnostics) {
  const config::DataSpec& spec = experiment.data;
  std::vector<std::string> away;
  const auto has = [&](const std::string& name, const std::string& key) {
    if (loaded.frame.find(name) != nullptr) return true;
    const auto near = text::nearest(name, loaded.frame.names());
    diagnostics.data_error(place_below_data(experiment, key), "the data have no column '" + name + "'",
                           near ? "did you mean '" + *near + "'?" : "columns: " + text::join(loaded.frame.names(), ", "), "data." + key);
    return false;
  };
  for (std::size_t i = 0; i < spec.drop.size(); ++i) {
    if (has(spec.drop[i], "drop." + std::to_string(i))) away.push_back(spec.drop[i]);
  }
  bool all_known = true;
  for (std::size_t i = 0; i < spec.columns.size(); ++i) all_known &= has(spec.columns[i], "columns." + std::to_string(i));
  if (!spec.columns.empty() && all_known) {
    for (const std::string& name : loaded.frame.names())
      if (std::find(spec.columns.begin(), spec.columns.end(), name) == spec.columns.end()) away.push_back(name);
  }
  std::sort(away.begin(), away.end());
  away.erase(std::unique(away.begin(), away.end()), away.end());
  if (!away.empty()) loaded.frame = loaded.frame.without(away);
}

// --quick: of a panel whole entities, as many as fit, so that its span stays what a split needs; else the first rows in the frame's order
// (by time where there is time).
void cut_rows(LoadedData& loaded, std::int64_t most) {
  const auto rows = static_cast<std::int64_t>(loaded.frame.rows());
  if (most == 0 || rows <= most) return;
  const std::span<const std::int32_t> entity = loaded.frame.entity();
  std::map<std::int32_t, std::int64_t> rows_of;
  for (const std::int32_t code : entity) ++rows_of[code];
  std::int32_t beyond = 0;  // the first entity that is left out
  std::int64_t taken = 0;
  for (const auto& [code, count] : rows_of) {
    if (taken > 0 && taken + count > most) break;
    taken += count;
    beyond = code + 1;
  }
  std::vector<std::int64_t> kept;
  for (std::int64_t row = 0; row < rows && static_cast<std::int64_t>(kept.size()) < most; ++row)
    if (entity.empty() || entity[static_cast<std::size_t>(row)] < beyond) kept.push_back(row);
  loaded.frame = loaded.frame.taken(kept);
  loaded.notes.push_back(entity.empty() ? fmt::format("--quick: only the first {} of {} rows are used", kept.size(), rows)
                                        : fmt::format("--quick: only {} rows of {} are used, of the first entities", kept.size(), rows));
}

std::vector<std::string> possible_inputs(const data::Frame& frame) {
  std::vector<std::string> names;
  for (const data::Column& column : frame.columns())
    if (column.type() != data::ColumnType::timestamp) names.push_back(column.name());
  return names;
}

// A column without a single value is a mistake of the file or of the experiment, and no model can use it.
void refuse_empty_inputs(const config::Experiment& experiment, const pipeline::Dataset& dataset, Diagnostics& diagnostics) {
  const Place place = experiment.inputs.place.line != 0 ? experiment.inputs.place : experiment.data.place;
  for (const pipeline::InputColumn& input : pipeline::input_columns(dataset.frame, dataset.inputs)) {
    const auto is_fitted = [&](const pipeline::FittedFeature& f) {
      return std::find(f.outputs.begin(), f.outputs.end(), input.name) != f.outputs.end();
    };
    if (std::any_of(dataset.fitted.begin(), dataset.fitted.end(), is_fitted)) continue;
    const data::Column& column = dataset.frame.at(input.name);
    std::size_t row = 0;
    while (row < column.size() && column.is_missing(row)) ++row;
    if (row < column.size() || column.size() == 0) continue;
    diagnostics.data_error(place, "the input '" + input.name + "' is missing in every row",
                           experiment.inputs.all ? "leave it out: data: {drop: [" + input.name + "]}" : "leave it out of the inputs",
                           "inputs");
  }
}

// Every model that looks at inputs learns categories as such.
bool learned_as_categories(const config::Experiment& experiment, const plugin::Registry& registry) {
  const auto takes = [&](const std::string& id) {
    const config::ComponentSpec& spec = registry.component("model", id).spec;
    return spec.baseline || std::find(spec.abilities.begin(), spec.abilities.end(), "model.categories/1") != spec.abilities.end();
  };
  return std::all_of(experiment.models.begin(), experiment.models.end(), [&](const auto& model) { return takes(model.second.id); }) &&
         std::all_of(experiment.evaluate.baselines.begin(), experiment.evaluate.baselines.end(),
                     [&](const config::Component& baseline) { return takes(baseline.id); });
}

}  // namespace

std::optional<LoadedData> load_data(const config::Experiment& experiment, const LoadOptions& options, Diagnostics& diagnostics) {
  std::optional<LoadedData> loaded;
  if (experiment.data.source == "csv") {
    loaded = load_files(experiment, options, diagnostics);
  } else {
    loaded = simulate(experiment);
    keep_wanted(*loaded, experiment, diagnostics);
  }
  if (loaded && !put_together(experiment, *loaded, options, diagnostics)) loaded.reset();
  if (loaded)
    cut_rows(*loaded, options.max_rows);
  else
    pipeline::check_expressions(experiment, diagnostics);
  return loaded;
}

std::optional<ExperimentData> prepare_data(const config::Experiment& experiment, const plugin::Registry& registry,
                                           const LoadOptions& options, Diagnostics& diagnostics) {
  std::optional<LoadedData> loaded = load_data(experiment, options, diagnostics);
  if (!loaded) return std::nullopt;
  return prepare_data(experiment, registry, std::move(*loaded), options, diagnostics);
}

std::optional<ExperimentData> prepare_data(const config::Experiment& experiment, const plugin::Registry& registry, LoadedData loaded,
                                           const LoadOptions& options, Diagnostics& diagnostics) {
  ExperimentData out;
  out.maker = component_maker(experiment.resources, options.program, options.cancel);
  out.dataset = pipeline::build_dataset(experiment, loaded.frame, pipeline::plugin_features(registry, *out.maker), diagnostics);
  const auto sound = [&](std::initializer_list<std::string_view> sections) {
    return std::none_of(diagnostics.items().begin(), diagnostics.items().end(), [&](const Diagnostic& d) {
      return d.severity == Severity::error &&
             std::any_of(sections.begin(), sections.end(), [&](std::string_view section) { return d.key.starts_with(section); });
    });
  };
  // A step may mean an input that a faulty `inputs` does not give.
  const std::vector<std::string> inputs = sound({"inputs"}) ? out.dataset.inputs : possible_inputs(out.dataset.frame);
  pipeline::check_preparation(experiment.prepare, experiment.select, pipeline::input_columns(out.dataset.frame, inputs),
                              out.dataset.doubtful, out.dataset.has_time(), diagnostics);
  if (!diagnostics.has_errors() && options.max_rows == 0) refuse_empty_inputs(experiment, out.dataset, diagnostics);
  if (!diagnostics.has_errors())
    pipeline::warn_of_categories(experiment, out.dataset, learned_as_categories(experiment, registry), diagnostics);
  const std::string needs_validation = experiment.train.early_stopping                      ? "train.early_stopping"
                                       : experiment.evaluate.threshold.rows == "validation" ? "evaluate.threshold"
                                       : experiment.train.refit != "none"                   ? "train.refit"
                                                                                            : "";
  check_market_columns(experiment, out.dataset, registry, diagnostics);
  if (experiment.split.use == "none") {  // a rule over everything
    if (diagnostics.has_errors()) return std::nullopt;
    pipeline::Fold all;
    all.test.resize(static_cast<std::size_t>(out.dataset.rows()));
    std::iota(all.test.begin(), all.test.end(), 0);
    all.description = "everything";
    out.folds.folds.push_back(std::move(all));
    out.loaded = std::move(loaded);
    return out;
  }
  Diagnostics of_split;
  out.folds = pipeline::make_folds(experiment.split, out.dataset, SeedTree(experiment.seed).child("split"), needs_validation, of_split);
  for (const Diagnostic& d : of_split.items()) diagnostics.add(d);
  if (experiment.backtest && !of_split.has_errors() && sound({"target", "split"}))
    check_traded_spans(experiment, out.dataset, out.folds, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  out.loaded = std::move(loaded);
  return out;
}

}  // namespace assay::run
