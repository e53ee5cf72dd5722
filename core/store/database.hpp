// The open database and the ways of reading and writing it that the files of Store share. Used inside this folder only: nothing else sees
// SQLite. One thread at a time, as Store says.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/schema.hpp"
#include "store/store.hpp"

namespace assay::store {

static_assert(std::endian::native == std::endian::little, "packed columns are little-endian");

template <class Table>
auto from_text(const Table& table, std::string_view text) {
  for (const auto& [value, name] : table)
    if (text == name) return value;
  throw Error(Fault::failed, "reading the store", "it holds an unknown status '" + std::string(text) + "'");
}

template <class T>
void bind_array(SQLite::Statement& statement, int index, const std::vector<T>& values) {
  if (values.empty())
    statement.bind(index, "", 0);  // an empty blob, not NULL
  else
    statement.bindNoCopy(index, values.data(), static_cast<int>(values.size() * sizeof(T)));
}

template <class T>
std::vector<T> read_array(const SQLite::Column& column) {
  const auto bytes = static_cast<std::size_t>(column.getBytes());
  std::vector<T> values(bytes / sizeof(T));
  if (bytes != 0) std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(T));
  return values;
}

inline void bind_real(SQLite::Statement& statement, int index, double value) {
  if (std::isnan(value))
    statement.bind(index);  // NULL: SQLite has no NaN
  else
    statement.bind(index, value);
}

inline double read_real(const SQLite::Column& column) {
  return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

inline void bind_unit(SQLite::Statement& statement, int first, RunId id, const UnitKey& key) {
  statement.bind(first, id);
  statement.bind(first + 1, key.model);
  statement.bind(first + 2, key.fold);
  statement.bind(first + 3, key.repeat);
}

// Runs work and turns SQLite's exceptions into ours, with the file named.
template <class Work>
auto guarded(const std::filesystem::path& file, const char* what, Work&& work) {
  try {
    return work();
  } catch (const SQLite::Exception& e) {
    constexpr int kBusy = 5, kCannotOpen = 14, kNotADatabase = 26;  // SQLite's result codes
    const int code = e.getErrorCode();
    if (code == kCannotOpen || code == kNotADatabase)
      throw Error(
          Fault::usage, fmt::format("{} the store {}", what, file.string()), e.what(),
          code == kCannotOpen ? "Look whether its folder is there and can be written" : "That file is no store: name another with --store");
    throw Error(Fault::failed, fmt::format("{} in the store {}", what, file.string()), e.what(),
                code == kBusy ? "Another program holds it; try again when that one is done" : "");
  }
}

struct Store::State {
  std::filesystem::path file;
  SQLite::Database db;

  State(const std::filesystem::path& f, int flags) : State(f, flags, f.string()) {}
  State(const std::filesystem::path& f, int flags, const std::string& opened_as) : file(f), db(opened_as, flags, 10'000) {}

  void put_plugins(RunId id, const std::vector<PluginRecord>& plugins) {
    SQLite::Statement put(db, "INSERT OR REPLACE INTO plugin VALUES (?, ?, ?, ?, ?, ?)");
    for (const PluginRecord& p : plugins) {
      SQLite::bind(put, id, p.id, p.version, p.file, p.sha256, p.variant);
      put.exec();
      put.reset();
    }
  }

  void note_asked(RunId id) {
    SQLite::Statement q(db, "UPDATE run SET asked = (SELECT max(asked) + 1 FROM run) WHERE id = ?");
    q.bind(1, id);
    q.exec();
  }

  std::int64_t unit_id(RunId id, const UnitKey& key) const {
    SQLite::Statement q(db, "SELECT id FROM unit WHERE run = ? AND model = ? AND fold = ? AND repeat = ?");
    bind_unit(q, 1, id, key);
    return q.executeStep() ? q.getColumn(0).getInt64() : 0;
  }

  bool is_of_today() {
    const int version = db.execAndGet("PRAGMA user_version").getInt();
    const int newest = static_cast<int>(kMigrations.size());
    if (version > newest)
      throw Error(Fault::failed, "opening the store " + file.string(),
                  fmt::format("it is of version {}, this assay knows up to {}", version, newest), "Use a newer assay");
    return version == newest;
  }

  void migrate() {
    if (is_of_today()) return;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    const int newest = static_cast<int>(kMigrations.size());
    for (int v = db.execAndGet("PRAGMA user_version").getInt(); v < newest; ++v) {
      db.exec(kMigrations[static_cast<std::size_t>(v)]);
      db.exec(fmt::format("PRAGMA user_version = {}", v + 1));
    }
    transaction.commit();
  }
};

}  // namespace assay::store
