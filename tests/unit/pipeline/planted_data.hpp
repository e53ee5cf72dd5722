// Small frames, datasets and components for the pipeline's tests. No logic of the code under test.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "config/experiment.hpp"
#include "data/frame.hpp"

namespace planted {

using assay::TimeNs;
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

inline assay::data::Frame table(std::vector<assay::data::Column> columns) {
  assay::data::FrameNotes notes;
  return assay::data::Frame::finish(std::move(columns), {}, notes);
}

// A panel by (day, entity): entity e lacks the days for which `lacks` says so.
template <class Lacks>
assay::data::Frame panel(std::int64_t days, int entities, std::uint64_t seed, Lacks lacks) {
  assay::Random random(seed);
  std::vector<TimeNs> day;
  std::vector<std::int32_t> symbol;
  std::vector<double> x, y;
  std::vector<std::string> names;
  for (int e = 0; e < entities; ++e) names.push_back("E" + std::to_string(e));
  for (std::int64_t d = 0; d < days; ++d) {
    for (int e = 0; e < entities; ++e) {
      if (lacks(d, e)) continue;
      day.push_back(d * assay::kNsPerDay);
      symbol.push_back(e);
      x.push_back(random.uniform() < 0.1 ? kMissing : random.normal());
      y.push_back(random.normal());
    }
  }
  assay::data::FrameNotes notes;
  assay::data::TimeRules rules;
  rules.time_column = "day";
  rules.entity_column = entities > 1 ? "symbol" : "";
  std::vector<assay::data::Column> columns = {assay::data::Column::of_times("day", day), assay::data::Column::of_reals("x", x),
                                              assay::data::Column::of_reals("y", y)};
  if (entities > 1) columns.push_back(assay::data::Column::of_codes("symbol", symbol, names));
  return assay::data::Frame::finish(std::move(columns), rules, notes);
}
inline assay::data::Frame panel(std::int64_t days, int entities, std::uint64_t seed = 1) {
  return panel(days, entities, seed, [](std::int64_t, int) { return false; });
}

inline assay::config::Value value(const char* text) { return {std::string(text)}; }
inline assay::config::Value value(double number) { return {number}; }
inline assay::config::Component step(std::string use, assay::config::Map params) { return {std::move(use), std::move(params), {}}; }
inline std::pair<std::string, assay::config::Value> columns(std::vector<std::string> names) {
  assay::config::List list;
  for (std::string& name : names) list.push_back({std::move(name)});
  return {"columns", {std::move(list)}};
}

}  // namespace planted
