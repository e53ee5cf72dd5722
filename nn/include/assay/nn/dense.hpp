// A fully connected layer with its activation, at every time alike. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include "assay/nn/activation.hpp"
#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// Initial weights before a layer with this activation, unless one is named: He et al. (2015) for rectifiers, else Glorot and Bengio (2010).
inline Initial usual_initial(Activation activation) {
  const bool rectifier = activation == Activation::relu || activation == Activation::gelu || activation == Activation::leaky_relu ||
                         activation == Activation::elu;
  return rectifier ? Initial::he_uniform : Initial::glorot_uniform;
}

template <class S, class Products>
class DenseLayer final : public Layer<S> {
 public:
  DenseLayer(Shape in, std::ptrdiff_t units, Activation activation) : Layer<S>(in, {in.time, units}), activation_(activation) {}

  std::ptrdiff_t parameters() const override { return (inputs() + 1) * this->width(); }
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return keeps_slope(activation_) ? this->out().time * batch * this->width() : 0;
  }
  std::ptrdiff_t scratch(std::ptrdiff_t, bool trains) const override { return trains ? this->width() * padded<S>(inputs()) : 0; }

  void initialise(S* parameters, S*, const Random& random, std::optional<Initial> named) const override {
    draw_weights(named.value_or(usual_initial(activation_)), inputs(), this->out().features, parameters, this->width(), random);
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    const std::ptrdiff_t width = this->width(), units = this->out().features;
    out.push_back({prefix + "weight", inputs(), units, 0, width, 1, width});
    out.push_back({prefix + "bias", 1, units, inputs() * width, width, 1, width});
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);
    const std::string weight = g.constant(a[0], {inputs(), this->out().features}), bias = g.constant(a[1], {this->out().features});
    const std::string z = this->in().time == 1 ? g.node("Gemm", {x, weight, bias}) : g.node("Add", {g.node("MatMul", {x, weight}), bias});
    return activation_node(g, activation_, z);
  }

  bool takes_bare_rows() const override { return true; }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t rows = this->in().time * pass.batch, width = this->width();
    Epilogue<S> epilogue;
    epilogue.bias = pass.parameters + inputs() * width;
    if (activation_ == Activation::relu) epilogue.kind = Epilogue<S>::relu;
    if (this->out().features == 1 && inputs() <= kDotDepth && !pass.learns()) {
      dot_rows(rows, inputs(), x.data, x.stride, pass.parameters, width, *epilogue.bias, [&](std::ptrdiff_t row, S z) {
        Vec<S> only{};
        only[0] = z;
        store(y.row(row), epilogue.kind == Epilogue<S>::relu && z < S{0} ? Vec<S>{} : only);
      });
    } else {
      const Term<S> term{x.data, x.stride, 1, pass.parameters, width, inputs()};
      Products::multiply({rows, width, &term, 1, y.data, y.stride}, epilogue);
    }
    if (!keeps_slope(activation_)) return;
    for (std::ptrdiff_t r = 0; r < rows; ++r) activate(activation_, width, y.row(r), pass.trains() ? pass.memory + r * width : nullptr);
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t rows = this->in().time * pass.batch, width = this->width(), below_width = padded<S>(inputs());
    const Term<S> weight{x.data, 1, x.stride, dy.data, dy.stride, rows};
    Products::multiply({inputs(), width, &weight, 1, gradients, width}, {});
    detail::column_sums<S>(rows, width, dy, gradients + inputs() * width);
    if (dx.data == nullptr) return;
    transpose(inputs(), width, pass.parameters, width, pass.scratch, below_width);
    const Term<S> input{dy.data, dy.stride, 1, pass.scratch, below_width, this->out().features};
    Products::multiply({rows, below_width, &input, 1, dx.data, dx.stride}, below);
  }

  Epilogue<S> fold(const Pass<S>& pass, Block<const S> y) const override { return folded(activation_, pass.memory, this->width(), y); }

 private:
  std::ptrdiff_t inputs() const { return this->in().features; }
  Activation activation_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
