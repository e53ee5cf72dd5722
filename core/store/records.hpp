// What the store keeps of a run, as plain values. Written by run/, read by cli/ and reports/. Nothing here knows SQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.hpp"

namespace assay::store {

using RunId = std::int64_t;

enum class RunStatus { running, complete, failed, interrupted };
const char* to_text(RunStatus status);

struct PluginRecord {
  std::string id, version, file, sha256, variant;
  friend bool operator==(const PluginRecord&, const PluginRecord&) = default;
};

struct RunRecord {
  RunId id = 0;
  std::string identity;  // hash(resolved file, data, build, plugins): rules.md 19
  std::string name;
  RunStatus status = RunStatus::running;
  std::string file;      // as the user named it
  std::string original;  // the file's text, extended files included, as written
  std::string resolved;  // the experiment after inheritance, variables and overrides
  std::uint64_t seed = 0;
  std::string data_hash, build, machine, cpu_variant;  // machine: one line of text
  TimeNs started_at = 0, finished_at = 0;
  bool quick = false;  // --quick: no result
  bool accepted_new_build = false;
  std::string error;                  // why it failed
  std::string summary;                // JSON, what `assay run --json` prints; empty until complete
  std::vector<std::string> entities;  // names of entity codes
  std::vector<PluginRecord> plugins;
};

struct FoldRecord {
  std::int64_t fold = 0;
  std::int64_t train_rows = 0, validation_rows = 0, test_rows = 0, purged_rows = 0;
  std::string description;
  friend bool operator==(const FoldRecord&, const FoldRecord&) = default;
};

// One fit: a model (or baseline) on a fold with one seed.
struct UnitKey {
  std::string model;  // the name in the file; baselines are "baseline:ID"
  std::int64_t fold = 0, repeat = 0;
  friend auto operator<=>(const UnitKey&, const UnitKey&) = default;
};

// Out-of-sample forecasts of one unit, rules.md 20. Arrays have one entry a row; known_at, label_end and entity are empty without time.
struct Predictions {
  std::string part = "test";  // test | validation | final_test
  std::int64_t horizon = 0;   // of target.horizons; 0: the target has but one
  std::int64_t outputs = 1;
  std::vector<std::int64_t> row;  // 0-based row in the source
  std::vector<TimeNs> known_at, label_end;
  std::vector<std::int32_t> entity;
  std::vector<double> truth;                       // NaN: not known
  std::vector<double> value;                       // rows x outputs, NaN: not forecast
  std::vector<double> levels = {}, quantile = {};  // rising; rows x levels, NaN: not forecast. Empty: none were asked for, or given
};

struct StepMetric {
  std::int64_t step = 0;
  std::string name;
  double value = 0;
};

enum class UnitStatus { complete, failed, crashed, timed_out, out_of_memory };
const char* to_text(UnitStatus status);

struct UnitRecord {
  UnitKey key;
  UnitStatus status = UnitStatus::complete;
  double seconds = 0;
  std::int64_t best_epoch = -1;  // -1: not trained by epochs
  std::string error, log;
  std::string extra;  // JSON: threshold, summary entries, preparation notes
  std::vector<StepMetric> steps;
  std::vector<Predictions> predictions;
  std::vector<std::byte> bundle;  // the model's saved state with its preparation; empty for baselines
};

struct MetricRecord {
  std::string model, name;
  std::int64_t fold = -1;                           // -1: the run's own value
  std::string aggregate;                            // pooled | mean_of_folds | mean_of_paths; empty for a fold or path
  double value = 0, low = 0, high = 0, spread = 0;  // NaN: unknown; spread: sd over repeats
  std::int64_t path = -1;                           // of a combinatorial split; -1: of all paths, or of a fold
};

struct Checkpoint {
  std::int64_t epoch = 0;          // the next epoch to run
  std::vector<std::byte> learner;  // plugin train state and best state so far
  std::string host;                // JSON: the loop's own state
};

// One backtest of a run. Times are UTC; units and money as the experiment has them.
struct BacktestRecord {
  std::string name = "strategy";  // benchmark; and of the sealed span, once revealed: final_test, final_test_benchmark
  std::int64_t repeat = 0;        // of the model whose forecasts it traded
  bool optimistic = false;        // filled at the close on which it decided
  bool ruined = false;            // equity fell to zero: trading stopped there
  std::vector<std::string> instruments;
  std::vector<TimeNs> times;  // of the curve
  std::vector<double> equity, cash, exposure;

  struct Order {
    std::int64_t number = 0;
    std::uint32_t instrument = 0;
    TimeNs placed = 0, filled = kMissingTime;  // never
    std::string kind;                          // units | target units | target weight
    double wanted = 0;
  };
  struct Fill {
    std::int64_t order = 0;
    std::uint32_t instrument = 0;
    TimeNs time = 0;
    double units = 0, price = 0, commission = 0, slippage = 0;
  };
  struct Trade {
    std::uint32_t instrument = 0;
    TimeNs entry_time = 0, exit_time = 0;
    double units = 0, entry_price = 0, exit_price = 0, costs = 0, result = 0, share = 0;
    std::int64_t bars = 0;
    bool open_at_end = false;
  };
  std::vector<Order> orders;
  std::vector<Fill> fills;
  std::vector<Trade> trades;

  struct Figure {
    std::string name, convention;
    double value = 0;            // NaN: undefined
    TimeNs time = kMissingTime;  // of a date, which may be missing (not yet recovered)
    bool is_date = false;
  };
  std::vector<Figure> figures;
};

// What a report's sections on data and features draw: docs/design/audit.md says what stands in `json`.
struct LookRecord {
  std::string kind;  // data | audit
  TimeNs at = 0;
  std::string json;
};

// What `assay explain` found out about one fit. docs/explaining.md says what stands in `json`.
struct ExplanationKey {
  UnitKey unit;
  std::string method;
  std::int64_t row = -1;  // of the source; -1: all
  std::string settings;   // what was asked for, as JSON
};

// One trial of a search.
enum class TrialStatus { complete, pruned, failed, crashed, timed_out, out_of_memory, not_run };
const char* to_text(TrialStatus status);

struct TrialRecord {
  std::int64_t study = 0;  // the fold that it chooses for; -1: all
  std::int64_t number = 0;
  TrialStatus status = TrialStatus::complete;
  double value = 0;                                         // the objective; pruned: the last intermediate value; NaN: there is none
  std::vector<std::pair<std::string, std::string>> values;  // dotted path and YAML text
  std::string configuration;                                // what the ledger counts it as
  double seconds = 0;
  std::string error, log;
  std::string file;                // the trial as an experiment file
  std::vector<std::int64_t> step;  // intermediate values: epochs, then folds
  std::vector<double> step_value;
  std::vector<TimeNs> time;  // strategies: the return of each period of the span that judged it
  std::vector<double> returns;
};

}  // namespace assay::store
