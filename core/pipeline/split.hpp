// Splits: which rows train, validate and test in each fold, purged by label intervals (rules.md 2, 3, 11, 12). Used by run. It knows rows,
// times, labels and groups, nothing of columns or models. Pure: the same seed gives the same folds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/random.hpp"
#include "config/experiment.hpp"
#include "pipeline/dataset.hpp"

namespace assay::pipeline {

struct Fold {
  std::vector<std::int64_t> train, validation, test;     // row numbers, ascending, disjoint
  std::string description;                               // "train 2010-01-04..2012-12-31, test 2013-01-02..2013-06-28"
  std::int64_t purged_train = 0, purged_validation = 0;  // rows taken out because their labels touch a later set, or by gap and embargo
};

// Several folds forecast each row: a path is one forecast for every row, put together from them. Lopez de Prado 2018, ch. 12.
struct TestPaths {
  std::vector<std::vector<std::int64_t>> groups;  // the rows of each group of times
  std::vector<std::vector<std::size_t>> folds;    // [path][group]: which fold forecasts the group's rows
  bool empty() const { return folds.empty(); }
};

struct Folds {
  std::vector<Fold> folds;
  TestPaths paths;                 // of combinatorial_purged; else empty, and no row is a test row of two folds
  std::optional<Fold> sealed;      // test = final_test; train and validation end before it; shown by `assay reveal` alone
  std::vector<std::string> notes;  // what was purged and why, for the record
};

// What a split needs to know, apart from a Dataset so that tests can plant anything.
struct SplitRows {
  std::int64_t rows = 0;
  std::span<const TimeNs> known_at;     // non-decreasing; empty = a plain table
  std::span<const TimeNs> label_end;    // empty without time; a label is [known_at, label_end]
  std::span<const double> y;            // NaN = no label: the row is in no set
  bool classes = false;                 // y is a class number (stratified)
  std::span<const std::int64_t> group;  // empty without
  // by_rule, by_column: 1 = in, 0 = not, NaN = missing (not in). Without a train rule all other rows train.
  std::span<const double> test_rule, validation_rule, train_rule;
  std::int64_t lead_rows = 0;
  std::int64_t gap_rows = 0;  // distinct times between a block's end and train rows that begin again: lookback + warm-up
};

Folds make_folds(const config::SplitSpec& spec, const SplitRows& rows, SeedTree seed, Diagnostics& diagnostics);
// Evaluates the rules of by_rule, or the values of by_column, and calls the above. `needs_validation` names who needs validation rows
// ("train.early_stopping"), or "".
Folds make_folds(const config::SplitSpec& spec, const Dataset& dataset, SeedTree seed, const std::string& needs_validation,
                 Diagnostics& diagnostics);

}  // namespace assay::pipeline
