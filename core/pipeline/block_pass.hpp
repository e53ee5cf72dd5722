// The nodes of a plan that need an entity's own rows alone, computed for a few entities at a time, so that what lies between a column that
// is read and one that is kept stays in the processor's cache. Used by the evaluation of plans. An object belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/column.hpp"
#include "pipeline/expression.hpp"
#include "pipeline/rolling.hpp"

namespace assay::pipeline {

// Rows of the frame that follow each other in time, of one entity and one segment: what shifts and windows see.
struct Run {
  const std::int64_t* rows;  // null: first, first + 1, ...
  std::size_t first, count;
};

struct Stage {
  std::span<const PlanNode> nodes;
  std::vector<int> order;                       // nodes that are needed, arguments first
  std::vector<int> uses;                        // of each node by others of this stage
  std::vector<const double*> sources;           // of a node that is read: its column in the frame's row order; null where it is computed
  std::vector<double*> sinks;                   // of a node that is kept: its column in the frame's row order; else null
  std::vector<const data::Column*> categories;  // of a node that is one
};

inline Window window_of(const PlanNode& node) { return {node.op, node.window, node.min_count, node.number}; }

class BlockPass {
 public:
  // Values of a column that a block takes up, more than its rows where runs of unlike lengths lie side by side.
  static std::size_t room(std::span<const Run> block);
  // most: room of the largest block.
  BlockPass(const Stage& stage, std::size_t most);
  void run(std::span<const Run> block);

 private:
  struct Value {
    double* rows = nullptr;  // null: `number` for all
    double number = 0;
  };
  Value compute(const PlanNode& node);
  Value call(const PlanNode& node);
  Value comparison(const PlanNode& node);
  Value category(const PlanNode& node, std::size_t mine);
  Value shifted(const PlanNode& node, std::int64_t by);
  Value rolled(const PlanNode& node);
  template <class F>
  Value each(const Value& a, F f);
  template <class F>
  Value pairs(const Value& a, const Value& b, F f);
  template <class F>
  Value triples(const Value& a, const Value& b, const Value& c, F f);
  template <class F>
  Value folded(const PlanNode& node, F f);

  // How a block's values lie: its runs side by side, time by time, so that a function takes a step in all of them at once; or one run
  // behind the other, where there is but one or where their lengths are too unlike.
  struct Layout {
    bool is_side_by_side = false;
    std::size_t times = 0;  // of the longest run
    std::size_t size = 0;   // values
  };
  static Layout layout_of(std::span<const Run> block);
  template <bool kWrites, class Move>
  void each_row(const double* column, Move move) const;
  template <bool kWrites, class Move>
  void tiles(const double* column, Move move) const;
  template <bool kWrites, class Move>
  void times(const double* column, Move move) const;
  void run_by_run(const Window& window, const double* x, const double* y, double* out);
  void gather(const double* from, double* to) const;
  void scatter(const Value& value, double* to) const;
  Value& argument(const PlanNode& node, std::size_t i) { return values_[static_cast<std::size_t>(node.arguments[i])]; }
  const double* rows_of(Value& value);  // written out where it is one number
  Value fresh();
  void drop(Value& value);

  const Stage& stage_;
  std::size_t most_;
  std::span<const Run> block_;
  Layout layout_;
  bool neighbours_ = false;  // the block's values of each time are neighbours in the frame
  std::vector<double> one_run_;
  std::vector<Value> values_;
  std::vector<int> uses_;
  std::vector<std::unique_ptr<double[]>> memory_;
  std::vector<double*> free_;
};

}  // namespace assay::pipeline
