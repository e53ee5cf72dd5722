// A computation as nodes of ONNX's operators (operator set 17): what a model tells of itself through "model.graph/1", and what core/onnx
// builds a file from. Nodes stand in the order in which they are computed. Knows nothing of files or protobuf. A value; GraphHost is the
// calling thread's.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "assay/abi.h"
#include "config/value.hpp"

namespace assay::plugin {

struct GraphConstant {
  std::string name;
  std::uint16_t dtype = 0;
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::vector<std::byte> bytes;     // dense, row-major
  friend bool operator==(const GraphConstant&, const GraphConstant&) = default;
};

struct GraphNode {
  std::string operation;
  std::vector<std::string> inputs, outputs;  // "": left out
  config::Map attributes;                    // whole numbers, reals, texts, lists of whole numbers or of reals
  friend bool operator==(const GraphNode&, const GraphNode&) = default;
};

inline constexpr int kGraphOpset = 17;

class Graph {
 public:
  Graph() = default;
  explicit Graph(std::string rows) : rows_(std::move(rows)), known_{rows_} {}  // the name of the input

  // Each throws Error (failed) with what makes no sense: a name that is given twice or used before it is given, an operator that ONNX has
  // not, an attribute of a kind that it has not.
  void add(GraphConstant constant);
  void add(GraphNode node);
  void set_result(const std::string& what, const std::string& name);

  const std::string& rows() const { return rows_; }
  const std::vector<GraphConstant>& constants() const { return constants_; }
  const std::vector<GraphNode>& nodes() const { return nodes_; }
  const std::string* result(std::string_view what) const;  // null: not told
  const std::vector<std::pair<std::string, std::string>>& results() const { return results_; }

 private:
  void give(const std::string& name);

  std::string rows_;
  std::vector<GraphConstant> constants_;
  std::vector<GraphNode> nodes_;
  std::vector<std::pair<std::string, std::string>> results_;
  std::set<std::string, std::less<>> known_;
};

// The C callbacks over a Graph that outlives them. What they refuse comes back as a status, with the reason in error().
class GraphHost {
 public:
  GraphHost(Graph& graph, const assay_problem& problem);
  GraphHost(const GraphHost&) = delete;
  GraphHost& operator=(const GraphHost&) = delete;
  assay_graph_writer* raw() { return &raw_; }
  const std::string& error() const { return error_; }

 private:
  template <class F>
  static assay_status taken(assay_graph_writer* raw, const F& take) noexcept;

  assay_graph_writer raw_{};
  Graph* graph_;
  std::string error_;
};

}  // namespace assay::plugin
