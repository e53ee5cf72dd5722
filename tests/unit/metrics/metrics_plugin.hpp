// The metrics plugin as a host meets it: opened with dlopen and called through its C tables alone. Used by these tests; what the host's own
// owner of metrics does beyond that is tested with core/plugin.
#pragma once

#include <assay/abi.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metrics_plugin {

const assay_plugin& plugin();
const assay_component& component(std::string_view id);  // throws std::out_of_range
const assay_metric_score& table(std::string_view id);

// Rows to score. Empty lists are handed over as null.
struct Rows {
  std::vector<double> truth{}, value{}, decision{}, weight{}, last_known{};
  std::vector<double> levels{}, quantile{};  // rows x levels
  std::vector<std::int64_t> time{};
  std::uint32_t task = ASSAY_TASK_BINARY;
  std::int64_t classes = 2, outputs = 1;
  double naive_mae = std::numeric_limits<double>::quiet_NaN();
};
inline Rows regression(std::vector<double> truth, std::vector<double> value) {
  return {.truth = std::move(truth), .value = std::move(value), .task = ASSAY_TASK_REGRESSION, .classes = 0};
}

struct Setting {  // a parameter by name; others keep their defaults
  const char* name;
  assay_value value;
};
Setting choice(const char* name, const char* value);
Setting integer(const char* name, std::int64_t value);
Setting real(const char* name, double value);

// Throws std::runtime_error with the component's reason where it refuses.
std::vector<double> all_values(std::string_view id, const Rows& rows, const std::vector<Setting>& settings = {});
double score(std::string_view id, const Rows& rows, const std::vector<Setting>& settings = {});

}  // namespace metrics_plugin
