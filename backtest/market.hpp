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
  std::span<const TimeNs> time;                            // known_at of each bar
  std::span<const double> open, high, low, close, volume;  // volume may be empty
  std::vector<std::span<const double>> features;           // one array for each of Market::features
  std::span<const double> prediction;                      // bars x outputs, NaN = none; empty without a model
  std::span<const std::int64_t> frame_row;                 // of each bar
  std::span<const std::int32_t> bar_at;                    // for each of Market::times: the bar's number, -1 = none
  std::int64_t bars() const { return static_cast<std::int64_t>(time.size()); }
};

struct Market {
  std::span<const TimeNs> times;  // distinct, ascending
  std::vector<Instrument> instruments;
  std::vector<std::string> features;   // names of the further columns that strategies may ask for
  std::int64_t outputs = 0;            // columns of prediction
  std::shared_ptr<const void> memory;  // what all spans point into
};

struct MarketColumns {
  std::string open = "open", high = "high", low = "low", close = "close", volume = "volume";
};

// A model's out-of-sample forecasts: frame rows x outputs, NaN where there is none.
struct Forecasts {
  std::span<const double> values;
  std::int64_t outputs = 0;
};

// All bars of the frame. `features`: columns that strategies name in their parameters, beside the prices (numbers; missing is NaN).
// Throws Error(data): no time, a missing column, a price that is missing, not positive or outside low..high (names entity and time).
Market make_market(const data::Frame& frame, const MarketColumns& columns, std::span<const std::string> features = {},
                   const Forecasts& forecasts = {});
// The same bars with (other) forecasts; bars are shared, not copied.
Market with_forecasts(const Market& market, const Forecasts& forecasts);

// To memory that workers map, and back as views of that mapping.
worker::Descriptor pack(const Market& market);
Market market_of(const worker::PackedFile& file);

}  // namespace assay::backtest
