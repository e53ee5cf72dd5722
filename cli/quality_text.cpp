#include "cli/quality_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/text_table.hpp"

namespace assay::cli {

namespace {

using quality::Example;
using quality::Finding;

const char* word_of(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

std::string plural(std::int64_t n, const char* one) {
  return fmt::format("{} {}{}", count(static_cast<double>(n)), one, n == 1 ? "" : "s");
}

std::string column_list(const std::vector<std::string>& columns, std::size_t most) {
  if (columns.empty()) return "(rows)";
  if (columns.size() <= most) return text::join(columns, ", ");
  return fmt::format("{} and {} more",
                     text::join(std::vector<std::string>(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(most)), ", "),
                     columns.size() - most);
}

std::string shortened(std::string text, std::size_t most) {
  if (text::utf8_length(text) <= most) return text;
  std::size_t end = most - 2;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "..";
}

std::string place_text(const Example& example, const CheckedFile& checked) {
  std::string text = "row " + count(static_cast<double>(example.row + 1));
  const std::int64_t line = checked.line_of ? checked.line_of(example.row) : 0;
  std::vector<std::string> more;
  if (line != 0) more.push_back("line " + count(static_cast<double>(line)));
  if (!example.entity.empty()) more.push_back(example.entity);
  if (example.time != kMissingTime) more.push_back(to_iso(example.time));
  if (!more.empty()) text += " (" + text::join(more, ", ") + ")";
  return example.value.empty() ? text : text + ": " + example.value;
}

std::string overview(const std::vector<Finding>& findings, const Console& console) {
  const auto line = [](const std::string& severity, const std::string& test, const std::string& columns, const std::string& n,
                       const std::string& first) {
    return fmt::format("  {:<8} {:<19} {:<36} {:>12}  {}", severity, test, columns, n, first);
  };
  std::string out = console.dim(line("", "test", "column", "how many", "first row")) + "\n";
  for (const Finding& f : findings) {
    std::int64_t first = 0;
    for (const Example& e : f.examples) first = first == 0 ? e.row + 1 : std::min(first, e.row + 1);
    out += line(word_of(f.severity), f.test, shortened(column_list(f.columns, 3), 36), count(static_cast<double>(f.count)),
                first == 0 ? "" : count(static_cast<double>(first))) +
           "\n";
  }
  return out;
}

std::string details(const Finding& f, const CheckedFile& checked, const Console& console) {
  std::string out = "\n" + console.bold(fmt::format("{}: {}, {}", word_of(f.severity), f.test, column_list(f.columns, 8))) + "\n";
  out += labelled("seen", f.what);
  if (f.entity_count > 1) {
    std::vector<std::string> most;
    for (const auto& [name, n] : f.entities) most.push_back(name + " " + count(static_cast<double>(n)));
    out += labelled(
        "in", fmt::format("{} entities{}{}", count(static_cast<double>(f.entity_count)), most.empty() ? "" : ": ", text::join(most, ", ")) +
                  (f.entity_count > static_cast<std::int64_t>(most.size()) && !most.empty() ? ", ..." : ""));
  }
  for (std::size_t i = 0; i < f.examples.size(); ++i) out += labelled(i == 0 ? "at" : "", place_text(f.examples[i], checked));
  if (f.count > static_cast<std::int64_t>(f.examples.size()) && !f.examples.empty()) out += labelled("", "...");
  if (!f.meaning.empty()) out += labelled("may mean", f.meaning);
  if (!f.mend.empty()) out += labelled("mend", f.mend);
  return out;
}

Json json_of(const Finding& f, const CheckedFile& checked) {
  Json json{{"severity", word_of(f.severity)}, {"test", f.test}, {"columns", f.columns}, {"count", f.count}, {"of", f.of}};
  json["amount"] = std::isfinite(f.amount) ? Json(f.amount) : Json();
  json.update({{"what", f.what},
               {"meaning", f.meaning},
               {"mend", f.mend},
               {"examples", Json::array()},
               {"entity_count", f.entity_count},
               {"entities", Json::array()}});
  for (const Example& e : f.examples) {
    const std::int64_t line = checked.line_of ? checked.line_of(e.row) : 0;
    json["examples"].push_back({{"row", e.row + 1},
                                {"line", line == 0 ? Json() : Json(line)},
                                {"entity", e.entity.empty() ? Json() : Json(e.entity)},
                                {"time", e.time == kMissingTime ? Json() : Json(to_iso(e.time))},
                                {"value", e.value}});
  }
  for (const auto& [name, n] : f.entities) json["entities"].push_back({{"name", name}, {"count", n}});
  return json;
}

}  // namespace

std::string report_text(const CheckedFile& checked, const Console& console) {
  const quality::Report& report = checked.report;
  std::string out = console.bold(checked.file) + ": ";
  if (report.columns > 0) {
    out += plural(report.rows, "row") + ", " + plural(report.columns, "column");
    if (report.entities > 0) out += ", " + count(static_cast<double>(report.entities)) + " series";
    out += ": ";
  }
  out += plural(report.of(Severity::error), "error") + ", " + plural(report.of(Severity::warning), "warning") + ", " +
         plural(report.of(Severity::note), "note") + "\n";
  for (const RoleLine& role : checked.roles) out += labelled(role.role, role.column + (role.why.empty() ? "" : " (" + role.why + ")"));
  if (!report.findings.empty()) out += "\n" + overview(report.findings, console);
  for (const Finding& finding : report.findings) out += details(finding, checked, console);
  if (!report.facts.empty() || !report.not_covered.empty()) out += "\n";
  for (const std::string& fact : report.facts) out += labelled("noticed", fact);
  for (const std::string& text : report.not_covered) out += labelled("not covered", text);
  return out;
}

std::string report_json(const CheckedFile& checked) {
  const quality::Report& report = checked.report;
  Json json{{"file", checked.file},
            {"rows", report.rows},
            {"columns", report.columns},
            {"entities", report.entities},
            {"errors", report.of(Severity::error)},
            {"warnings", report.of(Severity::warning)},
            {"notes", report.of(Severity::note)},
            {"roles", Json::array()},
            {"findings", Json::array()},
            {"facts", report.facts},
            {"not_covered", report.not_covered}};
  for (const RoleLine& role : checked.roles) json["roles"].push_back({{"role", role.role}, {"column", role.column}, {"why", role.why}});
  for (const Finding& finding : report.findings) json["findings"].push_back(json_of(finding, checked));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::cli
