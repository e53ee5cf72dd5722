#include <cmath>

#include "stats/stability.hpp"
#include "support/catch.hpp"

using assay::stats::selection_stability;

// numpy: 1 - (Z.var(0, ddof=1).mean()) / (k / d * (1 - k / d)) with k the mean of Z.sum(1)
TEST_CASE("stability of selections") {
  CHECK(selection_stability({{1, 1, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 1, 0, 1, 0}}) == Approx(0.1964285714285714));
  CHECK(selection_stability({{1, 1, 0, 0}, {1, 1, 0, 0}, {1, 1, 0, 0}}) == Approx(1));
  CHECK(selection_stability({{1, 1, 0, 0}, {0, 0, 1, 1}}) == Approx(-1));
  CHECK(std::isnan(selection_stability({{1, 0}})));
  CHECK(std::isnan(selection_stability({{1, 1}, {1, 1}})));
}
