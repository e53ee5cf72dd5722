#include "cli/result_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string number(const Json& json) {
  if (json.is_null()) return "n/a";
  const double value = json.get<double>();
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return fmt::format("{:.3e}", value);
  return fmt::format("{:.{}f}", value, size >= 1000 ? 1 : size >= 10 ? 3 : 5);
}

std::string interval(const Json& metric) {
  if (metric.at("low").is_null()) return "";
  return fmt::format("[{}, {}]", number(metric.at("low")), number(metric.at("high")));
}

// Columns as wide as their widest cell; the first is left-aligned, the others right-aligned.
std::string table(const std::vector<std::vector<std::string>>& rows, const Console& console) {
  std::vector<std::size_t> width;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == width.size()) width.push_back(0);
      width[c] = std::max(width[c], text::utf8_length(row[c]));
    }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string blanks(width[c] - text::utf8_length(rows[r][c]), ' ');
      line += c == 0 ? "  " + rows[r][c] + blanks : "  " + blanks + rows[r][c];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (r == 0 ? console.dim(line) : line) + "\n";
  }
  return out;
}

std::string metrics_table(const Json& metrics, const Json& baselines, const Console& console) {
  std::vector<std::vector<std::string>> rows{{"metric", "value", "95 % interval"}};
  bool spread = false;
  for (const auto& [name, metric] : metrics.items()) spread = spread || metric.contains("spread");
  if (spread) rows[0].push_back("sd over repeats");
  for (const auto& [baseline, values] : baselines.items()) {
    rows[0].push_back(baseline);
    rows[0].push_back("difference");
  }
  for (const auto& [name, metric] : metrics.items()) {
    if (metric.contains("table")) continue;
    std::vector<std::string> row{name, number(metric.at("value")), interval(metric)};
    if (spread) row.push_back(metric.contains("spread") ? number(metric.at("spread")) : "");
    for (const auto& [baseline, values] : baselines.items()) {
      const auto found = values.find(name);
      const bool both = found != values.end() && !found->at("value").is_null() && !metric.at("value").is_null();
      row.push_back(found == values.end() ? "" : number(found->at("value")));
      row.push_back(both ? fmt::format("{:+.5g}", metric.at("value").get<double>() - found->at("value").get<double>()) : "");
    }
    rows.push_back(std::move(row));
  }
  return table(rows, console);
}

std::string confusion_text(const Json& metrics) {
  std::string text;
  for (const auto& [name, metric] : metrics.items()) {
    if (!metric.contains("table")) continue;
    text += "  " + name + ":";
    for (const auto& [key, value] : metric.at("table").items()) text += fmt::format(" {} {}", key, number(value));
    text += "\n";
  }
  return text;
}

std::string model_text(const Json& part, const Json& metrics, const Json& baselines, const Console& console) {
  std::string text = metrics_table(metrics, baselines, console) + confusion_text(metrics);
  if (part.contains("verdict")) text += "  verdict: " + console.bold(part.at("verdict").get<std::string>()) + "\n";
  if (part.contains("threshold")) {
    const Json& t = part.at("threshold");
    text += fmt::format("  threshold: {} ({})\n", number(t.at("value")),
                        t.at("rows") == "fixed"
                            ? std::string("fixed")
                            : fmt::format("best {} on {} rows", t.at("by").get<std::string>(), t.at("rows").get<std::string>()));
  }
  if (part.contains("calibration")) {
    const Json& c = part.at("calibration");
    text += fmt::format("  calibration: slope {}, intercept {} (perfect: 1 and 0)\n", number(c.at("slope")), number(c.at("intercept")));
  }
  if (part.contains("coverage") && !part.at("coverage").is_null() && part.at("coverage").get<double>() < 1)
    text += fmt::format("  coverage: {:.2f} % of the test rows could be forecast\n", 100 * part.at("coverage").get<double>());
  return text;
}

std::string segments_text(const Json& json, const Console& console) {
  std::string text;
  for (const auto& [column, levels] : json.at("segments").items()) {
    std::vector<std::vector<std::string>> rows{{"by " + column}};
    for (const auto& [level, line] : levels.items()) {
      std::vector<std::string> row{level};
      for (const auto& [name, value] : line.items()) {
        if (rows.size() == 1) rows[0].push_back(name);
        row.push_back(name == "rows" ? std::to_string(value.get<std::int64_t>()) : number(value));
      }
      rows.push_back(std::move(row));
    }
    text += table(rows, console);
  }
  return text;
}

std::string fairness_text(const Json& json, const Console& console) {
  std::string text;
  for (const auto& [column, part] : json.at("fairness").items()) {
    std::vector<std::vector<std::string>> rows{{"protected " + column, "rows", "base rate", "selected", "true positive", "false positive"}};
    for (const auto& [level, g] : part.at("groups").items())
      rows.push_back({level, std::to_string(g.at("rows").get<std::int64_t>()), number(g.at("base_rate")), number(g.at("selection_rate")),
                      number(g.at("true_positive_rate")), number(g.at("false_positive_rate"))});
    text += table(rows, console);
    text += fmt::format("    demographic parity ratio {}, equalised odds difference {}\n", number(part.at("demographic_parity_ratio")),
                        number(part.at("equalised_odds_difference")));
  }
  return text;
}

std::string comparisons_text(const Json& json) {
  std::string text;
  for (const Json& c : json)
    text += fmt::format("  {} against {}: {} difference {} ({}, p {}), smallest that could be seen {}\n",
                        c.contains("model") ? c.at("model").get<std::string>() : "model", c.at("opponent").get<std::string>(),
                        c.at("measure").get<std::string>(), number(c.at("difference")), c.at("test").get<std::string>(),
                        number(c.contains("model") ? c.at("p_two_sided") : c.at("p_holm")), number(c.at("smallest_effect")));
  return text;
}

}  // namespace

std::string result_text(const std::string& summary, const Console& console) {
  const Json json = Json::parse(summary);
  std::string text;
  if (json.contains("models")) {
    for (const auto& [name, part] : json.at("models").items())
      text += console.bold(name) + "\n" + model_text(part, part.at("metrics"), json.at("baselines"), console) +
              comparisons_text(part.at("comparisons"));
    text += comparisons_text(json.at("pairwise"));
  } else {
    text += model_text(json, json.at("metrics"), json.at("baselines"), console) + comparisons_text(json.at("comparisons"));
  }
  if (json.contains("segments")) text += segments_text(json, console);
  if (json.contains("fairness")) text += fairness_text(json, console);
  for (const Json& a : json.at("accept"))
    text += fmt::format("  accept {}: {}\n", a.at("criterion").get<std::string>(), a.at("met").get<bool>() ? "met" : "NOT MET");
  if (json.contains("ledger")) {
    const auto trials = json.at("ledger").at("trials").get<std::int64_t>();
    text += fmt::format("  ledger: {} configuration{} scored on this question so far{}\n", trials, trials == 1 ? "" : "s",
                        trials > 1 ? ": the best of several looks better than it is" : "");
  }
  if (json.contains("sealed")) text += "  final test: " + json.at("sealed").get<std::string>() + "\n";
  if (json.contains("notes"))
    for (const Json& note : json.at("notes")) text += console.dim("  note: " + note.get<std::string>()) + "\n";
  if (json.contains("failures"))
    for (const Json& failure : json.at("failures")) text += "  failed: " + failure.get<std::string>() + "\n";
  if (json.contains("quick")) text += "  --quick was given: this is a trial of the machinery, no result\n";
  return text;
}

}  // namespace assay::cli
