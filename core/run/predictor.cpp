#include "run/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv_reader.hpp"
#include "pipeline/expression.hpp"
#include "pipeline/fitted_features.hpp"
#include "pipeline/plugin_features.hpp"
#include "pipeline/prepare.hpp"
#include "pipeline/train_weights.hpp"
#include "run/learners.hpp"
#include "run/remote_components.hpp"

namespace assay::run {

namespace {

// Rows with a full window of ready inputs: a window never crosses an entity or a hole.
std::vector<std::int64_t> ready_rows(const data::Frame& frame, const pipeline::Matrix& x, std::int64_t lookback, bool accepts_missing) {
  std::vector<std::int64_t> out;
  const std::int64_t needed = std::max<std::int64_t>(1, lookback);
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    std::int64_t run = 0;
    std::int32_t before = 0;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) {
      const std::int32_t now = frame.has_time() ? frame.time_index()[static_cast<std::size_t>(row)] : 0;
      if (run > 0 && frame.has_time() && now != before + 1) run = 0;
      before = now;
      const double* values = x.row(row);
      const bool whole = accepts_missing || std::none_of(values, values + x.columns, [](double v) { return std::isnan(v); });
      run = whole ? run + 1 : 0;
      if (run >= needed) out.push_back(row);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The rows' inputs, one after another; with lookback each row brings its own window, so that no window is a view into another's entity.
std::vector<double> gathered(const data::Frame& frame, const pipeline::Matrix& x, const std::vector<std::int64_t>& rows,
                             std::int64_t lookback) {
  std::vector<std::int64_t> position(frame.rows());
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    std::int64_t at = 0;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) position[static_cast<std::size_t>(row)] = at++;
  }
  std::vector<double> out;
  for (const std::int64_t row : rows) {
    const auto entity = frame.entity().empty() ? 0 : frame.entity()[static_cast<std::size_t>(row)];
    const auto history = frame.rows_of_entity(entity);
    for (std::int64_t back = std::max<std::int64_t>(1, lookback); back-- > 0;) {
      const double* values = x.row(history[static_cast<std::size_t>(position[static_cast<std::size_t>(row)] - back)]);
      out.insert(out.end(), values, values + x.columns);
    }
  }
  return out;
}

// The columns that the features added to the frame.
std::vector<std::string> feature_columns(const config::Experiment& experiment, const data::Frame& frame) {
  std::vector<std::string> out;
  for (const std::string& name : frame.names())
    if (std::any_of(experiment.features.begin(), experiment.features.end(),
                    [&](const config::FeatureSpec& f) { return name == f.name || name.starts_with(f.name + "."); }))
      out.push_back(name);
  return out;
}

// All columns that are lacking, in one go. A column that is needed itself is not what was meant by another.
void tell_missing(const std::vector<std::string>& missing, const std::vector<std::string>& header, const std::set<std::string>& needed,
                  Diagnostics& diagnostics) {
  if (missing.empty()) return;
  std::vector<std::string> others, meant, names;
  for (const std::string& name : header)
    if (!needed.contains(name)) others.push_back(name);
  for (const std::string& name : missing) {
    names.push_back("`" + name + "`");
    if (const auto near = text::nearest(name, others)) meant.push_back(missing.size() == 1 ? *near : *near + " for " + name);
  }
  diagnostics.data_error({}, fmt::format("there {} {}", names.size() == 1 ? "is no column" : "are no columns", text::join(names, ", ")),
                         meant.empty() ? "the columns are: " + text::join(header, ", ") : "did you mean " + text::join(meant, ", ") + "?");
}

// The columns that a feature plugin's parameters name; an optional one that the data lack is not needed.
template <class Absent>
void need_columns(const config::Component& feature, const plugin::Registry& registry, const Absent& absent, std::set<std::string>& needed) {
  for (const config::ParamSpec& spec : registry.component("feature", feature.id).spec.params) {
    const config::Value* value = config::find(feature.params, spec.name);
    if (value == nullptr) continue;
    const auto* name = std::get_if<std::string>(&value->data);
    if (spec.kind == config::ParamKind::column && name != nullptr && !(spec.optional && absent(*name))) needed.insert(*name);
    const auto* list = std::get_if<config::List>(&value->data);
    if (spec.kind != config::ParamKind::list || spec.item_kind != config::ParamKind::column || list == nullptr) continue;
    for (const config::Value& item : *list) needed.insert(item.as_text());
  }
}

// New data need not hold what the file drops or reads for the target and unused features only; what is needed and lacks is told.
void keep_what_is_needed(config::Experiment& experiment, const std::vector<pipeline::InputColumn>& inputs, const plugin::Registry& registry,
                         Diagnostics& diagnostics) {
  const std::vector<std::string> header = data::read_csv_header(csv_options(experiment));
  const auto absent = [&](const std::string& name) { return std::find(header.begin(), header.end(), name) == header.end(); };
  std::erase_if(experiment.data.drop, absent);
  std::erase_if(experiment.data.categorical, absent);
  std::erase_if(experiment.data.csv.numeric, absent);
  std::set<std::string> needed;
  for (const pipeline::InputColumn& input : inputs) needed.insert(input.name);
  const auto lacking = [&](const std::string& name) {
    return absent(name) && std::none_of(experiment.features.begin(), experiment.features.end(),
                                        [&](const config::FeatureSpec& f) { return name == f.name || name.starts_with(f.name + "."); });
  };
  std::vector<config::FeatureSpec> kept;
  for (auto feature = experiment.features.rbegin(); feature != experiment.features.rend(); ++feature) {
    const bool used = std::any_of(needed.begin(), needed.end(),
                                  [&](const std::string& name) { return name == feature->name || name.starts_with(feature->name + "."); });
    if (!used) continue;
    if (feature->component) {
      need_columns(*feature->component, registry, lacking, needed);
    } else {
      for (const std::string& name : pipeline::names_in(pipeline::parse_expression(feature->expression, pipeline::Use::feature)))
        needed.insert(name);
    }
    kept.insert(kept.begin(), *feature);
  }
  experiment.features = std::move(kept);
  if (experiment.data.tables.makes_columns()) return;  // not all stand in this file
  const auto made = [&](const std::string& name) {
    return std::any_of(experiment.features.begin(), experiment.features.end(),
                       [&](const config::FeatureSpec& f) { return name == f.name || name.starts_with(f.name + "."); });
  };
  needed.insert(experiment.data.entity);
  if (experiment.data.time) needed.insert({experiment.data.time->column, experiment.data.time->clock});
  needed.erase("");
  std::vector<std::string> missing;
  std::copy_if(needed.begin(), needed.end(), std::back_inserter(missing), [&](const auto& name) { return absent(name) && !made(name); });
  tell_missing(missing, header, needed, diagnostics);
}

// What a model may ask of a row beside its inputs.
struct RowContext {
  std::vector<TimeNs> time;
  std::vector<std::int32_t> entity;
  std::vector<double> last_known_target;  // of several horizons one after another
};

RowContext context_of(const config::Experiment& experiment, const data::Frame& frame, const std::vector<std::int64_t>& rows,
                      const pipeline::FeatureFactory& features, std::vector<std::string>& notes) {
  RowContext out;
  if (!frame.has_time()) return out;
  Diagnostics hushed;  // new data may lack the target: then no earlier one is known
  const pipeline::Dataset dataset =
      pipeline::build_dataset(experiment, frame.without(feature_columns(experiment, frame)), features, hushed);
  if (hushed.has_errors())
    notes.push_back("earlier targets cannot be told from these data: a model that looks at the last known one does without");
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    out.time.push_back(frame.known_at()[at]);
    if (!frame.entity().empty()) out.entity.push_back(frame.entity()[at]);
  }
  const std::size_t horizons = std::max<std::size_t>(1, experiment.target.horizons.size());
  for (std::size_t h = 0; h < horizons; ++h) {
    const bool known = !hushed.has_errors();
    const auto& last = known && !dataset.horizons.empty() ? dataset.horizons.at(h).last_known_target : dataset.last_known_target;
    for (const std::int64_t row : rows)
      out.last_known_target.push_back(known ? last[static_cast<std::size_t>(row)] : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

void describe_rows(PredictResult& result, const data::Frame& frame) {
  result.row.assign(frame.source_row().begin(), frame.source_row().end());
  if (frame.has_time()) result.known_at.assign(frame.known_at().begin(), frame.known_at().end());
  for (const std::int32_t code : frame.entity()) result.entity.push_back(frame.entity_names()[static_cast<std::size_t>(code)]);
}

// What is wrong here is wrong with the new data, not with the stored experiment.
void blame_the_data(const Diagnostics& found, const std::filesystem::path& file, Diagnostics& diagnostics) {
  const std::string named_already = file.filename().string() + ", ";
  for (Diagnostic one : found.items()) {
    one.place = {file.string(), 0, 0, 1};
    one.exit_code = static_cast<int>(Fault::data);
    if (one.message.starts_with(named_already)) one.message.erase(0, named_already.size());
    diagnostics.add(std::move(one));
  }
}

}  // namespace

std::optional<PredictResult> predict(const store::Store& store, const PredictRequest& request, const RunContext& context,
                                     Diagnostics& diagnostics) {
  const StoredFit fit = open_fit(store, request.fit, "predicting with", context);
  config::Experiment experiment = fit.experiment;
  if (!std::filesystem::exists(request.data))
    throw Error(Fault::data, fmt::format("predicting with run {}", fit.run.id), fmt::format("there is no file {}", request.data.string()));
  experiment.data.source = "csv";
  experiment.data.path = std::filesystem::absolute(request.data);
  experiment.data.columns.clear();
  const pipeline::FittedPreparation& preparation = fit.preparation;
  Diagnostics found;
  keep_what_is_needed(experiment, preparation.inputs(), context.registry, found);
  if (found.has_errors()) {
    blame_the_data(found, request.data, diagnostics);
    return std::nullopt;
  }
  const std::optional<LoadedData> loaded = load_data(experiment, {context.cache_folder, context.reading, 0}, found);
  if (!loaded) {
    blame_the_data(found, request.data, diagnostics);
    return std::nullopt;
  }
  const auto maker = component_maker(experiment.resources, context.program, context.cancel);
  const pipeline::FeatureFactory features = pipeline::plugin_features(context.registry, *maker);
  const pipeline::ComputedFeatures computed = pipeline::compute_features(experiment, loaded->frame, features, found);
  blame_the_data(found, request.data, diagnostics);
  if (found.has_errors()) return std::nullopt;

  const auto learned = fit.features.empty() ? std::vector<pipeline::FeatureState>() : pipeline::feature_states_from(fit.features);
  const data::Frame filled = pipeline::apply_features(computed.frame, computed.fitted, learned);
  std::vector<std::int64_t> all(computed.frame.rows());
  std::iota(all.begin(), all.end(), 0);
  const pipeline::Matrix x = preparation.transform(pipeline::take_inputs(filled, preparation.inputs(), all));

  PredictResult result;
  result.model = fit.key.model;
  result.fold = fit.key.fold;
  result.classes = fit.classes;
  result.outputs = fit.outputs;
  result.horizons = fit.experiment.target.horizons;
  result.threshold = fit.threshold;
  result.notes = loaded->notes;
  describe_rows(result, computed.frame);

  const plugin::LoadedComponent& component = context.registry.component("model", fit.bundle.component_id);
  const std::int64_t lookback = experiment.inputs.lookback;
  const std::vector<std::int64_t> ready = ready_rows(computed.frame, x, lookback, component.has(ASSAY_ACCEPTS_MISSING));
  const std::vector<double> inputs = gathered(computed.frame, x, ready, lookback);
  train::Rows rows;
  rows.count = static_cast<std::int64_t>(ready.size());
  rows.columns = x.columns;
  rows.lookback = lookback;
  rows.x = inputs;
  std::vector<std::int64_t> ends;
  for (std::int64_t i = 0; lookback > 0 && i < rows.count; ++i) ends.push_back((i + 1) * lookback - 1);
  rows.window_end = ends;
  const RowContext around = context_of(experiment, computed.frame, ready, features, result.notes);
  rows.time = around.time;
  rows.entity = around.entity;
  rows.horizons = std::max<std::int64_t>(1, std::ssize(fit.experiment.target.horizons));
  rows.last_known_target = around.last_known_target;
  const std::unique_ptr<train::Learner> learner = learner_of(fit, rows, context);
  std::vector<double> values = learner->predict(rows);
  const std::vector<double> quantile = checked_quantiles(*learner, rows, experiment.evaluate.quantiles, values,
                                                         [&](std::size_t i) { return result.row[static_cast<std::size_t>(ready[i])]; });
  if (!quantile.empty()) result.levels = experiment.evaluate.quantiles;
  pipeline::bring_back(values, result.outputs, fit.way_back);
  result.value.assign(result.row.size() * static_cast<std::size_t>(result.outputs), std::numeric_limits<double>::quiet_NaN());
  const std::size_t levels = result.levels.size();
  result.quantile.assign(result.row.size() * levels, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < quantile.size(); ++i)
    result.quantile[static_cast<std::size_t>(ready[i / levels]) * levels + i % levels] = quantile[i];
  for (std::size_t i = 0; i < ready.size(); ++i)
    for (std::int64_t k = 0; k < result.outputs; ++k)
      result.value[static_cast<std::size_t>(ready[i] * result.outputs + k)] =
          values[i * static_cast<std::size_t>(result.outputs) + static_cast<std::size_t>(k)];
  return result;
}

}  // namespace assay::run
