// The host's owner of one model object of a plugin. Used by train and by the checker. It checks what comes out (a loss that is a number is
// the caller's business, shapes are this class's) and turns every refusal into ComponentError, a stop into Stopped.
// One thread at a time, except predict(), which several threads may call at once where concurrent() is true. predict costs no allocation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plugin/component_owner.hpp"
#include "plugin/graph.hpp"
#include "plugin/model_size.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {

class Model : public ComponentOwner {
 public:
  // Throws ComponentError where the plugin refuses its parameters.
  Model(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  bool has_fit() const { return fit_ != nullptr; }
  bool has_step() const { return step_ != nullptr; }
  bool has_train_state() const { return train_state_ != nullptr; }
  bool has_importance() const { return importance_ != nullptr; }
  bool has_summary() const { return summary_ != nullptr; }
  bool has_graph() const { return graph_ != nullptr; }
  bool has_gradient() const { return gradient_ != nullptr; }
  bool has_quantiles() const { return quantiles_ != nullptr; }
  bool has_prune() const { return prune_ != nullptr; }
  bool is_linear() const { return has_gradient() && component_->has(ASSAY_LINEAR); }
  bool concurrent() const { return component_->has(ASSAY_CONCURRENT_PREDICT); }
  bool accepts_missing() const { return component_->has(ASSAY_ACCEPTS_MISSING); }
  std::uint16_t fit_dtype() const;  // ASSAY_F32 or ASSAY_F64: what x, y and weight have to be in
  std::uint16_t step_dtype() const;
  std::uint16_t predict_dtype() const { return predict_->dtype; }
  std::uint16_t gradient_dtype() const;
  std::uint16_t quantiles_dtype() const;

  void fit(const assay_batch& batch, const CallOptions& options);
  void begin(const assay_problem& problem, std::int64_t batch_size, const CallOptions& options);
  double step(const assay_batch& batch, const assay_step& at, const CallOptions& options);  // the mean loss
  // out: rows x outputs, row-major. NaN comes through as it is.
  void predict(const assay_batch& rows, std::span<double> out, const CallOptions& options) const;

  // out: rows x levels, row-major, as it comes: quantile_fault() (quantiles.hpp) says whether it can be true.
  void quantiles(const assay_batch& rows, std::span<const double> levels, std::span<double> out, const CallOptions& options) const;

  StateEntries train_save(const CallOptions& options) const;
  void train_load(const assay_problem& problem, const StateEntries& state, const CallOptions& options);
  std::vector<double> importance(std::int64_t n_inputs, const CallOptions& options) const;
  StateEntries summary(const CallOptions& options) const;
  // score: a number a row; slope: as many as the rows' inputs, row after row. NaN comes through as it is.
  void gradient(const assay_batch& rows, std::int64_t output, std::span<double> score, std::span<double> slope,
                const CallOptions& options) const;
  Graph graph(const assay_problem& problem, const CallOptions& options) const;  // with the result "predict"; the input is "rows"
  // share: from 0 to 1, of the model as its training began.
  void prune(Pruning method, double share, const CallOptions& options);
  ModelSize size(Pruning method, const CallOptions& options) const;

 private:
  const assay_model_fit* fit_ = nullptr;
  const assay_model_step* step_ = nullptr;
  const assay_model_predict* predict_ = nullptr;
  const assay_model_quantiles* quantiles_ = nullptr;
  const assay_train_state* train_state_ = nullptr;
  const assay_model_importance* importance_ = nullptr;
  const assay_model_summary* summary_ = nullptr;
  const assay_model_graph* graph_ = nullptr;
  const assay_model_gradient* gradient_ = nullptr;
  const assay_model_prune* prune_ = nullptr;
};

}  // namespace assay::plugin
