#include "train/rows.hpp"

namespace assay::train {

Rows rows_of(const pipeline::FoldPart& part) {
  Rows rows;
  rows.count = part.rows();
  rows.columns = part.x.columns;
  rows.lookback = part.lookback;
  rows.x = part.x.values;
  rows.window_end = part.window_end;
  rows.horizons = part.horizons;
  rows.y = part.y;
  rows.time = part.time;
  rows.label_end = part.label_end;
  rows.entity = part.entity;
  rows.segment = part.segment;
  rows.group = part.group;
  rows.last_known_target = part.last_known_target;
  rows.weight = part.weight;
  return rows;
}

Rows of_horizon(Rows rows, std::int64_t index) {
  const auto count = static_cast<std::size_t>(rows.count), first = count * static_cast<std::size_t>(index);
  rows.horizons = 1;
  if (!rows.y.empty()) rows.y = rows.y.subspan(first, count);
  if (!rows.label_end.empty()) rows.label_end = rows.label_end.subspan(first, count);
  if (!rows.last_known_target.empty()) rows.last_known_target = rows.last_known_target.subspan(first, count);
  return rows;
}

Rows without_labels(Rows rows) {
  rows.y = {};
  rows.label_end = {};
  rows.weight = {};  // made from where labels end
  return rows;
}

}  // namespace assay::train
