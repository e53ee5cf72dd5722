#include "store/database.hpp"

namespace assay::store {

namespace {

void bind_key(SQLite::Statement& statement, RunId id, const ExplanationKey& key) {
  bind_unit(statement, 1, id, key.unit);
  statement.bind(5, key.method);
  statement.bind(6, key.row);
  statement.bind(7, key.settings);
}

}  // namespace

void Store::put_explanation(RunId id, const ExplanationKey& key, const std::string& json) {
  guarded(state_->file, "storing an explanation", [&] {
    SQLite::Statement put(state_->db, "INSERT OR REPLACE INTO explanation VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    bind_key(put, id, key);
    put.bind(8, json);
    put.exec();
  });
}

std::string Store::explanation(RunId id, const ExplanationKey& key) const {
  return guarded(state_->file, "reading an explanation", [&]() -> std::string {
    SQLite::Statement q(state_->db,
                        "SELECT json FROM explanation WHERE run = ? AND model = ? AND fold = ? AND repeat = ? AND method = ? AND row = ? "
                        "AND settings = ?");
    bind_key(q, id, key);
    return q.executeStep() ? q.getColumn(0).getString() : std::string();
  });
}

}  // namespace assay::store
