// Bins of ordered values for the weight of evidence: fine ones from quantiles of the values alone, joined to a few by dynamic programming
// over the labels. Used by woe.hpp. Pure functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace assay::features {

struct Counts {
  double zeros = 0, ones = 0;  // rows of each class
  double rows() const { return zeros + ones; }
  Counts& operator+=(const Counts& o) { return zeros += o.zeros, ones += o.ones, *this; }
};

// ln of the share of all ones over the share of all zeros; `added` goes to both counts, so that an empty one has a weight too.
inline double weight_of(const Counts& bin, const Counts& all, double added) {
  if (bin.rows() == 0) return 0;
  return std::log((bin.ones + added) / all.ones) - std::log((bin.zeros + added) / all.zeros);
}
inline double value_of(const Counts& bin, const Counts& all, double added) {  // its part of the information value
  return (bin.ones / all.ones - bin.zeros / all.zeros) * weight_of(bin, all, added);
}

// Upper bounds (included) of at most `bins` bins with about as many values each; what lies above the last is the last bin.
inline std::vector<double> quantile_edges(std::vector<double> values, std::size_t bins) {
  std::sort(values.begin(), values.end());
  std::vector<double> edges;
  for (std::size_t k = 1; k < bins && !values.empty(); ++k) {
    const std::size_t at = (k * values.size() + bins - 1) / bins;
    const double edge = values[at == 0 ? 0 : at - 1];
    if (edge < values.back() && (edges.empty() || edges.back() < edge)) edges.push_back(edge);
  }
  return edges;
}

enum class Trend { free, rising, falling };
struct Wishes {
  std::size_t most = 6;   // bins
  double least_rows = 0;  // in each
  double added = 0.5;
  Trend trend = Trend::free;  // of the share of ones from bin to bin
};

struct Joined {
  std::vector<std::size_t> ends;  // behind the last fine bin of each
  double value = -1;              // their information value; < 0: there is no such way
};

// The neighbours to join so that the information value is largest. best[k][i][j]: the best k + 1 bins of which the last is i .. j.
inline Joined join_bins(const std::vector<Counts>& fine, const Counts& all, const Wishes& wishes) {
  const std::size_t n = fine.size();
  std::vector<Counts> before(n + 1);
  for (std::size_t i = 0; i < n; ++i) {
    before[i + 1] = before[i];
    before[i + 1] += fine[i];
  }
  const auto part = [&](std::size_t i, std::size_t j) {
    return Counts{before[j + 1].zeros - before[i].zeros, before[j + 1].ones - before[i].ones};
  };
  const auto in_order = [&](const Counts& a, const Counts& b) {
    const double left = a.ones * b.rows(), right = b.ones * a.rows();
    return wishes.trend == Trend::free || (wishes.trend == Trend::rising ? left <= right : left >= right);
  };
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  struct State {
    double value = kNone;
    std::size_t from = 0;  // where the bin before begins
  };
  const auto at = [n](std::size_t i, std::size_t j) { return i * n + j; };
  std::vector<std::vector<State>> best;
  Joined result;
  std::size_t last_level = 0, last_begin = 0;
  for (std::size_t k = 0; k < wishes.most && k < n; ++k) {
    best.emplace_back(n * n);
    for (std::size_t i = k; i < n; ++i) {
      for (std::size_t j = i; j < n; ++j) {
        const Counts bin = part(i, j);
        if (bin.rows() < wishes.least_rows || bin.rows() == 0 || (k == 0) != (i == 0)) continue;
        State& state = best[k][at(i, j)];
        const double own = value_of(bin, all, wishes.added);
        if (k == 0) state.value = own;
        for (std::size_t h = 0; k > 0 && h < i; ++h) {
          const double earlier = best[k - 1][at(h, i - 1)].value;
          if (earlier + own > state.value && in_order(part(h, i - 1), bin)) state = {earlier + own, h};
        }
        if (j + 1 == n && state.value > result.value + 1e-12) {
          result.value = state.value;
          last_level = k;
          last_begin = i;
        }
      }
    }
  }
  if (result.value < 0) return result;
  for (std::size_t k = last_level, begin = last_begin, end = n;; --k) {
    result.ends.insert(result.ends.begin(), end);
    if (k == 0) break;
    const std::size_t from = best[k][at(begin, end - 1)].from;
    end = begin;
    begin = from;
  }
  return result;
}

}  // namespace assay::features
