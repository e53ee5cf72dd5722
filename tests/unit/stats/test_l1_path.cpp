// Weights under an L1 penalty against scikit-learn, and what holds at every minimum.
#include "stats/l1_path.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "stats/products.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::stats;

namespace {

using Columns = std::vector<std::vector<double>>;

void standardise(std::vector<double>& x) {
  double mean = 0, squares = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) squares += (v - mean) * (v - mean) / static_cast<double>(x.size());
  for (double& v : x) v = (v - mean) / std::sqrt(squares);
}

// i = arange(40)[:, None]; j = arange(6)[None, :]; X = sin((j + 1) 1.3 i + 0.4 j) + 0.25 cos(0.37 i (j % 3 + 1)), standardised;
// z = X @ [2, .3, -1.2, .05, .7, 0] + 0.8 sin(2.9 i), with X as it was; y = z > median(z)
struct Planted {
  Columns x{6};
  std::vector<double> z, y;
  Planted() {
    constexpr double kWeights[] = {2, 0.3, -1.2, 0.05, 0.7, 0};
    for (int i = 0; i < 40; ++i) {
      z.push_back(0.8 * std::sin(2.9 * i));
      for (int j = 0; j < 6; ++j) {
        x[static_cast<std::size_t>(j)].push_back(std::sin((j + 1) * 1.3 * i + 0.4 * j) + 0.25 * std::cos(0.37 * i * (j % 3 + 1)));
        z.back() += kWeights[j] * x[static_cast<std::size_t>(j)].back();
      }
      y.push_back(z.back() > 0.14624252502474278 ? 1 : 0);
    }
    for (auto& column : x) standardise(column);
  }
  std::vector<Column> columns() const { return {x.begin(), x.end()}; }
};

void check_weights(const L1Model& model, const std::vector<double>& wanted) {
  REQUIRE(model.weights().size() == wanted.size());
  for (std::size_t j = 0; j < wanted.size(); ++j) CHECK(model.weights()[j] == Approx(wanted[j]).margin(1e-6));
}

}  // namespace

// lasso_path(S, z - z.mean(), alphas=lmax * 10 ** (-3 * arange(10) / 9), tol=1e-14): columns 2, 5 and 9
TEST_CASE("the weights of the lasso are scikit-learn's") {
  const Planted p;
  const auto columns = p.columns();
  L1Model model(columns, p.z, L1Loss::squared);
  const double largest = model.largest_penalty();
  CHECK(largest == Approx(1.47161077661529));
  model.fit(largest);
  check_weights(model, {0, 0, 0, 0, 0, 0});
  model.fit(largest * std::pow(10, -6.0 / 9));
  check_weights(model, {1.156998743, 0, -0.5224825148, 0, 0.2215788473, 0});
  model.fit(largest * std::pow(10, -15.0 / 9));
  check_weights(model, {1.429450949, 0.1686425418, -0.8459454178, 0.003658076226, 0.4819306573, 0});
  model.fit(largest * 1e-3);
  check_weights(model, {1.452309468, 0.2013806121, -0.8908322021, 0.03672945553, 0.5074383212, 0.004660254475});
}

// LogisticRegression(penalty="l1", C=1 / (penalty * 40), solver="saga", tol=1e-14, max_iter=2000000)
TEST_CASE("the weights of the logistic model are scikit-learn's") {
  const Planted p;
  const auto columns = p.columns();
  L1Model model(columns, p.y, L1Loss::logistic);
  const double largest = model.largest_penalty();
  CHECK(largest == Approx(0.2921751884079639));
  model.fit(largest);
  check_weights(model, {0, 0, 0, 0, 0, 0});
  model.fit(largest * std::pow(10, -6.0 / 9));
  check_weights(model, {1.262474028, 0, -0.6178891711, 0, 0.5113500168, 0});
  CHECK(model.intercept() == Approx(0.03913942).margin(1e-6));
  model.fit(largest * std::pow(10, -15.0 / 9));
  check_weights(model, {5.736540943, 0.487423018, -4.526159302, 0.05044384356, 2.967080809, 0});
  model.fit(largest * 1e-3);
  CHECK(model.weights()[0] == Approx(12.94301751).epsilon(1e-5));
  CHECK(model.weights()[5] == Approx(0.3024394185).epsilon(1e-4));
}

// At the minimum each column's slope is the penalty against its weight's sign, and no larger where the weight is zero.
TEST_CASE("at every minimum the slopes are at the penalty, correlated columns and one of zeros among them") {
  for (const L1Loss loss : {L1Loss::squared, L1Loss::logistic}) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      Random random(SeedTree(seed).child("l1"));
      const std::size_t rows = 80, count = 12;
      Columns x(count, std::vector<double>(rows));
      std::vector<double> y(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const double common = random.normal();
        for (auto& column : x) column[i] = common + 0.5 * random.normal();
        y[i] = x[0][i] - x[1][i] + random.normal();
        if (loss == L1Loss::logistic) y[i] = y[i] > 0.3;
      }
      for (auto& column : x) standardise(column);
      x[5].assign(rows, 0.0);
      const std::vector<Column> columns(x.begin(), x.end());
      L1Model model(columns, y, loss);
      for (const double share : {0.5, 0.1, 0.01}) {
        const double penalty = share * model.largest_penalty();
        model.fit(penalty);
        for (std::size_t j = 0; j < count; ++j) {
          double slope = 0;
          for (std::size_t i = 0; i < rows; ++i) {
            double f = model.intercept();
            for (std::size_t k = 0; k < count; ++k) f += model.weights()[k] * x[k][i];
            slope += x[j][i] * (y[i] - (loss == L1Loss::squared ? f : 1 / (1 + std::exp(-f)))) / static_cast<double>(rows);
          }
          const double w = model.weights()[j];
          if (w == 0)
            CHECK(std::fabs(slope) <= penalty + 1e-8);
          else
            CHECK(slope == Approx(w > 0 ? penalty : -penalty).margin(1e-8));
        }
      }
    }
  }
}

TEST_CASE("products in blocks are those of a plain loop") {
  Random random(SeedTree(1).child("products"));
  Columns x(5, std::vector<double>(2'500));
  std::vector<double> weight(2'500);
  for (auto& column : x)
    for (double& v : column) v = random.normal();
  for (double& v : weight) v = random.uniform();
  const std::vector<Column> columns(x.begin(), x.end());
  const std::vector<double> plain = products(columns), weighted = products(columns, weight),
                            crossed = cross_products(std::span(columns).first(2), std::span(columns).subspan(1));
  for (std::size_t a = 0; a < 5; ++a)
    for (std::size_t b = 0; b < 5; ++b) {
      double sum = 0, weighed = 0;
      for (std::size_t i = 0; i < 2'500; ++i) sum += x[a][i] * x[b][i], weighed += weight[i] * x[a][i] * x[b][i];
      CHECK(plain[a * 5 + b] == Approx(sum).margin(1e-9));
      CHECK(weighted[a * 5 + b] == Approx(weighed).margin(1e-9));
      if (a < 2 && b > 0) CHECK(crossed[a * 4 + b - 1] == Approx(sum).margin(1e-9));
    }
}
