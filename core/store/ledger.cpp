#include "store/ledger.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::store {

namespace {

// The first ledger had one table `trial` with the source's file name and no entities: its rows become questions that know no bytes.
constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS question (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, content TEXT NOT NULL, target TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  entities TEXT NOT NULL, UNIQUE (source, content, target, first, last, entities));
CREATE TABLE IF NOT EXISTS configuration (
  question INTEGER NOT NULL REFERENCES question, configuration TEXT NOT NULL, at INTEGER NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (question, configuration)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reveal (
  question INTEGER NOT NULL REFERENCES question, configuration TEXT NOT NULL, at INTEGER NOT NULL, run TEXT NOT NULL);
)sql";

constexpr const char* kFromFirst = R"sql(
INSERT OR IGNORE INTO question (source, content, target, first, last, entities) SELECT source, '', target, first, last, '' FROM trial;
INSERT OR IGNORE INTO configuration SELECT q.id, t.configuration, t.at, t.run FROM trial t JOIN question q
  ON q.source = t.source AND q.content = '' AND q.target = t.target AND q.first = t.first AND q.last = t.last AND q.entities = '';
DROP TABLE trial;
)sql";

std::string keeps(const std::string& table) {
  std::string sql;
  for (const char* change : {"DELETE", "UPDATE"})
    sql += "CREATE TRIGGER IF NOT EXISTS " + table + "_" + change + " BEFORE " + change + " ON " + table +
           " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;";
  return sql;
}

std::string joined(const std::vector<std::string>& entities) { return text::join(entities, "\n"); }

std::vector<std::string> parted(const std::string& entities) {
  std::vector<std::string> list;
  if (!entities.empty())
    for (const std::string_view name : text::split(entities, '\n')) list.emplace_back(name);
  return list;
}

bool share_one(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return true;
    ++(*i < *j ? i : j);
  }
  return false;
}

}  // namespace

bool overlap(const Question& a, const Question& b) {
  if (a.target != b.target || (a.source != b.source && (a.content.empty() || a.content != b.content))) return false;
  const bool spans = a.first == kMissingTime || b.first == kMissingTime || (a.first <= b.last && b.first <= a.last);
  return spans && (a.entities.empty() || b.entities.empty() || share_one(a.entities, b.entities));
}

struct Ledger::State {
  std::filesystem::path file;
  SQLite::Database db;

  std::int64_t id_of(const Question& question) {
    const std::string entities = joined(question.entities);
    SQLite::Statement put(db, "INSERT OR IGNORE INTO question (source, content, target, first, last, entities) VALUES (?, ?, ?, ?, ?, ?)");
    SQLite::bind(put, question.source, question.content, question.target, question.first, question.last, entities);
    put.exec();
    SQLite::Statement get(
        db, "SELECT id FROM question WHERE source = ? AND content = ? AND target = ? AND first = ? AND last = ? AND entities = ?");
    SQLite::bind(get, question.source, question.content, question.target, question.first, question.last, entities);
    get.executeStep();
    return get.getColumn(0).getInt64();
  }

  std::vector<std::int64_t> like(const Question& question) const {
    std::vector<std::int64_t> ids;
    SQLite::Statement q(
        db, "SELECT id, source, content, target, first, last, entities FROM question WHERE target = ?1 AND (source = ?2 OR content = ?3)");
    SQLite::bind(q, question.target, question.source, question.content);
    while (q.executeStep()) {
      const Question other{q.getColumn(1).getString(), q.getColumn(2).getString(), q.getColumn(3).getString(),
                           q.getColumn(4).getInt64(),  q.getColumn(5).getInt64(),  parted(q.getColumn(6).getString())};
      if (overlap(question, other)) ids.push_back(q.getColumn(0).getInt64());
    }
    return ids;
  }

  template <class Work>
  auto guarded(const char* what, Work&& work) const {
    try {
      return work();
    } catch (const SQLite::Exception& e) {
      throw Error(Fault::failed, std::string(what) + " the trial ledger " + file.string(), e.what());
    }
  }
};

Ledger::Ledger(const std::filesystem::path& file) {
  try {
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    state_ = std::make_unique<State>(State{file, SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 10'000)});
    SQLite::Database& db = state_->db;
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    db.exec(kTables);
    if (db.tableExists("trial")) db.exec(kFromFirst);
    for (const char* table : {"question", "configuration", "reveal"}) db.exec(keeps(table));
    transaction.commit();
  } catch (const std::exception& e) {
    throw Error(Fault::failed, "opening the trial ledger " + file.string(), e.what(), "Name another folder with ASSAY_HOME");
  }
}
Ledger::~Ledger() = default;

void Ledger::add(const Question& question, const std::vector<std::string>& configurations, TimeNs at, const std::string& run) {
  state_->guarded("writing", [&] {
    SQLite::Transaction transaction(state_->db, SQLite::TransactionBehavior::IMMEDIATE);
    const std::int64_t id = state_->id_of(question);
    SQLite::Statement put(state_->db, "INSERT OR IGNORE INTO configuration VALUES (?, ?, ?, ?)");
    for (const std::string& configuration : configurations) {
      SQLite::bind(put, id, configuration, at, run);
      put.exec();
      put.reset();
    }
    transaction.commit();
  });
}

std::int64_t Ledger::trials(const Question& question) const {
  return state_->guarded("reading", [&] {
    std::set<std::string> distinct;
    SQLite::Statement q(state_->db, "SELECT configuration FROM configuration WHERE question = ?");
    for (const std::int64_t id : state_->like(question)) {
      q.bind(1, id);
      while (q.executeStep()) distinct.insert(q.getColumn(0).getString());
      q.reset();
    }
    return static_cast<std::int64_t>(distinct.size());
  });
}

void Ledger::add_reveal(const Question& question, const std::string& configuration, TimeNs at, const std::string& run) {
  state_->guarded("writing", [&] {
    SQLite::Transaction transaction(state_->db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement put(state_->db, "INSERT INTO reveal VALUES (?, ?, ?, ?)");
    SQLite::bind(put, state_->id_of(question), configuration, at, run);
    put.exec();
    transaction.commit();
  });
}

std::int64_t Ledger::reveals(const Question& question) const {
  return state_->guarded("reading", [&] {
    std::int64_t count = 0;
    SQLite::Statement q(state_->db, "SELECT count(*) FROM reveal WHERE question = ?");
    for (const std::int64_t id : state_->like(question)) {
      q.bind(1, id);
      q.executeStep();
      count += q.getColumn(0).getInt64();
      q.reset();
    }
    return count;
  });
}

}  // namespace assay::store
