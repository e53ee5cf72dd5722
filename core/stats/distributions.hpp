// The distribution functions that tests and intervals need. Used all over stats and by whoever turns a statistic into a p-value.
// Boost.Math stands behind them (fenced in distributions.cpp). Arguments out of range give NaN, never an exception.
// All functions are pure and may run on any thread.
#pragma once

namespace assay::stats {

double normal_cdf(double x);
double normal_upper(double x);     // 1 - cdf without loss of digits
double normal_quantile(double p);  // -inf at 0, +inf at 1

double student_t_cdf(double t, double df);
double student_t_upper(double t, double df);
double student_t_quantile(double p, double df);

double chi_square_cdf(double x, double df);
double chi_square_upper(double x, double df);
double chi_square_quantile(double p, double df);

double f_upper(double x, double df_numerator, double df_denominator);

double binomial_cdf(double successes, double trials, double probability);  // P(X <= successes)

// P(|Z| >= |z|) and P(|T| >= |t|).
double normal_two_sided(double z);
double student_t_two_sided(double t, double df);

}  // namespace assay::stats
