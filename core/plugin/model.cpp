#include "plugin/model.hpp"

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {
namespace {

void require(const void* table, const LoadedComponent& component, const char* tried, const char* ability) {
  if (!table) throw ComponentError(component.spec.id, tried, ASSAY_UNSUPPORTED, std::string("it offers no ") + ability);
}

// What a model fills: rows x cols, row-major.
assay_array matrix(std::span<double> out, std::int64_t rows, std::int64_t cols) {
  ASSAY_CHECK(std::ssize(out) == rows * cols, "what a model gives has rows x columns");
  assay_array array{};
  array.dtype = ASSAY_F64;
  array.rank = 2;
  array.device_kind = ASSAY_CPU;
  array.shape[0] = rows;
  array.shape[1] = cols;
  array.stride[0] = cols;
  array.stride[1] = 1;
  array.data = out.data();
  return array;
}

}  // namespace

Model::Model(const LoadedComponent& component, const config::Map& params, const CallOptions& options)
    : ComponentOwner(component, params, options) {
  ASSAY_CHECK(component.spec.kind == "model", component.spec.id);
  fit_ = component.ability<assay_model_fit>("model.fit/1");
  step_ = component.ability<assay_model_step>("model.step/1");
  predict_ = component.ability<assay_model_predict>("model.predict/1");
  quantiles_ = component.ability<assay_model_quantiles>("model.quantiles/1");
  train_state_ = component.ability<assay_train_state>("train_state/1");
  importance_ = component.ability<assay_model_importance>("model.importance/1");
  summary_ = component.ability<assay_model_summary>("model.summary/1");
  graph_ = component.ability<assay_model_graph>("model.graph/1");
  gradient_ = component.ability<assay_model_gradient>("model.gradient/1");
  prune_ = component.ability<assay_model_prune>("model.prune/1");
}

std::uint16_t Model::fit_dtype() const {
  ASSAY_CHECK(fit_, id());
  return fit_->dtype;
}
std::uint16_t Model::step_dtype() const {
  ASSAY_CHECK(step_, id());
  return step_->dtype;
}

std::uint16_t Model::gradient_dtype() const {
  require(gradient_, *component_, "gradient", "model.gradient/1");
  return gradient_->dtype;
}

std::uint16_t Model::quantiles_dtype() const {
  require(quantiles_, *component_, "quantiles", "model.quantiles/1");
  return quantiles_->dtype;
}

void Model::fit(const assay_batch& batch, const CallOptions& options) {
  require(fit_, *component_, "fit", "model.fit/1");
  CallHost host(options, true);
  host.finish(fit_->fit(self(), host.raw(), &batch), *component_, "fit");
}

void Model::begin(const assay_problem& problem, std::int64_t batch_size, const CallOptions& options) {
  require(step_, *component_, "begin", "model.step/1");
  CallHost host(options);
  host.finish(step_->begin(self(), host.raw(), &problem, batch_size), *component_, "begin");
}

double Model::step(const assay_batch& batch, const assay_step& at, const CallOptions& options) {
  require(step_, *component_, "step", "model.step/1");
  CallHost host(options);
  double mean_loss = 0;
  host.finish(step_->step(self(), host.raw(), &batch, &at, &mean_loss), *component_, "step");
  return mean_loss;
}

void Model::predict(const assay_batch& rows, std::span<double> out, const CallOptions& options) const {
  assay_array array = matrix(out, rows.rows, rows.problem->n_outputs);
  CallHost host(options);
  host.finish(predict_->predict(self(), host.raw(), &rows, &array), *component_, "predict");
}

void Model::quantiles(const assay_batch& rows, std::span<const double> levels, std::span<double> out, const CallOptions& options) const {
  require(quantiles_, *component_, "quantiles", "model.quantiles/1");
  assay_array array = matrix(out, rows.rows, std::ssize(levels));
  CallHost host(options);
  host.finish(quantiles_->quantiles(self(), host.raw(), &rows, levels.data(), std::ssize(levels), &array), *component_, "quantiles");
}

StateEntries Model::train_save(const CallOptions& options) const {
  require(train_state_, *component_, "saving its training", "train_state/1");
  return collect("saving its training", options,
                 [&](assay_call* call, assay_state_writer* writer) { return train_state_->save(self(), call, writer); });
}

void Model::train_load(const assay_problem& problem, const StateEntries& state, const CallOptions& options) {
  require(train_state_, *component_, "loading its training", "train_state/1");
  StateReader reader(state);
  CallHost host(options);
  host.finish(train_state_->load(self(), host.raw(), &problem, reader.raw()), *component_, "loading its training");
}

std::vector<double> Model::importance(std::int64_t n_inputs, const CallOptions& options) const {
  require(importance_, *component_, "importance", "model.importance/1");
  std::vector<double> values(static_cast<std::size_t>(n_inputs));
  assay_array array{};
  array.dtype = ASSAY_F64;
  array.rank = 1;
  array.device_kind = ASSAY_CPU;
  array.shape[0] = n_inputs;
  array.stride[0] = 1;
  array.data = values.data();
  CallHost host(options);
  host.finish(importance_->importance(self(), host.raw(), &array), *component_, "importance");
  for (const double value : values)
    if (!(value >= 0)) throw ComponentError(id(), "importance", ASSAY_FAILED, "it gave a value that is not at least 0");
  return values;
}

void Model::gradient(const assay_batch& rows, std::int64_t output, std::span<double> score, std::span<double> slope,
                     const CallOptions& options) const {
  require(gradient_, *component_, "gradient", "model.gradient/1");
  std::int64_t width = 1;
  for (int d = 1; d < rows.x.rank; ++d) width *= rows.x.shape[d];
  ASSAY_CHECK(static_cast<std::int64_t>(score.size()) == rows.rows, "a score a row");
  ASSAY_CHECK(static_cast<std::int64_t>(slope.size()) == rows.rows * width, "a slope for each input");
  assay_array scores{};
  scores.dtype = ASSAY_F64;
  scores.rank = 1;
  scores.device_kind = ASSAY_CPU;
  scores.shape[0] = rows.rows;
  scores.stride[0] = 1;
  scores.data = score.data();
  assay_array slopes = rows.x;
  slopes.dtype = ASSAY_F64;
  slopes.flags = 0;
  slopes.valid = nullptr;
  slopes.data = slope.data();
  std::int64_t stride = 1;
  for (int d = rows.x.rank; d-- > 0; stride *= slopes.shape[d]) slopes.stride[d] = stride;
  CallHost host(options);
  host.finish(gradient_->gradient(self(), host.raw(), &rows, output, &scores, &slopes), *component_, "gradient");
}

void Model::prune(Pruning method, double share, const CallOptions& options) {
  require(prune_, *component_, "prune", "model.prune/1");
  ASSAY_CHECK(share >= 0 && share <= 1, "a share lies between 0 and 1");
  CallHost host(options);
  host.finish(prune_->prune(self(), host.raw(), static_cast<std::uint32_t>(method), share), *component_, "prune");
}

ModelSize Model::size(Pruning method, const CallOptions& options) const {
  require(prune_, *component_, "size", "model.prune/1");
  assay_model_size size{};
  size.struct_size = sizeof size;
  CallHost host(options);
  host.finish(prune_->size(self(), host.raw(), static_cast<std::uint32_t>(method), &size), *component_, "size");
  const bool sound = size.zeros >= 0 && size.zeros <= size.parameters && size.pruned >= 0 && size.pruned <= size.prunable;
  if (!sound) throw ComponentError(id(), "size", ASSAY_FAILED, "it tells more that is zero or pruned than there is");
  return {size.parameters, size.zeros, size.prunable, size.pruned};
}

StateEntries Model::summary(const CallOptions& options) const {
  require(summary_, *component_, "summary", "model.summary/1");
  return collect("summary", options, [&](assay_call* call, assay_state_writer* writer) { return summary_->summary(self(), call, writer); });
}

Graph Model::graph(const assay_problem& problem, const CallOptions& options) const {
  constexpr const char* kTried = "telling its graph";
  require(graph_, *component_, kTried, "model.graph/1");
  Graph graph("rows");
  GraphHost taker(graph, problem);
  CallHost host(options);
  const assay_status status = graph_->graph(self(), host.raw(), taker.raw());
  if (!taker.error().empty()) throw ComponentError(id(), kTried, ASSAY_FAILED, taker.error());
  host.finish(status, *component_, kTried);
  if (graph.result("predict") == nullptr) throw ComponentError(id(), kTried, ASSAY_FAILED, "it tells nodes, but not which is its forecast");
  return graph;
}

}  // namespace assay::plugin
