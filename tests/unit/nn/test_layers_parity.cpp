// Layers and losses against PyTorch 1.13 in double, on fixed weights: the loss, and for each array of weights the sum of its gradient times
// sin(0.37 i + 0.2), i row by row. Tolerance 1e-12 of the largest.
//
// The oracle, in Python: wave(n, a, b) = sin(a i + b); inputs 2 wave(5 T F, 0.7, 0.1) as (5, T, F), targets wave(., 2.1, 0.3), array k of
// the network 0.5 wave(., 1.3, k) in the layout that arrays() tells; loss mse. Convolutions: torch.nn.functional.conv1d on padded inputs,
// weight.reshape(width, channels, filters).permute(2, 1, 0); cells: torch.lstm and torch.gru (PyTorch's gates of a GRU are r, z, n);
// F.batch_norm in training, F.layer_norm, F.max_pool1d, F.avg_pool1d, F.gelu, F.elu, F.leaky_relu, F.softplus. Losses on z = wave(15, 0.9,
// 0.4) as (5, 3): F.gaussian_nll_loss(full=True), torch.distributions.StudentT, F.cross_entropy(label_smoothing), the focal loss from
// F.binary_cross_entropy_with_logits, the pinball loss written out.
#include "assay/nn/eigen_products.hpp"
#include "assay/nn/optimizer.hpp"
#include "small_network.hpp"
#include "support/catch.hpp"

using namespace small;
using namespace assay::nn;

namespace {

struct Case {
  const char* name;
  Shape in;
  std::vector<LayerSpec> layers;
  double loss;
  std::vector<double> gradients;
};

const std::vector<Case>& cases() {
  using A = Activation;
  using P = Padding;
  static const std::vector<Case> all{
      {"causal convolution",
       {7, 3},
       {Conv1d{4, 3, 2, P::causal, A::tanh}, Flatten{}, Dense{1}},
       1.523006143138206,
       {-1.9307266725482661, 0.40805441309163759, 6.7920091331653509, 0.18310593917083676}},
      {"same convolution",
       {7, 3},
       {Conv1d{4, 4, 1, P::same, A::gelu}, Flatten{}, Dense{1}},
       0.33839422381901024,
       {-0.58170275448517639, 0.51916826900754953, -2.398120635417766, -0.13989966325538208}},
      {"valid convolution and pools",
       {7, 3},
       {Conv1d{4, 2, 1, P::valid, A::elu}, Pool{Pooling::max, 3, 2}, GlobalPool{Pooling::average}, Dense{1}},
       0.36801387111550166,
       {0.027351681322834619, 0.012786521854671449, -0.10582284301161661, -0.0047563293436213459}},
      {"average and largest",
       {7, 3},
       {Conv1d{4, 2, 1, P::valid, A::leaky_relu}, Pool{Pooling::average, 2}, GlobalPool{Pooling::max}, Dense{1}},
       0.4219792976811152,
       {0.010509188006345385, 0.22413373207314521, -1.195275653626346, -0.090987476414321866}},
      {"LSTM",
       {7, 3},
       {Lstm{5}, Dense{1}},
       0.67878163248255474,
       {-0.43882978199456324, 0.056934613043514569, -0.13260870306291378, -0.074972070994085288, -0.1623662387499531}},
      {"GRU",
       {7, 3},
       {Gru{5}, Dense{1}},
       0.66144402761265331,
       {0.081486178618191546, -0.22189058791535987, -0.049033362864813412, 0.91773266238616202, -0.14602601405819152}},
      {"LSTM under GRU",
       {7, 3},
       {Lstm{5, true}, Gru{4}, Dense{1}},
       0.3677103369256976,
       {-0.057335661465852505, 0.026447448672597386, -0.00035705489208172347, -0.018871298789286041, 0.024669735268782744,
        0.10722462413294542, 0.19798911340190295, -0.067474468715326835}},
      {"GRU in both directions",
       {7, 3},
       {Gru{5, false, true}, Dense{1}},
       0.52300175247767644,
       {-0.008168545735961763, 0.0009784706379000474, 0.070549374562618727, -0.12880945951950956, -0.038772743529169242,
        -0.12699083409769577, 0.13851549116800932, 0.032154814933668022}},
      {"batch normalisation",
       {1, 3},
       {Dense{6, A::tanh}, BatchNorm{}, Activate{A::softplus}, Dense{1}},
       1.1716493980992606,
       {0.12116019177020573, 0.022221783858876288, 0.75896235953325086, -0.11116141724070971, -5.9281956700520286, -0.33522051257247931}},
      {"layer normalisation",
       {1, 3},
       {Dense{6}, LayerNorm{}, Activate{A::relu}, Dense{1}},
       0.7409911332126371,
       {-0.059828510818693684, -0.048960019485798228, 1.66529893949608, -0.12819002458397888, -1.8205145105669858, -0.2439229885421057}},
  };
  return all;
}

constexpr std::ptrdiff_t kBatch = 5;

template <class S, class Products>
Network<S, Products> follow(const Case& c, double margin) {
  INFO(c.name);
  Network<S, Products> network(c.in, c.layers, kBatch);
  network.initialise(assay::Random(1));  // the state; weights are replaced
  set_parameters(network, [](std::size_t k, std::ptrdiff_t i) { return 0.5 * wave(i, 1.3, static_cast<double>(k)); });
  std::vector<S> x, y;
  for (std::ptrdiff_t i = 0; i < kBatch * c.in.time * c.in.features; ++i) x.push_back(static_cast<S>(2 * wave(i, 0.7, 0.1)));
  for (std::ptrdiff_t i = 0; i < kBatch; ++i) y.push_back(static_cast<S>(wave(i, 2.1, 0.3)));
  CHECK(network.loss_and_gradient({x.data(), kBatch, c.in}, {{y.data(), kBatch}, {}}, {}) == Approx(c.loss).epsilon(margin));
  std::size_t k = 0;
  for (const Array& a : network.arrays()) {
    if (a.is_state) continue;
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i)
      sum += static_cast<double>(network.gradients()[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))]) * wave(i, 0.37, 0.2);
    INFO(a.name);
    CHECK(sum == Approx(c.gradients.at(k++)).epsilon(0).margin(margin * 7));
  }
  CHECK(k == c.gradients.size());
  return network;
}

double loss_of(const LossSpec& spec, std::ptrdiff_t outputs, const std::vector<double>& y) {
  std::vector<double> z, dz(15);
  for (std::ptrdiff_t i = 0; i < 15; ++i) z.push_back(wave(i, 0.9, 0.4));
  return loss_and_slope<double>(spec, 5, outputs, z.data(), {{y.data(), 5}, {}}, dz.data(), 3, 5);
}

}  // namespace

TEST_CASE("losses and gradients of every layer are PyTorch's, in double and over both products") {
  for (const Case& c : cases()) {
    follow<double, TileProducts<double>>(c, 1e-12);
    follow<double, EigenProducts<double>>(c, 1e-12);
  }
}

TEST_CASE("losses and gradients of every layer are PyTorch's to float's precision") {
  for (const Case& c : cases()) follow<float, TileProducts<float>>(c, 2e-5);
}

TEST_CASE("running means and variances move as PyTorch's") {
  const auto network = follow<double, TileProducts<double>>(cases()[8], 1e-12);
  double mean = 0, variance = 0;
  for (const Array& a : network.arrays())
    for (std::ptrdiff_t c = 0; c < a.cols && a.is_state; ++c)
      (a.name.find("mean") != std::string::npos ? mean : variance) += network.state()[static_cast<std::size_t>(a.at(0, c))];
  CHECK(mean == Approx(0.053323062943634876).epsilon(1e-12));
  CHECK(variance == Approx(5.647084879757068).epsilon(1e-12));
}

TEST_CASE("losses beyond the usual are PyTorch's") {
  std::vector<double> y;
  for (std::ptrdiff_t i = 0; i < 5; ++i) y.push_back(wave(i, 2.1, 0.3));
  const std::vector<double> label{0, 1, 0, 1, 0};
  constexpr double kLevels[] = {0.1, 0.5, 0.9};
  CHECK(loss_of({.kind = LossKind::gaussian}, 2, y) == Approx(2.0085015310291845).epsilon(1e-13));
  CHECK(loss_of({.kind = LossKind::student_t}, 3, y) == Approx(1.611772555837773).epsilon(1e-13));
  CHECK(loss_of({.kind = LossKind::cross_entropy, .label_smoothing = 0.1}, 3, label) == Approx(1.5754969017788911).epsilon(1e-13));
  CHECK(loss_of({.kind = LossKind::focal}, 1, label) == Approx(0.12312527378318347).epsilon(1e-13));
  CHECK(loss_of({.kind = LossKind::binary_cross_entropy, .label_smoothing = 0.1}, 1, label) == Approx(0.5704102274420795).epsilon(1e-13));
  CHECK(loss_of({.kind = LossKind::quantile, .levels = kLevels}, 3, y) == Approx(0.32034404649155224).epsilon(1e-13));
}

TEST_CASE("Nesterov's momentum and RMSprop step as PyTorch's") {
  struct Expected {
    OptimizerSpec spec;
    double losses[5], squares;
  };
  const Expected expected[] = {
      {{.kind = OptimizerKind::sgd, .learning_rate = 0.05, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01},
       {2.306940761432404, 1.4848491133149013, 1.1976317541986188, 1.0249200783943249, 0.9153900730820935},
       20.789199008612425},
      {{.kind = OptimizerKind::rmsprop, .learning_rate = 0.01, .momentum = 0.5, .smoothing = 0.95, .weight_decay = 0.01},
       {2.306940761432404, 1.629644320427724, 1.3162028653421072, 1.1208946578169, 1.0222757220762342},
       20.484025212576594},
  };
  const auto x = inputs<double>();
  const Goal<double> goal("squared");
  for (const Expected& e : expected) {
    auto mlp = network<double>(1, Activation::tanh);
    Optimizer<double> optimizer(e.spec, mlp.parameters().size());
    for (const double loss : e.losses) {
      CHECK(mlp.loss_and_gradient(samples(x), goal.target(), goal.spec) == Approx(loss).epsilon(1e-12));
      optimizer.update(mlp.parameters().data(), mlp.gradients().data(), 1.0);
    }
    double squares = 0;
    for (const double p : mlp.parameters()) squares += p * p;
    CHECK(squares == Approx(e.squares).epsilon(1e-12));
  }
}
