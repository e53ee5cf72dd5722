// Looks for what is wrong with a table before anything is learned from it: rows, calendar, missing cells, price series, bars, columns,
// entities, leaks of the target. Used by `assay data check`. It changes and mends nothing. docs/data_check.md says what each test asks and
// why its threshold is what it is. Pure functions, thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/column.hpp"
#include "quality/report.hpp"

namespace assay::quality {

// What the columns are. Names that are empty or not there mean none.
struct Roles {
  std::string time, entity, target;
  std::string open, high, low, close, volume;  // of the experiment's backtest; more bars are known by their names (bid_open, "Adj Close")
  std::vector<std::string> categorical;        // text by wish
};

// Columns of equal length in file order, the time column of timestamps. `now`: times behind it are doubtful; kMissingTime: not asked.
Report check(std::span<const data::Column> columns, const Roles& roles, TimeNs now);

// Inputs that know too much of the target, one by one: class numbers, or numbers with `classes` 0; NaN: no label. What an experiment
// computes is asked here; columns of a file are asked by check().
std::vector<Finding> leaks(std::span<const data::Column> inputs, const std::string& target_name, std::span<const double> target,
                           std::int64_t classes);

// Error first, then warning, then note; otherwise as they stand.
void sort_worst_first(std::vector<Finding>& findings);

}  // namespace assay::quality
