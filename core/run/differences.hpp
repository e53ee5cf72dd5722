// Whether two stored runs agree to the bit, and what was not the same around them. Used by the verbs `rerun` and `runs compare`. Reads the
// store only; one thread, as the store.
#pragma once

#include <string>
#include <vector>

#include "store/store.hpp"

namespace assay::run {

// Every way in which forecasts, metrics, backtests (equity, orders, fills, trades) and trials of two runs differ, one line each; empty: the
// same bits.
struct Difference {
  std::string what;  // "model, fold 1, repeat 2, test: 17 of 6000 values differ, by up to 1e-7"
  double largest = 0;
};
std::vector<Difference> differences(const store::Store& store, store::RunId a, store::RunId b);

// Build, plugins, data, CPU, machine: what differs, one line each.
std::vector<std::string> circumstances(const store::RunRecord& a, const store::RunRecord& b);

}  // namespace assay::run
