// Metrics of forecasts of quantiles. What each means, and where it is undefined: docs/metrics.md. Pinball and interval scores are proper:
// the true quantiles have the best expected score (Gneiting and Raftery 2007). Each struct is stateless apart from its parameters, so it
// may score on several threads at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mean.hpp"

namespace metrics {

inline double pinball(double level, double truth, double quantile) {
  const double gap = truth - quantile;
  return gap >= 0 ? level * gap : (level - 1) * gap;
}

// Mean over rows of what body(row, level's number) gives, added up over the levels.
template <class Term>
double mean_over_levels(const assay::Scored& rows, const Term& term) {
  const auto levels = static_cast<std::int64_t>(rows.levels().size());
  return mean(rows, [&](std::size_t i) {
    double sum = 0;
    for (std::int64_t k = 0; k < levels; ++k) sum += term(static_cast<std::int64_t>(i), k);
    return sum;
  });
}

struct Pinball {
  double score(const assay::Scored& rows) const {
    const auto levels = rows.levels();
    const double share = 1 / static_cast<double>(levels.size());
    return mean_over_levels(rows, [&](std::int64_t i, std::int64_t k) {
      return share * pinball(levels[static_cast<std::size_t>(k)], rows.truth()[static_cast<std::size_t>(i)], rows.quantile(i, k));
    });
  }
};

// The integral over levels of twice the pinball loss is the CRPS; here each level stands for the levels that are nearest to it.
struct Crps {
  static std::vector<double> cells(std::span<const double> levels) {
    std::vector<double> widths;
    for (std::size_t k = 0; k < levels.size(); ++k) {
      const double from = k == 0 ? 0 : (levels[k - 1] + levels[k]) / 2, to = k + 1 == levels.size() ? 1 : (levels[k] + levels[k + 1]) / 2;
      widths.push_back(to - from);
    }
    return widths;
  }
  double score(const assay::Scored& rows) const {
    const auto levels = rows.levels();
    const std::vector<double> width = cells(levels);
    return mean_over_levels(rows, [&](std::int64_t i, std::int64_t k) {
      const auto level = static_cast<std::size_t>(k);
      return 2 * width[level] * pinball(levels[level], rows.truth()[static_cast<std::size_t>(i)], rows.quantile(i, k));
    });
  }
};

// The share of outcomes at or below each level's forecast, beside the level: the mean distance.
struct QuantileCalibrationError {
  double score(const assay::Scored& rows) const {
    const auto levels = rows.levels();
    double sum = 0;
    for (std::size_t k = 0; k < levels.size(); ++k)
      sum +=
          std::abs(mean(rows,
                        [&](std::size_t i) {
                          return rows.truth()[i] <= rows.quantile(static_cast<std::int64_t>(i), static_cast<std::int64_t>(k)) ? 1.0 : 0.0;
                        }) -
                   levels[k]);
    return levels.empty() ? kUndefined : sum / static_cast<double>(levels.size());
  }
};

// An interval of forecasts: the central one of a level, or the one between the outermost levels.
struct Interval {
  double level = 0;

  template <class T>
  static void param(assay::Params<T>& p) {
    p.template real<&T::level>(
         "level", "The central interval of this level: 0.9 lies between the quantiles of 0.05 and 0.95; 0: between the outermost levels")
        .range(0, 1)
        .open_max()
        .not_tunable();
  }
  // The numbers of both levels; none where there are fewer than two.
  std::optional<std::pair<std::int64_t, std::int64_t>> ends(const assay::Scored& rows) const {
    const auto levels = rows.levels();
    if (levels.size() < 2) return std::nullopt;
    if (level == 0) return std::pair(std::int64_t{0}, static_cast<std::int64_t>(levels.size()) - 1);
    const auto place = [&](double wanted) {
      const auto found = std::find_if(levels.begin(), levels.end(), [&](double l) { return std::abs(l - wanted) <= 1e-9; });
      if (found == levels.end())
        throw assay::bad_input("the interval of level " + number(level) + " ends at the quantile of level " + number(wanted) +
                               ", which is not among evaluate.quantiles");
      return found - levels.begin();
    };
    const std::int64_t low = place((1 - level) / 2), high = place((1 + level) / 2);
    return std::pair(low, high);
  }
  // The mean over rows of term(outcome, lower end, upper end).
  template <class Term>
  double mean_of(const assay::Scored& rows, const Term& term) const {
    const auto both = ends(rows);
    if (!both) return kUndefined;
    return mean(rows, [&](std::size_t i) {
      const auto row = static_cast<std::int64_t>(i);
      return term(rows.truth()[i], rows.quantile(row, both->first), rows.quantile(row, both->second));
    });
  }

 private:
  static std::string number(double value) {
    std::string text = std::to_string(value);
    return text.substr(0, text.find_last_not_of('0') + 1);
  }
};

struct IntervalCoverage : Interval {
  static void params(assay::Params<IntervalCoverage>& p) { param(p); }
  double score(const assay::Scored& rows) const {
    return mean_of(rows, [](double y, double low, double high) { return low <= y && y <= high ? 1.0 : 0.0; });
  }
};

struct IntervalWidth : Interval {
  static void params(assay::Params<IntervalWidth>& p) { param(p); }
  double score(const assay::Scored& rows) const {
    return mean_of(rows, [](double, double low, double high) { return high - low; });
  }
};

// Width, and for an outcome outside its distance over the share of outcomes that were to lie there: with a central interval of level 1 - a
// that is 2 / a times the distance.
struct IntervalScore : Interval {
  static void params(assay::Params<IntervalScore>& p) { param(p); }
  double score(const assay::Scored& rows) const {
    const auto both = ends(rows);
    if (!both) return kUndefined;
    const double below = rows.levels()[static_cast<std::size_t>(both->first)],
                 above = 1 - rows.levels()[static_cast<std::size_t>(both->second)];
    return mean_of(rows, [&](double y, double low, double high) {
      return high - low + (y < low ? (low - y) / below : 0) + (y > high ? (y - high) / above : 0);
    });
  }
};

}  // namespace metrics
