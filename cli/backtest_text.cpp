#include "cli/backtest_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/calendar.hpp"
#include "base/text.hpp"

namespace assay::cli {

namespace {

constexpr std::size_t kMostTrades = 100;

bool is_share(const std::string& name) {
  for (const char* one : {"total_return", "cagr", "volatility", "max_drawdown", "exposure", "hit_rate", "best_trade", "worst_trade"})
    if (name == one) return true;
  return false;
}
bool is_money(const std::string& name) { return name.ends_with("equity") || name == "costs"; }

std::string money(double value) {
  const double cents = std::round(std::abs(value) * 100);
  return fmt::format("{}{}.{:02}", value < 0 && cents > 0 ? "-" : "", count(std::floor(cents / 100)),
                     static_cast<int>(std::fmod(cents, 100)));
}

std::string figure_text(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>().substr(0, 10);
  if (value.is_null()) return "n/a";
  const double number = value.get<double>();
  if (is_share(name)) return fmt::format("{:.2f} %", 100 * number);
  if (is_money(name)) return money(number);
  return name == "trades" ? count(number) : fmt::format("{:.3f}", number);
}

std::string csv_cell(const Json& cell) {
  if (cell.is_null()) return {};
  if (!cell.is_string()) return cell.dump();
  const auto& text = cell.get_ref<const std::string&>();
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

Json time_cell(TimeNs time) { return time == kMissingTime ? Json() : Json(to_iso(time)); }

// What each figure is, to the right of it, in as many lines as it needs.
std::string with_conventions(const std::string& figures, const Json& conventions, const Console& console) {
  const std::vector<std::string_view> lines = text::split(std::string_view(figures).substr(0, figures.size() - 1), '\n');
  std::size_t left = 0;
  for (const std::string_view line : lines) left = std::max(left, text::utf8_length(line));
  if (lines.size() != conventions.size() + 1 || left + 30 > kColumns) return figures;
  std::string out = std::string(lines[0]) + "\n";
  std::size_t at = 1;
  for (const auto& [name, convention] : conventions.items()) {
    std::string line(lines[at]), words;
    line += std::string(left + 2 - text::utf8_length(lines[at++]), ' ');
    for (const std::string_view word : text::split(convention.get_ref<const std::string&>(), ' ')) {
      if (!words.empty() && left + 3 + text::utf8_length(words) + text::utf8_length(word) > kColumns) {
        out += line + console.dim(words) + "\n";
        line = std::string(left + 2, ' ');
        words.clear();
      }
      words += (words.empty() ? "" : " ") + std::string(word);
    }
    out += line + console.dim(words) + "\n";
  }
  return out;
}

}  // namespace

std::string backtest_text(const Json& backtest, const Console& console) {
  const Json& benchmark = backtest.at("benchmark");
  std::vector<Row> rows{{"backtest", backtest.at("strategy").get<std::string>(), benchmark.at("strategy").get<std::string>()}};
  for (const auto& [name, convention] : backtest.at("conventions").items())
    rows.push_back({name, figure_text(name, backtest.at(name)), figure_text(name, benchmark.at(name))});
  std::string text = with_conventions(table(rows, 1, 2, console), backtest.at("conventions"), console);
  const Json& intervals = backtest.at("intervals");
  if (!intervals.is_null() && !intervals.at("sharpe").at("low").is_null()) {
    const auto range = [](const Json& i) {
      return fmt::format("{} [{}, {}]", fixed(i.at("value"), 3), fixed(i.at("low"), 3), fixed(i.at("high"), 3));
    };
    text += labelled("sharpe", range(intervals.at("sharpe")) + "; less the benchmark's: " + range(intervals.at("sharpe_difference")) +
                                   (backtest.contains("per_repeat") ? " (of the repeat with the middle ratio)" : ""));
  }
  text += labelled("period", fmt::format("{} to {}, fills at {}", backtest.at("period").at(0).get<std::string>().substr(0, 10),
                                         backtest.at("period").at(1).get<std::string>().substr(0, 10),
                                         backtest.at("fill") == "next_open"    ? "the next open"
                                         : backtest.at("fill") == "next_close" ? "the next close"
                                                                               : "the same close"));
  if (backtest.at("ruined").get<bool>()) text += labelled("ruined", "equity fell to zero, and trading stopped there");
  return text;
}

std::string trades_text(const store::BacktestRecord& b, const Console& console) {
  std::vector<Row> rows{{"instrument", "from", "to", "units", "in at", "out at", "costs", "result", "return"}};
  for (std::size_t i = b.trades.size() > kMostTrades ? b.trades.size() - kMostTrades : 0; i < b.trades.size(); ++i) {
    const auto& t = b.trades[i];
    const std::string& name = b.instruments.at(t.instrument);
    rows.push_back({name.empty() ? "-" : name, to_iso(t.entry_time).substr(0, 10),
                    t.open_at_end ? "open" : to_iso(t.exit_time).substr(0, 10), fmt::format("{:.6g}", t.units),
                    fmt::format("{:.6g}", t.entry_price), fmt::format("{:.6g}", t.exit_price), money(t.costs), money(t.result),
                    fmt::format("{:+.2f} %", 100 * t.share)});
  }
  std::string text = table(rows, 1, 1, console);
  if (b.trades.size() > kMostTrades)
    text += fmt::format("  the last {} of {}; --csv gives all\n", kMostTrades, count(static_cast<double>(b.trades.size())));
  return text;
}

void add_trades(const store::BacktestRecord& b, Sheet& sheet) {
  sheet.names = {"repeat",     "number", "instrument", "entry_time", "exit_time", "units",      "entry_price",
                 "exit_price", "costs",  "result",     "return",     "bars",      "open_at_end"};
  std::int64_t number = 0;
  for (const auto& t : b.trades)
    sheet.rows.push_back({b.repeat, ++number, b.instruments.at(t.instrument), time_cell(t.entry_time), time_cell(t.exit_time), t.units,
                          t.entry_price, t.exit_price, t.costs, t.result, t.share, t.bars, t.open_at_end});
}

void add_orders(const store::BacktestRecord& b, Sheet& sheet) {
  sheet.names = {"repeat", "number", "instrument", "kind", "wanted", "placed", "filled"};
  for (const auto& o : b.orders)
    sheet.rows.push_back({b.repeat, o.number, b.instruments.at(o.instrument), o.kind, o.wanted, time_cell(o.placed), time_cell(o.filled)});
}

void add_fills(const store::BacktestRecord& b, Sheet& sheet) {
  sheet.names = {"repeat", "order", "instrument", "time", "units", "price", "commission", "slippage"};
  for (const auto& f : b.fills)
    sheet.rows.push_back(
        {b.repeat, f.order, b.instruments.at(f.instrument), time_cell(f.time), f.units, f.price, f.commission, f.slippage});
}

void add_equity(const store::BacktestRecord& b, Sheet& sheet) {
  sheet.names = {"repeat", "time", "equity", "cash", "exposure"};
  for (std::size_t i = 0; i < b.times.size(); ++i)
    sheet.rows.push_back({b.repeat, time_cell(b.times[i]), b.equity[i], b.cash[i], b.exposure[i]});
}

std::string to_csv(const Sheet& sheet) {
  std::string csv = text::join(sheet.names, ",") + "\n";
  for (const auto& row : sheet.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) csv += (c == 0 ? "" : ",") + csv_cell(row[c]);
    csv += "\n";
  }
  return csv;
}

std::string to_json(const Sheet& sheet) {
  Json list = Json::array();
  for (const auto& row : sheet.rows) {
    Json line = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) line[sheet.names[c]] = row[c];
    list.push_back(std::move(line));
  }
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::cli
