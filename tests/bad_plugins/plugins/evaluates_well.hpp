// A well-behaved model that stops early by the score of validation rows.
#pragma once

#include <limits>

#include "linear.hpp"

struct EarlyStopped : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    Linear::fit(batch, call);
    if (!call.can_evaluate()) return;
    const auto x = batch.validation_x();
    std::vector<double> best = weights;
    double best_score = -std::numeric_limits<double>::infinity();
    for (const double shrink : {1.0, 0.9, 0.5}) {
      std::vector<double> w = weights, predictions;
      for (double& weight : w) weight *= shrink;
      for (std::int64_t r = 0; r < x.rows(); ++r) predictions.push_back(value(w, x.row(r)));
      if (const double score = call.evaluate(predictions); score > best_score) best_score = score, best = w;
    }
    weights = best;
  }
};
