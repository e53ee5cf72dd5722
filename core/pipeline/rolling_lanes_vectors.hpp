// Vectors of lanes: what the files of rolling functions over entities side by side are written with. Included by rolling_lanes_*.hpp
// alone; the rules of rolling_lanes_body.hpp hold here.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__FMA__)
#include <immintrin.h>
#endif

#include "pipeline/rolling_lanes.hpp"
#include "pipeline/rolling_totals.hpp"

namespace assay::pipeline {

namespace {

using totals::all;
using totals::any;
using totals::choose;
using totals::Here;
using totals::kEndless;
using totals::kMissing;
using totals::root;

typedef double V2 __attribute__((vector_size(16)));
typedef double V4 __attribute__((vector_size(32)));
typedef double V8 __attribute__((vector_size(64)));
// The same anywhere in memory.
template <class N>
struct Loose;
template <>
struct Loose<V2> {
  typedef double Type __attribute__((vector_size(16), aligned(8), may_alias));
};
template <>
struct Loose<V4> {
  typedef double Type __attribute__((vector_size(32), aligned(8), may_alias));
};
template <>
struct Loose<V8> {
  typedef double Type __attribute__((vector_size(64), aligned(8), may_alias));
};
template <class N>
ASSAY_INLINE N load(const double* from) {
  return *reinterpret_cast<const typename Loose<N>::Type*>(from);
}
template <class N>
ASSAY_INLINE void store(double* to, const N& value) {
  *reinterpret_cast<typename Loose<N>::Type*>(to) = value;
}
template <class N>
constexpr std::int64_t kLanes = sizeof(N) / sizeof(double);

// The numbers' bits without their signs.
template <class N>
ASSAY_INLINE auto magnitude_bits(const N& x) {
  typedef std::uint64_t Bits __attribute__((vector_size(sizeof(N))));
  return (Bits)x & 0x7fff'ffff'ffff'ffffu;
}

// a * b + c, rounded once, where the processor has that.
#if defined(__FMA__)
template <class N>
constexpr bool kFuses = sizeof(N) > 16;
ASSAY_INLINE V4 fused(const V4& a, const V4& b, const V4& c) { return _mm256_fmadd_pd(a, b, c); }
#if defined(__AVX512F__)
ASSAY_INLINE V8 fused(const V8& a, const V8& b, const V8& c) { return _mm512_fmadd_pd(a, b, c); }
#endif
#else
template <class N>
constexpr bool kFuses = false;
#endif

// a / b, to the bit, without dividing: b's inverse, which many rows share, was rounded once. The product's error is seen exactly by a fused
// product, and a quotient corrected by it is the rounded one (Markstein 1990) where what was corrected was the nearest number or its
// neighbour; which takes a correction more, unless b is a whole number (whose quotients keep away from the middle between two numbers by
// more than the error that is left). At the ends of the range the errors would lose digits: there it is divided.
template <bool kWhole, class N>
ASSAY_INLINE N quotient(const N& a, const N& b, const N& inverse) {
  if constexpr (kFuses<N>) {
    constexpr std::uint64_t kLeast = std::bit_cast<std::uint64_t>(1e-250), kMost = std::bit_cast<std::uint64_t>(1e250);
    N result = a * inverse;
    if constexpr (!kWhole) result = fused(fused(-result, b, a), inverse, result);
    if (!any<N>(magnitude_bits<N>(a) - kLeast > kMost - kLeast)) return fused(fused(-result, b, a), inverse, result);
  }
  return a / b;
}

// Aligned as the widest vectors want it.
template <class T>
class Room {
 public:
  explicit Room(std::int64_t size, const T& value = T{})
      : size_(size), values_(static_cast<T*>(::operator new (static_cast<std::size_t>(size) * sizeof(T), std::align_val_t{64}))) {
    fill(value);
  }
  ~Room() { ::operator delete (values_, std::align_val_t{64}); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  T& operator[](std::int64_t i) { return values_[i]; }
  T* data() { return values_; }
  void fill(const T& value) {
    for (std::int64_t i = 0; i < size_; ++i) ::new (values_ + i) T(value);
  }

 private:
  std::int64_t size_;
  T* values_;
};

ASSAY_INLINE std::int64_t lesser(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// The first lane of each group; the last group begins early where the lanes do not come out even, and does some lanes twice.
template <class N>
ASSAY_INLINE std::int64_t groups(const LaneJob& job) {
  return (job.work.lanes + kLanes<N> - 1) / kLanes<N>;
}
template <class N>
ASSAY_INLINE std::int64_t first_lane(const LaneJob& job, std::int64_t group) {
  return lesser(group * kLanes<N>, job.work.lanes - kLanes<N>);
}

template <class N>
ASSAY_INLINE N finite(const N& value) {
  return choose(value - value == 0.0, value, all<N>(kMissing));
}

// A group of lanes: what a function takes of a row, and where its result goes. A copy of what the job says, or each store might have
// changed it.
template <class Totals>
struct LaneGroup {
  using Value = typename Totals::Value;
  using N = decltype(Value{}[0] + Value{}[0]);
  const double *x, *y;
  double* results;
  std::int64_t x_step, y_step, step;
  ASSAY_INLINE LaneGroup(const LaneJob& job, std::int64_t lane)
      : x(job.work.x.base + lane),
        y(Totals::kValues == 2 ? job.work.y.base + lane : nullptr),
        results(job.work.out.base + lane),
        x_step(job.work.x.step),
        y_step(job.work.y.step),
        step(job.work.out.step) {}
  ASSAY_INLINE Value at(std::int64_t t) const {
    Value value;
    value[0] = load<N>(x + t * x_step);
    if constexpr (Totals::kValues == 2) value[1] = load<N>(y + t * y_step);
    return value;
  }
  ASSAY_INLINE double* out(std::int64_t t) const { return results + t * step; }
};
// Stays zero as long as nothing is missing.
template <class Totals, class N>
ASSAY_INLINE void poison_by(N& poison, const typename Totals::Value& value) {
  poison += value[0] - value[0];
  if constexpr (Totals::kValues == 2) poison += value[1] - value[1];
}

}  // namespace

}  // namespace assay::pipeline
