// Rolling functions over several entities that lie side by side, each in a lane of the processor's vectors: nothing is gathered, and a
// lane's bits are those that rolling() gives for its entity alone, for any width of the vectors and any neighbours. Used by the blocks of
// expression plans. Missing is NaN; an infinity counts as missing. Thread-safe.
#pragma once

#include <cstdint>

#include "pipeline/rolling.hpp"

namespace assay::pipeline {

// Lane e at time t is base[t * step + e].
template <class T>
struct LaneTable {
  T* base = nullptr;
  std::int64_t step = 0;
  T* row(std::int64_t t) const { return base + t * step; }
};

struct LaneWork {
  std::int64_t times = 0, lanes = 0;
  LaneTable<const double> x, y;  // y of corr and cov alone
  LaneTable<double> out;         // overlaps neither
};

// Whether rolling_lanes() has the function: of median, quantile and rank it has short windows, where sorting in lanes is faster than a
// tree.
bool rolls_in_lanes(const Window& window);

// widest: lanes of a vector, at most; for tests. Any number of lanes from 2 on.
void rolling_lanes(const Window& window, const LaneWork& work, int widest = 8);

// One file for each width of vectors; only for processors that have it.
struct LaneJob {
  Window window;
  LaneWork work;
  double need = 1;  // values
};
void roll_by_2(const LaneJob& job);
void roll_by_4(const LaneJob& job);
void roll_by_8(const LaneJob& job);

}  // namespace assay::pipeline
