// Columns that wander like prices (or categories), and the C frame over them: what the checker's feature tests transform. Belongs to one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/abi.h"
#include "checker/input_memory.hpp"

namespace assay::checker {

struct FrameShape {
  std::vector<std::string> columns;
  std::int64_t rows = 200;    // of each entity
  std::int64_t entities = 1;  // more than one: a panel, rows by (time, entity)
  bool categories = false;
  bool holes = false;  // runs of missing values, one of them in the middle
};

struct SampleFrame {
  bool categories = false;
  std::int64_t entity_count = 1;
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;  // codes where categories
  std::vector<std::int64_t> time_ns;
  std::vector<std::int32_t> entity;
  std::vector<double> target;

  std::int64_t rows() const { return static_cast<std::int64_t>(time_ns.size()); }
  void multiply(std::int64_t row, double factor);  // a category becomes another one
  void remove(std::int64_t row);                   // missing in every column
  SampleFrame first(std::int64_t rows) const;
  SampleFrame from(std::int64_t row) const;
};

SampleFrame sample_frame(const FrameShape& shape, std::uint64_t seed);

class SampleFrameView {
 public:
  explicit SampleFrameView(const SampleFrame& frame);
  SampleFrameView(const SampleFrameView&) = delete;
  SampleFrameView& operator=(const SampleFrameView&) = delete;
  const assay_frame& frame() const { return frame_; }
  void protect() { memory_.protect(); }

 private:
  InputMemory memory_;
  std::vector<assay_column> columns_;
  std::vector<const assay_column*> pointers_;
  assay_frame frame_{};
};

}  // namespace assay::checker
