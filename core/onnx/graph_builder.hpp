// Builds the graph of a file node by node, with names of its own making, and takes a model's graph in as a whole. Used by preparation_graph
// and export_fit. Values are doubles, rows x columns or rows x times x columns. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plugin/graph.hpp"

namespace assay::onnx {

class GraphBuilder {
 public:
  GraphBuilder(std::string rows, std::string prefix) : graph_(std::move(rows)), prefix_(std::move(prefix)) {}

  // The name of the node's output.
  std::string node(const char* operation, std::vector<std::string> inputs, config::Map attributes = {});
  std::string numbers(const std::vector<double>& values, std::vector<std::int64_t> shape);
  std::string numbers(const std::vector<double>& values) { return numbers(values, {static_cast<std::int64_t>(values.size())}); }
  std::string number(double value) { return numbers({value}, {}); }
  std::string indices(const std::vector<std::int64_t>& values);
  std::string flags(const std::vector<bool>& values);

  std::string cast(const std::string& value, std::uint16_t dtype);
  std::string columns(const std::string& value, const std::vector<std::int64_t>& which);  // those of the last axis
  std::string beside(std::vector<std::string> values);                                    // along the last axis

  // Takes the nodes of a model's graph over, with `rows` as its input. Gives the names of its results, in the order asked for; "": not
  // told.
  std::vector<std::string> take(const plugin::Graph& model, const std::string& rows, const std::string& prefix,
                                std::initializer_list<const char*> results);
  void set_name(const std::string& value, const std::string& name);  // the same value under the name of an output

  const plugin::Graph& graph() const { return graph_; }

 private:
  std::string constant(std::uint16_t dtype, std::vector<std::int64_t> shape, std::vector<std::byte> bytes);
  std::string fresh(const char* what);

  plugin::Graph graph_;
  std::string prefix_;
  std::int64_t made_ = 0;
};

config::Map with_axis(std::int64_t axis);

}  // namespace assay::onnx
