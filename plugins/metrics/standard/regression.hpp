// Metrics of forecasts of a number. What is undefined (a constant forecast's correlation, a scale of zero) is NaN: docs/metrics.md.
// Each struct is stateless apart from its parameters, so it may score on several threads at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "mean.hpp"
#include "stats/correlation.hpp"

namespace metrics {

inline double mean_absolute_error(const assay::Scored& rows) {
  return mean(rows, [&](std::size_t i) { return std::abs(rows.value()[i] - rows.truth()[i]); });
}

inline double mean_squared_error(const assay::Scored& rows) {
  return mean(rows, [&](std::size_t i) { return (rows.value()[i] - rows.truth()[i]) * (rows.value()[i] - rows.truth()[i]); });
}

struct Mse {
  double score(const assay::Scored& rows) const { return mean_squared_error(rows); }
};

struct Rmse {
  double score(const assay::Scored& rows) const { return std::sqrt(mean_squared_error(rows)); }
};

struct Mae {
  double score(const assay::Scored& rows) const { return mean_absolute_error(rows); }
};

struct Bias {
  double score(const assay::Scored& rows) const {
    return mean(rows, [&](std::size_t i) { return rows.value()[i] - rows.truth()[i]; });
  }
};

struct Mase {
  double score(const assay::Scored& rows) const { return ratio(mean_absolute_error(rows), rows.naive_mae()); }
};

struct Smape {
  double score(const assay::Scored& rows) const {
    return mean(rows, [&](std::size_t i) {
      const double size = std::abs(rows.truth()[i]) + std::abs(rows.value()[i]);
      return size > 0 ? 2 * std::abs(rows.value()[i] - rows.truth()[i]) / size : 0;  // zero forecast, zero happened: no error
    });
  }
};

struct R2 {
  double score(const assay::Scored& rows) const {
    const auto truth = rows.truth();
    if (truth.size() < 2 || std::all_of(truth.begin(), truth.end(), [&](double t) { return t == truth[0]; })) return kUndefined;
    const double centre = mean(rows, [&](std::size_t i) { return truth[i]; });
    const double spread = mean(rows, [&](std::size_t i) { return (truth[i] - centre) * (truth[i] - centre); });
    return spread > 0 ? 1 - mean_squared_error(rows) / spread : kUndefined;
  }
};

struct DirectionalAccuracy {
  enum class Reference { zero, last_known };
  Reference reference = Reference::zero;

  static void params(assay::Params<DirectionalAccuracy>& p) {
    p.choice<&DirectionalAccuracy::reference>(
         "reference", "Up or down against what: zero (for returns) or the latest target known at the time (for prices and other levels)",
         {"zero", "last_known"})
        .not_tunable();
  }
  double score(const assay::Scored& rows) const {
    const bool from_zero = reference == Reference::zero;
    if (!from_zero && rows.last_known_target().empty()) return kUndefined;
    double right = 0, total = 0;
    bool takes_sides = false;
    for (std::size_t i = 0; i < rows.truth().size(); ++i) {
      const double from = from_zero ? 0 : rows.last_known_target()[i];
      const double moved = rows.truth()[i] - from, forecast = rows.value()[i] - from;
      if (moved == 0 || std::isnan(moved)) continue;
      right += weight_of(rows, i) * (forecast == 0 ? 0.5 : (moved > 0) == (forecast > 0) ? 1.0 : 0.0);
      total += weight_of(rows, i);
      takes_sides = takes_sides || forecast != 0;
    }
    return takes_sides ? ratio(right, total) : kUndefined;
  }
};

// Information coefficients: correlation of forecast and outcome, rows (entities) of one date or one series.
template <double (*correlation)(std::span<const double>, std::span<const double>, std::span<const double>)>
struct InformationCoefficient {
  std::int64_t min_rows = 3;  // two rows always correlate by 1 or -1

  static void params(assay::Params<InformationCoefficient>& p) {
    p.template integer<&InformationCoefficient::min_rows>("min_rows", "With fewer rows than this the correlation counts as undefined")
        .at_least(2)
        .not_tunable();
  }
  double score(const assay::Scored& rows) const {
    return rows.size() < min_rows ? kUndefined : correlation(rows.truth(), rows.value(), rows.weight());
  }
};
using Ic = InformationCoefficient<&assay::stats::pearson>;
using RankIc = InformationCoefficient<&assay::stats::spearman>;

// Mean of the dates' ICs over their standard deviation: how steady the signal is. Needs all dates at once, hence not by_date.
struct Icir {
  enum class Kind { rank, linear };
  Kind kind = Kind::rank;
  std::int64_t min_rows = 3;

  static void params(assay::Params<Icir>& p) {
    p.choice<&Icir::kind>("kind", "Correlation of ranks (rank_ic) or of values (ic)", {"rank", "linear"}).not_tunable();
    p.integer<&Icir::min_rows>("min_rows", "Dates with fewer rows than this are left out").at_least(2).not_tunable();
  }
  double score(const assay::Scored& rows) const {
    const auto by_date = coefficients(rows);
    if (by_date.size() < 2) return kUndefined;
    const auto n = static_cast<double>(by_date.size());
    const double centre = std::accumulate(by_date.begin(), by_date.end(), 0.0) / n;
    double squares = 0;
    for (const double c : by_date) squares += (c - centre) * (c - centre);
    const double spread = std::sqrt(squares / (n - 1));
    return spread > 1e-13 * std::abs(centre) ? centre / spread : kUndefined;  // a spread of rounding would make up a huge ratio
  }

 private:
  std::vector<double> coefficients(const assay::Scored& rows) const {
    const auto time = rows.time_ns();
    std::vector<std::size_t> order(time.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return time[a] < time[b]; });
    std::vector<double> result, truth, value, weight;
    for (std::size_t first = 0, next = 0; first < order.size(); first = next) {
      truth.clear(), value.clear(), weight.clear();
      for (next = first; next < order.size() && time[order[next]] == time[order[first]]; ++next) {
        truth.push_back(rows.truth()[order[next]]);
        value.push_back(rows.value()[order[next]]);
        weight.push_back(weight_of(rows, order[next]));
      }
      if (static_cast<std::int64_t>(truth.size()) < min_rows) continue;
      const double c = kind == Kind::rank ? assay::stats::spearman(truth, value, weight) : assay::stats::pearson(truth, value, weight);
      if (!std::isnan(c)) result.push_back(c);
    }
    return result;
  }
};

}  // namespace metrics
