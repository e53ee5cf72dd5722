// The samplers that learn nothing from trials: search.grid, search.random and search.quasi_random. Point n is a function of n and the
// seed. Thread rule: one thread.
#include <algorithm>
#include <limits>
#include <optional>

#include "assay/sampler.hpp"
#include "sobol.hpp"

namespace {

// Every combination, the last range moving fastest. A range without steps is cut into `points` values, both ends among them.
struct Grid {
  std::int64_t points_of_a_range = 5;

  static void params(assay::Params<Grid>& p) {
    p.integer<&Grid::points_of_a_range>("points", "How many values of a range that has no step, both ends among them").range(2, 10'000);
  }
  std::int64_t values(const assay::Range& range) const {
    const std::int64_t stepped = range.values();
    return stepped > 0 ? stepped : points_of_a_range;  // at least 2
  }
  std::int64_t points(const assay::Space& space) const {
    std::int64_t product = 1;
    for (std::uint32_t i = 0; i < space.size(); ++i) {
      const std::int64_t n = values(space[i]);
      if (product > std::numeric_limits<std::int64_t>::max() / n) return std::numeric_limits<std::int64_t>::max();
      product *= n;
    }
    return product;
  }
  void ask(const assay::Space& space, std::int64_t number, std::span<double> point, assay::Call&) const {
    std::int64_t left = number;
    for (std::uint32_t i = space.size(); i-- > 0;) {
      const assay::Range range = space[i];
      const std::int64_t n = values(range), k = left % n;
      left /= n;
      point[i] = range.values() > 0 ? range.low() + range.step() * static_cast<double>(k) : between(range, k, n);
    }
  }
  static double between(const assay::Range& range, std::int64_t k, std::int64_t n) {
    if (k == n - 1) return range.high();  // not a rounding error beside it
    return range.at(static_cast<double>(k) / static_cast<double>(n - 1));
  }
};

struct RandomPoints {
  void ask(const assay::Space& space, std::int64_t, std::span<double> point, assay::Call& call) const {
    assay::Random random = call.random();
    for (std::uint32_t i = 0; i < space.size(); ++i) point[i] = space[i].at(random.uniform());
  }
};

// A digital shift (exclusive or with random bits, one word a dimension) keeps the sequence's evenness and makes seeds differ.
struct QuasiRandom {
  std::optional<samplers::Sobol> sobol;
  std::vector<std::uint32_t> shift;

  void start(const assay::Space& space, assay::Call& call) {
    if (space.size() > samplers::Sobol::kMostDimensions)
      call.fail("search.quasi_random knows " + std::to_string(samplers::Sobol::kMostDimensions) + " ranges at most, the space has " +
                std::to_string(space.size()) + ": search.random takes any number");
    sobol.emplace(space.size());
    assay::Random random = call.random();
    for (std::uint32_t i = 0; i < space.size(); ++i) shift.push_back(random.next32());
  }
  void ask(const assay::Space& space, std::int64_t number, std::span<double> point, assay::Call&) const {
    for (std::uint32_t i = 0; i < space.size(); ++i)
      point[i] = space[i].at(static_cast<double>(sobol->bits(static_cast<std::uint64_t>(number), i) ^ shift[i]) * 0x1p-32);
  }
};

}  // namespace

ASSAY_PLUGIN(assay::sampler<Grid>("search.grid", "1.0.0", "Every combination of the ranges' values, in order"),
             assay::sampler<RandomPoints>("search.random", "1.0.0", "Independent uniform points"),
             assay::sampler<QuasiRandom>("search.quasi_random", "1.0.0",
                                         "Points of the Sobol sequence, shifted by the seed: spread more evenly than random ones"))
