// The operators of layers: products, convolutions and pools over one axis, recurrent cells read forwards, normalisation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "checker/graph_values.hpp"

namespace assay::checker {
namespace {

double at2(const Tensor& x, std::int64_t row, std::int64_t col) { return x.values[static_cast<std::size_t>(row * x.shape[1] + col)]; }

// (... x k) times (k x n).
Tensor product(const NodeInputs& in) {
  const Tensor &a = in[0], &b = in[1];
  if (b.rank() != 2 || a.rank() < 1) throw UnknownOperator{"MatMul of a right side that is no matrix"};
  const std::int64_t inner = a.extent(-1), columns = b.shape[1];
  if (inner != b.shape[0]) in.misfit(fmt::format("{} columns meet {} rows", inner, b.shape[0]));
  Tensor out{a.shape, {}};
  out.shape.back() = columns;
  for (std::size_t row = 0; row < a.values.size(); row += static_cast<std::size_t>(inner))
    for (std::int64_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) sum += a.values[row + static_cast<std::size_t>(k)] * at2(b, k, c);
      out.values.push_back(sum);
    }
  return out;
}

Tensor gemm(const NodeInputs& in) {
  const Tensor &a = in[0], &b = in[1];
  const bool turned_a = in.whole("transA", 0) != 0, turned_b = in.whole("transB", 0) != 0;
  if (a.rank() != 2 || b.rank() != 2) in.misfit("it takes two matrices");
  const std::int64_t rows = a.shape[turned_a ? 1 : 0], inner = a.shape[turned_a ? 0 : 1], columns = b.shape[turned_b ? 0 : 1];
  if (inner != b.shape[turned_b ? 1 : 0]) in.misfit(fmt::format("{} columns meet {} rows", inner, b.shape[turned_b ? 1 : 0]));
  const bool adds = in.has(2);
  if (adds && in[2].extent(-1) != columns && in[2].extent(-1) != 1) in.misfit("what is added has another number of columns");
  Tensor out{{rows, columns}, {}};
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) sum += (turned_a ? at2(a, k, r) : at2(a, r, k)) * (turned_b ? at2(b, c, k) : at2(b, k, c));
      sum *= in.real("alpha", 1);
      if (adds) {
        const Tensor& more = in[2];
        const std::int64_t width = more.extent(-1), row = more.rank() == 2 && more.shape[0] == rows ? r : 0;
        sum += in.real("beta", 1) * more.values[static_cast<std::size_t>(row * width + (width == 1 ? 0 : c))];
      }
      out.values.push_back(sum);
    }
  return out;
}

// Where a window begins along the last axis, and how it goes on.
struct Windows {
  std::int64_t width, step, between, before, count;
  Windows(const NodeInputs& in, const Tensor& x, std::int64_t wide)
      : width(wide), step(in.wholes("strides", {1}).at(0)), between(in.wholes("dilations", {1}).at(0)) {
    if (x.rank() != 3) throw UnknownOperator{in.node.operation + " over more than one axis"};
    if (in.text("auto_pad", "NOTSET") != "NOTSET") throw UnknownOperator{in.node.operation + " with auto_pad"};
    const auto pads = in.wholes("pads", {0, 0});
    before = pads.at(0);
    count = (x.shape[2] + pads.at(0) + pads.at(1) - (width - 1) * between - 1) / step + 1;
    if (count < 1) in.misfit("no window fits into the times");
  }
  std::int64_t place(std::int64_t window, std::int64_t k) const { return window * step + k * between - before; }
};

Tensor convolution(const NodeInputs& in) {
  const Tensor &x = in[0], &w = in[1];
  const Windows windows(in, x, w.extent(2));
  const std::int64_t groups = in.whole("group", 1), filters = w.shape[0], channels = w.shape[1], times = x.shape[2];
  if (x.shape[1] != channels * groups) in.misfit(fmt::format("{} channels meet weights of {}", x.shape[1], channels * groups));
  Tensor out{{x.shape[0], filters, windows.count}, {}};
  for (std::int64_t n = 0; n < x.shape[0]; ++n)
    for (std::int64_t f = 0; f < filters; ++f)
      for (std::int64_t t = 0; t < windows.count; ++t) {
        double sum = in.has(2) ? in[2].values.at(static_cast<std::size_t>(f)) : 0;
        for (std::int64_t c = 0; c < channels; ++c)
          for (std::int64_t k = 0; k < windows.width; ++k) {
            const std::int64_t at = windows.place(t, k), channel = f / (filters / groups) * channels + c;
            if (at < 0 || at >= times) continue;
            sum += w.values[static_cast<std::size_t>((f * channels + c) * windows.width + k)] *
                   x.values[static_cast<std::size_t>((n * x.shape[1] + channel) * times + at)];
          }
        out.values.push_back(sum);
      }
  return out;
}

Tensor pooled(const NodeInputs& in, bool mean) {
  const Tensor& x = in[0];
  const Windows windows(in, x, in.wholes("kernel_shape", {}).at(0));
  if (windows.before != 0 || in.wholes("pads", {0, 0}).at(1) != 0) throw UnknownOperator{in.node.operation + " with pads"};
  Tensor out{{x.shape[0], x.shape[1], windows.count}, {}};
  for (std::int64_t line = 0; line < x.shape[0] * x.shape[1]; ++line)
    for (std::int64_t t = 0; t < windows.count; ++t) {
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (std::int64_t k = 0; k < windows.width; ++k) {
        const double value = x.values[static_cast<std::size_t>(line * x.shape[2] + windows.place(t, k))];
        largest = std::max(largest, value);
        sum += value;
      }
      out.values.push_back(mean ? sum / static_cast<double>(windows.width) : largest);
    }
  return out;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// A cell read forwards: x (times x rows x inputs), weights (1 x gates x inputs) and (1 x gates x units), bias (1 x 2 gates).
class Cell {
 public:
  Cell(const NodeInputs& in, std::int64_t gates) : in_(in), x_(in[0]), units_(in.whole("hidden_size", 0)), gates_(gates * units_) {
    if (in.text("direction", "forward") != "forward" || in.whole("layout", 0) != 0 || in.has(4) || in.has(5) || in.has(6) || in.has(7) ||
        config::find(in.node.attributes, "activations") != nullptr || config::find(in.node.attributes, "clip") != nullptr)
      throw UnknownOperator{in.node.operation + " other than plain, read forwards from zero"};
    if (x_.rank() != 3 || in[1].shape != std::vector<std::int64_t>{1, gates_, x_.shape[2]} ||
        in[2].shape != std::vector<std::int64_t>{1, gates_, units_} ||
        (in.has(3) && in[3].shape != std::vector<std::int64_t>{1, 2 * gates_}))
      in.misfit("its weights do not fit its inputs and hidden_size");
  }

  // next(sums of the input, sums of the state, unit, row, state before) gives the new state of a unit.
  template <class Next>
  std::vector<Tensor> read(const Next& next) const {
    const std::int64_t times = x_.shape[0], rows = x_.shape[1];
    Tensor all{{times, 1, rows, units_}, {}}, last{{1, rows, units_}, std::vector<double>(static_cast<std::size_t>(rows * units_))};
    for (std::int64_t t = 0; t < times; ++t) {
      const std::vector<double> before = last.values;
      for (std::int64_t r = 0; r < rows; ++r) {
        const std::vector<double> of_input = sums(1, &x_.values[static_cast<std::size_t>((t * rows + r) * x_.shape[2])], x_.shape[2], 0);
        const std::vector<double> of_state = sums(2, &before[static_cast<std::size_t>(r * units_)], units_, gates_);
        for (std::int64_t u = 0; u < units_; ++u) {
          double& h = last.values[static_cast<std::size_t>(r * units_ + u)];
          h = next([&](std::int64_t gate) { return of_input[static_cast<std::size_t>(gate * units_ + u)]; },
                   [&](std::int64_t gate) { return of_state[static_cast<std::size_t>(gate * units_ + u)]; },
                   static_cast<std::size_t>(r * units_ + u), h);
        }
      }
      all.values.insert(all.values.end(), last.values.begin(), last.values.end());
    }
    return {all, last};
  }
  std::size_t state_size() const { return static_cast<std::size_t>(x_.shape[1] * units_); }

 private:
  std::vector<double> sums(std::size_t weight, const double* from, std::int64_t width, std::int64_t bias) const {
    std::vector<double> out;
    for (std::int64_t gate = 0; gate < gates_; ++gate) {
      double sum = in_.has(3) ? in_[3].values[static_cast<std::size_t>(bias + gate)] : 0;
      for (std::int64_t k = 0; k < width; ++k) sum += in_[weight].values[static_cast<std::size_t>(gate * width + k)] * from[k];
      out.push_back(sum);
    }
    return out;
  }
  const NodeInputs& in_;
  const Tensor& x_;
  std::int64_t units_, gates_;
};

std::vector<Tensor> lstm(const NodeInputs& in) {  // gates i, o, f, c
  const Cell cell(in, 4);
  std::vector<double> memory(cell.state_size());
  return cell.read([&](const auto& x, const auto& h, std::size_t at, double) {
    const auto sum = [&](std::int64_t gate) { return x(gate) + h(gate); };
    memory[at] = logistic(sum(2)) * memory[at] + logistic(sum(0)) * std::tanh(sum(3));
    return logistic(sum(1)) * std::tanh(memory[at]);
  });
}

std::vector<Tensor> gru(const NodeInputs& in) {  // gates z, r, h
  if (in.whole("linear_before_reset", 0) == 0) throw UnknownOperator{"GRU with linear_before_reset = 0"};
  return Cell(in, 3).read([](const auto& x, const auto& h, std::size_t, double before) {
    const double z = logistic(x(0) + h(0)), r = logistic(x(1) + h(1));
    return (1 - z) * std::tanh(x(2) + r * h(2)) + z * before;
  });
}

Tensor layer_normalised(const NodeInputs& in) {
  Tensor x = in[0];
  const std::int64_t n = x.extent(-1);
  if (in.axis(x, -1) != x.rank() - 1) throw UnknownOperator{"LayerNormalization over more than one axis"};
  const double epsilon = in.real("epsilon", 1e-5), count = static_cast<double>(n);
  for (std::size_t row = 0; row < x.values.size(); row += static_cast<std::size_t>(n)) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(n); ++c) mean += x.values[row + c] / count;
    for (std::size_t c = 0; c < static_cast<std::size_t>(n); ++c)
      variance += (x.values[row + c] - mean) * (x.values[row + c] - mean) / count;
    for (std::size_t c = 0; c < static_cast<std::size_t>(n); ++c)
      x.values[row + c] =
          (x.values[row + c] - mean) / std::sqrt(variance + epsilon) * in[1].values.at(c) + (in.has(2) ? in[2].values.at(c) : 0);
  }
  return x;
}

Tensor batch_normalised(const NodeInputs& in) {  // with running means; channels are axis 1
  Tensor x = in[0];
  if (in.whole("training_mode", 0) != 0) throw UnknownOperator{"BatchNormalization in training"};
  const double epsilon = in.real("epsilon", 1e-5);
  const std::int64_t channels = x.extent(1), inner = count_of({x.shape.begin() + 2, x.shape.end()});
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto c = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels);
    x.values[i] = (x.values[i] - in[3].values.at(c)) / std::sqrt(in[4].values.at(c) + epsilon) * in[1].values.at(c) + in[2].values.at(c);
  }
  return x;
}

}  // namespace

bool compute_layer(const NodeInputs& in, std::vector<Tensor>& out) {
  const std::string& name = in.node.operation;
  if (name == "LSTM") return out = lstm(in), true;
  if (name == "GRU") return out = gru(in), true;
  if (name == "MatMul") return out = {product(in)}, true;
  if (name == "Gemm") return out = {gemm(in)}, true;
  if (name == "Conv") return out = {convolution(in)}, true;
  if (name == "MaxPool" || name == "AveragePool") return out = {pooled(in, name == "AveragePool")}, true;
  if (name == "LayerNormalization") return out = {layer_normalised(in)}, true;
  if (name == "BatchNormalization") return out = {batch_normalised(in)}, true;
  return false;
}

}  // namespace assay::checker
