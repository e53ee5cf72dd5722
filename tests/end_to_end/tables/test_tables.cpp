// One panel, run as a user runs it: in one file, in several, as a wide table, with a column that is joined, made of shorter bars, with
// middle prices. Whatever its form, the experiment's figures are those of the plain file.
#include <fmt/format.h>

#include <map>

#include "end_to_end/running/program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

struct Cell {
  int day, entity;
  double close, rate, extra;
};

std::vector<Cell> made() {
  std::vector<Cell> out;
  unsigned state = 99;
  const auto noise = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / double(1 << 24) - 0.5;
  };
  double price[3] = {100, 50, 20}, rate = 2;
  for (int day = 0; day < 200; ++day) {
    if (day % 10 == 0) rate += noise();
    for (int e = 0; e < 3; ++e) {
      price[e] *= 1 + 0.02 * noise();
      if (e == 1 && day % 17 == 3) continue;  // no quotation
      out.push_back({day, e, price[e], rate, noise()});
    }
  }
  return out;
}

constexpr const char* kNames[] = {"abc", "b.d", "xyz"};
std::string date(int day) { return fmt::format("2020-{:02}-{:02}", 1 + day / 28, 1 + day % 28); }
std::string real(double v) { return fmt::format("{:.17g}", v); }

std::string experiment(const std::string& data, const std::string& inputs) {
  return "assay: 1\nname: tables\ndata:\n  source: csv\n" + data +
         "\nfeatures: {r1: \"close / lag(close, 1) - 1\", r5: \"close / lag(close, 5) - 1\"}\ninputs: [" + inputs +
         "]\ntarget: {expr: \"lead(close, 1) / close - 1\", task: regression}\nsplit: {use: walk_forward, train: 80, test: 40}\n"
         "prepare: [{use: missing, method: median}, {use: scale}]\nmodel: {use: linear.ridge, l2: 0.1}\n"
         "evaluate: {metrics: [rmse, mae]}\nresources: {isolation: none}\n";
}

Json figures(const Folder& folder, const std::string& data, const std::string& inputs = "r1, r5, rate") {
  folder.write("e.yaml", experiment(data, inputs));
  const Result r = folder.assay({"run", "e.yaml", "--json"});
  INFO(data << r.err);
  REQUIRE(r.code == 0);
  return r.json().at("metrics");
}

constexpr const char* kTime = "  time: {column: date}\n  entity: symbol\n";

}  // namespace

TEST_CASE("an experiment's figures do not depend on the tables that its data come in") {
  const Folder folder;
  const std::vector<Cell> cells = made();
  std::string plain = "date,symbol,close,rate\n", without = "date,symbol,close\n", quotes = "date,symbol,bid,ask,rate\n";
  std::map<int, std::string> by_entity, wide, rates, ticks;
  for (const Cell& c : cells) {
    const std::string start = date(c.day) + "," + kNames[c.entity] + ",";
    plain += start + real(c.close) + "," + real(c.rate) + "\n";
    without += start + real(c.close) + "\n";
    quotes += start + real(c.close) + "," + real(c.close) + "," + real(c.rate) + "\n";
    by_entity[c.entity] += real(c.close) + "," + date(c.day) + "," + real(c.rate) + "\n";
    std::string& line = wide[c.day];
    if (line.empty()) line = ",ND,ND,ND";
    for (std::size_t at = line.find(','), e = 0; at != std::string::npos; at = line.find(',', at + 1), ++e)
      if (static_cast<int>(e) == c.entity) line.replace(at + 1, std::min(line.find(',', at + 1), line.size()) - at - 1, real(c.close));
    rates[c.day / 10] = date(c.day / 10 * 10) + "," + real(c.rate) + "\n";
    for (const char* hour : {" 09:00,", " 17:00,"})
      ticks[0] += date(c.day) + hour + std::string(kNames[c.entity]) + "," + real(hour[2] == '9' ? c.close * 2 : c.close) + "," +
                  real(c.rate) + "\n";
  }
  folder.write("plain.csv", plain);
  folder.write("without.csv", without);
  folder.write("quotes.csv", quotes);
  for (const auto& [e, body] : by_entity) folder.write(std::string("px_") + kNames[e] + ".csv", "close,date,rate\n" + body);
  std::string table = "date,rate,xyz,abc,b.d\n", all_rates = "date,rate\n";
  for (const auto& [day, line] : wide) {
    const std::size_t second = line.find(',', 1), third = line.find(',', second + 1);
    const std::string abc = line.substr(0, second), bd = line.substr(second, third - second), xyz = line.substr(third);
    table += date(day) + "," + real(std::find_if(cells.begin(), cells.end(), [d = day](const Cell& c) { return c.day == d; })->rate) + xyz +
             abc + bd + "\n";
  }
  for (const auto& [decade, line] : rates) all_rates += line;
  folder.write("wide.csv", table);
  folder.write("rates.csv", all_rates);
  for (const char* name : kNames) ticks[0] += date(200) + " 09:00," + name + ",1,1\n";
  folder.write("ticks.csv", "date,symbol,close,rate\n" + ticks[0]);

  const Json wanted = figures(folder, std::string("  path: plain.csv\n") + kTime);
  CHECK(figures(folder, std::string("  path: px_*.csv\n  entity_from: file_name\n") + kTime) == wanted);
  CHECK(figures(folder, std::string("  path: wide.csv\n  wide: {value: close, columns: [abc, b.d, \"x*\"]}\n") + kTime) == wanted);
  const std::string join = "  joins: {rates: {path: rates.csv, time: {column: date, stamp: end}, available: 0d}}\n";
  CHECK(figures(folder, std::string("  path: without.csv\n") + join + kTime) == wanted);
  CHECK(figures(folder, std::string("  path: quotes.csv\n  quotes: {close: {bid: bid, ask: ask}}\n") + kTime) == wanted);
  // A column of the table itself, joined by entity under another name, is what it was; a day later it is something else.
  const auto own = [&](const char* lag) {
    return "  path: without.csv\n  joins: {own: {path: plain.csv, time: {column: date, stamp: end}, available: " + std::string(lag) +
           ", entity: symbol, columns: [rate]}}\n" + kTime;
  };
  CHECK(figures(folder, own("0d")) == wanted);
  CHECK(figures(folder, own("1d")) != wanted);
  // Days of two ticks, the last of which is the day's close; the bar of the day that is not over is left out.
  const std::string days = "  path: ticks.csv\n  resample: {bar: 1d, aggregate: {rate: last}}\n";
  CHECK(figures(folder, days + kTime) == wanted);
}

TEST_CASE("splits, names that change hands and universes: the figures of the table in which that is done by hand") {
  const Folder folder;
  std::string plain = "date,symbol,close,rate\n", members_only = plain, renamed = plain, raw = "date,symbol,close,rate,factor\n";
  for (const Cell& c : made()) {
    const std::string name = kNames[c.entity], rest = "," + real(c.close) + "," + real(c.rate) + "\n";
    const bool late = c.day >= 100;
    plain += date(c.day) + "," + name + rest;
    if (c.entity != 1) members_only += date(c.day) + "," + name + rest;
    renamed += date(c.day) + "," + (c.entity == 0 && late ? "second" : name) + rest;
    const bool before_split = c.entity == 2 && !late;
    raw += date(c.day) + "," + name + "," + real(before_split ? 2 * c.close : c.close) + "," + real(c.rate) +
           (before_split ? ",0.5\n" : ",1\n");
  }
  for (const auto& [name, text] :
       {std::pair{"plain.csv", &plain}, {"members_only.csv", &members_only}, {"renamed.csv", &renamed}, {"raw.csv", &raw}})
    folder.write(name, *text);
  folder.write("members.csv", "as_of,symbol\n2020-01-01,abc\n2020-01-01,xyz\n");
  const auto on = [&](const std::string& file, const std::string& keys) {
    return figures(folder, "  path: " + file + "\n" + keys + kTime);
  };
  const Json wanted = on("plain.csv", "");
  CHECK(on("raw.csv", "  adjustment: {kind: split, factor_column: factor}\n") == wanted);
  CHECK(on("raw.csv", "") != wanted);
  CHECK(on("plain.csv", "  reused: [{entity: abc, from: " + date(100) + ", as: second}]\n") == on("renamed.csv", ""));
  CHECK(on("plain.csv", "  universe: {path: members.csv, time: {column: as_of}, entity: symbol, available: 0d}\n") ==
        on("members_only.csv", ""));
}

TEST_CASE("data check looks at tables that are put together, and at each joined one") {
  const Folder folder;
  std::string wide = "date,a,b\n", reports = "date,filed,eps\n";
  unsigned state = 5;
  for (int day = 0; day < 300; ++day) {
    state = state * 1664525u + 1013904223u;
    const double noise = (state >> 8) / double(1 << 24);
    wide += date(day) + "," + real(day >= 100 && day < 160 ? 100 : 100 + noise) + "," + real(50 + noise) + "\n";
  }
  for (int day = 0; day < 150; day += 30) reports += date(day) + "," + date(day + 40) + "," + std::to_string(day) + "\n";
  folder.write("wide.csv", wide);
  folder.write("reports.csv", reports);
  folder.write("e.yaml",
               experiment("  path: wide.csv\n  time: {column: date}\n  entity: symbol\n  wide: {value: close}\n"
                          "  joins: {reports: {path: reports.csv, time: {column: date, stamp: end}, available: 0d, drop: [eps]}}\n",
                          "r1, r5"));
  const Result r = folder.assay({"data", "check", "e.yaml", "--json"});
  INFO(r.out << r.err);
  CHECK(r.code == 0);
  const Json report = r.json();
  bool stale = false, early = false;
  for (const Json& f : report.at("findings")) {
    stale |= f.at("test") == "stale" && f.at("columns").at(0) == "close";
    early |= f.at("test") == "table" &&
             f.at("what").get<std::string>().find("count as known before the time in their column 'filed'") != std::string::npos;
  }
  CHECK(stale);
  CHECK(early);
  folder.write("reports.csv", "date,filed,eps\n2020-01-01,2020-02-01,1\n2020-01-01,2020-02-01,2\n");
  const Result twice = folder.assay({"data", "check", "e.yaml"});
  CHECK(twice.code == 2);
  CHECK(twice.out.find("rows 1 and 2 have the same time") != std::string::npos);
}
