#include "run/stored_predictions.hpp"

#include <cmath>
#include <limits>

namespace assay::run {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What is stored of one horizon: its labels, and which of the outputs are its own.
struct Labels {
  const std::vector<double>& y;
  const std::vector<TimeNs>& label_end;
  std::int64_t first, count;
};

void append(store::Predictions& out, const data::Frame& frame, std::size_t row, const Labels& labels) {
  out.row.push_back(frame.source_row()[row]);
  out.truth.push_back(labels.y[row]);
  if (frame.has_time()) {
    out.known_at.push_back(frame.known_at()[row]);
    out.label_end.push_back(labels.label_end[row]);
  }
  if (!frame.entity().empty()) out.entity.push_back(frame.entity()[row]);
}

store::Predictions predictions_of(const data::Frame& frame, const ForecastPart& part, const Labels& labels) {
  store::Predictions out;
  out.part = part.name;
  out.outputs = labels.count;
  if (!part.quantile.empty()) out.levels = part.levels;
  const std::size_t levels = out.levels.size(), outputs = static_cast<std::size_t>(part.outputs);
  const std::vector<std::int64_t>&row = part.rows.row, &lacking = part.rows.not_forecast;
  // Forecast rows and those that could not be forecast, together in the frame's order.
  std::size_t next = 0, missing = 0;
  while (next < row.size() || missing < lacking.size()) {
    const bool has_value = missing == lacking.size() || (next < row.size() && row[next] < lacking[missing]);
    append(out, frame, static_cast<std::size_t>(has_value ? row[next] : lacking[missing]), labels);
    for (std::int64_t k = labels.first; k < labels.first + labels.count; ++k)
      out.value.push_back(has_value ? part.values[next * outputs + static_cast<std::size_t>(k)] : kNaN);
    const bool has_quantiles = has_value && !std::isnan(part.values[next * outputs]);
    for (std::size_t k = 0; k < levels; ++k) out.quantile.push_back(has_quantiles ? part.quantile[next * levels + k] : kNaN);
    ++(has_value ? next : missing);
  }
  return out;
}

}  // namespace

std::vector<store::Predictions> stored_predictions(const pipeline::Dataset& dataset, const ForecastPart& part) {
  if (dataset.horizons.empty()) return {predictions_of(dataset.frame, part, {dataset.y, dataset.label_end, 0, part.outputs})};
  std::vector<store::Predictions> out;
  for (const pipeline::HorizonLabels& h : dataset.horizons) {
    out.push_back(predictions_of(dataset.frame, part, {h.y, h.label_end, std::ssize(out), 1}));
    out.back().horizon = h.rows;
  }
  return out;
}

}  // namespace assay::run
