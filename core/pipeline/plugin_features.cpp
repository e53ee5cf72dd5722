#include "pipeline/plugin_features.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "base/large_pages.hpp"
#include "base/parallel.hpp"
#include "pipeline/frame_view.hpp"
#include "plugin/feature.hpp"

namespace assay::pipeline {

namespace {

using EntityRows = std::vector<std::span<const std::int64_t>>;

// A few entities at a time: their values of one time are neighbours in the frame, so a line of the processor's cache is filled while it is
// there. `room` keeps the memory of each entity's values from one block to the next.
void run_on(const plugin::AnyFeature& feature, const data::Frame& frame, std::span<const std::span<const std::int64_t>> entities,
            std::vector<std::vector<double>>& room, std::vector<std::vector<double>>& result) {
  if (room.size() < entities.size()) room.resize(entities.size());
  for (std::size_t e = 0; e < entities.size(); ++e) {
    const FrameView view(frame, feature.columns(), entities[e]);
    reserve_in_large_pages(room[e], entities[e].size() * result.size());
    room[e].resize(entities[e].size() * result.size());
    feature.transform_columns(view.view(), room[e], {});
  }
  std::size_t longest = 0;
  for (const auto& rows : entities) longest = std::max(longest, rows.size());
  constexpr std::size_t kRows = 256;  // whose lines stay in the nearest cache until all entities have written to them
  for (std::size_t o = 0; o < result.size(); ++o) {
    double* const column = result[o].data();
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

void run_on_entities(const plugin::AnyFeature& feature, const data::Frame& frame, const EntityRows& entities,
                     std::vector<std::vector<double>>& result) {
  const std::size_t outputs = feature.outputs(),
                    each = std::max<std::size_t>(1, frame.rows() * outputs / std::max<std::size_t>(1, entities.size()));
  const std::size_t together = std::clamp<std::size_t>(kRoom / each, 1, kTogether);
  const unsigned threads = threads_for(frame, outputs);
  // Memory is written for the first time here, which takes longer than the copying later: by all threads.
  result.resize(outputs);
  in_parallel(threads, outputs, [&] {
    return [&](std::size_t o) {
      reserve_in_large_pages(result[o], frame.rows());
      result[o].assign(frame.rows(), std::numeric_limits<double>::quiet_NaN());
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

std::vector<std::vector<double>> feature_values(const plugin::AnyFeature& feature, const data::Frame& frame) {
  std::vector<std::vector<double>> values;
  std::vector<std::int64_t> all;
  EntityRows entities;
  if (feature.whole_panel() || frame.entity_count() <= 1) {
    all.resize(frame.rows());
    std::iota(all.begin(), all.end(), std::int64_t{0});
    entities.emplace_back(all);
  } else {
    for (std::size_t e = 0; e < frame.entity_count(); ++e) entities.push_back(frame.rows_of_entity(static_cast<std::int32_t>(e)));
  }
  run_on_entities(feature, frame, entities, values);
  return values;
}

FeatureFactory plugin_features(const plugin::Registry& registry, const plugin::ComponentMaker& maker) {
  return [&registry, &maker](const config::Component& component, const data::Frame& frame) {
    const plugin::LoadedComponent& loaded = registry.component("feature", component.id);
    const auto make = [&maker, &loaded, params = without_absent(component.params, loaded.spec, frame)] {
      return maker.feature(loaded, params);
    };
    const auto made = make();
    const plugin::AnyFeature& feature = *made;
    FeatureColumns result;
    result.warmup_rows = feature.warmups();
    result.names = feature.output_names();
    result.columns = feature.columns();
    if (feature.has_fit()) {
      for (const std::string& name : result.columns)
        if (!name.empty()) refuse_time(frame.at(name));
      result.make = make;
      return result;
    }
    result.values = feature_values(feature, frame);
    return result;
  };
}

}  // namespace assay::pipeline
