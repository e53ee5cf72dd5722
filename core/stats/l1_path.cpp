#include "stats/l1_path.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::stats {

namespace {

constexpr double kTolerance = 1e-10;
constexpr int kMostSweeps = 100'000, kMostSteps = 200;

double shrunk(double value, double by) { return value > by ? value - by : value < -by ? value + by : 0; }

// Minimises w'Hw / 2 - g'w + penalty * sum |w_j| (j >= free; the first ones are not penalised) by going round the coordinates. w: where
// to begin, and the result. H row by row.
void go_round(std::span<const double> h, std::span<const double> g, double penalty, std::size_t free, std::vector<double>& w) {
  const std::size_t n = w.size();
  std::vector<double> hw(n, 0.0);
  for (std::size_t j = 0; j < n; ++j)
    if (w[j] != 0)
      for (std::size_t i = 0; i < n; ++i) hw[i] += h[j * n + i] * w[j];
  const auto sweep = [&](bool only_those_in) {
    double largest = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double stiffness = h[j * n + j];
      if (!(stiffness > 0) || (only_those_in && w[j] == 0)) continue;
      const double pull = g[j] - hw[j] + stiffness * w[j];
      const double next = (j < free ? pull : shrunk(pull, penalty)) / stiffness, change = next - w[j];
      if (change == 0) continue;
      for (std::size_t i = 0; i < n; ++i) hw[i] += h[j * n + i] * change;
      w[j] = next;
      largest = std::max(largest, std::fabs(change) * std::sqrt(stiffness));
    }
    return largest;
  };
  double size = 0;
  for (std::size_t j = 0; j < n; ++j)
    if (h[j * n + j] > 0) size = std::max(size, std::fabs(g[j]) / std::sqrt(h[j * n + j]));
  for (int k = 0; k < kMostSweeps && sweep(false) > kTolerance * size;)
    while (k++ < kMostSweeps && sweep(true) > kTolerance * size) {
    }
}

}  // namespace

L1Model::L1Model(std::span<const Column> columns, std::span<const double> y, L1Loss loss)
    : columns_(columns), y_(y), loss_(loss), weights_(columns.size(), 0.0) {
  const double n = static_cast<double>(y.size()), mean = std::accumulate(y.begin(), y.end(), 0.0) / n;
  intercept_ = loss == L1Loss::squared ? mean : std::log(mean / (1 - mean));
  for (const Column column : columns) {
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += column[i] * (y[i] - mean);
    moments_.push_back(sum / n);
  }
  if (loss != L1Loss::squared) return;
  products_ = products(columns);
  for (double& value : products_) value /= n;
}

double L1Model::largest_penalty() const {
  double largest = 0;
  for (const double moment : moments_) largest = std::max(largest, std::fabs(moment));
  return largest;
}

void L1Model::fit(double penalty) { loss_ == L1Loss::squared ? fit_squared(penalty) : fit_logistic(penalty); }

void L1Model::fit_squared(double penalty) { go_round(products_, moments_, penalty, 0, weights_); }

std::vector<double> L1Model::forecasts() const {
  std::vector<double> sums(y_.size(), intercept_);
  for (std::size_t j = 0; j < weights_.size(); ++j) {
    if (weights_[j] == 0) continue;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weights_[j] * columns_[j][i];
  }
  return sums;
}

double L1Model::objective(double penalty, std::span<const double> forecasts) const {
  double loss = 0, size = 0;
  for (std::size_t i = 0; i < y_.size(); ++i) {
    const double margin = y_[i] == 1 ? forecasts[i] : -forecasts[i];
    loss += margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
  }
  for (const double w : weights_) size += std::fabs(w);
  return loss / static_cast<double>(y_.size()) + penalty * size;
}

// Newton steps with the penalty kept whole: the loss is replaced by its parabola at the present weights, over the columns that may move.
// A step that goes too far is halved.
void L1Model::fit_logistic(double penalty) {
  const std::size_t rows = y_.size();
  const double n = static_cast<double>(rows);
  const std::vector<double> ones(rows, 1.0);
  std::vector<double> f = forecasts(), rest(rows), curvature(rows);
  for (int step = 0; step < kMostSteps; ++step) {
    for (std::size_t i = 0; i < rows; ++i) {
      const double p = 1 / (1 + std::exp(-f[i]));
      rest[i] = y_[i] - p;
      curvature[i] = p * (1 - p);
    }
    std::vector<Column> moving{ones};
    std::vector<std::size_t> which;
    std::vector<double> pull{std::accumulate(rest.begin(), rest.end(), 0.0) / n}, w{intercept_};
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      double slope = 0;
      for (std::size_t i = 0; i < rows; ++i) slope += columns_[j][i] * rest[i];
      slope /= n;
      if (weights_[j] == 0 && std::fabs(slope) <= penalty) continue;  // it stays at zero for now; looked at again in the next step
      which.push_back(j);
      moving.push_back(columns_[j]);
      pull.push_back(slope);
      w.push_back(weights_[j]);
    }
    std::vector<double> h = products(moving, curvature);
    for (double& value : h) value /= n;
    for (std::size_t j = 0; j < w.size(); ++j)
      for (std::size_t k = 0; k < w.size(); ++k) pull[j] += h[j * w.size() + k] * w[k];
    const std::vector<double> old = w;
    go_round(h, pull, penalty, 1, w);
    const double before = objective(penalty, f);
    double largest = 0, length = 1;
    for (std::size_t j = 0; j < w.size(); ++j) largest = std::max(largest, std::fabs(w[j] - old[j]));
    for (;; length /= 2) {
      intercept_ = old[0] + length * (w[0] - old[0]);
      for (std::size_t k = 0; k < which.size(); ++k)
        weights_[which[k]] = length == 1 ? w[k + 1] : old[k + 1] + length * (w[k + 1] - old[k + 1]);
      f = forecasts();
      if (length < 1e-6 || objective(penalty, f) <= before + 1e-14 * std::fabs(before)) break;
    }
    if (largest * length <= 1e-9) return;
  }
}

}  // namespace assay::stats
