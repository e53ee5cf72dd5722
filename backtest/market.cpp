#include "backtest/market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace assay::backtest {

namespace {

struct Vectors {
  std::vector<TimeNs> times;
  std::vector<std::int64_t> first_row;
  std::vector<std::int32_t> instrument;
  std::vector<double> open, high, low, close, volume;
  std::vector<std::vector<double>> columns;
};

std::string where(const data::Frame& frame, std::size_t row) {
  const std::string name = frame.entity().empty() ? "" : frame.entity_names()[static_cast<std::size_t>(frame.entity()[row])] + " ";
  return name + to_iso(frame.known_at()[row]);
}

void check_bar(const data::Frame& frame, std::size_t row, double open, double high, double low, double close) {
  for (const double price : {open, high, low, close})
    if (!(price > 0) || !std::isfinite(price))
      throw Error(Fault::data, "reading bars",
                  std::isnan(price) ? where(frame, row) + " lacks a price" : fmt::format("{} has a price of {}", where(frame, row), price),
                  "Fill or drop such rows in the data");
  if (open < low || open > high || close < low || close > high)
    throw Error(Fault::data, "reading bars",
                fmt::format("{} opens at {} and closes at {}, outside its range {} to {}", where(frame, row), open, close, low, high),
                "Mend or drop such rows in the data");
}

std::vector<double> numbers(const data::Frame& frame, const std::string& name) {
  const data::Column& column = frame.at(name);
  if (!column.is_numeric()) throw Error(Fault::data, "reading bars", fmt::format("the column '{}' holds no numbers", name), "");
  return column.to_reals();
}

// Instruments are the entities that have rows, numbered as they appear: one that lists later has no say in the numbers before.
std::vector<std::int32_t> instruments_of(const data::Frame& frame, std::vector<Instrument>& instruments) {
  if (frame.entity().empty()) {
    instruments.push_back({"series", static_cast<std::int64_t>(frame.rows())});
    return std::vector<std::int32_t>(frame.rows(), 0);
  }
  std::vector<std::int64_t> bars(frame.entity_count(), 0);
  for (const std::int32_t entity : frame.entity()) ++bars[static_cast<std::size_t>(entity)];
  std::vector<std::int32_t> number(bars.size(), -1), of_row;
  of_row.reserve(frame.rows());
  for (const std::int32_t code : frame.entity()) {
    const auto entity = static_cast<std::size_t>(code);
    if (number[entity] < 0) {
      number[entity] = static_cast<std::int32_t>(instruments.size());
      instruments.push_back({frame.entity_names()[entity], bars[entity]});
    }
    of_row.push_back(number[entity]);
  }
  return of_row;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += name + '\0';
  return all;
}

std::vector<std::string> parted(std::span<const std::uint8_t> text) {
  std::vector<std::string> names;
  for (auto at = text.begin(); at != text.end();) {
    const auto end = std::find(at, text.end(), 0);
    names.emplace_back(at, end);
    at = end + 1;
  }
  return names;
}

std::span<const std::uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string column_name(std::size_t index) { return "column " + std::to_string(index); }

}  // namespace

Market make_market(const data::Frame& frame, const MarketColumns& columns, std::span<const std::string> features,
                   const Forecasts& forecasts) {
  if (!frame.has_time()) throw Error(Fault::data, "making a backtest", "the data have no time column", "Name it in data.time");
  Market market;
  const auto memory = std::make_shared<Vectors>();
  Vectors& v = *memory;
  v.open = numbers(frame, columns.open);
  v.high = numbers(frame, columns.high);
  v.low = numbers(frame, columns.low);
  v.close = numbers(frame, columns.close);
  if (frame.find(columns.volume) != nullptr) v.volume = numbers(frame, columns.volume);
  for (const std::string& name : features) v.columns.push_back(numbers(frame, name));
  for (std::size_t row = 0; row < frame.rows(); ++row) check_bar(frame, row, v.open[row], v.high[row], v.low[row], v.close[row]);
  v.times.assign(frame.distinct_times().begin(), frame.distinct_times().end());
  for (std::size_t row = 0; row < frame.rows(); ++row)
    if (row == 0 || frame.known_at()[row] != frame.known_at()[row - 1]) v.first_row.push_back(static_cast<std::int64_t>(row));
  v.first_row.push_back(static_cast<std::int64_t>(frame.rows()));
  v.instrument = instruments_of(frame, market.instruments);
  market.times = v.times;
  market.first_row = v.first_row;
  market.instrument = v.instrument;
  market.open = v.open;
  market.high = v.high;
  market.low = v.low;
  market.close = v.close;
  market.volume = v.volume;
  market.features.assign(features.begin(), features.end());
  market.columns.assign(v.columns.begin(), v.columns.end());
  market.memory = memory;
  return with_forecasts(market, forecasts);
}

Market with_forecasts(const Market& market, const Forecasts& forecasts) {
  const std::size_t values = market.rows() * static_cast<std::size_t>(forecasts.outputs);
  ASSAY_CHECK(forecasts.values.size() >= values, "forecasts for all rows");
  const auto memory =
      std::make_shared<const std::vector<double>>(forecasts.values.begin(), forecasts.values.begin() + static_cast<std::ptrdiff_t>(values));
  Market other = market;
  other.prediction = *memory;
  other.outputs = forecasts.outputs;
  other.forecast_memory = memory;
  return other;
}

worker::Descriptor pack(const Market& market) {
  using worker::PackedArray;
  std::vector<std::string> names;
  std::vector<std::int64_t> bars;
  for (const Instrument& one : market.instruments) {
    names.push_back(one.name);
    bars.push_back(one.bars);
  }
  const std::string instruments = joined(names), features = joined(market.features);
  std::vector<PackedArray> arrays{PackedArray::of("instruments", as_bytes(instruments)),
                                  PackedArray::of("features", as_bytes(features)),
                                  PackedArray::of("bars", std::span<const std::int64_t>(bars)),
                                  PackedArray::of("times", market.times),
                                  PackedArray::of("first_row", market.first_row),
                                  PackedArray::of("instrument", market.instrument),
                                  PackedArray::of("open", market.open),
                                  PackedArray::of("high", market.high),
                                  PackedArray::of("low", market.low),
                                  PackedArray::of("close", market.close),
                                  PackedArray::of("volume", market.volume)};
  for (std::size_t i = 0; i < market.columns.size(); ++i) arrays.push_back(PackedArray::of(column_name(i), market.columns[i]));
  return worker::packed_memory(arrays);
}

Market market_of(const worker::PackedFile& file) {
  Market market;
  const std::vector<std::string> names = parted(file.values<std::uint8_t>("instruments"));
  const auto bars = file.values<std::int64_t>("bars");
  for (std::size_t i = 0; i < names.size(); ++i) market.instruments.push_back({names[i], bars[i]});
  market.features = parted(file.values<std::uint8_t>("features"));
  market.times = file.values<TimeNs>("times");
  market.first_row = file.values<std::int64_t>("first_row");
  market.instrument = file.values<std::int32_t>("instrument");
  market.open = file.values<double>("open");
  market.high = file.values<double>("high");
  market.low = file.values<double>("low");
  market.close = file.values<double>("close");
  market.volume = file.values<double>("volume");
  for (std::size_t i = 0; i < market.features.size(); ++i) market.columns.push_back(file.values<double>(column_name(i)));
  market.memory = file.owner();
  return market;
}

}  // namespace assay::backtest
