// The one table of operators: the parser, the plan and the reference page read it.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
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
    Operator{Op::logical_and, Family::logic, "and", "a and b", 2, 2, "Both; false and missing is false"},
    Operator{Op::logical_or, Family::logic, "or", "a or b", 2, 2, "Either; true or missing is true"},
    Operator{Op::logical_not, Family::logic, "not", "not a", 1, 1, "The opposite"},
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
    Operator{Op::year, Family::calendar, "year", "year(t)", 0, 1, "Year"},
    Operator{Op::quarter, Family::calendar, "quarter", "quarter(t)", 0, 1, "1 to 4"},
    Operator{Op::month, Family::calendar, "month", "month(t)", 0, 1, "1 to 12"},
    Operator{Op::week, Family::calendar, "week", "week(t)", 0, 1,
             "1 to 53, as ISO 8601 counts weeks: from Monday on, week 1 holds 4 January"},
    Operator{Op::day_of_year, Family::calendar, "day_of_year", "day_of_year(t)", 0, 1, "1 to 366"},
    Operator{Op::day, Family::calendar, "day", "day(t)", 0, 1, "Day of the month, 1 to 31"},
    Operator{Op::weekday, Family::calendar, "weekday", "weekday(t)", 0, 1, "1 (Monday) to 7 (Sunday)"},
    Operator{Op::hour, Family::calendar, "hour", "hour(t)", 0, 1, "0 to 23"},
    Operator{Op::minute, Family::calendar, "minute", "minute(t)", 0, 1, "0 to 59"},
    Operator{Op::lag, Family::shift, "lag", "lag(x, n)", 2, 2, "x of n rows before, within the entity"},
    Operator{Op::lead, Family::shift, "lead", "lead(x, n)", 2, 2, "x of n rows after, within the entity; in target.expr only"},
    Operator{Op::mean, Family::rolling, "mean", "mean(x, n, min_count = n)", 2, 3, "Mean of the last n rows"},
    Operator{Op::std_dev, Family::rolling, "std", "std(x, n, min_count = n)", 2, 3,
             "Standard deviation of the last n rows, divided by count - 1", 1, 2},
    Operator{Op::var, Family::rolling, "var", "var(x, n, min_count = n)", 2, 3, "Variance of the last n rows, divided by count - 1", 1, 2},
    Operator{Op::sum, Family::rolling, "sum", "sum(x, n, min_count = n)", 2, 3, "Sum of the last n rows"},
    Operator{Op::min, Family::rolling, "min", "min(x, n, min_count = n)", 2, 3, "Least of the last n rows"},
    Operator{Op::max, Family::rolling, "max", "max(x, n, min_count = n)", 2, 3, "Greatest of the last n rows"},
    Operator{Op::argmin, Family::rolling, "argmin", "argmin(x, n, min_count = n)", 2, 3,
             "How many rows ago the least of the last n rows stood, 0 to n - 1; the latest of equals"},
    Operator{Op::argmax, Family::rolling, "argmax", "argmax(x, n, min_count = n)", 2, 3,
             "How many rows ago the greatest of the last n rows stood, 0 to n - 1; the latest of equals"},
    Operator{Op::count, Family::rolling, "count", "count(x, n)", 2, 2, "Values present in the last n rows; never missing"},
    Operator{Op::median, Family::rolling, "median", "median(x, n, min_count = n)", 2, 3, "Median of the last n rows"},
    Operator{Op::quantile, Family::rolling, "quantile", "quantile(x, n, q, min_count = n)", 3, 4,
             "Quantile of the last n rows, q within 0 and 1, interpolated linearly"},
    Operator{Op::rank, Family::rolling, "rank", "rank(x, n, min_count = n)", 2, 3,
             "Rank of the present value among the last n rows, divided by their count: 1 is the greatest; ties share their mean rank"},
    Operator{Op::skew, Family::rolling, "skew", "skew(x, n, min_count = n)", 2, 3, "Skewness of the last n rows, corrected for bias", 1, 3},
    Operator{Op::kurt, Family::rolling, "kurt", "kurt(x, n, min_count = n)", 2, 3, "Excess kurtosis of the last n rows, corrected for bias",
             1, 4},
    Operator{Op::corr, Family::rolling, "corr", "corr(x, y, n, min_count = n)", 3, 4,
             "Correlation (Pearson) of the last n rows where both are present", 2, 2},
    Operator{Op::cov, Family::rolling, "cov", "cov(x, y, n, min_count = n)", 3, 4,
             "Covariance of the last n rows where both are present, divided by count - 1", 2, 2},
    Operator{Op::slope, Family::rolling, "slope", "slope(x, n, min_count = n)", 2, 3,
             "Slope of the line fitted through the last n rows, per row", 1, 2},
    Operator{Op::r2, Family::rolling, "r2", "r2(x, n, min_count = n)", 2, 3, "Share of the variance that this line explains, 0 to 1", 1, 2},
    Operator{Op::ewm_mean, Family::rolling, "ewm_mean", "ewm_mean(x, n, min_count = n)", 2, 3,
             "Exponentially weighted mean with alpha = 2 / (n + 1) over all rows so far; min_count values must be present in these"},
    Operator{Op::ewm_std, Family::rolling, "ewm_std", "ewm_std(x, n, min_count = n)", 2, 3,
             "Standard deviation with these weights, corrected for bias", 1, 2},
    Operator{Op::decay_linear, Family::rolling, "decay_linear", "decay_linear(x, n, min_count = n)", 2, 3,
             "Mean of the last n rows with weights n (the present one), n - 1, ..., 1"},
    Operator{Op::cs_rank, Family::cross_section, "cs_rank", "cs_rank(x)", 1, 1,
             "Rank among the entities at this time, divided by their count: 1 is the greatest; ties share their mean rank"},
    Operator{Op::cs_zscore, Family::cross_section, "cs_zscore", "cs_zscore(x)", 1, 1,
             "Distance from the entities' mean in their standard deviations"},
    Operator{Op::cs_demean, Family::cross_section, "cs_demean", "cs_demean(x)", 1, 1, "Distance from the entities' mean"},
    Operator{Op::cs_quantile, Family::cross_section, "cs_quantile", "cs_quantile(x, n)", 2, 2,
             "Which of n groups of equal size by rank: 1 (least) to n; ties share a group"},
    Operator{Op::cs_neutralize, Family::cross_section, "cs_neutralize", "cs_neutralize(x, by)", 2, 2,
             "What `by` does not explain at this time: the distance from the mean of the entities of one category, or from the line fitted "
             "on a number",
             2},
};
}  // namespace

std::span<const Operator> operators() { return kOperators; }

const Operator* find_function(std::string_view name) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](const Operator& entry) { return entry.family >= Family::choice && entry.name == name; });
  return found == kOperators.end() ? nullptr : &*found;
}

const Operator& operator_of(Op op) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(), [&](const Operator& entry) { return entry.op == op; });
  ASSAY_CHECK(found != kOperators.end(), "an operator is not in the table");
  return *found;
}

namespace {
struct Chapter {
  Family family;
  const char* text;
};
constexpr Chapter kChapters[] = {
    {Family::arithmetic, "Arithmetic"},
    {Family::comparison, "Comparison"},
    {Family::logic, "Logic (the signs of C are understood too)"},
    {Family::choice, "Choice"},
    {Family::elementwise, "Functions of a row"},
    {Family::calendar, "Parts of a time: of a time column, or without an argument of the row's own time; in UTC"},
    {Family::shift, "Other rows of the entity"},
    {Family::rolling, "Rolling: over the last n rows of the entity"},
    {Family::cross_section, "Cross-sectional: over all entities of a panel at the same time"},
};
}  // namespace

std::string operators_markdown() {
  std::string page =
      "# Operators and functions of expressions\n\n"
      "What `features`, `target.expr` and the rules of `by_rule` are written in; how to use it: [features](features.md).\n"
      "This page is written from the program's own table of operators.\n";
  for (const Chapter& chapter : kChapters) {
    page += fmt::format("\n## {}\n\n| written | gives |\n|---|---|\n", chapter.text);
    for (const Operator& entry : kOperators) {
      if (entry.family == chapter.family) page += fmt::format("| `{}` | {} |\n", entry.signature, entry.doc);
    }
  }
  return page;
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
