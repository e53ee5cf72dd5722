#include "data/simulate_credit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"

namespace assay::data {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

void check(bool in_range, const char* name, const char* range) {
  if (!in_range)
    throw Error(Fault::usage, "simulating credit data", fmt::format("{} is out of range", name), fmt::format("{} must be {}", name, range));
}

void check(const CreditOptions& o) {
  check(o.rows >= 10 && o.rows <= 100'000'000, "rows", "10 .. 100000000");
  check(o.default_rate >= 0.001 && o.default_rate <= 0.999, "default_rate", "0.001 .. 0.999");
  check(o.nonlinearity >= 0 && o.nonlinearity <= 3, "nonlinearity", "0 .. 3");
  check(o.signal >= 0 && o.signal <= 5, "signal", "0 .. 5");
  check(o.missing >= 0 && o.missing <= 0.9, "missing", "0 .. 0.9");
}

struct Applicant {
  double income, loan_amount, debt_to_income, utilisation, credit_age;
  std::int64_t age, employment_years, late_payments;
  std::int32_t home, purpose, segment, sex;
  bool guarantor;
};

std::int32_t pick(Random& random, std::span<const double> shares) {
  double u = random.uniform();
  for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
    if (u < shares[i]) return static_cast<std::int32_t>(i);
    u -= shares[i];
  }
  return static_cast<std::int32_t>(shares.size()) - 1;
}

std::int64_t poisson(Random& random, double mean) {  // Knuth's product of uniforms; the mean is small
  const double limit = std::exp(-mean);
  std::int64_t count = 0;
  for (double product = random.uniform(); product > limit && count < 24; product *= random.uniform()) ++count;
  return count;
}

// One strain on the purse, u, moves all money columns together: x_k = load_k u + sqrt(1 - load_k^2) e_k.
Applicant draw(Random& random) {
  const double strain = random.normal();
  const auto loaded = [&](double load) { return load * strain + std::sqrt(1 - load * load) * random.normal(); };
  Applicant a{};
  const double wealth = loaded(-0.4);
  a.income = std::round(std::exp(10.3 + 0.3 * wealth));
  a.debt_to_income = 0.35 * std::exp(0.3 * loaded(0.4));
  a.utilisation = logistic(1.2 * loaded(0.5));
  a.credit_age = 9 * std::exp(0.6 * loaded(-0.3));
  a.loan_amount = std::round(std::exp(8.9 + 0.3 * wealth + 0.5 * random.normal()) / 100) * 100;
  a.age = static_cast<std::int64_t>(std::clamp(std::round(42 + 6 * std::log(a.credit_age / 9) / 0.6 + 10 * random.normal()), 18.0, 85.0));
  a.employment_years = std::min<std::int64_t>(static_cast<std::int64_t>(std::exp(1.4 + 0.8 * loaded(-0.2))), a.age - 16);
  a.late_payments = poisson(random, std::exp(-0.6 + 0.6 * loaded(0.5)));
  a.home = pick(random, wealth > 0 ? std::array{0.5, 0.2, 0.3} : std::array{0.25, 0.15, 0.6});
  a.purpose = pick(random, std::array{0.35, 0.15, 0.3, 0.2});
  a.segment = pick(random, std::array{0.45, 0.2, 0.35});
  a.sex = random.uniform() < (wealth > 0 ? 0.45 : 0.55) ? 0 : 1;
  a.guarantor = random.uniform() < 0.12;
  return a;
}

// The log-odds without intercept and scale. Written in the visible columns, so that a model that sees them can reach the best AUC.
double log_odds(const Applicant& a, double nonlinearity) {
  const double wealth = (std::log(a.income) - 10.3) / 0.3;
  const double debt = std::log(a.debt_to_income / 0.35) / 0.3;
  const double use = std::log(a.utilisation / (1 - a.utilisation)) / 1.2;
  const double late = std::min<double>(static_cast<double>(a.late_payments), 5);
  static constexpr std::array<double, 3> kHome{-0.15, -0.25, 0.2};
  static constexpr std::array<double, 4> kPurpose{0, 0.25, -0.2, 0.1};
  static constexpr std::array<double, 3> kSegment{0, 0.3, 0.1};
  const double straight = 0.60 * use + 0.50 * late - 0.50 * wealth + 0.40 * debt - 0.30 * std::log(a.credit_age / 9) / 0.6 -
                          0.03 * static_cast<double>(std::min<std::int64_t>(a.employment_years, 15)) - (a.guarantor ? 0.5 : 0.0) +
                          kHome[static_cast<std::size_t>(a.home)] + kPurpose[static_cast<std::size_t>(a.purpose)] +
                          kSegment[static_cast<std::size_t>(a.segment)];
  const double bent = 0.50 * (std::min(debt * debt, 5.0) - 1) - 0.55 * use * wealth;
  return straight + nonlinearity * bent;
}

// The intercept that makes the mean probability the wanted rate, by bisection: the mean rises with it.
double intercept_for(std::span<const double> scores, double rate) {
  double low = -60, high = 60;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    double sum = 0;
    for (const double score : scores) sum += logistic(score + middle);
    (sum < rate * static_cast<double>(scores.size()) ? low : high) = middle;
  }
  return (low + high) / 2;
}

Frame as_frame(const std::vector<Applicant>& people, std::vector<std::int64_t> defaults, const CreditOptions& options) {
  Random hole(SeedTree(options.seed).child("sim.credit").child("missing"));
  const auto reals = [&](const char* name, double Applicant::*field, bool may_miss = false) {
    std::vector<double> values(people.size());
    for (std::size_t i = 0; i < people.size(); ++i)
      values[i] = may_miss && hole.uniform() < options.missing ? std::numeric_limits<double>::quiet_NaN() : people[i].*field;
    return Column::of_reals(name, std::move(values));
  };
  const auto integers = [&](const char* name, std::int64_t Applicant::*field, bool may_miss = false) {
    std::vector<std::int64_t> values(people.size());
    for (std::size_t i = 0; i < people.size(); ++i)
      values[i] = may_miss && hole.uniform() < options.missing ? kMissingInteger : people[i].*field;
    return Column::of_integers(name, std::move(values));
  };
  const auto codes = [&](const char* name, std::int32_t Applicant::*field, std::vector<std::string> levels) {
    std::vector<std::int32_t> values(people.size());
    for (std::size_t i = 0; i < people.size(); ++i) values[i] = people[i].*field;
    return Column::of_codes(name, std::move(values), std::move(levels));
  };
  std::vector<std::uint8_t> guarantor(people.size());
  for (std::size_t i = 0; i < people.size(); ++i) guarantor[i] = people[i].guarantor ? 1 : 0;
  std::vector<Column> columns;
  columns.push_back(reals("income", &Applicant::income, true));
  columns.push_back(reals("loan_amount", &Applicant::loan_amount));
  columns.push_back(reals("debt_to_income", &Applicant::debt_to_income, true));
  columns.push_back(reals("utilisation", &Applicant::utilisation));
  columns.push_back(reals("credit_age", &Applicant::credit_age));
  columns.push_back(integers("age", &Applicant::age));
  columns.push_back(integers("employment_years", &Applicant::employment_years, true));
  columns.push_back(integers("late_payments", &Applicant::late_payments));
  columns.push_back(codes("home", &Applicant::home, {"mortgage", "own", "rent"}));
  columns.push_back(codes("purpose", &Applicant::purpose, {"car", "education", "home", "other"}));
  columns.push_back(codes("segment", &Applicant::segment, {"branch", "broker", "online"}));
  columns.push_back(Column::of_booleans("guarantor", std::move(guarantor)));
  columns.push_back(codes("sex", &Applicant::sex, {"female", "male"}));
  columns.push_back(Column::of_integers("default", std::move(defaults)));
  FrameNotes notes;
  return Frame::finish(std::move(columns), {}, notes);
}

}  // namespace

SimulatedCredit simulate_credit(const CreditOptions& options) {
  check(options);
  const SeedTree tree = SeedTree(options.seed).child("sim.credit");
  const auto n = static_cast<std::size_t>(options.rows);
  Random random(tree.child("applicants"));
  std::vector<Applicant> people(n);
  for (Applicant& person : people) person = draw(random);
  std::vector<double> probability(n);
  for (std::size_t i = 0; i < n; ++i) probability[i] = options.signal * log_odds(people[i], options.nonlinearity);
  const double intercept = intercept_for(probability, options.default_rate);
  Random chance(tree.child("labels"));
  std::vector<std::int64_t> defaults(n);
  for (std::size_t i = 0; i < n; ++i) {
    probability[i] = logistic(probability[i] + intercept);
    defaults[i] = chance.uniform() < probability[i] ? 1 : 0;
  }
  SimulatedCredit result;
  result.frame = as_frame(people, std::move(defaults), options);
  result.best_auc = expected_auc(probability);
  result.probability = std::move(probability);
  return result;
}

double expected_auc(std::span<const double> probability) {
  std::vector<double> sorted(probability.begin(), probability.end());
  std::sort(sorted.begin(), sorted.end());
  double good_below = 0, won = 0, bad = 0, good = 0, own = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    double bad_here = 0, good_here = 0, own_here = 0;
    for (; end < sorted.size() && sorted[end] == sorted[i]; ++end) {
      bad_here += sorted[end];
      good_here += 1 - sorted[end];
      own_here += sorted[end] * (1 - sorted[end]);
    }
    won += bad_here * good_below + (bad_here * good_here - own_here) / 2;  // a row makes no pair with itself
    good_below += good_here;
    bad += bad_here;
    good += good_here;
    own += own_here;
    i = end;
  }
  const double pairs = bad * good - own;
  return pairs > 0 ? won / pairs : 0.5;
}

}  // namespace assay::data
