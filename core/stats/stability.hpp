// How much choices made again on other rows agree. Used for selected inputs. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace assay::stats {

// Stability of selections after Nogueira, Sechidis and Brown (2018, "On the stability of feature selection algorithms", JMLR 18(174)):
// 1 - (mean variance of an input's being chosen) / (what it would be if as many were chosen at random). 1: always the same ones; 0: as
// if by chance. chosen[selection][input] is 0 or 1. NaN for fewer than two selections, or where all or none are chosen each time.
double selection_stability(const std::vector<std::vector<std::uint8_t>>& chosen);

}  // namespace assay::stats
