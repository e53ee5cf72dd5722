// A stored backtest as people read it: figures beside the benchmark's, and trades, orders and fills as tables or CSV. Used by the texts of
// results and by `runs show`. Pure functions, thread-safe.
#pragma once

#include <string>

#include "cli/text_table.hpp"
#include "store/records.hpp"

namespace assay::cli {

std::string backtest_text(const Json& backtest, const Console& console);  // "backtest" of a run's summary

std::string trades_text(const store::BacktestRecord& backtest, const Console& console);  // the last hundred

// One line for each trade (order, fill, time of the curve), under these names.
struct Sheet {
  std::vector<std::string> names;
  std::vector<std::vector<Json>> rows;
};
void add_trades(const store::BacktestRecord& backtest, Sheet& sheet);
void add_orders(const store::BacktestRecord& backtest, Sheet& sheet);
void add_fills(const store::BacktestRecord& backtest, Sheet& sheet);
void add_equity(const store::BacktestRecord& backtest, Sheet& sheet);
std::string to_csv(const Sheet& sheet);
std::string to_json(const Sheet& sheet);  // a list of objects

}  // namespace assay::cli
