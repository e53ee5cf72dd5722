// l1_path: inputs stay in the order in which a linear or logistic model with a falling L1 penalty takes them up. Learned of each input: the
// penalty at which it came in (0: never), 1 where it stays, and its weight at the last penalty, per deviation of the train rows.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/input_judge.hpp"
#include "pipeline/selection.hpp"
#include "stats/l1_path.hpp"

namespace assay::pipeline {

namespace {

constexpr std::size_t kWeight = 2;

// The judged columns over some rows of the table, those that lack one left out.
struct Design {
  std::vector<std::vector<double>> columns;
  std::vector<double> y;
};

Design design_of(const TrainRows& rows, const FittedStep& fitted, std::span<const std::uint8_t> among) {
  std::vector<const std::vector<double>*> from;
  for (const FittedColumn& entry : fitted.columns) from.push_back(&rows.table.values[index_of(rows.table, entry.name)]);
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < among.size(); ++i) {
    if (among[i] != 0 && std::none_of(from.begin(), from.end(), [&](const auto* values) { return std::isnan((*values)[i]); }))
      taken.push_back(i);
  }
  if (taken.empty())
    throw Error(Fault::data, "l1_path", fmt::format("no train row has all of the {} inputs", from.size()),
                "put a `missing` step before it");
  Design design;
  for (const auto* values : from) {
    design.columns.emplace_back();
    for (const std::size_t i : taken) design.columns.back().push_back((*values)[i]);
  }
  for (const std::size_t i : taken) design.y.push_back(rows.labels.y[i]);
  return design;
}

struct Standard {
  std::vector<Spread> of;
  explicit Standard(const Design& design) {
    for (const auto& column : design.columns) of.push_back(spread_by("standard", column));
  }
  void apply(Design& design) const {
    for (std::size_t c = 0; c < of.size(); ++c)
      for (double& x : design.columns[c]) x = of[c].width > 0 ? (x - of[c].centre) / of[c].width : 0;
  }
};

double loss_of(const stats::L1Model& model, const Design& design, stats::L1Loss loss) {
  double sum = 0;
  for (std::size_t i = 0; i < design.y.size(); ++i) {
    double f = model.intercept();
    for (std::size_t c = 0; c < design.columns.size(); ++c)
      if (model.weights()[c] != 0) f += model.weights()[c] * design.columns[c][i];
    const double margin = design.y[i] == 1 ? f : -f;
    sum += loss == stats::L1Loss::squared ? (design.y[i] - f) * (design.y[i] - f)
           : margin > 0                   ? std::log1p(std::exp(-margin))
                                          : std::log1p(std::exp(margin)) - margin;
  }
  return sum;
}

class L1Selection {
 public:
  L1Selection(const TrainRows& rows, FittedStep& fitted)
      : rows_(rows),
        fitted_(fitted),
        loss_(rows.labels.task == config::Task::regression ? stats::L1Loss::squared : stats::L1Loss::logistic),
        keep_(static_cast<std::size_t>(number_param(fitted.how, "keep"))),
        count_(static_cast<std::size_t>(number_param(fitted.how, "penalties"))) {}

  void run() {
    for (FittedColumn& entry : fitted_.columns) entry.learned = {0, 0, 0};
    if (fitted_.columns.empty()) return;
    Design design = design_of(rows_, fitted_, rows_.train);
    if (!can_learn(design)) return;
    Standard(design).apply(design);
    const std::vector<stats::Column> columns(design.columns.begin(), design.columns.end());
    stats::L1Model model(columns, design.y, loss_);
    const std::vector<double> penalties = keep_ > 0 ? falling(model.largest_penalty()) : up_to_best();
    std::vector<std::size_t> order;  // as they came in
    for (const double penalty : penalties) {
      model.fit(penalty);
      come_in(model, penalty, order);
      if (keep_ > 0 && order.size() >= keep_) break;
    }
    for (std::size_t c = 0; c < fitted_.columns.size(); ++c) fitted_.columns[c].learned[kWeight] = model.weights()[c];
    if (keep_ > 0) {
      for (std::size_t k = 0; k < std::min(keep_, order.size()); ++k) fitted_.columns[order[k]].learned[kStays] = 1;
    } else {
      for (FittedColumn& entry : fitted_.columns) entry.learned[kStays] = entry.learned[kWeight] != 0;
    }
  }

 private:
  bool can_learn(const Design& design) const {
    return std::any_of(design.y.begin(), design.y.end(), [&](double y) { return y != design.y.front(); });
  }

  std::vector<double> falling(double largest) const {
    std::vector<double> penalties;
    const double ratio = number_param(fitted_.how, "ratio");
    for (std::size_t k = 0; k < count_; ++k)
      penalties.push_back(largest * std::pow(ratio, static_cast<double>(k) / static_cast<double>(std::max<std::size_t>(1, count_ - 1))));
    return penalties;
  }

  // Those of a model of some of the train rows, until the one whose forecasts of the others are best; of equals the larger.
  std::vector<double> up_to_best() const {
    ASSAY_CHECK(rows_.inner != nullptr, "a selection that holds rows out is made within a fold");
    const auto seed = static_cast<std::uint64_t>(number_param(fitted_.how, "seed"));
    const InnerRows parts = rows_.inner->hold_out(rows_.table, rows_.train, number_param(fitted_.how, "holdout"), seed);
    Design design = design_of(rows_, fitted_, parts.train), held_out = design_of(rows_, fitted_, parts.held_out);
    if (!can_learn(design)) return {};
    const Standard standard(design);
    standard.apply(design);
    standard.apply(held_out);
    const std::vector<stats::Column> columns(design.columns.begin(), design.columns.end());
    stats::L1Model model(columns, design.y, loss_);
    std::vector<double> penalties = falling(model.largest_penalty());
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < penalties.size(); ++k) {
      model.fit(penalties[k]);
      const double loss = loss_of(model, held_out, loss_);
      if (loss < least) best = k, least = loss;
    }
    penalties.resize(best + 1);
    return penalties;
  }

  // Those that come in at once stand by the size of their weights.
  void come_in(const stats::L1Model& model, double penalty, std::vector<std::size_t>& order) {
    const std::size_t before = order.size();
    for (std::size_t c = 0; c < fitted_.columns.size(); ++c) {
      if (model.weights()[c] == 0 || fitted_.columns[c].learned[kScore] != 0) continue;
      fitted_.columns[c].learned[kScore] = penalty;
      order.push_back(c);
    }
    std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(before), order.end(),
                     [&](std::size_t a, std::size_t b) { return std::fabs(model.weights()[a]) > std::fabs(model.weights()[b]); });
  }

  const TrainRows& rows_;
  FittedStep& fitted_;
  stats::L1Loss loss_;
  std::size_t keep_, count_;
};

void learn_l1_path(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  if (rows.labels.task == config::Task::multiclass)
    throw Error(Fault::data, "l1_path", "it fits numbers or two classes, and the target has more", "use recursive_elimination");
  L1Selection(rows, fitted).run();
}

constexpr StepKind kKinds[] = {{"l1_path", takes_plain, learn_l1_path, keep_chosen}};

}  // namespace

std::span<const StepKind> l1_selection_steps() { return kKinds; }

}  // namespace assay::pipeline
