// Shapley values against the definition (all subsets), integrated gradients against PyTorch.
#include <cmath>
#include <numeric>

#include "explain/attribution.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::explain;

namespace {

// The rows that the oracles used: sin(1.3 (i+1) (j+1) + 0.7 j).
Rows sample(std::int64_t rows, std::int64_t width, double turn = 1.3) {
  Rows out{width, {}};
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      out.values.push_back(std::sin(turn * static_cast<double>((i + 1) * (j + 1)) + 0.7 * static_cast<double>(j)));
  return out;
}

using Function = double (*)(std::span<const double>);

double bent(std::span<const double> x) { return x[0] * x[1] + std::max(0.0, x[2]) - 0.5 * x[0] * x[0] + x[3] * x[4] * x[5]; }
double straight(std::span<const double> x) { return 2 * x[0] - x[1] + 0.25 * x[2] + 7 * x[3]; }

ScoreMaker scored(Function f) {
  return [f]() -> Score {
    return [f](const Rows& rows, std::span<const std::int64_t>) {
      std::vector<double> out;
      for (std::int64_t r = 0; r < rows.count(); ++r) out.push_back(f(rows.row(r)));
      return out;
    };
  };
}

std::vector<Feature> one_each(std::int64_t width) {
  std::vector<Feature> out;
  for (std::int64_t p = 0; p < width; ++p) out.push_back({"x" + std::to_string(p), {p}});
  return out;
}

// By the definition: the mean gain over all subsets of the others, each value the mean over the background.
std::vector<double> by_subsets(Function f, std::span<const double> row, const Rows& background, std::span<const Feature> features) {
  const std::size_t n = features.size();
  std::vector<double> worth(std::size_t{1} << n);
  for (std::size_t set = 0; set < worth.size(); ++set)
    for (std::int64_t b = 0; b < background.count(); ++b) {
      std::vector<double> mixed(background.row(b).begin(), background.row(b).end());
      for (std::size_t k = 0; k < n; ++k)
        if ((set >> k & 1) != 0) put(features[k], row, mixed);
      worth[set] += f(mixed) / static_cast<double>(background.count());
    }
  std::vector<double> out(n);
  for (std::size_t set = 0; set < worth.size(); ++set)
    for (std::size_t k = 0; k < n; ++k) {
      if ((set >> k & 1) != 0) continue;
      const auto size = static_cast<double>(__builtin_popcountll(set));
      const double weight = std::tgamma(size + 1) * std::tgamma(static_cast<double>(n) - size) / std::tgamma(static_cast<double>(n) + 1);
      out[k] += weight * (worth[set | std::size_t{1} << k] - worth[set]);
    }
  return out;
}

std::vector<std::int64_t> ids(std::int64_t count, std::int64_t from = 0) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), from);
  return out;
}

}  // namespace

TEST_CASE("sampled Shapley values are those of all subsets within their standard errors, and add up exactly") {
  const Rows rows = sample(3, 6), background = sample(2000, 6, 0.37);
  const auto features = one_each(6);
  const Attributions found = sampled_shapley(rows, background, features, ids(3), SeedTree(1), scored(bent), {});
  double worst = 0, errors = 0;
  for (std::int64_t r = 0; r < 3; ++r) {
    const std::vector<double> exact = by_subsets(bent, rows.row(r), background, features);
    double sum = 0;
    for (std::size_t f = 0; f < 6; ++f) {
      const std::size_t at = static_cast<std::size_t>(r) * 6 + f;
      worst = std::max(worst, std::abs(found.value[at] - exact[f]) / (found.error[at] + 1e-12));
      errors = std::max(errors, found.error[at]);
      sum += found.value[at];
    }
    const auto i = static_cast<std::size_t>(r);
    CHECK(found.score[i] == bent(rows.row(r)));
    CHECK(std::abs(found.score[i] - found.base[i] - sum) < 1e-12);
    CHECK(std::abs(found.gap[i]) < 1e-12);
  }
  CHECK(worst < 4);
  CHECK(errors < 0.05);
}

TEST_CASE("two features that are one in effect share alike, one that counts for nothing gets nothing") {
  const auto sum = [](std::span<const double> x) { return (x[0] + x[1]) * (x[0] + x[1]); };
  Rows rows{3, {0.5, 0.5, 9}}, background{3, {}};
  for (int b = 0; b < 400; ++b) {
    const double v = std::sin(b);
    background.add(std::vector<double>{v, v, std::cos(b)});
  }
  const Attributions found = sampled_shapley(rows, background, one_each(3), ids(1), SeedTree(5), scored(sum), {});
  CHECK(std::abs(found.value[0] - found.value[1]) < 4 * (found.error[0] + found.error[1]) + 1e-12);
  CHECK(found.value[2] == 0);
  CHECK(found.error[2] == 0);
}

TEST_CASE("of a linear score sampled and exact values are the same, by the column or in groups") {
  const Rows rows = sample(4, 4), background = sample(30, 4, 0.9);
  std::vector<double> mean(4), slope{2, -1, 0.25, 7}, score, slopes;
  for (std::int64_t b = 0; b < 30; ++b)
    for (std::size_t p = 0; p < 4; ++p) mean[p] += background.row(b)[p] / 30;
  for (std::int64_t r = 0; r < 4; ++r) score.push_back(straight(rows.row(r)));
  for (const auto& features : {one_each(4), std::vector<Feature>{{"a", {0, 3}}, {"b", {1}}, {"c", {2}}}}) {
    const Attributions exact = linear_shapley(rows, score, slope, mean, features);
    const Attributions sampled = sampled_shapley(rows, background, features, ids(4), SeedTree(2), scored(straight), {});
    for (std::size_t i = 0; i < exact.value.size(); ++i) CHECK(std::abs(exact.value[i] - sampled.value[i]) < 1e-12);
    for (std::size_t r = 0; r < 4; ++r) {
      CHECK(std::abs(exact.base[r] - sampled.base[r]) < 1e-12);
      const std::vector<double> all = by_subsets(straight, rows.row(static_cast<std::int64_t>(r)), background, features);
      for (std::size_t f = 0; f < features.size(); ++f) CHECK(std::abs(exact.value[r * features.size() + f] - all[f]) < 1e-12);
    }
  }
}

TEST_CASE("a row alone gets the bits that it gets among others, on any number of threads") {
  const Rows rows = sample(5, 6), background = sample(25, 6, 0.37);
  const auto features = one_each(6);
  const Attributions one = sampled_shapley(rows, background, features, ids(5), SeedTree(3), scored(bent), {1});
  const Attributions four = sampled_shapley(rows, background, features, ids(5), SeedTree(3), scored(bent), {4});
  CHECK(one.value == four.value);
  CHECK(one.error == four.error);
  Rows alone{6, {}};
  alone.add(rows.row(3));
  const Attributions third = sampled_shapley(alone, background, features, ids(1, 3), SeedTree(3), scored(bent), {2});
  for (std::size_t f = 0; f < 6; ++f) CHECK(third.value[f] == one.value[3 * 6 + f]);
}

// /usr/bin/python3: f = tanh(x W + b) v in torch (double), autograd at the middles of 16 steps from the mean of 12 rows to row 2.
TEST_CASE("integrated gradients are PyTorch's by the same rule, and their gap closes with more steps") {
  const Rows all = sample(12, 4);
  std::vector<double> mean(4);
  for (std::int64_t r = 0; r < 12; ++r)
    for (std::size_t p = 0; p < 4; ++p) mean[p] += all.row(r)[p] / 12;
  Rows rows{4, {}};
  rows.add(all.row(2));
  const SlopeMaker maker = []() -> Slope {
    return [](const Rows& points, std::span<const std::int64_t>) {
      constexpr double w[4][3] = {{0.5, -1.0, 0.3}, {1.2, 0.4, -0.7}, {-0.6, 0.9, 0.2}, {0.1, -0.3, 0.8}};
      constexpr double v[3] = {0.7, -0.4, 1.1}, b[3] = {0.1, -0.2, 0.05};
      Slopes out;
      for (std::int64_t r = 0; r < points.count(); ++r) {
        double score = 0, slope[4] = {};
        for (int k = 0; k < 3; ++k) {
          double z = b[k];
          for (std::size_t p = 0; p < 4; ++p) z += points.row(r)[p] * w[p][k];
          score += v[k] * std::tanh(z);
          for (std::size_t p = 0; p < 4; ++p) slope[p] += v[k] * (1 - std::tanh(z) * std::tanh(z)) * w[p][k];
        }
        out.score.push_back(score);
        out.slope.insert(out.slope.end(), slope, slope + 4);
      }
      return out;
    };
  };
  std::vector<double> places;
  const Attributions found = integrated_gradients(rows, mean, one_each(4), 16, maker, {}, &places);
  const double torch[] = {-0.6542464634363447, 0.12876174813948418, -0.28929305704432295, -0.6985540295915765};
  for (std::size_t f = 0; f < 4; ++f) CHECK(std::abs(found.value[f] - torch[f]) < 1e-12);
  CHECK(places == found.value);
  CHECK(std::abs(found.score[0] - -1.1092607853439118) < 1e-12);
  CHECK(std::abs(found.base[0] - 0.4036045138230857) < 1e-12);
  CHECK(std::abs(found.gap[0] - 0.00046650276576265526) < 1e-12);
  CHECK(std::abs(integrated_gradients(rows, mean, one_each(4), 256, maker, {}).gap[0]) < 2e-6);
  const Attributions grouped = integrated_gradients(rows, mean, std::vector<Feature>{{"a", {0, 2}}, {"b", {1, 3}}}, 16, maker, {});
  CHECK(std::abs(grouped.value[0] - torch[0] - torch[2]) < 1e-12);
}

TEST_CASE("pushes come strongest first, and none that goes the other way") {
  CHECK(pushes(std::vector<double>{0.1, -3, 0.5, 0, 0.5, 0.2}) == std::vector<std::size_t>{2, 4, 5, 0});
  CHECK(pushes(std::vector<double>{-1, 0}).empty());
}

TEST_CASE("a tick may stop the work") {
  const Rows rows = sample(5, 6);
  Work work;
  work.tick = [](double) { throw std::runtime_error("stopped"); };
  CHECK_THROWS(sampled_shapley(rows, rows, one_each(6), ids(5), SeedTree(3), scored(bent), work));
}
