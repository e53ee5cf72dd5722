#include "store/ledger.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include "base/error.hpp"

namespace assay::store {

struct Ledger::State {
  std::filesystem::path file;
  SQLite::Database db;
};

Ledger::Ledger(const std::filesystem::path& file) {
  try {
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    state_.reset(new State{file, SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 10'000)});
    state_->db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE IF NOT EXISTS trial (configuration TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, first INTEGER NOT NULL,"
        " last INTEGER NOT NULL, at INTEGER NOT NULL, run TEXT NOT NULL);"
        "CREATE INDEX IF NOT EXISTS trial_question ON trial (source, target);"
        "CREATE TRIGGER IF NOT EXISTS trial_keeps BEFORE DELETE ON trial BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
        "CREATE TRIGGER IF NOT EXISTS trial_stays BEFORE UPDATE ON trial BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;");
  } catch (const std::exception& e) {
    throw Error(Fault::failed, "opening the trial ledger " + file.string(), e.what(), "Name another folder with ASSAY_HOME");
  }
}
Ledger::~Ledger() = default;

void Ledger::append(const LedgerEntry& entry) {
  try {
    SQLite::Statement q(state_->db, "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?, ?)");
    SQLite::bind(q, entry.configuration, entry.source, entry.target, entry.first, entry.last, entry.at, entry.run);
    q.exec();
  } catch (const SQLite::Exception& e) {
    throw Error(Fault::failed, "writing the trial ledger " + state_->file.string(), e.what());
  }
}

std::int64_t Ledger::trials_like(const LedgerEntry& entry) const {
  try {
    // Tables have no span (kMissingTime): every trial on the same source and target counts.
    SQLite::Statement q(state_->db,
                        "SELECT count(DISTINCT configuration) FROM trial WHERE source = ?1 AND target = ?2"
                        " AND (configuration = ?3 OR ?4 = ?6 OR first = ?6 OR (first <= ?5 AND last >= ?4))");
    SQLite::bind(q, entry.source, entry.target, entry.configuration, entry.first, entry.last, kMissingTime);
    q.executeStep();
    return q.getColumn(0).getInt64();
  } catch (const SQLite::Exception& e) {
    throw Error(Fault::failed, "reading the trial ledger " + state_->file.string(), e.what());
  }
}

}  // namespace assay::store
