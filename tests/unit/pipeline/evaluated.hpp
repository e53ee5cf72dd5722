// An expression's values, and their comparison with others, for the tests of the expression language.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "pipeline/expression.hpp"
#include "support/catch.hpp"

namespace planted {

inline std::vector<double> evaluated(const assay::data::Frame& frame, const std::string& text,
                                     assay::pipeline::Use use = assay::pipeline::Use::target, std::span<const std::int32_t> segments = {},
                                     unsigned threads = 1) {
  assay::pipeline::Plan plan(frame, segments);
  const std::vector<int> root = {plan.add("", text, use)};
  const assay::pipeline::ColumnValues values = plan.evaluate(root, threads)[0];
  return {values.begin(), values.end()};
}

inline void check_equal(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance = 1e-12) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("row " << i << ": " << got[i] << " wanted " << wanted[i]);
    if (std::isnan(wanted[i])) {
      CHECK(std::isnan(got[i]));
    } else {
      CHECK(std::fabs(got[i] - wanted[i]) <= tolerance * std::max(1.0, std::fabs(wanted[i])));
    }
  }
}

// Bit for bit, missing values included.
inline void check_same(const std::vector<double>& got, const std::vector<double>& wanted, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) {
    INFO("row " << i << ": " << got[i] << " wanted " << wanted[i]);
    REQUIRE((got[i] == wanted[i] || (std::isnan(got[i]) && std::isnan(wanted[i]))));
  }
}

}  // namespace planted
