#include "pipeline/origins.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

using Origins = std::map<std::string, std::set<std::size_t>>;  // of each column by its name

bool has(const InputTable& table, const std::string& name) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const InputColumn& c) { return c.name == name; });
}

// What a step makes of one of its columns is found by letting it work on that column alone, without rows.
void follow(const FittedStep& step, const std::vector<InputColumn>& columns, Origins& known) {
  Origins made;
  for (const FittedColumn& entry : step.columns) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const InputColumn& c) { return c.name == entry.name; });
    if (column == columns.end()) continue;
    InputTable alone;
    alone.columns = {*column};
    alone.values.resize(1);
    step_kind(step.how).apply({step.how, {entry}}, alone);
    for (const InputColumn& after : alone.columns)
      if (after.name != entry.name) made[after.name].insert(known[entry.name].begin(), known[entry.name].end());
  }
  for (auto& [name, from] : made) known[name] = std::move(from);
}

}  // namespace

std::vector<std::vector<std::size_t>> origins(const FittedPreparation& preparation) {
  Origins known;
  InputTable table;
  for (std::size_t i = 0; i < preparation.inputs().size(); ++i) {
    table.columns.push_back(preparation.inputs()[i]);
    known[preparation.inputs()[i].name] = {i};
  }
  table.values.resize(table.columns.size());
  for (const FittedStep& step : preparation.steps()) {
    follow(step, table.columns, known);
    const bool whole = std::all_of(step.columns.begin(), step.columns.end(), [&](const FittedColumn& c) { return has(table, c.name); });
    if (whole) step_kind(step.how).apply(step, table);
  }
  std::vector<std::vector<std::size_t>> out;
  for (const InputColumn& column : preparation.outputs()) out.emplace_back(known[column.name].begin(), known[column.name].end());
  return out;
}

bool looks_around(const FittedPreparation& preparation) {
  return std::any_of(preparation.steps().begin(), preparation.steps().end(), [](const FittedStep& s) { return looks_around(s.how); });
}

}  // namespace assay::pipeline
