// Walks over the rows of each entity with a window of the rows around each. Used by the steps that look at neighbours. Thread-safe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pipeline/prepare.hpp"

namespace assay::pipeline {

// seen(row, values) for each row: the values that are there among the `before` rows of its entity that stand before it, itself and the
// `after` rows behind it. Distances count all rows of the entity in the file, of which the table may lack some.
template <class Seen>
void walk_windows(const InputTable& table, const std::vector<double>& values, std::int64_t before, std::int64_t after, const Seen& seen) {
  std::vector<std::size_t> order(table.rows());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return table.entity[a] < table.entity[b]; });
  std::vector<double> window;
  for (std::size_t begin = 0, first = 0, past = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && table.entity[order[end]] == table.entity[order[begin]]) ++end;
    first = past = begin;
    for (std::size_t k = begin; k < end; ++k) {
      const std::int64_t now = table.position[order[k]];
      while (table.position[order[first]] < now - before) ++first;
      while (past < end && table.position[order[past]] <= now + after) ++past;
      window.clear();
      for (std::size_t j = first; j < past; ++j) {
        if (!std::isnan(values[order[j]])) window.push_back(values[order[j]]);
      }
      seen(order[k], window);
    }
    begin = end;
  }
}

}  // namespace assay::pipeline
