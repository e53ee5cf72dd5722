// The expression language of features, target.expr and by_rule: text -> tree with character positions -> typed plan (common
// subexpressions once) -> vectorised evaluation over a Frame. Used by dataset, split and by the checker of experiment files. The language's
// rules for types and missing values are written below. Parsing is pure and thread-safe; a Plan belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/large_pages.hpp"
#include "data/frame.hpp"

namespace assay::pipeline {

// Rules of values. Every value is a number, a boolean, a category or a time, or missing. Booleans count as 0 and 1 in arithmetic; numbers
// do not count as conditions. A result that is not finite (1 / 0, log(0), sqrt(-1)) is missing. Missing operands make the result missing,
// with two exceptions: `false and missing` is false, `true or missing` is true; and `if` looks at the chosen branch only. x % y has the
// sign of y. A category compares with text ("==", "!="), with another category, or with a number where its levels are numbers. A time
// compares with an ISO date in quotes.
//
// Rule of windows. A rolling function looks at the last n rows of the entity itself, the present one included, and never past a border
// between segments. Missing values among them are passed over (a pair counts where both are present, places stay where they are); fewer
// than min_count (default n) values give missing, and so do fewer than the function needs: 2 for std, var, corr, cov, slope, r2 and
// ewm_std, 3 for skew, 4 for kurt. count() alone is never missing. What divides by a spread of zero is missing.
//
// Rule of ties. Equal values share the mean of their ranks; the latest of equal extremes is the one that argmin and argmax name.
//
// Rule of cross-sections. A cs_ function looks at all entities' values at the same time, passes over missing ones, and is missing where
// its own entity's value is.
//
// Definitions: std, var, cov and cs_zscore divide by count - 1; skew and kurt (excess) are corrected for bias; ewm has alpha = 2 / (n + 1)
// and weights (1 - alpha)^age over all rows so far, divided by their sum (adjusted); quantiles interpolate linearly. All are as in pandas.

enum class Use { feature, target, rule };  // lead() stands in a target only
enum class ValueType { number, boolean, category, time, text };
const char* to_text(ValueType type);

// A mistake inside an expression, in characters from its start, so that the caller can put a caret.
class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(const std::string& message, std::string mend, std::int64_t offset, std::int64_t length);
  const std::string& mend() const { return mend_; }
  std::int64_t offset() const { return offset_; }
  std::int64_t length() const { return length_; }

 private:
  std::string mend_;
  std::int64_t offset_, length_;
};

// ---- the table of operators: everything that can be called or written between values ----------------------------------------------

enum class Family : std::uint8_t { arithmetic, comparison, logic, choice, elementwise, calendar, shift, rolling, cross_section };
enum class Op : std::uint8_t {
  column,
  constant,
  row,
  row_time,  // leaves of a plan
  add,
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  logical_not,
  choose,
  log,
  exp,
  abs,
  sqrt,
  sign,
  pow,
  clip,
  least,
  greatest,
  year,
  quarter,
  month,
  week,
  day_of_year,
  day,
  weekday,
  hour,
  minute,
  lag,
  lead,
  mean,
  std_dev,
  var,
  sum,
  min,
  max,
  argmin,
  argmax,
  count,
  median,
  quantile,
  rank,
  skew,
  kurt,
  corr,
  cov,
  slope,
  r2,
  ewm_mean,
  ewm_std,
  decay_linear,
  cs_rank,
  cs_zscore,
  cs_demean,
  cs_quantile,
  cs_neutralize
};
struct Operator {
  Op op;
  Family family;
  std::string_view name;       // as it is written: "+", "mean"
  std::string_view signature;  // "mean(x, n, min_count = n)"
  int min_arguments, max_arguments;
  std::string_view doc;
  int values = 1;  // of a windowed or cross-sectional function: arguments with a value for each row; numbers written out follow
  int least = 1;   // of a rolling function: values that it needs
};
std::span<const Operator> operators();                 // in the order of the reference
const Operator* find_function(std::string_view name);  // functions only ("+" is none)
const Operator& operator_of(Op op);                    // not for the leaves of a plan
std::string operators_markdown();                      // the page docs/expressions.md

// ---- the tree -----------------------------------------------------------------------------------------------------------------------

struct Ast {
  enum class Kind : std::uint8_t { number, text, boolean, name, row, apply };
  Kind kind = Kind::number;
  Op op = Op::constant;  // of apply
  double number = 0;     // number, and boolean as 0 or 1
  std::string text;      // text literal, the column's name, or "horizon" of a number that stands for one
  std::vector<Ast> arguments;
  std::int64_t offset = 0, length = 0;  // characters
};

// Throws ExpressionError. Checks syntax, function names, numbers of arguments, that windows are whole positive numbers, and that lead()
// stands in a target only: all that can be known without data. horizon: what the name `horizon` stands for in a target, which has to say
// it; 0: nothing.
Ast parse_expression(std::string_view text, Use use, std::int64_t horizon = 0);
bool says_horizon(const Ast& ast);                  // somewhere
std::vector<std::string> names_in(const Ast& ast);  // columns that it reads, in order of first mention, each once

// ---- the plan -----------------------------------------------------------------------------------------------------------------------

struct PlanNode {
  Op op = Op::constant;
  ValueType type = ValueType::number;
  double number = 0;                      // constant; the share of a quantile; the number of groups
  std::string text;                       // column's name or text constant
  std::int64_t window = 0;                // rows of a shift or a rolling function
  std::int64_t min_count = 0;             // rolling
  std::vector<int> arguments;             // nodes before this one
  std::int64_t earliest = 0, latest = 0;  // rows that it reads, from the present one: -19..0 for a window of 20, +1..+6 for leads
  friend bool same_work(const PlanNode& a, const PlanNode& b);
};

// Raw columns that something is made from, each with the latest row that is read, from the present one (0 = its present value).
using Reads = std::map<std::string, std::int64_t, std::less<>>;
void merge(Reads& into, const Reads& from, std::int64_t shift = 0);

using ColumnValues = LargeVector<double>;  // of a column

class Plan {
 public:
  // The frame must outlive the plan. Its columns can be named by expressions. Shifts and windows do not cross from one segment of an entity
  // to the next: a number for each row of the frame, none for no such borders.
  explicit Plan(const data::Frame& frame, std::span<const std::int32_t> segments = {});

  // Adds an expression; later ones can use it by `name`. Throws ExpressionError, also for unknown columns (with the nearest name) and
  // types that do not fit. Returns the number of its root.
  int add(std::string_view name, std::string_view text, Use use, std::int64_t horizon = 0);
  bool knows(std::string_view name) const;         // a column of the frame, or something that was added
  ExpressionError unknown(const Ast& name) const;  // what is said of a name that is neither
  // A column computed elsewhere (a feature plugin's), in the frame's row order. Its warm-up rows count for those who use it, and so does
  // what it was made from.
  int add_column(const data::Column& column, std::int64_t warmup_rows, Reads made_from);

  ValueType type(int root) const { return nodes_[at(root)].type; }
  std::int64_t warmup_rows(int root) const;                                         // rows before the present one that it reads
  std::int64_t lead_rows(int root) const;                                           // rows after the present one that it reads
  Reads reads(int root) const;                                                      // through computed columns down to those of the frame
  const std::string& column_name(int root) const { return nodes_[at(root)].text; }  // of a plain column
  std::size_t node_count() const { return nodes_.size(); }

  // The roots' columns in the frame's row order; a boolean is 0, 1 or NaN, a category its code. Common parts are computed once.
  // The same bits for any number of threads.
  std::vector<ColumnValues> evaluate(std::span<const int> roots, unsigned threads = 1);

 private:
  friend class PlanBuilder;
  friend class PlanRunner;
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }
  int intern(PlanNode node);
  const data::Column* column(std::string_view name) const;
  std::vector<std::string> known_names() const;

  const data::Frame& frame_;
  std::vector<std::int32_t> segments_;  // of each row, may be empty
  std::vector<PlanNode> nodes_;
  std::map<std::string, int, std::less<>> names_;              // expressions and computed columns
  std::map<std::string, data::Column, std::less<>> computed_;  // add_column
  std::map<std::string, Reads, std::less<>> made_from_;        // of each computed column
};

}  // namespace assay::pipeline
