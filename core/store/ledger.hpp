// The trial ledger: how many distinct configurations were ever scored on the same question, rules.md 13.
// Append-only, in the user's data folder beside the stores, so that deleting runs forgets nothing. A record, not an enforcement: whoever
// deletes the file starts at zero. Used by run/. One Ledger belongs to one thread; several processes may append at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/calendar.hpp"

namespace assay::store {

struct LedgerEntry {
  std::string configuration;  // hash of the resolved experiment without seed, name and resources
  std::string source;         // what data: the source's id and path or parameters, not its bytes (a newer download is the same question)
  std::string target;         // target family: task and expression or column
  TimeNs first = kMissingTime, last = kMissingTime;  // span of the scored labels; missing in tables
  TimeNs at = 0;                                     // when it was recorded
  std::string run;                                   // store path and run id, for the reader
};

class Ledger {
 public:
  explicit Ledger(const std::filesystem::path& file);  // made where it does not exist
  ~Ledger();

  void append(const LedgerEntry& entry);
  // Distinct configurations with the same source and target whose spans overlap this one's (this one included).
  std::int64_t trials_like(const LedgerEntry& entry) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::store
