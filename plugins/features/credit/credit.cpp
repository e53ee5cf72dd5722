// What lenders count: ratios of affordability, the use of a limit, months late, shares of bills that were paid. Each row by itself: monthly
// columns stand side by side, the newest first. Rules and sources: docs/credit_features.md. transform keeps nothing: thread-safe.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "assay/feature.hpp"

namespace assay::features {
namespace {

constexpr std::size_t kMostMonths = 1000;

// A share of something that has to be positive to be shared.
double ratio(double part, double whole) { return whole > 0 ? part / whole : kMissing; }

// Columns first .. first + count of one row, newest first; missing ones keep their place.
class Months {
 public:
  Months(const Frame& frame, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) columns_.push_back(frame.numbers(first + i));
    values_.resize(count);
  }
  const std::vector<double>& of(std::int64_t row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) values_[i] = columns_[i][row];
    return values_;
  }

 private:
  std::vector<VectorView<const double>> columns_;
  std::vector<double> values_;
};

double mean(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double v : values)
    if (!std::isnan(v)) sum += v, ++count;
  return count > 0 ? sum / count : kMissing;
}
double extreme(const std::vector<double>& values, int sign) {  // sign 1: the largest
  double best = kMissing;
  for (const double v : values)
    if (!std::isnan(v) && !(sign * v <= sign * best)) best = v;
  return best;
}
double count_if(const std::vector<double>& values, bool (*holds)(double, double), double level) {
  double count = 0, seen = 0;
  for (const double v : values)
    if (!std::isnan(v)) ++seen, count += holds(v, level);
  return seen > 0 ? count : kMissing;
}
bool above(double v, double level) { return v > level; }
bool at_least(double v, double level) { return v >= level; }
bool at_most(double v, double level) { return v <= level; }

// Slope of the least squares line over months; positive where values grew towards the newest month.
double trend(const std::vector<double>& values) {
  double n = 0, x_sum = 0, y_sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i])) ++n, x_sum -= static_cast<double>(i), y_sum += values[i];
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    const double dx = -static_cast<double>(i) - x_sum / n;
    xx += dx * dx;
    xy += dx * (values[i] - y_sum / n);
  }
  return n >= 2 ? xy / xx : kMissing;
}

void put(Out out, std::int64_t row, std::initializer_list<double> values) {
  std::int64_t column = 0;
  for (const double v : values) out(row, column++) = v;
}

struct Affordability {
  std::string income = "income", debt = "debt", payment = "payment", loan = "loan", value = "value";
  double payments = 12;

  static void params(Params<Affordability>& p) {
    p.column<&Affordability::income>("income", "Income of a year, or of the time that `payments` are made in");
    p.column<&Affordability::debt>("debt", "Everything that is owed").optional();
    p.column<&Affordability::payment>("payment", "One payment").optional();
    p.column<&Affordability::loan>("loan", "The loan").optional();
    p.column<&Affordability::value>("value", "What secures the loan").optional();
    p.real<&Affordability::payments>("payments", "Payments in the time that the income is for").range(1e-3, 1e4);
  }
  std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    if (!debt.empty()) names.emplace_back("debt_to_income");
    if (!payment.empty()) names.emplace_back("payment_to_income");
    if (!loan.empty()) names.emplace_back("loan_to_income");
    if (!loan.empty() && !value.empty()) names.emplace_back("loan_to_value");
    if (names.empty()) throw bad_input("name at least one of debt, payment and loan: with income alone there is no ratio");
    return names;
  }
  void transform(const Frame& frame, Out out) const {
    std::int64_t column = 0;
    const auto share = [&](std::size_t part, double factor, std::size_t whole) {
      const auto of = frame.numbers(part), to = frame.numbers(whole);
      for (std::int64_t r = 0; r < out.rows(); ++r) out(r, column) = ratio(factor * of[r], to[r]);
      ++column;
    };
    if (!debt.empty()) share(1, 1, 0);
    if (!payment.empty()) share(2, payments, 0);
    if (!loan.empty()) share(3, 1, 0);
    if (!loan.empty() && !value.empty()) share(3, 1, 4);
  }
};

struct Utilisation {
  std::vector<std::string> balances;
  std::string limit = "limit";

  static void params(Params<Utilisation>& p) {
    p.columns<&Utilisation::balances>("balances", "What was owed in each month, the newest first; a credit balance counts as nothing owed")
        .items(1, kMostMonths)
        .required();
    p.column<&Utilisation::limit>("limit", "The most that may be owed");
  }
  std::vector<std::string> outputs() const { return {"now", "mean", "max", "trend", "over_limit"}; }
  void transform(const Frame& frame, Out out) const {
    Months months(frame, 0, balances.size());
    const auto limits = frame.numbers(balances.size());
    std::vector<double> used(balances.size());
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      std::transform(months.of(r).begin(), months.of(r).end(), used.begin(),
                     [&](double owed) { return ratio(owed < 0 ? 0 : owed, limits[r]); });
      put(out, r, {used[0], mean(used), extreme(used, 1), trend(used), count_if(used, above, 1)});
    }
  }
};

struct Delinquency {
  std::vector<std::string> statuses;
  double late_from = 1, severe_from = 3, half_life = 6;

  static void params(Params<Delinquency>& p) {
    p.columns<&Delinquency::statuses>("statuses", "Months late in each month, the newest first; what is below late_from is in time")
        .items(1, kMostMonths)
        .required();
    p.real<&Delinquency::late_from>("late_from", "From here on a status is late").range(-1e6, 1e6);
    p.real<&Delinquency::severe_from>("severe_from", "From here on it is severe: 3 months are the usual definition of default")
        .range(-1e6, 1e6);
    p.real<&Delinquency::half_life>("half_life", "Months after which a late one counts half, in `weighted`")
        .range(1e-3, 1e6)
        .unit("months");
  }
  std::vector<std::string> outputs() const { return {"now", "worst", "times", "severe", "since", "longest", "weighted", "trend"}; }

  void transform(const Frame& frame, Out out) const {
    Months months(frame, 0, statuses.size());
    std::vector<double> late(statuses.size());
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      std::transform(months.of(r).begin(), months.of(r).end(), late.begin(), [&](double s) { return s < late_from ? 0 : s; });
      const Spell spell = spell_of(late);
      put(out, r,
          {late[0], extreme(late, 1), count_if(late, above, 0), count_if(late, at_least, std::max(severe_from, late_from)), spell.since,
           spell.longest, weighted(late), trend(late)});
    }
  }

 private:
  struct Spell {
    double since = kMissing, longest = kMissing;
  };
  // Months since the last late one (0: this month; as many as there are columns where none was) and the longest unbroken run of late
  // months. A month that is missing breaks a run.
  static Spell spell_of(const std::vector<double>& late) {
    Spell spell;
    double run = 0;
    bool found = false;
    for (std::size_t i = 0; i < late.size(); ++i) {
      if (std::isnan(late[i])) {
        run = 0;
        continue;
      }
      const bool is_late = late[i] > 0;
      run = is_late ? run + 1 : 0;
      if (std::isnan(spell.longest)) spell = {static_cast<double>(late.size()), 0};
      if (is_late && !found) spell.since = static_cast<double>(i), found = true;
      spell.longest = std::max(spell.longest, run);
    }
    return spell;
  }
  double weighted(const std::vector<double>& late) const {  // mean of the months late, weights halving every half_life
    double sum = 0, total = 0;
    for (std::size_t i = 0; i < late.size(); ++i) {
      if (std::isnan(late[i])) continue;
      const double weight = std::exp2(-static_cast<double>(i) / half_life);
      sum += weight * late[i];
      total += weight;
    }
    return total > 0 ? sum / total : kMissing;
  }
};

struct Repayment {
  std::vector<std::string> payments, bills;

  static void params(Params<Repayment>& p) {
    p.columns<&Repayment::payments>("payments", "What was paid, the newest first").items(1, kMostMonths).required();
    p.columns<&Repayment::bills>("bills", "The bill that each of them answers").items(1, kMostMonths).required();
  }
  void configured() const {
    if (payments.size() != bills.size())
      throw bad_input("there are " + std::to_string(payments.size()) + " payments and " + std::to_string(bills.size()) +
                      " bills: name the bill that each payment answers");
  }
  std::vector<std::string> outputs() const { return {"now", "mean", "min", "full", "none"}; }
  void transform(const Frame& frame, Out out) const {
    Months paid(frame, 0, payments.size()), billed(frame, payments.size(), bills.size());
    std::vector<double> share(payments.size());
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      const std::vector<double>&p = paid.of(r), &b = billed.of(r);
      for (std::size_t i = 0; i < share.size(); ++i) share[i] = share_paid(p[i], b[i]);
      put(out, r, {share[0], mean(share), extreme(share, -1), count_if(share, at_least, 1), count_if(share, at_most, 0)});
    }
  }

 private:
  // Of the bill, between 0 and 1; a bill of nothing is paid.
  static double share_paid(double payment, double bill) {
    if (std::isnan(payment) || std::isnan(bill)) return kMissing;
    return bill > 0 ? std::clamp(payment / bill, 0.0, 1.0) : 1;
  }
};

}  // namespace
}  // namespace assay::features

using namespace assay::features;

ASSAY_PLUGIN(assay::feature<Affordability>("credit.affordability", "1.0.0",
                                           "Debt, payments and loan held against income, the loan against its security"),
             assay::feature<Utilisation>("credit.utilisation", "1.0.0",
                                         "How much of a limit is used: now, usually, at most, growing or falling"),
             assay::feature<Delinquency>("credit.delinquency", "1.0.0",
                                         "Months late: now, worst, how often, how long ago, how long on end"),
             assay::feature<Repayment>("credit.repayment", "1.0.0", "Which share of each bill was paid"))
