#include "checker/sample_table.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/calendar.hpp"
#include "base/random.hpp"

namespace assay::checker {
namespace {

constexpr std::array<double, kInputs> kWeights = {1, -1, 0.5, 0, 0.25};
constexpr double kNoise = 0.3, kBand = 0.7;

template <class T>
std::vector<T> pick(const std::vector<T>& values, std::span<const std::int64_t> rows, std::int64_t width = 1) {
  std::vector<T> picked;
  picked.reserve(rows.size() * static_cast<std::size_t>(width));
  for (const std::int64_t row : rows) picked.insert(picked.end(), values.begin() + row * width, values.begin() + (row + 1) * width);
  return picked;
}

assay_array array_of(std::uint16_t dtype, const void* data, std::initializer_list<std::int64_t> shape) {
  assay_array array{};
  array.dtype = dtype;
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  for (const std::int64_t extent : shape) array.shape[array.rank++] = extent;
  std::int64_t stride = 1;
  for (int i = array.rank; i-- > 0; stride *= array.shape[i]) array.stride[i] = stride;
  array.data = const_cast<void*>(data);
  return array;
}

double correlation(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) ma += a[i] / n, mb += b[i] / n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double auc(std::span<const double> truth, std::span<const double> value) {  // by pairs: the sample is small
  double won = 0, pairs = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    for (std::size_t j = 0; j < truth.size(); ++j) {
      if (truth[i] != 1 || truth[j] != 0) continue;
      won += value[i] > value[j] ? 1 : value[i] == value[j] ? 0.5 : 0;
      ++pairs;
    }
  return pairs > 0 ? won / pairs : 0;
}

}  // namespace

SampleTable linear_sample(std::uint32_t task, std::int64_t rows, std::int64_t lookback, std::uint64_t seed) {
  SampleTable table;
  table.task = task;
  table.rows = rows;
  table.lookback = lookback;
  Random random(SeedTree(seed).child("sample"));
  double last = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < table.row_width(); ++i) table.x.push_back(random.normal());
    double score = kNoise * random.normal();
    const double* newest = table.x.data() + table.x.size() - kInputs;
    for (std::size_t i = 0; i < kWeights.size(); ++i) score += kWeights[i] * newest[i];
    const double bands = score < -kBand ? 0 : score < kBand ? 1 : 2;
    table.y.push_back(task == ASSAY_TASK_REGRESSION ? score : task == ASSAY_TASK_BINARY ? (score > 0 ? 1 : 0) : bands);
    table.last_known.push_back(last);
    last = table.y.back();
    table.time_ns.push_back(row * kNsPerDay);
    table.label_end_ns.push_back((row + 1) * kNsPerDay);
  }
  return table;
}

SampleTable two_horizons(SampleTable one) {
  const auto doubled = [](const std::vector<double>& values) {
    std::vector<double> both;
    for (const double v : values) both.insert(both.end(), {v, kSecond.center - kSecond.scale * v});
    return both;
  };
  one.horizons = 2;
  one.y = doubled(one.y);
  one.last_known = doubled(one.last_known);
  return one;
}

SampleTable SampleTable::taken(std::span<const std::int64_t> which) const {
  return {task,
          static_cast<std::int64_t>(which.size()),
          lookback,
          pick(x, which, row_width()),
          pick(y, which, horizons),
          pick(last_known, which, horizons),
          pick(time_ns, which),
          pick(label_end_ns, which),
          weight.empty() ? weight : pick(weight, which),
          horizons};
}

SampleTable SampleTable::first(std::int64_t count) const {
  std::vector<std::int64_t> which(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) which[static_cast<std::size_t>(i)] = i;
  return taken(which);
}

SampleBatch::SampleBatch(const SampleTable& table, std::uint16_t dtype, bool labels)
    : memory_((table.x.size() + 5 * table.y.size()) * sizeof(double) + 1024) {
  const auto put = [&](const std::vector<double>& values) -> const void* {
    const std::span<const double> from(values);
    return dtype == ASSAY_F32 ? static_cast<const void*>(memory_.put<float>(from)) : memory_.put<double>(from);
  };
  for (std::int64_t i = 0; i < kInputs; ++i) names_.push_back("x" + std::to_string(i));
  for (const std::string& name : names_) {
    assay_column column{};
    column.struct_size = sizeof column;
    column.kind = ASSAY_COLUMN_NUMBER;
    column.name = {name.data(), name.size()};
    columns_.push_back(column);
  }
  for (const assay_column& column : columns_) pointers_.push_back(&column);
  problem_.struct_size = sizeof problem_;  // what is not named here the host does not tell
  problem_.task = table.task;
  problem_.n_inputs = kInputs;
  problem_.lookback = table.lookback;
  problem_.n_outputs = table.outputs();
  problem_.inputs = pointers_.data();
  problem_.n_horizons = table.horizons;
  if (table.horizons > 1) {
    problem_.horizon_center = center_.data();
    problem_.horizon_scale = scale_.data();
  } else if (table.task == ASSAY_TASK_REGRESSION) {
    problem_.levels = kLevels.data();
    problem_.n_levels = std::ssize(kLevels);
  }

  batch_.struct_size = sizeof batch_;
  batch_.rows = table.rows;
  batch_.problem = &problem_;
  const void* x = put(table.x);
  batch_.x = table.lookback > 0 ? array_of(dtype, x, {table.rows, table.lookback, kInputs}) : array_of(dtype, x, {table.rows, kInputs});
  if (labels) {
    batch_.y =
        table.horizons > 1 ? array_of(dtype, put(table.y), {table.rows, table.horizons}) : array_of(dtype, put(table.y), {table.rows});
    if (!table.weight.empty()) batch_.weight = array_of(dtype, put(table.weight), {table.rows});
    batch_.label_end_ns = memory_.put<std::int64_t>(std::span<const std::int64_t>(table.label_end_ns));
  }
  batch_.time_ns = memory_.put<std::int64_t>(std::span<const std::int64_t>(table.time_ns));
  batch_.last_known_target = memory_.put<double>(std::span<const double>(table.last_known));
}

double skill(const SampleTable& table, std::span<const double> predictions) {
  if (table.task == ASSAY_TASK_REGRESSION) return correlation(table.y, predictions);
  if (table.task == ASSAY_TASK_BINARY) return auc(table.y, predictions);
  double right = 0;
  for (std::size_t row = 0; row < table.y.size(); ++row) {
    const auto of_row = predictions.subspan(row * 3, 3);
    right += static_cast<double>(std::max_element(of_row.begin(), of_row.end()) - of_row.begin()) == table.y[row] ? 1 : 0;
  }
  return right / static_cast<double>(table.rows);
}

double skill_wanted(std::uint32_t task) { return task == ASSAY_TASK_REGRESSION ? 0.5 : task == ASSAY_TASK_BINARY ? 0.75 : 0.55; }
const char* skill_name(std::uint32_t task) {
  return task == ASSAY_TASK_REGRESSION ? "correlation" : task == ASSAY_TASK_BINARY ? "AUC" : "share of right classes";
}
const char* task_name(std::uint32_t task) {
  return task == ASSAY_TASK_REGRESSION ? "regression" : task == ASSAY_TASK_BINARY ? "binary" : "multiclass";
}

}  // namespace assay::checker
