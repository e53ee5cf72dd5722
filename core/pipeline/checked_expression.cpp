#include "pipeline/checked_expression.hpp"

#include <algorithm>

#include "pipeline/dataset.hpp"

namespace assay::pipeline {

namespace {

void tell(const FileExpression& expression, const ExpressionError& error, Diagnostics& diagnostics) {
  diagnostics.error(inside(expression.place, expression.text, error.offset(), error.length()), error.what(), error.mend(), expression.key);
}

void unknown_names(const Ast& ast, const Plan& plan, std::vector<const Ast*>& found) {
  const auto same = [&](const Ast* other) { return other->text == ast.text; };
  if (ast.kind == Ast::Kind::name && !plan.knows(ast.text) && std::none_of(found.begin(), found.end(), same)) found.push_back(&ast);
  for (const Ast& argument : ast.arguments) unknown_names(argument, plan, found);
}

}  // namespace

int add_checked(Plan& plan, const FileExpression& expression, const Doubtful& doubtful, Diagnostics& diagnostics) {
  try {
    const Ast ast = parse_expression(expression.text, expression.use, expression.horizon);
    std::vector<const Ast*> unknown;
    unknown_names(ast, plan, unknown);
    for (const Ast* name : unknown) {
      if (!doubtful.holds(name->text)) tell(expression, plan.unknown(*name), diagnostics);
    }
    return unknown.empty() ? plan.add(expression.name, expression.text, expression.use, expression.horizon) : -1;
  } catch (const ExpressionError& error) {
    tell(expression, error, diagnostics);
    return -1;
  }
}

void check_expressions(const config::Experiment& experiment, Diagnostics& diagnostics) {
  const auto told = [&, count = diagnostics.items().size()](const Place& place) {  // by whoever read the file
    return std::any_of(diagnostics.items().begin(), diagnostics.items().begin() + static_cast<std::ptrdiff_t>(count), [&](const auto& d) {
      return d.place.file == place.file && d.place.line == place.line && d.place.column == place.column;
    });
  };
  const auto check = [&](const std::string& text, Use use, const Place& place, const std::string& key, std::int64_t horizon = 0) {
    if (text.empty() || told(place)) return;
    try {
      parse_expression(text, use, horizon);
    } catch (const ExpressionError& error) {
      tell({"", text, use, place, key}, error, diagnostics);
    }
  };
  for (const config::FeatureSpec& feature : experiment.features)
    check(feature.expression, Use::feature, feature.place, "features." + feature.name);
  check(experiment.target.expression, Use::target, experiment.target.expression_place, "target.expr",
        experiment.has_horizons()                         ? experiment.target.horizons.front()
        : experiment.places.contains("target.horizons.0") ? 1  // they are wrong, and told
                                                          : 0);
  const auto rule = [&](const std::string& text, const std::string& key) {
    const auto place = experiment.split.key_places.find(key);
    check(text, Use::rule, place == experiment.split.key_places.end() ? experiment.split.place : place->second, "split." + key);
  };
  rule(experiment.split.test_rule, "test");
  rule(experiment.split.validation_rule, "validation");
  rule(experiment.split.train_rule, "train");
}

}  // namespace assay::pipeline
