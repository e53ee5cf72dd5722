// recursive_elimination: a model is fitted, the inputs that it needs least leave, and so on. Learned of each input: its importance when it
// was last judged (NaN: it never was), 1 where it stays, and its place: 1 for the last one to go, or to stay (Guyon et al., Machine
// Learning 46, 2002).
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/input_judge.hpp"
#include "pipeline/selection.hpp"

namespace assay::pipeline {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kPlace = 2;

class Elimination {
 public:
  Elimination(const TrainRows& rows, FittedStep& fitted)
      : rows_(rows),
        fitted_(fitted),
        model_(component_param(fitted.how, "model")),
        keep_(static_cast<std::size_t>(number_param(fitted.how, "keep"))),
        step_(number_param(fitted.how, "step")),
        left_(fitted.columns.size()) {
    std::iota(left_.begin(), left_.end(), std::size_t{0});
    for (FittedColumn& entry : fitted.columns) entry.learned = {kNaN, 1, 1};
  }

  void run() {
    if (left_.empty() || left_.size() <= keep_) return;
    part_rows();
    std::vector<std::size_t> best = left_;
    double best_score = -std::numeric_limits<double>::infinity();
    for (const std::size_t least = std::max<std::size_t>(1, keep_);;) {
      const Judgement judgement = judge(left_.size() > least);
      if (judgement.score >= best_score) best = left_, best_score = judgement.score;  // of equals the fewer
      if (left_.size() <= least) break;
      eliminate(judgement.importance, std::min(step(), left_.size() - least));
      if (keep_ > 0 && left_.size() == keep_) break;  // nobody asks what they score
    }
    std::sort(left_.begin(), left_.end(), [&](std::size_t a, std::size_t b) { return score_of(a) > score_of(b); });
    for (std::size_t k = 0; k < left_.size(); ++k) fitted_.columns[left_[k]].learned[kPlace] = static_cast<double>(k + 1);
    if (keep_ > 0) best = left_;
    for (FittedColumn& entry : fitted_.columns) entry.learned[kStays] = 0;
    for (const std::size_t i : best) fitted_.columns[i].learned[kStays] = 1;
  }

 private:
  double score_of(std::size_t i) const { return fitted_.columns[i].learned[kScore]; }
  bool permutes() const { return text_param(fitted_.how, "importance") == "permutation"; }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(number_param(fitted_.how, "seed")); }

  void part_rows() {
    ASSAY_CHECK(rows_.inner != nullptr, "a selection that asks models is made within a fold");
    if (keep_ == 0 || permutes() || rows_.inner->models().wants_held_out(model_)) {
      parted_ = rows_.inner->hold_out(rows_.table, rows_.train, number_param(fitted_.how, "holdout"), seed());
    } else {
      parted_.train.assign(rows_.train.begin(), rows_.train.end());
      parted_.held_out.assign(rows_.train.size(), 0);
    }
  }

  // A count, or below 1 a share of those that are left.
  std::size_t step() const {
    return step_ >= 1 ? static_cast<std::size_t>(step_)
                      : std::max<std::size_t>(1, static_cast<std::size_t>(step_ * static_cast<double>(left_.size())));
  }

  // Of those left, by the model that sees them and all inputs that this selection does not judge.
  Judgement judge(bool with_importance) const {
    std::vector<std::uint8_t> there(rows_.table.columns.size(), 1);
    for (const FittedColumn& entry : fitted_.columns) there[index_of(rows_.table, entry.name)] = 0;
    for (const std::size_t i : left_) there[index_of(rows_.table, fitted_.columns[i].name)] = 1;
    InputTable table = without_values(rows_.table);
    for (std::size_t c = 0; c < there.size(); ++c) {
      if (there[c] == 0) continue;
      table.columns.push_back(rows_.table.columns[c]);
      table.values.push_back(rows_.table.values[c]);
    }
    std::vector<std::size_t> places;
    for (const std::size_t i : left_) places.push_back(index_of(table, fitted_.columns[i].name));
    const Question question{model_, seed(), with_importance,
                            permutes() ? static_cast<std::int64_t>(number_param(fitted_.how, "permutations")) : 0};
    Judgement judgement = rows_.inner->judge(question, std::move(table), parted_);
    if (!with_importance) return judgement;
    ASSAY_CHECK(judgement.importance.size() == static_cast<std::size_t>(std::count(there.begin(), there.end(), 1)),
                "a judge tells of every input");
    std::vector<double> importance;
    for (const std::size_t at : places) importance.push_back(judgement.importance[at]);
    judgement.importance = std::move(importance);
    return judgement;
  }

  static InputTable without_values(const InputTable& table) {
    InputTable keys;
    keys.row = table.row;
    keys.entity = table.entity;
    keys.entity_names = table.entity_names;
    keys.position = table.position;
    keys.time = table.time;
    return keys;
  }

  // Of equals the later one goes first, so that the order of the file decides.
  void eliminate(const std::vector<double>& importance, std::size_t count) {
    for (std::size_t k = 0; k < left_.size(); ++k) fitted_.columns[left_[k]].learned[kScore] = importance[k];
    std::vector<std::size_t> order(left_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return importance[a] > importance[b]; });
    for (std::size_t k = left_.size() - count; k < left_.size(); ++k)
      fitted_.columns[left_[order[k]]].learned[kPlace] = static_cast<double>(k + 1);
    order.resize(left_.size() - count);
    std::sort(order.begin(), order.end());
    for (std::size_t k = 0; k < order.size(); ++k) left_[k] = left_[order[k]];
    left_.resize(order.size());
  }

  const TrainRows& rows_;
  FittedStep& fitted_;
  config::Component model_;
  std::size_t keep_;
  double step_;
  std::vector<std::size_t> left_;  // places in fitted_.columns
  InnerRows parted_;
};

void learn_recursive_elimination(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) { Elimination(rows, fitted).run(); }

constexpr StepKind kKinds[] = {{"recursive_elimination", takes_all, learn_recursive_elimination, keep_chosen}};

}  // namespace

std::span<const StepKind> recursive_selection_steps() { return kKinds; }

}  // namespace assay::pipeline
