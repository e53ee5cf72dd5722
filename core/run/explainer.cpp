#include "run/explainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "explain/attribution.hpp"
#include "run/explained_rows.hpp"
#include "run/number_json.hpp"
#include "run/remote_components.hpp"
#include "run/summary.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using Places = ExplainedFit::Places;

constexpr double kConfidence = 0.95;
constexpr std::int64_t kMostJudgedRows = 10000, kCurves = 50, kGrid = 10, kMostLevels = 20;
constexpr std::size_t kReasons = 4;

class Explainer {
 public:
  Explainer(const ExplainedFit& fit, const ExplainRequest& request, const Json& settings)
      : fit_(fit),
        request_(request),
        settings_(settings),
        task_(fit.experiment().target.task),
        seed_(SeedTree(fit.experiment().seed).child("explain").child(static_cast<std::uint64_t>(fit.fit().key.fold))) {
    which_ = request.row >= 0 ? Places{place_of(fit, request.row)} : drawn_places(fit.test().rows(), request.rows, seed_.child("rows"));
    chosen_class_ = class_number(fit, request.class_name);
    horizon_ = fit.horizon_at(request.horizon);
    forecast_ = fit.forecasts(which_)()(fit.test_rows(which_), own_numbers(which_.size()));
    for (std::size_t i = 0; i < which_.size(); ++i) output_.push_back(output_of(i));
  }

  Json explain(const std::string& method, double first_share, double share) {
    method_ = method;
    work_.threads = request_.threads;
    work_.tick = [=, this](double done) { tell(method, first_share + share * done); };
    Json json = head();
    if (method == "permutation") permutation(json);
    if (method == "shapley") shapley(json);
    if (method == "gradients") gradients(json);
    if (method == "dependence") dependence(json);
    if (method == "reasons") reasons(json);
    return json;
  }

 private:
  void tell(const std::string& method, double share) const {
    const RunContext& context = fit_.context();
    if (context.cancel != nullptr && context.cancel->load())
      throw Error(Fault::interrupted, fmt::format("explaining run {}", fit_.fit().run.id), "it was interrupted");
    if (!context.progress) return;
    Progress progress;
    progress.unit = "percent";
    progress.total = 100;
    progress.done = static_cast<std::int64_t>(100 * share);
    progress.share = share;
    progress.doing = method;
    context.progress(progress);
  }

  Json head() const {
    const StoredFit& fit = fit_.fit();
    Json json{
        {"method", method_},    {"run", fit.run.id}, {"model", fit.key.model}, {"fold", fit.key.fold + 1}, {"repeat", fit.key.repeat + 1},
        {"settings", settings_}};
    json["warnings"] = Json::array();
    for (const std::string& line : warnings_of(fit_)) json["warnings"].push_back(line);
    return json;
  }

  std::span<const double> forecast_of(std::size_t i) const {
    const auto n = static_cast<std::size_t>(fit_.fit().outputs);
    return std::span(forecast_).subspan(i * n, n);
  }
  std::int64_t output_of(std::size_t i) const {
    if (task_ == config::Task::regression) return static_cast<std::int64_t>(horizon_);
    if (chosen_class_ >= 0) return chosen_class_;
    if (task_ == config::Task::binary) return 1;
    const auto own = forecast_of(i);
    return std::max_element(own.begin(), own.end()) - own.begin();
  }
  std::string scale_of(std::size_t i) const {
    if (task_ == config::Task::regression) return forecast_text();
    return fmt::format("log-odds of {}", fit_.fit().classes[static_cast<std::size_t>(output_[i])]);
  }

  std::int64_t horizon_rows() const {  // 0: there is one
    const auto& horizons = fit_.experiment().target.horizons;
    return horizons.empty() ? 0 : horizons[horizon_];
  }
  std::string forecast_text() const {
    return horizon_rows() == 0 ? "the forecast" : fmt::format("the forecast at horizon {}", horizon_rows());
  }

  // ---- permutation

  void permutation(Json& json) {
    const Places rows = judged_places(fit_, kMostJudgedRows, seed_.child("judged"));
    const auto maker = component_maker(fit_.experiment().resources, fit_.context().program, fit_.context().cancel);
    const train::Scorer scorer = scorer_named(fit_, request_.metric, *maker);
    const Shuffling shuffling = shuffling_of(fit_, rows);
    std::vector<std::vector<std::int64_t>> donors;
    for (std::int64_t draw = 0; draw < request_.draws; ++draw)
      donors.push_back(shuffling.donors(seed_.child("draw").child(static_cast<std::uint64_t>(draw))));
    std::vector<explain::Feature> features = fit_.features();
    const std::size_t named = features.size();
    for (const explain::Feature& lag : fit_.lags()) features.push_back(lag);
    const double side = scorer.direction();
    const auto judge = [&](std::span<const double> values) { return side * scorer.value(fit_.judged(rows, values, horizon_)); };
    const explain::Importance found =
        explain::permutation_importance(fit_.test_rows(rows), features, donors, fit_.forecasts(rows), judge, work_);
    json.update({{"metric", config::at_horizon(scorer.name(), horizon_rows())},
                 {"direction", scorer.direction()},
                 {"value", number_json(side * found.whole)},
                 {"rows", rows.size()},
                 {"draws", request_.draws},
                 {"shuffled", shuffling.rule},
                 {"features", Json::array()},
                 {"lags", Json::array()}});
    for (std::size_t f = 0; f < features.size(); ++f) {
      const explain::Drop drop = explain::summary_of(found.drops[f], kConfidence);
      json[f < named ? "features" : "lags"].push_back({{"name", features[f].name},
                                                       {"drop", number_json(drop.mean)},
                                                       {"deviation", number_json(drop.deviation)},
                                                       {"low", number_json(drop.low)},
                                                       {"high", number_json(drop.high)}});
    }
  }

  // ---- attributions

  explain::Attributions attributed(const std::vector<explain::Feature>& features, const explain::Rows& background) const {
    const explain::Rows rows = fit_.test_rows(which_);
    if (fit_.is_linear()) return linear(rows, features, column_means(background));
    return explain::sampled_shapley(rows, background, features, source_rows(fit_, which_), seed_.child("orders"),
                                    fit_.scores(which_, output_), work_);
  }

  explain::Attributions linear(const explain::Rows& rows, const std::vector<explain::Feature>& features,
                               const std::vector<double>& mean) const {
    const auto slope = fit_.slopes(which_, output_)();
    explain::Attributions out;
    for (std::int64_t i = 0; i < rows.count(); ++i) {  // a class's slopes are its own
      explain::Rows one{rows.width, {}};
      one.add(rows.row(i));
      const std::int64_t of = i;
      const explain::Slopes told = slope(one, {&of, 1});
      const explain::Attributions a = explain::linear_shapley(one, told.score, told.slope, mean, features);
      out.score.push_back(a.score[0]);
      out.base.push_back(a.base[0]);
      out.gap.push_back(a.gap[0]);
      out.value.insert(out.value.end(), a.value.begin(), a.value.end());
    }
    return out;
  }

  void shapley(Json& json) {
    const Places train = drawn_places(fit_.train().rows(), request_.background, seed_.child("background"));
    const bool exact = fit_.is_linear();
    const explain::Rows background = exact ? explain::Rows{} : fit_.train_rows(train);
    const auto all = exact ? linear(fit_.test_rows(which_), fit_.features(), fit_.train_mean()) : attributed(fit_.features(), background);
    json["kind"] = exact ? "exact: the model is linear" : "sampled";
    json["reference"] = exact ? fmt::format("the mean of {} train rows", fit_.train().rows()) : fmt::format("{} train rows", train.size());
    add_attributions(json, all, fit_.features());
    if (const auto lags = fit_.lags(); !lags.empty())
      add_lags(json, exact ? linear(fit_.test_rows(which_), lags, fit_.train_mean()) : attributed(lags, background), lags);
  }

  void gradients(Json& json) {
    if (!fit_.tells_slopes())
      throw Error(Fault::usage, fmt::format("explaining run {}", fit_.fit().run.id),
                  fit_.as_they_came() ? "its preparation mixes columns, so gradients are of mixtures, not of features"
                                      : fmt::format("{} tells no gradients", fit_.fit().bundle.component_id),
                  "Use --method shapley, which takes any model");
    std::vector<explain::Feature> features = fit_.features();
    const std::size_t named = features.size();
    const auto lags = fit_.lags();
    std::vector<double> places;
    const auto all = explain::integrated_gradients(fit_.test_rows(which_), fit_.train_mean(), features, static_cast<int>(request_.steps),
                                                   fit_.slopes(which_, output_), work_, &places);
    if (std::any_of(all.value.begin(), all.value.end(), [](double v) { return std::isnan(v); }))
      throw Error(Fault::usage, fmt::format("explaining run {}", fit_.fit().run.id), "categories that a model embeds have no gradient",
                  "Use --method shapley, which takes any model");
    json["steps"] = request_.steps;
    json["reference"] = fmt::format("the mean of {} train rows", fit_.train().rows());
    add_attributions(json, all, fit_.features());
    if (lags.empty()) return;
    explain::Attributions by_lag;
    const std::size_t width = places.size() / which_.size();
    for (std::size_t i = 0; i < which_.size(); ++i)
      for (const explain::Feature& lag : lags) {
        double sum = 0;
        for (const std::int64_t place : lag.places) sum += places[i * width + static_cast<std::size_t>(place)];
        by_lag.value.push_back(sum);
      }
    ASSAY_CHECK(named == fit_.features().size(), "lags stand beside the features");
    add_lags(json, by_lag, lags);
  }

  void add_attributions(Json& json, const explain::Attributions& all, const std::vector<explain::Feature>& features) const {
    const std::size_t n = features.size();
    json["rows"] = Json::array();
    double largest_gap = 0;
    for (std::size_t i = 0; i < which_.size(); ++i) {
      Json row = row_head(i);
      row["score"] = number_json(all.score[i]);
      row["base"] = number_json(all.base[i]);
      row["gap"] = number_json(all.gap[i]);
      row["scale"] = scale_of(i);
      largest_gap = std::max(largest_gap, std::abs(all.gap[i]));
      row["features"] = Json::array();
      for (std::size_t f = 0; f < n; ++f) {
        Json one{
            {"name", features[f].name}, {"value", fit_.text_of(f, true, which_[i])}, {"contribution", number_json(all.value[i * n + f])}};
        if (!all.error.empty()) one["error"] = number_json(all.error[i * n + f]);
        row["features"].push_back(std::move(one));
      }
      json["rows"].push_back(std::move(row));
    }
    json["largest_gap"] = largest_gap;
    json["features"] = means_of(all, features);
  }

  void add_lags(Json& json, const explain::Attributions& all, const std::vector<explain::Feature>& lags) const {
    json["lags"] = means_of(all, lags);
    const std::size_t n = lags.size();
    for (std::size_t i = 0; i < which_.size(); ++i)
      for (std::size_t l = 0; l < n; ++l)
        json["rows"][i]["lags"].push_back({{"name", lags[l].name}, {"contribution", number_json(all.value[i * n + l])}});
  }

  Json means_of(const explain::Attributions& all, const std::vector<explain::Feature>& features) const {
    Json list = Json::array();
    const std::size_t n = features.size();
    for (std::size_t f = 0; f < n; ++f) {
      double size = 0, mean = 0;
      for (std::size_t i = 0; i < which_.size(); ++i) {
        size += std::abs(all.value[i * n + f]) / static_cast<double>(which_.size());
        mean += all.value[i * n + f] / static_cast<double>(which_.size());
      }
      list.push_back({{"name", features[f].name}, {"size", number_json(size)}, {"mean", number_json(mean)}});
    }
    return list;
  }

  Json row_head(std::size_t i) const {
    const auto place = static_cast<std::size_t>(which_[i]);
    const auto frame_row = static_cast<std::size_t>(fit_.test().row[place]);
    const data::Frame& frame = fit_.dataset().frame;
    Json row{{"row", frame.source_row()[frame_row]}};
    if (frame.has_time()) row["known_at"] = to_iso(frame.known_at()[frame_row]);
    if (!frame.entity().empty()) row["entity"] = frame.entity_names()[static_cast<std::size_t>(frame.entity()[frame_row])];
    row["forecast"] = Json::array();
    const auto own = forecast_of(i);
    for (const double value : horizon_rows() == 0 ? own : own.subspan(horizon_, 1)) row["forecast"].push_back(number_json(value));
    if (fit_.dataset().task == config::Task::multiclass) row["classes"] = fit_.dataset().classes;
    if (!fit_.fit().classes.empty()) {
      row["decision"] = decision_of(fit_, forecast_of(i));
      row["truth"] = fit_.fit().classes[static_cast<std::size_t>(fit_.test().y[place])];
    } else {
      row["truth"] = number_json(fit_.test().y[horizon_ * static_cast<std::size_t>(fit_.test().rows()) + place]);
    }
    return row;
  }

  // ---- dependence

  void dependence(Json& json) {
    const std::int64_t output = chosen_class_ >= 0 ? chosen_class_ : most_frequent(output_);
    json["scale"] = task_ == config::Task::regression
                        ? forecast_text()
                        : fmt::format("probability of {}", fit_.fit().classes[static_cast<std::size_t>(output)]);
    json["newest_only"] = fit_.lookback() > 1;
    json["rows"] = source_rows(fit_, which_);
    json["features"] = Json::array();
    const explain::Rows rows = fit_.test_rows(which_);
    const std::vector<explain::Feature> newest = fit_.newest();
    const explain::Work whole = work_;
    for (std::size_t f = 0; f < newest.size(); ++f) {
      const Grid grid = grid_of(fit_, f, kGrid, kMostLevels);
      if (grid.train.size() < 2) continue;  // a constant, or a mixture without values of its own
      explain::Work work = whole;
      if (whole.tick) work.tick = [&, f](double done) { whole.tick((static_cast<double>(f) + done) / static_cast<double>(newest.size())); };
      const explain::Dependence found =
          explain::partial_dependence(rows, newest[f], fit_.train_rows(grid.train), fit_.values(which_, output), work);
      Json one{{"name", newest[f].name}, {"at", grid.text}, {"mean", Json::array()}, {"curves", Json::array()}};
      for (const double mean : found.mean) one["mean"].push_back(number_json(mean));
      for (std::size_t i = 0; i < std::min<std::size_t>(which_.size(), kCurves); ++i) {
        Json curve = Json::array();
        for (const std::vector<double>& at : found.curve) curve.push_back(number_json(at[i]));
        one["curves"].push_back(std::move(curve));
      }
      json["features"].push_back(std::move(one));
    }
  }

  // ---- reasons

  void reasons(Json& json) {
    if (task_ != config::Task::binary)
      throw Error(Fault::usage, fmt::format("explaining run {}", fit_.fit().run.id), "reasons are of decisions between two classes",
                  "Use --method shapley");
    const std::int64_t adverse = chosen_class_ >= 0 ? chosen_class_ : 1;
    const Places good = train_of_class(fit_, 1 - adverse);
    if (good.empty())
      throw Error(Fault::data, fmt::format("explaining run {}", fit_.fit().run.id), "no train row is of the other class",
                  "Reasons are measured against those rows");
    Places sample;
    for (const std::int64_t i : drawn_places(static_cast<std::int64_t>(good.size()), request_.background, seed_.child("good")))
      sample.push_back(good[static_cast<std::size_t>(i)]);
    output_.assign(which_.size(), adverse);
    const auto all = fit_.is_linear() ? linear(fit_.test_rows(which_), fit_.features(), column_means(fit_.train_rows(good)))
                                      : attributed(fit_.features(), fit_.train_rows(sample));
    const std::string& good_name = fit_.fit().classes[static_cast<std::size_t>(1 - adverse)];
    json["adverse"] = fit_.fit().classes[static_cast<std::size_t>(adverse)];
    json["reference"] = fmt::format("{} train rows that came out {}", fit_.is_linear() ? good.size() : sample.size(), good_name);
    json["rows"] = Json::array();
    proxies_ = goes_with_protected(fit_);
    std::vector<std::string> typical;
    for (std::size_t f = 0; f < fit_.features().size(); ++f) typical.push_back(typical_text(fit_, f, good));
    for (std::size_t i = 0; i < which_.size(); ++i) json["rows"].push_back(reasons_of(i, all, typical, json["warnings"]));
  }

  Json reasons_of(std::size_t i, const explain::Attributions& all, const std::vector<std::string>& typical, Json& warnings) const {
    const std::size_t n = fit_.features().size();
    Json row = row_head(i);
    row["score"] = number_json(all.score[i]);
    row["base"] = number_json(all.base[i]);
    row["reasons"] = Json::array();
    for (const std::size_t f : explain::pushes(std::span(all.value).subspan(i * n, n))) {
      const std::string& name = fit_.features()[f].name;
      const std::string value = fit_.text_of(f, true, which_[i]);
      if (!value.empty() && value == typical[f]) continue;  // being like most of the others explains nothing to anyone
      if (row["reasons"].size() == kReasons) break;
      Json one{{"name", name},
               {"value", value},
               {"typical", typical[f]},
               {"push", number_json(all.value[i * n + f])},
               {"text", value.empty() ? name : fmt::format("{} = {} (typical: {})", name, value, typical[f])}};
      if (!proxies_[f].empty()) one["goes_with"] = proxies_[f];
      if (!all.error.empty()) one["error"] = number_json(all.error[i * n + f]);
      row["reasons"].push_back(std::move(one));
      if (proxies_[f].empty()) continue;
      const std::string warning = fmt::format("{} is among the reasons and goes together with {}, which is protected", name, proxies_[f]);
      if (std::find(warnings.begin(), warnings.end(), Json(warning)) == warnings.end()) warnings.push_back(warning);
    }
    return row;
  }

  const ExplainedFit& fit_;
  const ExplainRequest& request_;
  const Json& settings_;
  config::Task task_;
  SeedTree seed_;
  std::string method_;
  Places which_;
  std::int64_t chosen_class_ = -1;
  std::vector<double> forecast_;
  std::vector<std::int64_t> output_;  // of each row, whose score
  std::size_t horizon_ = 0;           // the place of the one that is explained
  std::vector<std::string> proxies_;  // of each feature, the protected column that it goes with
  explain::Work work_;
};

// What changes the result of a method.
Json settings_of(const ExplainRequest& request, const std::string& method) {
  Json json = Json::object();
  if (request.horizon > 0) json["horizon"] = request.horizon;
  if (method == "permutation") {
    json.update({{"metric", request.metric}, {"draws", request.draws}});
    return json;
  }
  json["class"] = request.class_name;
  if (request.row < 0) json["rows"] = request.rows;
  if (method == "shapley" || method == "reasons") json["background"] = request.background;
  if (method == "gradients") json["steps"] = request.steps;
  return json;
}

std::vector<std::string> usual_methods(const ExplainRequest& request, config::Task task) {
  if (request.row < 0) return {"permutation", "shapley", "dependence"};
  if (task == config::Task::binary) return {"shapley", "reasons"};
  return {"shapley"};
}

}  // namespace

const std::vector<std::string>& explain_methods() {
  static const std::vector<std::string> methods{"permutation", "shapley", "gradients", "dependence", "reasons"};
  return methods;
}

std::optional<std::vector<std::string>> explain(store::Store& store, const ExplainRequest& request, const RunContext& context,
                                                Diagnostics& diagnostics) {
  const FitChoice choice = explained_choice(store, request.fit, request.row);
  const StoredFit stored = open_fit(store, choice, "explaining", context);
  const std::vector<std::string> methods =
      request.methods.empty() ? usual_methods(request, stored.experiment.target.task) : request.methods;
  const auto key_of = [&](const std::string& method) {
    return store::ExplanationKey{stored.key, method, method == "permutation" ? -1 : request.row, settings_of(request, method).dump()};
  };
  std::vector<std::string> out(methods.size());
  std::vector<std::size_t> open;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    if (!request.again) out[m] = store.explanation(choice.run, key_of(methods[m]));
    if (out[m].empty()) open.push_back(m);
  }
  if (open.empty()) return out;
  const std::unique_ptr<ExplainedFit> fit = ExplainedFit::open(store, choice, context, diagnostics);
  if (!fit) return std::nullopt;
  check_forecasts(store, *fit, context);
  for (std::size_t k = 0; k < open.size(); ++k) {
    const std::string& method = methods[open[k]];
    const store::ExplanationKey key = key_of(method);
    const Json settings = Json::parse(key.settings);
    Explainer explainer(*fit, request, settings);
    const double share = 1 / static_cast<double>(open.size());
    out[open[k]] = explainer.explain(method, static_cast<double>(k) * share, share).dump(-1, ' ', false, Json::error_handler_t::replace);
    try {
      store.put_explanation(choice.run, key, out[open[k]]);
    } catch (const Error& e) {
      if (context.note) context.note(fmt::format("not stored: {}", e.what()));
    }
  }
  return out;
}

}  // namespace assay::run
