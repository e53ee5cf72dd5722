// Steps that change the shape of a distribution: power, quantile_normal. ONNX has neither expm1 nor the inverse of the normal distribution:
// expm1(u) = tanh(u / 2) (e^u + 1) loses nothing near 0, and the inverse is Wichura's rational approximation (AS 241, 1988), good to
// 1e-15.
#include <algorithm>
#include <array>
#include <limits>

#include "onnx/step_nodes.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::onnx {

namespace {

using pipeline::FittedColumn;

struct Nodes {
  GraphBuilder& g;
  std::string operator()(const char* operation, std::vector<std::string> inputs) const { return g.node(operation, std::move(inputs)); }
  std::string operator()(const char* operation, const std::string& value, double number) const {
    return g.node(operation, {value, g.number(number)});
  }
};

// (e^(power log) - 1) / power, and log where power is 0.
std::string raised(const Nodes& n, const std::string& log, const std::string& power, bool may_be_zero) {
  const std::string u = n("Mul", {log, power});
  const std::string less_one = n("Mul", {n("Tanh", {n("Mul", u, 0.5)}), n("Add", n("Exp", {u}), 1)});
  const std::string y = n("Div", {less_one, power});
  return may_be_zero ? n("Where", {n("Equal", power, 0), log, y}) : y;
}

// Highest power first.
template <std::size_t N>
std::string polynomial(const Nodes& n, const std::string& x, const std::array<double, N>& coefficients) {
  std::string sum = n("Add", n("Mul", x, coefficients[0]), coefficients[1]);
  for (std::size_t k = 2; k < N; ++k) sum = n("Add", n("Mul", {sum, x}), coefficients[k]);
  return sum;
}

// Of shares from 1e-7 to 1 - 1e-7: the two regions that hold them.
std::string normal_quantile(const Nodes& n, const std::string& share) {
  constexpr std::array<double, 8> kMiddleAbove = {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
                                                  4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
                                                  1.3314166789178437745e2, 3.3871328727963666080e0};
  constexpr std::array<double, 8> kMiddleBelow = {
      5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
      5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0};
  constexpr std::array<double, 8> kTailAbove = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                                                1.27045825245236838258e0,  3.64784832476320460504e0,  5.76949722146069140550e0,
                                                4.63033784615654529590e0,  1.42343711074968357734e0};
  constexpr std::array<double, 8> kTailBelow = {
      1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940e0,  2.05319162663775882187e0,  1.0};
  const std::string off = n("Sub", share, 0.5);
  const std::string r = n("Sub", {n.g.number(0.180625), n("Mul", {off, off})});
  const std::string middle = n("Mul", {off, n("Div", {polynomial(n, r, kMiddleAbove), polynomial(n, r, kMiddleBelow)})});
  const std::string edge = n("Sub", {n.g.number(0.5), n("Abs", {off})});
  const std::string t = n("Sub", n("Sqrt", {n("Neg", {n("Log", {edge})})}), 1.6);
  const std::string tail = n("Mul", {n("Sign", {off}), n("Div", {polynomial(n, t, kTailAbove), polynomial(n, t, kTailBelow)})});
  return n("Where", {n("Greater", n("Abs", {off}), 0.425), tail, middle});
}

// The share of train values below x (rows x 1), as share_below() in pipeline/steps_shape.cpp has it.
std::string share_below(const Nodes& n, const std::string& x, const std::vector<double>& knots) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double last = static_cast<double>(knots.size() - 1);
  const std::string q = n.g.numbers(knots), smaller = n("Less", {q, x}), reached = n("Not", {n("Less", {x, q})});
  const config::Map along = {{"axes", config::Value{config::List{config::Value{std::int64_t{-1}}}}},
                             {"keepdims", config::Value{std::int64_t{1}}}};
  const auto count = [&](const std::string& which) {
    return n.g.node("ReduceSum", {n.g.cast(which, ASSAY_F64), n.g.indices({-1})}, {{"keepdims", config::Value{std::int64_t{1}}}});
  };
  const std::string first = count(smaller), past = count(reached);
  const std::string below = n.g.node("ReduceMax", {n("Where", {smaller, q, n.g.number(-kInfinity)})}, along);
  const std::string above = n.g.node("ReduceMin", {n("Where", {smaller, n.g.number(kInfinity), q})}, along);
  const std::string between = n("Add", {n("Sub", first, 1), n("Div", {n("Sub", {x, below}), n("Sub", {above, below})})});
  const std::string equal = n("Mul", n("Sub", n("Add", {first, past}), 1), 0.5);
  std::string place = n("Where", {n("Equal", {first, past}), between, equal});
  place = n("Where", {n("Equal", past, 0), n.g.number(0), place});
  place = n("Where", {n("Greater", first, last), n.g.number(last), place});
  return n("Div", place, last);
}

}  // namespace

void add_power(StepWork& work) {
  const Nodes n{work.g};
  const std::vector<std::int64_t> where = work.places();
  std::vector<double> lambda, least;
  for (const FittedColumn& column : work.step.columns) {
    lambda.push_back(column.learned[0]);
    least.push_back(column.learned[1]);
  }
  const auto has = [&](double value) { return std::find(lambda.begin(), lambda.end(), value) != lambda.end(); };
  const std::string x = work.g.columns(work.x, where), power = work.g.numbers(lambda);
  if (pipeline::text_param(work.step.how, "method") == "box_cox") {
    const std::string low = work.g.numbers(least);
    const std::string log = n("Log", {n("Where", {n("Less", {x, low}), low, x})});
    return work.put_back(raised(n, log, power, has(0)), where);
  }
  const std::string negative = n("Less", x, 0), other = n("Sub", {work.g.number(2), power});
  const std::string log = n("Log", {n("Add", n("Abs", {x}), 1)});
  const std::string y = raised(n, log, n("Where", {negative, other, power}), has(0) || has(2));
  work.put_back(n("Where", {negative, n("Neg", {y}), y}), where);
}

void add_quantile_normal(StepWork& work) {
  constexpr double kEdge = 1e-7;
  const Nodes n{work.g};
  std::vector<std::int64_t> where;
  std::vector<std::string> shares;
  for (const FittedColumn& column : work.step.columns) {
    if (column.learned.empty()) continue;
    where.push_back(work.place_of(column.name));
    shares.push_back(share_below(n, work.g.columns(work.x, {where.back()}), column.learned));
  }
  if (where.empty()) return;
  const std::string share = work.g.beside(shares), x = work.g.columns(work.x, where);
  const std::string low = n("Where", {n("Less", share, kEdge), work.g.number(kEdge), share});
  const std::string inside = n("Where", {n("Greater", low, 1 - kEdge), work.g.number(1 - kEdge), low});
  work.put_back(n("Where", {n("IsNaN", {x}), x, normal_quantile(n, inside)}), where);
}

}  // namespace assay::onnx
