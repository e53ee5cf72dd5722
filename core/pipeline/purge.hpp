// Purging by label intervals (rules.md 2; Lopez de Prado 2018, "Advances in Financial Machine Learning", ch. 7): which rows have a label
// that touches another set's. Used by split. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/calendar.hpp"

namespace assay::pipeline {

// The union of the closed label intervals of some rows, as disjoint blocks in time order.
class LabelBlocks {
 public:
  struct Block {
    TimeNs begin, end;
  };
  LabelBlocks(std::span<const std::int64_t> rows, std::span<const TimeNs> known_at, std::span<const TimeNs> label_end);
  const std::vector<Block>& blocks() const { return blocks_; }
  bool touches(TimeNs begin, TimeNs end) const;  // shares a moment, the ends included
  const Block* last_before(TimeNs time) const;   // the latest block that ends before this time; null where there is none

 private:
  std::vector<Block> blocks_;
};

}  // namespace assay::pipeline
