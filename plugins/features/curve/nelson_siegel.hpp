// Least squares of a yield curve on the three loadings of Nelson and Siegel (1987), as Diebold and Li (2006) write them:
// yield(m) = level + slope s(m) + curvature (s(m) - exp(-decay m)), s(m) = (1 - exp(-decay m)) / (decay m).
// Part of the library `curve_features`. Pure, thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace assay::features {

struct CurveFit {
  std::array<double, 3> factors{};  // level, slope, curvature
  double decay = 0, squares = 0;    // squares: sum of squared residuals
  bool sound = false;               // three loadings that differ
};

// By orthogonal columns, each made so twice, which is as stable as reflections are.
inline CurveFit fit_at(double decay, std::span<const double> maturity, std::span<const double> yield) {
  const std::size_t n = maturity.size();
  std::array<std::vector<double>, 3> q;
  std::array<std::array<double, 3>, 3> r{};
  for (std::size_t i = 0; i < n; ++i) {
    const double x = decay * maturity[i], shape = -std::expm1(-x) / x;
    q[0].push_back(1);
    q[1].push_back(shape);
    q[2].push_back(shape - std::exp(-x));
  }
  const auto product = [n](const std::vector<double>& a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  };
  CurveFit fit;
  fit.decay = decay;
  for (std::size_t k = 0; k < 3; ++k) {
    const double before = std::sqrt(product(q[k], q[k]));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < k; ++j) {
        const double along = product(q[j], q[k]);
        r[j][k] += along;
        for (std::size_t i = 0; i < n; ++i) q[k][i] -= along * q[j][i];
      }
    }
    r[k][k] = std::sqrt(product(q[k], q[k]));
    if (!(r[k][k] > 1e-9 * before)) return fit;
    for (double& value : q[k]) value /= r[k][k];
  }
  std::vector<double> left(yield.begin(), yield.end());
  std::array<double, 3> along{};
  for (std::size_t k = 0; k < 3; ++k) {
    along[k] = product(q[k], left);
    for (std::size_t i = 0; i < n; ++i) left[i] -= along[k] * q[k][i];
  }
  for (std::size_t k = 3; k-- > 0;) {
    double value = along[k];
    for (std::size_t j = k + 1; j < 3; ++j) value -= r[k][j] * fit.factors[j];
    fit.factors[k] = value / r[k][k];
  }
  fit.squares = product(left, left);
  fit.sound = true;
  return fit;
}

// The decay with the least squares between both ends: the best of a grid even in logarithms, then golden sections around it.
inline CurveFit fit_decay(double least, double most, std::span<const double> maturity, std::span<const double> yield) {
  constexpr int kGrid = 40;
  const double low = std::log(least), step = (std::log(most) - low) / kGrid;
  const auto at = [&](double place) { return fit_at(std::exp(place), maturity, yield); };
  const auto worth = [](const CurveFit& fit) { return fit.sound ? fit.squares : std::numeric_limits<double>::infinity(); };
  CurveFit best;
  double centre = low;
  for (int i = 0; i <= kGrid; ++i) {
    const CurveFit fit = at(low + i * step);
    if (fit.sound && (!best.sound || fit.squares < best.squares)) {
      best = fit;
      centre = low + i * step;
    }
  }
  double a = std::max(low, centre - step), b = std::min(std::log(most), centre + step);
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double c = b - golden * (b - a), d = a + golden * (b - a);
  CurveFit at_c = at(c), at_d = at(d);
  for (int i = 0; i < 40; ++i) {
    if (worth(at_c) <= worth(at_d)) {
      b = d, d = c, at_d = at_c;
      c = b - golden * (b - a);
      at_c = at(c);
    } else {
      a = c, c = d, at_c = at_d;
      d = a + golden * (b - a);
      at_d = at(d);
    }
  }
  for (const CurveFit& fit : {at_c, at_d}) {
    if (worth(fit) < worth(best)) best = fit;
  }
  return best;
}

}  // namespace assay::features
