// A shipped feature plugin, asked through the boundary with columns by name. Used by the tests of this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "plugin/feature.hpp"
#include "plugin/registry.hpp"
#include "support/catch.hpp"

namespace planted {

using Series = std::vector<double>;
using Columns = std::map<std::string, Series>;
using Params = assay::config::Map;
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline const assay::plugin::Registry& shipped() {
  static const assay::plugin::Registry registry({{PLUGINS_FOLDER}, {}, {}});
  return registry;
}

// A value as a parameter.
template <class T>
assay::config::Value value(const T& data) {
  assay::config::Value v;
  v.data = data;
  return v;
}

class Indicator {
 public:
  explicit Indicator(const std::string& id, const Params& params = {}) : feature_(shipped().component("feature", id), params) {}

  const std::vector<std::string>& columns() const { return feature_.columns(); }
  const std::vector<std::string>& outputs() const { return feature_.output_names(); }
  std::int64_t warmup_rows() const { return feature_.warmup_rows(); }
  std::size_t warmup_of(std::size_t output) const { return static_cast<std::size_t>(feature_.warmups()[output]); }

  // Each output by its name.
  Columns operator()(const Columns& data, const std::vector<std::int64_t>& times = {}) const {
    std::vector<assay_column> columns;
    for (const std::string& name : feature_.columns()) columns.push_back(column_of(name, data.at(name)));
    std::vector<const assay_column*> pointers;
    for (const assay_column& column : columns) pointers.push_back(&column);
    const auto rows = static_cast<std::int64_t>(data.begin()->second.size());
    assay_frame frame{};
    frame.struct_size = sizeof frame;
    frame.n_columns = static_cast<std::uint32_t>(columns.size());
    frame.n_rows = rows;
    frame.columns = pointers.data();
    frame.time_ns = times.empty() ? nullptr : times.data();
    const Series values = feature_.transform(frame, {});
    Columns result;
    const std::size_t width = outputs().size();
    for (std::size_t o = 0; o < width; ++o) {
      Series& output = result[outputs()[o]];
      for (std::size_t t = 0; t < static_cast<std::size_t>(rows); ++t) output.push_back(values[t * width + o]);
    }
    return result;
  }
  // Of an indicator with one output.
  Series alone(const Columns& data) const {
    REQUIRE(outputs().size() == 1);
    return (*this)(data).begin()->second;
  }

 private:
  static assay_column column_of(const std::string& name, const Series& values) {
    assay_column column{};
    column.struct_size = sizeof column;
    column.name = {name.data(), name.size()};
    column.kind = ASSAY_COLUMN_NUMBER;
    column.values.dtype = ASSAY_F64;
    column.values.rank = 1;
    column.values.device_kind = ASSAY_CPU;
    column.values.flags = ASSAY_ARRAY_READ_ONLY;
    column.values.shape[0] = static_cast<std::int64_t>(values.size());
    column.values.stride[0] = 1;
    column.values.data = const_cast<double*>(values.data());
    return column;
  }
  assay::plugin::Feature feature_;
};

inline Columns first_rows(const Columns& data, std::size_t from, std::size_t to) {
  Columns part;
  for (const auto& [name, values] : data)
    part[name] = Series(values.begin() + static_cast<std::ptrdiff_t>(from), values.begin() + static_cast<std::ptrdiff_t>(to));
  return part;
}
inline bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace planted
