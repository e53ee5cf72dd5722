// What rolling functions sum over a window, and what comes of the sums: one text for one entity (double) and for several side by side (a
// vector with a lane for each), so that both give the same bits. Used by rolling.cpp and rolling_lanes.cpp alone. Pure.
//
// A total has add(value, its place in the block: negative in the block before, the origin), join() and result(number of values, where the
// window ends, the origin). Masks are not joined by & and |, which compilers turn into slow code for the widest vectors.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "pipeline/expression.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__GNUC__)
#define ASSAY_INLINE [[gnu::always_inline]] inline  // what is not inlined would not be compiled for the wider vectors of its caller
#else
#define ASSAY_INLINE inline
#endif

namespace assay::pipeline::totals {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kEndless = std::numeric_limits<double>::infinity();

template <class Mask, class N>
ASSAY_INLINE N choose(const Mask& mask, const N& a, const N& b) {
  return mask ? a : b;
}
template <class N>
ASSAY_INLINE N all(double value) {  // the same in each lane
  return value - N{};
}
template <class N, class Mask>
ASSAY_INLINE bool any(const Mask& mask) {  // of the lanes
  if constexpr (std::is_same_v<N, double>) {
    return mask;
#if defined(__AVX512DQ__)
  } else if constexpr (sizeof(N) == 64) {
    return _mm512_movepi64_mask((__m512i)mask) != 0;
#endif
#if defined(__AVX2__)
  } else if constexpr (sizeof(N) == 32) {
    return _mm256_movemask_pd((__m256d)mask) != 0;
#endif
  } else {
    std::int64_t found = 0;
    for (std::size_t lane = 0; lane < sizeof(N) / sizeof(double); ++lane) found |= mask[lane];
    return found != 0;
  }
}
template <class N>
ASSAY_INLINE N root(const N& x) {
  if constexpr (std::is_same_v<N, double>) {
    return std::sqrt(x);
  } else {
    constexpr std::size_t kLanes = sizeof(N) / sizeof(double);
    N result = x;
    for (std::size_t lane = 0; lane < kLanes; ++lane) result[lane] = __builtin_sqrt(x[lane]);
    return result;
  }
}

template <class N, std::size_t kSize>
struct Row {  // std::array, whose functions may end up in another file than the one for whose processor they were compiled
  N values[kSize];
  ASSAY_INLINE N& operator[](std::size_t i) { return values[i]; }
  ASSAY_INLINE const N& operator[](std::size_t i) const { return values[i]; }
};

// Where a window ends, for the functions that need it.
struct Here {
  double place;   // of the present row in its block
  double window;  // rows
};

// How many values a window holds, and what is divided by that. (rolling_lanes_blocks.hpp has one that divides faster, to the same bits.)
template <class N>
struct Count {
  N n;
  ASSAY_INLINE N inverse() const { return 1.0 / n; }
  ASSAY_INLINE N part(const N& sum) const { return sum / n; }
  ASSAY_INLINE N part_less_one(const N& sum) const { return sum / (n - 1.0); }
};

// A sum of squares that rounding has made negative is zero.
template <class N, class C>
ASSAY_INLINE N spread(const N& squares, const N& sum, const C& count) {
  const N result = squares - sum * count.part(sum);
  return choose(0.0 < result, result, all<N>(0));
}
// From sums of products, and of each alone. Divisions and roots are what it costs, so there is one of each.
template <class N, class C>
ASSAY_INLINE N correlation(const N& xy, const N& xx, const N& yy, const N& x, const N& y, const C& count) {
  const N per = count.inverse();
  const N of_x = xx - x * (x * per), of_y = yy - y * (y * per), product = of_x * of_y;
  N scale = root(product);
  const N is_near = choose(product > 1e-280, choose(product < 1e280, all<N>(1), all<N>(0)), all<N>(0));
  if (any<N>(is_near == 0.0)) scale = choose(is_near == 0.0, root(of_x) * root(of_y), scale);
  const N ratio = (xy - x * (y * per)) / scale;
  const N within = choose(ratio < -1.0, all<N>(-1), choose(1.0 < ratio, all<N>(1), ratio));
  return choose(of_x > 0.0, choose(of_y > 0.0, within, all<N>(kMissing)), all<N>(kMissing));
}

template <class N, std::size_t kCount, std::size_t kColumns = 1>
struct Sums {
  static constexpr std::size_t kSums = kCount;
  static constexpr std::size_t kValues = kColumns;  // of each row
  using Value = Row<N, kColumns>;
  Row<N, kCount> s{};
  ASSAY_INLINE void join(const Sums& other) {
    for (std::size_t i = 0; i < kCount; ++i) s[i] += other.s[i];
  }
};
template <class N>
struct Sum : Sums<N, 1> {
  using Value = typename Sums<N, 1>::Value;
  using Sums<N, 1>::s;
  ASSAY_INLINE void add(const Value& x, double, const Value&) { s[0] += x[0]; }
  template <class C>
  ASSAY_INLINE N result(const C&, const Here&, const Value&) const {
    return s[0];
  }
};
template <class N>
struct Mean : Sums<N, 1> {
  using Value = typename Sums<N, 1>::Value;
  using Sums<N, 1>::s;
  ASSAY_INLINE void add(const Value& x, double, const Value& origin) { s[0] += x[0] - origin[0]; }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value& origin) const {
    return origin[0] + count.part(s[0]);
  }
};
template <class N>
struct Variance : Sums<N, 2> {
  using Value = typename Sums<N, 2>::Value;
  using Sums<N, 2>::s;
  ASSAY_INLINE void add(const Value& x, double, const Value& origin) {
    const N d = x[0] - origin[0];
    s[0] += d;
    s[1] += d * d;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    return count.part_less_one(spread<N>(s[1], s[0], count));
  }
};
template <class N>
struct Deviation : Variance<N> {
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here& here, const typename Variance<N>::Value& origin) const {
    return root<N>(Variance<N>::result(count, here, origin));
  }
};
template <class N>
struct Skewness : Sums<N, 3> {
  using Value = typename Sums<N, 3>::Value;
  using Sums<N, 3>::s;
  ASSAY_INLINE void add(const Value& x, double, const Value& origin) {
    const N d = x[0] - origin[0];
    s[0] += d;
    s[1] += d * d;
    s[2] += d * d * d;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    const N n = count.n, mean = count.part(s[0]), m2 = spread<N>(s[1], s[0], count);
    const N m3 = s[2] - 3.0 * mean * s[1] + 2.0 * mean * mean * s[0];
    return n * m3 / ((n - 2.0) * m2) * root<N>((n - 1.0) / m2);
  }
};
template <class N>
struct Kurtosis : Sums<N, 4> {
  using Value = typename Sums<N, 4>::Value;
  using Sums<N, 4>::s;
  ASSAY_INLINE void add(const Value& x, double, const Value& origin) {
    const N d = x[0] - origin[0], square = d * d;
    s[0] += d;
    s[1] += square;
    s[2] += square * d;
    s[3] += square * square;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    const N n = count.n, mean = count.part(s[0]), m2 = spread<N>(s[1], s[0], count);
    const N m4 = s[3] - 4.0 * mean * s[2] + 6.0 * mean * mean * s[1] - 3.0 * mean * mean * mean * s[0];
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * n * (m4 / (m2 * m2)) - 3.0 * (n - 1.0));
  }
};
template <class N>
struct Covariance : Sums<N, 3, 2> {
  using Value = typename Sums<N, 3, 2>::Value;
  using Sums<N, 3, 2>::s;
  ASSAY_INLINE void add(const Value& value, double, const Value& origin) {
    const N dx = value[0] - origin[0], dy = value[1] - origin[1];
    s[0] += dx;
    s[1] += dy;
    s[2] += dx * dy;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    return count.part_less_one(s[2] - s[0] * count.part(s[1]));
  }
};
template <class N>
struct Correlation : Sums<N, 5, 2> {
  using Value = typename Sums<N, 5, 2>::Value;
  using Sums<N, 5, 2>::s;
  ASSAY_INLINE void add(const Value& value, double, const Value& origin) {
    const N dx = value[0] - origin[0], dy = value[1] - origin[1];
    s[0] += dx;
    s[1] += dy;
    s[2] += dx * dy;
    s[3] += dx * dx;
    s[4] += dy * dy;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    return correlation<N>(s[2], s[3], s[4], s[0], s[1], count);
  }
};
template <class N>
struct Slope : Sums<N, 4> {  // of values over their places
  using Value = typename Sums<N, 4>::Value;
  using Sums<N, 4>::s;
  ASSAY_INLINE void add(const Value& x, double place, const Value& origin) {
    const N d = x[0] - origin[0];
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
    s[3] += place * place;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    return (s[2] - s[0] * count.part(s[1])) / spread<N>(s[3], s[1], count);
  }
};
template <class N>
struct Explained : Sums<N, 5> {
  using Value = typename Sums<N, 5>::Value;
  using Sums<N, 5>::s;
  ASSAY_INLINE void add(const Value& x, double place, const Value& origin) {
    const N d = x[0] - origin[0];
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
    s[3] += place * place;
    s[4] += d * d;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here&, const Value&) const {
    const N r = correlation<N>(s[2], s[4], s[3], s[0], s[1], count);
    return r * r;
  }
};
template <class N>
struct Decay : Sums<N, 3> {  // a value's weight is its place plus that of the window's first row, counted down
  using Value = typename Sums<N, 3>::Value;
  using Sums<N, 3>::s;
  ASSAY_INLINE void add(const Value& x, double place, const Value& origin) {
    const N d = x[0] - origin[0];
    s[0] += d;
    s[1] += place;
    s[2] += d * place;
  }
  template <class C>
  ASSAY_INLINE N result(const C& count, const Here& here, const Value& origin) const {
    const double base = here.window - here.place;
    return origin[0] + (base * s[0] + s[2]) / (base * count.n + s[1]);
  }
};

template <class N, bool kLeast>
struct Extreme {
  static constexpr std::size_t kValues = 1;
  static constexpr std::size_t kSums = 1;
  using Value = Row<N, 1>;
  Row<N, 1> s{{all<N>(kLeast ? kEndless : -kEndless)}};
  ASSAY_INLINE void take(const N& x) { s[0] = choose(kLeast ? x < s[0] : s[0] < x, x, s[0]); }
  ASSAY_INLINE void add(const Value& x, double, const Value&) { take(x[0]); }
  ASSAY_INLINE void join(const Extreme& other) { take(other.s[0]); }
  template <class C>
  ASSAY_INLINE N result(const C&, const Here&, const Value&) const {
    return s[0];
  }
};
template <class N>
struct Least : Extreme<N, true> {};
template <class N>
struct Greatest : Extreme<N, false> {};

template <class N, bool kLeast>
struct PlaceOfExtreme {
  static constexpr std::size_t kValues = 1;
  static constexpr std::size_t kSums = 2;
  using Value = Row<N, 1>;
  Row<N, 2> s{{all<N>(kLeast ? kEndless : -kEndless), all<N>(-kEndless)}};  // the value, its place
  ASSAY_INLINE void take(const N& x, const N& place) {
    const auto better = kLeast ? x < s[0] : x > s[0];
    const N of_equal = choose(place > s[1], place, s[1]);
    s[1] = choose(better, place, choose(x == s[0], of_equal, s[1]));
    s[0] = choose(better, x, s[0]);
  }
  ASSAY_INLINE void add(const Value& x, double place, const Value&) { take(x[0], all<N>(place)); }
  ASSAY_INLINE void join(const PlaceOfExtreme& other) { take(other.s[0], other.s[1]); }
  template <class C>
  ASSAY_INLINE N result(const C&, const Here& here, const Value&) const {
    return here.place - s[1];
  }
};
template <class N>
struct PlaceOfLeast : PlaceOfExtreme<N, true> {};
template <class N>
struct PlaceOfGreatest : PlaceOfExtreme<N, false> {};

// do_it.template operator()<Total>() with the total of an operator; false where it has none.
template <class Do>
bool with_total(Op op, const Do& do_it) {
  switch (op) {
    case Op::sum:
      return do_it.template operator()<Sum>(), true;
    case Op::mean:
      return do_it.template operator()<Mean>(), true;
    case Op::var:
      return do_it.template operator()<Variance>(), true;
    case Op::std_dev:
      return do_it.template operator()<Deviation>(), true;
    case Op::min:
      return do_it.template operator()<Least>(), true;
    case Op::max:
      return do_it.template operator()<Greatest>(), true;
    case Op::argmin:
      return do_it.template operator()<PlaceOfLeast>(), true;
    case Op::argmax:
      return do_it.template operator()<PlaceOfGreatest>(), true;
    case Op::skew:
      return do_it.template operator()<Skewness>(), true;
    case Op::kurt:
      return do_it.template operator()<Kurtosis>(), true;
    case Op::corr:
      return do_it.template operator()<Correlation>(), true;
    case Op::cov:
      return do_it.template operator()<Covariance>(), true;
    case Op::slope:
      return do_it.template operator()<Slope>(), true;
    case Op::r2:
      return do_it.template operator()<Explained>(), true;
    case Op::decay_linear:
      return do_it.template operator()<Decay>(), true;
    default:
      return false;
  }
}

}  // namespace assay::pipeline::totals
