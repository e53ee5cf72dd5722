// Quantiles of the densities that networks learn: the inverse of the normal and of Student's t distribution, for any degrees of freedom
// above 0, to 1e-12 (with a million degrees 1e-9). Used by TrainedNetwork; free of everything but std, since the SDK ships it. Pure,
// thread-safe.
#pragma once

#include <algorithm>
#include <cmath>

#include "assay/detail/namespace.hpp"
#include "assay/nn/namespace.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// p inside 0..1. A first guess to 5e-4 (Abramowitz and Stegun 26.2.23), then Halley's steps.
inline double normal_quantile(double p) {
  const double tail = std::min(p, 1 - p), t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 3; ++i) {
    const double over = 0.5 * std::erfc(x / 1.4142135623730951) - tail, density = std::exp(-0.5 * x * x) / 2.5066282746310002;
    const double step = over / density;
    x += step / (1 - 0.5 * x * step);
  }
  return p < 0.5 ? -x : p > 0.5 ? x : 0;
}

namespace detail {

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's method; x < (a + 1) / (a + b + 2).
inline double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  const auto no_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / no_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                 odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double term : {even, odd}) {
      d = 1 / no_zero(1 + term * d);
      c = no_zero(1 + term / c);
      value *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

// P(T > t), t >= 0: half the incomplete beta function of df / (df + t^2) with df / 2 and 1 / 2. log_beta: of those two.
inline double student_t_upper(double t, double df, double log_beta) {
  const double a = df / 2, b = 0.5, x = df / (df + t * t), y = t * t / (df + t * t);
  const double front = std::exp(a * std::log(x) + (t > 0 ? b * std::log(y) : 0) - log_beta);
  if (t == 0) return 0.5;
  const bool near = x < (a + 1) / (a + b + 2);
  return near ? 0.5 * front * beta_fraction(x, a, b) / a : 0.5 * (1 - front * beta_fraction(y, b, a) / b);
}

}  // namespace detail

// p inside 0..1. Newton's steps on the upper tail, which is convex, from the normal's quantile, which lies below: they rise to the root.
inline double student_t_quantile(double p, double df) {
  if (p == 0.5) return 0;
  const double tail = std::min(p, 1 - p), log_beta = std::lgamma(df / 2) + 0.57236494292470009 - std::lgamma((df + 1) / 2);
  double t = std::abs(normal_quantile(tail));
  for (int i = 0; i < 200; ++i) {
    const double density = std::exp(-0.5 * (df + 1) * std::log1p(t * t / df) - log_beta) / std::sqrt(df);
    const double step = (detail::student_t_upper(t, df, log_beta) - tail) / density;
    t += step;
    if (step <= 1e-14 * t) break;  // a step back is rounding
  }
  return p < 0.5 ? -t : t;
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
