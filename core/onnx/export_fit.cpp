#include "onnx/export_fit.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "onnx/graph_builder.hpp"
#include "onnx/model_file.hpp"
#include "onnx/preparation_graph.hpp"
#include "plugin/registry.hpp"

namespace assay::onnx {

namespace {

using Json = nlohmann::ordered_json;
using run::StoredFit;

Error refused(const StoredFit& fit, const std::string& happened, const std::string& mend) {
  return Error(Fault::usage, fmt::format("exporting {} of run {} to ONNX", fit.key.model, fit.run.id), happened, mend);
}

plugin::Graph model_graph(const StoredFit& fit, const plugin::LoadedComponent& component, const run::RunContext& context) {
  if (component.ability<assay_model_graph>("model.graph/1") == nullptr)
    throw refused(fit, fmt::format("{} does not tell what it computes as a graph (it offers no model.graph/1)", component.spec.id),
                  "Export a model that does: `assay plugin show ID` lists what a model offers");
  train::Rows rows;
  rows.columns = static_cast<std::int64_t>(fit.preparation.outputs().size());
  rows.lookback = fit.experiment.inputs.lookback;
  const auto learner = learner_of(fit, rows, context);
  try {
    return learner->graph();
  } catch (const plugin::ComponentError& error) {
    if (error.status() != ASSAY_UNSUPPORTED) throw;
    throw refused(fit, error.happened(), "");
  }
}

// As pipeline::bring_back() does it.
std::string brought_back(GraphBuilder& g, const std::string& p, const StoredFit& fit) {
  if (fit.way_back.empty()) return p;
  if (fit.outputs > 1) {
    const std::string weighed = g.node("Mul", {p, g.numbers(fit.way_back)});
    const std::string sum = g.node("ReduceSum", {weighed, g.indices({-1})}, {{"keepdims", config::Value{std::int64_t{1}}}});
    return g.node("Div", {weighed, sum});
  }
  const std::string of_one = g.node("Mul", {p, g.number(fit.way_back[1])});
  const std::string of_zero = g.node("Mul", {g.node("Sub", {g.number(1), p}), g.number(fit.way_back[0])});
  return g.node("Div", {of_one, g.node("Add", {of_one, of_zero})});
}

// Rows that lack an input have no forecast, where the model does not take them.
std::string without_forecast(GraphBuilder& g, const std::string& prepared, const std::string& forecast) {
  const std::string each = g.cast(g.node("Flatten", {g.node("IsNaN", {prepared})}, with_axis(1)), ASSAY_F32);
  const config::Map along = {{"axes", config::Value{config::List{config::Value{std::int64_t{1}}}}},
                             {"keepdims", config::Value{std::int64_t{1}}}};
  const std::string any = g.cast(g.node("ReduceMax", {each}, along), ASSAY_BOOL);
  return g.node("Where", {any, g.number(std::numeric_limits<double>::quiet_NaN()), forecast});
}

plugin::Graph whole_graph(const StoredFit& fit, const plugin::LoadedComponent& component, const plugin::Graph& model) {
  GraphBuilder g(kInput, "assay/");
  const std::string prepared = add_preparation(fit.preparation, kInput, g);
  const std::uint16_t wanted = component.ability<assay_model_predict>("model.predict/1")->dtype;
  const std::string rows = wanted == ASSAY_F64 ? prepared : g.cast(prepared, wanted);
  const std::vector<std::string> results = g.take(model, rows, "model/", {"predict", "quantiles"});
  std::string forecast = g.cast(results[0], ASSAY_F64);
  forecast = brought_back(g, forecast, fit);
  const bool needs_all = !component.has(ASSAY_ACCEPTS_MISSING);
  g.set_name(needs_all ? without_forecast(g, prepared, forecast) : forecast, kOutput);
  if (results[1].empty()) return g.graph();
  const std::string quantiles = g.cast(results[1], ASSAY_F64);
  g.set_name(needs_all ? without_forecast(g, prepared, quantiles) : quantiles, kQuantiles);
  return g.graph();
}

const char* kind_name(pipeline::InputKind kind) {
  return kind == pipeline::InputKind::number ? "number" : kind == pipeline::InputKind::category ? "category" : "flag";
}

std::string inputs_json(const std::vector<pipeline::InputColumn>& inputs) {
  Json list = Json::array();
  for (const pipeline::InputColumn& input : inputs) {
    Json column{{"name", input.name}, {"kind", kind_name(input.kind)}};
    if (input.kind == pipeline::InputKind::category) column["levels"] = input.levels;
    list.push_back(std::move(column));
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::pair<std::string, std::string>> metadata_of(const StoredFit& fit) {
  const config::Task task = fit.experiment.target.task;
  std::vector<std::pair<std::string, std::string>> out{{"assay.run_id", std::to_string(fit.run.id)},
                                                       {"assay.run_name", fit.run.name},
                                                       {"assay.run_identity", fit.run.identity},
                                                       {"assay.config_sha256", sha256_hex(fit.run.resolved)},
                                                       {"assay.data_sha256", fit.run.data_hash},
                                                       {"assay.bundle_sha256", sha256_hex(std::span<const std::byte>(fit.bytes))},
                                                       {"assay.model", fit.key.model},
                                                       {"assay.component", fit.bundle.component_id + " " + fit.bundle.component_version},
                                                       {"assay.fold", std::to_string(fit.key.fold + 1)},
                                                       {"assay.repeat", std::to_string(fit.key.repeat + 1)},
                                                       {"assay.task", task == config::Task::regression ? "regression"
                                                                      : task == config::Task::binary   ? "binary"
                                                                                                       : "multiclass"},
                                                       {"assay.lookback", std::to_string(fit.experiment.inputs.lookback)},
                                                       {"assay.inputs", inputs_json(fit.preparation.inputs())}};
  if (!fit.classes.empty()) out.emplace_back("assay.classes", Json(fit.classes).dump(-1, ' ', false, Json::error_handler_t::replace));
  if (task == config::Task::binary) out.emplace_back("assay.threshold", text::shortest(fit.threshold));
  return out;
}

std::vector<std::string> notes_on(const StoredFit& fit) {
  std::vector<std::string> made, notes;
  for (const pipeline::InputColumn& input : fit.preparation.inputs())
    for (const config::FeatureSpec& feature : fit.experiment.features)
      if (input.name == feature.name || input.name.starts_with(feature.name + ".")) made.push_back(input.name);
  if (!made.empty())
    notes.push_back(fmt::format("{} of the inputs {} features of the experiment: the file takes their values, it does not compute them",
                                made.size(), made.size() == 1 ? "is one of the" : "are"));
  return notes;
}

std::size_t count_of_numbers(const plugin::Graph& model) {
  std::size_t count = 0;
  for (const plugin::GraphConstant& constant : model.constants()) {
    const std::size_t size = plugin::item_size(constant.dtype);
    if (constant.dtype == ASSAY_F32 || constant.dtype == ASSAY_F64) count += constant.bytes.size() / size;
  }
  return count;
}

}  // namespace

ExportedFit export_fit(const store::Store& store, const ExportRequest& request, const run::RunContext& context) {
  const StoredFit fit = open_fit(store, request.fit, "exporting", context);
  const std::vector<std::string> cannot = inexpressible_steps(fit.preparation);
  if (!cannot.empty())
    throw refused(fit, text::join(cannot, "; "),
                  "Leave that to whoever calls the file: make it a feature, whose values the file takes, or train without it");
  const plugin::LoadedComponent& component = context.registry.component("model", fit.bundle.component_id);
  const plugin::Graph model = model_graph(fit, component, context);
  const plugin::Graph graph = whole_graph(fit, component, model);

  ExportedFit out;
  out.key = fit.key;
  out.component = fit.bundle.component_id + " " + fit.bundle.component_version;
  out.inputs = fit.preparation.inputs();
  out.lookback = fit.experiment.inputs.lookback;
  out.outputs = fit.outputs;
  out.nodes = graph.nodes().size();
  out.numbers = count_of_numbers(model);
  out.classes = fit.classes;
  out.notes = notes_on(fit);
  out.metadata = metadata_of(fit);
  const auto columns = static_cast<std::int64_t>(out.inputs.size());
  ModelFile file;
  file.name = fit.run.name.empty() ? fit.key.model : fit.run.name;
  file.about = fmt::format("{} of run {}, fold {}, repeat {}", out.component, fit.run.id, fit.key.fold + 1, fit.key.repeat + 1);
  file.version = request.version;
  file.input = {
      kInput, ASSAY_F64, {-1, columns}, "the columns named in assay.inputs, a category as its level's number there, missing as NaN"};
  if (out.lookback > 0) file.input.shape = {-1, out.lookback, columns};
  file.outputs = {{kOutput,
                   ASSAY_F64,
                   {-1, out.outputs},
                   fit.classes.empty() ? "the forecast, in the target's units"
                   : fit.outputs == 1  ? "the probability of the second class of assay.classes"
                                       : "the probability of each class of assay.classes"}};
  if (model.result("quantiles") != nullptr) {
    const std::vector<double>& levels = fit.experiment.evaluate.quantiles;
    file.outputs.push_back({kQuantiles, ASSAY_F64, {-1, std::ssize(levels)}, "the quantiles of the levels in assay.quantiles"});
    out.metadata.emplace_back("assay.quantiles", Json(levels).dump());
  } else if (!fit.experiment.evaluate.quantiles.empty()) {
    out.notes.emplace_back("the file gives the forecast alone: the model's quantiles, if it has some, are not in its graph");
  }
  file.metadata = out.metadata;
  out.bytes = file_bytes(graph, file);
  return out;
}

}  // namespace assay::onnx
