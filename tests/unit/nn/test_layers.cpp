// Every layer and loss: gradients by differences over both products, parts of a batch, rows alone, memory, what dropout and the state do.
#include "assay/nn/eigen_products.hpp"
#include "assay/nn/optimizer.hpp"
#include "small_network.hpp"
#include "support/catch.hpp"

using namespace small;
using namespace assay::nn;

namespace {

struct Case {
  const char* name;
  std::vector<LayerSpec> layers;
  Shape in{};
  LossSpec loss{};
};

constexpr double kLevels[] = {0.1, 0.5, 0.9};
constexpr std::ptrdiff_t kBatch = 5;

const std::vector<Case>& cases() {
  using A = Activation;
  using P = Padding;
  const LossSpec quantile{.kind = LossKind::quantile, .levels = kLevels};
  static const std::vector<Case> all{
      {"several targets", {Dense{7, A::elu}, Dense{3, A::leaky_relu}, Dense{3}}, {1, 5}},
      {"several targets, Huber", {Dense{7, A::softplus}, Dense{3}}, {1, 5}, {.kind = LossKind::huber, .huber_delta = 0.4}},
      {"quantile", {Dense{7, A::softplus}, Dense{3}}, {1, 5}, quantile},
      {"gaussian", {Dense{7, A::tanh}, Dense{2}}, {1, 5}, {.kind = LossKind::gaussian}},
      {"student_t", {Dense{7, A::sigmoid}, Dense{3}}, {1, 5}, {.kind = LossKind::student_t}},
      {"focal", {Dense{7, A::tanh}, Dense{1}}, {1, 5}, {.kind = LossKind::focal}},
      {"smoothed classes", {Dense{7, A::tanh}, Dense{4}}, {1, 5}, {.kind = LossKind::cross_entropy, .label_smoothing = 0.1}},
      {"smoothed labels", {Dense{7, A::gelu}, Dense{1}}, {1, 5}, {.kind = LossKind::binary_cross_entropy, .label_smoothing = 0.1}},
      {"convolutions",
       {Conv1d{4, 3, 1, P::causal, A::tanh}, Conv1d{5, 3, 2, P::same, A::gelu}, Conv1d{3, 2, 1, P::valid}, Flatten{}, Dense{1}},
       {9, 3}},
      {"wider than time", {Conv1d{4, 5, 3, P::causal, A::tanh}, Conv1d{5, 4, 3, P::same}, Last{}, Dense{1}}, {4, 3}},
      {"pools",
       {Conv1d{4, 3, 1, P::causal, A::tanh}, Pool{Pooling::max, 2}, Conv1d{4, 2}, Pool{Pooling::average, 3, 2}, GlobalPool{Pooling::max},
        Dense{1}},
       {11, 3}},
      {"LSTM", {Lstm{5}, Dense{1}}, {6, 3}},
      {"LSTMs", {Lstm{5, true}, Lstm{18, true}, Last{}, Dense{1}}, {6, 3}},
      {"LSTM of one time", {Lstm{5}, Dense{1}}, {1, 3}},
      {"GRU", {Gru{5}, Dense{1}}, {6, 3}},
      {"GRUs", {Gru{5, true}, Gru{18}, Dense{1}}, {6, 3}},
      {"GRU of one time", {Gru{5}, Dense{1}}, {1, 3}},
      {"both directions", {Lstm{5, true, true}, Gru{4, false, true}, Dense{1}}, {6, 3}},
      {"both directions above a layer", {Dense{4, A::tanh}, Gru{4, true, true}, Lstm{3, false, true}, Dense{1}}, {6, 3}},
      {"norms", {Dense{7, A::tanh}, BatchNorm{}, Dense{6, A::relu}, LayerNorm{}, Dense{1}}, {1, 5}},
      {"norms over time", {BatchNorm{}, Conv1d{4, 2}, LayerNorm{}, Activate{A::gelu}, Flatten{}, Dense{1}}, {5, 3}},
      {"dropout", {Dropout{0.3}, Dense{7, A::tanh}, Dropout{0.5}, Dense{1}}, {1, 5}},
      {"temporal blocks", {TcnBlock{4, 3, 1, 0.2}, TcnBlock{4, 3, 2}, TcnBlock{6, 2, 4}, Last{}, Dense{1}}, {9, 3}},
      {"embeddings", {Embedding{{{1, 3, 2}, {3, 2, 4}}}, Dense{5, A::tanh}, Residual{{Dense{5, A::tanh}}}, Dense{1}}, {1, 5}},
      {"embeddings over time", {Dense{3, A::tanh}, Embedding{{{1, 3, 2}}}, Gru{4}, Dense{1}}, {4, 3}},
  };
  return all;
}

// Inputs, targets and parameters of a case; column 1 and 3 hold numbers that may stand for categories, one of them unknown.
template <class S>
struct __attribute__((visibility("hidden"))) Data {
  explicit Data(const Case& c, std::ptrdiff_t outputs) : of(c), outputs_(outputs) {
    for (std::ptrdiff_t i = 0; i < kBatch * c.in.time * c.in.features; ++i) x.push_back(static_cast<S>(2 * wave(i, 0.7, 0.1)));
    const bool classes =
        c.loss.kind == LossKind::focal || c.loss.kind == LossKind::cross_entropy || c.loss.kind == LossKind::binary_cross_entropy;
    for (std::ptrdiff_t i = 0; i < kBatch * 4; ++i) y.push_back(static_cast<S>(classes ? static_cast<double>(i % 2) : wave(i, 2.1, 0.3)));
    for (std::ptrdiff_t i = 0; i < kBatch; ++i) weight.push_back(static_cast<S>(1 + 0.3 * static_cast<double>(i)));
  }
  Samples<S> samples() const { return {x.data(), kBatch, of.in}; }
  Target<S> target() const {
    const assay::VectorView<const S> weights{weight.data(), kBatch};
    const bool many = outputs_ > 1 && (of.loss.kind == LossKind::squared || of.loss.kind == LossKind::huber);
    return many ? Target<S>(y.data(), outputs_, weights) : Target<S>({y.data(), kBatch}, weights);
  }
  const Case& of;
  std::ptrdiff_t outputs_;
  std::vector<S> x, y, weight;
};

template <class S, class Products = TileProducts<S>>
Network<S, Products> made(const Case& c, std::ptrdiff_t shards = 1) {
  Network<S, Products> network(c.in, c.layers, kBatch, shards);
  network.initialise(assay::Random(3));
  assay::Random random(7);
  for (const Array& a : network.arrays())
    for (std::ptrdiff_t r = 0; r < a.rows && !a.is_state; ++r)
      for (std::ptrdiff_t k = 0; k < a.cols; ++k)
        network.parameters()[static_cast<std::size_t>(a.at(r, k))] += static_cast<S>(0.2 * random.normal());
  return network;
}

template <class Products>
void check_gradients(const Case& c, std::ptrdiff_t shards) {
  INFO(c.name << ", " << shards << " parts");
  auto network = made<double, Products>(c, shards);
  const Data<double> data(c, network.outputs());
  const assay::Random step(11);
  const auto loss = [&] { return network.loss_and_gradient(data.samples(), data.target(), c.loss, step); };
  loss();
  const std::vector<double> gradient(network.gradients().begin(), network.gradients().end());
  double worst = 0, largest = 0, real = 0, all = 0;
  for (const Array& a : network.arrays()) {
    const std::ptrdiff_t stride = 1 + a.rows * a.cols / 40;  // some forty of a large array
    for (std::ptrdiff_t at = 0; at < a.rows * a.cols && !a.is_state; ++at) {
      const auto i = static_cast<std::size_t>(a.at(at / a.cols, at % a.cols));
      real += std::abs(gradient[i]);
      if (at % stride != 0) continue;
      const double value = network.parameters()[i], h = 1e-6;
      network.parameters()[i] = value + h;
      const double up = loss();
      network.parameters()[i] = value - h;
      const double down = loss();
      network.parameters()[i] = value;
      worst = std::max(worst, std::abs((up - down) / (2 * h) - gradient[i]));
      largest = std::max(largest, std::abs(gradient[i]));
    }
  }
  for (const double g : gradient) all += std::abs(g);
  CHECK(worst < 1e-8 * (1 + largest));
  CHECK(largest > 1e-3);
  CHECK(all == Approx(real).epsilon(1e-12));  // none in the padding
}

}  // namespace

TEST_CASE("gradients are those of central differences, for every activation and loss of one output") {
  const auto x = inputs<double>();
  for (const auto activation : {Activation::relu, Activation::tanh, Activation::sigmoid, Activation::gelu})
    for (const char* name :
         {"squared", "absolute", "huber", "binary_cross_entropy", "binary_weighted", "cross_entropy", "cross_weighted"}) {
      const Goal<double> goal(name);
      auto mlp = network<double>(goal.outputs, activation);
      auto probe = mlp;
      mlp.loss_and_gradient(samples(x), goal.target(), goal.spec);
      double worst = 0, largest = 0;
      for (std::size_t i = 0; i < mlp.parameters().size(); ++i) {
        const double at = probe.parameters()[i], h = 1e-6;
        probe.parameters()[i] = at + h;
        const double up = probe.loss_and_gradient(samples(x), goal.target(), goal.spec);
        probe.parameters()[i] = at - h;
        const double down = probe.loss_and_gradient(samples(x), goal.target(), goal.spec);
        probe.parameters()[i] = at;
        worst = std::max(worst, std::abs((up - down) / (2 * h) - mlp.gradients()[i]));
        largest = std::max(largest, std::abs(mlp.gradients()[i]));
      }
      INFO(name << ", activation " << static_cast<int>(activation));
      CHECK(worst < 1e-8);
      CHECK(largest > 1e-3);
    }
}

TEST_CASE("gradients of every layer are those of central differences, over both products, whole and in parts") {
  for (const Case& c : cases()) {
    check_gradients<TileProducts<double>>(c, 1);
    check_gradients<TileProducts<double>>(c, 2);
    check_gradients<EigenProducts<double>>(c, 1);
  }
}

TEST_CASE("gradients of the inputs are those of central differences") {
  for (const Case& c : cases()) {
    if (std::string(c.name) == "embeddings") continue;  // a category has no slope
    INFO(c.name);
    auto network = made<double>(c);
    Data<double> data(c, network.outputs());
    std::vector<double> direction(static_cast<std::size_t>(network.outputs()), 0.5), exact(data.x.size());
    direction.back() = -1;
    Arena<double> working(static_cast<std::ptrdiff_t>(network.gradient_scratch_size(2)));
    std::vector<double> forward(static_cast<std::size_t>(kBatch * network.outputs()));
    network.input_gradient(data.samples(), direction, forward.data(), exact.data(), 2, working.data());
    Arena<double> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(kBatch)));
    std::vector<double> out(static_cast<std::size_t>(kBatch * network.outputs()));
    network.predict(data.samples(), out.data(), kBatch, scratch.data());
    CHECK(out == forward);
    const auto value = [&](std::ptrdiff_t row) {
      network.predict(data.samples(), out.data(), kBatch, scratch.data());
      double sum = 0;
      for (std::size_t k = 0; k < direction.size(); ++k) sum += direction[k] * out[static_cast<std::size_t>(row) * direction.size() + k];
      return sum;
    };
    double worst = 0;
    for (std::size_t i = 0; i < data.x.size(); ++i) {
      const auto row = static_cast<std::ptrdiff_t>(i) / (c.in.time * c.in.features);
      const double at = data.x[i], h = 1e-6;
      data.x[i] = at + h;
      const double up = value(row);
      data.x[i] = at - h;
      const double down = value(row);
      data.x[i] = at;
      worst = std::max(worst, std::abs((up - down) / (2 * h) - exact[i]));
    }
    CHECK(worst < 1e-7);
  }
}

TEST_CASE("each row has the bits that it has alone, in whatever chunks, and a prediction is what training saw") {
  for (const Case& c : cases()) {
    INFO(c.name);
    auto network = made<float>(c);
    const Data<float> data(c, network.outputs());
    const auto outputs = static_cast<std::size_t>(network.outputs());
    Arena<float> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(kBatch)));
    std::vector<float> whole(kBatch * outputs), one(outputs), pairs(kBatch * outputs);
    network.predict(data.samples(), whole.data(), kBatch, scratch.data());
    network.predict(data.samples(), pairs.data(), 2, scratch.data());
    CHECK(whole == pairs);
    for (std::ptrdiff_t r = 0; r < kBatch; ++r) {
      network.predict(data.samples().slice(r, 1), one.data(), 1, scratch.data());
      for (std::size_t k = 0; k < outputs; ++k) CHECK(one[k] == whole[static_cast<std::size_t>(r) * outputs + k]);
    }
  }
}

TEST_CASE("parts of a batch give the same bits in whatever order and on whatever threads they run") {
  const auto backwards = [](std::ptrdiff_t n, const auto& f) {
    for (std::ptrdiff_t i = n; i-- > 0;) f(i);
  };
  for (const Case& c : cases()) {
    INFO(c.name);
    auto one = made<float>(c, 3), two = made<float>(c, 3);
    const Data<float> data(c, one.outputs());
    const assay::Random step(5);
    const double a = one.loss_and_gradient(data.samples(), data.target(), c.loss, step);
    const double b = two.loss_and_gradient(data.samples(), data.target(), c.loss, step, backwards);
    CHECK(a == b);
    CHECK(std::equal(one.gradients().begin(), one.gradients().end(), two.gradients().begin()));
    CHECK(std::equal(one.state().begin(), one.state().end(), two.state().begin()));
  }
}

TEST_CASE("every architecture learns: the loss of one batch falls") {
  for (const Case& c : cases()) {
    INFO(c.name);
    auto network = made<float>(c);
    const Data<float> data(c, network.outputs());
    Optimizer<float> adam({.learning_rate = 0.01}, network.parameters().size());
    double first = 0, last = 0;
    for (std::uint64_t step = 0; step < 300; ++step) {
      last = network.loss_and_gradient(data.samples(), data.target(), c.loss, assay::Random(step));
      if (step == 0) first = last;
      adam.update(network.parameters().data(), network.gradients().data(), 1.0);
    }
    CHECK(last < first - 0.1 * std::abs(first));
  }
}

TEST_CASE("dropout keeps the mean, drops its share, another one each step, and none in a prediction") {
  Network<double> network({.features = 1000}, {Dropout{0.25}, Dense{1}}, 1);
  set_parameters(network, [](std::size_t k, std::ptrdiff_t) { return k == 0 ? 1.0 : 0.0; });
  const std::vector<double> x(1000, 1.0), y(1, 0.0);
  double sum = 0;
  std::vector<double> seen;
  for (std::uint64_t step = 0; step < 200; ++step) {
    const double output =
        std::sqrt(network.loss_and_gradient({x.data(), 1, {.features = 1000}}, {{y.data(), 1}, {}}, {}, assay::Random(step)));
    sum += output;
    seen.push_back(output);
  }
  // A draw of 1000 has the standard deviation sqrt(1000 / 3), about 18.3; the mean of 200 of them 1.3.
  CHECK(sum / 200 == Approx(1000).margin(5));
  double squares = 0;
  for (const double v : seen) squares += (v - 1000) * (v - 1000);
  CHECK(std::sqrt(squares / 200) == Approx(18.26).epsilon(0.2));
  Arena<double> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(1)));
  double out = 0;
  network.predict({x.data(), 1, {.features = 1000}}, &out, 1, scratch.data());
  CHECK(out == Approx(1000));
}

TEST_CASE("quantiles never cross, whatever the outputs; densities have a width") {
  const double z[] = {0.3, -40.0, 5.0, -1e6};
  std::vector<double> values;
  quantiles_of(z, 4, [&](std::ptrdiff_t, double v) { values.push_back(v); });
  CHECK(std::is_sorted(values.begin(), values.end()));
  const double raw[] = {1.0, -1e5, -1e5};
  CHECK(density_of(LossKind::student_t, raw).scale > 0);
  CHECK(density_of(LossKind::student_t, raw).degrees >= 2);
}

TEST_CASE("shapes that cannot be are refused with what to change") {
  const auto text = [](Shape in, std::vector<LayerSpec> layers) -> std::string {
    try {
      Network<float>(in, std::move(layers), 4);
    } catch (const assay::Error& e) {
      return e.what();
    }
    return "";
  };
  CHECK_THAT(text({3, 2}, {Conv1d{4, 5, 1, Padding::valid}}), Catch::Contains("lookback longer"));
  CHECK_THAT(text({3, 2}, {Lstm{4, true}, Dense{1}}), Catch::Contains("gives 3 times"));
  CHECK_THAT(text({3, 2}, {Pool{Pooling::max, 4}}), Catch::Contains("does not fit into 3"));
  CHECK_THAT(text({4, 2}, {Residual{{Conv1d{2, 2, 1, Padding::valid}}}}), Catch::Contains("pad its convolutions"));
  CHECK_THAT(text({1, 2}, {Embedding{{{2, 3, 1}}}}), Catch::Contains("embedding"));
  CHECK_THAT(text({1, 2}, {Dropout{1.0}}), Catch::Contains("dropout"));
  CHECK_THAT(text({1, 2}, {}), Catch::Contains("needs a layer"));
  CHECK_THAT(text({1, 2}, {Dense{0}}), Catch::Contains("outputs"));
}
