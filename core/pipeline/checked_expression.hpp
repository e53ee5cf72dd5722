// The expressions of an experiment file, checked: mistakes become diagnostics with their place. Used by the pass over features, by the
// target, by the rules of splits, and by `assay check --no-data`. Pure functions on what they are given.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "pipeline/doubtful.hpp"
#include "pipeline/expression.hpp"

namespace assay::pipeline {

struct FileExpression {
  std::string_view name;  // under which later expressions use it; may be empty
  const std::string& text;
  Use use;
  const Place& place;  // of the scalar
  const std::string& key;
  std::int64_t horizon = 0;  // what `horizon` stands for
};

// The plan's root; -1 where the expression is wrong, and each of its unknown names is told, or where it reads something doubtful.
int add_checked(Plan& plan, const FileExpression& expression, const Doubtful& doubtful, Diagnostics& diagnostics);

// What can be said of all expressions of a file without its data: syntax, functions and their arguments. Where something is said already of
// an expression, no more is.
void check_expressions(const config::Experiment& experiment, Diagnostics& diagnostics);

}  // namespace assay::pipeline
