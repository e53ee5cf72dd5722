// One vector register of the CPU level that this is compiled for, and the few functions on it that networks need. Used by the kernels,
// activations, losses and optimisers of nn; not meant for others. Written with the compilers' vector extension, so that every level has the
// same source. In float exp and log1p are good to 3e-7, erf to 6e-7, in double they are the standard library's. Pure functions,
// thread-safe.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "assay/nn/namespace.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
struct VecOf {
  typedef S Type __attribute__((vector_size(ASSAY_NN_VECTOR_BYTES)));
  using Bits = std::conditional_t<sizeof(S) == 4, std::int32_t, std::int64_t>;
  typedef Bits Mask __attribute__((vector_size(ASSAY_NN_VECTOR_BYTES)));
};
template <class S>
using Vec = typename VecOf<S>::Type;
template <class S>
inline constexpr int kLanes = static_cast<int>(ASSAY_NN_VECTOR_BYTES / sizeof(S));

// The next multiple of the vector's length: rows of weights and activations are padded to it, and the padding stays zero.
template <class S>
constexpr std::ptrdiff_t padded(std::ptrdiff_t n) {
  return (n + kLanes<S> - 1) / kLanes<S> * kLanes<S>;
}

template <class S>
inline Vec<S> load(const S* from) {
  Vec<S> v;
  __builtin_memcpy(&v, from, sizeof(v));
  return v;
}
template <class S, class V>
inline void store(S* to, const V& v) {
  static_assert(sizeof(V) == ASSAY_NN_VECTOR_BYTES);
  __builtin_memcpy(to, &v, sizeof(v));
}
template <class S>
inline Vec<S> splat(S x) {
  return x - Vec<S>{};
}

// The sum over the lanes, always in the same order.
template <class S, class V>
inline double lane_sum(const V& v) {
  double sum = 0;
  for (int i = 0; i < kLanes<S>; ++i) sum += static_cast<double>(v[i]);
  return sum;
}

namespace detail {

template <class S, std::size_t Half, std::size_t... Lane>
ASSAY_NN_INLINE Vec<S> folded_lanes(Vec<S> v, std::index_sequence<Lane...> lanes) {
  if constexpr (Half == 0)
    return v;
  else
    return folded_lanes<S, Half / 2>(v + __builtin_shufflevector(v, v, static_cast<int>(Lane ^ Half)...), lanes);
}

template <class S, class F>
inline Vec<S> each_lane(Vec<S> x, F&& f) {
  for (int i = 0; i < kLanes<S>; ++i) x[i] = f(x[i]);
  return x;
}

}  // namespace detail

// The sum over the lanes in every lane, always in the same order: pairs, then pairs of pairs.
template <class S>
ASSAY_NN_INLINE Vec<S> lane_total(Vec<S> v) {
  constexpr std::size_t n = kLanes<S>;
  return detail::folded_lanes<S, n / 2>(v, std::make_index_sequence<n>());
}

// Correctly rounded. Intrinsics, since the library's function may set errno and so stays scalar.
template <class S>
inline Vec<S> square_root(Vec<S> x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(S) == 4)
    return (Vec<S>)_mm512_sqrt_ps((__m512)x);
  else
    return (Vec<S>)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX__)
  if constexpr (sizeof(S) == 4)
    return (Vec<S>)_mm256_sqrt_ps((__m256)x);
  else
    return (Vec<S>)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
  if constexpr (sizeof(S) == 4)
    return (Vec<S>)_mm_sqrt_ps((__m128)x);
  else
    return (Vec<S>)_mm_sqrt_pd((__m128d)x);
#else
  return detail::each_lane<S>(x, [](S v) { return std::sqrt(v); });
#endif
}

// 1 / x for finite x above zero: in float the CPU's estimate and a step of Newton, good to 2e-7.
template <class S>
ASSAY_NN_INLINE Vec<S> reciprocal(Vec<S> x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(S) == 4) {
    const Vec<S> r = (Vec<S>)_mm512_rcp14_ps((__m512)x);
    return r * (S{2} - x * r);
  }
#elif defined(__AVX__)
  if constexpr (sizeof(S) == 4) {
    const Vec<S> r = (Vec<S>)_mm256_rcp_ps((__m256)x);
    return r * (S{2} - x * r);
  }
#endif
  return S{1} / x;
}

// e^x: x = n ln 2 + r, Taylor's series for e^r up to r^7 / 5040. NaN stays NaN.
template <class S>
ASSAY_NN_INLINE Vec<S> exponential(Vec<S> x) {
  if constexpr (std::is_same_v<S, double>) {
    return detail::each_lane<S>(x, [](S v) { return std::exp(v); });
  } else {
    using Mask = typename VecOf<S>::Mask;
    x = x < -87.0f ? splat(-87.0f) : x;
    x = x > 88.0f ? splat(88.0f) : x;
    const Vec<S> rounder = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
    const Vec<S> n = (x * 1.44269504f + rounder) - rounder;
    const Vec<S> r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
    Vec<S> p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const Mask exponent = (__builtin_convertvector(n, Mask) + 127) << 23;
    Vec<S> scale;
    __builtin_memcpy(&scale, &exponent, sizeof(scale));
    return p * scale;
  }
}

// log(1 + x) for x in [0, 1]: 2 artanh(x / (2 + x)), whose argument is at most 1/3.
template <class S>
ASSAY_NN_INLINE Vec<S> log1p_unit(Vec<S> x) {
  if constexpr (std::is_same_v<S, double>) {
    return detail::each_lane<S>(x, [](S v) { return std::log1p(v); });
  } else {
    const Vec<S> s = x / (x + 2.0f), q = s * s;
    Vec<S> p = splat(1.0f / 15);
    p = p * q + 1.0f / 13;
    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    p = p * q + 1.0f;
    return (s + s) * p;
  }
}

template <class S>
ASSAY_NN_INLINE Vec<S> logistic(Vec<S> x) {
  return reciprocal<S>(S{1} + exponential<S>(-x));
}

template <class S>
ASSAY_NN_INLINE Vec<S> hyperbolic_tangent(Vec<S> x) {
  if constexpr (std::is_same_v<S, double>) {
    return detail::each_lane<S>(x, [](S v) { return std::tanh(v); });
  } else {
    return S{1} - S{2} * reciprocal<S>(S{1} + exponential<S>(x + x));
  }
}

// In float: Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
template <class S>
inline Vec<S> error_function(Vec<S> x) {
  if constexpr (std::is_same_v<S, double>) {
    return detail::each_lane<S>(x, [](S v) { return std::erf(v); });
  } else {
    const Vec<S> size = x < 0.0f ? -x : x;
    const Vec<S> t = 1.0f / (1.0f + 0.3275911f * size);
    Vec<S> p = splat(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const Vec<S> positive = 1.0f - p * t * exponential<S>(-size * size);
    return x < 0.0f ? -positive : positive;
  }
}

namespace detail {

// Lane j of the two rows that stage s of a transposition makes of rows a and b (b lies s rows below a).
template <class S, int Stage, bool Lower, std::size_t... J>
inline Vec<S> exchange(const Vec<S>& a, const Vec<S>& b, std::index_sequence<J...>) {
  constexpr int n = kLanes<S>;
  return __builtin_shufflevector(a, b,
                                 ((static_cast<int>(J) & Stage) == 0 ? (Lower ? static_cast<int>(J) + Stage : static_cast<int>(J))
                                                                     : n + (Lower ? static_cast<int>(J) : static_cast<int>(J) - Stage))...);
}

template <class S, int Stage>
inline void transpose_stage(Vec<S> (&rows)[kLanes<S>]) {
  if constexpr (Stage < kLanes<S>) {
    constexpr auto lanes = std::make_index_sequence<static_cast<std::size_t>(kLanes<S>)>();
    ASSAY_NN_UNROLL
    for (int r = 0; r < kLanes<S>; ++r) {
      if ((r & Stage) != 0) continue;
      const Vec<S> a = rows[r], b = rows[r + Stage];
      rows[r] = exchange<S, Stage, false>(a, b, lanes);
      rows[r + Stage] = exchange<S, Stage, true>(a, b, lanes);
    }
    transpose_stage<S, 2 * Stage>(rows);
  }
}

}  // namespace detail

// to = transposed from (rows x cols, cols padded). Its rows are padded(rows) long: what stands for no row is zero.
template <class S>
inline void transpose(std::ptrdiff_t rows, std::ptrdiff_t cols, const S* from, std::ptrdiff_t from_stride, S* to,
                      std::ptrdiff_t to_stride) {
  constexpr int n = kLanes<S>;
  for (std::ptrdiff_t r = 0; r < rows; r += n)
    for (std::ptrdiff_t c = 0; c < cols; c += n) {
      Vec<S> block[n];
      ASSAY_NN_UNROLL
      for (int i = 0; i < n; ++i) block[i] = r + i < rows ? load(from + (r + i) * from_stride + c) : Vec<S>{};
      detail::transpose_stage<S, 1>(block);
      ASSAY_NN_UNROLL
      for (int i = 0; i < n; ++i) store(to + (c + i) * to_stride + r, block[i]);
    }
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
