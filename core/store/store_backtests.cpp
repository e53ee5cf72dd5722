// Backtests in the store: curves packed, orders, fills and trades as rows that any SQLite tool can read.
#include <nlohmann/json.hpp>

#include "store/database.hpp"

namespace assay::store {

namespace {

using Json = nlohmann::ordered_json;

std::string figures_json(const BacktestRecord& backtest) {
  Json list = Json::array();
  for (const BacktestRecord::Figure& f : backtest.figures) {
    Json one{{"name", f.name}, {"convention", f.convention}, {"value", std::isfinite(f.value) ? Json(f.value) : Json()}};
    if (f.is_date) one["time"] = f.time == kMissingTime ? Json() : Json(f.time);
    list.push_back(std::move(one));
  }
  return list.dump();
}

std::vector<BacktestRecord::Figure> figures_from(const std::string& text) {
  std::vector<BacktestRecord::Figure> figures;
  for (const Json& one : Json::parse(text)) {
    const Json& value = one.at("value");
    const bool is_date = one.contains("time");
    figures.push_back({one.at("name").get<std::string>(), one.at("convention").get<std::string>(),
                       value.is_null() ? std::nan("") : value.get<double>(),
                       is_date && !one.at("time").is_null() ? one.at("time").get<TimeNs>() : kMissingTime, is_date});
  }
  return figures;
}

// Inserts numbered rows of one table.
template <class Row, class Bind>
void put_rows(SQLite::Database& db, const char* sql, std::int64_t backtest, const std::vector<Row>& rows, Bind&& bind) {
  SQLite::Statement put(db, sql);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    put.bind(1, backtest);
    bind(put, static_cast<std::int64_t>(i), rows[i]);
    put.exec();
    put.reset();
  }
}

void bind_time(SQLite::Statement& statement, int index, TimeNs time) {
  if (time == kMissingTime)
    statement.bind(index);
  else
    statement.bind(index, time);
}

void put_details(SQLite::Database& db, std::int64_t id, const BacktestRecord& backtest) {
  const auto instrument = [](std::uint32_t number) { return static_cast<std::int64_t>(number); };
  put_rows(db, "INSERT INTO \"order\" VALUES (?, ?, ?, ?, ?, ?, ?)", id, backtest.orders,
           [&](SQLite::Statement& put, std::int64_t, const BacktestRecord::Order& o) {
             put.bind(2, o.number);
             put.bind(3, instrument(o.instrument));
             put.bind(4, o.placed);
             bind_time(put, 5, o.filled);
             put.bind(6, o.kind);
             put.bind(7, o.wanted);
           });
  put_rows(db, "INSERT INTO fill VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", id, backtest.fills,
           [&](SQLite::Statement& put, std::int64_t i, const BacktestRecord::Fill& f) {
             put.bind(2, i);
             put.bind(3, f.order);
             put.bind(4, instrument(f.instrument));
             put.bind(5, f.time);
             int column = 6;
             for (const double value : {f.units, f.price, f.commission, f.slippage}) put.bind(column++, value);
           });
  put_rows(db, "INSERT INTO trade VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, backtest.trades,
           [&](SQLite::Statement& put, std::int64_t i, const BacktestRecord::Trade& t) {
             put.bind(2, i);
             put.bind(3, instrument(t.instrument));
             put.bind(4, t.entry_time);
             put.bind(5, t.exit_time);
             int column = 6;
             for (const double value : {t.units, t.entry_price, t.exit_price, t.costs, t.result, t.share}) put.bind(column++, value);
             put.bind(12, t.bars);
             put.bind(13, t.open_at_end ? 1 : 0);
           });
}

void read_details(const SQLite::Database& db, std::int64_t id, BacktestRecord& backtest) {
  const auto rows = [&](const char* sql, auto&& take) {
    SQLite::Statement q(db, sql);
    q.bind(1, id);
    while (q.executeStep()) take(q);
  };
  const auto instrument = [](const SQLite::Column& column) { return static_cast<std::uint32_t>(column.getInt64()); };
  rows("SELECT number, instrument, placed, filled, kind, wanted FROM \"order\" WHERE backtest = ? ORDER BY number", [&](auto& q) {
    const SQLite::Column filled = q.getColumn(3);
    backtest.orders.push_back({q.getColumn(0).getInt64(), instrument(q.getColumn(1)), q.getColumn(2).getInt64(),
                               filled.isNull() ? kMissingTime : filled.getInt64(), q.getColumn(4).getString(), q.getColumn(5).getDouble()});
  });
  rows("SELECT \"order\", instrument, time, units, price, commission, slippage FROM fill WHERE backtest = ? ORDER BY number", [&](auto& q) {
    backtest.fills.push_back({q.getColumn(0).getInt64(), instrument(q.getColumn(1)), q.getColumn(2).getInt64(), q.getColumn(3).getDouble(),
                              q.getColumn(4).getDouble(), q.getColumn(5).getDouble(), q.getColumn(6).getDouble()});
  });
  rows(
      "SELECT instrument, entry_time, exit_time, units, entry_price, exit_price, costs, result, share, bars, open_at_end FROM trade"
      " WHERE backtest = ? ORDER BY number",
      [&](auto& q) {
        backtest.trades.push_back({instrument(q.getColumn(0)), q.getColumn(1).getInt64(), q.getColumn(2).getInt64(),
                                   q.getColumn(3).getDouble(), q.getColumn(4).getDouble(), q.getColumn(5).getDouble(),
                                   q.getColumn(6).getDouble(), q.getColumn(7).getDouble(), q.getColumn(8).getDouble(),
                                   q.getColumn(9).getInt64(), q.getColumn(10).getInt() != 0});
      });
}

}  // namespace

void Store::put_backtest(RunId id, const BacktestRecord& backtest) {
  guarded(state_->file, "recording a backtest", [&] {
    SQLite::Database& db = state_->db;
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement drop(db, "DELETE FROM backtest WHERE run = ? AND name = ? AND repeat = ?");
    SQLite::bind(drop, id, backtest.name, backtest.repeat);
    drop.exec();
    SQLite::Statement put(db,
                          "INSERT INTO backtest (run, name, repeat, optimistic, ruined, instruments, figures, times, equity, cash,"
                          " exposure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    SQLite::bind(put, id, backtest.name, backtest.repeat, backtest.optimistic ? 1 : 0, backtest.ruined ? 1 : 0,
                 Json(backtest.instruments).dump(-1, ' ', false, Json::error_handler_t::replace), figures_json(backtest));
    bind_array(put, 8, backtest.times);
    bind_array(put, 9, backtest.equity);
    bind_array(put, 10, backtest.cash);
    bind_array(put, 11, backtest.exposure);
    put.exec();
    put_details(db, db.getLastInsertRowid(), backtest);
    transaction.commit();
  });
}

std::vector<BacktestRecord> Store::backtests(RunId id, Detail detail) const {
  return guarded(state_->file, "reading backtests", [&] {
    std::vector<BacktestRecord> list;
    SQLite::Statement q(state_->db,
                        "SELECT id, name, repeat, optimistic, ruined, instruments, figures, times, equity, cash, exposure FROM backtest"
                        " WHERE run = ? ORDER BY name DESC, repeat");
    q.bind(1, id);
    while (q.executeStep()) {
      BacktestRecord backtest;
      backtest.name = q.getColumn(1).getString();
      backtest.repeat = q.getColumn(2).getInt64();
      backtest.optimistic = q.getColumn(3).getInt() != 0;
      backtest.ruined = q.getColumn(4).getInt() != 0;
      backtest.instruments = Json::parse(q.getColumn(5).getString()).get<std::vector<std::string>>();
      backtest.figures = figures_from(q.getColumn(6).getString());
      backtest.times = read_array<TimeNs>(q.getColumn(7));
      backtest.equity = read_array<double>(q.getColumn(8));
      backtest.cash = read_array<double>(q.getColumn(9));
      backtest.exposure = read_array<double>(q.getColumn(10));
      if (detail == Detail::everything) read_details(state_->db, q.getColumn(0).getInt64(), backtest);
      list.push_back(std::move(backtest));
    }
    return list;
  });
}

}  // namespace assay::store
