#include "run/selected_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "stats/stability.hpp"

namespace assay::run {

using Json = nlohmann::ordered_json;

std::string selection_of(const pipeline::FittedPreparation& preparation) {
  if (!preparation.selects()) return "null";
  Json kept = Json::array();
  for (const pipeline::InputColumn& column : preparation.outputs()) kept.push_back(column.name);
  return Json{{"kept", kept}, {"left_out", preparation.left_out()}}.dump();
}

std::string selection_summary(std::span<const std::string> selections) {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> kept;
  for (const std::string& selection : selections) {
    const Json json = Json::parse(selection);
    kept.push_back(json.at("kept").get<std::vector<std::string>>());
    for (const char* list : {"kept", "left_out"})
      for (const auto& name : json.at(list).get<std::vector<std::string>>())
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::vector<std::vector<std::uint8_t>> chosen;
  std::vector<std::pair<std::int64_t, std::string>> often;
  for (const auto& fold : kept) {
    chosen.emplace_back();
    for (const std::string& name : names) chosen.back().push_back(std::find(fold.begin(), fold.end(), name) != fold.end());
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    often.emplace_back(std::count_if(chosen.begin(), chosen.end(), [&](const auto& fold) { return fold[i] != 0; }), names[i]);
  std::stable_sort(often.begin(), often.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  Json inputs = Json::array();
  for (const auto& [folds, name] : often) inputs.push_back({{"name", name}, {"folds", folds}});
  const double stability = stats::selection_stability(chosen);
  return Json{{"inputs", inputs}, {"folds", kept.size()}, {"kept", kept}, {"stability", std::isnan(stability) ? Json() : Json(stability)}}
      .dump();
}

}  // namespace assay::run
