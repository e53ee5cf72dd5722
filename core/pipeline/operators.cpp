// The one table of operators: the parser, the plan and the reference page read it.
#include <algorithm>
#include <array>

#include "pipeline/expression.hpp"

namespace assay::pipeline {

namespace {
constexpr std::array kOperators{
    Operator{Op::add, Family::arithmetic, "+", "a + b", 2, 2, "Sum"},
    Operator{Op::subtract, Family::arithmetic, "-", "a - b", 2, 2, "Difference"},
    Operator{Op::multiply, Family::arithmetic, "*", "a * b", 2, 2, "Product"},
    Operator{Op::divide, Family::arithmetic, "/", "a / b", 2, 2, "Quotient; missing where b is 0"},
    Operator{Op::modulo, Family::arithmetic, "%", "a % b", 2, 2, "Remainder with the sign of b; missing where b is 0"},
    Operator{Op::negate, Family::arithmetic, "-", "-a", 1, 1, "The opposite number"},
    Operator{Op::equal, Family::comparison, "==", "a == b", 2, 2, "Equal; categories compare by their text"},
    Operator{Op::not_equal, Family::comparison, "!=", "a != b", 2, 2, "Not equal"},
    Operator{Op::less, Family::comparison, "<", "a < b", 2, 2, "Less"},
    Operator{Op::less_equal, Family::comparison, "<=", "a <= b", 2, 2, "Less or equal"},
    Operator{Op::greater, Family::comparison, ">", "a > b", 2, 2, "Greater"},
    Operator{Op::greater_equal, Family::comparison, ">=", "a >= b", 2, 2, "Greater or equal"},
    Operator{Op::logical_and, Family::logic, "and", "a and b", 2, 2, "Both; also written &&. false and missing is false"},
    Operator{Op::logical_or, Family::logic, "or", "a or b", 2, 2, "Either; also written ||. true or missing is true"},
    Operator{Op::logical_not, Family::logic, "not", "not a", 1, 1, "The opposite; also written !"},
    Operator{Op::choose, Family::choice, "if", "if(condition, a, b)", 3, 3,
             "a where the condition holds, else b; missing where it is missing"},
    Operator{Op::log, Family::elementwise, "log", "log(x)", 1, 1, "Natural logarithm; missing where x <= 0"},
    Operator{Op::exp, Family::elementwise, "exp", "exp(x)", 1, 1, "Exponential; missing where it overflows"},
    Operator{Op::abs, Family::elementwise, "abs", "abs(x)", 1, 1, "Absolute value"},
    Operator{Op::sqrt, Family::elementwise, "sqrt", "sqrt(x)", 1, 1, "Square root; missing where x < 0"},
    Operator{Op::sign, Family::elementwise, "sign", "sign(x)", 1, 1, "-1, 0 or 1"},
    Operator{Op::pow, Family::elementwise, "pow", "pow(x, y)", 2, 2, "x to the power of y; missing where it is not a finite real number"},
    Operator{Op::clip, Family::elementwise, "clip", "clip(x, low, high)", 3, 3, "x held within low..high; missing where low > high"},
    Operator{Op::least, Family::elementwise, "least", "least(a, b, ...)", 2, 64, "The least of the values; missing where one is"},
    Operator{Op::greatest, Family::elementwise, "greatest", "greatest(a, b, ...)", 2, 64,
             "The greatest of the values; missing where one is"},
    Operator{Op::lag, Family::shift, "lag", "lag(x, n)", 2, 2, "x of n rows before, within the entity"},
    Operator{Op::lead, Family::shift, "lead", "lead(x, n)", 2, 2, "x of n rows after, within the entity; in target.expr only"},
    Operator{Op::mean, Family::rolling, "mean", "mean(x, n, min_count = n)", 2, 3, "Mean of the last n rows"},
    Operator{Op::std_dev, Family::rolling, "std", "std(x, n, min_count = n)", 2, 3,
             "Standard deviation of the last n rows, divided by count - 1"},
    Operator{Op::var, Family::rolling, "var", "var(x, n, min_count = n)", 2, 3, "Variance of the last n rows, divided by count - 1"},
    Operator{Op::sum, Family::rolling, "sum", "sum(x, n, min_count = n)", 2, 3, "Sum of the last n rows"},
    Operator{Op::min, Family::rolling, "min", "min(x, n, min_count = n)", 2, 3, "Least of the last n rows"},
    Operator{Op::max, Family::rolling, "max", "max(x, n, min_count = n)", 2, 3, "Greatest of the last n rows"},
};
}  // namespace

std::span<const Operator> operators() { return kOperators; }

const Operator* find_function(std::string_view name) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](const Operator& entry) { return entry.family >= Family::choice && entry.name == name; });
  return found == kOperators.end() ? nullptr : &*found;
}

const char* to_text(ValueType type) {
  switch (type) {
    case ValueType::number:
      return "a number";
    case ValueType::boolean:
      return "a condition";
    case ValueType::category:
      return "a category";
    case ValueType::time:
      return "a time";
    case ValueType::text:
      return "text";
  }
  return "?";
}

ExpressionError::ExpressionError(const std::string& message, std::string mend, std::int64_t offset, std::int64_t length)
    : std::runtime_error(message), mend_(std::move(mend)), offset_(offset), length_(length < 1 ? 1 : length) {}

}  // namespace assay::pipeline
