// A well-behaved linear model, by gradient descent in closed steps: the bad plugins derive from it and break one promise each.
#pragma once

#include <assay/model.hpp>

#include <cmath>
#include <vector>

struct [[gnu::visibility("hidden")]] Linear {
  std::vector<double> weights;  // the intercept last

  void fit(const assay::Batch& batch, assay::Call& call) {
    const auto x = batch.x();
    const auto y = batch.y();
    if (x.rows() == 0) throw assay::bad_input("there are no rows to learn from");
    std::vector<double> w(static_cast<std::size_t>(x.cols()) + 1, 0.0);
    for (int round = 0; round < 200; ++round) {
      std::vector<double> slope(w.size(), 0.0);
      double loss = 0;
      for (std::int64_t r = 0; r < x.rows(); ++r) {
        const double miss = value(w, x.row(r)) - y[r];
        for (std::size_t i = 0; i + 1 < w.size(); ++i) slope[i] += miss * x.row(r)[i];
        slope.back() += miss;
        loss += miss * miss;
      }
      for (std::size_t i = 0; i < w.size(); ++i) w[i] -= 0.2 * slope[i] / static_cast<double>(x.rows());
      call.report(round, "loss", loss / static_cast<double>(x.rows()));
    }
    weights = w;
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    const auto x = rows.x();
    if (weights.size() != static_cast<std::size_t>(x.cols()) + 1) throw assay::bad_state("the weights do not fit these columns");
    for (std::int64_t r = 0; r < x.rows(); ++r) out(r) = value(weights, x.row(r));
  }
  void save(assay::Saver & saver) const { saver.put("weights", weights); }
  void load(const assay::Saved& saved) { weights = saved.get<std::vector<double>>("weights"); }

  static double value(const std::vector<double>& w, std::span<const double> row) {
    double sum = w.back();
    for (std::size_t i = 0; i < row.size(); ++i) sum += w[i] * row[i];
    return sum;
  }
};
