// Tree to plan: names are resolved, types checked, equal work becomes one node.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/expression.hpp"

namespace assay::pipeline {

bool same_work(const PlanNode& a, const PlanNode& b) {
  const bool same_number = a.number == b.number || (std::isnan(a.number) && std::isnan(b.number));
  return a.op == b.op && a.type == b.type && same_number && std::signbit(a.number) == std::signbit(b.number) && a.text == b.text &&
         a.window == b.window && a.min_count == b.min_count && a.arguments == b.arguments;
}

namespace {

// An exponential window has no end. After that many times n rows, all that is older weighs less than a millionth: (1 - 2 / (n + 1))^(7 n)
// < e^-14.
constexpr std::int64_t kFadedAfter = 7;

ValueType type_of(const data::Column& column) {
  switch (column.type()) {
    case data::ColumnType::boolean:
      return ValueType::boolean;
    case data::ColumnType::category:
      return ValueType::category;
    case data::ColumnType::timestamp:
      return ValueType::time;
    default:
      return ValueType::number;
  }
}
}  // namespace

class PlanBuilder {
 public:
  explicit PlanBuilder(Plan& plan) : plan_(plan) {}

  int build(const Ast& ast) {
    switch (ast.kind) {
      case Ast::Kind::number:
        return constant(ValueType::number, ast.number);
      case Ast::Kind::boolean:
        return constant(ValueType::boolean, ast.number);
      case Ast::Kind::text:
        return text_constant(ast.text);
      case Ast::Kind::row: {
        PlanNode node;
        node.op = Op::row;
        return plan_.intern(std::move(node));
      }
      case Ast::Kind::name:
        return column(ast);
      case Ast::Kind::apply:
        return apply(ast);
    }
    ASSAY_CHECK(false, "an expression tree has a node of no kind");
  }

 private:
  const PlanNode& node(int index) const { return plan_.nodes_[Plan::at(index)]; }
  static bool numeric(ValueType type) { return type == ValueType::number || type == ValueType::boolean; }

  int constant(ValueType type, double number) {
    PlanNode node;
    node.type = type;
    node.number = number;
    return plan_.intern(std::move(node));
  }
  int text_constant(std::string text) {
    PlanNode node;
    node.type = ValueType::text;
    node.text = std::move(text);
    return plan_.intern(std::move(node));
  }

  int column(const Ast& ast) {
    if (const auto found = plan_.names_.find(ast.text); found != plan_.names_.end()) return found->second;
    const data::Column* column = plan_.frame_.find(ast.text);
    if (column == nullptr) throw plan_.unknown(ast);
    PlanNode node;
    node.op = Op::column;
    node.text = ast.text;
    node.type = type_of(*column);
    return plan_.intern(std::move(node));
  }

  [[noreturn]] static void wrong_type(const Ast& ast, ValueType got, std::string_view wanted, std::string mend) {
    throw ExpressionError(fmt::format("this is {}, where {} is wanted", to_text(got), wanted), std::move(mend), ast.offset, ast.length);
  }
  void want_number(const Ast& ast, int index) const {
    const ValueType type = node(index).type;
    if (numeric(type)) return;
    wrong_type(
        ast, type, "a number",
        type == ValueType::category ? "categories can be compared, as in purpose == \"car\"" : "text and times can only be compared");
  }
  void want_condition(const Ast& ast, int index) const {
    const ValueType type = node(index).type;
    if (type != ValueType::boolean) wrong_type(ast, type, "a condition", type == ValueType::number ? "write x != 0" : "");
  }

  int apply(const Ast& ast) {
    const Operator& entry = operator_of(ast.op);
    PlanNode made;
    made.op = ast.op;
    const bool has_numbers = entry.family >= Family::shift;
    const std::size_t values = has_numbers ? static_cast<std::size_t>(entry.values) : ast.arguments.size();
    for (std::size_t i = 0; i < values; ++i) made.arguments.push_back(build(ast.arguments[i]));
    switch (entry.family) {
      case Family::comparison:
        return compare(ast, std::move(made));
      case Family::logic:
        for (std::size_t i = 0; i < values; ++i) want_condition(ast.arguments[i], made.arguments[i]);
        made.type = ValueType::boolean;
        break;
      case Family::choice: {
        want_condition(ast.arguments[0], made.arguments[0]);
        want_number(ast.arguments[1], made.arguments[1]);
        want_number(ast.arguments[2], made.arguments[2]);
        const bool conditions = node(made.arguments[1]).type == ValueType::boolean && node(made.arguments[2]).type == ValueType::boolean;
        made.type = conditions ? ValueType::boolean : ValueType::number;
        break;
      }
      case Family::calendar:
        want_time(ast, made);
        break;
      case Family::cross_section:
        want_panel(ast);
        want_number(ast.arguments[0], made.arguments[0]);
        if (ast.op == Op::cs_neutralize && node(made.arguments[1]).type != ValueType::category)
          want_number(ast.arguments[1], made.arguments[1]);
        if (ast.op == Op::cs_quantile) made.number = ast.arguments[1].number;
        break;
      default:
        for (std::size_t i = 0; i < values; ++i) want_number(ast.arguments[i], made.arguments[i]);
        if (entry.family == Family::shift) made.type = node(made.arguments[0]).type;
        if (has_numbers) set_window(ast, entry, made);
    }
    return finish(std::move(made));
  }

  void want_time(const Ast& ast, PlanNode& made) {
    if (made.arguments.empty()) {
      if (!plan_.frame_.has_time())
        throw ExpressionError("the rows have no time of their own", "name a time column, as in month(due)", ast.offset, ast.length);
      PlanNode time;
      time.op = Op::row_time;
      time.type = ValueType::time;
      made.arguments.push_back(plan_.intern(std::move(time)));
    }
    const ValueType type = node(made.arguments[0]).type;
    if (type != ValueType::time) wrong_type(ast.arguments[0], type, "a time", "a time column, or nothing for the row's own time");
  }
  void want_panel(const Ast& ast) const {
    if (plan_.frame_.is_panel() && plan_.frame_.has_time()) return;
    throw ExpressionError(fmt::format("{} compares entities at the same time, and the data are no panel", operator_of(ast.op).name),
                          "a panel has data.time and data.entity", ast.offset, ast.length);
  }

  static void set_window(const Ast& ast, const Operator& entry, PlanNode& made) {
    auto at = static_cast<std::size_t>(entry.values);
    const auto whole = [&] { return static_cast<std::int64_t>(ast.arguments[at++].number); };
    made.window = whole();
    if (entry.family != Family::rolling) return;
    if (entry.op == Op::quantile) made.number = ast.arguments[at++].number;
    made.min_count = at < ast.arguments.size() ? whole() : made.window;
  }

  int finish(PlanNode made) {
    made.earliest = node(made.arguments[0]).earliest;
    made.latest = node(made.arguments[0]).latest;
    for (const int argument : made.arguments) {
      made.earliest = std::min(made.earliest, node(argument).earliest);
      made.latest = std::max(made.latest, node(argument).latest);
    }
    const bool fades = made.op == Op::ewm_mean || made.op == Op::ewm_std;
    if (made.op == Op::lag || made.op == Op::lead) {
      const std::int64_t by = made.op == Op::lag ? -made.window : made.window;
      made.earliest += by;
      made.latest += by;
    } else if (made.window > 0) {
      made.earliest -= (fades ? kFadedAfter * made.window : made.window) - 1;
    }
    return plan_.intern(std::move(made));
  }

  int compare(const Ast& ast, PlanNode made) {
    made.type = ValueType::boolean;
    for (int side = 0; side < 2; ++side) {
      const Ast& other = ast.arguments[static_cast<std::size_t>(1 - side)];
      int& index = made.arguments[static_cast<std::size_t>(1 - side)];
      switch (node(made.arguments[static_cast<std::size_t>(side)]).type) {
        case ValueType::category:
          check_category(ast, ast.arguments[static_cast<std::size_t>(side)], other, index);
          break;
        case ValueType::time:
          index = time_side(other, index);
          break;
        default:
          break;
      }
    }
    const ValueType left = node(made.arguments[0]).type, right = node(made.arguments[1]).type;
    const bool of_category = left == ValueType::category || right == ValueType::category;
    const bool of_time = left == ValueType::time && right == ValueType::time;
    if (!of_category && !of_time && !(numeric(left) && numeric(right))) {
      const std::size_t text_side = left == ValueType::text ? 0 : 1;
      const Ast& at = ast.arguments[text_side];
      const bool is_number = at.kind == Ast::Kind::text && text::to_real(at.text).has_value();
      throw ExpressionError(fmt::format("{} cannot be compared with {}", to_text(left), to_text(right)),
                            is_number ? fmt::format("write {} without quotes", at.text) : "", at.offset, at.length);
    }
    return finish(std::move(made));
  }

  void check_category(const Ast& ast, const Ast& category, const Ast& other, int other_index) const {
    if (ast.op != Op::equal && ast.op != Op::not_equal) {
      wrong_type(category, ValueType::category, "something that has an order", "categories compare with == and != only");
    }
    const ValueType type = node(other_index).type;
    if (type == ValueType::boolean || type == ValueType::time) {
      wrong_type(other, type, "text or a number", "a category compares with one of its levels");
    }
  }

  // The other side of a comparison with a time: a time, or an ISO date in quotes, which becomes one.
  int time_side(const Ast& other, int index) {
    if (node(index).type == ValueType::time) return index;
    if (other.kind == Ast::Kind::text) {
      if (const auto time = parse_iso(other.text)) return constant(ValueType::time, static_cast<double>(*time));
      throw ExpressionError(fmt::format("\"{}\" is not a date", other.text), "write it as \"2020-01-31\" or \"2020-01-31 09:30\"",
                            other.offset, other.length);
    }
    wrong_type(other, node(index).type, "a time", "a time compares with a date in quotes, as in date >= \"2020-01-31\"");
  }

  Plan& plan_;
};

Plan::Plan(const data::Frame& frame, std::span<const std::int32_t> segments) : frame_(frame), segments_(segments.begin(), segments.end()) {
  ASSAY_CHECK(segments_.empty() || segments_.size() == frame.rows(), "each row has a segment");
}

int Plan::intern(PlanNode node) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (same_work(nodes_[i], node)) return static_cast<int>(i);
  }
  nodes_.push_back(std::move(node));
  return static_cast<int>(nodes_.size()) - 1;
}

std::vector<std::string> Plan::known_names() const {
  std::vector<std::string> names = frame_.names();
  for (const auto& [name, index] : names_) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

bool Plan::knows(std::string_view name) const { return names_.find(name) != names_.end() || frame_.find(name) != nullptr; }

ExpressionError Plan::unknown(const Ast& name) const {
  const std::vector<std::string> known = known_names();
  std::vector<std::string> words = known;
  words.emplace_back("row");
  const auto near = text::nearest(name.text, words);
  return {fmt::format("there is no column or earlier feature `{}`", name.text),
          near ? fmt::format("did you mean {}?", *near) : "columns: " + text::join(known, ", "), name.offset, name.length};
}

int Plan::add(std::string_view name, std::string_view text, Use use, std::int64_t horizon) {
  const Ast ast = parse_expression(text, use, horizon);
  const int root = PlanBuilder(*this).build(ast);
  if (type(root) == ValueType::text) {
    throw ExpressionError("this is only a text", "a column's name stands without quotes, or in backquotes", ast.offset, ast.length);
  }
  if (use == Use::rule && type(root) != ValueType::boolean) {
    throw ExpressionError(fmt::format("a rule must be a condition, this is {}", to_text(type(root))), "as in row % 5 == 4", ast.offset,
                          ast.length);
  }
  if (!name.empty()) names_.insert_or_assign(std::string(name), root);
  return root;
}

int Plan::add_column(const data::Column& column, std::int64_t warmup_rows, Reads made_from) {
  ASSAY_CHECK(column.size() == frame_.rows(), "a computed column has a value for each row");
  PlanNode node;
  node.op = Op::column;
  node.type = type_of(column);
  node.text = column.name();
  node.earliest = -warmup_rows;
  computed_.insert_or_assign(column.name(), column);
  made_from_.insert_or_assign(column.name(), std::move(made_from));
  const int root = intern(std::move(node));
  names_.insert_or_assign(column.name(), root);
  return root;
}

const data::Column* Plan::column(std::string_view name) const {
  const auto found = computed_.find(name);
  return found != computed_.end() ? &found->second : frame_.find(name);
}

void merge(Reads& into, const Reads& from, std::int64_t shift) {
  for (const auto& [column, latest] : from) {
    const auto [entry, is_new] = into.emplace(column, latest + shift);
    if (!is_new) entry->second = std::max(entry->second, latest + shift);
  }
}

Reads Plan::reads(int root) const {
  std::vector<Reads> of(at(root) + 1);  // arguments come before the nodes that use them
  std::vector<std::uint8_t> used(of.size(), 0);
  used[at(root)] = 1;
  for (std::size_t i = of.size(); i-- > 0;) {
    for (const int argument : nodes_[i].arguments) used[at(argument)] |= used[i];
  }
  for (std::size_t i = 0; i < of.size(); ++i) {
    const PlanNode& node = nodes_[i];
    if (used[i] == 0) continue;
    if (node.op == Op::column) {
      const auto computed = made_from_.find(node.text);
      of[i] = computed != made_from_.end() ? computed->second : Reads{{node.text, 0}};
    }
    const std::int64_t shift = node.op == Op::lag ? -node.window : node.op == Op::lead ? node.window : 0;
    for (const int argument : node.arguments) merge(of[i], of[at(argument)], shift);
  }
  return std::move(of[at(root)]);
}

std::int64_t Plan::warmup_rows(int root) const { return std::max<std::int64_t>(0, -nodes_[at(root)].earliest); }
std::int64_t Plan::lead_rows(int root) const { return std::max<std::int64_t>(0, nodes_[at(root)].latest); }

}  // namespace assay::pipeline
