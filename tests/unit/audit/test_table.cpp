// Leaks in how a table is put together: found by putting it together again of what was known, and by columns that say when rows came out.
#include "planted_subject.hpp"

using namespace planted;
using audit::Status;

namespace {

// The close of a week of seven rows: labelled at its first row (which knows it before it is over), or behind its last.
data::Column week_close(const data::Frame& frame, bool at_its_start) {
  const Values close = frame.at("close").to_reals();
  Values out(close.size(), kMissing);
  for (std::size_t row = 0; row < out.size(); ++row) {
    const std::size_t week = row / 7;
    if (at_its_start) out[row] = close[std::min(week * 7 + 6, close.size() - 1)];
    if (!at_its_start && week > 0) out[row] = close[week * 7 - 1];
  }
  return data::Column::of_reals("week_close", std::move(out));
}

audit::TestResult audited_table(bool at_its_start) {
  auto planted = over_time();
  const data::Frame raw = planted->subject->raw;
  planted->subject->table_known_by = [raw, at_its_start](TimeNs time) {
    std::vector<std::int64_t> rows;
    for (std::size_t row = 0; row < raw.rows() && raw.known_at()[row] <= time; ++row) rows.push_back(static_cast<std::int64_t>(row));
    const data::Frame known = raw.taken(rows);
    return known.with({week_close(known, at_its_start)});
  };
  planted->subject->raw = raw.with({week_close(raw, at_its_start)});
  audit::Work work = planted->work();
  return audit::table(*planted->subject, planted->options, planted->seed(), work);
}

constexpr const char* kJoined =
    "features: {ret: \"close / lag(close, 1) - 1\"}\ninputs: [ret, eps]\n"
    "target: {expr: \"lead(close, 1) / close - 1\", task: regression}\nsplit: {use: walk_forward, train: 200, test: 80}\n"
    "prepare: [{use: missing, method: mean}]\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n";

std::unique_ptr<Audited> joined(const TemporaryFolder& folder, const std::string& available) {
  std::ofstream reports(folder.path / "reports.csv");
  reports << "quarter,filed,eps\n";
  for (int i = 0; i < 8; ++i)
    reports << to_iso(1'577'836'800 * kNsPerSecond + i * 91 * kNsPerDay) << ","
            << to_iso(1'577'836'800 * kNsPerSecond + (i * 91 + 30 + i) * kNsPerDay) << "," << i * 0.25 << "\n";
  reports.close();
  return audited(csv(walk()), "data:\n  source: csv\n  path: data.csv\n  time: {column: day}\n  joins:\n    reports: {path: " +
                                  (folder.path / "reports.csv").string() +
                                  ", time: {column: quarter, stamp: end}, available: " + available + "}\n" + kJoined);
}

}  // namespace

TEST_CASE("a bar labelled on the wrong side is found by putting the table together again") {
  const audit::TestResult leaking = audited_table(true);
  CHECK(leaking.status == Status::found);
  REQUIRE(leaking.findings.size() == 1);
  CHECK(leaking.findings[0].culprit == "column `week_close`");
  CHECK(leaking.findings[0].count > 0);
  const audit::TestResult clean = audited_table(false);
  CHECK(clean.status == Status::clean);
  CHECK(clean.findings.empty());
}

TEST_CASE("an as-of join without the publication lag is found where a column says so, and its twin is clean") {
  const TemporaryFolder folder;
  for (const auto& [available, leaks] :
       {std::pair<std::string, bool>{"0d", true}, {"30d", true}, {"40d", false}, {"{column: filed}", false}}) {
    INFO(available);
    const auto planted = joined(folder, available);
    audit::Work work = planted->work();
    const audit::TestResult found = audit::publication(*planted->subject, work);
    CHECK((found.status == Status::found) == leaks);
    audit::Work again = planted->work();
    CHECK(audit::table(*planted->subject, planted->options, planted->seed(), again).status == Status::clean);
    if (!leaks) continue;
    REQUIRE(found.findings.size() == 1);
    CHECK(found.findings[0].culprit == "data.joins.reports.available");
    CHECK(found.findings[0].count == (available == "0d" ? 8 : 7));
    CHECK(found.findings[0].amount == (available == "0d" ? 37 : 7));
  }
}

TEST_CASE("tables that are put together of files, quotes, longer bars, calendars and joins know nothing of what comes") {
  const TemporaryFolder folder;
  Random random(3);
  for (const char* name : {"a", "b"}) {
    std::ofstream ticks(folder.path / (std::string("ticks_") + name + ".csv"));
    ticks << "time,bid,ask,volume\n";
    for (int minute = 0; minute < 60 * 24 * 20; minute += 11) {
      if (random.below(4) == 0) continue;
      const double price = 100 + random.normal();
      ticks << to_iso(1'577'836'800 * kNsPerSecond + minute * 60 * kNsPerSecond + 1) << "," << price << "," << price + 0.1 << ","
            << random.below(90) << "\n";
    }
  }
  std::ofstream(folder.path / "rates.csv") << "day,rate\n2020-01-01,1\n2020-01-06,2\n2020-01-11,3\n";
  const auto planted = audited(
      csv(walk()),
      "data:\n  source: csv\n  path: " + (folder.path / "ticks_*.csv").string() +
          "\n  time: {column: time}\n  entity: symbol\n  entity_from: file_name\n  quotes: {close: {bid: bid, ask: ask}}\n"
          "  resample: {bar: 4h, zone: Europe/Warsaw, aggregate: {bid: last, ask: last}}\n  calendar: union\n"
          "  joins: {rates: {path: " +
          (folder.path / "rates.csv").string() +
          ", time: {column: day, stamp: start, bar: 1d}, available: 6h, max_age: 3d}}\n"
          "features: {ret: \"close / lag(close, 1) - 1\"}\ninputs: [ret, rate]\n"
          "target: {expr: \"lead(close, 1) / close - 1\", task: regression}\nsplit: {use: walk_forward, train: 40, test: 20}\n"
          "prepare: [{use: missing, method: mean}]\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n");
  audit::Work work = planted->work();
  const audit::TestResult result = audit::table(*planted->subject, planted->options, planted->seed(), work);
  INFO(result.looked_at);
  CHECK(result.status == Status::clean);
  CHECK(result.looked_at.find("7 columns at 6 cuts") != std::string::npos);
}
