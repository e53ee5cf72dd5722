// The same blocks as rolling.cpp has, one lane an entity. Where a block and the one before it hold every value, counts are known and
// nothing is masked; a block with gaps is done again with a mask and with an origin for each lane.
//
// Included by rolling_lanes_{2,4,8}.cpp alone, each compiled for the processors that have vectors of that many lanes, and without fusing
// products and sums (CMakeLists.txt), or the bits would hang on the processor. So that the linker takes no function of another file's from
// these, nothing here is shared: all is inlined, in an unnamed namespace, or a template over the vector.
#pragma once

#include "pipeline/rolling_lanes_blocks.hpp"
#include "pipeline/rolling_lanes_vectors.hpp"

namespace assay::pipeline {

namespace {

// ---- functions without blocks: some rows of each group in turn, so that memory is walked in its order
// ------------------------------------

constexpr std::int64_t kRowsInTurn = 16;

ASSAY_INLINE void ask_for_next(const LaneWork& work, std::int64_t lane, std::int64_t from) {
  for (std::int64_t t = from; t < lesser(work.times, from + kRowsInTurn); ++t) {
    __builtin_prefetch(work.x.row(t) + lane);
    __builtin_prefetch(work.out.row(t) + lane, 1);
  }
}

template <class N>
ASSAY_INLINE bool has_gaps(const LaneJob& job, std::int64_t lane, std::int64_t begin, std::int64_t end) {
  N poison = all<N>(0);
  for (std::int64_t t = begin; t < end; ++t) {
    const N x = load<N>(job.work.x.row(t) + lane);
    poison += x - x;
  }
  return any<N>(poison != 0.0);
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
  // What the rows so far weigh where none is missing, and what is divided by that.
  struct Weights {
    double weight = 0, squares = 0, inverse = 0, left = 0, inverse_left = 0;
    ASSAY_INLINE void step(double keep) {
      weight *= keep;
      weight += 1.0;
      squares *= keep * keep;
      squares += 1.0;
      inverse = 1.0 / weight;
      left = weight * weight - squares;
      inverse_left = 1.0 / left;
    }
  };
  template <class N>
  struct State {
    N weight = all<N>(0), weight_squares = all<N>(0), mean = all<N>(0), squares = all<N>(0), count = all<N>(0);
  };
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    const double keep = 1 - 2 / (static_cast<double>(job.window.rows) + 1);
    Room<State<N>> states(groups<N>(job));
    Room<std::uint8_t> with_gaps(groups<N>(job));
    Weights weights[kRowsInTurn + 1];  // the first: before these rows
    for (std::int64_t begin = 0; begin < job.work.times; begin += kRowsInTurn) {
      const std::int64_t end = lesser(begin + kRowsInTurn, job.work.times);
      for (std::int64_t t = begin; t < end; ++t) {
        weights[t - begin + 1] = weights[t - begin];
        weights[t - begin + 1].step(keep);
      }
      for (std::int64_t group = 0; group < groups<N>(job); ++group) {
        const std::int64_t lane = first_lane<N>(job, group);
        State<N>& state = states[group];
        if (with_gaps[group] == 0 && has_gaps<N>(job, lane, begin, end)) {
          with_gaps[group] = 1;  // from here on
          state.weight = all<N>(weights[0].weight);
          state.weight_squares = all<N>(weights[0].squares);
          state.count = all<N>(static_cast<double>(begin));
        }
        with_gaps[group] == 0 ? whole<N>(job, lane, begin, end, weights + 1, keep, state) : masked<N>(job, lane, begin, end, keep, state);
      }
      weights[0] = weights[end - begin];
    }
  }
  template <class N>
  ASSAY_INLINE static void whole(const LaneJob& job, std::int64_t lane, std::int64_t begin, std::int64_t end, const Weights* weights,
                                 double keep, State<N>& state) {
    const LaneWork work = job.work;
    const double need = job.need;
    N mean = state.mean, squares = state.squares;
    for (std::int64_t t = begin; t < end; ++t, ++weights) {
      const N x = load<N>(work.x.row(t) + lane), apart = x - mean;
      mean += apart * weights->inverse;
      N value = mean;
      if constexpr (kDeviation) {
        squares *= keep;
        squares += apart * (x - mean);
        value = root<N>(quotient<false>(squares * weights->weight, all<N>(weights->left), all<N>(weights->inverse_left)));
      }
      store<N>(work.out.row(t) + lane, static_cast<double>(t + 1) < need ? all<N>(kMissing) : finite<N>(value));
    }
    state.mean = mean;
    state.squares = squares;
  }
  template <class N>
  ASSAY_INLINE static void masked(const LaneJob& job, std::int64_t lane, std::int64_t begin, std::int64_t end, double keep,
                                  State<N>& kept) {
    State<N> state = kept;
    for (std::int64_t t = begin; t < end; ++t) {
      const N value = step<N>(state, keep, load<N>(job.work.x.row(t) + lane));
      store<N>(job.work.out.row(t) + lane, choose(state.count >= job.need, finite<N>(value), all<N>(kMissing)));
    }
    kept = state;
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
