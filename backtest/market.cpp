#include "backtest/market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::backtest {

// Each column is one array over all instruments, one instrument after the other.
struct Market::Arrays {
  std::span<const TimeNs> times, time;
  std::span<const std::int64_t> bars, frame_row;  // bars: of each instrument
  std::span<const double> open, high, low, close, volume, features /* one after the other */, prediction;
  std::vector<std::string> names, feature_names;
  std::int64_t outputs = 0;
  std::shared_ptr<const void> bars_memory, forecast_memory;
};

namespace {

struct Vectors {
  std::vector<TimeNs> times, time;
  std::vector<std::int64_t> bars, frame_row;
  std::vector<double> open, high, low, close, volume, features;
};

std::string where(const data::Frame& frame, std::int64_t row) {
  const auto at = static_cast<std::size_t>(row);
  const std::string name = frame.entity().empty() ? "" : frame.entity_names()[static_cast<std::size_t>(frame.entity()[at])] + " ";
  return name + to_iso(frame.known_at()[at]);
}

void check_bar(const data::Frame& frame, std::int64_t row, double open, double high, double low, double close) {
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

const data::Column& numbers(const data::Frame& frame, const std::string& name) {
  const data::Column& column = frame.at(name);
  if (!column.is_numeric()) throw Error(Fault::data, "reading bars", fmt::format("the column '{}' holds no numbers", name), "");
  return column;
}

// The instruments as views of the arrays.
Market assembled(Market::Arrays arrays) {
  Market market;
  market.times = arrays.times;
  market.features = arrays.feature_names;
  market.outputs = arrays.outputs;
  const std::size_t total = arrays.time.size(), outputs = static_cast<std::size_t>(arrays.outputs);
  std::size_t at = 0;
  for (std::size_t i = 0; i < arrays.bars.size(); ++i) {
    const auto bars = static_cast<std::size_t>(arrays.bars[i]);
    const auto part = [&](std::span<const double> all) { return all.empty() ? all : all.subspan(at, bars); };
    Instrument one;
    one.name = arrays.names[i];
    one.time = arrays.time.subspan(at, bars);
    one.open = part(arrays.open);
    one.high = part(arrays.high);
    one.low = part(arrays.low);
    one.close = part(arrays.close);
    one.volume = part(arrays.volume);
    one.frame_row = arrays.frame_row.subspan(at, bars);
    for (std::size_t f = 0; f < arrays.feature_names.size(); ++f) one.features.push_back(arrays.features.subspan(f * total + at, bars));
    if (outputs > 0) one.prediction = arrays.prediction.subspan(at * outputs, bars * outputs);
    market.instruments.push_back(std::move(one));
    at += bars;
  }
  market.arrays = std::make_shared<const Market::Arrays>(std::move(arrays));
  return market;
}

std::vector<double> by_bar(std::span<const std::int64_t> frame_row, const Forecasts& forecasts) {
  std::vector<double> values;
  const auto outputs = static_cast<std::size_t>(forecasts.outputs);
  values.reserve(frame_row.size() * outputs);
  for (const std::int64_t row : frame_row) {
    if (outputs == 0) break;
    const auto part = forecasts.values.subspan(static_cast<std::size_t>(row) * outputs, outputs);
    values.insert(values.end(), part.begin(), part.end());
  }
  return values;
}

void set_forecasts(Market::Arrays& arrays, std::vector<double> values, std::int64_t outputs) {
  ASSAY_CHECK(values.size() == arrays.time.size() * static_cast<std::size_t>(outputs), "forecasts for all bars");
  auto memory = std::make_shared<const std::vector<double>>(std::move(values));
  arrays.prediction = *memory;
  arrays.outputs = outputs;
  arrays.forecast_memory = std::move(memory);
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

}  // namespace

Market make_market(const data::Frame& frame, const MarketColumns& columns, std::span<const std::string> features,
                   const Forecasts& forecasts) {
  if (!frame.has_time()) throw Error(Fault::data, "making a backtest", "the data have no time column", "Name it in data.time");
  const data::Column &open = numbers(frame, columns.open), &high = numbers(frame, columns.high), &low = numbers(frame, columns.low),
                     &close = numbers(frame, columns.close);
  const data::Column* volume = frame.find(columns.volume) != nullptr ? &numbers(frame, columns.volume) : nullptr;
  auto memory = std::make_shared<Vectors>();
  Vectors& v = *memory;
  Market::Arrays arrays;
  v.times.assign(frame.distinct_times().begin(), frame.distinct_times().end());
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    const auto rows = frame.rows_of_entity(static_cast<std::int32_t>(entity));
    if (rows.empty()) continue;
    arrays.names.push_back(frame.entity_names().empty() ? "series" : frame.entity_names()[entity]);
    v.bars.push_back(static_cast<std::int64_t>(rows.size()));
    for (const std::int64_t row : rows) {
      const auto at = static_cast<std::size_t>(row);
      check_bar(frame, row, open.number(at), high.number(at), low.number(at), close.number(at));
      v.time.push_back(frame.known_at()[at]);
      v.frame_row.push_back(row);
      v.open.push_back(open.number(at));
      v.high.push_back(high.number(at));
      v.low.push_back(low.number(at));
      v.close.push_back(close.number(at));
      if (volume != nullptr) v.volume.push_back(volume->number(at));
    }
  }
  for (const std::string& name : features) {
    const data::Column& column = numbers(frame, name);
    for (const std::int64_t row : v.frame_row) v.features.push_back(column.number(static_cast<std::size_t>(row)));
  }
  arrays.times = v.times;
  arrays.time = v.time;
  arrays.bars = v.bars;
  arrays.frame_row = v.frame_row;
  arrays.open = v.open;
  arrays.high = v.high;
  arrays.low = v.low;
  arrays.close = v.close;
  arrays.volume = v.volume;
  arrays.features = v.features;
  arrays.feature_names.assign(features.begin(), features.end());
  arrays.bars_memory = std::move(memory);
  set_forecasts(arrays, by_bar(arrays.frame_row, forecasts), forecasts.outputs);
  return assembled(std::move(arrays));
}

Market with_forecasts(const Market& market, const Forecasts& forecasts) {
  return with_forecasts_by_bar(market, by_bar(market.arrays->frame_row, forecasts), forecasts.outputs);
}

std::span<const double> forecasts_by_bar(const Market& market) { return market.arrays->prediction; }

Market with_forecasts_by_bar(const Market& market, std::vector<double> values, std::int64_t outputs) {
  Market::Arrays arrays = *market.arrays;
  set_forecasts(arrays, std::move(values), outputs);
  return assembled(std::move(arrays));
}

worker::Descriptor pack(const Market& market) {
  using worker::PackedArray;
  const Market::Arrays& a = *market.arrays;
  const std::string names = joined(a.names), features = joined(a.feature_names);
  const std::vector<PackedArray> arrays{PackedArray::of("times", a.times),
                                        PackedArray::of("time", a.time),
                                        PackedArray::of("bars", a.bars),
                                        PackedArray::of("frame_row", a.frame_row),
                                        PackedArray::of("open", a.open),
                                        PackedArray::of("high", a.high),
                                        PackedArray::of("low", a.low),
                                        PackedArray::of("close", a.close),
                                        PackedArray::of("volume", a.volume),
                                        PackedArray::of("features", a.features),
                                        PackedArray::of("names", as_bytes(names)),
                                        PackedArray::of("feature_names", as_bytes(features))};
  return worker::packed_memory(arrays);
}

Market market_of(const worker::PackedFile& file) {
  Market::Arrays arrays;
  arrays.times = file.values<TimeNs>("times");
  arrays.time = file.values<TimeNs>("time");
  arrays.bars = file.values<std::int64_t>("bars");
  arrays.frame_row = file.values<std::int64_t>("frame_row");
  arrays.open = file.values<double>("open");
  arrays.high = file.values<double>("high");
  arrays.low = file.values<double>("low");
  arrays.close = file.values<double>("close");
  arrays.volume = file.values<double>("volume");
  arrays.features = file.values<double>("features");
  arrays.names = parted(file.values<std::uint8_t>("names"));
  arrays.feature_names = parted(file.values<std::uint8_t>("feature_names"));
  arrays.bars_memory = file.owner();
  return assembled(std::move(arrays));
}

}  // namespace assay::backtest
