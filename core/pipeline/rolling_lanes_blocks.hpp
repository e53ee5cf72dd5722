// The same blocks as rolling.cpp has, one lane an entity: what functions are that sum a window (rolling_totals.hpp). Where a block and the
// one before it hold every value, counts are known and nothing is masked; a block with gaps is done again with a mask and with an origin
// for each lane. Included by rolling_lanes_body.hpp alone, whose rules hold here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipeline/rolling_lanes_vectors.hpp"

namespace assay::pipeline {

namespace {

// ---- a block with gaps ------------------------------------------------------------------------------------------------------------------

// A group of lanes in one block of rows.
template <template <class> class Total, class N>
struct BlockWithGaps {
  using Totals = Total<N>;
  using Value = typename Totals::Value;
  using Mask = decltype(N{} == 0.0);

  LaneGroup<Totals> lanes;
  std::int64_t begin, end, rows;
  double need;
  Totals* suffix;  // [k]: rows k.. of the block before; one behind the last is empty, and so are all before the first block
  N* counts;       // of the values in it

  ASSAY_INLINE Value at(std::int64_t t) const { return lanes.at(t); }
  ASSAY_INLINE static Mask present(const Value& value) {
    N none = value[0] - value[0];
    if constexpr (Totals::kValues == 2) none += value[1] - value[1];
    return none == 0.0;
  }
  ASSAY_INLINE double* out(std::int64_t t) const { return lanes.out(t); }
  ASSAY_INLINE Here here(std::int64_t t) const { return {static_cast<double>(t - begin), static_cast<double>(rows)}; }

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
    for (std::int64_t k = rows - 1; k > 0; --k) {
      add(sum, count, at(begin - rows + k), static_cast<double>(k - rows), origin);
      suffix[k] = sum;
      counts[k] = count;
    }
  }
  ASSAY_INLINE N finish(const Totals& total, const N& count, std::int64_t t, const Value& origin) const {
    return finite<N>(choose(count < need, all<N>(kMissing), total.result(totals::Count<N>{count}, here(t), origin)));
  }
  // Whether a value of this block is missing.
  ASSAY_INLINE bool run() const {
    Value origin{};
    N first = all<N>(static_cast<double>(end - begin)), poison = all<N>(0);  // first: each lane's first value in this block
    for (std::int64_t t = end; t-- > begin;) {
      const Value value = at(t);
      poison_by<Totals>(poison, value);
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
    return any<N>(poison != 0.0);
  }
  // Rows before a lane's first value: their windows hold values of the block before alone, the last of which is their origin.
  ASSAY_INLINE void block_before_alone(const N& first) const {
    Value origin{};
    for (std::int64_t t = begin == 0 ? 0 : begin - rows; t < begin; ++t) {
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
};

// ---- windows from blocks ----------------------------------------------------------------------------------------------------------------

// A count that all lanes of many rows share.
template <class N>
class KnownCount {
 public:
  N n;
  ASSAY_INLINE explicit KnownCount(double count)
      : n(all<N>(count)), less_one_(all<N>(count - 1)), inverse_(all<N>(1 / count)), inverse_less_one_(all<N>(1 / (count - 1))) {}
  ASSAY_INLINE N inverse() const { return inverse_; }
  ASSAY_INLINE N part(const N& sum) const { return quotient<true>(sum, n, inverse_); }
  ASSAY_INLINE N part_less_one(const N& sum) const { return quotient<true>(sum, less_one_, inverse_less_one_); }

 private:
  N less_one_, inverse_, inverse_less_one_;
};

// All lanes of a block together, some rows of each group in turn, so that memory is walked in its order and the sums of one group need not
// wait for each other.
template <template <class> class Total, class N>
class Sweep {
 public:
  ASSAY_INLINE explicit Sweep(const LaneJob& job)
      : job_(job),
        rows_(job.window.rows),
        groups_(groups<N>(job)),
        suffix_((lesser(rows_, job.work.times) + 1) * groups_),
        prefix_(groups_),
        poison_(groups_, all<N>(0)),
        had_gaps_(groups_),
        own_suffix_(lesser(rows_, job.work.times) + 1),
        own_counts_(lesser(rows_, job.work.times) + 1, all<N>(0)) {}

  ASSAY_INLINE void run() {
    const KnownCount<N> full(static_cast<double>(rows_));
    for (std::int64_t begin = 0; begin < job_.work.times; begin += rows_) {
      const std::int64_t end = lesser(begin + rows_, job_.work.times);
      if (begin > 0) sum_block_before(begin);
      for (std::int64_t t = begin; t < end; t += kTurn) {
        const std::int64_t last = lesser(end, t + kTurn);
        if (begin == 0)
          turn<true>(0, t, last, [](std::int64_t row) { return totals::Count<N>{all<N>(static_cast<double>(row + 1))}; });
        else
          turn<false>(begin, t, last, [&full](std::int64_t) -> const KnownCount<N>& { return full; });
      }
      gaps(begin, end);
    }
  }

 private:
  using Totals = Total<N>;
  using Value = typename Totals::Value;
  static constexpr std::int64_t kTurn = 4;  // rows

  // suffix_[k * groups_ + group]: rows k.. of the block before.
  ASSAY_INLINE void sum_block_before(std::int64_t begin) {
    const std::int64_t rows = rows_, count = groups_;
    for (std::int64_t end = rows; end > 1; end -= kTurn) {
      const std::int64_t first = end > kTurn ? end - kTurn : 1;
      for (std::int64_t group = 0; group < count; ++group) {
        if (had_gaps_[group] != 0) continue;
        const LaneGroup<Totals> lanes(job_, first_lane<N>(job_, group));
        const Value origin = lanes.at(begin);
        Totals* suffix = suffix_.data() + end * count + group;
        Totals sum = *suffix;
        for (std::int64_t k = end; k-- > first;) {
          sum.add(lanes.at(begin - rows + k), static_cast<double>(k - rows), origin);
          suffix -= count;
          *suffix = sum;
        }
      }
    }
  }
  template <bool kFirst, class C>
  ASSAY_INLINE void turn(std::int64_t begin, std::int64_t first, std::int64_t last, const C& count_of) {
    const std::int64_t count = groups_;
    const double rows = static_cast<double>(rows_), need = job_.need;
    for (std::int64_t group = 0; group < count; ++group) {
      if (had_gaps_[group] != 0) continue;
      const LaneGroup<Totals> lanes(job_, first_lane<N>(job_, group));
      const Value origin = lanes.at(begin);
      const Totals* suffix = suffix_.data() + (first - begin + 1) * count + group;
      Totals prefix = prefix_[group];
      if (first == begin) prefix = Totals{};
      N poison = poison_[group];
      for (std::int64_t t = first; t < last; ++t, suffix += count) {
        const Value value = lanes.at(t);
        poison_by<Totals>(poison, value);
        prefix.add(value, static_cast<double>(t - begin), origin);
        Totals both;
        if constexpr (!kFirst) both = *suffix;
        both.join(prefix);
        const N result = finite<N>(both.result(count_of(t), Here{static_cast<double>(t - begin), rows}, origin));
        store<N>(lanes.out(t), (kFirst ? static_cast<double>(t + 1) : rows) < need ? all<N>(kMissing) : result);
      }
      prefix_[group] = prefix;
      poison_[group] = poison;
    }
  }
  // Groups that lack a value in the block, done again, or in the one before.
  ASSAY_INLINE void gaps(std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = 0; group < groups_; ++group) {
      if (had_gaps_[group] == 0 && !any<N>(poison_[group] != 0.0)) continue;
      const LaneGroup<Totals> lanes(job_, first_lane<N>(job_, group));
      const BlockWithGaps<Total, N> block{lanes, begin, end, rows_, job_.need, own_suffix_.data(), own_counts_.data()};
      had_gaps_[group] = block.run() ? 1 : 0;
      poison_[group] = all<N>(0);
    }
  }

  const LaneJob& job_;
  std::int64_t rows_, groups_;
  Room<Totals> suffix_, prefix_;
  Room<N> poison_;
  Room<std::uint8_t> had_gaps_;
  Room<Totals> own_suffix_;
  Room<N> own_counts_;
};

template <template <class> class Total>
struct InBlocks {
  template <class N>
  ASSAY_INLINE static void run(const LaneJob& job) {
    const std::int64_t lanes = job.work.lanes, width = width_of<N>(job);
    for (std::int64_t first = 0; first < lanes; first += width) {
      const std::int64_t begin = lesser(first, lanes - kLanes<N>);
      LaneJob part = job;
      part.work.x.base += begin;
      if (Total<N>::kValues == 2) part.work.y.base += begin;
      part.work.out.base += begin;
      part.work.lanes = lesser(width, lanes - begin);
      Sweep<Total, N>(part).run();
    }
  }
  // So many lanes that the sums of a block and its values stay in the second cache.
  template <class N>
  ASSAY_INLINE static std::int64_t width_of(const LaneJob& job) {
    constexpr std::int64_t kNear = 1 << 20, kBytes = (Total<N>::kSums + Total<N>::kValues) * sizeof(double);
    const std::int64_t width = kNear / (kBytes * lesser(job.window.rows, job.work.times)) / kLanes<N> * kLanes<N>;
    return width < kLanes<N> ? kLanes<N> : width;
  }
};

}  // namespace

}  // namespace assay::pipeline
