#include "stats/distributions.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace assay::stats {
namespace {

namespace policies = boost::math::policies;
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>, policies::evaluation_error<policies::ignore_error>,
                               policies::promote_double<false>>;
using Normal = boost::math::normal_distribution<double, Quiet>;
using StudentT = boost::math::students_t_distribution<double, Quiet>;
using ChiSquared = boost::math::chi_squared_distribution<double, Quiet>;
using FisherF = boost::math::fisher_f_distribution<double, Quiet>;
using Binomial = boost::math::binomial_distribution<double, Quiet>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_probability(double p) { return p >= 0 && p <= 1; }
bool is_freedom(double df) { return df > 0; }  // infinity included: Boost takes Student's t there to the normal

}  // namespace

// The complementary error function keeps its digits in both tails, and is a good deal faster than the distribution object.
double normal_cdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }
double normal_upper(double x) { return 0.5 * std::erfc(x * M_SQRT1_2); }

double normal_quantile(double p) {
  if (!is_probability(p)) return kNan;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  return boost::math::quantile(Normal(), p);
}

double student_t_cdf(double t, double df) { return student_t_upper(-t, df); }

double student_t_upper(double t, double df) {
  if (!is_freedom(df) || std::isnan(t)) return kNan;
  if (std::isinf(df)) return normal_upper(t);
  if (std::isinf(t)) return t > 0 ? 0 : 1;
  return boost::math::cdf(boost::math::complement(StudentT(df), t));
}

double student_t_quantile(double p, double df) {
  if (!is_freedom(df) || !is_probability(p)) return kNan;
  if (std::isinf(df)) return normal_quantile(p);
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  return boost::math::quantile(StudentT(df), p);
}

double chi_square_cdf(double x, double df) {
  if (!is_freedom(df) || !std::isfinite(df) || std::isnan(x)) return kNan;
  if (x <= 0) return 0;
  return std::isinf(x) ? 1 : boost::math::cdf(ChiSquared(df), x);
}

double chi_square_upper(double x, double df) {
  if (!is_freedom(df) || !std::isfinite(df) || std::isnan(x)) return kNan;
  if (x <= 0) return 1;
  return std::isinf(x) ? 0 : boost::math::cdf(boost::math::complement(ChiSquared(df), x));
}

double chi_square_quantile(double p, double df) {
  if (!is_freedom(df) || !std::isfinite(df) || !is_probability(p)) return kNan;
  return p == 1 ? kInfinity : boost::math::quantile(ChiSquared(df), p);
}

double f_upper(double x, double df_numerator, double df_denominator) {
  const bool fine = is_freedom(df_numerator) && is_freedom(df_denominator) && std::isfinite(df_numerator) && std::isfinite(df_denominator);
  if (!fine || std::isnan(x)) return kNan;
  if (x <= 0) return 1;
  return std::isinf(x) ? 0 : boost::math::cdf(boost::math::complement(FisherF(df_numerator, df_denominator), x));
}

double binomial_cdf(double successes, double trials, double probability) {
  if (!is_probability(probability) || !(trials >= 0) || !std::isfinite(trials) || std::isnan(successes)) return kNan;
  if (successes < 0) return 0;
  return successes >= trials ? 1 : boost::math::cdf(Binomial(trials, probability), std::floor(successes));
}

double normal_two_sided(double z) { return 2 * normal_upper(std::abs(z)); }
double student_t_two_sided(double t, double df) { return 2 * student_t_upper(std::abs(t), df); }

}  // namespace assay::stats
