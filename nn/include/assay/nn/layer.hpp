// What a layer of a network is. Values lie time by time: row t * batch + r of a block is sample r at time t, its features padded to whole
// vectors; a table has one time. Paddings of values may hold anything, paddings of gradients are zero, and so paddings of weights stay
// zero. Layers are planned once and never change: what a pass reads and writes is handed in. Used by Chain and by authors of own layers.
// Thread-safe: all members are const.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/detail/graph.hpp"
#include "assay/detail/random.hpp"
#include "assay/detail/views.hpp"
#include "assay/nn/initializer.hpp"
#include "assay/nn/products.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

struct Shape {
  std::ptrdiff_t time = 1, features = 0;
};

template <class S>
struct Block {
  S* data = nullptr;
  std::ptrdiff_t stride = 0;  // elements between rows
  S* row(std::ptrdiff_t r) const { return data + r * stride; }
  operator Block<const S>() const { return {data, stride}; }
};

// One pass over a batch. memory is kept from forward to backward and null in a prediction; scratch is free after each call.
template <class S>
struct Pass {
  std::ptrdiff_t batch = 0;
  const S* parameters = nullptr;
  S* state = nullptr;  // of a training, which updates it (running means); a prediction only reads it
  S* memory = nullptr;
  S* scratch = nullptr;
  const Random* random = nullptr;  // of this step; null in a prediction

  bool as_predicted = false;  // goes back as a training does, but over what a prediction computes: nothing dropped, running means

  bool trains() const { return memory != nullptr; }
  bool learns() const { return trains() && !as_predicted; }
};

// An array of parameters or state as others see it: rows x cols, dense, the gates of a cell one after another. In memory a row's units lie
// in groups of one vector a gate, padded.
struct Array {
  std::string name;
  std::ptrdiff_t rows = 0, cols = 0;
  std::ptrdiff_t offset = 0, stride = 0, gates = 1, lanes = 1;
  bool is_state = false;

  std::ptrdiff_t at(std::ptrdiff_t row, std::ptrdiff_t col) const {
    const std::ptrdiff_t units = cols / gates, gate = col / units, unit = col % units;
    return offset + row * stride + unit / lanes * gates * lanes + gate * lanes + unit % lanes;
  }
};

template <class S>
class Layer;

// What a layer tells its nodes through (`assay export`): the graph, and its own numbers as arrays without padding. Values in the graph are
// (rows x features) where a layer has one time, else (rows x times x features).
template <class S>
class LayerGraph {
 public:
  LayerGraph(Graph& graph, const S* parameters, const S* state) : graph_(&graph), parameters_(parameters), state_(state) {}
  // Of a layer inside this one, whose numbers begin there.
  LayerGraph inner(std::ptrdiff_t parameters, std::ptrdiff_t state) const { return {*graph_, parameters_ + parameters, state_ + state}; }

  // The numbers of each of its arrays, rows x cols.
  std::vector<std::vector<S>> arrays(const Layer<S>& layer) const {
    std::vector<Array> list;
    layer.arrays("", list);
    std::vector<std::vector<S>> all;
    for (const Array& a : list) {
      all.emplace_back();
      for (std::ptrdiff_t r = 0; r < a.rows; ++r)
        for (std::ptrdiff_t c = 0; c < a.cols; ++c) all.back().push_back((a.is_state ? state_ : parameters_)[a.at(r, c)]);
    }
    return all;
  }
  std::string constant(const std::vector<S>& values, std::initializer_list<std::int64_t> shape) const {
    return graph_->constant(values, shape);
  }
  std::string scalar(S value) const { return graph_->scalar(value); }
  std::string indices(std::initializer_list<std::int64_t> values) const { return graph_->indices(values); }
  std::string node(const char* operation, const std::vector<std::string>& inputs, const std::vector<Attribute>& attributes = {}) const {
    return graph_->node(operation, inputs, attributes);
  }
  // (rows x times x features), also of one time; and back.
  std::string with_times(const std::string& x, Shape shape) const { return shape.time == 1 ? node("Unsqueeze", {x, indices({1})}) : x; }
  std::string without_times(const std::string& x, Shape shape) const { return shape.time == 1 ? node("Squeeze", {x, indices({1})}) : x; }
  Graph& graph() const { return *graph_; }

 private:
  Graph* graph_;
  const S *parameters_, *state_;
};

template <class S>
class Layer {
 public:
  Layer(Shape in, Shape out) : in_(in), out_(out) {}
  virtual ~Layer() = default;

  Shape in() const { return in_; }
  Shape out() const { return out_; }
  std::ptrdiff_t width() const { return padded<S>(out_.features); }  // of a row of out, padded

  // Elements needed, all in whole vectors.
  virtual std::ptrdiff_t parameters() const { return 0; }
  virtual std::ptrdiff_t state() const { return 0; }
  virtual std::ptrdiff_t memory(std::ptrdiff_t /*batch*/) const { return 0; }
  virtual std::ptrdiff_t scratch(std::ptrdiff_t /*batch*/, bool /*trains*/) const { return 0; }

  virtual void initialise(S* /*parameters*/, S* /*state*/, const Random&, std::optional<Initial>) const {}
  virtual void arrays(const std::string& /*prefix*/, std::vector<Array>&) const {}

  // Its nodes from x to its output, whose name comes back: what forward() computes in a prediction.
  virtual std::string graph(const LayerGraph<S>&, const std::string& /*x*/) const {
    throw Error("a layer of the network does not tell its graph", ASSAY_UNSUPPORTED);
  }

  // Whether x may have rows of features alone, without padding.
  virtual bool takes_bare_rows() const { return false; }

  // y from x; they do not overlap.
  virtual void forward(const Pass<S>&, Block<const S> x, Block<S> y) const = 0;

  // From dy (the gradient of y after it went through fold(); may be overwritten) to the gradients of the parameters, which are overwritten,
  // and to dx, unless its data are null; `below` is applied to dx before it is stored.
  virtual void backward(const Pass<S>&, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                        S* gradients) const = 0;

  // What the gradient of y goes through first: an activation, done by whoever makes that gradient.
  virtual Epilogue<S> fold(const Pass<S>&, Block<const S> /*y*/) const { return {}; }

 private:
  Shape in_, out_;
};

namespace detail {

template <class S>
inline void apply_epilogue(const Epilogue<S>& e, std::ptrdiff_t rows, std::ptrdiff_t width, Block<S> block) {
  if (e.kind == Epilogue<S>::store_only) return;
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < width; c += kLanes<S>) store(block.row(r) + c, e.apply(r, c, load(block.row(r) + c)));
}

// Sums of the columns, always in the order of rows.
template <class S>
inline void column_sums(std::ptrdiff_t rows, std::ptrdiff_t width, Block<const S> block, S* sums) {
  for (std::ptrdiff_t c = 0; c < width; c += kLanes<S>) {
    Vec<S> sum{};
    for (std::ptrdiff_t r = 0; r < rows; ++r) sum += load(block.row(r) + c);
    store(sums + c, sum);
  }
}

template <class S>
inline void fill_zero(S* to, std::ptrdiff_t count) {
  std::fill_n(to, count, S{});
}

}  // namespace detail

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
