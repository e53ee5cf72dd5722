// Pruning: which weights and units leave, against PyTorch's choices; what is left of the arrays; a unit that nobody reads can leave any
// architecture without being missed.
#include <set>

#include "assay/nn/prune.hpp"
#include "small_network.hpp"
#include "support/catch.hpp"

using namespace small;
using nn::Activation;

namespace {

std::vector<nn::LayerSpec> small_layers() { return perceptron({7, 3}, 2, Activation::relu); }

// Zeros of each weight array, by their places row by row.
std::vector<std::vector<std::ptrdiff_t>> zeros_of(const nn::Network<float>& network) {
  std::vector<std::vector<std::ptrdiff_t>> all;
  for (const nn::Array& a : network.arrays()) {
    if (!nn::is_weight(a)) continue;
    all.emplace_back();
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i)
      if (network.parameters()[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))] == 0) all.back().push_back(i);
  }
  return all;
}

template <class S>
nn::Network<S> waved(nn::Shape in, const std::vector<nn::LayerSpec>& layers, std::ptrdiff_t batch = 0) {
  nn::Network<S> network(in, layers, batch);
  network.initialise(assay::Random(3));  // state: running means and variances
  set_parameters(network, [](std::size_t k, std::ptrdiff_t i) { return 0.5 * wave(i, 1.3, static_cast<double>(k)); });
  return network;
}

template <class S>
std::vector<S> outputs_of(const nn::Network<S>& network, std::ptrdiff_t rows = 9) {
  const nn::Shape in = network.in();
  std::vector<S> x;
  for (std::ptrdiff_t i = 0; i < rows * in.time * in.features; ++i) x.push_back(static_cast<S>(wave(i, 0.7, 0.1)));
  std::vector<S> out(static_cast<std::size_t>(rows * network.outputs()));
  nn::Arena<S> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(rows)));
  network.predict({x.data(), rows, in}, out.data(), rows, scratch.data());
  return out;
}

struct Case {
  const char* name;
  nn::Shape in;
  std::vector<nn::LayerSpec> layers;
  std::size_t shrinking;  // groups of units that may shrink
};

std::vector<Case> architectures() {
  const nn::Shape row{.time = 1, .features = 6}, window{.time = 8, .features = 3};
  return {
      {"dense, norm, dropout", row, {nn::Dense{6}, nn::BatchNorm{}, nn::Dropout{0.2}, nn::Dense{4}, nn::Activate{}, nn::Dense{2}}, 2},
      {"convolutions, flattened", window, {nn::Conv1d{5, 3}, nn::Pool{}, nn::Conv1d{4, 2}, nn::Flatten{}, nn::Dense{3}, nn::Dense{1}}, 3},
      {"convolution, averaged", window, {nn::Conv1d{5, 3}, nn::GlobalPool{}, nn::Dense{1}}, 1},
      {"lstm on gru", window, {nn::Gru{5, true}, nn::Dropout{0.1}, nn::Lstm{4}, nn::Dense{2}}, 2},
      {"both directions", window, {nn::Lstm{4, true, true}, nn::Gru{3, true, true}, nn::Last{}, nn::Dense{1}}, 2},
      {"flattened states", window, {nn::Lstm{4, true, true}, nn::Flatten{}, nn::Dense{1}}, 1},
      {"temporal blocks", window, {nn::TcnBlock{4, 3, 1, 0.1}, nn::TcnBlock{4, 3, 2}, nn::Last{}, nn::Dense{5}, nn::Dense{1}}, 3},
      {"residual", row, {nn::Dense{6}, nn::Residual{{nn::Dense{5}, nn::Dense{6}}}, nn::Dense{3}, nn::Dense{1}}, 2},
      {"layer norm", row, {nn::Dense{6}, nn::LayerNorm{}, nn::Dense{3}, nn::Dense{1}}, 1},
  };
}

std::int64_t parameters_of(const std::vector<nn::Array>& arrays) {
  std::int64_t all = 0;
  for (const nn::Array& a : arrays) all += a.is_state ? 0 : a.rows * a.cols;
  return all;
}

}  // namespace

// torch.nn.utils.prune on nn.Linear layers with these weights:
//   w = [[0.8*math.sin(1.3*(r*o+c)+k) for c in range(o)] for r in range(i)] for k, (i, o) in enumerate([(5, 7), (7, 3), (3, 2)])
//   prune.l1_unstructured(layer, 'weight', amount=math.ceil(0.4*i*o - 1e-9)); the zeros of weight_mask.t(), row by row
//   prune.ln_structured(layer, 'weight', amount=math.ceil(0.4*o - 1e-9), n=2, dim=0); the rows without a 1 in weight_mask
TEST_CASE("the weights that become zero are PyTorch's choice") {
  nn::Network<float> network = small::network<float>(2, Activation::relu);
  std::vector<float> live(network.parameters().size(), 1);
  nn::prune_weights<float>(network.arrays(), network.parameters(), live, 0.4);
  const std::vector<std::vector<std::ptrdiff_t>> expected{
      {0, 2, 5, 7, 10, 12, 17, 19, 22, 24, 27, 29, 31, 34}, {2, 4, 6, 7, 9, 11, 14, 16, 19}, {1, 3, 4}};
  CHECK(zeros_of(network) == expected);
  for (std::size_t i = 0; i < live.size(); ++i)
    if (live[i] == 0) CHECK(network.parameters()[i] == 0);
  CHECK(std::count(live.begin(), live.end(), 0.0F) == 14 + 9 + 3);

  const auto before = zeros_of(network);  // a rising share keeps what is gone
  nn::prune_weights<float>(network.arrays(), network.parameters(), live, 0.7);
  const auto after = zeros_of(network);
  for (std::size_t k = 0; k < before.size(); ++k)
    CHECK(std::includes(after[k].begin(), after[k].end(), before[k].begin(), before[k].end()));
  CHECK(after[0].size() == 25);  // ceil(24.5)
}

TEST_CASE("the units that leave are PyTorch's choice, and the rest keeps its numbers") {
  const nn::Network<float> network = small::network<float>(2, Activation::relu);
  const nn::UnitMap map(small_layers());
  REQUIRE(map.size() == 3);
  const auto stay = nn::units_that_stay(map, network.arrays(), network.parameters(), 0.4);
  CHECK(stay[0] == std::vector<std::ptrdiff_t>{1, 2, 4, 6});  // without 0 3 5
  CHECK(stay[1] == std::vector<std::ptrdiff_t>{0});           // without 1 2
  CHECK(stay[2] == std::vector<std::ptrdiff_t>{0, 1});        // the outputs

  const nn::UnitMap left(small_layers(), {4, 1, 2});
  nn::Network<float> smaller({.features = kInputs}, left.layers(), 0);
  CHECK(parameters_of(smaller.arrays()) == (5 * 4 + 4) + (4 * 1 + 1) + (1 * 2 + 2));
  nn::copy_staying<float>(map, stay, network.arrays(), network.parameters(), smaller.arrays(), smaller.parameters(), false);
  const nn::Array &from = network.arrays()[2], &to = smaller.arrays()[2];  // 7 x 3 becomes 4 x 1
  for (std::size_t r = 0; r < 4; ++r)
    CHECK(smaller.parameters()[static_cast<std::size_t>(to.at(static_cast<std::ptrdiff_t>(r), 0))] ==
          network.parameters()[static_cast<std::size_t>(from.at(stay[0][r], 0))]);
}

TEST_CASE("a share of nothing leaves every unit, and one unit stays whatever the share") {
  for (const Case& c : architectures()) {
    CAPTURE(c.name);
    const nn::UnitMap map(c.layers);
    const auto network = waved<float>(c.in, c.layers);
    std::size_t shrinking = 0;
    for (std::size_t g = 0; g < map.size(); ++g) shrinking += map.may_shrink(g) ? 1 : 0;
    CHECK(shrinking == c.shrinking);
    const auto all = nn::units_that_stay(map, network.arrays(), network.parameters(), 0);
    const auto one = nn::units_that_stay(map, network.arrays(), network.parameters(), 1);
    for (std::size_t g = 0; g < map.size(); ++g) {
      CHECK(static_cast<std::int64_t>(all[g].size()) == map.units(g));
      CHECK(static_cast<std::int64_t>(one[g].size()) == (map.may_shrink(g) ? 1 : map.units(g)));
    }
  }
}

TEST_CASE("units that nobody reads leave without being missed, in every architecture") {
  for (const Case& c : architectures()) {
    CAPTURE(c.name);
    const nn::UnitMap map(c.layers);
    nn::Network<double> network = waved<double>(c.in, c.layers);
    std::vector<std::vector<std::ptrdiff_t>> stay(map.size());
    std::vector<std::int64_t> sizes;
    for (std::size_t g = 0; g < map.size(); ++g) {
      for (std::ptrdiff_t u = 0; u < map.units(g); ++u)
        if (!map.may_shrink(g) || u % 3 != 1) stay[g].push_back(u);
      sizes.push_back(static_cast<std::int64_t>(stay[g].size()));
    }
    for (const nn::Array& a : network.arrays()) {  // the others read them with a weight of zero
      const std::ptrdiff_t owner = map.owner(a.name).rows;
      for (std::ptrdiff_t r = 0; owner != nn::UnitMap::kNone && r < a.rows; ++r) {
        const auto g = static_cast<std::size_t>(owner);
        if (std::binary_search(stay[g].begin(), stay[g].end(), r % map.units(g))) continue;
        for (std::ptrdiff_t col = 0; col < a.cols; ++col) network.parameters()[static_cast<std::size_t>(a.at(r, col))] = 0;
      }
    }
    const nn::UnitMap left(c.layers, sizes);
    nn::Network<double> smaller(c.in, left.layers(), 0);
    CHECK(parameters_of(smaller.arrays()) < parameters_of(network.arrays()));
    REQUIRE(smaller.arrays().size() == network.arrays().size());
    const nn::Network<double>& was = network;
    nn::copy_staying<double>(map, stay, was.arrays(), was.parameters(), smaller.arrays(), smaller.parameters(), false);
    nn::copy_staying<double>(map, stay, was.arrays(), was.state(), smaller.arrays(), smaller.state(), true);
    const std::vector<double> before = outputs_of(network), after = outputs_of(smaller);
    for (std::size_t i = 0; i < before.size(); ++i) CHECK_THAT(after[i], Catch::Matchers::WithinAbs(before[i], 1e-12));
  }
}

TEST_CASE("units that do not suit the layers are refused") {
  const auto refused = [](std::vector<std::int64_t> sizes) {
    try {
      const nn::UnitMap map(small_layers(), std::move(sizes));
    } catch (const assay::Error& e) {
      return e.status() == ASSAY_BAD_STATE;
    }
    return false;
  };
  CHECK_FALSE(refused({7, 3, 2}));
  CHECK_FALSE(refused({1, 1, 2}));
  CHECK(refused({8, 3, 2}));     // more than there are
  CHECK(refused({0, 3, 2}));     // none
  CHECK(refused({7, 3, 1}));     // an output gone
  CHECK(refused({7, 3}));        // a layer short
  CHECK(refused({7, 3, 2, 1}));  // a layer too many
}
