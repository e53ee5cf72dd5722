// Metrics of decisions and probabilities. A class is its number; in a binary problem class 1 is the positive one. Rules for ties, empty
// cells and averages: docs/metrics.md. Each struct is stateless apart from its parameters, so it may score on several threads at once.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "mean.hpp"
#include "stats/roc.hpp"

namespace metrics {

// How the classes of a multiclass problem become one number. A binary problem scores its positive class.
enum class Average { macro, weighted, micro };

struct Averaged {
  Average average = Average::macro;

  template <class T>
  static void declare(assay::Params<T>& p) {
    p.template choice<&T::average>("average",
                                   "Multiclass only: mean over classes (macro), weighted by how often each occurs (weighted), or all rows "
                                   "pooled (micro)",
                                   {"macro", "weighted", "micro"})
        .not_tunable();
  }
};

struct ClassCounts {
  double hits = 0, decided = 0, occurring = 0;  // truth and decision; decision; truth
};

inline std::vector<ClassCounts> count_classes(const assay::Scored& rows) {
  if (rows.size() > 0 && rows.decision().empty()) throw assay::bad_input("this metric needs decisions, and the rows have none");
  std::vector<ClassCounts> counts(static_cast<std::size_t>(std::max<std::int64_t>(rows.classes(), 2)));
  for (std::size_t i = 0; i < rows.truth().size(); ++i) {
    const double weight = weight_of(rows, i);
    counts.at(static_cast<std::size_t>(rows.truth()[i])).occurring += weight;
    counts.at(static_cast<std::size_t>(rows.decision()[i])).decided += weight;
    if (rows.truth()[i] == rows.decision()[i]) counts[static_cast<std::size_t>(rows.truth()[i])].hits += weight;
  }
  return counts;
}

// One class's value by `of`, or the average over classes. In an average, a class that occurs or is decided but whose own value is undefined
// counts as 0 (leaving it out would reward a model that never decides for it); one that does neither is left out.
template <class Of>
double over_classes(const assay::Scored& rows, Average average, Of of) {
  const auto counts = count_classes(rows);
  if (rows.task() == assay::Task::binary) return of(counts[1]);
  double sum = 0, total = 0;
  ClassCounts pooled;
  for (const auto& c : counts) {
    pooled.hits += c.hits;
    pooled.decided += c.decided;
    pooled.occurring += c.occurring;
    if (c.occurring <= 0 && c.decided <= 0) continue;
    const double weight = average == Average::weighted ? c.occurring : 1, value = of(c);
    sum += weight * (std::isnan(value) ? 0 : value);
    total += weight;
  }
  return average == Average::micro ? of(pooled) : ratio(sum, total);
}

struct Accuracy {
  double score(const assay::Scored& rows) const {
    if (rows.size() > 0 && rows.decision().empty()) throw assay::bad_input("this metric needs decisions, and the rows have none");
    return mean(rows, [&](std::size_t i) { return rows.truth()[i] == rows.decision()[i] ? 1.0 : 0.0; });
  }
};

struct Precision : Averaged {
  static void params(assay::Params<Precision>& p) { declare(p); }
  double score(const assay::Scored& rows) const {
    return over_classes(rows, average, [](const ClassCounts& c) { return ratio(c.hits, c.decided); });
  }
};

struct Recall : Averaged {
  static void params(assay::Params<Recall>& p) { declare(p); }
  double score(const assay::Scored& rows) const {
    return over_classes(rows, average, [](const ClassCounts& c) { return ratio(c.hits, c.occurring); });
  }
};

struct F1 : Averaged {
  static void params(assay::Params<F1>& p) { declare(p); }
  double score(const assay::Scored& rows) const {
    return over_classes(rows, average, [](const ClassCounts& c) { return ratio(2 * c.hits, c.occurring + c.decided); });
  }
};

struct Confusion {
  static constexpr std::array kNames{"true_positives", "false_positives", "false_negatives", "true_negatives"};

  void score(const assay::Scored& rows, std::span<double> values) const {
    if (rows.size() > 0 && rows.decision().empty()) throw assay::bad_input("this metric needs decisions, and the rows have none");
    std::fill(values.begin(), values.end(), 0.0);
    for (std::size_t i = 0; i < rows.truth().size(); ++i) {
      const bool truth = rows.truth()[i] == 1, decided = rows.decision()[i] == 1;
      values[decided ? (truth ? 0 : 1) : (truth ? 2 : 3)] += weight_of(rows, i);
    }
  }
};

struct Auc : Averaged {
  static void params(assay::Params<Auc>& p) { declare(p); }
  double score(const assay::Scored& rows) const {
    if (rows.task() == assay::Task::binary) return assay::stats::auc(rows.truth(), rows.value(), rows.weight());
    return average == Average::micro ? pooled(rows) : one_against_rest(rows);
  }

 private:
  double one_against_rest(const assay::Scored& rows) const {
    const auto k = static_cast<std::size_t>(rows.outputs()), n = rows.truth().size();
    std::vector<double> is_class(n), score(n);
    double sum = 0, total = 0;
    for (std::size_t c = 0; c < k; ++c) {
      double occurring = 0;
      for (std::size_t i = 0; i < n; ++i) {
        is_class[i] = rows.truth()[i] == static_cast<double>(c) ? 1 : 0;
        score[i] = rows.value()[i * k + c];
        occurring += is_class[i] * weight_of(rows, i);
      }
      const double area = assay::stats::auc(is_class, score, rows.weight());
      if (std::isnan(area)) continue;  // a class that does not occur orders nothing
      const double weight = average == Average::weighted ? occurring : 1;
      sum += weight * area;
      total += weight;
    }
    return ratio(sum, total);
  }

  // Every (row, class) pair is one case: is it the row's class?
  static double pooled(const assay::Scored& rows) {
    const auto k = static_cast<std::size_t>(rows.outputs());
    std::vector<double> is_class(rows.value().size()), weight(rows.value().size());
    for (std::size_t i = 0; i < is_class.size(); ++i) {
      is_class[i] = rows.truth()[i / k] == static_cast<double>(i % k) ? 1 : 0;
      weight[i] = weight_of(rows, i / k);
    }
    return assay::stats::auc(is_class, rows.value(), weight);
  }
};

struct Gini {
  double score(const assay::Scored& rows) const { return 2 * assay::stats::auc(rows.truth(), rows.value(), rows.weight()) - 1; }
};

struct Ks {
  double score(const assay::Scored& rows) const { return assay::stats::ks(rows.truth(), rows.value(), rows.weight()); }
};

struct Brier {
  double score(const assay::Scored& rows) const {
    const auto k = static_cast<std::size_t>(rows.outputs());
    const bool binary = rows.task() == assay::Task::binary;
    return mean(rows, [&](std::size_t i) {
      double sum = 0;
      for (std::size_t c = 0; c < k; ++c) {
        const double happened = binary ? rows.truth()[i] : rows.truth()[i] == static_cast<double>(c) ? 1 : 0;
        sum += (rows.value()[i * k + c] - happened) * (rows.value()[i * k + c] - happened);
      }
      return sum;
    });
  }
};

struct LogLoss {
  double clip = 1e-15;
  static void params(assay::Params<LogLoss>& p) {
    p.real<&LogLoss::clip>("clip", "Probabilities are kept this far from 0 and 1, since the loss of a certainty that fails is infinite")
        .range(1e-16, 0.1)
        .not_tunable();
  }
  double score(const assay::Scored& rows) const {
    const auto k = static_cast<std::size_t>(rows.outputs());
    const bool binary = rows.task() == assay::Task::binary;
    return mean(rows, [&](std::size_t i) {
      const auto c = static_cast<std::size_t>(rows.truth()[i]);
      const double p = binary ? (c == 1 ? rows.value()[i] : 1 - rows.value()[i]) : rows.value()[i * k + c];
      return -std::log(std::clamp(p, clip, 1 - clip));
    });
  }
};

}  // namespace metrics
