// The trial ledger: how many distinct configurations were ever scored on the same question, and how often its sealed test was looked at,
// rules.md 12 and 13. Append-only, in the user's data folder beside the stores, so that deleting runs forgets nothing. A record, not an
// enforcement: whoever deletes the file starts at zero. Used by run/. One Ledger belongs to one thread; several processes may append at
// once. To add a configuration: ledger.add(question, {run::configuration_hash(experiment)}, now, "store.db#12"), where
// run::scored_question(data) makes the question. To count N for a best-of-N: ledger.trials(question), plus the file's prior_trials.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/calendar.hpp"

namespace assay::store {

// What is forecast, and on which rows. Two questions are about the same thing where the target family is one, the source or its content
// is one (a newer download has other bytes, a copy another path), and both label spans and entities overlap.
struct Question {
  std::string source;                                // the file's path, or a simulator with its parameters
  std::string content;                               // hash of the bytes
  std::string target;                                // target family: task and expression or column
  TimeNs first = kMissingTime, last = kMissingTime;  // span of the scored labels; missing in tables: overlaps every span
  std::vector<std::string> entities;                 // scored ones, sorted; empty where there are none: overlaps every set
  friend bool operator==(const Question&, const Question&) = default;
};
bool overlap(const Question& a, const Question& b);

class Ledger {
 public:
  explicit Ledger(const std::filesystem::path& file);  // made where it does not exist
  ~Ledger();

  // Configurations are hashes of resolved experiments without seed, name and resources. One that is there already adds nothing. One
  // transaction. `run` (store path and run id) is for the reader.
  void add(const Question& question, const std::vector<std::string>& configurations, TimeNs at, const std::string& run);
  // Distinct configurations on all questions that overlap this one.
  std::int64_t trials(const Question& question) const;

  // Each look counts, whoever looked before.
  void add_reveal(const Question& question, const std::string& configuration, TimeNs at, const std::string& run);
  std::int64_t reveals(const Question& question) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::store
