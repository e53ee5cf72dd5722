#include "cli/result_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/backtest_text.hpp"
#include "cli/pruning_text.hpp"
#include "cli/text_table.hpp"
#include "cli/trials_text.hpp"
#include "train/verdict.hpp"

namespace assay::cli {

namespace {

// Columns that only some runs have.
struct Spreads {
  bool repeats = false, paths = false;
};

Row metric_row(const std::string& name, const Json& metric, const Json& baselines, Spreads spreads) {
  const auto difference = [&](const Json& values) {
    const auto found = values.find(name);
    if (found == values.end() || found->at("value").is_null() || metric.at("value").is_null()) return Json();
    return Json(metric.at("value").get<double>() - found->at("value").get<double>());
  };
  int places = decimals(metric.at("value"), 4);
  for (const auto& [baseline, values] : baselines.items())
    if (places >= 5) places = std::max(places, decimals(difference(values), 2));
  Row row{name, fixed(metric.at("value"), places)};
  row.push_back(metric.at("low").is_null() ? ""
                                           : fmt::format("[{}, {}]", fixed(metric.at("low"), places), fixed(metric.at("high"), places)));
  if (spreads.repeats) row.push_back(metric.contains("spread") ? fixed(metric.at("spread"), places) : "");
  if (spreads.paths) row.push_back(metric.contains("path_spread") ? fixed(metric.at("path_spread"), places) : "");
  for (const auto& [baseline, values] : baselines.items()) {
    const auto found = values.find(name);
    row.push_back(found == values.end() ? "" : fixed(found->at("value"), places));
    row.push_back(difference(values).is_null() ? "" : fixed(difference(values), places, true));
  }
  return row;
}

std::string metrics_table(const Json& metrics, const Json& baselines, double confidence, const Console& console) {
  std::vector<Row> rows{{"metric", "value", fmt::format("{:g} % interval", 100 * confidence)}};
  Spreads spreads;
  for (const auto& [name, metric] : metrics.items()) {
    spreads.repeats = spreads.repeats || metric.contains("spread");
    spreads.paths = spreads.paths || metric.contains("path_spread");
  }
  if (spreads.repeats) rows[0].push_back("sd over repeats");
  if (spreads.paths) rows[0].push_back("sd over paths");
  const std::size_t own = rows[0].size();
  for (const auto& [baseline, values] : baselines.items()) {
    rows[0].push_back(baseline);
    rows[0].push_back("difference");
  }
  for (const auto& [name, metric] : metrics.items())
    if (!metric.contains("table")) rows.push_back(metric_row(name, metric, baselines, spreads));
  return table(rows, own, 2, console);
}

std::string tables_text(const Json& metrics) {
  std::string text;
  for (const auto& [name, metric] : metrics.items()) {
    if (!metric.contains("table")) continue;
    std::string cells;
    for (const auto& [key, value] : metric.at("table").items()) {
      std::string words = key;
      std::replace(words.begin(), words.end(), '_', ' ');
      cells += (cells.empty() ? "" : ", ") + (value.is_null() ? std::string("n/a") : count(value.get<double>())) + " " + words;
    }
    text += labelled(name, cells);
  }
  return text;
}

// What the test measured, in words: "AUC better by 0.327 than prior (DeLong): a difference of 0.0188 or more could have been seen".
std::string effect_text(const Json& c) {
  const std::string measure = c.at("measure").get<std::string>();
  std::string opponent = c.at("opponent").get<std::string>();
  if (c.contains("horizon")) opponent += fmt::format(" at horizon {}", c.at("horizon").get<std::int64_t>());
  if (c.at("difference").is_null()) return fmt::format("{} against {}: the test is undefined here", measure, opponent);
  const double difference = c.at("difference").get<double>();
  std::string text = fmt::format("{} {} by {} than {} ({}", measure, difference >= 0 ? "better" : "worse", brief(std::abs(difference)),
                                 opponent, c.at("test").get<std::string>());
  if (c.contains("model") && !c.at("p_two_sided").is_null()) {
    text += fmt::format(", {}", train::p_text(c.at("p_two_sided").get<double>()));
    if (c.value("p_holm", c.at("p_two_sided")) != c.at("p_two_sided"))  // runs of before do not have it
      text += fmt::format(", Holm over all pairs {}", train::p_text(c.at("p_holm").get<double>()));
  }
  text += ")";
  if (!c.at("smallest_effect").is_null())
    text += fmt::format("; this sample could have shown {} or more", brief(c.at("smallest_effect").get<double>()));
  return text;
}

std::string model_text(const Json& part, const Json& baselines, double confidence, const Console& console) {
  const Json& metrics = part.at("metrics");
  std::string text = metrics_table(metrics, baselines, confidence, console) + tables_text(metrics);
  if (part.contains("threshold")) {
    const Json& t = part.at("threshold");
    text += labelled("threshold", t.at("rows") == "fixed" ? number(t.at("value")) + " (fixed)"
                                                          : fmt::format("{}, where {} is best on {} rows", number(t.at("value")),
                                                                        t.at("by").get<std::string>(), t.at("rows").get<std::string>()));
  }
  if (part.contains("calibration")) {
    const Json& c = part.at("calibration");
    text += labelled("calibration",
                     fmt::format("slope {}, intercept {} (perfect: 1 and 0)", fixed(c.at("slope"), 3), fixed(c.at("intercept"), 3)));
  }
  if (part.contains("coverage") && !part.at("coverage").is_null() && part.at("coverage").get<double>() < 1)
    text += labelled("coverage", fmt::format("{:.2f} % of the test rows could be forecast", 100 * part.at("coverage").get<double>()));
  if (part.contains("baseline_coverage")) {
    std::string shares;
    for (const auto& [name, share] : part.at("baseline_coverage").items())
      if (!share.is_null()) shares += fmt::format("{}{} {:.2f} %", shares.empty() ? "" : ", ", name, 100 * share.get<double>());
    text +=
        labelled("", fmt::format("other rows than the model's: {}. Such a difference compares other rows; the verdict's tests take common "
                                 "ones",
                                 shares));
  }
  if (part.contains("verdict")) text += labelled("verdict", part.at("verdict").get<std::string>());
  for (const Json& c : part.at("comparisons")) text += labelled("", effect_text(c));
  return text;
}

// As many metrics as one line holds, in the file's order; all of them are in --json.
std::string segments_text(const Json& part, const std::string& of, const Console& console) {
  std::string text;
  for (const auto& [column, levels] : part.at("segments").items()) {
    std::vector<Row> rows{{of + "by " + column}};
    for (const auto& [level, line] : levels.items()) {
      Row row{level};
      for (const auto& [name, value] : line.items()) {
        if (rows.size() == 1) rows[0].push_back(name);
        row.push_back(name == "rows" ? count(value.get<double>()) : number(value));
      }
      rows.push_back(std::move(row));
    }
    std::size_t wide = 0, kept = 0;
    for (; kept < rows[0].size(); ++kept) {
      std::size_t width = 0;
      for (const Row& row : rows) width = std::max(width, text::utf8_length(row[kept]));
      if (kept > 1 && wide + 2 + width > kColumns) break;
      wide += 2 + width;
    }
    for (Row& row : rows) row.resize(kept);
    text += table(rows, 1, 1, console);
  }
  return text;
}

std::string held_windows_text(const Json& held, const Console& console) {
  std::vector<Row> rows{{"held over windows", "rows", "windows", "left out", "mse", "mae"}};
  for (const auto& [model, lengths] : held.items())
    for (const auto& [steps, w] : lengths.items())
      rows.push_back({model, steps, count(w.at("windows").get<double>()), count(w.at("left_out").get<double>()), number(w.at("mse")),
                      number(w.at("mae"))});
  return table(rows, 1, 1, console);
}

// For each model and baseline the share of outcomes at or below the forecast of each level: a level that says what it means shows itself.
std::string quantiles_text(const Json& quantiles, const Console& console) {
  Row names{"at or below level"};
  for (const Json& level : quantiles.front().at("levels")) names.push_back(text::shortest(level.get<double>()));
  names.emplace_back("width");
  std::vector<Row> rows{names};
  for (const auto& [model, of] : quantiles.items()) {
    Row row{model};
    for (const Json& share : of.at("at_or_below")) row.push_back(fixed(share, 3));
    row.push_back(number(of.at("width")));
    rows.push_back(std::move(row));
  }
  return table(rows, 1, 1, console);
}

std::string fairness_text(const Json& part, const std::string& of, const Console& console) {
  std::string text;
  for (const auto& [column, groups] : part.at("fairness").items()) {
    std::vector<Row> rows{{of + "by protected " + column, "rows", "base rate", "selected", "true positive", "false positive"}};
    for (const auto& [level, g] : groups.at("groups").items())
      rows.push_back({level, count(g.at("rows").get<double>()), number(g.at("base_rate")), number(g.at("selection_rate")),
                      number(g.at("true_positive_rate")), number(g.at("false_positive_rate"))});
    text += table(rows, 1, 1, console);
    text += fmt::format("  demographic parity ratio {}, equalised odds difference {}\n", number(groups.at("demographic_parity_ratio")),
                        number(groups.at("equalised_odds_difference")));
  }
  return text;
}

// Notes that differ in their numbers only are told once.
std::string notes_text(const Json& notes, Warnings warnings) {
  std::vector<std::pair<std::string, Json>> kinds;
  for (const Json& note : notes) {
    if (warnings == Warnings::told_already && note.get<std::string>().starts_with("warning: ")) continue;
    std::string shape;
    for (const char c : note.get<std::string>()) shape += c >= '0' && c <= '9' ? '#' : c;
    shape.erase(std::unique(shape.begin(), shape.end(), [](char a, char b) { return a == '#' && b == '#'; }), shape.end());
    const auto known = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first == shape; });
    if (known == kinds.end())
      kinds.emplace_back(shape, Json::array({note}));
    else
      known->second.push_back(note);
  }
  std::string text;
  for (const auto& [shape, same] : kinds)
    text +=
        labelled("note", same[0].get<std::string>() + (same.size() > 1 ? fmt::format(" (and {} more like this)", same.size() - 1) : ""));
  return text;
}

// As many digits as tell the two sides apart.
std::string criterion_text(const Json& a) {
  std::string left = number(a.at("left")), right = number(a.at("right"));
  if (left == right && a.at("left").is_number() && a.at("right").is_number())
    left = text::shortest(a.at("left").get<double>()), right = text::shortest(a.at("right").get<double>());
  return fmt::format("{}: {} ({} against {})", a.at("criterion").get<std::string>(), a.at("met").get<bool>() ? "met" : "NOT MET", left,
                     right);
}

std::string accept_lines(const Json& json) {
  std::string text;
  for (const Json& a : json.value("accept", Json::array())) text += labelled("accept", criterion_text(a));
  return text;
}

Json stamps_of(const Json& json) { return json.value("stamps", Json::array()); }

std::string stamp_lines(const Json& json) {
  std::string text;
  for (const Json& stamp : stamps_of(json)) text += labelled("stamp", stamp.at("text").get<std::string>());
  return text;
}

// A run that did not end has none.
Json read(const std::string& summary) { return summary.empty() ? Json::object() : Json::parse(summary); }

// Inputs that some fold kept, in groups of those that equally many did.
std::string selection_text(const Json& selection) {
  std::string text;
  const auto folds = selection.at("folds").get<std::int64_t>();
  std::map<std::int64_t, std::vector<std::string>, std::greater<>> by_folds;
  for (const Json& input : selection.at("inputs")) by_folds[input.at("folds").get<std::int64_t>()].push_back(input.at("name"));
  for (const auto& [kept, names] : by_folds)
    text +=
        labelled(text.empty() ? "selection" : "",
                 (kept == 0 ? "left out everywhere: " : fmt::format("kept in {} of {} folds: ", kept, folds)) + text::join(names, ", "));
  if (!selection.at("stability").is_null())
    text += labelled(
        "", fmt::format("stability {} (1: the same inputs in every fold, 0: as if by chance)", fixed(selection.at("stability"), 3)));
  return text;
}

// Known of simulated data alone.
std::string best_possible_text(const Json& best) {
  return labelled("at best", fmt::format("an AUC of {} on these test rows, by their true probabilities; {} is to be expected of such rows",
                                         fixed(best.at("auc"), 5), fixed(best.at("expected_auc"), 5)));
}

std::string closing_text(const Json& json, Warnings warnings) {
  std::string text;
  text += accept_lines(json) + stamp_lines(json);
  if (json.contains("selection")) text += selection_text(json.at("selection"));
  if (json.contains("search")) text += search_text(json.at("search"));
  if (json.contains("trial")) text += trial_summary_text(json.at("trial"));
  if (json.contains("ledger")) {
    const auto trials = json.at("ledger").at("trials").get<std::int64_t>();
    text += labelled("ledger", fmt::format("{} configuration{} scored on this question so far{}", trials, trials == 1 ? "" : "s",
                                           trials > 1 ? "; the best of several looks better than it is" : ""));
    if (const auto reveals = json.at("ledger").value("reveals", std::int64_t{0}); reveals > 0)
      text += labelled("", fmt::format("its final test was looked at {} time{}", reveals, reveals == 1 ? "" : "s"));
  }
  if (json.contains("sealed")) text += labelled("final test", json.at("sealed").get<std::string>());
  if (json.contains("notes")) text += notes_text(json.at("notes"), warnings);
  if (json.contains("failures"))
    for (const Json& failure : json.at("failures")) text += labelled("failed", text::printable(failure.get<std::string>()));
  if (json.contains("quick")) text += labelled("quick", "this tried the machinery on a part of the data; it is no result");
  return text;
}

}  // namespace

std::string result_text(const std::string& summary, const Console& console, Warnings warnings) {
  const Json json = Json::parse(summary);
  const double confidence = json.value("confidence", 0.95);
  std::string text, of;
  if (json.contains("models")) {
    for (const auto& [name, part] : json.at("models").items()) {
      if (of.empty()) of = name + " ";
      text += fmt::format("\n{}\n{}", console.bold(name), model_text(part, json.at("baselines"), confidence, console));
    }
    if (json.contains("pairwise")) text += fmt::format("\n{}\n", console.bold("between models"));
    for (const Json& c : json.value("pairwise", Json::array())) {
      text += labelled("verdict", c.contains("verdict") ? c.at("verdict").get<std::string>() : c.at("model").get<std::string>());
      text += labelled("", c.at("model").get<std::string>() + ": " + effect_text(c));
    }
  } else if (!json.at("metrics").empty()) {
    text += fmt::format("\n{}", model_text(json, json.at("baselines"), confidence, console));
  }
  if (json.contains("best_possible")) text += best_possible_text(json.at("best_possible"));
  if (json.contains("network_pruning")) text += "\n" + pruning_text(json.at("network_pruning"), console);
  if (json.contains("backtest")) text += "\n" + backtest_text(json.at("backtest"), console);
  if (json.contains("segments")) text += fmt::format("\n{}", segments_text(json, of, console));
  if (json.contains("quantiles")) text += "\n" + quantiles_text(json.at("quantiles"), console);
  if (json.contains("held_windows")) text += "\n" + held_windows_text(json.at("held_windows"), console);
  if (json.contains("fairness")) text += fmt::format("\n{}", fairness_text(json, of, console));
  return text + "\n" + closing_text(json, warnings);
}

std::string accept_text(const std::string& summary) { return accept_lines(read(summary)); }

std::string stamps_text(const std::string& summary) { return stamp_lines(read(summary)); }

std::string brief_stamps(const std::string& summary) {
  std::vector<std::string> words;
  for (const Json& stamp : stamps_of(read(summary))) words.push_back(stamp.at("stamp").get<std::string>());
  return text::join(words, ", ");
}

}  // namespace assay::cli
