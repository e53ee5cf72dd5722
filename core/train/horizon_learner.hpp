// Several horizons with a model that learns one: a learner for each, as one. Each sees the rows with its own horizon's labels and has the
// seed that it would have alone, so that its forecasts are those of a run of that horizon. Forecasts stand side by side, a column for each;
// losses and importances are means, sizes and times are sums, and what is saved are all parts' states under the horizons' names.
// Used by local_learner (learner_here). One thread at a time.
#pragma once

#include <memory>

#include "train/learner.hpp"

namespace assay::train {

class HorizonLearner final : public Learner {
 public:
  // parts: of one model, at least one; each outlives the rows it was made for. horizons: of each part, in rows.
  HorizonLearner(std::vector<std::unique_ptr<Learner>> parts, std::vector<std::int64_t> horizons);

  LearnerTraits traits() const override;
  void begin() override;
  double epoch(std::int64_t index, double rate_factor) override;
  void fit(const Rows& validation, const Evaluate& evaluate) override;  // each part stops by the score of its own horizon
  std::vector<double> predict(const Rows& rows) override;
  std::vector<double> quantiles(const Rows& rows) override;  // none: the file asks for one or the other
  void keep_best() override;
  void restore_best() override;
  std::vector<std::byte> save(const std::string& note) override;
  void load(std::span<const std::byte> bundle) override;
  std::vector<std::byte> checkpoint() override;
  void resume(std::span<const std::byte> checkpoint) override;
  std::vector<double> importance() override;
  std::vector<std::pair<std::string, std::string>> summary() override;
  plugin::Graph graph() override;  // throws: no graph holds several models
  Slopes slopes(const Rows& rows, std::int64_t output) override;
  void prune(plugin::Pruning method, double share) override;
  plugin::ModelSize size(plugin::Pruning method) override;
  PredictSpeed predict_speed(const Rows& rows) override;

 private:
  std::string name_of(std::size_t part) const;

  std::vector<std::unique_ptr<Learner>> parts_;
  std::vector<std::int64_t> horizons_;
};

}  // namespace assay::train
