// The network against itself: gradients by differences, the tiles against Eigen, rows alone against rows in a batch, memory, repeatability.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

#include "assay/nn/eigen_products.hpp"
#include "small_network.hpp"
#include "support/catch.hpp"

// g++ does not see that the operators below belong together.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#ifdef __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)  // they bring operators of their own
#define UNCOUNTED
#endif
#endif

namespace {
std::atomic<long> allocations{0};
}  // namespace

#ifndef UNCOUNTED
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size, std::align_val_t align) {
  ++allocations;
  const auto a = static_cast<std::size_t>(align);
  if (void* p = std::aligned_alloc(a, (size + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
#endif

using namespace small;
using nn::Activation;

TEST_CASE("tiles multiply as Eigen does, at every remainder of rows and columns, A straight or transposed") {
  for (std::ptrdiff_t rows = 1; rows <= 19; ++rows)
    for (const std::ptrdiff_t cols : {1, 16, 17, 48, 112})
      for (const std::ptrdiff_t depth : {1, 7, 32, 300}) {
        const std::ptrdiff_t width = nn::padded<float>(cols);
        std::vector<float> a(static_cast<std::size_t>(rows * depth)), b(static_cast<std::size_t>(depth * width)),
            bias(static_cast<std::size_t>(width)), other(static_cast<std::size_t>(rows * width));
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(wave(static_cast<std::ptrdiff_t>(i), 1.1, 0));
        for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(wave(static_cast<std::ptrdiff_t>(i), 0.3, 1));
        for (std::size_t i = 0; i < other.size(); ++i) other[i] = static_cast<float>(wave(static_cast<std::ptrdiff_t>(i), 0.9, 2));
        for (const bool transposed : {false, true})
          for (int kind = 0; kind < 4; ++kind) {
            std::vector<float> mine(other.size(), -9), eigen(other.size(), -9);
            const nn::Term<float> term{a.data(), transposed ? 1 : depth, transposed ? rows : 1, b.data(), width, depth};
            const nn::Term<float> twice[2] = {term, term};
            nn::Product<float> p{rows, width, twice, kind == 3 ? 2 : 1, mine.data(), width};
            nn::Epilogue<float> e{static_cast<nn::Epilogue<float>::Kind>(kind), kind == 2 ? nullptr : bias.data(), other.data(), width};
            nn::TileProducts<float>::multiply(p, e);
            p.out = eigen.data();
            nn::EigenProducts<float>::multiply(p, e);
            float worst = 0;
            for (std::size_t i = 0; i < mine.size(); ++i) worst = std::max(worst, std::abs(mine[i] - eigen[i]));
            if (worst > 2e-4f) FAIL_CHECK("rows " << rows << " cols " << cols << " depth " << depth << " kind " << kind << ": " << worst);
          }
      }
  SUCCEED();
}

TEST_CASE("the network over Eigen's products learns the same") {
  const Goal<double> goal("binary_cross_entropy");
  const auto x = inputs<double>();
  auto tiles = network<double>(1, Activation::gelu);
  auto eigen = network<double, nn::EigenProducts<double>>(1, Activation::gelu);
  const double a = tiles.loss_and_gradient(samples(x), goal.target(), goal.spec);
  const double b = eigen.loss_and_gradient(samples(x), goal.target(), goal.spec);
  CHECK(a == Approx(b).epsilon(1e-14));
  for (std::size_t i = 0; i < tiles.gradients().size(); ++i) CHECK(tiles.gradients()[i] == Approx(eigen.gradients()[i]).margin(1e-14));
}

TEST_CASE("a dot product is one, at any depth, and sees nothing of what lies behind a row") {
  for (const std::ptrdiff_t depth : {1, 7, 15, 16, 17, 31, 64, 100, 1024}) {
    constexpr std::ptrdiff_t kRows = 5, kApart = 3;
    const std::ptrdiff_t stride = depth + 2;
    std::vector<float> a(static_cast<std::size_t>(kRows * stride), std::numeric_limits<float>::quiet_NaN()),
        b(static_cast<std::size_t>(depth * kApart), std::numeric_limits<float>::quiet_NaN());
    for (std::ptrdiff_t k = 0; k < depth; ++k) b[static_cast<std::size_t>(k * kApart)] = static_cast<float>(wave(k, 0.3, 1));
    for (std::ptrdiff_t r = 0; r < kRows; ++r)
      for (std::ptrdiff_t k = 0; k < depth; ++k) a[static_cast<std::size_t>(r * stride + k)] = static_cast<float>(wave(r * 31 + k, 1.1, 0));
    std::ptrdiff_t seen = 0;
    nn::dot_rows(kRows, depth, a.data(), stride, b.data(), kApart, 0.25F, [&](std::ptrdiff_t r, float z) {
      double sum = 0.25;
      for (std::ptrdiff_t k = 0; k < depth; ++k)
        sum +=
            static_cast<double>(a[static_cast<std::size_t>(r * stride + k)]) * static_cast<double>(b[static_cast<std::size_t>(k * kApart)]);
      CHECK(static_cast<double>(z) == Approx(sum).margin(1e-4));
      CHECK(r == seen++);
    });
    CHECK(seen == kRows);
  }
}

TEST_CASE("a row alone has the bits that it has in a batch, in whatever chunks") {
  const std::ptrdiff_t outputs = GENERATE(1, 3);
  nn::Network<float> mlp({.features = 23}, perceptron({64, 32}, outputs, Activation::tanh), 0);
  mlp.initialise(assay::Random(5));
  const std::ptrdiff_t rows = 71;
  std::vector<float> x(static_cast<std::size_t>(rows * 23)), whole(static_cast<std::size_t>(rows * outputs)),
      one(static_cast<std::size_t>(outputs));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(wave(static_cast<std::ptrdiff_t>(i), 0.37, 0));
  nn::Arena<float> scratch(static_cast<std::ptrdiff_t>(mlp.scratch_size(64)));
  mlp.predict({x.data(), rows, mlp.in()}, whole.data(), 64, scratch.data());
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    mlp.predict({x.data() + r * 23, 1, mlp.in()}, one.data(), 1, scratch.data());
    for (std::size_t c = 0; c < one.size(); ++c) CHECK(one[c] == whole[static_cast<std::size_t>(r) * one.size() + c]);
  }
}

TEST_CASE("steps and predictions take no memory, the padding stays zero, the same steps give the same bits") {
  const Goal<float> goal("cross_weighted");
  const auto x = inputs<float>();
  const auto train = [&] {
    nn::Network<float> mlp({.features = kInputs}, perceptron({7, 3}, 4, Activation::sigmoid), kRows);
    mlp.initialise(assay::Random(9));
    nn::Optimizer<float> optimizer({.kind = nn::OptimizerKind::adamw, .weight_decay = 0.01, .clip_norm = 0.1}, mlp.parameters().size());
    nn::Arena<float> scratch(static_cast<std::ptrdiff_t>(mlp.scratch_size(2)));
    std::vector<float> out(kRows * 4);
    const long before = allocations;
    for (int i = 0; i < 50; ++i) {
      mlp.loss_and_gradient(samples(x, i % 2 ? kRows : kRows - 1), {{goal.y.data(), kRows}, {}}, goal.spec);
      optimizer.update(mlp.parameters().data(), mlp.gradients().data(), 0.5);
    }
    mlp.predict(samples(x), out.data(), 2, scratch.data());
    const long taken = allocations - before;
    CHECK(taken == 0);
    return mlp;
  };
  const auto one = train(), two = train();
  CHECK(std::equal(one.parameters().begin(), one.parameters().end(), two.parameters().begin()));
  double all = 0, real = 0;
  for (const float p : one.parameters()) all += std::abs(static_cast<double>(p));
  for (const nn::Array& a : one.arrays())
    for (std::ptrdiff_t r = 0; r < a.rows; ++r)
      for (std::ptrdiff_t c = 0; c < a.cols; ++c)
        real += std::abs(static_cast<double>(one.parameters()[static_cast<std::size_t>(a.at(r, c))]));
  CHECK(all == Approx(real).epsilon(1e-12));
}

TEST_CASE("missing inputs give missing outputs, not zeros behind a ReLU") {
  auto mlp = network<float>(1, Activation::relu, 0);
  auto x = inputs<float>();
  x[2] = std::nanf("");
  nn::Arena<float> scratch(static_cast<std::ptrdiff_t>(mlp.scratch_size(kRows)));
  std::vector<float> out(kRows);
  mlp.predict(samples(x), out.data(), kRows, scratch.data());
  CHECK(std::isnan(out[0]));
  CHECK(std::isfinite(out[1]));
}

TEST_CASE("losses stay finite for extreme logits") {
  std::vector<float> z{1e30f, -1e30f, 1000.0f, -1000.0f}, y{1, 1, 0, 0}, dz(4);
  nn::LossSpec spec{.kind = nn::LossKind::binary_cross_entropy};
  const double loss = nn::loss_and_slope<float>(spec, 2, 1, z.data() + 2, {{y.data() + 2, 2}, {}}, dz.data(), 1, 2);
  CHECK(loss == Approx(500.0));
  CHECK(dz[0] == Approx(0.5f));
  CHECK(std::abs(dz[1]) < 1e-30f);
  std::vector<float> logits{1000, -1000, 0}, label{1}, slope(3);
  spec.kind = nn::LossKind::cross_entropy;
  CHECK(nn::loss_and_slope<float>(spec, 1, 3, logits.data(), {{label.data(), 1}, {}}, slope.data(), 3, 1) == Approx(2000.0));
  label[0] = 3;
  CHECK_THROWS_AS(nn::loss_and_slope<float>(spec, 1, 3, logits.data(), {{label.data(), 1}, {}}, slope.data(), 3, 1), assay::Error);
}

TEST_CASE("vector functions are good to float's precision") {
  double worst_exp = 0, worst_log = 0, worst_erf = 0;
  for (double v = -80; v < 80; v += 0.0137) {
    const double e = nn::exponential<float>(nn::splat(static_cast<float>(v)))[0],
                 exact = std::exp(static_cast<double>(static_cast<float>(v)));
    worst_exp = std::max(worst_exp, std::abs(e / exact - 1));
  }
  for (double v = 0; v <= 1; v += 0.00071) {
    const auto x = static_cast<float>(v);
    const double exact = std::log1p(static_cast<double>(x));
    worst_log = std::max(worst_log, std::abs(nn::log1p_unit<float>(nn::splat(x))[0] - exact));
  }
  for (double v = -5; v < 5; v += 0.0031) {
    const auto x = static_cast<float>(v);
    worst_erf =
        std::max(worst_erf, std::abs(static_cast<double>(nn::error_function<float>(nn::splat(x))[0]) - std::erf(static_cast<double>(x))));
  }
  CHECK(worst_exp < 3e-7);
  CHECK(worst_log < 2e-7);
  CHECK(worst_erf < 6e-7);
}

TEST_CASE("initial weights have the spread that their names promise, the same for every width") {
  using nn::Initial;
  const std::pair<Initial, double> expected[] = {{Initial::glorot_uniform, 2.0 / (300 + 200)},
                                                 {Initial::glorot_normal, 2.0 / (300 + 200)},
                                                 {Initial::he_uniform, 2.0 / 300},
                                                 {Initial::he_normal, 2.0 / 300}};
  for (const auto& [kind, variance] : expected) {
    std::vector<double> w(300 * 200);
    nn::draw_weights(kind, 300, 200, w.data(), 200, assay::Random(1));
    double sum = 0, squares = 0, largest = 0;
    for (const double v : w) {
      sum += v;
      squares += v * v;
      largest = std::max(largest, std::abs(v));
    }
    CHECK(std::abs(sum / 60000) < 4 * std::sqrt(variance / 60000));
    CHECK(squares / 60000 == Approx(variance).epsilon(0.03));
    const bool uniform = kind == Initial::glorot_uniform || kind == Initial::he_uniform;
    CHECK((largest <= std::sqrt(3 * variance)) == uniform);
  }
  nn::Network<float> mlp({.features = 3}, perceptron({5}, 1, Activation::relu), 4);
  mlp.initialise(assay::Random(7));
  std::vector<float> dense(15);
  nn::draw_weights(Initial::he_uniform, 3, 5, dense.data(), 5, assay::Random(7).child(0));
  const nn::Array& first = mlp.arrays().front();
  for (std::ptrdiff_t r = 0; r < 3; ++r)
    for (std::ptrdiff_t c = 0; c < 5; ++c)
      CHECK(mlp.parameters()[static_cast<std::size_t>(first.at(r, c))] == dense[static_cast<std::size_t>(r * 5 + c)]);
  for (const auto& [inputs, outputs] : {std::pair<std::ptrdiff_t, std::ptrdiff_t>{9, 9}, {4, 9}, {9, 4}}) {
    std::vector<double> w(static_cast<std::size_t>(inputs * outputs));
    nn::draw_weights(Initial::orthogonal, inputs, outputs, w.data(), outputs, assay::Random(3));
    const bool tall = inputs >= outputs;
    const std::ptrdiff_t count = tall ? outputs : inputs, length = tall ? inputs : outputs;
    for (std::ptrdiff_t a = 0; a < count; ++a)
      for (std::ptrdiff_t b = 0; b < count; ++b) {
        double dot = 0;
        for (std::ptrdiff_t i = 0; i < length; ++i)
          dot += w[static_cast<std::size_t>(tall ? i * outputs + a : a * outputs + i)] *
                 w[static_cast<std::size_t>(tall ? i * outputs + b : b * outputs + i)];
        CHECK(dot == Approx(a == b ? 1.0 : 0.0).margin(1e-12));
      }
  }
}

TEST_CASE("after a step, the first layer whose values are no numbers is known, in any part of the batch") {
  const nn::Shape in{4, 3};
  nn::Network<float> network(in,
                             {nn::Conv1d{.filters = 5, .activation = Activation::tanh}, nn::Dropout{0.1}, nn::Gru{.units = 4},
                              nn::Residual{{nn::Dense{4, Activation::tanh}}}, nn::Dense{1}},
                             6, 2);
  std::vector<float> x(6 * 12), y(6, 0.5F);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(wave(static_cast<std::ptrdiff_t>(i), 0.7, 0));
  const auto broken = [&] {
    const double loss = network.loss_and_gradient({x.data(), 6, in}, {{y.data(), 6}, {}}, {});
    const auto first = network.first_broken();
    CHECK(std::isfinite(loss) == !first);
    return first ? static_cast<int>(*first) : -1;
  };
  network.initialise(assay::Random(1));
  CHECK(broken() == -1);
  int layers = 0;
  for (const nn::Array& a : network.arrays()) {
    if (a.name.find("weight") == std::string::npos) continue;
    network.initialise(assay::Random(1));
    network.parameters()[static_cast<std::size_t>(a.at(0, 0))] = std::numeric_limits<float>::quiet_NaN();
    CHECK(broken() == std::stoi(a.name.substr(5)));
    ++layers;
  }
  CHECK(layers >= 4);
  network.initialise(assay::Random(1));
  x[5 * 12 + 11] = std::numeric_limits<float>::quiet_NaN();  // of the last row, in the second part
  CHECK(broken() == 0);
  x[5 * 12 + 11] = 0;
  CHECK(broken() == -1);
}
