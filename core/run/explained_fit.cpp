#include "run/explained_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/origins.hpp"
#include "pipeline/train_weights.hpp"
#include "run/fold_shelf.hpp"
#include "run/learners.hpp"

namespace assay::run {

namespace {

constexpr const char* kTried = "explaining";
constexpr std::int64_t kLagBands = 16;
constexpr double kLeastProbability = 1e-9;

[[noreturn]] void no_such_row(const store::Store& store, const FitChoice& choice, std::int64_t row) {
  const std::string name = std::to_string(choice.run);
  for (const store::UnitRecord& unit : store.units(choice.run))
    for (const store::Predictions& p : store.predictions(choice.run, unit.key))
      if (p.part == "final_test" && std::find(p.row.begin(), p.row.end(), row) != p.row.end())
        throw Error(Fault::usage, fmt::format("{} run {}", kTried, name),
                    fmt::format("row {} is sealed: it belongs to the final test", row), "Explanations are of the folds' test rows");
  throw Error(Fault::usage, fmt::format("{} run {}", kTried, name), fmt::format("row {} is no test row of a finished fit there", row),
              fmt::format("`assay runs show {} --predictions --csv` lists the rows that were forecast", name));
}

bool forecasts_row(const store::Predictions& p, std::int64_t row) {
  const auto found = std::find(p.row.begin(), p.row.end(), row);
  if (found == p.row.end()) return false;
  return !std::isnan(p.value[static_cast<std::size_t>(found - p.row.begin()) * static_cast<std::size_t>(p.outputs)]);
}

std::vector<std::int64_t> spread_of(const std::vector<std::int64_t>& from, std::span<const std::int64_t> of) {
  std::vector<std::int64_t> out;
  for (const std::int64_t i : of) out.push_back(from[static_cast<std::size_t>(i)]);
  return out;
}

template <class T>
std::vector<T> picked(const std::vector<T>& values, const std::vector<std::int64_t>& which) {
  std::vector<T> out;
  for (std::size_t i = 0; !values.empty() && i < which.size(); ++i) out.push_back(values[static_cast<std::size_t>(which[i])]);
  return out;
}

}  // namespace

FitChoice explained_choice(const store::Store& store, FitChoice choice, std::int64_t source_row) {
  std::string model = choice.model;
  std::optional<std::int64_t> best;
  bool sealed = false;
  for (const store::UnitRecord& unit : store.units(choice.run)) {
    if (unit.key.model.starts_with("baseline:") || unit.status != store::UnitStatus::complete || unit.key.repeat != choice.repeat) continue;
    if (model.empty()) model = unit.key.model;
    if (unit.key.model != model || (choice.fold >= 0 && unit.key.fold != choice.fold)) continue;
    for (const store::Predictions& p : store.predictions(choice.run, unit.key)) {
      sealed = sealed || (p.part == "final_test" && choice.fold >= 0);
      if (p.part == "test" && (source_row < 0 || forecasts_row(p, source_row)) && (!best || unit.key.fold > *best)) best = unit.key.fold;
    }
  }
  if (best) {
    choice.model = model;
    choice.fold = *best;
    return choice;
  }
  if (sealed)
    throw Error(Fault::usage, fmt::format("{} run {}", kTried, choice.run),
                fmt::format("fold {} is the sealed final test", choice.fold + 1),
                "Explanations are of the folds' test rows: name another --fold");
  if (source_row >= 0) no_such_row(store, choice, source_row);
  return choice;  // open_fit says what is wrong with it
}

std::unique_ptr<ExplainedFit> ExplainedFit::open(const store::Store& store, const FitChoice& choice, const RunContext& context,
                                                 Diagnostics& diagnostics) {
  std::unique_ptr<ExplainedFit> out(new ExplainedFit(context));
  out->fit_ = open_fit(store, choice, kTried, context);
  const StoredFit& fit = out->fit_;
  const auto fault = [&](Fault kind, const char* happened, const char* mend) {
    return Error(kind, fmt::format("{} run {}", kTried, choice.run), happened, mend);
  };
  if (fit.run.quick) throw fault(Fault::usage, "it was a --quick run, which is no result", "Run the experiment in full first");
  if (fit.experiment.search && fit.experiment.search->once)
    throw fault(Fault::usage, "its search chose once for all folds, so only the sealed final test is out of sample, and that stays closed",
                "Explain a run whose search has `scope: per_fold`, or one with the chosen values and no search");
  LoadOptions options;
  options.cache_folder = context.cache_folder;
  options.progress = context.reading;
  options.program = context.program;
  options.cancel = context.cancel;
  out->data_ = prepare_data(fit.experiment, context.registry, options, diagnostics);
  if (!out->data_) return nullptr;
  if (out->data_->loaded.hash != fit.run.data_hash)
    throw fault(Fault::data, "the data are no longer what the run saw (their hash differs)",
                "Bring the data back as they were, or run the experiment again");
  out->take_rows();
  out->traits_ = out->learner()->traits();
  return out;
}

void ExplainedFit::take_rows() {
  const auto index = static_cast<std::size_t>(fit_.key.fold);
  ASSAY_CHECK(index < data_->folds.folds.size(), "the sealed fold is never explained");
  const bool missing = context_.registry.component("model", fit_.bundle.component_id).has(ASSAY_ACCEPTS_MISSING);
  const bool refit = fit_.experiment.train.refit == "train_and_validation" && !data_->folds.folds[index].validation.empty();
  FoldShelf shelf(fit_.experiment, *data_, context_.registry, context_.program, context_.cancel);
  fold_ = shelf.take(index, missing, refit);
  if (fold_->data.preparation.outputs() != fit_.preparation.outputs())
    throw Error(Fault::failed, fmt::format("{} run {}", kTried, fit_.run.id), "its preparation comes out differently today",
                "Run the experiment again with this build of assay");
  raw_test_ = raw_of(test().row);
  raw_train_ = raw_of(train().row);
  name_features();
}

ExplainedFit::Raw ExplainedFit::raw_of(const std::vector<std::int64_t>& rows) const {
  std::vector<std::int64_t> distinct = rows;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  const data::Frame frame = pipeline::apply_features(dataset().frame, dataset().fitted, fold_->data.features);
  Raw raw{pipeline::take_inputs(frame, fit_.preparation.inputs(), distinct), {}};
  for (const std::int64_t row : rows)
    raw.at.push_back(static_cast<std::size_t>(std::lower_bound(distinct.begin(), distinct.end(), row) - distinct.begin()));
  return raw;
}

// A column that was made from one input belongs to it. Where columns are mixtures, rows are taken as they came; where that cannot be
// (windows, steps that look at other rows), a mixture is a feature of its own.
void ExplainedFit::name_features() {
  const auto made_from = pipeline::origins(fit_.preparation);
  const bool mixed = std::any_of(made_from.begin(), made_from.end(), [](const auto& from) { return from.size() != 1; });
  as_they_came_ = mixed && lookback() == 0 && !pipeline::looks_around(fit_.preparation);
  if (as_they_came_) return name_as_they_came();
  const auto columns = static_cast<std::int64_t>(made_from.size());
  const auto fill = [&](explain::Feature& feature, std::int64_t column) {
    for (std::int64_t t = 0; t < std::max<std::int64_t>(1, lookback()); ++t) feature.places.push_back(t * columns + column);
  };
  for (std::size_t input = 0; input < fit_.preparation.inputs().size(); ++input) {
    explain::Feature feature{fit_.preparation.inputs()[input].name, {}};
    for (std::size_t c = 0; c < made_from.size(); ++c)
      if (made_from[c] == std::vector<std::size_t>{input}) fill(feature, static_cast<std::int64_t>(c));
    if (feature.places.empty()) continue;  // left out by a selection
    features_.push_back(std::move(feature));
    columns_.push_back({input});
  }
  for (std::size_t c = 0; c < made_from.size(); ++c) {
    if (made_from[c].size() == 1) continue;
    features_.push_back({fit_.preparation.outputs()[c].name, {}});
    fill(features_.back(), static_cast<std::int64_t>(c));
    columns_.push_back(made_from[c]);
  }
}

void ExplainedFit::name_as_they_came() {
  std::set<std::size_t> used;
  for (const auto& from : pipeline::origins(fit_.preparation)) used.insert(from.begin(), from.end());
  for (const std::size_t input : used) {
    features_.push_back({fit_.preparation.inputs()[input].name, {static_cast<std::int64_t>(input)}});
    columns_.push_back({input});
  }
}

std::vector<explain::Feature> ExplainedFit::lags() const {
  std::vector<explain::Feature> out;
  if (lookback() < 2) return out;
  const auto columns = static_cast<std::int64_t>(fit_.preparation.outputs().size());
  const std::int64_t bands = std::min(kLagBands, lookback());
  for (std::int64_t band = 0; band < bands; ++band) {
    const std::int64_t first = band * lookback() / bands, last = (band + 1) * lookback() / bands - 1;  // lags
    explain::Feature lag{first == last ? fmt::format("lag {}", first) : fmt::format("lag {}-{}", first, last), {}};
    for (std::int64_t l = first; l <= last; ++l)
      for (std::int64_t c = 0; c < columns; ++c) lag.places.push_back((lookback() - 1 - l) * columns + c);
    out.push_back(std::move(lag));
  }
  return out;
}

std::vector<explain::Feature> ExplainedFit::newest() const {
  std::vector<explain::Feature> out = features_;
  const auto first = (lookback() - 1) * static_cast<std::int64_t>(fit_.preparation.outputs().size());
  for (explain::Feature& feature : out)
    if (lookback() > 1) std::erase_if(feature.places, [&](std::int64_t place) { return place < first; });
  return out;
}

explain::Rows ExplainedFit::rows_of(const train::Rows& part, const Raw& raw, const Places& which) const {
  explain::Rows out;
  if (as_they_came_) {
    out.width = static_cast<std::int64_t>(raw.table.columns.size());
    for (const std::int64_t i : which)
      for (const auto& values : raw.table.values) out.values.push_back(values[raw.at[static_cast<std::size_t>(i)]]);
    return out;
  }
  out.width = part.width();
  out.values.resize(which.size() * static_cast<std::size_t>(out.width));
  train::gather(part, which, out.values.data());
  return out;
}

explain::Rows ExplainedFit::test_rows(const Places& which) const { return rows_of(train::rows_of(test()), raw_test_, which); }
explain::Rows ExplainedFit::train_rows(const Places& which) const { return rows_of(fold_->train(), raw_train_, which); }

std::vector<double> ExplainedFit::train_mean() const {
  Places one(1, 0);
  std::vector<double> mean;
  for (std::int64_t i = 0; i < train().rows(); ++i) {
    one[0] = i;
    const explain::Rows row = train_rows(one);
    mean.resize(row.values.size());
    for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += row.values[p];
  }
  for (double& m : mean) m /= static_cast<double>(train().rows());
  return mean;
}

bool ExplainedFit::is_category(std::size_t feature) const {
  return columns_[feature].size() == 1 && fit_.preparation.inputs()[columns_[feature].front()].kind == pipeline::InputKind::category;
}

double ExplainedFit::code_of(std::size_t feature, bool of_test, std::int64_t place) const {
  if (columns_[feature].size() != 1) return std::numeric_limits<double>::quiet_NaN();
  const Raw& raw = of_test ? raw_test_ : raw_train_;
  return raw.table.values[columns_[feature].front()][raw.at[static_cast<std::size_t>(place)]];
}

std::optional<double> ExplainedFit::number_of(std::size_t feature, bool of_test, std::int64_t place) const {
  const double value = is_category(feature) ? std::numeric_limits<double>::quiet_NaN() : code_of(feature, of_test, place);
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::string ExplainedFit::text_of(std::size_t feature, bool of_test, std::int64_t place) const {
  if (columns_[feature].size() != 1) return "";
  const double value = code_of(feature, of_test, place);
  if (std::isnan(value)) return "missing";
  if (!is_category(feature)) return fmt::format("{:.6g}", value);
  const auto& levels = fit_.preparation.inputs()[columns_[feature].front()].levels;
  return value >= 0 && value < static_cast<double>(levels.size()) ? levels[static_cast<std::size_t>(value)] : "unknown";
}

std::shared_ptr<train::Learner> ExplainedFit::learner() const {
  train::Rows none;  // a stored model predicts; it needs the shape of rows alone
  none.columns = static_cast<std::int64_t>(fit_.preparation.outputs().size());
  none.lookback = lookback();
  return learner_of(fit_, none, context_);
}

std::vector<double> ExplainedFit::prepared(const explain::Rows& rows) const {
  pipeline::InputTable table;
  table.columns = fit_.preparation.inputs();
  const auto count = static_cast<std::size_t>(rows.count()), width = static_cast<std::size_t>(rows.width);
  table.values.assign(width, std::vector<double>(count));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < width; ++c) table.values[c][i] = rows.values[i * width + c];
  table.row.resize(count);
  std::iota(table.row.begin(), table.row.end(), 0);
  table.entity.assign(count, 0);
  table.position = table.row;
  fit_.preparation.apply(table);
  return pipeline::to_matrix(table).values;
}

train::Rows ExplainedFit::view(const explain::Rows& rows, std::vector<double>& x, std::vector<std::int64_t>& ends) const {
  train::Rows out;
  out.count = rows.count();
  out.columns = static_cast<std::int64_t>(fit_.preparation.outputs().size());
  out.lookback = lookback();
  if (as_they_came_) x = prepared(rows);
  out.x = as_they_came_ ? std::span<const double>(x) : std::span<const double>(rows.values);
  for (std::int64_t i = 0; lookback() > 0 && i < out.count; ++i) ends.push_back((i + 1) * lookback() - 1);
  out.window_end = ends;
  return out;
}

namespace {

// What a row brings along beside its inputs.
struct Along {
  std::vector<TimeNs> time;
  std::vector<std::int32_t> entity, segment;
  std::vector<std::int64_t> group;
  std::int64_t horizons;
  std::vector<double> last_known;

  Along(const pipeline::FoldPart& part, const std::vector<std::int64_t>& which)
      : time(picked(part.time, which)),
        entity(picked(part.entity, which)),
        segment(picked(part.segment, which)),
        group(picked(part.group, which)),
        horizons(part.horizons) {
    for (std::int64_t h = 0; h < horizons && !part.last_known_target.empty(); ++h)
      for (const std::int64_t row : which) last_known.push_back(part.last_known_target[static_cast<std::size_t>(h * part.rows() + row)]);
  }
  void into(train::Rows& rows) const {
    rows.time = time;
    rows.entity = entity;
    rows.segment = segment;
    rows.group = group;
    rows.horizons = horizons;
    rows.last_known_target = last_known;
  }
};

}  // namespace

std::size_t ExplainedFit::horizon_at(std::int64_t rows) const {
  const auto& horizons = fit_.experiment.target.horizons;
  if (rows == 0) return 0;
  const auto found = std::find(horizons.begin(), horizons.end(), rows);
  if (found != horizons.end()) return static_cast<std::size_t>(found - horizons.begin());
  std::vector<std::string> known;
  for (const std::int64_t horizon : horizons) known.push_back(std::to_string(horizon));
  throw Error(Fault::usage, fmt::format("{} run {}", kTried, fit_.run.id), fmt::format("it has no horizon {}", rows),
              known.empty() ? "Leave --horizon out: its target has one" : "It has " + text::join(known, ", "));
}

explain::ForecastMaker ExplainedFit::forecasts(const Places& which) const {
  return [this, which]() -> explain::Forecast {
    return [this, which, model = learner()](const explain::Rows& rows, std::span<const std::int64_t> of) {
      std::vector<double> x;
      std::vector<std::int64_t> ends;
      train::Rows asked = view(rows, x, ends);
      const Along along(test(), spread_of(which, of));
      along.into(asked);
      std::vector<double> values = model->predict(asked);
      pipeline::bring_back(values, fit_.outputs, fit_.way_back);
      return values;
    };
  };
}

explain::ScoreMaker ExplainedFit::values(const Places& which, std::int64_t output) const {
  return [this, output, make = forecasts(which)]() -> explain::Score {
    return [this, output, forecast = make()](const explain::Rows& rows, std::span<const std::int64_t> of) {
      const std::vector<double> all = forecast(rows, of);
      const auto n = static_cast<std::size_t>(fit_.outputs);
      const bool other = fit_.experiment.target.task == config::Task::binary && output == 0;
      std::vector<double> out;
      for (std::size_t i = 0; i < of.size(); ++i)
        out.push_back(other ? 1 - all[i] : all[i * n + (n == 1 ? 0 : static_cast<std::size_t>(output))]);
      return out;
    };
  };
}

double ExplainedFit::score_of(std::span<const double> forecast, std::int64_t output) const {
  const auto log_of = [](double p) { return std::log(std::max(p, kLeastProbability)); };
  const auto k = static_cast<std::size_t>(output);
  if (fit_.experiment.target.task == config::Task::regression) return forecast[k];
  if (fit_.experiment.target.task == config::Task::binary) return (output == 1 ? 1 : -1) * (log_of(forecast[0]) - log_of(1 - forecast[0]));
  double others = 0;
  for (std::size_t j = 0; j < forecast.size(); ++j)
    if (j != k) others += log_of(forecast[j]);
  return log_of(forecast[k]) - others / static_cast<double>(forecast.size() - 1);
}

explain::ScoreMaker ExplainedFit::scores(const Places& which, const std::vector<std::int64_t>& output) const {
  return [this, output, make = forecasts(which)]() -> explain::Score {
    return [this, output, forecast = make()](const explain::Rows& rows, std::span<const std::int64_t> of) {
      const std::vector<double> all = forecast(rows, of);
      const auto n = static_cast<std::size_t>(fit_.outputs);
      std::vector<double> out;
      for (std::size_t i = 0; i < of.size(); ++i)
        out.push_back(score_of(std::span(all).subspan(i * n, n), output[static_cast<std::size_t>(of[i])]));
      return out;
    };
  };
}

explain::SlopeMaker ExplainedFit::slopes(const Places& which, const std::vector<std::int64_t>& output) const {
  return [this, which, output]() -> explain::Slope {
    return [this, which, output, model = learner()](const explain::Rows& rows, std::span<const std::int64_t> of) {
      std::vector<double> x;
      std::vector<std::int64_t> ends;
      train::Rows asked = view(rows, x, ends);
      const Along along(test(), spread_of(which, of));
      along.into(asked);
      ASSAY_CHECK(std::all_of(of.begin(), of.end(),
                              [&](auto o) { return output[static_cast<std::size_t>(o)] == output[static_cast<std::size_t>(of[0])]; }),
                  "one way is of one row");
      train::Slopes told = model->slopes(asked, output[static_cast<std::size_t>(of[0])]);
      return explain::Slopes{std::move(told.score), std::move(told.slope)};
    };
  };
}

train::ForecastSet ExplainedFit::judged(const Places& which, std::span<const double> forecasts, std::size_t horizon) const {
  train::ForecastSet set = train::taken(forecast_set(test(), std::vector<double>(static_cast<std::size_t>(test().rows() * fit_.outputs)),
                                                     fit_.outputs, fold_->data.naive_mae.at(horizon), static_cast<std::int64_t>(horizon)),
                                        which);
  const auto step = static_cast<std::size_t>(test().horizons);  // of several, each forecast has a column
  for (std::size_t i = 0; i < set.value.size(); ++i) set.value[i] = forecasts[i * step + horizon];
  train::decide(set, fit_.experiment.target.task, fit_.threshold);
  return set;
}

}  // namespace assay::run
