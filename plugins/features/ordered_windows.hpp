// How far the values of a window lie from their mean, without a pass over the window for each row: a block of rows is sorted once, and a
// tree over the sorted values (Fenwick 1994) holds how many of them lie in the window and their sum. A row costs the logarithm of the
// window. For the feature plugins of this folder; no part of the SDK. Thread-safe.
#pragma once

#include "windows.hpp"

namespace assay::features {

class SortedSums {
 public:
  // Distances from `origin` of all rows that come and go.
  SortedSums(Values x, double origin) : place_(x.size()) {
    for (const double value : x) {
      if (!std::isnan(value)) sorted_.push_back(value - origin);
    }
    std::sort(sorted_.begin(), sorted_.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isnan(x[i])) place_[i] = below(x[i] - origin) + 1;
    }
    tree_.resize(sorted_.size() + 1);
  }
  void change(std::size_t row, double sign) {
    if (place_[row] == 0) return;
    const double value = sorted_[place_[row] - 1];
    for (std::size_t k = place_[row]; k < tree_.size(); k += k & (~k + 1)) {
      tree_[k].count += sign;
      tree_[k].sum += sign * value;
    }
  }
  struct Part {
    double count = 0, sum = 0;
  };
  Part less_than(double value) const {
    Part part;
    for (std::size_t k = below(value); k > 0; k &= k - 1) {
      part.count += tree_[k].count;
      part.sum += tree_[k].sum;
    }
    return part;
  }

 private:
  std::size_t below(double value) const {
    return static_cast<std::size_t>(std::lower_bound(sorted_.begin(), sorted_.end(), value) - sorted_.begin());
  }
  Series sorted_;
  std::vector<std::size_t> place_;  // among the sorted, from 1 on; 0: missing
  std::vector<Part> tree_;
};

// result(row, distance of its value from the window's mean, mean absolute distance from that mean) for each full window.
template <class Result>
void distance_windows(Values x, Rows window, const Result& result) {
  const Series mean = mean_of(x, window);
  const auto size = static_cast<Rows>(x.size());
  for (Rows begin = window - 1; begin < size; begin += window) {
    const Rows end = std::min(begin + window, size), from = begin - window + 1;
    const double origin = std::isnan(x[at(begin)]) ? 0 : x[at(begin)];
    SortedSums sums(x.subspan(at(from), at(end - from)), origin);
    for (Rows t = from; t < begin; ++t) sums.change(at(t - from), 1);
    for (Rows t = begin; t < end; ++t) {
      sums.change(at(t - from), 1);
      if (t > begin) sums.change(at(t - window - from), -1);
      if (std::isnan(mean[at(t)])) continue;
      // Distances below and above the mean add up to the same.
      const double centre = mean[at(t)] - origin;
      const SortedSums::Part part = sums.less_than(centre);
      result(t, x[at(t)] - mean[at(t)], std::max(0.0, 2 * (part.count * centre - part.sum)) / static_cast<double>(window));
    }
  }
}

}  // namespace assay::features
