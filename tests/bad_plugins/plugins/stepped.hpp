// A well-behaved linear model that the host steps: squared loss, momentum.
#pragma once

#include "linear.hpp"

struct Stepped {
  std::vector<double> weights, velocity;

  void begin(const assay::Problem& problem, std::int64_t, assay::Call&) {
    weights.assign(static_cast<std::size_t>(problem.inputs()) + 1, 0.0);
    velocity = weights;
  }
  double step(const assay::Batch& batch, const assay::Step& at, assay::Call&) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    const auto x = batch.x();
    std::vector<double> slope(weights.size(), 0.0);
    double loss = 0;
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      const double miss = Linear::value(weights, x.row(r)) - batch.y()[r];
      for (std::size_t i = 0; i + 1 < slope.size(); ++i) slope[i] += miss * x.row(r)[i];
      slope.back() += miss;
      loss += miss * miss / static_cast<double>(x.rows());
    }
    for (std::size_t i = 0; i < slope.size(); ++i) {
      velocity[i] = 0.9 * velocity[i] - 0.02 * at.rate_factor() * slope[i] / static_cast<double>(x.rows());
      weights[i] += velocity[i];
    }
    return loss;
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    Linear linear;
    linear.weights = weights;
    linear.predict(rows, out);
  }
  void save(assay::Saver& saver) const { saver.put("weights", weights); }
  void load(const assay::Saved& saved) { weights = saved.get<std::vector<double>>("weights"); }
  void train_save(assay::Saver& saver) const {
    saver.put("weights", weights);
    saver.put("velocity", velocity);
  }
  void train_load(const assay::Saved& saved) {
    weights = saved.get<std::vector<double>>("weights");
    velocity = saved.get<std::vector<double>>("velocity");
  }
};
