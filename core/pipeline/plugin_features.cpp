#include "pipeline/plugin_features.hpp"

#include <fmt/core.h>

#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "plugin/feature.hpp"

namespace assay::pipeline {

namespace {

assay_text text_of(const std::string& text) { return {text.data(), text.size()}; }

assay_array array_of(void* data, std::uint16_t dtype, std::size_t size) {
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

// The C view of some rows of a frame. Owns what it shows; does not move, since the view points into it.
class FrameView {
 public:
  FrameView(const data::Frame& frame, const std::vector<std::string>& names, std::span<const std::int64_t> rows) {
    for (const std::string& name : names) add(frame.at(name), rows);
    for (const assay_column& column : columns_) pointers_.push_back(&column);
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
      const bool time = column.type() == data::ColumnType::timestamp;
      if (time)
        throw Error(Fault::data, "handing a column to a feature plugin", fmt::format("`{}` is a time", column.name()), "name a number");
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

void run_on(const plugin::AnyFeature& feature, const data::Frame& frame, std::span<const std::int64_t> rows, FeatureColumns& result) {
  const FrameView view(frame, feature.columns(), rows);
  const std::vector<double> values = feature.transform(view.view(), {});
  const std::size_t outputs = result.values.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t output = 0; output < outputs; ++output) {
      result.values[output][static_cast<std::size_t>(rows[i])] = values[i * outputs + output];
    }
  }
}

}  // namespace

FeatureFactory plugin_features(const plugin::Registry& registry, const plugin::ComponentMaker& maker) {
  return [&registry, &maker](const config::Component& component, const data::Frame& frame) {
    const auto made = maker.feature(registry.component("feature", component.id), component.params);
    const plugin::AnyFeature& feature = *made;
    if (feature.has_fit()) {
      throw Error(Fault::usage, fmt::format("computing the feature {}", component.id),
                  "it learns from train rows, which differ from fold to fold", "only features that learn nothing can stand in `features`");
    }
    FeatureColumns result;
    result.warmup_rows = feature.warmup_rows();
    result.names = feature.output_names();
    result.columns = feature.columns();
    result.values.assign(feature.outputs(), std::vector<double>(frame.rows(), std::numeric_limits<double>::quiet_NaN()));
    if (feature.whole_panel() || frame.entity_count() <= 1) {
      std::vector<std::int64_t> rows(frame.rows());
      std::iota(rows.begin(), rows.end(), std::int64_t{0});
      run_on(feature, frame, rows, result);
      return result;
    }
    for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
      run_on(feature, frame, frame.rows_of_entity(static_cast<std::int32_t>(entity)), result);
    }
    return result;
  };
}

}  // namespace assay::pipeline
