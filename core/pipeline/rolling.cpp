// Sums over windows without subtraction. The rows are cut into blocks as long as the window, so a window is the end of one block and the
// beginning of the next (van Herk 1992; Gil and Werman 1993): two sums that were added up anew are added, nothing is taken away from a
// running total, and no error drifts along the series.
//
// Sums of powers cancel where the values lie far from zero, so what is summed is the distance from an origin: the first value of the later
// block. Every window that ends in that block holds it, and a window's values cannot lie further from one of their own than
// sqrt(n) deviations; that bounds what cancels, whatever the data (a variance keeps all but log10(n + 1) digits), and a window of equal
// values has sums of exact zeros.
#include "pipeline/rolling.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "pipeline/rolling_totals.hpp"

namespace assay::pipeline {

namespace {

using totals::Here;
using totals::kMissing;

template <std::size_t kColumns>
bool missing(const totals::Row<double, kColumns>& row) {
  return std::any_of(row.values, row.values + kColumns, [](double value) { return std::isnan(value); });
}

// ---- windows from blocks ----------------------------------------------------------------------------------------------------------------

template <class Total, class At>
class Windows {
 public:
  using Value = typename Total::Value;
  Windows(const Window& window, std::int64_t size, At at, double* out)
      : rows_(window.rows),
        size_(size),
        need_(static_cast<double>(std::max<std::int64_t>(window.min_count, operator_of(window.op).least))),
        at_(at),
        out_(out),
        suffix_(static_cast<std::size_t>(std::min(rows_, size_)) + 1) {}

  void run() {
    for (std::int64_t begin = 0; begin < size_; begin += rows_) {
      const std::int64_t end = std::min(begin + rows_, size_);
      std::int64_t first = begin;
      while (first < end && missing(at_(first))) ++first;
      if (first > begin) block_before_alone(begin, first);
      if (first < end) both_blocks(begin, first, end);
    }
  }

 private:
  struct Part {
    Total total;
    double count = 0;
    void add(const Value& value, double place, const Value& origin) {
      if (missing(value)) return;
      total.add(value, place, origin);
      ++count;
    }
  };

  // suffix_[k]: rows k.. of the block before.
  void sum_block_before(std::int64_t begin, const Value& origin) {
    if (begin == 0) return;  // all zero
    Part part;
    for (std::int64_t k = rows_; k-- > 0;) {
      part.add(at_(begin - rows_ + k), static_cast<double>(k - rows_), origin);
      suffix_[static_cast<std::size_t>(k)] = part;
    }
  }
  // Rows before the first value of a block: their windows hold values of the block before alone. The last of these is in each window that
  // holds any.
  void block_before_alone(std::int64_t begin, std::int64_t first) {
    std::int64_t last = begin - 1;
    while (last >= 0 && last >= begin - rows_ && missing(at_(last))) --last;
    if (last < 0 || last < begin - rows_) {
      std::fill(out_ + begin, out_ + first, kMissing);
      return;
    }
    const Value origin = at_(last);
    sum_block_before(begin, origin);
    for (std::int64_t i = begin; i < first; ++i) finish(suffix_[static_cast<std::size_t>(i - begin + 1)], i, begin, origin);
  }
  void both_blocks(std::int64_t begin, std::int64_t first, std::int64_t end) {
    const Value origin = at_(first);
    sum_block_before(begin, origin);
    Part prefix;
    for (std::int64_t i = first; i < end; ++i) {
      prefix.add(at_(i), static_cast<double>(i - begin), origin);
      Part whole = suffix_[static_cast<std::size_t>(i - begin + 1)];
      whole.total.join(prefix.total);
      whole.count += prefix.count;
      finish(whole, i, begin, origin);
    }
  }
  void finish(const Part& part, std::int64_t i, std::int64_t begin, const Value& origin) {
    const Here here{static_cast<double>(i - begin), static_cast<double>(rows_)};
    const double value = part.count < need_ ? kMissing : part.total.result(totals::Count<double>{part.count}, here, origin);
    out_[i] = std::isfinite(value) ? value : kMissing;
  }

  std::int64_t rows_, size_;
  double need_;
  At at_;
  double* out_;
  std::vector<Part> suffix_;
};

template <class Total>
void over(const Window& window, std::span<const double> x, std::span<const double> y, std::span<double> out) {
  const auto size = static_cast<std::int64_t>(x.size());
  const auto at = [x = x.data(), y = y.data()](std::int64_t i) {
    typename Total::Value row;
    row[0] = x[i];
    if constexpr (Total::kValues == 2) row[1] = y[i];
    return row;
  };
  Windows<Total, decltype(at)>(window, size, at, out.data()).run();
}

// ---- functions without blocks -----------------------------------------------------------------------------------------------------------

void counts(std::int64_t rows, std::span<const double> x, std::span<double> out) {
  const auto behind = static_cast<std::size_t>(rows);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    count += std::isnan(x[i]) ? 0 : 1;
    if (i >= behind) count -= std::isnan(x[i - behind]) ? 0 : 1;
    out[i] = static_cast<double>(count);
  }
}

// Weights and weighted squared distances fade with each row, so nothing old is ever taken away. Updating as West (1979) does.
void exponential(const Window& window, std::span<const double> x, std::span<double> out) {
  const double keep = 1 - 2 / (static_cast<double>(window.rows) + 1);
  const std::int64_t need = std::max<std::int64_t>(window.min_count, operator_of(window.op).least);
  double weight = 0, weight_squares = 0, mean = 0, squares = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    weight *= keep;
    weight_squares *= keep * keep;
    squares *= keep;
    if (!std::isnan(x[i])) {
      const double apart = x[i] - mean;
      weight += 1;
      weight_squares += 1;
      mean += apart * (1 / weight);  // the inverse does not wait for the mean
      squares += apart * (x[i] - mean);
      ++count;
    }
    double value = mean;
    if (window.op == Op::ewm_std) value = std::sqrt(squares * weight / (weight * weight - weight_squares));
    out[i] = count >= need && std::isfinite(value) ? value : kMissing;
  }
}

}  // namespace

void rolling(const Window& window, std::span<const double> x, std::span<const double> y, std::span<double> out) {
  const bool pairs = window.op == Op::corr || window.op == Op::cov;
  ASSAY_CHECK(window.rows > 0 && x.size() == out.size() && (!pairs || y.size() == x.size()), "a rolling function's columns fit");
  const auto in_blocks = [&]<template <class> class Total> { over<Total<double>>(window, x, y, out); };
  if (totals::with_total(window.op, in_blocks)) return;
  switch (window.op) {
    case Op::count:
      return counts(window.rows, x, out);
    case Op::ewm_mean:
    case Op::ewm_std:
      return exponential(window, x, out);
    case Op::median:
    case Op::quantile:
    case Op::rank:
      return rolling_order(window, x, out);
    default:
      ASSAY_CHECK(false, "rolling() got an operator that does not roll");
  }
}

}  // namespace assay::pipeline
