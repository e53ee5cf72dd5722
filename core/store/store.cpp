#include "store/store.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/database.hpp"

namespace assay::store {

namespace {

constexpr std::array<std::pair<RunStatus, const char*>, 4> kRunStatus{{{RunStatus::running, "running"},
                                                                       {RunStatus::complete, "complete"},
                                                                       {RunStatus::failed, "failed"},
                                                                       {RunStatus::interrupted, "interrupted"}}};
constexpr std::array<std::pair<UnitStatus, const char*>, 5> kUnitStatus{{{UnitStatus::complete, "complete"},
                                                                         {UnitStatus::failed, "failed"},
                                                                         {UnitStatus::crashed, "crashed"},
                                                                         {UnitStatus::timed_out, "timed out"},
                                                                         {UnitStatus::out_of_memory, "out of memory"}}};

RunRecord read_run(SQLite::Statement& q) {
  RunRecord run;
  run.id = q.getColumn("id").getInt64();
  run.identity = q.getColumn("identity").getString();
  run.name = q.getColumn("name").getString();
  run.status = from_text(kRunStatus, q.getColumn("status").getString());
  run.file = q.getColumn("file").getString();
  run.seed = static_cast<std::uint64_t>(q.getColumn("seed").getInt64());
  run.data_hash = q.getColumn("data_hash").getString();
  run.build = q.getColumn("build").getString();
  run.machine = q.getColumn("machine").getString();
  run.cpu_variant = q.getColumn("cpu_variant").getString();
  run.started_at = q.getColumn("started_at").getInt64();
  run.finished_at = q.getColumn("finished_at").getInt64();
  run.quick = q.getColumn("quick").getInt() != 0;
  run.accepted_new_build = q.getColumn("new_build").getInt() != 0;
  run.error = q.getColumn("error").getString();
  return run;
}

}  // namespace

const char* to_text(RunStatus status) {
  for (const auto& [value, name] : kRunStatus)
    if (value == status) return name;
  return "?";
}

const char* to_text(UnitStatus status) {
  for (const auto& [value, name] : kUnitStatus)
    if (value == status) return name;
  return "?";
}

namespace {

bool can_be_written(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  return ::access(file.c_str(), W_OK) == 0 && ::access(folder.c_str(), W_OK) == 0;
}

// The file as it stands, for folders in which SQLite cannot make its side files. What a writer left in the side file would be unseen.
std::string unchanging(const std::filesystem::path& file) {
  std::filesystem::path side = file;
  side += "-wal";
  std::error_code none;
  if (std::filesystem::file_size(side, none) > 0 && !none)
    throw Error(Fault::failed, "opening the store " + file.string(), "a run is not finished writing it, and its folder cannot be written",
                "Copy it with " + side.filename().string() + " to a folder that can be written");
  std::string uri = "file:";
  for (const char c : file.string()) uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02X}", c) : std::string(1, c);
  return uri + "?immutable=1";
}

}  // namespace

void Store::open_to_read(const std::filesystem::path& file) {
  const bool writable = can_be_written(file);
  state_ = std::make_unique<State>(file, writable ? SQLite::OPEN_READWRITE : SQLite::OPEN_READONLY);
  try {
    state_->db.tableExists("run");
  } catch (const SQLite::Exception&) {
    if (writable) throw;
    state_ = std::make_unique<State>(file, SQLite::OPEN_READONLY | SQLite::OPEN_URI, unchanging(file));
  }
  if (writable)
    state_->migrate();
  else if (!state_->is_of_today())
    throw Error(Fault::failed, "opening the store " + file.string(), "an older assay wrote it, and it cannot be brought up to date here",
                "Copy it to a folder that can be written");
  state_->db.exec("PRAGMA query_only = ON;");
}

Store::Store(const std::filesystem::path& file, Mode mode) {
  std::error_code none;
  if (mode != Mode::write && !std::filesystem::exists(file, none))
    throw Error(Fault::usage, "opening the store", "there is no file " + file.string(),
                "Run an experiment first, or name a store with --store");
  guarded(file, "opening", [&] {
    if (mode == Mode::read) return open_to_read(file);
    state_ = std::make_unique<State>(file, SQLite::OPEN_READWRITE | (mode == Mode::write ? SQLite::OPEN_CREATE : 0));
    state_->db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    state_->migrate();
  });
}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

const std::filesystem::path& Store::file() const { return state_->file; }

RunId Store::create_run(const RunRecord& run) {
  return guarded(state_->file, "recording a run", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement put(db,
                          "INSERT INTO run (identity, name, status, file, original, resolved, seed, data_hash, build, machine, cpu_variant,"
                          " started_at, quick, asked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                          " (SELECT coalesce(max(asked), 0) + 1 FROM run))");
    SQLite::bind(put, run.identity, run.name, to_text(run.status), run.file, run.original, run.resolved,
                 static_cast<std::int64_t>(run.seed), run.data_hash, run.build, run.machine, run.cpu_variant, run.started_at,
                 run.quick ? 1 : 0);
    put.exec();
    const RunId id = db.getLastInsertRowid();
    state_->put_plugins(id, run.plugins);
    SQLite::Statement entity(db, "INSERT INTO entity VALUES (?, ?, ?)");
    for (std::size_t code = 0; code < run.entities.size(); ++code) {
      SQLite::bind(entity, id, static_cast<std::int64_t>(code), run.entities[code]);
      entity.exec();
      entity.reset();
    }
    transaction.commit();
    return id;
  });
}

void Store::finish_run(RunId id, RunStatus status, TimeNs at, const std::string& summary, const std::string& error,
                       const std::vector<MetricRecord>& metrics) {
  guarded(state_->file, "finishing a run", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement update(db, "UPDATE run SET status = ?, finished_at = ?, summary = ?, error = ? WHERE id = ?");
    SQLite::bind(update, to_text(status), at, summary, error, id);
    update.exec();
    for (const char* table : {"metric", "path_metric"}) {
      SQLite::Statement clear(db, std::string("DELETE FROM ") + table + " WHERE run = ?");
      clear.bind(1, id);
      clear.exec();
    }
    SQLite::Statement put(db, "INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    SQLite::Statement put_path(db, "INSERT INTO path_metric VALUES (?, ?, ?, ?, ?)");
    for (const MetricRecord& m : metrics) {
      if (m.path >= 0) {
        SQLite::bind(put_path, id, m.model, m.name, m.path);
        bind_real(put_path, 5, m.value);
        put_path.exec();
        put_path.reset();
        continue;
      }
      put.bind(1, id);
      put.bind(2, m.model);
      put.bind(3, m.name);
      put.bind(4, m.fold);
      put.bind(5, m.aggregate);
      bind_real(put, 6, m.value);
      bind_real(put, 7, m.low);
      bind_real(put, 8, m.high);
      bind_real(put, 9, m.spread);
      put.exec();
      put.reset();
    }
    transaction.commit();
  });
}

void Store::reopen_run(RunId id, const std::string& identity, const std::string& build, const std::vector<PluginRecord>& plugins,
                       bool new_build) {
  guarded(state_->file, "reopening a run", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement update(
        db, "UPDATE run SET status = 'running', error = '', identity = ?, build = ?, new_build = max(new_build, ?) WHERE id = ?");
    SQLite::bind(update, identity, build, new_build ? 1 : 0, id);
    update.exec();
    state_->put_plugins(id, plugins);
    state_->note_asked(id);
    transaction.commit();
  });
}

void Store::note_asked(RunId id) {
  guarded(state_->file, "noting a run", [&] { state_->note_asked(id); });
}

void Store::delete_run(RunId id) {
  guarded(state_->file, "deleting a run", [&] {
    SQLite::Statement q(state_->db, "DELETE FROM run WHERE id = ?");
    q.bind(1, id);
    if (q.exec() == 0) throw Error(Fault::usage, "deleting a run", fmt::format("there is no run {}", id));
  });
}

std::vector<RunRecord> Store::runs() const {
  return guarded(state_->file, "listing runs", [&] {
    std::vector<RunRecord> list;
    SQLite::Statement q(state_->db, "SELECT * FROM run ORDER BY id DESC");
    while (q.executeStep()) list.push_back(read_run(q));
    return list;
  });
}

RunRecord Store::run(RunId id) const {
  return guarded(state_->file, "reading a run", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Statement q(db, "SELECT * FROM run WHERE id = ?");
    q.bind(1, id);
    if (!q.executeStep()) throw Error(Fault::usage, "reading a run", fmt::format("there is no run {}", id), "`assay runs list` shows them");
    RunRecord run = read_run(q);
    run.original = q.getColumn("original").getString();
    run.resolved = q.getColumn("resolved").getString();
    run.summary = q.getColumn("summary").getString();
    SQLite::Statement plugins(db, "SELECT id, version, file, sha256, variant FROM plugin WHERE run = ? ORDER BY id");
    plugins.bind(1, id);
    while (plugins.executeStep())
      run.plugins.push_back({plugins.getColumn(0).getString(), plugins.getColumn(1).getString(), plugins.getColumn(2).getString(),
                             plugins.getColumn(3).getString(), plugins.getColumn(4).getString()});
    SQLite::Statement entities(db, "SELECT name FROM entity WHERE run = ? ORDER BY code");
    entities.bind(1, id);
    while (entities.executeStep()) run.entities.push_back(entities.getColumn(0).getString());
    return run;
  });
}

std::optional<RunId> Store::newest_with_identity(std::string_view identity) const {
  return guarded(state_->file, "looking up a run", [&]() -> std::optional<RunId> {
    SQLite::Statement q(state_->db, "SELECT id FROM run WHERE identity = ? ORDER BY id DESC LIMIT 1");
    q.bind(1, std::string(identity));
    if (!q.executeStep()) return std::nullopt;
    return q.getColumn(0).getInt64();
  });
}

std::optional<RunId> Store::unfinished_like(const std::string& resolved, const std::string& data_hash) const {
  return guarded(state_->file, "looking up a run", [&]() -> std::optional<RunId> {
    SQLite::Statement q(state_->db,
                        "SELECT id FROM run WHERE resolved = ? AND data_hash = ? AND status <> 'complete' ORDER BY id DESC LIMIT 1");
    SQLite::bind(q, resolved, data_hash);
    if (!q.executeStep()) return std::nullopt;
    return q.getColumn(0).getInt64();
  });
}

RunId Store::resolve(std::string_view text) const {
  return guarded(state_->file, "looking up a run", [&] {
    SQLite::Database& db = state_->db;
    if (text == "last") {
      SQLite::Statement q(db, "SELECT id FROM run ORDER BY asked DESC LIMIT 1");
      if (q.executeStep()) return static_cast<RunId>(q.getColumn(0).getInt64());
      throw Error(Fault::usage, "looking up a run", "the store " + state_->file.string() + " holds no run yet");
    }
    if (const auto number = text::to_integer(text)) {
      SQLite::Statement q(db, "SELECT id FROM run WHERE id = ?");
      q.bind(1, *number);
      if (q.executeStep()) return static_cast<RunId>(*number);
    } else {
      SQLite::Statement q(db, "SELECT id FROM run WHERE name = ? ORDER BY asked DESC LIMIT 1");
      q.bind(1, std::string(text));
      if (q.executeStep()) return static_cast<RunId>(q.getColumn(0).getInt64());
    }
    std::vector<std::string> names;
    SQLite::Statement all(db, "SELECT DISTINCT name FROM run");
    while (all.executeStep()) names.push_back(all.getColumn(0).getString());
    const auto near = text::nearest(text, names);
    throw Error(Fault::usage, "looking up a run", fmt::format("there is no run '{}' in {}", text, state_->file.string()),
                near ? fmt::format("Did you mean '{}'?", *near) : "`assay runs list` shows them; a run is its number, its name or `last`");
  });
}

void Store::put_folds(RunId id, const std::vector<FoldRecord>& folds) {
  guarded(state_->file, "recording folds", [&] {
    SQLite::Transaction transaction(state_->db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement put(state_->db, "INSERT OR REPLACE INTO fold VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const FoldRecord& f : folds) {
      SQLite::bind(put, id, f.fold, f.train_rows, f.validation_rows, f.test_rows, f.purged_rows, f.description);
      put.exec();
      put.reset();
    }
    transaction.commit();
  });
}

std::vector<FoldRecord> Store::folds(RunId id) const {
  return guarded(state_->file, "reading folds", [&] {
    std::vector<FoldRecord> list;
    SQLite::Statement q(
        state_->db, "SELECT fold, train_rows, validation_rows, test_rows, purged_rows, description FROM fold WHERE run = ? ORDER BY fold");
    q.bind(1, id);
    while (q.executeStep())
      list.push_back({q.getColumn(0).getInt64(), q.getColumn(1).getInt64(), q.getColumn(2).getInt64(), q.getColumn(3).getInt64(),
                      q.getColumn(4).getInt64(), q.getColumn(5).getString()});
    return list;
  });
}

void Store::put_unit(RunId id, const UnitRecord& unit) {
  guarded(state_->file, "recording a fit", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    for (const char* table : {"unit", "checkpoint"}) {
      SQLite::Statement clear(db, fmt::format("DELETE FROM {} WHERE run = ? AND model = ? AND fold = ? AND repeat = ?", table));
      bind_unit(clear, 1, id, unit.key);
      clear.exec();
    }
    SQLite::Statement put(db,
                          "INSERT INTO unit (run, model, fold, repeat, status, seconds, best_epoch, error, log, extra, bundle)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind_unit(put, 1, id, unit.key);
    put.bind(5, to_text(unit.status));
    put.bind(6, unit.seconds);
    put.bind(7, unit.best_epoch);
    put.bind(8, unit.error);
    put.bind(9, unit.log);
    put.bind(10, unit.extra);
    bind_array(put, 11, unit.bundle);
    put.exec();
    const std::int64_t row = db.getLastInsertRowid();
    SQLite::Statement step(db, "INSERT OR REPLACE INTO step VALUES (?, ?, ?, ?)");
    for (const StepMetric& s : unit.steps) {
      step.bind(1, row);
      step.bind(2, s.step);
      step.bind(3, s.name);
      bind_real(step, 4, s.value);
      step.exec();
      step.reset();
    }
    SQLite::Statement prediction(db, "INSERT INTO forecast VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const Predictions& p : unit.predictions) {
      prediction.bind(1, row);
      prediction.bind(2, p.part);
      prediction.bind(3, p.horizon);
      prediction.bind(4, p.outputs);
      bind_array(prediction, 5, p.row);
      bind_array(prediction, 6, p.known_at);
      bind_array(prediction, 7, p.label_end);
      bind_array(prediction, 8, p.entity);
      bind_array(prediction, 9, p.truth);
      bind_array(prediction, 10, p.value);
      bind_array(prediction, 11, p.levels);
      bind_array(prediction, 12, p.quantile);
      prediction.exec();
      prediction.reset();
    }
    transaction.commit();
  });
}

std::vector<UnitKey> Store::finished_units(RunId id) const {
  return guarded(state_->file, "reading fits", [&] {
    std::vector<UnitKey> list;
    SQLite::Statement q(state_->db, "SELECT model, fold, repeat FROM unit WHERE run = ? ORDER BY model, fold, repeat");
    q.bind(1, id);
    while (q.executeStep()) list.push_back({q.getColumn(0).getString(), q.getColumn(1).getInt64(), q.getColumn(2).getInt64()});
    return list;
  });
}

std::vector<UnitRecord> Store::units(RunId id) const {
  return guarded(state_->file, "reading fits", [&] {
    std::vector<UnitRecord> list;
    SQLite::Statement q(state_->db,
                        "SELECT id, model, fold, repeat, status, seconds, best_epoch, error, log, extra FROM unit WHERE run = ?"
                        " ORDER BY model, fold, repeat");
    q.bind(1, id);
    SQLite::Statement steps(state_->db, "SELECT step, name, value FROM step WHERE unit = ? ORDER BY step, name");
    while (q.executeStep()) {
      UnitRecord unit;
      unit.key = {q.getColumn(1).getString(), q.getColumn(2).getInt64(), q.getColumn(3).getInt64()};
      unit.status = from_text(kUnitStatus, q.getColumn(4).getString());
      unit.seconds = q.getColumn(5).getDouble();
      unit.best_epoch = q.getColumn(6).getInt64();
      unit.error = q.getColumn(7).getString();
      unit.log = q.getColumn(8).getString();
      unit.extra = q.getColumn(9).getString();
      steps.bind(1, q.getColumn(0).getInt64());
      while (steps.executeStep())
        unit.steps.push_back({steps.getColumn(0).getInt64(), steps.getColumn(1).getString(), read_real(steps.getColumn(2))});
      steps.reset();
      list.push_back(std::move(unit));
    }
    return list;
  });
}

std::vector<Predictions> Store::predictions(RunId id, const UnitKey& key) const {
  return guarded(state_->file, "reading predictions", [&] {
    std::vector<Predictions> list;
    SQLite::Statement q(state_->db,
                        "SELECT part, horizon, outputs, row, known_at, label_end, entity, truth, value, levels, quantile FROM forecast"
                        " WHERE unit = ? ORDER BY part, horizon");
    q.bind(1, state_->unit_id(id, key));
    while (q.executeStep()) {
      Predictions p;
      p.part = q.getColumn(0).getString();
      p.horizon = q.getColumn(1).getInt64();
      p.outputs = q.getColumn(2).getInt64();
      p.row = read_array<std::int64_t>(q.getColumn(3));
      p.known_at = read_array<TimeNs>(q.getColumn(4));
      p.label_end = read_array<TimeNs>(q.getColumn(5));
      p.entity = read_array<std::int32_t>(q.getColumn(6));
      p.truth = read_array<double>(q.getColumn(7));
      p.value = read_array<double>(q.getColumn(8));
      p.levels = read_array<double>(q.getColumn(9));
      p.quantile = read_array<double>(q.getColumn(10));
      list.push_back(std::move(p));
    }
    return list;
  });
}

std::vector<std::byte> Store::bundle(RunId id, const UnitKey& key) const {
  return guarded(state_->file, "reading a model bundle", [&] {
    SQLite::Statement q(state_->db, "SELECT bundle FROM unit WHERE id = ?");
    q.bind(1, state_->unit_id(id, key));
    return q.executeStep() ? read_array<std::byte>(q.getColumn(0)) : std::vector<std::byte>{};
  });
}

void Store::drop_unit(RunId id, const UnitKey& key) {
  guarded(state_->file, "dropping a fit", [&] {
    SQLite::Statement q(state_->db, "DELETE FROM unit WHERE run = ? AND model = ? AND fold = ? AND repeat = ?");
    bind_unit(q, 1, id, key);
    q.exec();
  });
}

void Store::put_checkpoint(RunId id, const UnitKey& key, const Checkpoint& checkpoint) {
  guarded(state_->file, "writing a checkpoint", [&] {
    SQLite::Statement q(state_->db, "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?, ?, ?)");
    bind_unit(q, 1, id, key);
    q.bind(5, checkpoint.epoch);
    bind_array(q, 6, checkpoint.learner);
    q.bind(7, checkpoint.host);
    q.exec();
  });
}

std::optional<Checkpoint> Store::checkpoint(RunId id, const UnitKey& key) const {
  return guarded(state_->file, "reading a checkpoint", [&]() -> std::optional<Checkpoint> {
    SQLite::Statement q(state_->db, "SELECT epoch, learner, host FROM checkpoint WHERE run = ? AND model = ? AND fold = ? AND repeat = ?");
    bind_unit(q, 1, id, key);
    if (!q.executeStep()) return std::nullopt;
    return Checkpoint{q.getColumn(0).getInt64(), read_array<std::byte>(q.getColumn(1)), q.getColumn(2).getString()};
  });
}

std::vector<MetricRecord> Store::metrics(RunId id) const {
  return guarded(state_->file, "reading metrics", [&] {
    std::vector<MetricRecord> list;
    SQLite::Statement q(state_->db, "SELECT model, name, fold, aggregate, value, low, high, spread FROM metric WHERE run = ?");
    q.bind(1, id);
    while (q.executeStep())
      list.push_back({q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getInt64(), q.getColumn(3).getString(),
                      read_real(q.getColumn(4)), read_real(q.getColumn(5)), read_real(q.getColumn(6)), read_real(q.getColumn(7))});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    SQLite::Statement paths(state_->db, "SELECT model, name, path, value FROM path_metric WHERE run = ?");
    paths.bind(1, id);
    while (paths.executeStep())
      list.push_back({paths.getColumn(0).getString(), paths.getColumn(1).getString(), -1, "", read_real(paths.getColumn(3)), nan, nan, nan,
                      paths.getColumn(2).getInt64()});
    return list;
  });
}

std::int64_t Store::put_reveal(RunId id, TimeNs at, const std::string& what) {
  return guarded(state_->file, "recording a reveal", [&] {
    SQLite::Statement q(state_->db, "INSERT INTO reveal (run, at, what) VALUES (?, ?, ?)");
    SQLite::bind(q, id, at, what);
    q.exec();
    return static_cast<std::int64_t>(state_->db.getLastInsertRowid());
  });
}

void Store::put_reveal_summary(std::int64_t reveal, const std::string& summary) {
  guarded(state_->file, "recording a reveal", [&] {
    SQLite::Statement q(state_->db, "UPDATE reveal SET summary = ? WHERE rowid = ?");
    SQLite::bind(q, summary, reveal);
    q.exec();
  });
}

std::vector<Store::Reveal> Store::reveals(RunId id) const {
  return guarded(state_->file, "reading reveals", [&] {
    std::vector<Reveal> list;
    SQLite::Statement q(state_->db, "SELECT at, what, summary FROM reveal WHERE run = ? ORDER BY rowid");
    q.bind(1, id);
    while (q.executeStep()) list.push_back({q.getColumn(0).getInt64(), q.getColumn(1).getString(), q.getColumn(2).getString()});
    return list;
  });
}

void Store::put_look(const std::string& question, const LookRecord& look) {
  guarded(state_->file, "recording what the data look like", [&] {
    SQLite::Statement put(state_->db, "INSERT OR REPLACE INTO look VALUES (?, ?, ?, ?)");
    SQLite::bind(put, question, look.kind, look.at, look.json);
    put.exec();
  });
}

std::vector<LookRecord> Store::looks(const std::string& question) const {
  return guarded(state_->file, "reading what the data look like", [&] {
    std::vector<LookRecord> list;
    SQLite::Statement q(state_->db, "SELECT kind, at, json FROM look WHERE question = ? ORDER BY kind");
    q.bind(1, question);
    while (q.executeStep()) list.push_back({q.getColumn(0).getString(), q.getColumn(1).getInt64(), q.getColumn(2).getString()});
    return list;
  });
}

}  // namespace assay::store
