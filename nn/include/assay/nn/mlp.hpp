// A fully connected network planned once for fixed shapes: dense layers with an activation, a linear last layer whose outputs are values or
// logits. Used by neural.mlp and by users' own plugins. It knows neither epochs nor optimisers: gradients() go to an Optimizer.
// No allocation after planning; the same calls give the same bits. One thread, except predict(), which is const and may run on several.
//
//   nn::Mlp<float> network({.inputs = 23, .hidden = {64, 32}, .outputs = 1}, 32);
//   network.initialise(call.random());
//   nn::Optimizer<float> adam({}, network.parameters().size());
//   double loss = network.loss_and_gradient(x, target, loss_spec);
//   adam.update(network.parameters().data(), network.gradients().data(), 1.0);
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "assay/detail/views.hpp"
#include "assay/nn/activation.hpp"
#include "assay/nn/arena.hpp"
#include "assay/nn/initializer.hpp"
#include "assay/nn/loss.hpp"
#include "assay/nn/products.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

struct MlpShape {
  std::ptrdiff_t inputs = 0;
  std::vector<std::ptrdiff_t> hidden{};  // empty: a linear model
  std::ptrdiff_t outputs = 1;
  Activation activation = Activation::relu;
};

template <class S, class Products = TileProducts<S>>
class Mlp {
 public:
  Mlp() = default;

  // Batches of at most batch_size rows can be trained on; 0: for prediction only.
  Mlp(MlpShape shape, std::ptrdiff_t batch_size) : shape_(std::move(shape)), batch_(batch_size) {
    std::ptrdiff_t parameters = 0, values = 0, transposed = 0, inputs = shape_.inputs;
    std::vector<std::ptrdiff_t> widths = shape_.hidden;
    widths.push_back(shape_.outputs);
    for (const std::ptrdiff_t outputs : widths) {
      if (inputs <= 0 || outputs <= 0) throw bad_input("a layer of a network needs inputs and outputs");
      Layer layer{inputs, outputs, padded<S>(outputs)};
      layer.weight = parameters;
      layer.bias = layer.weight + inputs * layer.width;
      parameters = layer.bias + layer.width;
      layer.value = values;
      values += batch_ * layer.width;
      if (!layers_.empty()) transposed = std::max(transposed, layer.width * padded<S>(inputs));
      layers_.push_back(layer);
      widest_ = std::max(widest_, layer.width);
      inputs = outputs;
    }
    parameters_ = Arena<S>(parameters);
    if (batch_ == 0) return;
    gradients_ = Arena<S>(parameters);
    values_ = Arena<S>(values);
    deltas_ = Arena<S>(values);
    if (shape_.activation != Activation::relu) slopes_ = Arena<S>(values);
    transposed_ = Arena<S>(transposed);
  }

  // He for rectifiers, Glorot for the others and for the last layer, unless one is named for all. Biases are zero.
  void initialise(const Random& random, std::optional<Initial> named = {}) {
    std::fill_n(parameters_.data(), parameters_.size(), S{});
    const bool rectifier = shape_.activation == Activation::relu || shape_.activation == Activation::gelu;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Initial usual = rectifier && i + 1 < layers_.size() ? Initial::he_uniform : Initial::glorot_uniform;
      const Layer& l = layers_[i];
      draw_weights(named.value_or(usual), l.inputs, l.outputs, parameters_.data() + l.weight, l.width, random.child(i));
    }
  }

  // The mean loss of x (rows x inputs) and its gradient with respect to every parameter.
  double loss_and_gradient(const MatrixView<const S>& x, const Target<S>& target, const LossSpec& loss) {
    const std::ptrdiff_t rows = x.rows();
    if (rows <= 0 || rows > batch_ || x.cols() != shape_.inputs) throw bad_input("a batch has another shape than was planned for");
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& l = layers_[i];
      const bool last = i + 1 == layers_.size();
      forward(l, last, rows, i == 0 ? x.data() : values_.data() + layers_[i - 1].value, i == 0 ? x.row_stride() : layers_[i - 1].width,
              values_.data() + l.value, last || slopes_.size() == 0 ? nullptr : slopes_.data() + l.value);
    }
    const Layer& top = layers_.back();
    const double mean = loss_and_slope(loss, rows, top.outputs, values_.data() + top.value, target, deltas_.data() + top.value, top.width);
    for (std::size_t i = layers_.size(); i-- > 0;) {
      gradient_of(layers_[i], rows, i == 0 ? x.data() : values_.data() + layers_[i - 1].value,
                  i == 0 ? x.row_stride() : layers_[i - 1].width);
      if (i > 0) backward(layers_[i], layers_[i - 1], rows);
    }
    return mean;
  }

  // Raw outputs (values or logits) of x into out (rows x outputs, dense). Rows beyond `chunk` go in turns. scratch: scratch_size(chunk)
  // elements, aligned to 64 bytes.
  std::size_t scratch_size(std::ptrdiff_t chunk) const { return static_cast<std::size_t>(2 * chunk * widest_); }
  void predict(const MatrixView<const S>& x, S* out, std::ptrdiff_t chunk, S* scratch) const {
    if (x.cols() != shape_.inputs) throw bad_input("the rows have another number of inputs than the network");
    for (std::ptrdiff_t row = 0; row < x.rows(); row += chunk) {
      const std::ptrdiff_t rows = std::min(chunk, x.rows() - row);
      const S* from = x.data() + row * x.row_stride();
      std::ptrdiff_t stride = x.row_stride();
      for (std::size_t i = 0; i < layers_.size(); ++i) {
        S* const to = scratch + static_cast<std::ptrdiff_t>(i % 2) * chunk * widest_;
        forward(layers_[i], i + 1 == layers_.size(), rows, from, stride, to, nullptr);
        from = to;
        stride = layers_[i].width;
      }
      for (std::ptrdiff_t r = 0; r < rows; ++r) std::copy_n(from + r * stride, shape_.outputs, out + (row + r) * shape_.outputs);
    }
  }

  const MlpShape& shape() const { return shape_; }
  std::ptrdiff_t batch_size() const { return batch_; }
  std::span<S> parameters() { return parameters_.all(); }  // padded: the padding is zero and stays so
  std::span<const S> gradients() const { return gradients_.all(); }

  // One layer's weights (inputs x outputs) and bias, without the padding, in `block`: parameters() or anything laid out like it.
  std::size_t layer_count() const { return layers_.size(); }
  template <class T>
  MatrixView<T> weights(std::size_t layer, std::span<T> block) const {
    const Layer& l = layers_.at(layer);
    return {block.data() + l.weight, l.inputs, l.outputs, l.width};
  }
  template <class T>
  VectorView<T> bias(std::size_t layer, std::span<T> block) const {
    const Layer& l = layers_.at(layer);
    return {block.data() + l.bias, l.outputs};
  }
  std::span<const S> parameters() const { return parameters_.all(); }

 private:
  struct Layer {
    std::ptrdiff_t inputs, outputs, width;           // width: outputs, padded
    std::ptrdiff_t weight = 0, bias = 0, value = 0;  // where in the arenas
  };

  void forward(const Layer& l, bool last, std::ptrdiff_t rows, const S* from, std::ptrdiff_t stride, S* to, S* slope) const {
    Epilogue<S> epilogue;
    epilogue.bias = parameters_.data() + l.bias;
    const bool relu = !last && shape_.activation == Activation::relu;
    if (relu) epilogue.kind = Epilogue<S>::relu;
    Products::multiply({rows, l.width, l.inputs, from, stride, 1, parameters_.data() + l.weight, l.width, to, l.width}, epilogue);
    if (!last && !relu) activate(shape_.activation, rows * l.width, to, slope);
  }

  // Gradients of the layer's weights and bias from the gradient of its outputs.
  void gradient_of(const Layer& l, std::ptrdiff_t rows, const S* from, std::ptrdiff_t stride) {
    const S* const delta = deltas_.data() + l.value;
    Products::multiply({l.inputs, l.width, rows, from, 1, stride, delta, l.width, gradients_.data() + l.weight, l.width}, {});
    for (std::ptrdiff_t c = 0; c < l.width; c += kLanes<S>) {
      Vec<S> sum{};
      for (std::ptrdiff_t r = 0; r < rows; ++r) sum += load(delta + r * l.width + c);
      store(gradients_.data() + l.bias + c, sum);
    }
  }

  // Gradient of the outputs of the layer below, through its activation.
  void backward(const Layer& l, const Layer& below, std::ptrdiff_t rows) {
    transpose(l.inputs, l.width, parameters_.data() + l.weight, l.width, transposed_.data(), below.width);
    Epilogue<S> epilogue;
    epilogue.kind = slopes_.size() == 0 ? Epilogue<S>::times_positive : Epilogue<S>::times;
    epilogue.other = (slopes_.size() == 0 ? values_ : slopes_).data() + below.value;
    Products::multiply({rows, below.width, l.outputs, deltas_.data() + l.value, l.width, 1, transposed_.data(), below.width,
                        deltas_.data() + below.value, below.width},
                       epilogue);
  }

  MlpShape shape_;
  std::ptrdiff_t batch_ = 0, widest_ = 0;
  std::vector<Layer> layers_;
  Arena<S> parameters_, gradients_, values_, deltas_, slopes_, transposed_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
