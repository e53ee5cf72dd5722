// Each window is the merge of a suffix of one block and a prefix of the next (van Herk 1992; Gil and Werman 1993), with blocks as long
// as the window. Nothing is ever subtracted from a running total, so no digits cancel and no error drifts along the series.
#include "pipeline/rolling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct Total {
  double sum = 0;
  std::int64_t count = 0;
  void push(double x) {
    if (std::isnan(x)) return;
    sum += x;
    ++count;
  }
  static Total merge(const Total& a, const Total& b) { return {a.sum + b.sum, a.count + b.count}; }
};

// Welford (1962) for one more value; Chan, Golub and LeVeque (1983) for two sets.
struct Moments {
  double mean = 0, squares = 0;
  std::int64_t count = 0;
  void push(double x) {
    if (std::isnan(x)) return;
    ++count;
    const double from_old = x - mean;
    mean += from_old / static_cast<double>(count);
    squares += from_old * (x - mean);
  }
  static Moments merge(const Moments& a, const Moments& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    const double na = static_cast<double>(a.count), nb = static_cast<double>(b.count), n = na + nb;
    const double apart = b.mean - a.mean;
    return {a.mean + apart * (nb / n), a.squares + b.squares + apart * apart * (na * nb / n), a.count + b.count};
  }
};

template <bool kLeast>
struct Extreme {
  double value = kLeast ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  std::int64_t count = 0;
  void push(double x) {
    if (std::isnan(x)) return;
    value = kLeast ? std::min(value, x) : std::max(value, x);
    ++count;
  }
  static Extreme merge(const Extreme& a, const Extreme& b) {
    return {kLeast ? std::min(a.value, b.value) : std::max(a.value, b.value), a.count + b.count};
  }
};

template <class State, class Result>
void windows(std::span<const double> x, std::int64_t window, std::int64_t min_count, std::span<double> out, Result result) {
  const auto size = static_cast<std::int64_t>(x.size());
  const auto finish = [&](const State& state) { return state.count < min_count ? kMissing : result(state); };
  std::vector<State> suffix(static_cast<std::size_t>(std::min(window, size)));
  for (std::int64_t begin = 0; begin < size; begin += window) {
    const std::int64_t end = std::min(begin + window, size);
    State prefix;
    for (std::int64_t i = begin; i < end; ++i) {
      prefix.push(x[static_cast<std::size_t>(i)]);
      const std::int64_t from = i - window + 1;  // in the block before, unless the window is this block or the series is young
      const bool whole = from == begin || begin == 0;
      out[static_cast<std::size_t>(i)] =
          finish(whole ? prefix : State::merge(suffix[static_cast<std::size_t>(from - (begin - window))], prefix));
    }
    if (end - begin < window) break;
    State state;
    for (std::int64_t i = window; i-- > 0;) {
      state.push(x[static_cast<std::size_t>(begin + i)]);
      suffix[static_cast<std::size_t>(i)] = state;
    }
  }
}

double variance(const Moments& state) { return state.count < 2 ? kMissing : state.squares / static_cast<double>(state.count - 1); }

}  // namespace

void rolling(Op op, std::span<const double> x, std::int64_t window, std::int64_t min_count, std::span<double> out) {
  ASSAY_CHECK(window > 0 && min_count > 0 && x.size() == out.size(), "a rolling function's window, count and output fit");
  switch (op) {
    case Op::sum:
      return windows<Total>(x, window, min_count, out, [](const Total& s) { return s.sum; });
    case Op::mean:
      return windows<Total>(x, window, min_count, out, [](const Total& s) { return s.sum / static_cast<double>(s.count); });
    case Op::var:
      return windows<Moments>(x, window, min_count, out, variance);
    case Op::std_dev:
      return windows<Moments>(x, window, min_count, out, [](const Moments& s) { return std::sqrt(variance(s)); });
    case Op::min:
      return windows<Extreme<true>>(x, window, min_count, out, [](const Extreme<true>& s) { return s.value; });
    case Op::max:
      return windows<Extreme<false>>(x, window, min_count, out, [](const Extreme<false>& s) { return s.value; });
    default:
      ASSAY_CHECK(false, "rolling() got an operator that does not roll");
  }
}

}  // namespace assay::pipeline
