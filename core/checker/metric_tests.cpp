// How a metric behaves: its value may depend on the rows, not on their order, and is undefined where it is undefined.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/calendar.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "checker/input_memory.hpp"
#include "checker/sample_table.hpp"
#include "checker/sample_training.hpp"
#include "checker/subject.hpp"
#include "plugin/metric.hpp"

namespace assay::checker {
namespace {

// Predictions beside their truth.
struct Scores {
  std::uint32_t task = ASSAY_TASK_REGRESSION;
  std::vector<double> truth, value, decision, weight, last_known;  // weight may be empty
  std::vector<double> quantile;                                    // of kLevels, rows x levels; empty for classes
  std::vector<std::int64_t> time_ns;
  std::vector<std::int32_t> entity;
  std::int64_t outputs() const { return task == ASSAY_TASK_MULTICLASS ? 3 : 1; }

  Scores taken(std::span<const std::size_t> rows) const {
    Scores part;
    part.task = task;
    const auto width = static_cast<std::size_t>(outputs());
    for (const std::size_t row : rows) {
      part.truth.push_back(truth[row]);
      part.value.insert(part.value.end(), value.begin() + static_cast<std::ptrdiff_t>(row * width),
                        value.begin() + static_cast<std::ptrdiff_t>((row + 1) * width));
      part.last_known.push_back(last_known[row]);
      part.time_ns.push_back(time_ns[row]);
      part.entity.push_back(entity[row]);
      if (!quantile.empty())
        for (std::size_t k = 0; k < kLevels.size(); ++k) part.quantile.push_back(quantile[row * kLevels.size() + k]);
      if (!decision.empty()) part.decision.push_back(decision[row]);
      if (!weight.empty()) part.weight.push_back(weight[row]);
    }
    return part;
  }
};

class ScoresView {
 public:
  explicit ScoresView(const Scores& s) : memory_((s.value.size() + s.quantile.size() + 6 * s.truth.size()) * sizeof(double) + 1024) {
    const auto put = [&](const std::vector<double>& values) {
      return values.empty() ? nullptr : memory_.put<double>(std::span<const double>(values));
    };
    raw_.struct_size = sizeof raw_;
    raw_.task = s.task;
    raw_.rows = static_cast<std::int64_t>(s.truth.size());
    raw_.n_classes = s.task == ASSAY_TASK_REGRESSION ? 0 : s.task == ASSAY_TASK_BINARY ? 2 : 3;
    raw_.truth = memory_.put<double>(std::span<const double>(s.truth));
    raw_.value = memory_.put<double>(std::span<const double>(s.value));
    raw_.n_outputs = s.outputs();
    raw_.decision = put(s.decision);
    raw_.weight = put(s.weight);
    raw_.time_ns = memory_.put<std::int64_t>(std::span<const std::int64_t>(s.time_ns));
    raw_.entity = memory_.put<std::int32_t>(std::span<const std::int32_t>(s.entity));
    raw_.last_known_target = put(s.last_known);
    raw_.naive_mae = 1.1;
    if (s.quantile.empty() && !s.truth.empty()) return;
    raw_.quantile = memory_.put<double>(std::span<const double>(s.quantile));
    raw_.levels = kLevels.data();
    raw_.n_levels = std::ssize(kLevels);
  }
  const assay_scored& raw() const { return raw_; }
  void protect() { memory_.protect(); }

 private:
  InputMemory memory_;
  assay_scored raw_{};
};

void decide(Scores& s) {
  s.decision.clear();
  if (s.task == ASSAY_TASK_REGRESSION) return;
  for (std::size_t row = 0; row < s.truth.size(); ++row) {
    const auto of_row =
        std::span<const double>(s.value).subspan(row * static_cast<std::size_t>(s.outputs()), static_cast<std::size_t>(s.outputs()));
    const auto best = std::max_element(of_row.begin(), of_row.end()) - of_row.begin();
    s.decision.push_back(s.task == ASSAY_TASK_BINARY ? (of_row[0] >= 0.5 ? 1 : 0) : static_cast<double>(best));
  }
}

// quality 1: as good as can be; 0: has nothing to do with the truth. steps > 0: predictions in so many steps, so that many are equal.
Scores sample_scores(std::uint32_t task, double quality, std::uint64_t seed, std::size_t rows = 200, int steps = 0) {
  Random random(SeedTree(seed).child("scores"));
  Scores s;
  s.task = task;
  const auto blend = [&](double right, double noise) {
    const double value = quality * right + (1 - quality) * noise;
    return steps > 0 ? std::round(value * steps) / steps : value;
  };
  for (std::size_t row = 0; row < rows; ++row) {
    if (task == ASSAY_TASK_REGRESSION) {
      s.truth.push_back(random.normal());
      s.value.push_back(blend(s.truth.back(), random.normal()));
      for (const double z : {-1.645, -0.674, 0.0, 0.674, 1.645}) s.quantile.push_back(s.value.back() + 0.07 * z);  // of kLevels
    } else if (task == ASSAY_TASK_BINARY) {
      s.truth.push_back(random.uniform() < 0.4 ? 1 : 0);
      s.value.push_back(blend(s.truth.back() == 1 ? 0.99 : 0.01, 0.02 + 0.96 * random.uniform()));
    } else {
      s.truth.push_back(static_cast<double>(random.below(3)));
      double p[3] = {0.05 + random.uniform(), 0.05 + random.uniform(), 0.05 + random.uniform()};
      const double sum = p[0] + p[1] + p[2];
      for (int k = 0; k < 3; ++k) s.value.push_back(quality * (s.truth.back() == k ? 0.98 : 0.01) + (1 - quality) * p[k] / sum);
    }
    s.last_known.push_back(random.normal());
    s.time_ns.push_back(static_cast<std::int64_t>(row / 20) * kNsPerDay);  // 20 entities at each date
    s.entity.push_back(static_cast<std::int32_t>(row % 20));
  }
  decide(s);
  return s;
}

plugin::Metric make_metric(const Subject& subject) { return {*subject.component, subject.params, {}}; }

std::vector<double> score(const plugin::Metric& metric, const Scores& scores, bool protect = false) {
  Scores of_one_date;
  if (metric.needs(ASSAY_METRIC_BY_DATE)) {  // the host calls it date by date
    of_one_date = scores;
    std::fill(of_one_date.time_ns.begin(), of_one_date.time_ns.end(), 0);
  }
  ScoresView view(metric.needs(ASSAY_METRIC_BY_DATE) ? of_one_date : scores);
  if (protect) view.protect();
  return metric.score(view.raw(), {});
}

std::vector<std::uint32_t> tasks_of_metric(const plugin::Metric& metric) {
  std::vector<std::uint32_t> tasks;
  for (const std::uint32_t task : {ASSAY_TASK_REGRESSION, ASSAY_TASK_BINARY, ASSAY_TASK_MULTICLASS})
    if ((metric.tasks() & task) != 0) tasks.push_back(task);
  expect(!tasks.empty(), "it declares no task");
  return tasks;
}

void expect_same(const std::vector<double>& a, const std::vector<double>& b, const std::string& otherwise) {
  for (std::size_t i = 0; i < a.size(); ++i)
    expect((std::isnan(a[i]) && std::isnan(b[i])) || std::abs(a[i] - b[i]) <= 1e-9 * (1 + std::abs(a[i])),
           fmt::format("{}: {:.10g} became {:.10g}", otherwise, a[i], b[i]));
}

Outcome scores(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const double value = score(metric, sample_scores(task, 0.5, subject.seed)).at(0);
    expect(std::isfinite(value), fmt::format("{}: undefined (NaN) on 200 ordinary rows", task_name(task)));
  }
  return {};
}

Outcome direction(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  if (metric.direction() == ASSAY_METRIC_NO_DIRECTION) skip("declares no direction");
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const double good = score(metric, sample_scores(task, 0.95, subject.seed)).at(0),
                 bad = score(metric, sample_scores(task, 0, subject.seed)).at(0);
    expect((good - bad) * metric.direction() > 0,
           fmt::format("{}: is said to be better when {}, but nearly perfect forecasts score {:.6g} and random ones {:.6g}",
                       task_name(task), metric.direction() > 0 ? "higher" : "lower", good, bad));
  }
  return {};
}

Outcome in_any_order(Subject& subject, int steps, const char* otherwise) {
  const plugin::Metric metric = make_metric(subject);
  Random random(SeedTree(subject.seed).child("order"));
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const Scores sample = sample_scores(task, 0.5, subject.seed, 200, steps);
    const std::vector<double> whole = score(metric, sample);
    std::vector<std::size_t> rows(sample.truth.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    for (int round = 0; round < 10; ++round) {
      random.shuffle(std::span<std::size_t>(rows));
      expect_same(whole, score(metric, sample.taken(rows)), fmt::format("{}: {}", task_name(task), otherwise));
    }
  }
  return {};
}

Outcome order_free(Subject& subject) { return in_any_order(subject, 0, "the value changes with the order of the rows"); }
Outcome ties(Subject& subject) {
  return in_any_order(subject, 4, "among equal predictions the value changes with the order of the rows: it breaks ties");
}

// One class or one value only, a constant forecast, one row, none: a number or NaN, and NaN where there is nothing at all.
Outcome undefined(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const Scores sample = sample_scores(task, 0.5, subject.seed, 40);
    Scores one_class = sample, constant = sample;
    std::fill(one_class.truth.begin(), one_class.truth.end(), 1.0);
    for (std::size_t i = 0; i < constant.value.size(); ++i)
      constant.value[i] = task == ASSAY_TASK_MULTICLASS ? (i % 3 == 0 ? 0.5 : 0.25) : 0.5;
    decide(constant);
    Scores both = constant;
    both.truth = one_class.truth;
    const std::size_t row = 0;
    for (const Scores& odd : {one_class, constant, both, sample.taken(std::span(&row, 1))})
      score(metric, odd);  // infinite is refused by the owner
    try {
      const std::vector<double> values = score(metric, sample.taken({}));
      const double nothing = values.at(0);
      const bool counts = values.size() > 1 && metric.direction() == ASSAY_METRIC_NO_DIRECTION;  // a table may count to zero
      expect(std::isnan(nothing) || (counts && nothing == 0),
             fmt::format("{}: scores {} on no rows at all; that is undefined (NaN)", task_name(task), nothing));
    } catch (const plugin::ComponentError&) {
    }
  }
  return {};
}

Outcome weights(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const Scores plain = sample_scores(task, 0.5, subject.seed);
    Scores weighted = plain;
    weighted.weight.assign(plain.truth.size(), 1.0);
    expect_same(score(metric, plain), score(metric, weighted), fmt::format("{}: weights of one change the value", task_name(task)));
  }
  return {};
}

Outcome same_bits_again(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  for (const std::uint32_t task : tasks_of_metric(metric)) {
    const Scores sample = sample_scores(task, 0.5, subject.seed), other = sample_scores(task, 0.2, subject.seed + 1, 77);
    const std::vector<double> first = score(metric, sample);
    score(metric, other);
    expect(same_bits(first, score(metric, sample)),
           "the same rows score different bits after others were scored: it keeps something between calls");
    on_threads(8, [&](unsigned) {
      for (int i = 0; i < 40; ++i) expect(same_bits(score(metric, sample), first), "values differ when 8 threads score at once");
    });
  }
  return {};
}

Outcome input_untouched(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  for (const std::uint32_t task : tasks_of_metric(metric)) score(metric, sample_scores(task, 0.5, subject.seed), true);
  return {};
}

// What a metric of a well-known name is on two small samples, by scikit-learn 1.2 and scipy 1.10 (smape and bias by their definitions).
// Regression: truth 1 2 3 4, forecast 1.5 2 2 5. Binary: truth 1 0 1 1 0 0 1 0, P(1) .9 .4 .6 .3 .2 .6 .1 .3, decided at 0.5.
struct Known {
  const char* name;
  std::uint32_t task;
  double value;
};
constexpr Known kKnown[] = {{"mse", ASSAY_TASK_REGRESSION, 0.5625},
                            {"rmse", ASSAY_TASK_REGRESSION, 0.75},
                            {"mae", ASSAY_TASK_REGRESSION, 0.625},
                            {"r2", ASSAY_TASK_REGRESSION, 0.55},
                            {"bias", ASSAY_TASK_REGRESSION, 0.125},
                            {"smape", ASSAY_TASK_REGRESSION, 0.25555555555555554},
                            {"ic", ASSAY_TASK_REGRESSION, 0.8468017304727873},
                            {"rank_ic", ASSAY_TASK_REGRESSION, 0.9486832980505139},
                            {"accuracy", ASSAY_TASK_BINARY, 0.625},
                            {"precision", ASSAY_TASK_BINARY, 2.0 / 3},
                            {"recall", ASSAY_TASK_BINARY, 0.5},
                            {"f1", ASSAY_TASK_BINARY, 4.0 / 7},
                            {"auc", ASSAY_TASK_BINARY, 0.5625},
                            {"gini", ASSAY_TASK_BINARY, 0.125},
                            {"ks", ASSAY_TASK_BINARY, 0.25},
                            {"brier", ASSAY_TASK_BINARY, 0.265},
                            {"log_loss", ASSAY_TASK_BINARY, 0.7662098609546109}};

Scores known_sample(std::uint32_t task) {
  Scores s;
  s.task = task;
  const bool binary = task == ASSAY_TASK_BINARY;
  s.truth = binary ? std::vector<double>{1, 0, 1, 1, 0, 0, 1, 0} : std::vector<double>{1, 2, 3, 4};
  s.value = binary ? std::vector<double>{0.9, 0.4, 0.6, 0.3, 0.2, 0.6, 0.1, 0.3} : std::vector<double>{1.5, 2, 2, 5};
  for (std::size_t row = 0; row < s.truth.size(); ++row) {
    s.last_known.push_back(0);
    s.time_ns.push_back(0);
    s.entity.push_back(static_cast<std::int32_t>(row));
  }
  decide(s);
  return s;
}

// A parameter may change what a metric is: the value holds for the defaults, which is what a reader takes the name for.
Outcome known_values(Subject& subject) {
  const plugin::Metric metric = make_metric(subject);
  const std::string& id = subject.spec().id;
  const std::string name = id.substr(id.rfind('.') + 1);
  for (const Known& known : kKnown) {
    if (name != known.name || (metric.tasks() & known.task) == 0) continue;
    const double value = score(metric, known_sample(known.task)).at(0);
    expect(std::abs(value - known.value) <= 1e-9,
           fmt::format("is called {}, which on a known sample is {:.10g}, but gives {:.10g}", name, known.value, value));
    return {Status::pass, fmt::format("{:.6g}, as it should be", value)};
  }
  return {Status::pass, "no metric of that name is known"};
}

}  // namespace

const std::vector<Test>& metric_tests() {
  static const std::vector<Test> tests = {
      {"metric", "scores", "it gives a number on ordinary rows", "param_defaults", scores},
      {"metric", "quiet", "it prints nothing", "scores", scores},
      {"metric", "known_values", "a metric with a well-known name has the value that it is known to have", "scores", known_values},
      {"metric", "direction", "better forecasts score better, in the direction that it declares", "scores", direction},
      {"metric", "order_free", "the order of rows does not count", "scores", order_free},
      {"metric", "ties", "nor does it among equal predictions", "order_free", ties},
      {"metric", "undefined", "one class, constant forecasts, one row, no rows: a number or NaN, never infinite", "scores", undefined},
      {"metric", "weights", "weights of one change nothing", "scores", weights},
      {"metric", "same_bits_again", "asked again, from 8 threads too, it gives the same bits", "scores", same_bits_again},
      {"metric", "input_untouched", "it does not write to its inputs", "scores", input_untouched},
  };
  return tests;
}

}  // namespace assay::checker
