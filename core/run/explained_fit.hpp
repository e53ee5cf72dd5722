// One fit of a stored run with the rows that explanations stand on: test rows of its fold, which it never saw, and its train rows as the
// reference. The sealed final test is never opened. Used by explainer. One thread, but the functions that it makes: one for each thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "explain/importance.hpp"
#include "run/experiment_data.hpp"
#include "run/stored_fit.hpp"
#include "run/unit_runner.hpp"
#include "store/store.hpp"
#include "train/forecasts.hpp"

namespace assay::run {

// The fit whose test rows hold `source_row` (-1: any), the last one where nothing else is asked for. Throws Error(usage).
FitChoice explained_choice(const store::Store& store, FitChoice choice, std::int64_t source_row);

class ExplainedFit {
 public:
  using Places = std::vector<std::int64_t>;  // of test rows, or of train rows, in their parts

  // Throws Error: no such fit, other data than the run's, a search that chose once for all folds. Nothing where `diagnostics` has errors.
  static std::unique_ptr<ExplainedFit> open(const store::Store& store, const FitChoice& choice, const RunContext& context,
                                            Diagnostics& diagnostics);

  const StoredFit& fit() const { return fit_; }
  const config::Experiment& experiment() const { return fit_.experiment; }
  const pipeline::Dataset& dataset() const { return data_->dataset; }
  const ExperimentData& data() const { return *data_; }
  const pipeline::FoldPart& test() const { return fold_->data.test; }
  const pipeline::FoldPart& train() const { return fold_->data.train; }  // without x
  const RunContext& context() const { return context_; }
  std::int64_t lookback() const { return data_->dataset.lookback; }

  // What a row consists of: the inputs as they came, where the preparation mixes them, else the prepared ones.
  bool as_they_came() const { return as_they_came_; }
  const std::vector<explain::Feature>& features() const { return features_; }
  std::vector<explain::Feature> lags() const;    // of windows: all columns at one time, or at a few; else empty
  std::vector<explain::Feature> newest() const;  // of windows: each feature at the last time only; else features()
  explain::Rows test_rows(const Places& which) const;
  explain::Rows train_rows(const Places& which) const;
  std::vector<double> train_mean() const;  // of each of a row's numbers

  // A feature's value in one row as the user knows it; categories as text.
  std::string text_of(std::size_t feature, bool of_test, std::int64_t place) const;
  std::optional<double> number_of(std::size_t feature, bool of_test,
                                  std::int64_t place) const;  // none: a category, missing, or not one column
  double code_of(std::size_t feature, bool of_test,
                 std::int64_t place) const;  // number or category's code; NaN: missing, or not one column
  bool is_category(std::size_t feature) const;

  // Forecasts (brought back as the run's), raw scores of one output for each row, and their slopes. which: what `of` counts in.
  explain::ForecastMaker forecasts(const Places& which) const;
  explain::ScoreMaker values(const Places& which, std::int64_t output) const;  // a forecast's one column
  explain::ScoreMaker scores(const Places& which, const std::vector<std::int64_t>& output) const;
  explain::SlopeMaker slopes(const Places& which, const std::vector<std::int64_t>& output) const;
  bool tells_slopes() const { return traits_.tells_slopes && !as_they_came_; }
  bool is_linear() const { return traits_.linear && !as_they_came_; }

  double score_of(std::span<const double> forecast, std::int64_t output) const;  // abi.h, model.gradient; probabilities cut at 1e-9
  train::ForecastSet judged(const Places& which, std::span<const double> forecasts, std::size_t horizon) const;
  std::size_t horizon_at(std::int64_t rows) const;  // the place of one of several horizons; 0: the first. Throws Error(usage)

 private:
  struct Raw {  // rows as they came: each test or train row's place in the table
    pipeline::InputTable table;
    std::vector<std::size_t> at;
  };

  explicit ExplainedFit(const RunContext& context) : context_(context) {}
  void take_rows();
  void name_features();
  void name_as_they_came();
  Raw raw_of(const std::vector<std::int64_t>& rows) const;
  explain::Rows rows_of(const train::Rows& part, const Raw& raw, const Places& which) const;
  std::shared_ptr<train::Learner> learner() const;
  std::vector<double> prepared(const explain::Rows& rows) const;
  train::Rows view(const explain::Rows& rows, std::vector<double>& x, std::vector<std::int64_t>& ends) const;

  const RunContext& context_;
  StoredFit fit_;
  std::optional<ExperimentData> data_;
  std::shared_ptr<const PreparedFold> fold_;
  train::LearnerTraits traits_;
  bool as_they_came_ = false;
  std::vector<explain::Feature> features_;
  std::vector<std::vector<std::size_t>> columns_;  // of each feature, the inputs that it stands for
  Raw raw_test_, raw_train_;
};

}  // namespace assay::run
