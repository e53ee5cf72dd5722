#include "run/quantile_table.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "run/number_json.hpp"

namespace assay::run {

nlohmann::ordered_json quantile_json(const train::ForecastSet& set) {
  const std::size_t levels = set.levels.size();
  const auto rows = static_cast<double>(set.rows());
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> below(levels, 0);
  double width = 0;
  for (std::size_t i = 0; i < set.quantile.size(); ++i)
    if (set.truth[i / levels] <= set.quantile[i]) below[i % levels] += 1;
  for (std::size_t first = 0; first < set.quantile.size(); first += levels) width += set.quantile[first + levels - 1] - set.quantile[first];
  auto shares = nlohmann::ordered_json::array();
  for (const double count : below) shares.push_back(number_json(rows > 0 ? count / rows : nothing));
  return {{"levels", set.levels}, {"at_or_below", shares}, {"width", number_json(rows > 0 && levels > 1 ? width / rows : nothing)}};
}

}  // namespace assay::run
