// boosting.xgboost: trees grown one after another on the slope of the loss (Chen and Guestrin 2016), by Debian's libxgboost; the opponent
// that networks are judged beside. Histograms, one thread: with more the library adds in another order, and bits would hang on the machine.
// Categories are split as sets of levels; missing values and levels that the fit never saw go where the tree learned to send missing
// ones. Probabilities are those of the rows as they are: what class weights moved is taken off again. Thread rule: predict is const.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "../flat_rows.hpp"
#include "assay/model.hpp"
#include "handles.hpp"

namespace models {
namespace {

std::string text_of(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

struct Boosting {
  using Scalar = float;
  static constexpr bool takes_categories = true;

  std::int64_t rounds = 200, max_depth = 4, patience = 20, max_bins = 256;
  double learning_rate = 0.1, min_child_weight = 1, subsample = 1, column_sample = 1, l1 = 0, l2 = 1, min_gain = 0;
  std::string loss = "auto";

  static void params(assay::Params<Boosting>& p) {
    p.integer<&Boosting::rounds>("rounds", "Trees (for several classes: one a class), the most where validation rows end it early")
        .range(1, 100'000)
        .log_scale();
    p.real<&Boosting::learning_rate>("learning_rate", "Share of each tree's step that is taken").range(0, 1).open_min().log_scale();
    p.integer<&Boosting::max_depth>("max_depth", "Most questions between the root and a leaf").range(1, 20);
    p.real<&Boosting::min_child_weight>("min_child_weight",
                                        "Least second derivative of the loss, summed over a leaf's rows; squared loss: least weight")
        .range(0, 1e9);
    p.real<&Boosting::subsample>("subsample", "Share of the train rows that each tree sees").range(0, 1).open_min();
    p.real<&Boosting::column_sample>("column_sample", "Share of the inputs that each tree sees").range(0, 1).open_min();
    p.real<&Boosting::l1>("l1", "Penalty on the absolute values of leaves").range(0, 1e9);
    p.real<&Boosting::l2>("l2", "Penalty on the squared values of leaves").range(0, 1e9);
    p.real<&Boosting::min_gain>("min_gain",
                                "Least gain of a split, in units of the loss; a regression's target counts in standard deviations")
        .range(0, 1e9);
    p.integer<&Boosting::max_bins>("max_bins", "Most values that a number is cut into").range(2, 65'536);
    p.integer<&Boosting::patience>("patience",
                                   "Rounds without a better score on the validation rows, after which the best number of rounds is kept")
        .range(1, 100'000);
    p.choice<&Boosting::loss>("loss", "auto: mse for regression, cross_entropy for classes", {"auto", "mse", "mae", "cross_entropy"});
  }

  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no train rows");
    describe(batch.problem());
    Matrix train(values_of(batch, 0, batch.size()), is_category_);
    put_labels(batch, train);
    std::optional<Matrix> held_out;
    const FlatValues validation = validation_rows(batch);
    std::vector<DMatrixHandle> cached{train.handle()};
    if (call.can_evaluate() && validation.rows > 0) cached.push_back(held_out.emplace(validation, is_category_).handle());
    booster_ = Booster(cached);
    configure(call.seed());

    std::vector<double> forecasts(static_cast<std::size_t>(validation.rows * outputs_));
    double best = 0;
    std::int64_t best_round = -1;
    for (std::int64_t round = 0; round < rounds; ++round) {
      call.leave_if_stopping();
      booster_.update(static_cast<int>(round), train);
      if (!held_out) {
        call.report(round, "rounds", static_cast<double>(round + 1));
        continue;
      }
      assay_array out = assay::detail::array_of(forecasts.data(), {validation.rows, outputs_});
      forecast(booster_.margins(*held_out), assay::Out(out), 0, validation.rows);
      const double score = call.evaluate(forecasts, outputs_);
      call.report(round, "validation", score);
      // A score may be undefined as long as all forecasts are the same (a correlation, say).
      if (!std::isnan(score) && (best_round < 0 || score > best)) best = score, best_round = round;
      if (best_round >= 0 && round - best_round >= patience) break;
    }
    if (held_out && best_round < 0)
      call.warn(
          "boosting.xgboost: no round has a score on the validation rows, since train.early_stopping.metric is undefined there: all are "
          "kept");
    if (best_round >= 0) booster_ = booster_.first_rounds(static_cast<int>(best_round + 1));
    rounds_kept_ = best_round >= 0 ? best_round + 1 : rounds;
    booster_ = Booster::from_json(booster_.to_json());  // without the train rows; and what is saved is what forecasts
    booster_.set("nthread", "1");
  }

  void predict(const assay::Rows& rows, assay::Out out) const {
    if (!booster_) throw assay::bad_input("boosting.xgboost has not been trained");
    if (flat_width(rows.problem()) != width() || out.cols() != outputs_)
      throw assay::bad_input("boosting.xgboost has been trained on another number of inputs or outputs");
    constexpr std::int64_t kChunk = 4096;  // rows copied at once
    for (std::int64_t first = 0; first < rows.size(); first += kChunk) {
      const FlatValues part = values_of(rows, first, std::min(kChunk, rows.size() - first));
      forecast(booster_.margins(part), out, first, part.rows);
    }
  }

  // What the splits on each input gained; a window's times count together.
  void importance(std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    for (const auto& [column, gain] : booster_.total_gain()) out[column % out.size()] += gain;
  }
  void summary(assay::Saver& s) const { s.put("rounds", std::vector<double>{static_cast<double>(rounds_kept_)}); }

  void save(assay::Saver& s) const {
    if (!booster_) throw assay::Error("boosting.xgboost has learned nothing that could be saved");
    s.put("task", static_cast<std::int64_t>(task_));
    s.put("outputs", outputs_);
    s.put("rounds", rounds_kept_);
    s.put("target", std::vector<double>{center_, scale_});
    s.put("weight_shift", weight_shift_);
    s.put("categories", std::vector<double>(is_category_.begin(), is_category_.end()));
    const std::string trees = booster_.to_json();
    s.put("trees", trees);
    s.put("checksum", checksum(static_cast<std::int64_t>(task_), outputs_, {center_, scale_}, weight_shift_, is_category_, trees));
  }
  void load(const assay::Saved& s) {
    const auto task = static_cast<assay::Task>(static_cast<std::int64_t>(s.number("task")));
    const std::int64_t outputs = s.number("outputs"), kept = s.number("rounds");
    const auto target = s.get<std::vector<double>>("target"), shift = s.get<std::vector<double>>("weight_shift");
    const auto categories = s.get<std::vector<double>>("categories");
    if (outputs < 1 || target.size() != 2 || shift.size() < static_cast<std::size_t>(std::max<std::int64_t>(2, outputs)) ||
        categories.empty())
      throw assay::bad_state("boosting.xgboost: the saved entries do not fit each other");
    const std::vector<bool> is_category(categories.begin(), categories.end());
    const std::string trees = s.text("trees");
    // The library believes what a model says of itself, and would read beyond it.
    if (s.get<std::int64_t>("checksum") != checksum(static_cast<std::int64_t>(task), outputs, target, shift, is_category, trees))
      throw assay::bad_state("boosting.xgboost: the saved trees are not those that were stored");
    Booster booster;
    try {
      booster = Booster::from_json(trees);
    } catch (const assay::Error& e) {
      throw assay::bad_state(std::string("boosting.xgboost: the saved trees cannot be read: ") + e.what());
    }
    booster.set("nthread", "1");
    task_ = task;
    outputs_ = outputs;
    rounds_kept_ = kept;
    center_ = target[0];
    scale_ = target[1];
    weight_shift_ = shift;
    is_category_ = is_category;
    booster_ = std::move(booster);
  }

 private:
  // FNV-1a over all that is stored.
  static std::int64_t checksum(std::int64_t task, std::int64_t outputs, const std::vector<double>& target, const std::vector<double>& shift,
                               const std::vector<bool>& categories, const std::string& trees) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    const auto add = [&](const void* data, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3u;
    };
    add(&task, sizeof task);
    add(&outputs, sizeof outputs);
    add(target.data(), target.size() * sizeof(double));
    add(shift.data(), shift.size() * sizeof(double));
    for (const bool one : categories) add(one ? "c" : "q", 1);
    add(trees.data(), trees.size());
    return static_cast<std::int64_t>(hash);
  }
  std::int64_t width() const { return static_cast<std::int64_t>(is_category_.size()); }

  void describe(const assay::Problem& problem) {
    task_ = problem.task();
    outputs_ = problem.outputs();
    if (task_ == assay::Task::regression ? loss == "cross_entropy" : loss == "mse" || loss == "mae")
      throw assay::bad_input("loss " + loss + " is for " + (loss == "cross_entropy" ? "classes" : "regression"));
    center_ = problem.target_center();
    scale_ = problem.target_scale();
    class_weight_.assign(problem.class_weight().begin(), problem.class_weight().end());
    weight_shift_.assign(static_cast<std::size_t>(std::max<std::int64_t>(2, outputs_)), 0);
    for (std::size_t c = 0; c < class_weight_.size(); ++c) weight_shift_[c] = std::log(class_weight_[c]);
    is_category_.clear();
    for (std::int64_t t = 0; t < std::max<std::int64_t>(1, problem.lookback()); ++t)
      for (std::int64_t i = 0; i < problem.inputs(); ++i)
        is_category_.push_back(problem.has_columns() && problem.column(i).kind() == assay::ColumnKind::category);
  }

  // Levels that the fit never saw have negative codes: missing to the trees.
  FlatValues values_of(const assay::Rows& rows, std::int64_t first, std::int64_t count) const {
    const FlatRows<float> flat(rows);
    FlatValues x{std::vector<float>(static_cast<std::size_t>(count * flat.width())), count, flat.width()};
    std::vector<float> buffer(static_cast<std::size_t>(flat.is_direct() ? 0 : flat.width()));
    for (std::int64_t r = 0; r < count; ++r) {
      const auto row = flat.take(first + r, 1, buffer.data()).row(0);
      float* const to = x.values.data() + r * flat.width();
      for (std::int64_t c = 0; c < flat.width(); ++c)
        to[c] = is_category_[static_cast<std::size_t>(c)] && row[c] < 0 ? std::numeric_limits<float>::quiet_NaN() : row[c];
    }
    return x;
  }
  FlatValues validation_rows(const assay::Batch& batch) const {
    if (batch.validation_size() == 0) return {};
    assay_batch rows = batch.raw();
    rows.x = *batch.raw().validation_x;
    rows.rows = batch.validation_size();
    return values_of(assay::Rows(rows), 0, rows.rows);
  }

  void put_labels(const assay::Batch& batch, Matrix& train) const {
    const auto y = batch.y<float>(), weight = batch.weight<float>();
    const auto n = static_cast<std::size_t>(batch.size());
    std::vector<float> label(n), weights(n, 1.0f);
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      label[i] = task_ == assay::Task::regression ? static_cast<float>((static_cast<double>(y[row]) - center_) / scale_) : y[row];
      if (!weight.empty()) weights[i] = weight[row];
      if (!class_weight_.empty()) weights[i] *= static_cast<float>(class_weight_.at(static_cast<std::size_t>(y[row])));
    }
    train.set("label", label);
    if (!weight.empty() || !class_weight_.empty()) train.set("weight", weights);
  }

  void configure(std::uint64_t seed) {
    booster_.set("verbosity", "0");
    booster_.set("nthread", "1");
    booster_.set("tree_method", "hist");
    booster_.set("seed", std::to_string(seed & 0x7fff'ffff));
    booster_.set("objective", task_ == assay::Task::binary       ? "binary:logistic"
                              : task_ == assay::Task::multiclass ? "multi:softprob"
                              : loss == "mae"                    ? "reg:absoluteerror"
                                                                 : "reg:squarederror");
    if (task_ == assay::Task::multiclass) booster_.set("num_class", std::to_string(outputs_));
    if (task_ == assay::Task::regression && loss != "mae") booster_.set("base_score", "0");  // the target is centred
    booster_.set("eta", text_of(learning_rate));
    booster_.set("max_depth", std::to_string(max_depth));
    booster_.set("min_child_weight", text_of(min_child_weight));
    booster_.set("subsample", text_of(subsample));
    booster_.set("colsample_bytree", text_of(column_sample));
    booster_.set("alpha", text_of(l1));
    booster_.set("lambda", text_of(l2));
    booster_.set("gamma", text_of(min_gain));
    booster_.set("max_bin", std::to_string(max_bins));
  }

  // From raw scores to what the task asks for, into rows first .. first + count.
  void forecast(const float* score, assay::Out out, std::int64_t first, std::int64_t count) const {
    for (std::int64_t r = first; r < first + count; ++r, score += outputs_) {
      if (task_ == assay::Task::regression)
        out(r) = static_cast<double>(*score) * scale_ + center_;
      else if (task_ == assay::Task::binary)
        out(r) = 1 / (1 + std::exp(weight_shift_[1] - weight_shift_[0] - static_cast<double>(*score)));
      else
        softmax(score, out, r);
    }
  }
  void softmax(const float* score, assay::Out out, std::int64_t row) const {
    const auto shifted = [&](std::int64_t c) { return static_cast<double>(score[c]) - weight_shift_[static_cast<std::size_t>(c)]; };
    double largest = shifted(0), total = 0;
    for (std::int64_t c = 1; c < outputs_; ++c) largest = std::max(largest, shifted(c));
    for (std::int64_t c = 0; c < outputs_; ++c) total += out(row, c) = std::exp(shifted(c) - largest);
    for (std::int64_t c = 0; c < outputs_; ++c) out(row, c) /= total;
  }

  assay::Task task_ = assay::Task::regression;
  std::int64_t outputs_ = 1, rounds_kept_ = 0;
  double center_ = 0, scale_ = 1;  // of the target; 0 and 1 for classes
  std::vector<double> class_weight_, weight_shift_;
  std::vector<bool> is_category_;  // of each flat column
  Booster booster_;
};

}  // namespace
}  // namespace models

ASSAY_PLUGIN(assay::model<models::Boosting>("boosting.xgboost", "1.0.0", "Boosted trees (Chen and Guestrin 2016), by libxgboost")
                 .tasks(assay::Task::regression, assay::Task::binary, assay::Task::multiclass)
                 .accepts_missing()
                 .takes_weights())
