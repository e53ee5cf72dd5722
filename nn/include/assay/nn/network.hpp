// A network of layers planned once for fixed shapes. Its outputs are raw: values or logits. Used by the neural plugins and by users' own.
// It knows neither epochs nor optimisers: gradients() go to an Optimizer. No allocation after planning; the same calls give the same bits,
// for any number of threads: a batch is cut into `shards` parts of its own accord, whose gradients are added in their order. One thread
// calls; predict() is const and may run on several.
//
//   nn::Network<float> network({.time = 30, .features = 8}, {nn::Lstm{.units = 64}, nn::Dense{.units = 1}}, 64);
//   network.initialise(call.random());
//   nn::Optimizer<float> adam({}, network.parameters().size());
//   double loss = network.loss_and_gradient(samples, target, loss_spec, random);
//   adam.update(network.parameters().data(), network.gradients().data(), 1.0);
#pragma once

#include "assay/nn/arena.hpp"
#include "assay/nn/layer_spec.hpp"
#include "assay/nn/loss.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// Rows of a table (time 1), or windows of times x features, the oldest time first; features lie side by side.
template <class S>
struct Samples {
  const S* data = nullptr;
  std::ptrdiff_t rows = 0, time = 1, features = 0;
  std::ptrdiff_t row_stride = 0, time_stride = 0;

  Samples() = default;
  Samples(const S* from, std::ptrdiff_t n, Shape shape)
      : data(from),
        rows(n),
        time(shape.time),
        features(shape.features),
        row_stride(shape.time * shape.features),
        time_stride(shape.features) {}
  Samples(const MatrixView<const S>& table)
      : data(table.data()), rows(table.rows()), features(table.cols()), row_stride(table.row_stride()) {}
  Samples slice(std::ptrdiff_t first, std::ptrdiff_t count) const {
    Samples part = *this;
    part.data += first * row_stride;
    part.rows = count;
    return part;
  }
};

// What arrays a network of this shape has; no memory is taken.
inline std::vector<Array> arrays_of(Shape in, const std::vector<LayerSpec>& layers) {
  std::vector<Array> arrays;
  Planner<float, TileProducts<float>>().chain(in, layers)->arrays("", arrays);
  return arrays;
}

// Runs f(0) ... f(n - 1) one after another; a Call's threads may stand in its place.
struct InTurn {
  template <class F>
  void operator()(std::ptrdiff_t n, F&& f) const {
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
  }
};

template <class S, class Products = TileProducts<S>>
class Network {
 public:
  Network() = default;

  // Batches of at most batch_size rows can be trained on; 0: for prediction only.
  Network(Shape in, std::vector<LayerSpec> layers, std::ptrdiff_t batch_size, std::ptrdiff_t shards = 1)
      : specs_(std::move(layers)), batch_(batch_size), chain_(Planner<S, Products>().chain(in, specs_)) {
    if (chain_->out().time != 1)
      throw bad_input("the last layer gives " + std::to_string(chain_->out().time) +
                      " times: end with one (last, flatten, a global pool, or a recurrent layer without sequences)");
    chain_->arrays("", arrays_);
    parameters_ = Arena<S>(chain_->parameters());
    state_ = Arena<S>(chain_->state());
    if (batch_ == 0) return;
    if (shards < 1) throw bad_input("a batch is cut into at least one part");
    shard_rows_ = (batch_ + shards - 1) / shards;
    for (std::ptrdiff_t s = 0; s < (batch_ + shard_rows_ - 1) / shard_rows_; ++s) shards_.emplace_back(*chain_, shard_rows_);
  }

  // He et al. for layers before a rectifier, Glorot and Bengio for the others, orthogonal from state to gates, unless one is named for all.
  void initialise(const Random& random, std::optional<Initial> named = {}) {
    detail::fill_zero(parameters_.data(), chain_->parameters());
    detail::fill_zero(state_.data(), chain_->state());
    chain_->initialise(parameters_.data(), state_.data(), random, named);
  }

  // The mean loss of x and its gradient with respect to every parameter. random: of this step, for dropout.
  template <class Parallel = InTurn>
  double loss_and_gradient(const Samples<S>& x, const Target<S>& target, const LossSpec& loss, const Random& random = Random(0),
                           const Parallel& parallel = {}) {
    if (x.rows <= 0 || x.rows > batch_ || x.time != in().time || x.features != in().features)
      throw bad_input("a batch has another shape than was planned for");
    const std::ptrdiff_t used = (x.rows + shard_rows_ - 1) / shard_rows_;
    parallel(used, [&](std::ptrdiff_t s) {
      const std::ptrdiff_t first = s * shard_rows_, count = std::min(shard_rows_, x.rows - first);
      Shard& shard = shards_[static_cast<std::size_t>(s)];
      shard.loss = shard.train(*this, x.slice(first, count), target.slice(first, count), loss, x.rows,
                               s == 0 ? random : random.child(static_cast<std::uint64_t>(s)));
    });
    return added_up(used);
  }

  // Of the batch that was trained on last: the first layer that gave something that is no number; none where all are numbers.
  std::optional<std::size_t> first_broken() const {
    std::optional<std::size_t> first;
    for (const Shard& shard : shards_) {
      const auto found = shard.first_broken(*chain_);
      if (found && (!first || *found < *first)) first = found;
    }
    return first;
  }

  // Raw outputs of x into out (rows x outputs, dense); rows beyond `chunk` go in turns, and each has the bits that it has alone. scratch:
  // scratch_size(chunk) elements, aligned to 64 bytes.
  std::size_t scratch_size(std::ptrdiff_t chunk) const {
    return static_cast<std::size_t>(input_size(chunk) + chunk * chain_->width() + chain_->scratch(chunk, false));
  }
  void predict(const Samples<S>& x, S* out, std::ptrdiff_t chunk, S* scratch) const {
    if (x.time != in().time || x.features != in().features) throw bad_input("the rows have another number of inputs than the network");
    for (std::ptrdiff_t row = 0; row < x.rows; row += chunk) {
      Pass<S> pass;
      pass.batch = std::min(chunk, x.rows - row);
      pass.parameters = parameters_.data();
      pass.state = const_cast<S*>(state_.data());  // a prediction only reads it
      pass.scratch = scratch + input_size(chunk) + chunk * chain_->width();
      const Block<S> y{scratch + input_size(chunk), chain_->width()};
      chain_->forward(pass, entered(x.slice(row, pass.batch), scratch), y);
      for (std::ptrdiff_t r = 0; r < pass.batch; ++r)  // a loop: of the few that there are, a call to memmove costs more
        for (std::ptrdiff_t c = 0; c < outputs(); ++c) out[(row + r) * outputs() + c] = y.row(r)[c];
    }
  }

  // Raw outputs of x as predict() gives them, and the gradient of sum_c direction[c] output_c with respect to each row's inputs (into: rows
  // x time x features, dense). Each row has the bits that it has alone. scratch: gradient_scratch_size(chunk) elements, aligned to 64
  // bytes.
  std::size_t gradient_scratch_size(std::ptrdiff_t chunk) const {
    return static_cast<std::size_t>(2 * input_size(chunk) + 2 * chunk * chain_->width() + kept_size(chunk) + chain_->scratch(chunk, true) +
                                    chain_->parameters());
  }
  void input_gradient(const Samples<S>& x, std::span<const S> direction, S* out, S* into, std::ptrdiff_t chunk, S* scratch) const {
    const auto same = [&](const S*, S* to) { std::copy_n(direction.data(), outputs(), to); };
    input_gradient(x, same, out, into, chunk, scratch);
  }
  // direction(a row's raw outputs, its direction to be filled)
  template <class Direction>
  requires std::invocable<const Direction&, const S*, S*>
  void input_gradient(const Samples<S>& x, const Direction& direction, S* out, S* into, std::ptrdiff_t chunk, S* scratch) const {
    if (x.time != in().time || x.features != in().features) throw bad_input("the rows have another number of inputs than the network");
    detail::fill_zero(scratch, static_cast<std::ptrdiff_t>(gradient_scratch_size(chunk)));
    S* const slopes = scratch + input_size(chunk);
    const Block<S> y{slopes + input_size(chunk), chain_->width()}, dy{y.row(chunk), chain_->width()};
    Pass<S> pass;
    pass.as_predicted = true;
    pass.parameters = parameters_.data();
    pass.state = const_cast<S*>(state_.data());  // what is not learned from only reads it
    pass.memory = dy.row(chunk);
    pass.scratch = pass.memory + kept_size(chunk);
    S* const gradients = pass.scratch + chain_->scratch(chunk, true);  // of the parameters, which nobody asks for
    const Block<S> dx{slopes, padded<S>(x.features)};
    for (std::ptrdiff_t first = 0; first < x.rows; first += chunk) {
      pass.batch = std::min(chunk, x.rows - first);
      const Block<const S> from = entered(x.slice(first, pass.batch), scratch);
      chain_->forward(pass, from, y);
      for (std::ptrdiff_t r = 0; r < pass.batch; ++r) {
        std::copy_n(y.row(r), outputs(), out + (first + r) * outputs());
        direction(y.row(r), dy.row(r));
        detail::fill_zero(dy.row(r) + outputs(), chain_->width() - outputs());
      }
      detail::apply_epilogue(chain_->fold(pass, y), pass.batch, chain_->width(), dy);
      chain_->backward(pass, from, y, dy, dx, {}, gradients);
      for (std::ptrdiff_t t = 0; t < x.time; ++t)
        for (std::ptrdiff_t r = 0; r < pass.batch; ++r)
          std::copy_n(dx.row(t * pass.batch + r), x.features, into + ((first + r) * x.time + t) * x.features);
    }
  }

  // What predict() computes, from the rows of the problem that the graph is of to the raw outputs, whose name comes back.
  std::string graph(Graph& to) const {
    std::string x = to.rows();
    const bool windows = to.problem().lookback() > 0;
    if (windows ? in().time == 1 : in().time > 1)
      x = to.node("Reshape", {x, windows ? to.indices({0, in().features}) : to.indices({0, in().time, in().features})});
    return chain_->graph(LayerGraph<S>(to, parameters_.data(), state_.data()), x);
  }

  Shape in() const { return chain_->in(); }
  std::ptrdiff_t outputs() const { return chain_->out().features; }
  std::ptrdiff_t batch_size() const { return batch_; }
  bool planned() const { return chain_ != nullptr; }
  const std::vector<LayerSpec>& layers() const { return specs_; }

  // Parameters as one block, padded: the padding is zero and stays so. Arrays say what lies where in it, and in the state.
  std::span<S> parameters() { return parameters_.all(); }
  std::span<const S> parameters() const { return parameters_.all(); }
  std::span<const S> gradients() const { return shards_.front().gradients.all(); }
  std::span<S> gradients() { return shards_.front().gradients.all(); }
  std::span<S> state() { return state_.all(); }
  std::span<const S> state() const { return state_.all(); }
  const std::vector<Array>& arrays() const { return arrays_; }

 private:
  // What one part of a batch is trained in.
  struct Shard {
    Shard(const Layer<S>& chain, std::ptrdiff_t rows)
        : gradients(chain.parameters()),
          input(chain.in().time * rows * padded<S>(chain.in().features)),
          top(rows * chain.width()),
          delta(rows * chain.width()),
          memory(std::max<std::ptrdiff_t>(1, chain.memory(rows))),
          scratch(chain.scratch(rows, true)),
          state(chain.state()) {}

    Pass<S> pass(Network& network, std::ptrdiff_t rows, const Random& random) {
      Pass<S> p;
      p.batch = rows;
      p.parameters = network.parameters_.data();
      p.state = state.data();  // its own: parts may run at the same time
      p.memory = memory.data();
      p.scratch = scratch.data();
      p.random = &random;
      return p;
    }

    std::optional<std::size_t> first_broken(const Chain<S>& chain) const {
      Pass<S> p;
      p.batch = trained_rows;
      p.memory = const_cast<S*>(memory.data());  // which is only read
      return chain.first_broken(p, {top.data(), chain.width()});
    }

    double train(Network& network, const Samples<S>& x, const Target<S>& target, const LossSpec& spec, std::ptrdiff_t all_rows,
                 const Random& random) {
      const Layer<S>& chain = *network.chain_;
      trained_rows = x.rows;
      std::copy(network.state_.all().begin(), network.state_.all().end(), state.data());
      const Pass<S> p = pass(network, x.rows, random);
      const Block<S> y{top.data(), chain.width()}, dy{delta.data(), chain.width()};
      const Block<const S> from = network.entered(x, input.data());
      chain.forward(p, from, y);
      const double value = loss_and_slope(spec, x.rows, chain.out().features, y.data, target, dy.data, y.stride, all_rows);
      detail::apply_epilogue(chain.fold(p, y), x.rows, chain.width(), dy);
      chain.backward(p, from, y, dy, {}, {}, gradients.data());
      return value;
    }

    Arena<S> gradients, input, top, delta, memory, scratch, state;
    double loss = 0;
    std::ptrdiff_t trained_rows = 0;
  };

  std::ptrdiff_t input_size(std::ptrdiff_t rows) const { return in().time * rows * padded<S>(in().features); }
  std::ptrdiff_t kept_size(std::ptrdiff_t rows) const { return std::max<std::ptrdiff_t>(kLanes<S>, chain_->memory(rows)); }

  // The samples time by time, in `buffer` unless their rows will do as they lie.
  Block<const S> entered(const Samples<S>& x, S* buffer) const {
    if (x.time == 1 && chain_->takes_bare_rows()) return {x.data, x.row_stride};
    const Block<S> to{buffer, padded<S>(x.features)};
    for (std::ptrdiff_t t = 0; t < x.time; ++t)
      for (std::ptrdiff_t r = 0; r < x.rows; ++r)
        std::copy_n(x.data + r * x.row_stride + t * x.time_stride, x.features, to.row(t * x.rows + r));
    return to;
  }

  // Gradients and losses are sums, the state is the mean of what the parts made of it.
  double added_up(std::ptrdiff_t used) {
    for (std::size_t i = 0; i < state_.size(); ++i) {
      S sum{};
      for (std::ptrdiff_t s = 0; s < used; ++s) sum += shards_[static_cast<std::size_t>(s)].state.data()[i];
      state_.data()[i] = sum / static_cast<S>(used);
    }
    double loss = shards_[0].loss;
    S* const sum = shards_[0].gradients.data();
    for (std::ptrdiff_t s = 1; s < used; ++s) {
      const Shard& shard = shards_[static_cast<std::size_t>(s)];
      loss += shard.loss;
      for (std::ptrdiff_t i = 0; i < chain_->parameters(); i += kLanes<S>) store(sum + i, load(sum + i) + load(shard.gradients.data() + i));
    }
    return loss;
  }

  std::vector<LayerSpec> specs_;
  std::ptrdiff_t batch_ = 0, shard_rows_ = 0;
  std::shared_ptr<const Chain<S>> chain_;
  std::vector<Array> arrays_;
  Arena<S> parameters_, state_;
  std::vector<Shard> shards_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
