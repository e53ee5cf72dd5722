// One step of a preparation as nodes: the table as it stands, and the steps that say it. Used by preparation_graph.cpp and step_*.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "onnx/graph_builder.hpp"
#include "pipeline/prepare.hpp"

namespace assay::onnx {

struct StepWork {
  const pipeline::FittedStep& step;
  const std::vector<pipeline::InputColumn>& columns;  // before the step
  const std::vector<pipeline::InputColumn>& after;
  GraphBuilder& g;
  std::string x;  // the columns; each step leaves what it made of them here

  std::int64_t width() const { return static_cast<std::int64_t>(columns.size()); }
  std::int64_t place_of(const std::string& name) const;
  std::vector<std::int64_t> places() const;  // of the step's columns
  // A number for each column: of those that the step works on by what it learned, `otherwise` of the others.
  std::vector<double> by_column(double otherwise, const std::function<double(const pipeline::FittedColumn&)>& of) const;
  std::string node(const char* operation, std::vector<std::string> inputs) const { return g.node(operation, std::move(inputs)); }
  // made: the columns at `where`, changed. They go to their places.
  void put_back(const std::string& made, const std::vector<std::int64_t>& where);
};

void add_missing(StepWork& work);
void add_outliers(StepWork& work);
void add_winsorise(StepWork& work);
void add_scale(StepWork& work);
void add_one_hot(StepWork& work);
void add_pca(StepWork& work);
void add_power(StepWork& work);
void add_quantile_normal(StepWork& work);
void add_selection(StepWork& work);

}  // namespace assay::onnx
