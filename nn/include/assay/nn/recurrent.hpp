// Recurrent layers: LSTM (Hochreiter and Schmidhuber 1997, with forget gate) and GRU (Cho et al. 2014, in the form that applies the reset
// gate after the product: PyTorch's and cuDNN's). Gates of the same units lie side by side in one register tile, so that a step is one
// product whose end is the cell's arithmetic. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include <array>

#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// What both cells share: x (time x batch) in, the state h out, for each time or the last one only. G gates.
template <class S, int G>
class RecurrentLayer : public Layer<S> {
 public:
  RecurrentLayer(Shape in, std::ptrdiff_t units, bool sequences) : Layer<S>(in, {sequences ? in.time : 1, units}), sequences_(sequences) {
    if (in.features <= 0 || in.time <= 0 || units <= 0) throw bad_input("a recurrent layer needs inputs, times and units");
  }

 protected:
  static constexpr std::ptrdiff_t n = kLanes<S>;
  std::ptrdiff_t inputs() const { return this->in().features; }
  std::ptrdiff_t units() const { return this->out().features; }
  std::ptrdiff_t times() const { return this->in().time; }
  std::ptrdiff_t groups() const { return this->width() / n; }

  // Where the states of all times lie in a training; one that gives the last only keeps the others in memory.
  Block<S> states(S* kept, Block<S> y) const { return sequences_ ? y : Block<S>{kept, this->width()}; }
  std::ptrdiff_t kept_states(std::ptrdiff_t batch) const { return sequences_ ? 0 : times() * batch * this->width(); }
  void copy_last(std::ptrdiff_t batch, Block<const S> last, Block<S> y) const {
    for (std::ptrdiff_t r = 0; r < batch; ++r) std::copy_n(last.row(r), this->width(), y.row(r));
  }
  // The gradient of the state at this time that comes from above, none where only the last time is given.
  Vec<S> from_above(Block<const S> dy, std::ptrdiff_t time, std::ptrdiff_t batch, std::ptrdiff_t row, std::ptrdiff_t col) const {
    if (sequences_) return load(dy.row(time * batch + row) + col);
    return time + 1 == times() ? load(dy.row(row) + col) : Vec<S>{};
  }

  // Calls cell(row, group, dh) for the gradient of the states at `time`: from above, and from the gates of the next time (dz, none at the
  // last) through the weights from state to gates, transposed.
  template <class Products, class Cell>
  void state_gradients(Block<const S> dy, std::ptrdiff_t time, std::ptrdiff_t batch, const S* next_dz, std::ptrdiff_t dz_width,
                       const S* transposed, const Cell& cell) const {
    const Term<S> through{next_dz, dz_width, 1, transposed, this->width(), dz_width};
    Products::each(
        batch, this->width(), &through, next_dz == nullptr ? 0 : 1, nullptr,
        [&](std::ptrdiff_t row, std::ptrdiff_t col, const Vec<S>& z) { cell(row, col / n, z + from_above(dy, time, batch, row, col)); });
  }

  // Gradients of the weights from inputs and from states, where dz belongs to times first.. of the states' successors.
  template <class Products>
  void weight_gradient(Block<const S> from, std::ptrdiff_t rows, std::ptrdiff_t count, const S* dz, std::ptrdiff_t dz_width, S* out) const {
    const Term<S> term{from.data, 1, from.stride, dz, dz_width, count};
    Products::multiply({rows, dz_width, &term, 1, out, dz_width}, {});
  }
  template <class Products>
  void input_gradient(const Pass<S>& pass, const S* weight, const S* dz, std::ptrdiff_t dz_width, S* transposed, Block<S> dx,
                      const Epilogue<S>& below) const {
    const std::ptrdiff_t below_width = padded<S>(inputs());
    transpose(inputs(), dz_width, weight, dz_width, transposed, below_width);
    const Term<S> term{dz, dz_width, 1, transposed, below_width, dz_width};
    Products::multiply({times() * pass.batch, below_width, &term, 1, dx.data, dx.stride}, below);
  }

  // The cell as ONNX's operator, whose gates stand in another order: gates[k] is the one here that is its k-th. input, state: the weights
  // here (inputs or units x G gates). bias: as the operator has it.
  std::string cell_node(const LayerGraph<S>& g, const std::string& x, const char* operation, const std::vector<Attribute>& attributes,
                        const std::array<int, G>& gates, const std::vector<S>& input, const std::vector<S>& state,
                        const std::vector<S>& bias) const {
    const auto turned = [&](const std::vector<S>& weight, std::ptrdiff_t rows) {
      std::vector<S> out;
      for (const int gate : gates)
        for (std::ptrdiff_t u = 0; u < units(); ++u)
          for (std::ptrdiff_t r = 0; r < rows; ++r)
            out.push_back(weight[static_cast<std::size_t>((r * G + std::ptrdiff_t{gate}) * units() + u)]);
      return g.constant(out, {1, G * units(), rows});
    };
    const std::string by_time = g.node("Transpose", {g.with_times(x, this->in())}, {{"perm", {1, 0, 2}}});
    const std::vector<std::string> out = g.graph().node(
        operation, {by_time, turned(input, inputs()), turned(state, units()), g.constant(bias, {1, 2 * G * units()})}, attributes, 2);
    if (!sequences_) return g.node("Squeeze", {out[1], g.indices({0})});
    const std::string by_row = g.node("Transpose", {out[0]}, {{"perm", {2, 0, 1, 3}}});  // times, directions, rows, units
    return g.without_times(g.node("Squeeze", {by_row, g.indices({2})}), this->out());
  }

  bool sequences_;
};

// Parameters: input (inputs x 4 gates), state (units x 4 gates), bias; gates i, f, g, o.
template <class S, class Products>
class LstmLayer final : public RecurrentLayer<S, 4> {
  using Base = RecurrentLayer<S, 4>;
  using Base::groups;
  using Base::inputs;
  using Base::n;
  using Base::times;
  using Base::units;
  static constexpr int kGates = 4;

 public:
  using Base::Base;

  std::ptrdiff_t parameters() const override { return (inputs() + units() + 1) * wide(); }
  // gates (gradients of their sums after backward), cells, tanh of cells, states
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return times() * batch * (wide() + 2 * this->width()) + this->kept_states(batch);
  }
  std::ptrdiff_t scratch(std::ptrdiff_t batch, bool trains) const override {
    const std::ptrdiff_t prediction = 3 * batch * this->width();
    return trains ? std::max(wide() * this->width(), wide() * padded<S>(inputs())) + batch * this->width() : prediction;
  }

  void initialise(S* parameters, S*, const Random& random, std::optional<Initial> named) const override {
    draw_gates(named.value_or(Initial::glorot_uniform), inputs(), units(), kGates, parameters, wide(), random.child(0));
    draw_gates(named.value_or(Initial::orthogonal), units(), units(), kGates, state_weight(parameters), wide(), random.child(1));
    // A forget gate that starts open lets gradients through time (Jozefowicz et al. 2015).
    S* const b = bias(parameters);
    for (std::ptrdiff_t u = 0; u < units(); ++u) b[u / n * kGates * n + n + u % n] = S{1};
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    out.push_back({prefix + "input_weight", inputs(), kGates * units(), 0, wide(), kGates, n});
    out.push_back({prefix + "state_weight", units(), kGates * units(), inputs() * wide(), wide(), kGates, n});
    out.push_back({prefix + "bias", 1, kGates * units(), (inputs() + units()) * wide(), wide(), kGates, n});
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    constexpr std::array<int, kGates> kOrder = {0, 3, 1, 2};  // i o f c
    const auto a = g.arrays(*this);
    std::vector<S> bias(static_cast<std::size_t>(2 * kGates * units()));  // of the input, then of the state: zero
    for (std::size_t k = 0; k < kOrder.size(); ++k)
      std::copy_n(a[2].data() + kOrder[k] * units(), units(), bias.data() + static_cast<std::ptrdiff_t>(k) * units());
    return this->cell_node(g, x, "LSTM", {{"hidden_size", units()}}, kOrder, a[0], a[1], bias);
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t batch = pass.batch, width = this->width();
    const Memory m = memory_of(pass.memory, batch);
    const Block<S> states = this->states(m.states, y);
    S* turn[2] = {pass.scratch, pass.scratch + batch * width};  // of a prediction that gives the last state only
    S* const cells = pass.scratch + 2 * batch * width;
    const bool keeps = pass.trains() || this->sequences_;
    const auto state_at = [&](std::ptrdiff_t t) {
      return keeps ? Block<S>{states.row(t * batch), states.stride} : Block<S>{turn[t % 2], width};
    };
    for (std::ptrdiff_t t = 0; t < times(); ++t) {
      const Block<S> now = state_at(t), before = t > 0 ? state_at(t - 1) : Block<S>{};
      const S* const cell_before = t == 0 ? nullptr : pass.trains() ? m.cells + (t - 1) * batch * width : cells;
      S* const cell_now = pass.trains() ? m.cells + t * batch * width : cells;
      const GateTerm<S, 0, 1, 2, 3> from_x{{x.row(t * batch), x.stride, 1, pass.parameters, wide(), inputs()}};
      const GateTerm<S, 0, 1, 2, 3> from_h{{before.data, before.stride, 1, state_weight(pass.parameters), wide(), t > 0 ? units() : 0}};
      Products::template gates<kGates>(batch, groups(), bias(pass.parameters), from_x, from_h,
                                       [&, trains = pass.trains()](std::ptrdiff_t row, std::ptrdiff_t group, Vec<S>(&z)[kGates]) {
                                         const std::ptrdiff_t at = row * width + group * n;
                                         const Vec<S> i = logistic<S>(z[0]), f = logistic<S>(z[1]), g = hyperbolic_tangent<S>(z[2]),
                                                      o = logistic<S>(z[3]);
                                         const Vec<S> c = (cell_before ? f * load(cell_before + at) : Vec<S>{}) + i * g;
                                         const Vec<S> squashed = hyperbolic_tangent<S>(c);
                                         store(cell_now + at, c);
                                         store(now.row(row) + group * n, o * squashed);
                                         if (!trains) return;
                                         S* const gate = m.gates + (t * batch + row) * wide() + group * kGates * n;
                                         store(gate, i);
                                         store(gate + n, f);
                                         store(gate + 2 * n, g);
                                         store(gate + 3 * n, o);
                                         store(m.squashed + t * batch * width + at, squashed);
                                       });
    }
    if (!this->sequences_) this->copy_last(batch, state_at(times() - 1), y);
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t batch = pass.batch, width = this->width();
    const Memory m = memory_of(pass.memory, batch);
    S *const dc = pass.scratch, *const transposed = pass.scratch + batch * width;
    transpose(units(), wide(), state_weight(pass.parameters), wide(), transposed, width);
    for (std::ptrdiff_t t = times(); t-- > 0;) {
      const bool last = t + 1 == times();
      S* const gates = m.gates + t * batch * wide();
      const S* const cell_before = t == 0 ? nullptr : m.cells + (t - 1) * batch * width;
      const S* const squashed = m.squashed + t * batch * width;
      this->template state_gradients<Products>(dy, t, batch, last ? nullptr : gates + batch * wide(), wide(), transposed,
                                               [&](std::ptrdiff_t row, std::ptrdiff_t group, const Vec<S>& dh) {
                                                 const std::ptrdiff_t at = row * width + group * n;
                                                 S* const gate = gates + row * wide() + group * kGates * n;
                                                 const Vec<S> i = load(gate), f = load(gate + n), g = load(gate + 2 * n),
                                                              o = load(gate + 3 * n), s = load(squashed + at);
                                                 Vec<S> d = dh * o * (S{1} - s * s);
                                                 if (!last) d += load(dc + at);
                                                 store(dc + at, d * f);
                                                 store(gate, d * g * i * (S{1} - i));
                                                 store(gate + n, cell_before ? d * load(cell_before + at) * f * (S{1} - f) : Vec<S>{});
                                                 store(gate + 2 * n, d * i * (S{1} - g * g));
                                                 store(gate + 3 * n, dh * s * o * (S{1} - o));
                                               });
    }
    const std::ptrdiff_t rows = times() * batch;
    const Block<const S> states = this->sequences_ ? y : Block<const S>{m.states, width};
    this->template weight_gradient<Products>(x, inputs(), rows, m.gates, wide(), gradients);
    this->template weight_gradient<Products>(states, units(), rows - batch, m.gates + batch * wide(), wide(), state_weight(gradients));
    detail::column_sums<S>(rows, wide(), {m.gates, wide()}, bias(gradients));
    if (dx.data != nullptr) this->template input_gradient<Products>(pass, pass.parameters, m.gates, wide(), transposed, dx, below);
  }

 private:
  struct Memory {
    S *gates, *cells, *squashed, *states;
  };
  Memory memory_of(S* memory, std::ptrdiff_t batch) const {
    if (memory == nullptr) return {};
    const std::ptrdiff_t rows = times() * batch;
    S* const cells = memory + rows * wide();
    return {memory, cells, cells + rows * this->width(), cells + 2 * rows * this->width()};
  }
  std::ptrdiff_t wide() const { return kGates * this->width(); }
  template <class P>
  P* state_weight(P* parameters) const {
    return parameters + inputs() * wide();
  }
  template <class P>
  P* bias(P* parameters) const {
    return parameters + (inputs() + units()) * wide();
  }
};

// Parameters: input (inputs x 3 gates), state (units x 3 gates), bias of 4: gates z (update), r (reset), n (new) from the input, n from
// the state. h = (1 - z) tanh(n_input + r n_state) + z h_before.
template <class S, class Products>
class GruLayer final : public RecurrentLayer<S, 3> {
  using Base = RecurrentLayer<S, 3>;
  using Base::groups;
  using Base::inputs;
  using Base::n;
  using Base::times;
  using Base::units;

 public:
  using Base::Base;

  std::ptrdiff_t parameters() const override { return (inputs() + units()) * wide() + 4 * this->width(); }
  // z, r, n and the state's share of n; gradients of the gates' sums from the input and from the state; states
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return times() * batch * (4 * this->width() + 2 * wide()) + this->kept_states(batch);
  }
  std::ptrdiff_t scratch(std::ptrdiff_t batch, bool trains) const override {
    return trains ? std::max(wide() * this->width(), wide() * padded<S>(inputs())) + batch * this->width() + 4 * this->width()
                  : 2 * batch * this->width();
  }

  void initialise(S* parameters, S*, const Random& random, std::optional<Initial> named) const override {
    draw_gates(named.value_or(Initial::glorot_uniform), inputs(), units(), 3, parameters, wide(), random.child(0));
    draw_gates(named.value_or(Initial::orthogonal), units(), units(), 3, parameters + inputs() * wide(), wide(), random.child(1));
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    out.push_back({prefix + "input_weight", inputs(), 3 * units(), 0, wide(), 3, n});
    out.push_back({prefix + "state_weight", units(), 3 * units(), inputs() * wide(), wide(), 3, n});
    out.push_back({prefix + "bias", 1, 4 * units(), (inputs() + units()) * wide(), 4 * this->width(), 4, n});
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);
    std::vector<S> bias(static_cast<std::size_t>(6 * units()));  // z r h of the input, then of the state: h has one of each
    std::copy_n(a[2].data(), 3 * units(), bias.data());
    std::copy_n(a[2].data() + 3 * units(), units(), bias.data() + 5 * units());
    return this->cell_node(g, x, "GRU", {{"hidden_size", units()}, {"linear_before_reset", 1}}, {0, 1, 2}, a[0], a[1], bias);
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t batch = pass.batch, width = this->width();
    const Memory m = memory_of(pass.memory, batch);
    const Block<S> states = this->states(m.states, y);
    S* turn[2] = {pass.scratch, pass.scratch + batch * width};
    const bool keeps = pass.trains() || this->sequences_;
    const auto state_at = [&](std::ptrdiff_t t) {
      return keeps ? Block<S>{states.row(t * batch), states.stride} : Block<S>{turn[t % 2], width};
    };
    for (std::ptrdiff_t t = 0; t < times(); ++t) {
      const Block<S> now = state_at(t), before = t > 0 ? state_at(t - 1) : Block<S>{};
      const GateTerm<S, 0, 1, 2> from_x{{x.row(t * batch), x.stride, 1, pass.parameters, wide(), inputs()}};
      const GateTerm<S, 0, 1, 3> from_h{{before.data, before.stride, 1, pass.parameters + inputs() * wide(), wide(), t > 0 ? units() : 0}};
      Products::template gates<4>(batch, groups(), bias(pass.parameters), from_x, from_h,
                                  [&, trains = pass.trains()](std::ptrdiff_t row, std::ptrdiff_t group, Vec<S>(&sum)[4]) {
                                    const Vec<S> z = logistic<S>(sum[0]), r = logistic<S>(sum[1]);
                                    const Vec<S> fresh = hyperbolic_tangent<S>(sum[2] + r * sum[3]);
                                    const Vec<S> h = before.data ? load(before.row(row) + group * n) : Vec<S>{};
                                    store(now.row(row) + group * n, fresh + z * (h - fresh));
                                    if (!trains) return;
                                    S* const gate = m.gates + (t * batch + row) * 4 * width + group * 4 * n;
                                    store(gate, z);
                                    store(gate + n, r);
                                    store(gate + 2 * n, fresh);
                                    store(gate + 3 * n, sum[3]);
                                  });
    }
    if (!this->sequences_) this->copy_last(batch, state_at(times() - 1), y);
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t batch = pass.batch, width = this->width(), rows = times() * batch;
    const Memory m = memory_of(pass.memory, batch);
    const Block<const S> states = this->sequences_ ? y : Block<const S>{m.states, width};
    S *const direct = pass.scratch, *const sums = direct + batch * width, *const transposed = sums + 4 * width;
    transpose(units(), wide(), pass.parameters + inputs() * wide(), wide(), transposed, width);
    for (std::ptrdiff_t t = times(); t-- > 0;) {
      const bool last = t + 1 == times();
      const std::ptrdiff_t first = t * batch;
      this->template state_gradients<Products>(dy, t, batch, last ? nullptr : m.from_state + (first + batch) * wide(), wide(), transposed,
                                               [&](std::ptrdiff_t row, std::ptrdiff_t group, const Vec<S>& gradient) {
                                                 const S* const gate = m.gates + (first + row) * 4 * width + group * 4 * n;
                                                 const Vec<S> z = load(gate), r = load(gate + n), fresh = load(gate + 2 * n),
                                                              part = load(gate + 3 * n);
                                                 const Vec<S> h = t > 0 ? load(states.row(first - batch + row) + group * n) : Vec<S>{};
                                                 S* const kept = direct + row * width + group * n;
                                                 const Vec<S> dh = last ? gradient : gradient + load(kept);
                                                 store(kept, dh * z);
                                                 const Vec<S> dn = dh * (S{1} - z) * (S{1} - fresh * fresh);
                                                 const Vec<S> dz = dh * (h - fresh) * z * (S{1} - z), dr = dn * part * r * (S{1} - r);
                                                 const std::ptrdiff_t at = (first + row) * wide() + group * 3 * n;
                                                 put(m.from_input + at, dz, dr, dn);
                                                 put(m.from_state + at, dz, dr, dn * r);
                                               });
    }
    this->template weight_gradient<Products>(x, inputs(), rows, m.from_input, wide(), gradients);
    this->template weight_gradient<Products>(states, units(), rows - batch, m.from_state + batch * wide(), wide(),
                                             gradients + inputs() * wide());
    bias_gradient(rows, m, sums, bias(gradients));
    if (dx.data != nullptr) this->template input_gradient<Products>(pass, pass.parameters, m.from_input, wide(), transposed, dx, below);
  }

 private:
  struct Memory {
    S *gates, *from_input, *from_state, *states;
  };
  Memory memory_of(S* memory, std::ptrdiff_t batch) const {
    if (memory == nullptr) return {};
    const std::ptrdiff_t rows = times() * batch;
    S* const from_input = memory + rows * 4 * this->width();
    return {memory, from_input, from_input + rows * wide(), from_input + 2 * rows * wide()};
  }
  static void put(S* to, const Vec<S>& a, const Vec<S>& b, const Vec<S>& c) {
    store(to, a);
    store(to + n, b);
    store(to + 2 * n, c);
  }
  void bias_gradient(std::ptrdiff_t rows, const Memory& m, S* sums, S* out) const {
    detail::column_sums<S>(rows, wide(), {m.from_input, wide()}, sums);
    for (std::ptrdiff_t g = 0; g < groups(); ++g) {
      std::copy_n(sums + g * 3 * n, 3 * n, out + g * 4 * n);
      detail::column_sums<S>(rows, n, {m.from_state + g * 3 * n + 2 * n, wide()}, out + g * 4 * n + 3 * n);
    }
  }
  std::ptrdiff_t wide() const { return 3 * this->width(); }
  template <class P>
  P* bias(P* parameters) const {
    return parameters + (inputs() + units()) * wide();
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
