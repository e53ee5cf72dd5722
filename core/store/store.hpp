// The database of runs: one SQLite file, WAL, synchronous=FULL, one writer at a time, migrated when an older one is opened.
// Used by run/ (writes) and cli/, reports/ (read). It holds results only, never code. One Store belongs to one thread at a time: run/
// guards it with a mutex. Every public call is one transaction: a kill leaves the last finished call. Throws Error(failed).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.hpp"

namespace assay::store {

class Store {
 public:
  // read: also where file or folder cannot be written; writes nothing but the migration of an older store that can be written.
  // change: to write to one that exists. write: makes it. The first two throw where there is no file.
  enum class Mode { read, change, write };
  Store(const std::filesystem::path& file, Mode mode);
  ~Store();
  Store(Store&&) noexcept;

  const std::filesystem::path& file() const;

  RunId create_run(const RunRecord& run);  // id is ignored and returned
  void finish_run(RunId id, RunStatus status, TimeNs at, const std::string& summary, const std::string& error,
                  const std::vector<MetricRecord>& metrics);
  void reopen_run(RunId id, const std::string& identity, const std::string& build, const std::vector<PluginRecord>& plugins,
                  bool new_build);  // status running again, under this identity
  void delete_run(RunId id);

  std::vector<RunRecord> runs() const;  // newest first, without `original`, `resolved`, `summary`
  RunRecord run(RunId id) const;        // throws Error(usage) where there is none
  std::optional<RunId> newest_with_identity(std::string_view identity) const;
  // The newest unfinished run of the same file and data whatever its build: what --accept-new-build goes on with.
  std::optional<RunId> unfinished_like(const std::string& resolved, const std::string& data_hash) const;
  // Makes it the one that `last` and its name mean: it was asked for again and is finished. Begun and reopened runs are asked for.
  void note_asked(RunId id);
  // "12", "last", or a run's name; of several the one that was asked for last. Throws Error(usage) naming what exists.
  RunId resolve(std::string_view text) const;

  void put_folds(RunId id, const std::vector<FoldRecord>& folds);
  std::vector<FoldRecord> folds(RunId id) const;

  void put_unit(RunId id, const UnitRecord& unit);  // replaces; removes the unit's checkpoint
  std::vector<UnitKey> finished_units(RunId id) const;
  std::vector<UnitRecord> units(RunId id) const;  // without predictions and bundle; steps included
  std::vector<Predictions> predictions(RunId id, const UnitKey& key) const;
  std::vector<std::byte> bundle(RunId id, const UnitKey& key) const;
  void drop_unit(RunId id, const UnitKey& key);

  void put_checkpoint(RunId id, const UnitKey& key, const Checkpoint& checkpoint);
  std::optional<Checkpoint> checkpoint(RunId id, const UnitKey& key) const;

  void put_trial(RunId id, const TrialRecord& trial);  // replaces
  // In order of study and number. brief: without file, log, steps and returns.
  enum class TrialDetail { brief, steps, whole };
  std::vector<TrialRecord> trials(RunId id, TrialDetail detail) const;
  std::optional<TrialRecord> trial(RunId id, std::int64_t study, std::int64_t number) const;  // whole

  std::vector<MetricRecord> metrics(RunId id) const;

  void put_backtest(RunId id, const BacktestRecord& backtest);  // replaces the one of its name and repeat
  enum class Detail { curve, everything };                      // everything: orders, fills and trades too
  std::vector<BacktestRecord> backtests(RunId id, Detail detail) const;

  // Of a question, which all runs of one file on the same data share. Replaces the one of its kind.
  void put_look(const std::string& question, const LookRecord& look);
  std::vector<LookRecord> looks(const std::string& question) const;  // by kind

  void put_explanation(RunId id, const ExplanationKey& key, const std::string& json);  // replaces
  std::string explanation(RunId id, const ExplanationKey& key) const;                  // empty: there is none

  // Returns the reveal's number: it is on record before anything is scored, what it came to is added when that is done.
  std::int64_t put_reveal(RunId id, TimeNs at, const std::string& what);
  void put_reveal_summary(std::int64_t reveal, const std::string& summary);
  struct Reveal {
    TimeNs at;
    std::string what, summary;  // summary: JSON, what `assay reveal --json` prints; empty where it came to nothing
  };
  std::vector<Reveal> reveals(RunId id) const;

 private:
  struct State;
  void open_to_read(const std::filesystem::path& file);
  std::unique_ptr<State> state_;
};

// An exclusive lock on one run of one store, held while a process works on it; freed by the system when the process dies.
class RunLock {
 public:
  // Nothing where another process holds it.
  static std::optional<RunLock> acquire(const std::filesystem::path& store_file, RunId id);
  ~RunLock();
  RunLock(RunLock&&) noexcept;
  RunLock& operator=(RunLock&&) = delete;

 private:
  explicit RunLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace assay::store
