// power: learned are lambda and, for Box-Cox, the smallest train value, below which nothing is told apart. quantile_normal: learned are
// evenly spaced quantiles of the train rows. Both change the shape of a distribution and keep its order.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.hpp"
#include "pipeline/prepare_steps.hpp"
#include "stats/distributions.hpp"

namespace assay::pipeline {

namespace {

constexpr double kLeastLambda = -10, kMostLambda = 10;

double box_cox(double x, double lambda) { return lambda == 0 ? std::log(x) : std::expm1(lambda * std::log(x)) / lambda; }

double yeo_johnson(double x, double lambda) {
  if (x >= 0) return lambda == 0 ? std::log1p(x) : std::expm1(lambda * std::log1p(x)) / lambda;
  const double other = 2 - lambda;
  return other == 0 ? -std::log1p(-x) : -std::expm1(other * std::log1p(-x)) / other;
}

// The logarithm of the likelihood of normally distributed transformed values, but for a constant. jacobian: the sum of the logarithms of
// the transform's slope, divided by lambda - 1.
double log_likelihood(const std::vector<double>& transformed, double jacobian, double lambda) {
  const double n = static_cast<double>(transformed.size()), width = spread_by("standard", transformed).width;
  if (!(width > 0) || std::isinf(width)) return -std::numeric_limits<double>::infinity();
  return (lambda - 1) * jacobian - n * std::log(width);
}

// Where a function with one peak is highest (golden section).
double highest(double low, double high, const std::function<double(double)>& f) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double a = high - ratio * (high - low), b = low + ratio * (high - low), at_a = f(a), at_b = f(b);
  while (high - low > 1e-9) {
    if (at_a >= at_b) {
      high = b, b = a, at_b = at_a, a = high - ratio * (high - low), at_a = f(a);
    } else {
      low = a, a = b, at_a = at_b, b = low + ratio * (high - low), at_b = f(b);
    }
  }
  return (low + high) / 2;
}

double best_lambda(bool positive, const std::vector<double>& values) {
  double jacobian = 0;
  for (const double x : values) jacobian += positive ? std::log(x) : std::copysign(std::log1p(std::fabs(x)), x);
  std::vector<double> transformed(values.size());
  return highest(kLeastLambda, kMostLambda, [&](double lambda) {
    std::transform(values.begin(), values.end(), transformed.begin(),
                   [&](double x) { return positive ? box_cox(x, lambda) : yeo_johnson(x, lambda); });
    return log_likelihood(transformed, jacobian, lambda);
  });
}

void learn_power(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes) {
  const bool positive = text_param(fitted.how, "method") == "box_cox";
  learn_each(rows, fitted, [&](const InputColumn& column, const std::vector<double>& values, FittedColumn& entry) {
    const double least = values.empty() ? 1 : *std::min_element(values.begin(), values.end());
    entry.learned = {1, least};
    if (positive && !(least > 0)) {
      throw Error(Fault::data, fmt::format("box_cox of `{}`", column.name),
                  fmt::format("its train rows hold {}, which has no logarithm", least),
                  "method: yeo_johnson, or name the `columns` that are positive");
    }
    if (values.empty() || !(spread_by("standard", values).width > 0)) {
      notes.push_back(fmt::format("`{}` has no spread in the train rows: its shape is kept", column.name));
      return;
    }
    entry.learned[0] = best_lambda(positive, values);
  });
}

void apply_power(const FittedStep& fitted, InputTable& table) {
  const bool positive = text_param(fitted.how, "method") == "box_cox";
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    const double lambda = entry.learned[0], least = entry.learned[1];
    for (double& x : table.values[at]) {
      if (std::isnan(x)) continue;
      x = positive ? box_cox(std::max(x, least), lambda) : yeo_johnson(x, lambda);
    }
  });
}

void learn_quantiles(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  learn_each(rows, fitted, [&](const InputColumn&, std::vector<double> values, FittedColumn& entry) {
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    const auto wanted = static_cast<std::size_t>(number_param(fitted.how, "quantiles"));
    const std::size_t count = std::max<std::size_t>(2, std::min(wanted, values.size()));
    for (std::size_t k = 0; k < count; ++k)
      entry.learned.push_back(quantile_of(values, static_cast<double>(k) / static_cast<double>(count - 1)));
  });
}

// The share of train values below x: linear between the quantiles; where several are equal, the middle of theirs.
double share_below(const std::vector<double>& quantiles, double x) {
  const double last = static_cast<double>(quantiles.size() - 1);
  const auto first = std::lower_bound(quantiles.begin(), quantiles.end(), x), past = std::upper_bound(first, quantiles.end(), x);
  const double at = static_cast<double>(first - quantiles.begin());
  if (past != first) return (at + static_cast<double>(past - quantiles.begin()) - 1) / 2 / last;
  if (first == quantiles.begin()) return 0;
  if (first == quantiles.end()) return 1;
  const double below = *(first - 1);
  return (at - 1 + (x - below) / (*first - below)) / last;
}

void apply_quantiles(const FittedStep& fitted, InputTable& table) {
  constexpr double kEdge = 1e-7;  // beyond what the train rows hold the normal distribution's value would be infinite
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    if (entry.learned.empty()) return;
    for (double& x : table.values[at]) {
      if (!std::isnan(x)) x = stats::normal_quantile(std::clamp(share_below(entry.learned, x), kEdge, 1 - kEdge));
    }
  });
}

constexpr StepKind kKinds[] = {{"power", takes_numbers, learn_power, apply_power},
                               {"quantile_normal", takes_numbers, learn_quantiles, apply_quantiles}};

}  // namespace

std::span<const StepKind> shape_steps() { return kKinds; }

}  // namespace assay::pipeline
