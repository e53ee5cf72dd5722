// Linear and logistic models with an L1 penalty, for a falling row of penalties (Friedman, Hastie, Tibshirani, J. Stat. Softw. 33(1),
// 2010): the larger the penalty, the more weights are zero. Used by the selection l1_path. Pure; one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "stats/products.hpp"

namespace assay::stats {

enum class L1Loss { squared, logistic };

// Minimises mean((y - b - x w)^2) / 2 + penalty * sum |w|, or mean(log(1 + exp(-s (b + x w)))) + penalty * sum |w| with s = 1 where y is 1
// and -1 where it is 0, to about 1e-9 of each weight. columns: of mean 0 and mean square 1, or all zeros; no NaN.
class L1Model {
 public:
  L1Model(std::span<const Column> columns, std::span<const double> y, L1Loss loss);

  double largest_penalty() const;  // from it on all weights are zero
  void fit(double penalty);        // begins where the last one ended
  const std::vector<double>& weights() const { return weights_; }
  double intercept() const { return intercept_; }

 private:
  void fit_squared(double penalty);
  void fit_logistic(double penalty);
  std::vector<double> forecasts() const;  // b + x w
  double objective(double penalty, std::span<const double> forecasts) const;

  std::span<const Column> columns_;
  std::span<const double> y_;
  L1Loss loss_;
  std::vector<double> products_, moments_;  // squared: mean products of the columns, and of each with y
  std::vector<double> weights_;
  double intercept_ = 0;
};

}  // namespace assay::stats
