// Properties of the expression language on random panels: agreement with a naive reference, no look ahead, the same bits for any number of
// threads, and no drift.
#include <algorithm>
#include <cmath>

#include "pipeline/rolling.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/evaluated.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::check_same;
using planted::evaluated;
using planted::kMissing;

namespace {

using Values = std::vector<double>;
using Rows = std::vector<std::int64_t>;

// x and y without ties, k with many; both x and k with gaps. Entities lack days.
data::Frame random_panel(std::int64_t days, int entities, std::uint64_t seed) {
  const data::Frame frame = planted::panel(
      days, entities, seed, [seed](std::int64_t d, int e) { return (static_cast<std::uint64_t>(d * 7 + e) + seed) % 6 == 0; });
  Random random{SeedTree(seed)};
  Values k;
  std::vector<std::int32_t> group;
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    k.push_back(random.below(8) == 0 ? kMissing : static_cast<double>(random.below(4)));
    group.push_back(static_cast<std::int32_t>(random.below(2)));
  }
  return frame.with({data::Column::of_reals("k", k), data::Column::of_codes("group", group, {"a", "b"})});
}
// Each entity's rows, cut where `every` rows have passed.
std::vector<Rows> runs_of(const data::Frame& frame, std::int64_t every, std::vector<std::int32_t>& segments) {
  std::vector<Rows> runs;
  segments.assign(frame.rows(), 0);
  for (std::size_t e = 0; e < frame.entity_count(); ++e) {
    std::int64_t position = 0;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(e))) {
      if (position++ % every == 0) runs.emplace_back();
      runs.back().push_back(row);
      segments[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(runs.size());
    }
  }
  return runs;
}

double number(double value) { return std::isfinite(value) ? value : kMissing; }

// A second implementation, as plain as can be: row by row, over the tree, each window computed anew from its definition.
class Naive {
 public:
  Naive(const data::Frame& frame, const std::vector<Rows>& runs) : frame_(frame), runs_(runs) {}

  double at(const Ast& ast, std::int64_t row) const {
    if (ast.kind == Ast::Kind::number) return ast.number;
    if (ast.kind == Ast::Kind::name) return frame_.at(ast.text).number(static_cast<std::size_t>(row));
    const auto x = [&](std::size_t i) { return at(ast.arguments[i], row); };
    switch (ast.op) {
      case Op::add:
        return number(x(0) + x(1));
      case Op::subtract:
        return number(x(0) - x(1));
      case Op::multiply:
        return number(x(0) * x(1));
      case Op::divide:
        return number(x(0) / x(1));
      case Op::negate:
        return -x(0);
      case Op::abs:
        return std::fabs(x(0));
      case Op::greater:
        return std::isnan(x(0)) || std::isnan(x(1)) ? kMissing : x(0) > x(1) ? 1.0 : 0.0;
      case Op::choose:
        return std::isnan(x(0)) ? kMissing : x(0) != 0 ? x(1) : x(2);
      case Op::lag:
        return shifted(ast, row, -static_cast<std::int64_t>(ast.arguments[1].number));
      case Op::lead:
        return shifted(ast, row, static_cast<std::int64_t>(ast.arguments[1].number));
      default:
        return operator_of(ast.op).family == Family::cross_section ? across(ast, row) : window(ast, row);
    }
  }

 private:
  std::pair<const Rows*, std::int64_t> place(std::int64_t row) const {
    for (const Rows& rows : runs_) {
      const auto found = std::find(rows.begin(), rows.end(), row);
      if (found != rows.end()) return {&rows, found - rows.begin()};
    }
    FAIL("a row of no run");
    return {nullptr, 0};
  }
  double shifted(const Ast& ast, std::int64_t row, std::int64_t by) const {
    const auto [rows, i] = place(row);
    const std::int64_t from = i + by;
    if (from < 0 || from >= static_cast<std::int64_t>(rows->size())) return kMissing;
    return at(ast.arguments[0], (*rows)[static_cast<std::size_t>(from)]);
  }

  static double mean(const Values& v) {
    double sum = 0;
    for (const double a : v) sum += a;
    return sum / static_cast<double>(v.size());
  }
  // Of distances from the mean; equal values have none.
  static double moment(const Values& v, int power) {
    if (std::all_of(v.begin(), v.end(), [&](double a) { return a == v[0]; })) return 0;
    double sum = 0;
    for (const double a : v) sum += std::pow(a - mean(v), power);
    return sum;
  }
  static double together(const Values& v, const Values& w) {
    double sum = 0;
    for (std::size_t i = 0; i < v.size(); ++i) sum += (v[i] - mean(v)) * (w[i] - mean(w));
    return sum;
  }
  static double rank(const Values& v, double present) {
    double less = 0, equal = 0;
    for (const double a : v) {
      less += a < present ? 1 : 0;
      equal += a == present ? 1 : 0;
    }
    return less + (equal + 1) / 2;
  }
  static double quantile(Values v, double q) {
    std::sort(v.begin(), v.end());
    const double at = q * static_cast<double>(v.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    return v[low] + (v[std::min(low + 1, v.size() - 1)] - v[low]) * (at - std::floor(at));
  }

  double window(const Ast& ast, std::int64_t row) const {
    const auto [rows, i] = place(row);
    const Operator& entry = operator_of(ast.op);
    auto argument = static_cast<std::size_t>(entry.values);
    const auto n = static_cast<std::int64_t>(ast.arguments[argument++].number);
    const double share = ast.op == Op::quantile ? ast.arguments[argument++].number : 0.5;
    const double wanted = ast.arguments.size() > argument ? ast.arguments[argument].number : static_cast<double>(n);
    const bool fading = ast.op == Op::ewm_mean || ast.op == Op::ewm_std;
    Values v, w, age;  // of the values that are present
    for (std::int64_t k = fading ? 0 : std::max<std::int64_t>(0, i - n + 1); k <= i; ++k) {
      const double x = at(ast.arguments[0], (*rows)[static_cast<std::size_t>(k)]);
      const double y = entry.values > 1 ? at(ast.arguments[1], (*rows)[static_cast<std::size_t>(k)]) : 0;
      if (std::isnan(x) || std::isnan(y)) continue;
      v.push_back(x);
      w.push_back(y);
      age.push_back(static_cast<double>(i - k));
    }
    if (ast.op == Op::count) return static_cast<double>(v.size());
    if (static_cast<double>(v.size()) < std::max(wanted, static_cast<double>(entry.least))) return kMissing;
    if (fading) return faded(ast.op, n, v, age);
    if (ast.op == Op::rank) {
      const double present = at(ast.arguments[0], row);
      return std::isnan(present) ? kMissing : rank(v, present) / static_cast<double>(v.size());
    }
    return number(of_values(ast.op, v, w, age, share, static_cast<double>(n)));
  }
  static double of_values(Op op, const Values& v, const Values& w, const Values& age, double share, double rows) {
    const double n = static_cast<double>(v.size());
    switch (op) {
      case Op::sum:
        return mean(v) * n;
      case Op::mean:
        return mean(v);
      case Op::min:
        return *std::min_element(v.begin(), v.end());
      case Op::max:
        return *std::max_element(v.begin(), v.end());
      case Op::argmin:
      case Op::argmax: {
        std::size_t best = 0;
        for (std::size_t i = 0; i < v.size(); ++i) {
          if (op == Op::argmin ? v[i] <= v[best] : v[i] >= v[best]) best = i;
        }
        return age[best];
      }
      case Op::median:
      case Op::quantile:
        return quantile(v, share);
      case Op::var:
        return moment(v, 2) / (n - 1);
      case Op::std_dev:
        return std::sqrt(moment(v, 2) / (n - 1));
      case Op::skew:
        return std::sqrt(n * (n - 1)) / (n - 2) * (moment(v, 3) / n) / std::pow(moment(v, 2) / n, 1.5);
      case Op::kurt:
        return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (n * moment(v, 4) / std::pow(moment(v, 2), 2) - 3) + 6);
      case Op::cov:
        return together(v, w) / (n - 1);
      case Op::corr:
        return moment(v, 2) == 0 || moment(w, 2) == 0 ? kMissing : together(v, w) / std::sqrt(moment(v, 2) * moment(w, 2));
      case Op::slope:
        return -together(v, age) / moment(age, 2);
      case Op::r2:
        return moment(v, 2) == 0 ? kMissing : std::pow(together(v, age), 2) / (moment(v, 2) * moment(age, 2));
      case Op::decay_linear: {
        double sum = 0, weights = 0;
        for (std::size_t i = 0; i < v.size(); ++i) {
          sum += (rows - age[i]) * v[i];
          weights += rows - age[i];
        }
        return sum / weights;
      }
      default:
        FAIL("a function that the reference lacks");
        return 0;
    }
  }
  static double faded(Op op, std::int64_t n, const Values& v, const Values& age) {
    const double keep = 1 - 2 / (static_cast<double>(n) + 1);
    double weights = 0, squared_weights = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const double weight = std::pow(keep, age[i]);
      weights += weight;
      squared_weights += weight * weight;
      sum += weight * v[i];
    }
    if (op == Op::ewm_mean) return sum / weights;
    for (std::size_t i = 0; i < v.size(); ++i) squares += std::pow(keep, age[i]) * std::pow(v[i] - sum / weights, 2);
    return number(std::sqrt(squares / weights / (1 - squared_weights / (weights * weights))));
  }

  double across(const Ast& ast, std::int64_t row) const {
    const double present = at(ast.arguments[0], row);
    const bool grouped = ast.op == Op::cs_neutralize;
    Values v;
    for (std::size_t other = 0; other < frame_.rows(); ++other) {
      if (frame_.known_at()[other] != frame_.known_at()[static_cast<std::size_t>(row)]) continue;
      if (grouped && at(ast.arguments[1], static_cast<std::int64_t>(other)) != at(ast.arguments[1], row)) continue;
      const double x = at(ast.arguments[0], static_cast<std::int64_t>(other));
      if (!std::isnan(x)) v.push_back(x);
    }
    if (std::isnan(present)) return kMissing;
    const double n = static_cast<double>(v.size());
    switch (ast.op) {
      case Op::cs_rank:
        return rank(v, present) / n;
      case Op::cs_quantile:
        return std::floor((rank(v, present) - 0.5) / n * ast.arguments[1].number) + 1;
      case Op::cs_zscore:
        return number((present - mean(v)) / std::sqrt(moment(v, 2) / (n - 1)));
      default:
        return present - mean(v);
    }
  }

  const data::Frame& frame_;
  const std::vector<Rows>& runs_;
};

// Expressions at random. Functions that jump, and those that divide by a spread, are given values that both implementations know to the
// last bit: there is no right answer for the rank among values that are equal but for rounding.
class Author {
 public:
  Author(std::uint64_t seed, bool panel) : random_(SeedTree(seed)), panel_(panel) {}

  std::string smooth(int depth) {
    if (depth == 0) return leaf();
    const auto inner = [&] { return smooth(depth - 1); };
    switch (random_.below(panel_ ? 12 : 10)) {
      case 0:
        return "(" + inner() + " + " + inner() + ")";
      case 1:
        return "(" + inner() + " - " + inner() + ")";
      case 2:
        return "(" + inner() + " * " + inner() + ")";
      case 3:
        return "(" + inner() + " / " + exact(depth - 1) + ")";
      case 4:
        return "if(" + exact(depth - 1) + " > " + exact(depth - 1) + ", " + inner() + ", -abs(" + inner() + "))";
      case 5:
        return one_of({"lag", "lead"}) + "(" + inner() + ", " + digit(0, 4) + ")";
      case 6:
      case 7:
        return windowed(one_of({"mean", "sum", "min", "max", "median", "quantile", "decay_linear", "ewm_mean"}), inner(), "");
      case 8:
      case 9: {
        const std::string name =
            one_of({"std", "var", "skew", "kurt", "corr", "cov", "slope", "r2", "ewm_std", "rank", "argmin", "argmax"});
        return windowed(name, exact(depth - 1), name == "corr" || name == "cov" ? exact(depth - 1) + ", " : "");
      }
      case 10:
        return "cs_demean(" + inner() + ")";
      default: {
        const std::string name = one_of({"cs_rank", "cs_zscore", "cs_quantile", "cs_neutralize"});
        return name + "(" + exact(depth - 1) + (name == "cs_quantile" ? ", 3)" : name == "cs_neutralize" ? ", group)" : ")");
      }
    }
  }

 private:
  std::string digit(std::uint64_t low, std::uint64_t n) { return std::to_string(low + random_.below(n)); }
  std::string one_of(std::vector<const char*> names) { return names[random_.below(names.size())]; }
  std::string leaf() { return random_.below(5) == 0 ? digit(1, 5) : one_of({"x", "y", "k"}); }
  std::string exact(int depth) {
    if (depth <= 0) return one_of({"x", "y", "k"});
    switch (random_.below(4)) {
      case 0:
        return "lag(" + exact(depth - 1) + ", " + digit(0, 3) + ")";
      case 1:
        return windowed(one_of({"min", "max"}), exact(depth - 1), "");
      case 2:
        return "-abs(" + exact(depth - 1) + ")";
      default:
        return one_of({"x", "y", "k"});
    }
  }
  std::string windowed(const std::string& name, const std::string& x, const std::string& y) {
    const std::uint64_t n = 4 + random_.below(6);
    return name + "(" + x + ", " + y + std::to_string(n) + (name == "quantile" ? ", 0." + digit(0, 9) : "") +
           (random_.below(3) == 0 ? ")" : ", " + std::to_string(1 + random_.below(n)) + ")");
  }
  Random random_;
  bool panel_;
};

// One call of each function that can be called with x, y and k.
std::vector<std::string> one_of_each() {
  std::vector<std::string> calls;
  for (const Operator& entry : operators()) {
    const std::string name(entry.name), more = entry.op == Op::quantile ? ", 0.3" : entry.op == Op::cs_quantile ? ", 3" : "";
    if (entry.op == Op::lead) continue;
    if (entry.family == Family::rolling)
      calls.push_back(name + "(x, " + (entry.values > 1 ? "k, " : "") + "7" + more + (entry.op == Op::count ? ")" : ", 4)"));
    if (entry.family == Family::cross_section) calls.push_back(name + "(x" + (entry.values > 1 ? ", k)" : more + ")"));
    if (entry.family == Family::calendar) calls.push_back(name + "()");
    if (entry.family == Family::shift) calls.push_back(name + "(x, 3)");
  }
  calls.emplace_back("cs_rank(ewm_mean(rank(x, 30, 10), 5, 1)) + std(cs_zscore(x), 6, 3)");
  calls.emplace_back("if(x > lag(x, 1), log(abs(x)), sign(k))");
  return calls;
}

}  // namespace

TEST_CASE("nested expressions agree with a naive reference on random panels with gaps, ties and segments") {
  std::size_t compared = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    const int entities = 1 + static_cast<int>(trial % 3);
    const data::Frame frame = random_panel(16, entities, trial);
    std::vector<std::int32_t> segments;
    const std::vector<Rows> runs = runs_of(frame, trial % 2 == 0 ? 1000 : 7, segments);
    const std::string text = Author(trial, entities > 1).smooth(3);
    INFO(trial << ": " << text);
    const Ast ast = parse_expression(text, Use::target);
    const Naive naive(frame, runs);
    const Values got = evaluated(frame, text, Use::target, trial % 2 == 0 ? std::span<const std::int32_t>() : segments);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double wanted = naive.at(ast, static_cast<std::int64_t>(i));
      INFO("row " << i << " got " << got[i] << " wanted " << wanted);
      if (std::fabs(wanted) > 1e8) continue;  // a quotient by what is zero but for rounding has no right answer
      REQUIRE(std::isnan(got[i]) == std::isnan(wanted));
      if (std::isnan(wanted)) continue;
      REQUIRE(std::fabs(got[i] - wanted) <= 1e-7 * std::max(1.0, std::fabs(wanted)));
      ++compared;
    }
  }
  CHECK(compared > 3000);
}

TEST_CASE("long windows of order agree with sorting each window") {
  Random random(SeedTree(11));
  Values x(10'000);
  for (double& v : x)
    v = random.below(9) == 0 ? kMissing : random.below(3) == 0 ? static_cast<double>(random.below(50)) : 20 * random.uniform();
  for (const std::int64_t n : {1, 2, 900, 4095, 4096, 4097, 9999, 20'000}) {
    for (const Op op : {Op::median, Op::quantile, Op::rank}) {
      Values got(x.size());
      rolling({op, n, 1, 0.13}, x, {}, got);
      for (std::size_t i = 0; i < x.size(); i += 211) {
        Values v;
        for (std::size_t k = i + 1 < static_cast<std::size_t>(n) ? 0 : i + 1 - static_cast<std::size_t>(n); k <= i; ++k) {
          if (!std::isnan(x[k])) v.push_back(x[k]);
        }
        std::sort(v.begin(), v.end());
        double wanted = kMissing;
        if (op == Op::rank && !std::isnan(x[i])) {
          const auto [low, high] = std::equal_range(v.begin(), v.end(), x[i]);
          wanted = (static_cast<double>(low - v.begin()) + static_cast<double>(high - v.begin()) + 1) / 2 / static_cast<double>(v.size());
        } else if (op != Op::rank && !v.empty()) {
          const double at = (op == Op::median ? 0.5 : 0.13) * static_cast<double>(v.size() - 1);
          const auto low = static_cast<std::size_t>(at);
          wanted = v[low] + (v[std::min(low + 1, v.size() - 1)] - v[low]) * (at - static_cast<double>(low));
        }
        INFO("window " << n << ", row " << i);
        CHECK(std::isnan(got[i]) == std::isnan(wanted));
        if (!std::isnan(wanted)) CHECK(got[i] == Approx(wanted).epsilon(1e-14));
      }
    }
  }
}

TEST_CASE("cutting off the future or changing it changes no earlier value of any function, bit for bit") {
  const data::Frame whole = random_panel(60, 3, 4);
  const auto day = [](const data::Frame& frame, std::size_t row) { return frame.known_at()[row] / kNsPerDay; };
  for (const std::int64_t cut : {1, 7, 13, 41}) {
    Rows kept;
    Values changed(whole.at("x").reals().begin(), whole.at("x").reals().end());
    for (std::size_t i = 0; i < whole.rows(); ++i) {
      if (day(whole, i) < cut)
        kept.push_back(static_cast<std::int64_t>(i));
      else
        changed[i] = i % 3 == 0 ? kMissing : 1e6 - changed[i];
    }
    const data::Frame part = whole.taken(kept);
    const std::vector<std::string> names = {"x"};
    const data::Frame other = whole.without(names).with({data::Column::of_reals("x", changed)});
    for (const std::string& text : one_of_each()) {
      INFO(text << " cut at " << cut);
      const Values before = evaluated(whole, text, Use::feature);
      check_same(evaluated(part, text, Use::feature), before, kept.size());
      check_same(evaluated(other, text, Use::feature), before, kept.size());
    }
  }
}

TEST_CASE("any number of threads gives the same bits") {
  const data::Frame frame = random_panel(2500, 90, 6);  // several blocks of entities
  REQUIRE(frame.rows() > 2 * 80'000);
  for (const char* text :
       {"cs_rank(ewm_mean(rank(x, 30, 10), 5, 1)) + std(cs_zscore(x), 6, 3)", "corr(x, k, 9, 4) * quantile(x, 9, 0.3, 2)"}) {
    const Values one = evaluated(frame, text, Use::feature);
    check_same(evaluated(frame, text, Use::feature, {}, 3), one, one.size());
  }
}

TEST_CASE("a million rows far from zero do not drift") {
  const std::size_t size = 1'000'000;
  Random random(SeedTree(21));
  Values x(size), y(size), got(size);
  for (std::size_t i = 0; i < size; ++i) {
    x[i] = 1e8 + random.normal();
    y[i] = -3e7 + 0.5 * (x[i] - 1e8) + random.normal();
  }
  const std::int64_t n = 60;
  for (const Op op : {Op::mean, Op::var, Op::skew, Op::kurt, Op::corr, Op::cov, Op::slope, Op::decay_linear}) {
    rolling({op, n, n}, x, y, got);
    for (std::size_t i = size - 1; i > size - 20'000; i -= 977) {
      // Each window anew, in 64 bits, from the values less their offsets, which are exact.
      const auto x_of = [&](std::size_t k) { return static_cast<long double>(x[k] - 1e8); };
      const auto y_of = [&](std::size_t k) { return static_cast<long double>(y[k] + 3e7); };
      const auto age = [&](std::size_t k) { return static_cast<long double>(i - k); };
      long double mean_x = 0, mean_y = 0, weighted = 0;
      for (std::size_t k = i + 1 - n; k <= i; ++k) {
        mean_x += x_of(k) / n;
        mean_y += y_of(k) / n;
        weighted += x_of(k) * (n - age(k));
      }
      long double xx = 0, yy = 0, xy = 0, xt = 0, tt = 0, third = 0, fourth = 0;
      for (std::size_t k = i + 1 - n; k <= i; ++k) {
        const long double dx = x_of(k) - mean_x, dy = y_of(k) - mean_y, t = (n - 1) / 2.0L - age(k);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
        xt += dx * t;
        tt += t * t;
        third += dx * dx * dx;
        fourth += dx * dx * dx * dx;
      }
      const long double c = n;
      long double wanted = 0;
      if (op == Op::mean) wanted = 1e8L + mean_x;
      if (op == Op::var) wanted = xx / (c - 1);
      if (op == Op::cov) wanted = xy / (c - 1);
      if (op == Op::corr) wanted = xy / sqrtl(xx * yy);
      if (op == Op::slope) wanted = xt / tt;
      if (op == Op::decay_linear) wanted = 1e8L + weighted / (c * (c + 1) / 2);
      if (op == Op::skew) wanted = c * sqrtl(c - 1) / (c - 2) * third / (xx * sqrtl(xx));
      if (op == Op::kurt) wanted = (c - 1) / ((c - 2) * (c - 3)) * ((c + 1) * (c * fourth / (xx * xx) - 3) + 6);
      INFO("operator " << operator_of(op).name << " row " << i);
      const double exact = static_cast<double>(wanted);
      CHECK(std::fabs(got[i] - exact) <= 1e-12 * std::max(1.0, std::fabs(exact)));
    }
  }
}
