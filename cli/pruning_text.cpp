#include "cli/pruning_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace assay::cli {

namespace {

// The first metric's value with its interval.
std::string value_text(const Json& metric, int places) {
  if (metric.at("value").is_null()) return "n/a";
  if (metric.at("low").is_null()) return fixed(metric.at("value"), places);
  return fmt::format("{} [{}, {}]", fixed(metric.at("value"), places), fixed(metric.at("low"), places), fixed(metric.at("high"), places));
}

std::string times_text(const Json& speedup) { return speedup.is_null() ? "n/a" : fmt::format("{:.2f}x", speedup.get<double>()); }

std::string curve_text(const std::string& model, const Json& curve, const Console& console) {
  const Json& levels = curve.at("levels");
  const bool units = curve.at("method") == "units";
  std::vector<Row> rows{{units ? "  units gone" : "  weights zero", "parameters", "not zero", "bytes", "one row", "batch"}};
  std::string name;
  for (const auto& [metric, result] : levels.front().at("metrics").items())
    if (name.empty()) name = metric;
  if (!name.empty()) rows[0].insert(rows[0].end(), {name, "difference", "p", "chosen"});
  for (const Json& level : levels) {
    const Json& measured = level.at("measured");
    const double parameters = level.at("parameters").get<double>();
    rows.push_back({level.at("sparsity").is_null() ? "  as trained" : fmt::format("  {:.1f} %", 100 * level.at("reached").get<double>()),
                    count(parameters), count(parameters - level.at("zeros").get<double>()), count(level.at("bytes").get<double>()),
                    times_text(measured.at("one_row_speedup")), times_text(measured.at("batch_speedup"))});
    if (name.empty()) continue;
    const Json& metric = level.at("metrics").at(name);
    const int places = decimals(metric.at("value"), 5);
    const Json& comparison = level.at("comparison");
    rows.back().push_back(value_text(metric, places));
    rows.back().push_back(metric.contains("difference") ? fixed(metric.at("difference"), places, true) : "");
    rows.back().push_back(comparison.is_null() || comparison.at("p_two_sided").is_null()
                              ? ""
                              : fmt::format("{:.3g}", comparison.at("p_two_sided").get<double>()));
    rows.back().push_back(fmt::format("{} of {}", level.at("chosen").get<std::int64_t>(), curve.at("fits").get<std::int64_t>()));
  }
  const std::string rule = curve.at("choice").is_null()
                               ? "the one share became the model"
                               : "chosen by " + curve.at("choice").get<std::string>() + " on validation rows; test rows chose nothing";
  return fmt::format("{}\n{}{}", console.bold(fmt::format("{}, pruned ({})", model, curve.at("method").get<std::string>())),
                     table(rows, 1, 1, console),
                     labelled("", rule + "; speed against the network as trained, measured; p of the difference in " +
                                      (levels.size() > 1 && !levels.at(1).at("comparison").is_null()
                                           ? levels.at(1).at("comparison").at("measure").get<std::string>()
                                           : "loss")));
}

}  // namespace

std::string pruning_text(const Json& pruning, const Console& console) {
  std::string text;
  for (const auto& [model, curve] : pruning.items()) text += (text.empty() ? "" : "\n") + curve_text(model, curve, console);
  return text;
}

}  // namespace assay::cli
