// Inputs judged one by one: variance (score: the variance), information_value, mutual_information, f_test (F).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "pipeline/selection.hpp"
#include "stats/correlation.hpp"
#include "stats/distributions.hpp"

namespace assay::pipeline {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::size_t most_of(const FittedStep& fitted) { return static_cast<std::size_t>(number_param(fitted.how, "keep")); }

void learn_variance(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  const double above = number_param(fitted.how, "above");
  learn_each(rows, fitted, [&](const InputColumn&, const std::vector<double>& values, FittedColumn& entry) {
    const double width = values.empty() ? 0 : spread_by("standard", values).width;
    entry.learned = {width * width, width * width > above ? 1.0 : 0.0};
  });
}

// Sum of (share of events - share of others) * ln of their ratio; an empty cell counts half a row, so that no class decides alone.
double information_value(const std::vector<std::vector<double>>& counts) {
  double others = 0, events = 0, value = 0;
  for (const auto& cell : counts) others += cell[0], events += cell[1];
  if (others == 0 || events == 0) return kNaN;
  for (const auto& cell : counts) {
    if (cell[0] + cell[1] == 0) continue;
    const double of_others = std::max(cell[0], 0.5) / others, of_events = std::max(cell[1], 0.5) / events;
    value += (of_events - of_others) * std::log(of_events / of_others);
  }
  return value;
}

double mutual_information(const std::vector<std::vector<double>>& counts) {
  double n = 0, value = 0;
  std::vector<double> down(counts.empty() ? 0 : counts[0].size(), 0.0);
  for (const auto& cells : counts)
    for (std::size_t b = 0; b < cells.size(); ++b) n += cells[b], down[b] += cells[b];
  for (const auto& cells : counts) {
    double across = 0;
    for (const double c : cells) across += c;
    for (std::size_t b = 0; b < cells.size(); ++b)
      if (cells[b] > 0) value += cells[b] / n * std::log(cells[b] * n / (across * down[b]));
  }
  return value;
}

std::vector<int> target_classes(const TrainRows& rows, std::size_t bins) {
  const std::vector<double> y = train_labels(rows);
  if (rows.labels.task == config::Task::regression) return classes_by_quantile(y, bins);
  std::vector<int> classes;
  for (const double v : y) classes.push_back(static_cast<int>(v));
  return classes;
}

template <class Score>
void learn_by_table(const TrainRows& rows, FittedStep& fitted, const Score& score) {
  const auto bins = static_cast<std::size_t>(number_param(fitted.how, "bins"));
  const std::vector<int> target = target_classes(rows, bins);
  for (FittedColumn& entry : fitted.columns) {
    const InputColumn& column = rows.table.columns[index_of(rows.table, entry.name)];
    entry.learned = {score(cross_table(classes_of(column, train_values(rows, entry.name), bins), target)), 0};
  }
  settle(fitted, number_param(fitted.how, "min"), most_of(fitted));
}

void learn_information_value(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  if (rows.labels.task != config::Task::binary)
    throw Error(Fault::data, "information_value", "it tells two classes apart, and the target has others", "use mutual_information");
  learn_by_table(rows, fitted, information_value);
}

void learn_mutual_information(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  learn_by_table(rows, fitted, mutual_information);
}

struct FTest {
  double f = kNaN, p = kNaN;
};

FTest between_classes(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> sum, count;
  const double mean = mean_of(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto k = static_cast<std::size_t>(y[i]);
    if (k >= sum.size()) sum.resize(k + 1, 0.0), count.resize(k + 1, 0.0);
    sum[k] += x[i] - mean, count[k] += 1;
  }
  double between = 0, within = 0, classes = 0;
  for (std::size_t k = 0; k < sum.size(); ++k)
    if (count[k] > 0) between += sum[k] * sum[k] / count[k], classes += 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto k = static_cast<std::size_t>(y[i]);
    const double rest = x[i] - mean - sum[k] / count[k];
    within += rest * rest;
  }
  const double n = static_cast<double>(x.size());
  if (classes < 2 || n <= classes) return {};
  const double f = between / (classes - 1) / (within / (n - classes));
  return {f, stats::f_upper(f, classes - 1, n - classes)};
}

FTest straight_line(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 3) return {};
  const double r = stats::pearson(x, y), rest = static_cast<double>(x.size() - 2);
  const double f = r * r / (1 - r * r) * rest;
  return {f, stats::f_upper(f, 1, rest)};
}

void learn_f_test(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  const std::vector<double> labels = train_labels(rows);
  std::vector<double> p_values;
  for (FittedColumn& entry : fitted.columns) {
    const std::vector<double> values = train_values(rows, entry.name);
    std::vector<double> x, y;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) x.push_back(values[i]), y.push_back(labels[i]);
    }
    FTest test;
    if (!x.empty() && spread_by("standard", x).width > 0)
      test = rows.labels.task == config::Task::regression ? straight_line(x, y) : between_classes(x, y);
    entry.learned = {test.f, 0};
    p_values.push_back(test.p);
  }
  settle(fitted, 0, most_of(fitted));
  for (std::size_t k = 0; k < p_values.size(); ++k) {
    if (!(p_values[k] <= number_param(fitted.how, "level"))) fitted.columns[k].learned[kStays] = 0;
  }
}

constexpr StepKind kKinds[] = {{"variance", takes_plain, learn_variance, keep_chosen},
                               {"information_value", takes_all, learn_information_value, keep_chosen},
                               {"mutual_information", takes_all, learn_mutual_information, keep_chosen},
                               {"f_test", takes_plain, learn_f_test, keep_chosen}};

}  // namespace

std::span<const StepKind> selection_steps() { return kKinds; }

}  // namespace assay::pipeline
