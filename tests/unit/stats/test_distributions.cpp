// Reference values: oracle.py, part distributions (scipy 1.10.1).
#include <cmath>
#include <limits>

#include "stats/distributions.hpp"
#include "support/catch.hpp"

using namespace assay::stats;

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("distribution functions agree with scipy, far tails included") {
  CHECK(normal_cdf(-1.3) == Approx(0.09680048458561036).epsilon(1e-12));
  CHECK(normal_upper(9) == Approx(1.1285884059538324e-19).epsilon(1e-10));
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-12));
  CHECK(normal_quantile(1e-12) == Approx(-7.034483825301131).epsilon(1e-12));
  CHECK(student_t_cdf(1.7, 4) == Approx(0.917822529364975).epsilon(1e-12));
  CHECK(student_t_upper(6.5, 11.5) == Approx(1.7961201864453064e-05).epsilon(1e-10));
  CHECK(student_t_quantile(0.975, 9) == Approx(2.2621571627409915).epsilon(1e-10));
  CHECK(student_t_quantile(0.01, 2.5) == Approx(-5.353111173030874).epsilon(1e-10));
  CHECK(chi_square_cdf(3.2, 2) == Approx(0.7981034820053445).epsilon(1e-12));
  CHECK(chi_square_upper(40, 7) == Approx(1.258790387371308e-06).epsilon(1e-10));
  CHECK(chi_square_quantile(0.95, 5) == Approx(11.070497693516351).epsilon(1e-10));
  CHECK(f_upper(3.1, 4, 17) == Approx(0.04357185854128897).epsilon(1e-10));
  CHECK(binomial_cdf(3, 12, 0.4) == Approx(0.22533728255999996).epsilon(1e-12));
}

TEST_CASE("the edges are limits, not exceptions") {
  CHECK(normal_quantile(0) == -kInfinity);
  CHECK(normal_quantile(1) == kInfinity);
  CHECK(std::isnan(normal_quantile(1.1)));
  CHECK(student_t_quantile(0.975, kInfinity) == Approx(1.959963984540054));
  CHECK(student_t_upper(1.5, kInfinity) == normal_upper(1.5));
  CHECK(student_t_upper(kInfinity, 3) == 0);
  CHECK(std::isnan(student_t_cdf(1, 0)));
  CHECK(std::isnan(student_t_cdf(std::nan(""), 4)));
  CHECK(chi_square_upper(-1, 3) == 1);
  CHECK(std::isnan(f_upper(1, -2, 3)));
  CHECK(binomial_cdf(5, 5, 0.2) == 1);
  CHECK(normal_two_sided(-1.959963984540054) == Approx(0.05));
  CHECK(student_t_two_sided(2.2621571627409915, 9) == Approx(0.05));
}
