#include "pipeline/fold_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/prepare_steps.hpp"
#include "pipeline/train_weights.hpp"

namespace assay::pipeline {

namespace {

using Rows = std::vector<std::int64_t>;

class Assembler final : public InnerFits {
 public:
  // Steps that look at other rows than the one they change, and windows, need rows beside the set's own.
  Assembler(const Dataset& dataset, const Fold& fold, const Folds& all, const Recipe& recipe)
      : dataset_(dataset),
        fold_(fold),
        all_(all),
        recipe_(recipe),
        history_(dataset.lookback > 0 || std::any_of(recipe.prepare.begin(), recipe.prepare.end(), looks_around)) {}

  FoldData assemble() {
    mark_hidden();
    frame_ = fit_features(dataset_, fold_.train, feature_seed(recipe_.seed), data_.features);
    InputTable raw = take_inputs(frame_, dataset_.inputs, visible(fold_.train, 0));
    const std::vector<std::uint8_t> is_train = flags(raw.row, fold_.train);
    const Labels labels = train_labels(raw.row, is_train);
    PreparationResult prepared = fit_preparation(recipe_.prepare, std::move(raw), is_train, recipe_.select, labels, this);
    data_.preparation = std::move(prepared.fitted);
    data_.inputs = data_.preparation.outputs();
    data_.notes = std::move(prepared.notes);
    Rows kept;
    for (std::size_t i = 0; i < prepared.table.rows(); ++i) {
      if (prepared.kept[i] != 0) kept.push_back(prepared.table.row[i]);
    }
    fill(data_.train, kept, std::move(prepared.table), 0, recipe_.accepts_missing);
    if (data_.train.rows() == 0) {
      throw PreparationError("inputs", {Fault::data, "preparing the train rows",
                                        fmt::format("each of the {} train rows lacks an input or a full window", kept.size()),
                                        "add a `missing` step, or look at the inputs' missing values"});
    }
    if (!data_.train.not_forecast.empty()) {
      data_.notes.push_back(
          fmt::format("{} of {} train rows lack an input or a full window and are left out", data_.train.not_forecast.size(), kept.size()));
      data_.train.not_forecast.clear();
    }
    weigh(data_.train);
    fill_set("validation", data_.validation, fold_.validation, 1);
    fill_set("test", data_.test, fold_.test, 2);
    data_.naive_mae = naive_mae();
    draw_train();
    return std::move(data_);
  }

  InnerRows hold_out(const InputTable& table, std::span<const std::uint8_t> among, double share, std::uint64_t seed) const override {
    const Rows rows = rows_with(table, among);
    const std::vector<double> y = picked<double>(dataset_.y, rows);
    const std::vector<std::int64_t> group = picked<std::int64_t>(dataset_.group, rows);
    std::vector<TimeNs> known_at, label_end;
    SplitRows parted;
    if (dataset_.has_time()) {
      known_at = picked<TimeNs>(dataset_.frame.known_at(), rows);
      label_end = picked<TimeNs>(dataset_.label_end, rows);
      parted.known_at = known_at;
      parted.label_end = label_end;
    }
    parted.rows = static_cast<std::int64_t>(rows.size());
    parted.y = y;
    parted.group = group;
    config::SplitSpec holdout;
    holdout.test_fraction = share;
    Diagnostics diagnostics;
    const Folds folds = make_folds(holdout, parted, selection_seed(seed).child("held out"), diagnostics);
    for (const Diagnostic& d : diagnostics.items())
      if (d.severity == Severity::error)
        throw Error(Fault::data, "holding out train rows", d.message,
                    "lengthen the train span, or let nothing be held out: a number in `keep`, and importance: own");
    const auto flagged = [&](const Rows& set) {
      Rows back;
      for (const std::int64_t i : set) back.push_back(rows[static_cast<std::size_t>(i)]);
      return flags(table.row, back);
    };
    return {flagged(folds.folds.at(0).train), flagged(folds.folds.at(0).test)};
  }

  Judgement judge(const Question& question, InputTable table, const InnerRows& rows) const override {
    const std::vector<InputColumn> inputs = table.columns;
    const bool missing = models().accepts_missing(question.model);
    FoldPart train, held_out;
    const Rows held = rows_with(table, rows.held_out);
    if (!held.empty()) fill(held_out, held, table, 0, missing);
    const Rows learned = rows_with(table, rows.train);
    fill(train, learned, std::move(table), 0, missing);
    keep_first_horizon(held_out);
    keep_first_horizon(train);
    const char* lacking = train.rows() == 0 ? "train" : !held.empty() && held_out.rows() == 0 ? "held-out" : nullptr;
    if (lacking != nullptr)
      throw Error(Fault::data, fmt::format("asking {} what its inputs are worth", question.model.id),
                  fmt::format("each of the {} rows lacks an input or a full window", lacking), "put a `missing` step before it");
    weigh(train);
    const Question whole{question.model,      selection_seed(question.seed).child("fit").seed(),
                         question.importance, question.permutations,
                         dataset_.task,       dataset_.classes.size()};
    return models().judge(whole, inputs, std::move(train), held_out);
  }

  const InputJudge& models() const override {
    ASSAY_CHECK(recipe_.judge != nullptr, "who assembles folds whose selections ask models says who answers");
    return *recipe_.judge;
  }

 private:
  void weigh(FoldPart& train) const {
    if (recipe_.train != nullptr && recipe_.train->sample_weight)
      train.weight = train_weights(*recipe_.train->sample_weight, dataset_, train.row);
  }
  // After all that is fitted on train rows: only the model learns from the rows that were drawn.
  void draw_train() {
    if (recipe_.train == nullptr || !recipe_.train->resample || dataset_.task == config::Task::regression) return;
    const auto own = static_cast<std::uint64_t>(fold_.test.empty() ? 0 : fold_.test.front());
    const std::int64_t before = data_.train.rows();
    Resampled drawn = resample(*recipe_.train->resample, data_.train.y, data_.train.weight, dataset_.classes.size(),
                               SeedTree(recipe_.seed).child("resample").child(own));
    data_.way_back = std::move(drawn.way_back);
    if (data_.way_back.empty()) return;
    take_again(data_.train, drawn.rows);
    data_.notes.push_back(fmt::format("{} train rows drawn from {}, by class", data_.train.rows(), before));
  }
  static void take_again(FoldPart& part, const Rows& which) {
    if (part.lookback > 0) {
      part.window_end = picked<std::int64_t>(part.window_end, which);
    } else {
      Matrix x;
      x.columns = part.x.columns;
      for (const std::int64_t i : which) {
        x.values.insert(x.values.end(), part.x.row(i), part.x.row(i) + part.x.columns);
        ++x.rows;
      }
      part.x = std::move(x);
    }
    part.row = picked<std::int64_t>(part.row, which);
    part.y = picked<double>(part.y, which);
    part.time = picked<TimeNs>(part.time, which);
    part.label_end = picked<TimeNs>(part.label_end, which);
    part.entity = picked<std::int32_t>(part.entity, which);
    part.segment = picked<std::int32_t>(part.segment, which);
    part.group = picked<std::int64_t>(part.group, which);
    part.last_known_target = picked<double>(part.last_known_target, which);
    part.weight = picked<double>(part.weight, which);
  }
  SeedTree selection_seed(std::uint64_t own) const { return SeedTree(recipe_.seed).child("selection").child(own); }
  static Rows rows_with(const InputTable& table, std::span<const std::uint8_t> flag) {
    Rows rows;
    for (std::size_t i = 0; i < flag.size(); ++i)
      if (flag[i] != 0) rows.push_back(table.row[i]);
    return rows;
  }
  // hidden_[row]: 0 may be seen by all, 1 by validation and test, 2 by test only, 3 (sealed) by none.
  void mark_hidden() {
    hidden_.assign(static_cast<std::size_t>(dataset_.rows()), 0);
    if (all_.sealed) {
      for (const std::int64_t row : all_.sealed->test) hidden_[static_cast<std::size_t>(row)] = 3;
    }
    for (const std::int64_t row : fold_.validation) hidden_[static_cast<std::size_t>(row)] = 1;
    for (const std::int64_t row : fold_.test) hidden_[static_cast<std::size_t>(row)] = 2;
    hide_history();
  }
  // A row of no set that follows a hidden one may hold values made from it, by a window or a feature that reaches back: as history it is
  // for those only who may see that one.
  void hide_history() {
    no_history_ = hidden_;
    if (!dataset_.has_time()) return;
    std::vector<std::uint8_t> of_train(hidden_.size(), 0);
    for (const std::int64_t row : fold_.train) of_train[static_cast<std::size_t>(row)] = 1;
    std::uint8_t before = 0;
    for (std::size_t row = 0; row < hidden_.size(); ++row) {
      before = std::max(before, hidden_[row]);
      if (hidden_[row] == 0 && of_train[row] == 0) no_history_[row] = before;
    }
  }
  Rows visible(const Rows& set, int level) const {
    if (!history_ || set.empty()) return set;
    Rows rows;
    for (std::int64_t row = 0; row <= (dataset_.has_time() ? set.back() : dataset_.rows() - 1); ++row) {
      if (no_history_[static_cast<std::size_t>(row)] <= level) rows.push_back(row);
    }
    // Rows of the set's last time count too: scaling by time sees the whole cross-section.
    if (dataset_.has_time()) {
      const auto times = dataset_.frame.time_index();
      for (std::int64_t row = set.back() + 1; row < dataset_.rows(); ++row) {
        if (times[static_cast<std::size_t>(row)] != times[static_cast<std::size_t>(set.back())]) break;
        if (no_history_[static_cast<std::size_t>(row)] <= level) rows.push_back(row);
      }
    }
    return rows;
  }
  static std::vector<std::uint8_t> flags(const Rows& rows, const Rows& set) {
    std::vector<std::uint8_t> result(rows.size(), 0);
    std::size_t at = 0;
    for (const std::int64_t row : set) {
      while (rows[at] != row) ++at;
      result[at] = 1;
    }
    return result;
  }

  // Of train rows alone: no step can see another.
  Labels train_labels(const Rows& rows, std::span<const std::uint8_t> is_train) const {
    Labels labels{std::vector<double>(rows.size(), std::numeric_limits<double>::quiet_NaN()), dataset_.task};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (is_train[i] != 0) labels.y[i] = dataset_.y[static_cast<std::size_t>(rows[i])];
    }
    return labels;
  }

  void fill_set(const char* name, FoldPart& part, const Rows& set, int level) {
    if (set.empty()) {
      part.lookback = dataset_.lookback;
      part.x.columns = static_cast<std::int64_t>(data_.inputs.size());
      return;
    }
    InputTable table = take_inputs(frame_, dataset_.inputs, visible(set, level));
    data_.preparation.apply(table);
    fill(part, set, std::move(table), level, recipe_.accepts_missing);
    if (!part.not_forecast.empty()) {
      data_.notes.push_back(fmt::format("{} of {} {} rows lack an input or a full window: no forecast for them (coverage {:.1f} %)",
                                        part.not_forecast.size(), set.size(), name, 100 * part.coverage()));
    }
  }

  // table: prepared already. It is let go here: a large table is never there twice for longer than the copying takes.
  void fill(FoldPart& part, const Rows& set, InputTable table, int level, bool accepts_missing) const {
    Matrix all = to_matrix(table);
    std::vector<std::uint8_t> complete(table.rows(), 1);
    for (std::int64_t i = 0; i < all.rows && !accepts_missing; ++i) {
      const double* row = all.row(i);
      complete[static_cast<std::size_t>(i)] = std::none_of(row, row + all.columns, [](double x) { return std::isnan(x); });
    }
    part.lookback = dataset_.lookback;
    part.x.columns = all.columns;
    if (dataset_.lookback > 0) {
      take_windows(part, set, table, all, complete);
    } else {
      take_rows(part, set, table, std::move(all), complete);
    }
    take_labels(part, level);
  }

  static void copy_row(const Matrix& all, std::size_t index, FoldPart& part) {
    const double* row = all.row(static_cast<std::int64_t>(index));
    part.x.values.insert(part.x.values.end(), row, row + all.columns);
    ++part.x.rows;
  }
  static void take_rows(FoldPart& part, const Rows& set, const InputTable& table, Matrix all, const std::vector<std::uint8_t>& complete) {
    part.x = std::move(all);
    std::vector<double>& values = part.x.values;
    const auto columns = static_cast<std::size_t>(part.x.columns);
    std::size_t at = 0, taken = 0;
    part.row.reserve(set.size());
    for (const std::int64_t row : set) {  // in place: rows only move towards the front
      while (table.row[at] != row) ++at;
      if (complete[at] == 0) {
        part.not_forecast.push_back(row);
        continue;
      }
      part.row.push_back(row);
      if (taken != at) std::copy_n(values.data() + at * columns, columns, values.data() + taken * columns);
      ++taken;
    }
    part.x.rows = static_cast<std::int64_t>(taken);
    values.resize(taken * columns);
    if (values.capacity() / 8 * 7 > values.size()) values.shrink_to_fit();
  }

  // Windows are runs of consecutive rows of one entity and segment, all of them visible.
  void take_windows(FoldPart& part, const Rows& set, const InputTable& table, const Matrix& all,
                    const std::vector<std::uint8_t>& complete) const {
    std::vector<std::size_t> order(table.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return table.entity[a] < table.entity[b]; });
    const std::vector<std::uint8_t> wanted = flags(table.row, set);
    const auto segment = [&](std::size_t i) {
      return dataset_.segment.empty() ? 0 : dataset_.segment[static_cast<std::size_t>(table.row[i])];
    };
    std::vector<std::int64_t> full_at(table.rows(), 0);  // 1 + place in `order` of windows that are full
    std::vector<std::uint8_t> needed(table.rows(), 0);
    std::int64_t run = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::size_t now = order[k];
      const bool follows = k > 0 && run > 0 && table.entity[order[k - 1]] == table.entity[now] && segment(order[k - 1]) == segment(now) &&
                           table.position[order[k - 1]] + 1 == table.position[now];
      run = complete[now] == 0 ? 0 : follows ? run + 1 : 1;
      if (wanted[now] == 0 || run < dataset_.lookback) continue;
      full_at[now] = static_cast<std::int64_t>(k) + 1;
      for (std::int64_t back = 0; back < dataset_.lookback; ++back) needed[order[k - static_cast<std::size_t>(back)]] = 1;
    }
    std::vector<std::int64_t> place(table.rows(), -1);
    for (const std::size_t i : order) {
      if (needed[i] == 0) continue;
      place[i] = part.x.rows;
      copy_row(all, i, part);
    }
    for (std::size_t i = 0; i < table.rows(); ++i) {
      if (wanted[i] == 0) continue;
      if (full_at[i] == 0) {
        part.not_forecast.push_back(table.row[i]);
      } else {
        part.row.push_back(table.row[i]);
        part.window_end.push_back(place[i]);
      }
    }
  }

  template <class T>
  static std::vector<T> picked(std::span<const T> values, const Rows& rows) {
    std::vector<T> result;
    if (values.empty()) return result;
    result.reserve(rows.size());
    for (const std::int64_t row : rows) result.push_back(values[static_cast<std::size_t>(row)]);
    return result;
  }
  void take_labels(FoldPart& part, int level) const {
    part.horizons = dataset_.horizon_count();
    if (dataset_.horizons.empty()) part.y = picked<double>(dataset_.y, part.row);
    for (const HorizonLabels& h : dataset_.horizons) append(part.y, picked<double>(h.y, part.row));
    part.group = picked<std::int64_t>(dataset_.group, part.row);
    part.entity = picked<std::int32_t>(dataset_.frame.entity(), part.row);
    if (!dataset_.has_time()) return;
    part.time = picked<TimeNs>(dataset_.frame.known_at(), part.row);
    part.segment = picked<std::int32_t>(dataset_.segment, part.row);
    std::vector<std::uint8_t> unseen(hidden_.size());
    std::transform(hidden_.begin(), hidden_.end(), unseen.begin(),
                   [level](std::uint8_t h) { return static_cast<std::uint8_t>(h > level); });
    const auto take = [&](const std::vector<double>& y, const std::vector<TimeNs>& label_end) {
      append(part.label_end, picked<TimeNs>(label_end, part.row));
      append(part.last_known_target, picked<double>(last_known(dataset_.frame, y, label_end, unseen), part.row));
    };
    if (dataset_.horizons.empty()) take(dataset_.y, dataset_.label_end);
    for (const HorizonLabels& h : dataset_.horizons) take(h.y, h.label_end);
  }
  template <class T>
  static void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  std::vector<double> naive_mae() const {
    const FoldPart& train = data_.train;
    std::vector<double> mean;
    for (std::int64_t h = 0; h < train.horizons; ++h) {
      double sum = 0;
      std::int64_t count = 0;
      for (auto i = static_cast<std::size_t>(h * train.rows()); i < static_cast<std::size_t>((h + 1) * train.rows()); ++i) {
        if (train.last_known_target.empty()) break;
        const double change = std::fabs(train.y[i] - train.last_known_target[i]);
        if (std::isnan(change)) continue;
        sum += change;
        ++count;
      }
      mean.push_back(count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count));
    }
    return mean;
  }

  const Dataset& dataset_;
  const Fold& fold_;
  const Folds& all_;
  const Recipe& recipe_;
  bool history_;
  data::Frame frame_;  // with the fitted features' columns
  std::vector<std::uint8_t> hidden_, no_history_;
  FoldData data_;
};

}  // namespace

double FoldPart::coverage() const {
  const double all = static_cast<double>(row.size() + not_forecast.size());
  return all == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(row.size()) / all;
}

void keep_first_horizon(FoldPart& part) {
  const auto rows = static_cast<std::size_t>(part.rows());
  part.horizons = 1;
  part.y.resize(rows);
  if (!part.label_end.empty()) part.label_end.resize(rows);
  if (!part.last_known_target.empty()) part.last_known_target.resize(rows);
}

FoldData assemble_fold(const Dataset& dataset, const Fold& fold, const Folds& all, const Recipe& recipe) {
  return Assembler(dataset, fold, all, recipe).assemble();
}

}  // namespace assay::pipeline
