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
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/error.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct Pair {
  double x, y;
};
bool missing(double x) { return std::isnan(x); }
bool missing(const Pair& pair) { return std::isnan(pair.x) || std::isnan(pair.y); }

// Where a window ends, for the functions that need it.
struct Here {
  double place;   // of the present row in its block
  double window;  // rows
};

// ---- what is summed: add() takes a value, its distance from the block's beginning (negative in the block before) and the origin; -------
// ---- result() the number of values, the present row and the origin ----------------------------------------------------------------------

// A sum of squares that rounding has made negative is zero.
double spread(double squares, double sum, double count) { return std::max(0.0, squares - sum * (sum / count)); }
// From sums of products, and of each alone. Divisions and roots are what it costs, so there is one of each.
double correlation(double xy, double xx, double yy, double x, double y, double count) {
  const double per = 1 / count;
  const double of_x = xx - x * (x * per), of_y = yy - y * (y * per), product = of_x * of_y;
  if (!(of_x > 0 && of_y > 0)) return kMissing;
  const bool is_safe = product > 1e-280 && product < 1e280;
  const double scale = is_safe ? std::sqrt(product) : std::sqrt(of_x) * std::sqrt(of_y);
  return std::clamp((xy - x * (y * per)) / scale, -1.0, 1.0);
}

template <std::size_t kSums, class V = double>
struct Sums {
  using Value = V;
  std::array<double, kSums> s{};
  void join(const Sums& other) {
    for (std::size_t i = 0; i < kSums; ++i) s[i] += other.s[i];
  }
};
struct Sum : Sums<1> {
  void add(double x, double, double) { s[0] += x; }
  double result(double, const Here&, double) const { return s[0]; }
};
struct Mean : Sums<1> {
  void add(double x, double, double origin) { s[0] += x - origin; }
  double result(double n, const Here&, double origin) const { return origin + s[0] / n; }
};
struct Variance : Sums<2> {
  void add(double x, double, double origin) {
    const double d = x - origin;
    s[0] += d;
    s[1] += d * d;
  }
  double result(double n, const Here&, double) const { return spread(s[1], s[0], n) / (n - 1); }
};
struct Deviation : Variance {
  double result(double n, const Here&, double) const { return std::sqrt(spread(s[1], s[0], n) / (n - 1)); }
};
struct Skewness : Sums<3> {
  void add(double x, double, double origin) {
    const double d = x - origin;
    s[0] += d;
    s[1] += d * d;
    s[2] += d * d * d;
  }
  double result(double n, const Here&, double) const {
    const double mean = s[0] / n, m2 = spread(s[1], s[0], n);
    const double m3 = s[2] - 3 * mean * s[1] + 2 * mean * mean * s[0];
    return n * m3 / ((n - 2) * m2) * std::sqrt((n - 1) / m2);
  }
};
struct Kurtosis : Sums<4> {
  void add(double x, double, double origin) {
    const double d = x - origin, square = d * d;
    s[0] += d;
    s[1] += square;
    s[2] += square * d;
    s[3] += square * square;
  }
  double result(double n, const Here&, double) const {
    const double mean = s[0] / n, m2 = spread(s[1], s[0], n);
    const double m4 = s[3] - 4 * mean * s[2] + 6 * mean * mean * s[1] - 3 * mean * mean * mean * s[0];
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * n * (m4 / (m2 * m2)) - 3 * (n - 1));
  }
};
struct Covariance : Sums<3, Pair> {
  void add(const Pair& value, double, const Pair& origin) {
    const double dx = value.x - origin.x, dy = value.y - origin.y;
    s[0] += dx;
    s[1] += dy;
    s[2] += dx * dy;
  }
  double result(double n, const Here&, const Pair&) const { return (s[2] - s[0] * (s[1] / n)) / (n - 1); }
};
struct Correlation : Sums<5, Pair> {
  void add(const Pair& value, double, const Pair& origin) {
    const double dx = value.x - origin.x, dy = value.y - origin.y;
    s[0] += dx;
    s[1] += dy;
    s[2] += dx * dy;
    s[3] += dx * dx;
    s[4] += dy * dy;
  }
  double result(double n, const Here&, const Pair&) const { return correlation(s[2], s[3], s[4], s[0], s[1], n); }
};
struct Slope : Sums<4> {  // of values over their places
  void add(double x, double place, double origin) {
    const double d = x - origin;
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
    s[3] += place * place;
  }
  double result(double n, const Here&, double) const { return (s[2] - s[0] * (s[1] / n)) / spread(s[3], s[1], n); }
};
struct Explained : Sums<5> {
  void add(double x, double place, double origin) {
    const double d = x - origin;
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
    s[3] += place * place;
    s[4] += d * d;
  }
  double result(double n, const Here&, double) const {
    const double r = correlation(s[2], s[4], s[3], s[0], s[1], n);
    return r * r;
  }
};
struct Decay : Sums<3> {  // a value's weight is its place plus that of the window's first row, counted down
  void add(double x, double place, double origin) {
    const double d = x - origin;
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
  }
  double result(double n, const Here& here, double origin) const {
    const double base = here.window - here.place;
    return origin + (base * s[0] + s[2]) / (base * n + s[1]);
  }
};

template <bool kLeast>
constexpr double kWorst = kLeast ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
template <bool kLeast>
struct Extreme {
  using Value = double;
  double value = kWorst<kLeast>;
  void take(double x) { value = kLeast ? std::min(value, x) : std::max(value, x); }
  void add(double x, double, double) { take(x); }
  void join(const Extreme& other) { take(other.value); }
  double result(double, const Here&, double) const { return value; }
};
template <bool kLeast>
struct PlaceOfExtreme {
  using Value = double;
  double value = kWorst<kLeast>, place = -std::numeric_limits<double>::infinity();
  void add(double x, double where, double) {
    if ((kLeast ? x < value : x > value) || (x == value && where > place)) {
      value = x;
      place = where;
    }
  }
  void join(const PlaceOfExtreme& other) { add(other.value, other.place, 0); }
  double result(double, const Here& here, double) const { return here.place - place; }
};

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
    const double value = part.count < need_ ? kMissing : part.total.result(part.count, here, origin);
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
  if constexpr (std::is_same_v<typename Total::Value, Pair>) {
    const auto at = [x = x.data(), y = y.data()](std::int64_t i) { return Pair{x[i], y[i]}; };
    Windows<Total, decltype(at)>(window, size, at, out.data()).run();
  } else {
    const auto at = [x = x.data()](std::int64_t i) { return x[i]; };
    Windows<Total, decltype(at)>(window, size, at, out.data()).run();
  }
}

// ---- functions without blocks -----------------------------------------------------------------------------------------------------------

void counts(std::int64_t rows, std::span<const double> x, std::span<double> out) {
  const auto behind = static_cast<std::size_t>(rows);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    count += missing(x[i]) ? 0 : 1;
    if (i >= behind) count -= missing(x[i - behind]) ? 0 : 1;
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
    if (!missing(x[i])) {
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
  switch (window.op) {
    case Op::sum:
      return over<Sum>(window, x, y, out);
    case Op::mean:
      return over<Mean>(window, x, y, out);
    case Op::var:
      return over<Variance>(window, x, y, out);
    case Op::std_dev:
      return over<Deviation>(window, x, y, out);
    case Op::min:
      return over<Extreme<true>>(window, x, y, out);
    case Op::max:
      return over<Extreme<false>>(window, x, y, out);
    case Op::argmin:
      return over<PlaceOfExtreme<true>>(window, x, y, out);
    case Op::argmax:
      return over<PlaceOfExtreme<false>>(window, x, y, out);
    case Op::skew:
      return over<Skewness>(window, x, y, out);
    case Op::kurt:
      return over<Kurtosis>(window, x, y, out);
    case Op::corr:
      return over<Correlation>(window, x, y, out);
    case Op::cov:
      return over<Covariance>(window, x, y, out);
    case Op::slope:
      return over<Slope>(window, x, y, out);
    case Op::r2:
      return over<Explained>(window, x, y, out);
    case Op::decay_linear:
      return over<Decay>(window, x, y, out);
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
