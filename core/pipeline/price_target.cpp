// What is said of targets that are returns of prices: whether the prices are adjusted, and whether the return could be traded.
#include <algorithm>
#include <cctype>

#include "pipeline/expression.hpp"
#include "pipeline/target.hpp"

namespace assay::pipeline {

namespace {

bool is_price(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "open" || name == "high" || name == "low" || name == "last") return true;
  return name.find("close") != std::string::npos || name.find("price") != std::string::npos;
}

// The latest row of a price that this part of the expression reads; nothing where it reads none.
std::optional<std::int64_t> latest_price(const Ast& ast) {
  if (ast.kind == Ast::Kind::name) return is_price(ast.text) ? std::optional<std::int64_t>(0) : std::nullopt;
  std::optional<std::int64_t> latest;
  for (const Ast& argument : ast.arguments) {
    const auto here = latest_price(argument);
    if (here && (!latest || *here > *latest)) latest = here;
  }
  if (latest && (ast.op == Op::lag || ast.op == Op::lead)) {
    const auto by = static_cast<std::int64_t>(ast.arguments[1].number);
    *latest += ast.op == Op::lead ? by : -by;
  }
  return latest;
}

// The row at which a return begins: that of the price under the fraction (or behind the minus), where a later one is above it.
std::optional<std::int64_t> entry_row(const Ast& ast) {
  if (ast.op == Op::divide || ast.op == Op::subtract) {
    const auto left = latest_price(ast.arguments[0]), right = latest_price(ast.arguments[1]);
    if (left && right && *left > 0 && *left > *right) return right;
  }
  for (const Ast& argument : ast.arguments) {
    if (const auto entry = entry_row(argument)) return entry;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> notes_of_returns(const config::Experiment& experiment, const std::string& expression) {
  const auto& target = experiment.target;
  const bool says_horizon = !target.label && !target.horizons.empty();  // a label's has the number already
  const auto entry = entry_row(parse_expression(expression, Use::target, says_horizon ? target.horizons.front() : 0));
  if (!entry) return {};
  std::vector<std::string> notes;
  if (experiment.data.adjustment_kind == "raw" && !experiment.data.source.starts_with("sim."))
    notes.emplace_back("prices are raw (data.adjustment.kind): splits and dividends appear as returns");
  if (*entry <= 0)
    notes.emplace_back("the target starts at a price that is past once the row is known: a trade at the next open starts at lead(open, 1)");
  return notes;
}

}  // namespace assay::pipeline
