// Is the table itself made of what was known? Tables that are put together of others are put together again of what was known at a moment;
// columns that say when rows were published are held against the times that the experiment believes.
#include <fmt/format.h>

#include <map>

#include "audit/compare.hpp"
#include "audit/tests.hpp"
#include "base/error.hpp"

namespace assay::audit {

namespace {

constexpr std::size_t kCuts = 6;

std::string length_text(std::int64_t ns) {
  return ns >= kNsPerDay ? fmt::format("{:.4g} days", static_cast<double>(ns) / static_cast<double>(kNsPerDay))
                         : fmt::format("{:.4g} hours", static_cast<double>(ns) / 3600.0 / static_cast<double>(kNsPerSecond));
}

// The rows of a table by the entity's name and the row's own time.
std::map<std::pair<std::string, TimeNs>, std::size_t> rows_by_name(const data::Frame& frame, TimeNs until) {
  std::map<std::pair<std::string, TimeNs>, std::size_t> out;
  for (std::size_t row = 0; row < frame.rows() && frame.known_at()[row] <= until; ++row)
    out.emplace(
        std::pair(frame.entity().empty() ? "" : frame.entity_names()[static_cast<std::size_t>(frame.entity()[row])], frame.bar_time()[row]),
        row);
  return out;
}

double value_of(const data::Column& column, std::size_t row) {
  return column.type() == data::ColumnType::timestamp ? static_cast<double>(column.times()[row]) : column.number(row);
}

class TableAgain {
 public:
  TableAgain(const Subject& subject, TestResult& result) : subject_(subject), result_(result), differences_(subject.dataset) {}

  void compare(TimeNs cut) {
    const std::string change = fmt::format("rows of all tables known after {} cut away", to_iso(cut));
    data::Frame then;
    try {
      then = subject_.table_known_by(cut);
    } catch (const Error& e) {
      if (e.fault() == Fault::interrupted) throw;
      result_.notes.push_back(fmt::format("nothing could be put together of what was known by {}: {}", to_iso(cut), e.happened()));
      return;
    }
    ++cuts_;
    const data::Frame& now = subject_.raw;
    auto before = rows_by_name(then, cut);
    for (const auto& [name, row] : rows_by_name(now, cut)) {
      const auto found = before.find(name);
      if (found == before.end()) {
        differences_.add(0, "the table", "a row is there only because of later ones", change, static_cast<std::int64_t>(row), 1, 0);
        continue;
      }
      for (std::size_t c = 0; c < now.columns().size(); ++c) compare(now.columns()[c], then, c, row, found->second, change);
      before.erase(found);
    }
    gone_ = std::max(gone_, before.size());
  }

  void finish() {
    result_.findings = differences_.findings("look at the stage of `data` that makes it");
    result_.looked_at = fmt::format("{} columns at {}", subject_.raw.columns().size(), counted(cuts_, "cut"));
    if (gone_ > 0)
      result_.notes.push_back(fmt::format(
          "up to {} that were there at a cut are left out because of later ones: a calendar of common times chooses with what came later",
          counted(gone_, "row")));
  }

 private:
  void compare(const data::Column& column, const data::Frame& then, std::size_t order, std::size_t row, std::size_t other_row,
               const std::string& change) {
    const data::Column* const other = then.find(column.name());
    if (other != nullptr && column.text(row) == other->text(other_row)) return;
    const bool numbers = other != nullptr && column.is_numeric() && other->is_numeric();
    if (numbers && is_same(column.number(row), other->number(other_row))) return;
    differences_.add(order + 1, fmt::format("column `{}`", column.name()), "it changes when later rows are not known", change,
                     static_cast<std::int64_t>(row), value_of(column, row), numbers ? other->number(other_row) : std::nan(""));
  }

  const Subject& subject_;
  TestResult& result_;
  Differences differences_;
  std::size_t cuts_ = 0, gone_ = 0;
};

}  // namespace

TestResult publication(const Subject& subject, Work& work) {
  TestResult result{"publication", Status::clean, "", {}, {}};
  work.step("publication");
  if (subject.dated_rows.empty()) {
    result.status = Status::not_run;
    result.looked_at = "no column is named like a date of publication";
    return result;
  }
  for (const run::DatedRows& rows : subject.dated_rows) {
    result.looked_at +=
        (result.looked_at.empty() ? "" : ", ") + fmt::format("`{}` of {} ({} dates)", rows.dates.column, rows.file, rows.dates.rows);
    if (rows.dates.late == 0) continue;
    Finding finding;
    finding.culprit = fmt::format("data.{}", rows.key);
    finding.what =
        fmt::format("rows of {} count as known before the time in their column `{}`: the first one by {}, the worst by {}", rows.file,
                    rows.dates.column, length_text(rows.dates.published - rows.dates.known), length_text(rows.dates.longest_ns));
    finding.count = static_cast<std::int64_t>(rows.dates.late);
    finding.first = {rows.first_row, "", rows.dates.known};
    finding.amount = static_cast<double>(rows.dates.longest_ns) / static_cast<double>(kNsPerDay);
    finding.mend = fmt::format("available: {{column: {}}}, or a lag that is long enough", rows.dates.column);
    result.findings.push_back(std::move(finding));
  }
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

TestResult table(const Subject& subject, const Options& options, SeedTree seed, Work& work) {
  TestResult result{"table", Status::clean, "", {}, {}};
  work.step("table");
  TableAgain again(subject, result);
  const std::vector<Cut> cuts = choose_cuts(subject, options, seed);
  for (std::size_t i = 0; i < std::min(kCuts, cuts.size()); ++i)
    again.compare(cuts[cuts.size() <= kCuts ? i : i * (cuts.size() - 1) / (kCuts - 1)].time);
  again.finish();
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

}  // namespace assay::audit
