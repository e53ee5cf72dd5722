#include "pipeline/purge.hpp"

#include <algorithm>

namespace assay::pipeline {

LabelBlocks::LabelBlocks(std::span<const std::int64_t> rows, std::span<const TimeNs> known_at, std::span<const TimeNs> label_end) {
  for (const std::int64_t row : rows) {  // ascending rows have ascending beginnings
    const TimeNs begin = known_at[static_cast<std::size_t>(row)];
    const TimeNs end = std::max(begin, label_end[static_cast<std::size_t>(row)]);
    if (blocks_.empty() || begin > blocks_.back().end) {
      blocks_.push_back({begin, end});
    } else {
      blocks_.back().end = std::max(blocks_.back().end, end);
    }
  }
}

bool LabelBlocks::touches(TimeNs begin, TimeNs end) const {
  const auto next = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.end < begin; });
  return next != blocks_.end() && next->begin <= end;
}

const LabelBlocks::Block* LabelBlocks::last_before(TimeNs time) const {
  const auto next = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.end < time; });
  return next == blocks_.begin() ? nullptr : &*std::prev(next);
}

}  // namespace assay::pipeline
