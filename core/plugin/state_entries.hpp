// A component's saved state while it is in memory: ordered named entries, arrays or texts. Produced by a plugin's save, consumed by its
// load, written to files by state_bundle. Knows nothing of files. A value; not thread-safe while it is being filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/abi.h"

namespace assay::plugin {

struct StateEntry {
  std::string name;
  bool is_text = false;
  std::string text;  // of a text entry
  std::uint16_t dtype = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;  // contiguous, row-major; 16-byte aligned as the allocator gives it
  friend bool operator==(const StateEntry&, const StateEntry&) = default;

  assay_array view() const;               // read-only, borrowed from this entry
  std::span<const double> reals() const;  // of an f64 array; throws Error (data) else
};

class StateEntries {
 public:
  // A strided array is packed. Throws Error (failed): an empty or doubled name, a dtype or shape that makes no sense.
  void put_array(std::string name, const assay_array& array);
  void put_text(std::string name, std::string_view text);
  void put(StateEntry entry);

  const StateEntry* find(std::string_view name) const;  // null where there is none
  const std::vector<StateEntry>& items() const { return items_; }
  bool empty() const { return items_.empty(); }
  std::size_t byte_size() const;
  std::string hash() const;  // SHA-256 over names, types, shapes and bytes: same state, same hash
  friend bool operator==(const StateEntries&, const StateEntries&) = default;

 private:
  std::vector<StateEntry> items_;
};

std::size_t item_size(std::uint16_t dtype);   // bytes; 0 for a dtype that the boundary does not know
const char* dtype_name(std::uint16_t dtype);  // "f64"; "?" for an unknown one

// The C callbacks over a StateEntries that outlives them. Errors inside come back as a status, with the reason in last_error().
class StateWriter {
 public:
  explicit StateWriter(StateEntries& entries);
  StateWriter(const StateWriter&) = delete;  // the table points at itself
  StateWriter& operator=(const StateWriter&) = delete;
  assay_state_writer* raw() { return &table_.raw; }
  const std::string& last_error() const { return table_.error; }

 private:
  struct Table {
    assay_state_writer raw;
    StateEntries* entries;
    std::string error;
  } table_;
};

class StateReader {
 public:
  explicit StateReader(const StateEntries& entries);
  assay_state_reader* raw() { return &raw_; }

 private:
  assay_state_reader raw_;
};

}  // namespace assay::plugin
