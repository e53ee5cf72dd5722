// The shares and the width that stand beside a model's quantiles, by hand.
#include <nlohmann/json.hpp>

#include "run/quantile_table.hpp"
#include "support/catch.hpp"

using namespace assay;

TEST_CASE("shares of outcomes at or below each level, and the mean width between the outermost") {
  train::ForecastSet set;
  set.truth = {1, 2, 3, 4};
  set.value = {0, 0, 0, 0};
  set.levels = {0.1, 0.5, 0.9};
  set.quantile = {0, 1, 5, 0, 1, 2, 3, 3.5, 4, 1, 2, 3.5};
  const auto json = run::quantile_json(set);
  CHECK(json.at("levels") == nlohmann::ordered_json{0.1, 0.5, 0.9});
  CHECK(json.at("at_or_below") == nlohmann::ordered_json{0.25, 0.5, 0.75});
  CHECK(json.at("width").get<double>() == (5 + 2 + 1 + 2.5) / 4);

  set.levels = {0.5};
  set.quantile = {1, 1, 1, 1};
  CHECK(run::quantile_json(set).at("width").is_null());
  set.truth.clear();
  set.quantile.clear();
  CHECK(run::quantile_json(set).at("at_or_below") == nlohmann::ordered_json{nullptr});
}
