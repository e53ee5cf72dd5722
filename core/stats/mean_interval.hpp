// The interval of a mean over dates that depend on their neighbours: for metrics with a number for each date (IC, rank IC). Used by train.
// No resampling: with few dates a block bootstrap sees only a part of the dependence, and its intervals are too narrow. A pure function,
// safe on any thread.
#pragma once

#include <cstdint>
#include <span>

namespace assay::stats {

struct MeanInterval {
  double mean, low, high;        // NaN: the mean of nothing; bounds of fewer than two values
  double standard_error;         // of the mean, dependence included
  std::int64_t degrees_freedom;  // of Student's t
};

// Equal-weighted cosines (Mueller 2004; Lazarus, Lewis, Stock & Watson 2018): the long-run variance is the mean square of the series' B
// lowest cosine terms, the bounds are Student's t with B degrees of freedom, so the variance's own uncertainty is in the width.
// B = 0.4 n^(2/3), the 2018 paper's rule, but at most 8: ICs of slow features are dependent over months, and with more terms their
// intervals missed the truth in 8 to 9 % of simulated markets. And at most n / (2 horizon): labels that span `horizon` dates move together
// up to there. Values in time order, one a date.
MeanInterval interval_of_mean(std::span<const double> series, std::int64_t horizon, double level);

}  // namespace assay::stats
