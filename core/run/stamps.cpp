#include "run/stamps.hpp"

#include <nlohmann/json.hpp>

namespace assay::run {

nlohmann::ordered_json stamps_json(const config::Experiment& experiment) {
  using Json = nlohmann::ordered_json;
  Json stamps = Json::array();
  if (experiment.backtest && experiment.backtest->fill == "same_close")
    stamps.push_back(Json{{"stamp", "same-bar fills"},
                          {"text", "same-bar fills: orders are filled at the very close on which they were decided, which nobody can do"}});
  if (!experiment.data.point_in_time)
    stamps.push_back(
        Json{{"stamp", "point_in_time: no"}, {"text", "point_in_time: no. The data may hold values that were not known at their time"}});
  return stamps;
}

}  // namespace assay::run
