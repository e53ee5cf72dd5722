// Computes a graph of ONNX's operators on given rows, plainly and in doubles, so that a model's graph can be held against its forecasts.
// Used by graph_test. It knows the operators that tables, windows and networks need, and names the first that it does not. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/graph.hpp"

namespace assay::checker {

struct Tensor {
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::vector<double> values;       // row-major; truth values are 0 and 1

  std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
  std::int64_t extent(std::int64_t axis) const { return shape[static_cast<std::size_t>(axis < 0 ? axis + rank() : axis)]; }
};
std::int64_t count_of(const std::vector<std::int64_t>& shape);

struct UnknownOperator {
  std::string operation;
};

// The value of that name. Throws UnknownOperator, or Error(failed) where shapes do not fit together.
Tensor computed(const plugin::Graph& graph, Tensor rows, const std::string& name);

// What a node is computed from. Inputs that are left out are null.
struct NodeInputs {
  const plugin::GraphNode& node;
  std::vector<const Tensor*> values;

  const Tensor& operator[](std::size_t i) const;
  bool has(std::size_t i) const { return i < values.size() && values[i] != nullptr; }
  std::int64_t whole(const char* attribute, std::int64_t otherwise) const;
  double real(const char* attribute, double otherwise) const;
  std::string text(const char* attribute, const char* otherwise) const;
  std::vector<std::int64_t> wholes(const char* attribute, std::vector<std::int64_t> otherwise) const;
  std::int64_t axis(const Tensor& of, std::int64_t otherwise) const;  // from 0
  [[noreturn]] void misfit(const std::string& why) const;
};

// Gemm, MatMul, Conv, pools, recurrent cells, normalisation; false: none of them.
bool compute_layer(const NodeInputs& in, std::vector<Tensor>& out);

}  // namespace assay::checker
