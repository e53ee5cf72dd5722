// A model behind the plugin boundary with the tables that it needs, for the tests of models. One thread.
#pragma once

#include <string>
#include <vector>

#include "plugin/model.hpp"
#include "support/build_plugins.hpp"

namespace models_test {

template <class S>
assay_array array_of(const std::vector<S>& data, std::int64_t columns) {
  assay_array a{};
  a.dtype = sizeof(S) == 4 ? ASSAY_F32 : ASSAY_F64;
  a.device_kind = ASSAY_CPU;
  a.flags = ASSAY_ARRAY_READ_ONLY;
  a.rank = columns > 0 ? 2 : 1;
  a.shape[0] = static_cast<std::int64_t>(data.size()) / (columns > 0 ? columns : 1);
  a.stride[0] = columns > 0 ? columns : 1;
  a.shape[1] = columns;
  a.stride[1] = 1;
  a.data = const_cast<S*>(data.data());
  return a;
}

// Rows of one problem. S: what the model asks for.
template <class S>
struct Table {
  std::uint32_t task = ASSAY_TASK_BINARY;
  std::int64_t inputs = 1, outputs = 1;
  std::vector<S> x{}, y{}, weight{};
  std::vector<double> last_known{};
  double target_center = 0, target_scale = 1;  // as the host tells them
  const double* class_weight = nullptr;
  const assay_column* const* columns = nullptr;  // their kinds, where they matter
  std::vector<double> levels{};                  // of quantiles
  std::int64_t horizons = 1;                     // y has as many columns
  std::vector<double> horizon_center{}, horizon_scale{};
  assay_problem problem{};

  assay_batch batch(std::int64_t first = 0, std::int64_t count = -1) {
    problem = {};
    problem.struct_size = sizeof(problem);
    problem.task = task;
    problem.n_inputs = inputs;
    problem.n_outputs = outputs;
    problem.class_weight = class_weight;
    problem.inputs = columns;
    problem.target_center = target_center;
    problem.target_scale = target_scale;
    problem.levels = levels.empty() ? nullptr : levels.data();
    problem.n_levels = static_cast<std::int64_t>(levels.size());
    problem.n_horizons = horizons;
    problem.horizon_center = horizon_center.data();
    problem.horizon_scale = horizon_scale.data();
    const std::int64_t all = static_cast<std::int64_t>(x.size()) / inputs;
    assay_batch b{};
    b.struct_size = sizeof(b);
    b.rows = count < 0 ? all : count;
    b.problem = &problem;
    b.x = slice(array_of(x, inputs), first, b.rows);
    if (!y.empty()) b.y = slice(array_of(y, horizons > 1 ? horizons : 0), first, b.rows);
    if (!weight.empty()) b.weight = slice(array_of(weight, 0), first, b.rows);
    if (!last_known.empty()) b.last_known_target = last_known.data() + first;
    return b;
  }

 private:
  static assay_array slice(assay_array a, std::int64_t first, std::int64_t count) {
    a.data = static_cast<S*>(a.data) + first * a.stride[0];
    a.shape[0] = count;
    return a;
  }
};

inline assay::plugin::Model make(const std::string& id, const assay::config::Map& params = {}) {
  return assay::plugin::Model(build_plugins().component("model", id), params);
}

template <class S>
std::vector<double> predict(const assay::plugin::Model& model, Table<S>& table) {
  const assay_batch rows = table.batch();
  std::vector<double> out(static_cast<std::size_t>(rows.rows * table.outputs));
  model.predict(rows, out, {});
  return out;
}

// rows x levels of the table.
template <class S>
std::vector<double> quantiles(const assay::plugin::Model& model, Table<S>& table) {
  const assay_batch rows = table.batch();
  std::vector<double> out(static_cast<std::size_t>(rows.rows) * table.levels.size());
  model.quantiles(rows, table.levels, out, {});
  return out;
}

}  // namespace models_test
