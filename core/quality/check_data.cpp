#include "quality/check_data.hpp"

#include <algorithm>

#include "quality/calendar.hpp"
#include "quality/table.hpp"

namespace assay::quality {

std::int64_t Report::of(Severity severity) const {
  return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.severity == severity; });
}

void sort_worst_first(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

Report check(std::span<const data::Column> columns, const Roles& roles, TimeNs now) {
  const Table table(columns, roles);
  Report report;
  report.rows = table.rows();
  report.columns = static_cast<std::int64_t>(columns.size());
  if (table.entity() != nullptr) report.entities = static_cast<std::int64_t>(table.series().size());
  Findings to{table, report};
  const Calendar calendar = check_rows(to, now);
  check_entities(to, calendar);
  check_bars(to);
  check_series(to);
  check_leaks(to);
  check_missing(to, calendar);
  check_columns(to);
  sort_worst_first(report.findings);
  return report;
}

}  // namespace assay::quality
