// The C view of some rows of a frame, as feature plugins get it. Used where features are computed and fitted. It owns what it shows; a
// frame that is viewed may be let go. One thread.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "assay/abi.h"
#include "base/error.hpp"
#include "data/frame.hpp"

namespace assay::pipeline {

inline assay_text text_of(const std::string& text) { return {text.data(), text.size()}; }

inline assay_array array_of(void* data, std::uint16_t dtype, std::size_t size) {
  assay_array array{};
  array.dtype = dtype;
  array.rank = 1;
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  array.shape[0] = static_cast<std::int64_t>(size);
  array.stride[0] = 1;
  array.data = data;
  return array;
}

inline void refuse_time(const data::Column& column) {
  if (column.type() == data::ColumnType::timestamp)
    throw Error(Fault::data, "handing a column to a feature plugin", fmt::format("`{}` is a time", column.name()), "name a number");
}

// The C view of some rows of a frame. Owns what it shows; does not move, since the view points into it.
class FrameView {
 public:
  FrameView(const data::Frame& frame, const std::vector<std::string>& names, std::span<const std::int64_t> rows) {
    for (const std::string& name : names) {
      if (!name.empty()) add(frame.at(name), rows);
      pointers_.push_back(name.empty() ? nullptr : &columns_.back());  // a deque: nothing moves
    }
    for (const std::int64_t row : rows) {
      if (frame.has_time()) times_.push_back(frame.known_at()[static_cast<std::size_t>(row)]);
      if (!frame.entity().empty()) entities_.push_back(frame.entity()[static_cast<std::size_t>(row)]);
    }
    view_.struct_size = sizeof view_;
    view_.n_columns = static_cast<std::uint32_t>(pointers_.size());
    view_.n_rows = static_cast<std::int64_t>(rows.size());
    view_.columns = pointers_.data();
    view_.time_ns = frame.has_time() ? times_.data() : nullptr;
    view_.entity = frame.entity().empty() ? nullptr : entities_.data();
  }
  FrameView(const FrameView&) = delete;
  FrameView& operator=(const FrameView&) = delete;
  const assay_frame& view() const { return view_; }

 private:
  void add(const data::Column& column, std::span<const std::int64_t> rows) {
    names_.push_back(column.name());
    assay_column made{};
    made.struct_size = sizeof made;
    made.name = text_of(names_.back());
    if (column.type() == data::ColumnType::category) {
      std::vector<std::int32_t>& codes = codes_.emplace_back();
      for (const std::int64_t row : rows) codes.push_back(column.codes()[static_cast<std::size_t>(row)]);
      std::vector<assay_text>& levels = levels_.emplace_back();
      for (const std::string& level : column.levels()) levels.push_back(text_of(level));
      made.kind = ASSAY_COLUMN_CATEGORY;
      made.values = array_of(codes.data(), ASSAY_I32, codes.size());
      made.levels = levels.data();
      made.n_levels = levels.size();
    } else {
      std::vector<double>& numbers = numbers_.emplace_back();
      refuse_time(column);
      for (const std::int64_t row : rows) numbers.push_back(column.number(static_cast<std::size_t>(row)));
      made.kind = column.type() == data::ColumnType::boolean ? ASSAY_COLUMN_FLAG : ASSAY_COLUMN_NUMBER;
      made.values = array_of(numbers.data(), ASSAY_F64, numbers.size());
    }
    columns_.push_back(made);
  }

  // Deques, so that what the columns point to stays where it is.
  std::deque<std::string> names_;
  std::deque<std::vector<double>> numbers_;
  std::deque<std::vector<std::int32_t>> codes_;
  std::deque<std::vector<assay_text>> levels_;
  std::deque<assay_column> columns_;
  std::vector<const assay_column*> pointers_;
  std::vector<std::int64_t> times_;
  std::vector<std::int32_t> entities_;
  assay_frame view_{};
};

}  // namespace assay::pipeline
