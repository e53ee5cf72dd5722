// The database's tables as a list of migrations: entry i brings a file of version i to i + 1. Append only.
#pragma once

#include <array>

namespace assay::store {

inline constexpr std::array kMigrations{
    R"sql(
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, file TEXT NOT NULL, original TEXT NOT NULL, resolved TEXT NOT NULL,
  seed INTEGER NOT NULL, data_hash TEXT NOT NULL, build TEXT NOT NULL, machine TEXT NOT NULL, cpu_variant TEXT NOT NULL,
  started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL DEFAULT 0, quick INTEGER NOT NULL, new_build INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL DEFAULT '');
CREATE INDEX run_identity ON run (identity);
CREATE TABLE plugin (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  id TEXT NOT NULL, version TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, variant TEXT NOT NULL,
  PRIMARY KEY (run, id)) WITHOUT ROWID;
CREATE TABLE entity (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  code INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (run, code)) WITHOUT ROWID;
CREATE TABLE fold (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  fold INTEGER NOT NULL, train_rows INTEGER NOT NULL, validation_rows INTEGER NOT NULL, test_rows INTEGER NOT NULL,
  purged_rows INTEGER NOT NULL, description TEXT NOT NULL,
  PRIMARY KEY (run, fold)) WITHOUT ROWID;
CREATE TABLE unit (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  model TEXT NOT NULL, fold INTEGER NOT NULL, repeat INTEGER NOT NULL,
  status TEXT NOT NULL, seconds REAL NOT NULL, best_epoch INTEGER NOT NULL, error TEXT NOT NULL, log TEXT NOT NULL, extra TEXT NOT NULL,
  bundle BLOB NOT NULL,
  UNIQUE (run, model, fold, repeat));
CREATE TABLE step (
  unit INTEGER NOT NULL REFERENCES unit ON DELETE CASCADE,
  step INTEGER NOT NULL, name TEXT NOT NULL, value REAL,
  PRIMARY KEY (unit, step, name)) WITHOUT ROWID;
-- Columns of a unit's forecasts as packed little-endian arrays: int64 row, known_at, label_end; int32 entity; float64 truth, value.
CREATE TABLE prediction (
  unit INTEGER NOT NULL REFERENCES unit ON DELETE CASCADE,
  part TEXT NOT NULL, outputs INTEGER NOT NULL, row BLOB NOT NULL, known_at BLOB NOT NULL, label_end BLOB NOT NULL, entity BLOB NOT NULL,
  truth BLOB NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (unit, part));
CREATE TABLE metric (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  model TEXT NOT NULL, name TEXT NOT NULL, fold INTEGER NOT NULL, aggregate TEXT NOT NULL, value REAL, low REAL, high REAL, spread REAL,
  PRIMARY KEY (run, model, name, fold)) WITHOUT ROWID;
CREATE TABLE checkpoint (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  model TEXT NOT NULL, fold INTEGER NOT NULL, repeat INTEGER NOT NULL, epoch INTEGER NOT NULL, learner BLOB NOT NULL, host TEXT NOT NULL,
  PRIMARY KEY (run, model, fold, repeat));
CREATE TABLE reveal (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  at INTEGER NOT NULL, what TEXT NOT NULL);
)sql",
    R"sql(
-- The curve as packed little-endian arrays: int64 times; float64 equity, cash, exposure. instruments and figures are JSON.
CREATE TABLE backtest (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name TEXT NOT NULL, repeat INTEGER NOT NULL, optimistic INTEGER NOT NULL, ruined INTEGER NOT NULL, instruments TEXT NOT NULL,
  figures TEXT NOT NULL, times BLOB NOT NULL, equity BLOB NOT NULL, cash BLOB NOT NULL, exposure BLOB NOT NULL,
  UNIQUE (run, name, repeat));
CREATE TABLE "order" (
  backtest INTEGER NOT NULL REFERENCES backtest ON DELETE CASCADE,
  number INTEGER NOT NULL, instrument INTEGER NOT NULL, placed INTEGER NOT NULL, filled INTEGER, kind TEXT NOT NULL, wanted REAL NOT NULL,
  PRIMARY KEY (backtest, number)) WITHOUT ROWID;
CREATE TABLE fill (
  backtest INTEGER NOT NULL REFERENCES backtest ON DELETE CASCADE,
  number INTEGER NOT NULL, "order" INTEGER NOT NULL, instrument INTEGER NOT NULL, time INTEGER NOT NULL, units REAL NOT NULL,
  price REAL NOT NULL, commission REAL NOT NULL, slippage REAL NOT NULL,
  PRIMARY KEY (backtest, number)) WITHOUT ROWID;
CREATE TABLE trade (
  backtest INTEGER NOT NULL REFERENCES backtest ON DELETE CASCADE,
  number INTEGER NOT NULL, instrument INTEGER NOT NULL, entry_time INTEGER NOT NULL, exit_time INTEGER NOT NULL, units REAL NOT NULL,
  entry_price REAL NOT NULL, exit_price REAL NOT NULL, costs REAL NOT NULL, result REAL NOT NULL, share REAL NOT NULL,
  bars INTEGER NOT NULL, open_at_end INTEGER NOT NULL,
  PRIMARY KEY (backtest, number)) WITHOUT ROWID;
)sql",
    R"sql(
-- values is JSON (dotted path: YAML text); steps and returns are packed little-endian arrays.
CREATE TABLE trial (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  study INTEGER NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, value REAL, "values" TEXT NOT NULL, configuration TEXT NOT NULL,
  seconds REAL NOT NULL, error TEXT NOT NULL, log TEXT NOT NULL, file TEXT NOT NULL, step BLOB NOT NULL, step_value BLOB NOT NULL,
  time BLOB NOT NULL, "return" BLOB NOT NULL,
  PRIMARY KEY (run, study, number)) WITHOUT ROWID;
)sql",
    R"sql(
-- What a look at a sealed span came to, as JSON. asked: rises with each run that `assay run` begins, goes on with or finds finished.
ALTER TABLE reveal ADD COLUMN summary TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
UPDATE run SET asked = id;
)sql",
    R"sql(
-- A metric on one path of a combinatorial split's forecasts.
CREATE TABLE path_metric (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  model TEXT NOT NULL, name TEXT NOT NULL, path INTEGER NOT NULL, value REAL,
  PRIMARY KEY (run, model, name, path)) WITHOUT ROWID;
)sql",
    R"sql(
-- What a question's data and inputs look like, and what an audit found there, as JSON: of a question, not of a run, since all its runs
-- share it and an audit comes before them. question: a hash of the resolved file and the data.
CREATE TABLE look (
  question TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (question, kind)) WITHOUT ROWID;
)sql",
    R"sql(
-- What was found out about a fit after its run, as JSON. settings: what was asked for, as JSON; row: of the source, -1 for all.
CREATE TABLE explanation (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  model TEXT NOT NULL, fold INTEGER NOT NULL, repeat INTEGER NOT NULL, method TEXT NOT NULL, row INTEGER NOT NULL, settings TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (run, model, fold, repeat, method, row, settings)) WITHOUT ROWID;
)sql",
    R"sql(
-- Forecasts by horizon (0: the target has but one), and quantiles: float64 levels, and quantile (rows x levels).
CREATE TABLE forecast (
  unit INTEGER NOT NULL REFERENCES unit ON DELETE CASCADE,
  part TEXT NOT NULL, horizon INTEGER NOT NULL, outputs INTEGER NOT NULL, row BLOB NOT NULL, known_at BLOB NOT NULL,
  label_end BLOB NOT NULL, entity BLOB NOT NULL, truth BLOB NOT NULL, value BLOB NOT NULL, levels BLOB NOT NULL, quantile BLOB NOT NULL,
  PRIMARY KEY (unit, part, horizon));
INSERT INTO forecast SELECT unit, part, 0, outputs, row, known_at, label_end, entity, truth, value, x'', x'' FROM prediction;
DROP TABLE prediction;
)sql"};

}  // namespace assay::store
