// Reference forecasts that every model has to beat. None looks at the inputs. Weights of rows count, class weights do not: a baseline says
// what is usual, not what is costly. Quantiles are the forecast with the empirical quantiles of its errors on the train rows (target -
// forecast) around it. Thread rule: predict and quantiles are const.
#include <cmath>
#include <string>
#include <vector>

#include "../empirical_quantiles.hpp"
#include "assay/model.hpp"

namespace {

double weighted_mean(const assay::Batch& batch) {
  const auto y = batch.y();
  const auto weight = batch.weight();
  double sum = 0, total = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const double w = weight.empty() ? 1.0 : weight[i];
    sum += w * y[i];
    total += w;
  }
  if (!(total > 0)) throw assay::bad_input("there are no train rows with a positive weight");
  return sum / total;
}

// The train targets less forecast(row), with the rows' weights; rows without a forecast (NaN) are left out.
template <class Forecast>
std::vector<models::Weighted> errors_of(const assay::Batch& batch, const Forecast& forecast) {
  const auto y = batch.y();
  const auto weight = batch.weight();
  std::vector<models::Weighted> errors;
  for (std::int64_t i = 0; i < y.size(); ++i)
    if (const double f = forecast(i); !std::isnan(f)) errors.push_back({y[i] - f, weight.empty() ? 1.0 : weight[i]});
  return errors;
}
double zero(std::int64_t) { return 0; }

// How often each class occurs among the train rows.
struct Prior {
  std::vector<double> frequency;  // of class 1 for a binary problem, else of each class

  void fit(const assay::Batch& batch, assay::Call& call) {
    call.leave_if_stopping();
    if (batch.problem().task() == assay::Task::binary) {
      frequency = {weighted_mean(batch)};
      return;
    }
    const auto y = batch.y();
    const auto weight = batch.weight();
    std::vector<double> count(static_cast<std::size_t>(batch.problem().outputs()), 0.0);
    double total = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) {
      if (!(y[i] >= 0 && y[i] < static_cast<double>(count.size())))
        throw assay::bad_input("a class number lies outside the problem's classes");
      const double w = weight.empty() ? 1.0 : weight[i];
      count[static_cast<std::size_t>(y[i])] += w;
      total += w;
    }
    if (!(total > 0)) throw assay::bad_input("there are no train rows with a positive weight");
    for (double& c : count) c /= total;
    frequency = std::move(count);
  }
  void predict(const assay::Rows&, assay::Out out) const {
    if (static_cast<std::size_t>(out.cols()) != frequency.size())
      throw assay::bad_input("baseline.prior has not been fitted to this problem");
    for (std::int64_t r = 0; r < out.rows(); ++r)
      for (std::int64_t c = 0; c < out.cols(); ++c) out(r, c) = frequency[static_cast<std::size_t>(c)];
  }
  void save(assay::Saver& saver) const { saver.put("frequency", frequency); }
  void load(const assay::Saved& saved) {
    auto read = saved.get<std::vector<double>>("frequency");
    if (read.empty()) throw assay::bad_state("baseline.prior: the saved state has no frequencies");
    frequency = std::move(read);
  }
};

// A target that is a return or another change: the forecast "nothing changes" is zero. For a level take baseline.last_value.
struct NoChange {
  models::ErrorQuantiles errors;

  void fit(const assay::Batch& batch, assay::Call& call) {
    call.leave_if_stopping();
    if (batch.size() == 0) throw assay::bad_input("there are no train rows");
    errors.learn(batch.problem().levels(), errors_of(batch, zero));
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(0); }
  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out) const {
    errors.expect(levels);
    for (std::int64_t r = 0; r < rows.size(); ++r) errors.put(0, out, r);
  }
  void save(assay::Saver& saver) const {
    saver.put("forecast", 0.0);
    errors.save(saver);
  }
  void load(const assay::Saved& saved) {
    if (static_cast<double>(saved.number("forecast")) != 0)
      throw assay::bad_state("baseline.no_change forecasts zero, the state says otherwise");
    errors = models::ErrorQuantiles::loaded(saved);
  }
};

// The latest target whose label had ended at the row's time; where none is known yet, the mean of the train targets.
struct LastValue {
  double mean = assay::kMissing;
  models::ErrorQuantiles changes, targets;  // targets: for rows that know no earlier one

  void fit(const assay::Batch& batch, assay::Call& call) {
    call.leave_if_stopping();
    mean = weighted_mean(batch);
    targets.learn(batch.problem().levels(), errors_of(batch, zero));
    const auto known = batch.last_known_target();
    const auto last = [&](std::int64_t i) { return known.empty() ? assay::kMissing : known[static_cast<std::size_t>(i)]; };
    std::vector<models::Weighted> errors = errors_of(batch, last);
    if (errors.empty()) errors = errors_of(batch, [&](std::int64_t) { return mean; });
    changes.learn(batch.problem().levels(), std::move(errors));
    if (batch.last_known_target().empty())
      call.warn("baseline.last_value: no row has an earlier target (a table without time): it forecasts the mean of the train targets");
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    const auto known = rows.last_known_target();
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      const double last = known.empty() ? assay::kMissing : known[static_cast<std::size_t>(r)];
      out(r) = std::isnan(last) ? mean : last;
    }
  }
  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out) const {
    changes.expect(levels);
    const auto known = rows.last_known_target();
    for (std::int64_t r = 0; r < rows.size(); ++r) {
      const double last = known.empty() ? assay::kMissing : known[static_cast<std::size_t>(r)];
      if (std::isnan(last))
        targets.put(0, out, r);
      else
        changes.put(last, out, r);
    }
  }
  void save(assay::Saver& saver) const {
    saver.put("mean", mean);
    changes.save(saver, "changes");
    targets.save(saver, "targets");
  }
  void load(const assay::Saved& saved) {
    mean = saved.number("mean");
    changes = models::ErrorQuantiles::loaded(saved, "changes");
    targets = models::ErrorQuantiles::loaded(saved, "targets");
  }
};

// The mean of the fold's train targets, whose labels have all ended before the test rows (purging sees to it). It stands still within a
// fold: a forecast depends on no other row of its batch. Walk-forward folds renew it.
struct HistoricalMean {
  double mean = assay::kMissing;
  models::ErrorQuantiles targets;  // the mean and the quantiles of errors around it are the quantiles of the targets

  void fit(const assay::Batch& batch, assay::Call& call) {
    call.leave_if_stopping();
    mean = weighted_mean(batch);
    targets.learn(batch.problem().levels(), errors_of(batch, zero));
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(mean); }
  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out) const {
    targets.expect(levels);
    for (std::int64_t r = 0; r < rows.size(); ++r) targets.put(0, out, r);
  }
  void save(assay::Saver& saver) const {
    saver.put("mean", mean);
    targets.save(saver, "targets");
  }
  void load(const assay::Saved& saved) {
    mean = saved.number("mean");
    targets = models::ErrorQuantiles::loaded(saved, "targets");
  }
};

using assay::Task;

}  // namespace

ASSAY_PLUGIN(
    assay::model<Prior>("baseline.prior", "1.0.0", "How often each class occurs in the train rows")
        .tasks(Task::binary, Task::multiclass)
        .baseline()
        .accepts_missing(),
    assay::model<NoChange>("baseline.no_change", "1.0.0", "Zero: for targets that are returns or changes").baseline().accepts_missing(),
    assay::model<LastValue>("baseline.last_value", "1.0.0", "The latest target that is known").baseline().accepts_missing(),
    assay::model<HistoricalMean>("baseline.historical_mean", "1.0.0", "The mean of the train targets").baseline().accepts_missing())
