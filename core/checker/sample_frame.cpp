#include "checker/sample_frame.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/calendar.hpp"
#include "base/random.hpp"

namespace assay::checker {
namespace {

constexpr std::array<const char*, 4> kLevels = {"a", "b", "c", "d"};
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

assay_array list_of(std::uint16_t dtype, const void* data, std::int64_t rows) {
  assay_array array{};
  array.dtype = dtype;
  array.rank = 1;
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  array.shape[0] = rows;
  array.stride[0] = 1;
  array.data = const_cast<void*>(data);
  return array;
}

}  // namespace

void SampleFrame::multiply(std::int64_t row, double factor) {
  for (auto& column : columns) {
    double& value = column[static_cast<std::size_t>(row)];
    if (std::isnan(value)) value = categories ? 1 : 100;
    value = categories ? std::fmod(value + 1 + std::floor(factor), static_cast<double>(kLevels.size())) : value * factor;
  }
}

void SampleFrame::remove(std::int64_t row) {
  for (auto& column : columns) column[static_cast<std::size_t>(row)] = kMissing;
}

SampleFrame SampleFrame::first(std::int64_t rows) const {
  SampleFrame frame = *this;
  const auto count = static_cast<std::size_t>(rows);
  for (auto& column : frame.columns) column.resize(count);
  frame.time_ns.resize(count);
  frame.entity.resize(count);
  frame.target.resize(count);
  return frame;
}

SampleFrame SampleFrame::from(std::int64_t row) const {
  SampleFrame frame = *this;
  for (auto& column : frame.columns) column.erase(column.begin(), column.begin() + row);
  frame.time_ns.erase(frame.time_ns.begin(), frame.time_ns.begin() + row);
  frame.entity.erase(frame.entity.begin(), frame.entity.begin() + row);
  frame.target.erase(frame.target.begin(), frame.target.begin() + row);
  return frame;
}

namespace {
// Columns that are called like the prices of a bar make one: no price lies beyond `high` and `low`.
void make_bars(SampleFrame& frame) {
  const auto price = [](const std::string& name) { return name == "open" || name == "high" || name == "low" || name == "close"; };
  for (std::size_t row = 0; row < frame.time_ns.size(); ++row) {
    double most = -1, least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < frame.columns.size(); ++c) {
      if (!price(frame.names[c])) continue;
      most = std::max(most, frame.columns[c][row]);
      least = std::min(least, frame.columns[c][row]);
    }
    for (std::size_t c = 0; c < frame.columns.size(); ++c) {
      if (frame.names[c] == "high") frame.columns[c][row] = most;
      if (frame.names[c] == "low") frame.columns[c][row] = least;
    }
  }
}
}  // namespace

SampleFrame sample_frame(const FrameShape& shape, std::uint64_t seed) {
  Random random(SeedTree(seed).child("frame"));
  SampleFrame frame;
  frame.categories = shape.categories;
  frame.entity_count = shape.entities;
  frame.names = shape.columns;
  frame.columns.resize(shape.columns.size());
  std::vector<double> level(shape.columns.size() * static_cast<std::size_t>(shape.entities), 100);
  for (std::int64_t time = 0; time < shape.rows; ++time)
    for (std::int64_t entity = 0; entity < shape.entities; ++entity) {
      for (std::size_t c = 0; c < shape.columns.size(); ++c) {
        double& price = level[c * static_cast<std::size_t>(shape.entities) + static_cast<std::size_t>(entity)];
        price *= std::exp(0.02 * random.normal());
        frame.columns[c].push_back(shape.categories ? static_cast<double>(random.below(kLevels.size())) : price);
      }
      frame.time_ns.push_back(time * kNsPerDay);
      frame.entity.push_back(static_cast<std::int32_t>(entity));
      frame.target.push_back(random.normal());
    }
  if (!shape.categories) make_bars(frame);
  if (!shape.holes) return frame;
  const std::int64_t rows = frame.rows(), length = std::max<std::int64_t>(3, rows * 6 / 100);
  for (const std::int64_t share : {20, 48, 70})
    for (std::int64_t row = rows * share / 100; row < rows * share / 100 + length; ++row) frame.remove(row);
  return frame;
}

SampleFrameView::SampleFrameView(const SampleFrame& frame)
    : memory_((frame.columns.size() + 4) * (static_cast<std::size_t>(frame.rows()) + 16) * sizeof(double)) {
  static const std::array<assay_text, 4> levels = {assay_text{kLevels[0], 1}, {kLevels[1], 1}, {kLevels[2], 1}, {kLevels[3], 1}};
  for (std::size_t c = 0; c < frame.columns.size(); ++c) {
    assay_column column{};
    column.struct_size = sizeof column;
    column.name = {frame.names[c].data(), frame.names[c].size()};
    if (frame.categories) {
      std::vector<std::int32_t> codes;
      for (const double value : frame.columns[c]) codes.push_back(std::isnan(value) ? -1 : static_cast<std::int32_t>(value));
      column.kind = ASSAY_COLUMN_CATEGORY;
      column.values = list_of(ASSAY_I32, memory_.put<std::int32_t>(std::span<const std::int32_t>(codes)), frame.rows());
      column.levels = levels.data();
      column.n_levels = levels.size();
    } else {
      column.kind = ASSAY_COLUMN_NUMBER;
      column.values = list_of(ASSAY_F64, memory_.put<double>(std::span<const double>(frame.columns[c])), frame.rows());
    }
    columns_.push_back(column);
  }
  for (const assay_column& column : columns_) pointers_.push_back(&column);
  frame_.struct_size = sizeof frame_;
  frame_.n_columns = static_cast<std::uint32_t>(columns_.size());
  frame_.n_rows = frame.rows();
  frame_.columns = pointers_.data();
  frame_.time_ns = memory_.put<std::int64_t>(std::span<const std::int64_t>(frame.time_ns));
  if (frame.entity_count > 1) frame_.entity = memory_.put<std::int32_t>(std::span<const std::int32_t>(frame.entity));
}

}  // namespace assay::checker
