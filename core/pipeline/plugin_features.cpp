#include "pipeline/plugin_features.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "base/large_pages.hpp"
#include "base/parallel.hpp"
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

using EntityRows = std::vector<std::span<const std::int64_t>>;

// A few entities at a time: their values of one time are neighbours in the frame, so a line of the processor's cache is filled while it is
// there. `room` keeps the memory of each entity's values from one block to the next.
void run_on(const plugin::AnyFeature& feature, const data::Frame& frame, std::span<const std::span<const std::int64_t>> entities,
            std::vector<std::vector<double>>& room, FeatureColumns& result) {
  if (room.size() < entities.size()) room.resize(entities.size());
  for (std::size_t e = 0; e < entities.size(); ++e) {
    const FrameView view(frame, feature.columns(), entities[e]);
    reserve_in_large_pages(room[e], entities[e].size() * result.values.size());
    room[e].resize(entities[e].size() * result.values.size());
    feature.transform_columns(view.view(), room[e], {});
  }
  std::size_t longest = 0;
  for (const auto& rows : entities) longest = std::max(longest, rows.size());
  constexpr std::size_t kRows = 256;  // whose lines stay in the nearest cache until all entities have written to them
  for (std::size_t o = 0; o < result.values.size(); ++o) {
    double* const column = result.values[o].data();
    for (std::size_t begin = 0; begin < longest; begin += kRows) {
      for (std::size_t e = 0; e < entities.size(); ++e) {
        const std::span<const std::int64_t> rows = entities[e];
        const double* const values = room[e].data() + o * rows.size();
        for (std::size_t i = begin; i < std::min(begin + kRows, rows.size()); ++i) column[rows[i]] = values[i];
      }
    }
  }
}

// An optional column that the file does not name, and the data lack, is none. One that is named has to be there.
config::Map without_absent(config::Map params, const config::ComponentSpec& spec, const data::Frame& frame) {
  for (const config::ParamSpec& param : spec.params) {
    if (!param.optional || param.kind != config::ParamKind::column) continue;
    for (auto& [name, value] : params) {
      if (name == param.name && value == param.fallback && !value.is_none() && frame.find(value.as_text()) == nullptr)
        value.data = std::string();
    }
  }
  return params;
}

// Small frames are done before threads have started.
unsigned threads_for(const data::Frame& frame, std::size_t outputs) {
  return frame.rows() * outputs < 1'000'000 ? 1 : std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
}

// The first failure in the order of the entities, whatever thread met one.
class FirstFailure {
 public:
  void take(std::size_t place) {
    const std::lock_guard lock(mutex_);
    if (place >= place_) return;
    place_ = place;
    failure_ = std::current_exception();
  }
  bool is_before(std::size_t place) const {
    const std::lock_guard lock(mutex_);
    return place_ < place;
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  mutable std::mutex mutex_;
  std::size_t place_ = std::numeric_limits<std::size_t>::max();
  std::exception_ptr failure_;
};

constexpr std::size_t kTogether = 8;                 // doubles in a line of the cache
constexpr std::size_t kRoom = std::size_t{8} << 20;  // doubles that a thread may hold

void run_on_entities(const plugin::AnyFeature& feature, const data::Frame& frame, const EntityRows& entities, FeatureColumns& result) {
  const std::size_t outputs = feature.outputs(),
                    each = std::max<std::size_t>(1, frame.rows() * outputs / std::max<std::size_t>(1, entities.size()));
  const std::size_t together = std::clamp<std::size_t>(kRoom / each, 1, kTogether);
  const unsigned threads = threads_for(frame, outputs);
  // Memory is written for the first time here, which takes longer than the copying later: by all threads.
  result.values.resize(outputs);
  in_parallel(threads, outputs, [&] {
    return [&](std::size_t o) {
      reserve_in_large_pages(result.values[o], frame.rows());
      result.values[o].assign(frame.rows(), std::numeric_limits<double>::quiet_NaN());
    };
  });
  const std::size_t blocks = (entities.size() + together - 1) / together;
  FirstFailure failure;
  in_parallel(threads, blocks, [&] {
    return [&, room = std::vector<std::vector<double>>()](std::size_t block) mutable {
      if (failure.is_before(block)) return;
      const std::size_t begin = block * together;
      try {
        run_on(feature, frame, std::span(entities).subspan(begin, std::min(together, entities.size() - begin)), room, result);
      } catch (...) {
        failure.take(block);
      }
    };
  });
  failure.rethrow();
}

}  // namespace

FeatureFactory plugin_features(const plugin::Registry& registry, const plugin::ComponentMaker& maker) {
  return [&registry, &maker](const config::Component& component, const data::Frame& frame) {
    const plugin::LoadedComponent& loaded = registry.component("feature", component.id);
    const auto made = maker.feature(loaded, without_absent(component.params, loaded.spec, frame));
    const plugin::AnyFeature& feature = *made;
    if (feature.has_fit()) {
      throw Error(Fault::usage, fmt::format("computing the feature {}", component.id),
                  "it learns from train rows, which differ from fold to fold", "only features that learn nothing can stand in `features`");
    }
    FeatureColumns result;
    result.warmup_rows = feature.warmups();
    result.names = feature.output_names();
    result.columns = feature.columns();
    std::vector<std::int64_t> all;
    EntityRows entities;
    if (feature.whole_panel() || frame.entity_count() <= 1) {
      all.resize(frame.rows());
      std::iota(all.begin(), all.end(), std::int64_t{0});
      entities.emplace_back(all);
    } else {
      for (std::size_t e = 0; e < frame.entity_count(); ++e) entities.push_back(frame.rows_of_entity(static_cast<std::int32_t>(e)));
    }
    run_on_entities(feature, frame, entities, result);
    return result;
  };
}

}  // namespace assay::pipeline
