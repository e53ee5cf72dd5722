// The shipped samplers: Sobol points against scipy 1.10 (scipy.stats.qmc.Sobol(40, scramble=False).random(1024)), grids by hand, and that
// every point lies inside its space with every value having its share.
#include <cmath>
#include <map>
#include <set>

#include "../plugins/samplers/search/sobol.hpp"
#include "search_space.hpp"
#include "support/catch.hpp"

using namespace search_test;

namespace {

std::vector<double> point(const plugin::Sampler& sampler, std::int64_t number, std::uint64_t seed = 5) {
  plugin::CallOptions options;
  options.seed = SeedTree(seed).child(static_cast<std::uint64_t>(number)).seed();
  return sampler.ask(number, options);
}

plugin::Sampler make(const std::string& id, const search::Space& space, std::uint64_t seed = 5, const config::Map& params = {}) {
  plugin::CallOptions options;
  options.seed = seed;
  return plugin::Sampler(sampler(id), params, space.raw(), options);
}

}  // namespace

TEST_CASE("Sobol's points in 40 dimensions are scipy's") {
  const samplers::Sobol sobol(40);
  const double p777[40] = {0.6923828125, 0.9365234375, 0.1630859375, 0.2744140625, 0.6357421875, 0.3564453125, 0.1904296875, 0.7626953125,
                           0.3486328125, 0.3232421875, 0.7451171875, 0.6962890625, 0.3837890625, 0.4736328125, 0.5693359375, 0.5146484375,
                           0.4033203125, 0.8642578125, 0.3701171875, 0.7529296875, 0.2373046875, 0.2724609375, 0.9462890625, 0.4814453125,
                           0.3447265625, 0.1455078125, 0.0595703125, 0.7802734375, 0.0634765625, 0.1103515625, 0.5419921875, 0.8994140625,
                           0.1123046875, 0.0029296875, 0.8056640625, 0.9462890625, 0.4619140625, 0.3505859375, 0.3427734375, 0.3583984375};
  const double p1000[40] = {0.2197265625, 0.0966796875, 0.5185546875, 0.6767578125, 0.2802734375, 0.9072265625, 0.0458984375, 0.8994140625,
                            0.5009765625, 0.0693359375, 0.0849609375, 0.2548828125, 0.1611328125, 0.3837890625, 0.1435546875, 0.3701171875,
                            0.7197265625, 0.3447265625, 0.9912109375, 0.7255859375, 0.5224609375, 0.5498046875, 0.9501953125, 0.5400390625,
                            0.5830078125, 0.9072265625, 0.0400390625, 0.9794921875, 0.0595703125, 0.3408203125, 0.1474609375, 0.1455078125,
                            0.2958984375, 0.5927734375, 0.8017578125, 0.7705078125, 0.8486328125, 0.8310546875, 0.3076171875, 0.4794921875};
  for (std::uint32_t d = 0; d < 40; ++d) {
    CHECK(sobol.bits(777, d) * 0x1p-32 == p777[d]);
    CHECK(sobol.bits(1000, d) * 0x1p-32 == p1000[d]);
    CHECK(sobol.bits(0, d) == 0);
  }
}

TEST_CASE("quasi_random: the shift keeps one point in every sixteenth of each dimension, and another seed gives other points") {
  std::vector<config::SearchRange> ranges;
  for (int d = 0; d < 25; ++d) ranges.push_back(real("model.x" + std::to_string(d), 0, 1));
  const search::Space space(spec_of("search.quasi_random", ranges));
  const auto sampler = make("search.quasi_random", space);
  std::vector<std::set<int>> met(ranges.size());
  for (int n = 32; n < 48; ++n) {
    const auto x = point(sampler, n);
    for (std::size_t d = 0; d < x.size(); ++d) met[d].insert(static_cast<int>(x[d] * 16));
  }
  for (const auto& cells : met) CHECK(cells.size() == 16);
  CHECK(point(sampler, 3) == point(make("search.quasi_random", space), 3));
  CHECK(point(sampler, 3) != point(make("search.quasi_random", space, 6), 3));
  ranges.resize(41, real("model.more", 0, 1));
  const search::Space wide(spec_of("search.quasi_random", ranges));
  CHECK_THROWS_WITH(make("search.quasi_random", wide), Catch::Contains("40 ranges at most"));
}

TEST_CASE("grid: every combination once, the last range fastest, ends included") {
  const search::Space space(spec_of("search.grid", {choice("a.b", {"x", "y"}), real("a.c", 1, 100, true), integer("a.d", 3, 9, false, 3)}));
  const auto sampler = make("search.grid", space, 0, {{"points", {std::int64_t{3}}}});
  REQUIRE(sampler.points() == 2 * 3 * 3);
  std::set<std::vector<double>> met;
  for (int n = 0; n < 18; ++n) met.insert(point(sampler, n));
  CHECK(met.size() == 18);
  CHECK(point(sampler, 0) == std::vector<double>{0, 1, 3});
  CHECK(point(sampler, 1) == std::vector<double>{0, 1, 6});
  CHECK(point(sampler, 4)[1] == Approx(10));
  CHECK(point(sampler, 17) == std::vector<double>{1, 100, 9});
}

TEST_CASE("random and quasi_random stay inside any space, and give every value of a range its share") {
  const auto spec = mixed("search.random");
  const search::Space space(spec);
  for (const char* id : {"search.random", "search.quasi_random"}) {
    const auto sampler = make(id, space);
    std::map<double, int> kinds, drops;
    int below = 0;
    for (int n = 0; n < 4096; ++n) {
      const auto x = point(sampler, n);
      for (std::size_t i = 0; i < x.size(); ++i) {
        REQUIRE(x[i] >= spec.space[i].low);
        REQUIRE(x[i] <= spec.space[i].high);
      }
      REQUIRE(x[1] == std::floor(x[1]));
      ++kinds[x[2]];
      ++drops[x[3]];
      below += x[0] < std::sqrt(1e-4 * 1e-1);  // the middle of the logarithms
    }
    CHECK(kinds.size() == 3);
    CHECK(drops.size() == 6);
    for (const auto& [value, count] : kinds) CHECK(std::abs(count - 4096 / 3.0) < 5 * std::sqrt(4096 * 2 / 9.0));
    for (const auto& [value, count] : drops) CHECK(std::abs(count - 4096 / 6.0) < 5 * std::sqrt(4096 * 5 / 36.0));
    CHECK(std::abs(below - 2048) < 5 * std::sqrt(1024.0));
  }
}

TEST_CASE("values are what the file would say") {
  const search::Space space(mixed("search.random"));
  const std::vector<double> x{0.01, 32, 1, 0.2, 128};
  CHECK(space.values(x) ==
        search::Values{
            {"model.rate", "0.01"}, {"model.width", "32"}, {"model.kind", "tanh"}, {"model.drop", "0.2"}, {"train.batch_size", "128"}});
}
