// The same blocks as rolling.cpp has, one lane an entity. Where a block and the one before it hold every value, counts are known and
// nothing is masked; a block with gaps is done again with a mask and with an origin for each lane.
//
// Included by rolling_lanes_{2,4,8}.cpp alone, each compiled for the processors that have vectors of that many lanes, and without fusing
// products and sums (CMakeLists.txt), or the bits would hang on the processor. So that the linker takes no function of another file's from
// these, nothing here is shared: all is inlined, in an unnamed namespace, or a template over the vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

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

// ---- windows from blocks ----------------------------------------------------------------------------------------------------------------

// A group of lanes in one block of rows.
template <template <class> class Total, class N>
struct Block {
  using Totals = Total<N>;
  using Value = typename Totals::Value;
  using Mask = decltype(N{} == 0.0);

  const LaneJob& job;
  std::int64_t lane, begin, end;
  Totals* suffix;  // [k]: rows k.. of the block before; one behind the last is empty, and so are all before the first block
  N* counts;       // of the values in it, where there are gaps

  ASSAY_INLINE Value at(std::int64_t t) const {
    Value value;
    value[0] = load<N>(job.work.x.row(t) + lane);
    if constexpr (Totals::kValues == 2) value[1] = load<N>(job.work.y.row(t) + lane);
    return value;
  }
  ASSAY_INLINE static Mask present(const Value& value) {
    N none = value[0] - value[0];
    if constexpr (Totals::kValues == 2) none += value[1] - value[1];
    return none == 0.0;
  }
  ASSAY_INLINE bool has_gaps() const {
    N poison = all<N>(0);
    for (std::int64_t t = begin; t < end; ++t) {
      const Value value = at(t);
      poison += value[0] - value[0];
      if constexpr (Totals::kValues == 2) poison += value[1] - value[1];
    }
    return any<N>(poison != 0.0);
  }
  ASSAY_INLINE double* out(std::int64_t t) const { return job.work.out.row(t) + lane; }
  ASSAY_INLINE Here here(std::int64_t t) const { return {static_cast<double>(t - begin), static_cast<double>(job.window.rows)}; }

  // ---- every value is there ----
  ASSAY_INLINE void whole() const {
    const Value origin = at(begin);
    if (begin == 0) {
      forward<true>(origin);
      return;
    }
    Totals sum;
    const std::int64_t rows = job.window.rows;
    for (std::int64_t k = rows - 1; k > 0; --k) {
      sum.add(at(begin - rows + k), static_cast<double>(k - rows), origin);
      suffix[k] = sum;
    }
    forward<false>(origin);
  }
  template <bool kFirst>
  ASSAY_INLINE void forward(const Value& origin) const {
    Totals prefix;
    for (std::int64_t t = begin; t < end; ++t) {
      prefix.add(at(t), static_cast<double>(t - begin), origin);
      const double count = static_cast<double>(kFirst ? t + 1 : job.window.rows);
      if (count < job.need) {
        store<N>(out(t), all<N>(kMissing));
        continue;
      }
      Totals both = suffix[t - begin + 1];
      both.join(prefix);
      store<N>(out(t), finite<N>(both.result(all<N>(count), here(t), origin)));
    }
  }

  // ---- with gaps ----
  ASSAY_INLINE static void add(Totals& total, N& count, const Value& value, double place, const Value& origin) {
    const Mask mask = present(value);
    Totals next = total;
    next.add(value, place, origin);
    for (std::size_t i = 0; i < Totals::kSums; ++i) total.s[i] = choose(mask, next.s[i], total.s[i]);
    count = choose(mask, count + 1.0, count);
  }
  ASSAY_INLINE void sum_block_before(const Value& origin) const {
    if (begin == 0) return;
    Totals sum;
    N count = all<N>(0);
    const std::int64_t rows = job.window.rows;
    for (std::int64_t k = rows - 1; k > 0; --k) {
      add(sum, count, at(begin - rows + k), static_cast<double>(k - rows), origin);
      suffix[k] = sum;
      counts[k] = count;
    }
  }
  ASSAY_INLINE N finish(const Totals& total, const N& count, std::int64_t t, const Value& origin) const {
    return finite<N>(choose(count < job.need, all<N>(kMissing), total.result(count, here(t), origin)));
  }
  ASSAY_INLINE void with_gaps() const {
    Value origin{};
    N first = all<N>(static_cast<double>(end - begin));  // each lane's first value in this block
    for (std::int64_t t = end; t-- > begin;) {
      const Value value = at(t);
      const Mask mask = present(value);
      for (std::size_t c = 0; c < Totals::kValues; ++c) origin[c] = choose(mask, value[c], origin[c]);
      first = choose(mask, all<N>(static_cast<double>(t - begin)), first);
    }
    sum_block_before(origin);
    Totals prefix;
    N count = all<N>(0);
    for (std::int64_t t = begin; t < end; ++t) {
      add(prefix, count, at(t), static_cast<double>(t - begin), origin);
      Totals both = suffix[t - begin + 1];
      both.join(prefix);
      store<N>(out(t), finish(both, counts[t - begin + 1] + count, t, origin));
    }
    if (any<N>(first > 0.0)) block_before_alone(first);
  }
  // Rows before a lane's first value: their windows hold values of the block before alone, the last of which is their origin.
  ASSAY_INLINE void block_before_alone(const N& first) const {
    Value origin{};
    for (std::int64_t t = begin == 0 ? 0 : begin - job.window.rows; t < begin; ++t) {
      const Value value = at(t);
      const Mask mask = present(value);
      for (std::size_t c = 0; c < Totals::kValues; ++c) origin[c] = choose(mask, value[c], origin[c]);
    }
    sum_block_before(origin);
    for (std::int64_t t = begin; t < end; ++t) {
      const Mask alone = static_cast<double>(t - begin) < first;
      if (!any<N>(alone)) return;
      const std::int64_t k = t - begin + 1;
      store<N>(out(t), choose(alone, finish(suffix[k], counts[k], t, origin), load<N>(out(t))));
    }
  }
  // The next block comes when all other groups have had this one.
  ASSAY_INLINE void ask_for_next() const {
    const std::int64_t last = lesser(job.work.times, end + job.window.rows);
    for (std::int64_t t = end; t < last; ++t) {
      __builtin_prefetch(job.work.x.row(t) + lane);
      if constexpr (Totals::kValues == 2) __builtin_prefetch(job.work.y.row(t) + lane);
      __builtin_prefetch(out(t), 1);
    }
  }
};

template <template <class> class Total>
struct InBlocks {
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    const std::int64_t rows = job.window.rows, times = job.work.times, count = groups<N>(job);
    Room<Total<N>> suffix(lesser(rows, times) + 1);
    Room<N> counts(lesser(rows, times) + 1, all<N>(0));
    Room<std::uint8_t> had_gaps(count);
    constexpr std::int64_t kNear = 1 << 16;  // values
    const bool ahead = rows * job.work.lanes <= kNear;
    for (std::int64_t begin = 0; begin < times; begin += rows) {
      for (std::int64_t group = 0; group < count; ++group) {
        const Block<Total, N> block{job, first_lane<N>(job, group), begin, lesser(begin + rows, times), suffix.data(), counts.data()};
        if (ahead) block.ask_for_next();
        const bool gaps = block.has_gaps();
        if (gaps || had_gaps[group] != 0)
          block.with_gaps();
        else
          block.whole();
        had_gaps[group] = gaps ? 1 : 0;
      }
    }
  }
};

// ---- functions without blocks: some rows of each group in turn, so that memory is walked in its order
// ------------------------------------

constexpr std::int64_t kRowsInTurn = 16;

ASSAY_INLINE void ask_for_next(const LaneWork& work, std::int64_t lane, std::int64_t from) {
  for (std::int64_t t = from; t < lesser(work.times, from + kRowsInTurn); ++t) {
    __builtin_prefetch(work.x.row(t) + lane);
    __builtin_prefetch(work.out.row(t) + lane, 1);
  }
}

struct Counts {
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    Room<N> counts(groups<N>(job), all<N>(0));
    for (std::int64_t begin = 0; begin < job.work.times; begin += kRowsInTurn) {
      for (std::int64_t group = 0; group < groups<N>(job); ++group) {
        const std::int64_t lane = first_lane<N>(job, group), end = lesser(begin + kRowsInTurn, job.work.times);
        ask_for_next(job.work, lane, end);
        N count = counts[group];
        for (std::int64_t t = begin; t < end; ++t) {
          count += there<N>(job, t, lane);
          if (t >= job.window.rows) count -= there<N>(job, t - job.window.rows, lane);
          store<N>(job.work.out.row(t) + lane, count);
        }
        counts[group] = count;
      }
    }
  }
  template <class N>
  ASSAY_INLINE static N there(const LaneJob& job, std::int64_t t, std::int64_t lane) {
    const N value = load<N>(job.work.x.row(t) + lane);
    return choose(value - value == 0.0, all<N>(1), all<N>(0));
  }
};

template <bool kDeviation>
struct Fading {
  template <class N>
  struct State {
    N weight = all<N>(0), weight_squares = all<N>(0), mean = all<N>(0), squares = all<N>(0), count = all<N>(0);
  };
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    const double keep = 1 - 2 / (static_cast<double>(job.window.rows) + 1);
    Room<State<N>> states(groups<N>(job));
    for (std::int64_t begin = 0; begin < job.work.times; begin += kRowsInTurn) {
      for (std::int64_t group = 0; group < groups<N>(job); ++group) {
        const std::int64_t lane = first_lane<N>(job, group), end = lesser(begin + kRowsInTurn, job.work.times);
        ask_for_next(job.work, lane, end);
        State<N> state = states[group];
        for (std::int64_t t = begin; t < end; ++t) {
          const N value = step<N>(state, keep, load<N>(job.work.x.row(t) + lane));
          store<N>(job.work.out.row(t) + lane, choose(state.count >= job.need, finite<N>(value), all<N>(kMissing)));
        }
        states[group] = state;
      }
    }
  }
  template <class N>
  ASSAY_INLINE static N step(State<N>& s, double keep, const N& x) {
    const auto present = x - x == 0.0;
    s.weight *= keep;
    s.weight = choose(present, s.weight + 1.0, s.weight);
    const N apart = x - s.mean;
    const N mean = choose(present, s.mean + apart * (1.0 / s.weight), s.mean);
    if constexpr (kDeviation) {
      s.weight_squares *= keep * keep;
      s.squares *= keep;
      s.weight_squares = choose(present, s.weight_squares + 1.0, s.weight_squares);
      s.squares = choose(present, s.squares + apart * (x - mean), s.squares);
    }
    s.mean = mean;
    s.count = choose(present, s.count + 1.0, s.count);
    if constexpr (!kDeviation) return s.mean;
    return root<N>(s.squares * s.weight / (s.weight * s.weight - s.weight_squares));
  }
};

// ---- the order of short windows: a sorted array a lane, what is missing behind all others as infinities ---------------------------------

// Where a quantile stands in a sorted array.
struct Place {
  std::int64_t below;
  double share;
  ASSAY_INLINE Place(const LaneJob& job, double count) {
    const double place = (job.window.op == Op::median ? 0.5 : job.window.share) * (count - 1);
    below = static_cast<std::int64_t>(place);
    share = place - static_cast<double>(below);
  }
};
template <class N>
ASSAY_INLINE N quantile(const Place& place, const N* sorted) {
  const N low = sorted[place.below];
  if (place.share == 0) return low;
  const N high = sorted[place.below + 1];
  return place.share == 0.5 ? low / 2.0 + high / 2.0 : low + (high - low) * place.share;
}

template <bool kRank>
struct InOrder {
  template <class N>
  struct Standing {
    N less, equal;
  };
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    const std::int64_t rows = job.window.rows, count = groups<N>(job);
    Room<N> sorted((rows + 1) * count, all<N>(kEndless));
    Room<N> counts(count, all<N>(0));
    Room<std::uint8_t> with_gaps(count);
    for (std::int64_t begin = 0; begin < job.work.times; begin += kRowsInTurn) {
      for (std::int64_t group = 0; group < count; ++group) {
        const std::int64_t lane = first_lane<N>(job, group), end = lesser(begin + kRowsInTurn, job.work.times);
        ask_for_next(job.work, lane, end);
        if (with_gaps[group] == 0 && has_gaps<N>(job, lane, begin, end)) {
          with_gaps[group] = 1;  // from here on
          counts[group] = all<N>(static_cast<double>(lesser(begin, rows)));
        }
        N* const own = sorted.data() + group * (rows + 1);
        for (std::int64_t t = begin; t < end; ++t) {
          double* const out = job.work.out.row(t) + lane;
          store<N>(out, with_gaps[group] == 0 ? whole<N>(job, lane, t, own) : masked<N>(job, lane, t, own, counts[group]));
        }
      }
    }
  }
  template <class N>
  ASSAY_INLINE static bool has_gaps(const LaneJob& job, std::int64_t lane, std::int64_t begin, std::int64_t end) {
    N poison = all<N>(0);
    for (std::int64_t t = begin; t < end; ++t) {
      const N x = load<N>(job.work.x.row(t) + lane);
      poison += x - x;
    }
    return any<N>(poison != 0.0);
  }
  // No value has been missing yet.
  template <class N>
  ASSAY_INLINE static N whole(const LaneJob& job, std::int64_t lane, std::int64_t t, N* sorted) {
    const std::int64_t rows = job.window.rows;
    const N old = t < rows ? all<N>(kEndless) : load<N>(job.work.x.row(t - rows) + lane);
    const Standing<N> standing = replace<N>(sorted, rows, old, load<N>(job.work.x.row(t) + lane));
    const double count = static_cast<double>(lesser(t + 1, rows));
    if (count < job.need) return all<N>(kMissing);
    if constexpr (kRank) return (standing.less + (standing.equal + 1.0) / 2.0) / all<N>(count);
    return quantile<N>(Place(job, count), sorted);
  }
  template <class N>
  ASSAY_INLINE static N masked(const LaneJob& job, std::int64_t lane, std::int64_t t, N* sorted, N& count) {
    const std::int64_t rows = job.window.rows;
    const N x = value_or_endless<N>(job, lane, t), old = t < rows ? all<N>(kEndless) : value_or_endless<N>(job, lane, t - rows);
    count += choose(x < kEndless, all<N>(1), all<N>(0)) - choose(old < kEndless, all<N>(1), all<N>(0));
    const Standing<N> standing = replace<N>(sorted, rows, old, x);
    if constexpr (kRank) {
      const N value = (standing.less + (standing.equal + 1.0) / 2.0) / count;
      return choose(x < kEndless, choose(count >= job.need, value, all<N>(kMissing)), all<N>(kMissing));
    }
    N result = all<N>(kMissing);
    for (std::int64_t l = 0; l < kLanes<N>; ++l) {
      if (count[l] < job.need) continue;
      const Place place(job, count[l]);
      const double low = sorted[place.below][l], high = place.share == 0 ? low : sorted[place.below + 1][l];
      result[l] = place.share == 0 ? low : place.share == 0.5 ? low / 2 + high / 2 : low + (high - low) * place.share;
    }
    return result;
  }
  template <class N>
  ASSAY_INLINE static N value_or_endless(const LaneJob& job, std::int64_t lane, std::int64_t t) {
    const N value = load<N>(job.work.x.row(t) + lane);
    return choose(value - value == 0.0, value, all<N>(kEndless));
  }
  // The first that is not less than `old` goes, x comes before the first that is not less than x. One walk: without[k] is the array less
  // `old`, and what moves up from k - 1 is x or without[k - 1], whichever comes later.
  template <class N>
  ASSAY_INLINE static Standing<N> replace(N* sorted, std::int64_t rows, const N& old, const N& x) {
    Standing<N> standing{all<N>(0), all<N>(1)};
    N present = sorted[0], up = x;
    for (std::int64_t k = 0; k < rows; ++k) {
      const N next = sorted[k + 1], without = choose(present < old, present, next);
      const auto less = without < x;
      sorted[k] = choose(less, without, up);
      up = choose(less, x, without);
      if constexpr (kRank) {
        standing.less = choose(less, standing.less + 1.0, standing.less);
        standing.equal = choose(without == x, standing.equal + 1.0, standing.equal);
      }
      present = next;
    }
    return standing;
  }
};

template <class N>
void roll(const LaneJob& job) {
  const auto in_blocks = [&]<template <class> class Total> { InBlocks<Total>::template run<N>(job); };
  if (totals::with_total(job.window.op, in_blocks)) return;
  switch (job.window.op) {
    case Op::count:
      return Counts::run<N>(job);
    case Op::ewm_mean:
      return Fading<false>::run<N>(job);
    case Op::ewm_std:
      return Fading<true>::run<N>(job);
    case Op::rank:
      return InOrder<true>::run<N>(job);
    default:
      return InOrder<false>::run<N>(job);
  }
}

}  // namespace

}  // namespace assay::pipeline
