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
  std::int64_t bars = 0;
};

// A bar is a row; rows lie by time, then entity, so that a replay goes through all arrays once from front to back. Instruments are in order
// of their first bars (then entity), so that those known at a time are the first ones.
struct Market {
  std::vector<Instrument> instruments;
  std::span<const TimeNs> times;             // distinct, ascending
  std::span<const std::int64_t> first_row;   // of each time, and behind the last the number of rows
  std::span<const std::int32_t> instrument;  // of each row
  std::span<const double> open, high, low, close;
  std::span<const double> volume;                // empty where the data have none
  std::vector<std::string> features;             // names of the further columns that strategies may ask for
  std::vector<std::span<const double>> columns;  // one array for each of them
  std::span<const double> prediction;            // rows x outputs, NaN = none; empty without a model
  std::int64_t outputs = 0;
  std::shared_ptr<const void> memory, forecast_memory;  // what the spans point into

  std::size_t rows() const { return instrument.size(); }
};

struct MarketColumns {
  std::string open = "open", high = "high", low = "low", close = "close", volume = "volume";  // volume may be absent from the data
};

// A model's out-of-sample forecasts: rows of the frame, which are the market's, x outputs; NaN where there is none. No model: outputs 0.
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

// To memory that workers map, and back as views of that mapping. Forecasts go their own way.
worker::Descriptor pack(const Market& market);
Market market_of(const worker::PackedFile& file);

}  // namespace assay::backtest
