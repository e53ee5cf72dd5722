// Bars of one or many instruments on one time line, ragged calendars included: what a backtest replays. Made once from a Frame and shared
// by all replays of a run, in this process and, packed into memory that they map, in its workers. Knows no strategy. Immutable,
// thread-safe; copies share what they point to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/frame.hpp"
#include "worker/packed_file.hpp"

namespace assay::backtest {

struct Instrument {
  std::string name;
  std::span<const TimeNs> time;  // known_at of each bar
  std::span<const double> open, high, low, close;
  std::span<const double> volume;                 // empty where the data have none
  std::vector<std::span<const double>> features;  // one array for each of Market::features
  std::span<const double> prediction;             // bars x outputs, NaN = none; empty without a model
  std::span<const std::int64_t> frame_row;        // of each bar
  std::size_t bars() const { return time.size(); }
};

struct Market {
  std::span<const TimeNs> times;  // distinct, ascending
  std::vector<Instrument> instruments;
  std::vector<std::string> features;  // names of the further columns that strategies may ask for
  std::int64_t outputs = 0;           // columns of prediction, 0 without a model
  struct Arrays;
  std::shared_ptr<const Arrays> arrays;  // what all spans point into
};

struct MarketColumns {
  std::string open = "open", high = "high", low = "low", close = "close", volume = "volume";  // volume may be absent from the data
};

// A model's out-of-sample forecasts: frame rows x outputs, NaN where there is none. None at all: outputs 0.
struct Forecasts {
  std::span<const double> values;
  std::int64_t outputs = 0;
};

// All bars of the frame. `features`: columns that strategies name in their parameters, beside the prices (numbers; missing is NaN).
// The frame's known_at has to be the end of each bar: with a publication lag (data.available) an order would be filled in bars that were
// over when it was made. Throws Error(data): no time, a missing column, a price that is missing, not positive or outside low..high (names
// entity and time).
Market make_market(const data::Frame& frame, const MarketColumns& columns, std::span<const std::string> features = {},
                   const Forecasts& forecasts = {});
// The same bars with other forecasts (or none); bars are shared, not copied.
Market with_forecasts(const Market& market, const Forecasts& forecasts);

// To memory that workers map, and back as views of that mapping. Forecasts go their own way, by bars of one instrument after the other.
worker::Descriptor pack(const Market& market);
Market market_of(const worker::PackedFile& file);
std::span<const double> forecasts_by_bar(const Market& market);
Market with_forecasts_by_bar(const Market& market, std::vector<double> values, std::int64_t outputs);

}  // namespace assay::backtest
