// keeps every promise: the checker must find nothing
#include <assay/feature.hpp>
#include <assay/metric.hpp>
#include <assay/strategy.hpp>

#include <map>

#include "crosses.hpp"
#include "evaluates_well.hpp"
#include "linear.hpp"
#include "moving.hpp"
#include "squared.hpp"
#include "stepped.hpp"

struct Mean {  // a baseline, in float, that accepts missing inputs
  using Scalar = float;
  double mean = 0;
  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    call.leave_if_stopping();
    double sum = 0;
    for (std::int64_t r = 0; r < batch.size(); ++r) sum += static_cast<double>(batch.y<float>()[r]);
    mean = sum / static_cast<double>(batch.size());
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(mean); }
  void save(assay::Saver& saver) const { saver.put("mean", mean); }
  void load(const assay::Saved& saved) { mean = saved.get<double>("mean"); }
};

struct Encoder {  // a feature that learns, over a category
  std::string input;
  std::vector<double> level_mean;
  static void params(assay::Params<Encoder>& p) { p.column<&Encoder::input>("input", "The category to encode"); }
  void fit(const assay::Frame& train, std::span<const double> target, assay::Call&) {
    const auto codes = train.column(0).codes();
    std::vector<double> sum(train.column(0).level_count()), count(sum.size());
    for (std::int64_t t = 0; t < train.rows(); ++t)
      if (codes[t] >= 0)
        sum[static_cast<std::size_t>(codes[t])] += target[static_cast<std::size_t>(t)], ++count[static_cast<std::size_t>(codes[t])];
    level_mean.assign(sum.size(), 0.0);
    for (std::size_t i = 0; i < sum.size(); ++i) level_mean[i] = count[i] > 0 ? sum[i] / count[i] : 0;
  }
  void transform(const assay::Frame& frame, assay::Out out) const {
    const auto codes = frame.column(0).codes();
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      if (codes[t] >= static_cast<std::int64_t>(level_mean.size())) throw assay::bad_state("a level that was not learned");
      out(t) = codes[t] < 0 ? assay::kMissing : level_mean[static_cast<std::size_t>(codes[t])];
    }
  }
  void save(assay::Saver& saver) const { saver.put("level_mean", level_mean); }
  void load(const assay::Saved& saved) { level_mean = saved.get<std::vector<double>>("level_mean"); }
};

struct AcrossMean {  // a feature over the whole panel: distance to the mean of all entities at that time
  std::string input;
  static constexpr bool whole_panel = true;
  static void params(assay::Params<AcrossMean>& p) { p.column<&AcrossMean::input>("input", "The column to compare"); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    const auto x = frame.numbers(0);
    std::map<std::int64_t, std::pair<double, double>> at;
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      if (std::isnan(x[t])) continue;
      auto& [sum, count] = at[frame.time_ns()[static_cast<std::size_t>(t)]];
      sum += x[t];
      ++count;
    }
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      const auto& [sum, count] = at[frame.time_ns()[static_cast<std::size_t>(t)]];
      out(t) = x[t] - sum / count;
    }
  }
};

ASSAY_PLUGIN(assay::model<Linear>("good.linear", "1.0.0", "Linear regression"),
             assay::model<EarlyStopped>("good.early_stopped", "1.0.0", "The same, shrunk as validation rows want it"),
             assay::model<Stepped>("good.stepped", "1.0.0", "The same, stepped"),
             assay::model<Mean>("good.mean", "1.0.0", "The mean of the target").baseline().accepts_missing(),
             assay::feature<Moving>("good.moving", "1.0.0", "Moving average"),
             assay::feature<Encoder>("good.encoder", "1.0.0", "Target encoder"),
             assay::feature<AcrossMean>("good.across_mean", "1.0.0", "Distance to the mean of all"),
             assay::metric<Squared>("good.squared", "1.0.0", "Mean squared error").lower_is_better().tasks(assay::Task::regression),
             assay::strategy<Crosses>("good.crosses", "1.0.0", "Long above its mean"))
