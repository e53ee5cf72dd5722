// test.layers: a stranger's network made of layers, every kind of which an export has to say: windows read by all that knows times, tables
// by an embedding. It tells its graph in one line.
#include <assay/eigen.hpp>
#include <assay/model.hpp>
#include <assay/nn/network.hpp>
#include <assay/nn/optimizer.hpp>

namespace {

namespace nn = assay::nn;

std::vector<nn::LayerSpec> layers_for(const nn::Shape& in) {
  using A = nn::Activation;
  if (in.time == 1)
    return {nn::Embedding{{{0, 3, 2}, {2, 2, 3}}},
            nn::Dense{8, A::leaky_relu},
            nn::BatchNorm{},
            nn::LayerNorm{},
            nn::Residual{{nn::Dense{8, A::sigmoid}}},
            nn::Activate{A::softplus},
            nn::Conv1d{.filters = 4, .activation = A::tanh},
            nn::Dense{1}};
  return {nn::BatchNorm{},
          nn::Conv1d{4, 3, 2, nn::Padding::same, A::gelu},
          nn::LayerNorm{},
          nn::Residual{{nn::Dense{4, A::tanh}, nn::Dropout{0.1}}},
          nn::Pool{nn::Pooling::average, 2, 1},
          nn::Activate{A::elu},
          nn::Lstm{3, true, true},
          nn::Gru{3, true},
          nn::Pool{nn::Pooling::max, 3, 2},
          nn::Residual{{nn::Dense{5}}},
          nn::GlobalPool{nn::Pooling::max},
          nn::Dense{4, A::softplus},
          nn::BatchNorm{},
          nn::Dense{1}};
}

struct Layers {
  using Scalar = float;

  void begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call) {
    plan(problem.lookback(), problem.inputs(), batch_size);
    network.initialise(call.random());
    adam = nn::Optimizer<float>({.learning_rate = 0.01}, network.parameters().size());
  }
  double step(const assay::Batch& batch, const assay::Step& at, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    const auto y = batch.y<float>();
    const double loss = network.loss_and_gradient(samples(batch), {y, {}}, {.kind = nn::LossKind::squared}, call.random());
    adam.update(network.parameters().data(), network.gradients().data(), at.rate_factor());
    return loss;
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    if (!network.planned()) throw assay::bad_input("not trained");
    nn::Arena<float> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(16)));
    std::vector<float> raw(static_cast<std::size_t>(rows.size()));
    network.predict(samples(rows), raw.data(), 16, scratch.data());
    for (std::int64_t r = 0; r < rows.size(); ++r) out(r) = static_cast<double>(raw[static_cast<std::size_t>(r)]);
  }
  void graph(assay::Graph& g) const { g.predicts(network.graph(g)); }

  void save(assay::Saver& s) const {
    s.put("lookback", lookback);
    s.put("inputs", static_cast<std::int64_t>(network.in().features));
    s.put("parameters", std::vector<float>(network.parameters().begin(), network.parameters().end()));
    s.put("state", std::vector<float>(network.state().begin(), network.state().end()));
  }
  void load(const assay::Saved& s) {
    plan(s.number("lookback"), s.number("inputs"), 0);
    const std::vector<float> parameters = s.vector("parameters"), state = s.vector("state");
    if (parameters.size() != network.parameters().size() || state.size() != network.state().size())
      throw assay::bad_state("the saved network has another shape");
    std::copy(parameters.begin(), parameters.end(), network.parameters().begin());
    std::copy(state.begin(), state.end(), network.state().begin());
  }

 private:
  void plan(std::int64_t times, std::int64_t inputs, std::int64_t batch_size) {
    lookback = times;
    const nn::Shape in{std::max<std::int64_t>(1, times), inputs};
    network = nn::Network<float>(in, layers_for(in), batch_size);
  }
  nn::Samples<float> samples(const assay::Rows& rows) const {
    if (lookback == 0) return rows.x<float>();
    const assay_array& x = rows.raw().x;
    nn::Samples<float> s(static_cast<const float*>(x.data), rows.size(), network.in());
    s.row_stride = x.stride[0];
    s.time_stride = x.stride[1];
    return s;
  }

  std::int64_t lookback = 0;
  nn::Network<float> network;
  nn::Optimizer<float> adam;
};

// Tells an operator that there is not, a value that nobody gave, and no result: whoever tells a graph may err.
struct WrongGraph {
  std::string fault = "operator";
  static void params(assay::Params<WrongGraph>& p) {
    p.choice<&WrongGraph::fault>("fault", "What is wrong", {"operator", "value", "result", "cannot"});
  }
  void fit(const assay::Batch& batch) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(0); }
  void graph(assay::Graph& g) const {
    if (fault == "cannot") throw assay::Error("its trees have no form in ONNX", ASSAY_UNSUPPORTED);
    if (fault == "operator") g.node("Sofmax", {g.rows()});
    if (fault == "value") g.node("Relu", {"nobody_gave_this"});
    g.node("Relu", {g.rows()});
  }
  void save(assay::Saver& s) const { s.put("nothing", 0.0); }
  void load(const assay::Saved&) {}
};

}  // namespace

ASSAY_PLUGIN(assay::model<Layers>("test.layers", "1.0.0", "A network of every kind of layer"),
             assay::model<WrongGraph>("test.wrong_graph", "1.0.0", "Tells a graph that makes no sense"))
