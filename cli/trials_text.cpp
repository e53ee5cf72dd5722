#include "cli/trials_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/text_table.hpp"

namespace assay::cli {

namespace {

constexpr std::int64_t kFirstFit = 1'000'000;  // run::kFitStep: means after fits are numbered from there

std::string fold_text(std::int64_t study) { return study < 0 ? "all" : std::to_string(study + 1); }
std::string real(double value) { return std::isfinite(value) ? text::shortest(value) : ""; }

// As the file would have it: numbers and truth values as such.
Json value_json(const std::string& yaml) {
  Json json = Json::parse(yaml, nullptr, false);
  return json.is_discarded() ? Json(yaml) : json;
}

Json values_json(const store::TrialRecord& trial) {
  Json json = Json::object();
  for (const auto& [path, value] : trial.values) json[path] = value_json(value);
  return json;
}

Json brief_json(const store::TrialRecord& trial) {
  Json json{
      {"fold", trial.study < 0 ? Json() : Json(trial.study + 1)},         {"number", trial.number},       {"status", to_text(trial.status)},
      {"value", std::isfinite(trial.value) ? Json(trial.value) : Json()}, {"params", values_json(trial)}, {"seconds", trial.seconds}};
  if (!trial.error.empty()) json["error"] = trial.error;
  return json;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string step_name(std::int64_t step) {
  return step >= kFirstFit ? fmt::format("mean after fit {}", step - kFirstFit + 1) : fmt::format("step {}", step + 1);
}

std::string best_text(const Json& best) {
  std::vector<std::string> params;
  for (const auto& [path, value] : best.at("params").items())
    params.push_back(fmt::format("{} = {}", path, value.is_string() ? value.get<std::string>() : value.dump()));
  return fmt::format("{}trial {}, {} {} on validation rows: {}",
                     best.contains("fold") ? fmt::format("fold {}: ", best.at("fold").dump()) : "", best.at("number").dump(),
                     best.at("metric").get<std::string>(), number(best.at("value")), text::join(params, ", "));
}

}  // namespace

std::string trials_table(const std::vector<store::TrialRecord>& trials, const Console& console) {
  if (trials.empty()) return "the run has no trials\n";
  std::vector<Row> rows{{"trial", "fold", "status", "value", "seconds"}};
  for (const auto& [path, value] : trials.front().values) rows[0].push_back(path);
  for (const store::TrialRecord& trial : trials) {
    rows.push_back({std::to_string(trial.number), fold_text(trial.study), to_text(trial.status),
                    number(std::isfinite(trial.value) ? Json(trial.value) : Json()), fmt::format("{:.2f}", trial.seconds)});
    for (const auto& [path, value] : trial.values) rows.back().push_back(value);
  }
  return table(rows, 5, 1, console);
}

std::string trials_csv(const std::vector<store::TrialRecord>& trials) {
  std::string out = "fold,number,status,value,seconds";
  if (!trials.empty())
    for (const auto& [path, value] : trials.front().values) out += "," + quoted(path);
  out += ",error\n";
  for (const store::TrialRecord& trial : trials) {
    out +=
        fmt::format("{},{},{},{},{}", fold_text(trial.study), trial.number, to_text(trial.status), real(trial.value), real(trial.seconds));
    for (const auto& [path, value] : trial.values) out += "," + quoted(value);
    out += "," + quoted(trial.error) + "\n";
  }
  return out;
}

std::string trials_json(const std::vector<store::TrialRecord>& trials) {
  Json list = Json::array();
  for (const store::TrialRecord& trial : trials) list.push_back(brief_json(trial));
  return list.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string trial_text(const store::TrialRecord& trial) {
  std::string out = fmt::format("trial {}{}: {}", trial.number, trial.study < 0 ? "" : fmt::format(" of fold {}", trial.study + 1),
                                to_text(trial.status));
  if (std::isfinite(trial.value)) out += ", " + real(trial.value);
  out += fmt::format(", {:.2f} s\n", trial.seconds);
  for (const auto& [path, value] : trial.values) out += fmt::format("  {} = {}\n", path, value);
  for (std::size_t i = 0; i < trial.step.size(); ++i) out += fmt::format("  {}: {}\n", step_name(trial.step[i]), real(trial.step_value[i]));
  if (!trial.error.empty()) out += "  " + text::printable(trial.error) + "\n";
  if (!trial.log.empty())
    for (const std::string_view line : text::split(text::trim(trial.log), '\n')) out += "    | " + std::string(line) + "\n";
  return out;
}

std::string trial_file(const store::TrialRecord& trial) {
  if (trial.file.empty())
    throw Error(Fault::failed, fmt::format("showing the file of trial {}", trial.number),
                fmt::format("it has none, for it never ran ({}: {})", to_text(trial.status), trial.error));
  return trial.file;
}

std::string trial_json(const store::TrialRecord& trial) {
  Json json = brief_json(trial);
  json["steps"] = Json::array();
  for (std::size_t i = 0; i < trial.step.size(); ++i)
    json["steps"].push_back({trial.step[i], std::isfinite(trial.step_value[i]) ? Json(trial.step_value[i]) : Json()});
  if (!trial.returns.empty()) {  // of a strategy, by period
    json["returns"] = {{"time", Json::array()}, {"value", trial.returns}};
    for (const TimeNs time : trial.time) json["returns"]["time"].push_back(to_iso(time));
  }
  json["log"] = trial.log;
  json["file"] = trial.file;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string search_text(const Json& search) {
  const auto count_of = [&](const char* which) { return count(search.at("trials").at(which).get<double>()); };
  std::string out = labelled(
      "search", fmt::format("{} trials complete, {} pruned, {} failed", count_of("complete"), count_of("pruned"), count_of("failed")));
  if (search.contains("points"))
    out +=
        labelled("", fmt::format("{} of {} points were tried: search.trials ended it", count(search.at("points").at("tried").get<double>()),
                                 count(search.at("points").at("all").get<double>())));
  if (search.contains("choices"))
    for (const Json& choice : search.at("choices")) out += labelled("best", best_text(choice));
  else if (search.contains("best"))
    out += labelled("best", best_text(search.at("best")));
  const Json& luck = search.at("luck");
  return out + labelled("", fmt::format("the best of N = {} configurations tried here ({} on this question so far) looks better on the "
                                        "rows that chose it than it is",
                                        count(luck.at("trials").get<double>()), count(luck.at("ledger").get<double>())));
}

std::string trial_summary_text(const Json& trial) {
  return labelled(
      "trial",
      fmt::format("{}{}: {}, {} {} on validation rows", trial.at("number").dump(),
                  trial.at("study").get<std::int64_t>() < 0 ? "" : fmt::format(" of fold {}", trial.at("study").get<std::int64_t>() + 1),
                  trial.at("status").get<std::string>(), trial.at("metric").get<std::string>(),
                  trial.at("value").is_null() ? "n/a" : text::shortest(trial.at("value").get<double>())));
}

}  // namespace assay::cli
