// A Learner whose model lives in this process. Used by a run with `isolation: none`, and inside a worker. Of several horizons it is for
// models that learn them together (model.horizons); learner_here() knows what to do with others. One thread at a time.
#pragma once

#include <memory>

#include "plugin/model.hpp"
#include "plugin/state_bundle.hpp"
#include "train/learner.hpp"
#include "train/problem_view.hpp"

namespace assay::train {

bool learns_horizons(const plugin::LoadedComponent& model);  // together, in one fit

// A learner in this process for whatever the setup asks for: of several horizons that the model cannot learn together one for each. train
// must outlive it.
std::unique_ptr<Learner> learner_here(const plugin::LoadedComponent& component, const LearnerSetup& setup, const Rows& train,
                                      const plugin::CallOptions& base);

class LocalLearner final : public Learner {
 public:
  // train must outlive the learner. `base` gives log, report, stop; its seed is not used.
  LocalLearner(const plugin::LoadedComponent& component, LearnerSetup setup, const Rows& train, plugin::CallOptions base);

  LearnerTraits traits() const override;
  void begin() override;
  double epoch(std::int64_t index, double rate_factor) override;
  void fit(const Rows& validation, const Evaluate& evaluate) override;
  std::vector<double> predict(const Rows& rows) override;
  std::vector<double> quantiles(const Rows& rows) override;
  void keep_best() override;
  void restore_best() override;
  std::vector<std::byte> save(const std::string& note) override;
  void load(std::span<const std::byte> bundle) override;
  std::vector<std::byte> checkpoint() override;
  void resume(std::span<const std::byte> checkpoint) override;
  std::vector<double> importance() override;
  std::vector<std::pair<std::string, std::string>> summary() override;
  plugin::Graph graph() override;
  Slopes slopes(const Rows& rows, std::int64_t output) override;
  void prune(plugin::Pruning method, double share) override;
  plugin::ModelSize size(plugin::Pruning method) override;
  PredictSpeed predict_speed(const Rows& rows) override;

 private:
  plugin::CallOptions options(std::string_view purpose) const;
  template <class Scalar>
  double run_epoch(std::int64_t index, double rate_factor);
  template <class Scalar>
  void fit_as(const Rows& validation, const Evaluate& evaluate);
  template <class Scalar, class Call>
  void call_on(const Rows& rows, std::span<const std::int64_t> which, const Call& call);
  template <class Call>
  void by_chunks(const Rows& rows, std::uint16_t dtype, const Call& call);
  plugin::StateBundle bundle(plugin::StateEntries state, std::string note) const;

  LearnerSetup setup_;
  Rows train_;
  std::vector<TimeNs> last_ends_;  // of several horizons: when the last of a row's labels ends
  plugin::CallOptions base_;
  plugin::Model model_;
  ProblemView problem_;
  std::int64_t step_ = 0;
  plugin::StateEntries best_;
};

}  // namespace assay::train
