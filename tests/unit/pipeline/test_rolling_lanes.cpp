// Entities side by side: each lane has the bits that its entity has alone, whatever its neighbours hold, for vectors of any width.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "pipeline/rolling_lanes.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/evaluated.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::check_same;

namespace {

using Values = std::vector<double>;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// How a lane's values are missing: not at all, here and there, mostly, at the beginning, everywhere.
double value_of(Random& random, std::int64_t lane, std::int64_t t) {
  const double value = random.below(5) == 0 ? static_cast<double>(random.below(3)) - 1.0 : 1e3 + random.normal();
  switch (lane % 5) {
    case 1:
      return random.below(9) == 0 ? kMissing : value;
    case 2:
      return random.below(5) != 0 ? kMissing : value;
    case 3:
      return t < 37 ? kMissing : random.below(50) == 0 ? std::numeric_limits<double>::infinity() : value;
    case 4:
      return lane == 4 ? kMissing : t % 40 < 20 ? value : kMissing;
    default:
      return random.below(100) == 0 ? -0.0 : value;
  }
}

struct Panel {
  std::int64_t times, lanes;
  Values x, y;  // time by time
  Panel(std::int64_t t, std::int64_t l, std::uint64_t seed) : times(t), lanes(l) {
    Random random{SeedTree(seed)};
    for (std::int64_t i = 0; i < times; ++i) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        x.push_back(value_of(random, lane, i));
        y.push_back(value_of(random, lane + (i % 7 == 0 ? 1 : 0), i));
      }
    }
  }
  Values lane_of(const Values& values, std::int64_t lane) const {
    Values own;
    for (std::int64_t i = 0; i < times; ++i) {
      const double value = values[static_cast<std::size_t>(i * lanes + lane)];
      own.push_back(std::isfinite(value) ? value : kMissing);  // an infinity counts as missing
    }
    return own;
  }
};

std::vector<Operator> rolling_operators() {
  std::vector<Operator> found;
  for (const Operator& entry : operators())
    if (entry.family == Family::rolling) found.push_back(entry);
  return found;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// Of each function and least count, for vectors of each width.
void check_lanes(const Panel& panel, std::initializer_list<std::int64_t> windows) {
  for (const Operator& entry : rolling_operators()) {
    for (const std::int64_t rows : windows) {
      for (const std::int64_t min_count : {std::int64_t{1}, (rows + 1) / 2, rows}) {
        const Window window{entry.op, rows, min_count, 0.3};
        std::vector<Values> wanted;
        for (std::int64_t lane = 0; lane < panel.lanes; ++lane) {
          wanted.emplace_back(static_cast<std::size_t>(panel.times));
          rolling(window, panel.lane_of(panel.x, lane), panel.lane_of(panel.y, lane), wanted.back());
        }
        for (const int widest : {2, 4, 8}) {
          INFO(entry.name << " over " << rows << ", at least " << min_count << ", " << panel.lanes << " lanes by " << widest);
          Values got(panel.x.size());
          const std::int64_t step = panel.lanes;
          rolling_lanes(window, {panel.times, panel.lanes, {panel.x.data(), step}, {panel.y.data(), step}, {got.data(), step}}, widest);
          std::size_t wrong = 0;
          for (std::int64_t lane = 0; lane < panel.lanes; ++lane)
            for (std::int64_t i = 0; i < panel.times; ++i)
              wrong += same_bits(got[static_cast<std::size_t>(i * step + lane)],
                                 wanted[static_cast<std::size_t>(lane)][static_cast<std::size_t>(i)])
                           ? 0
                           : 1;
          REQUIRE(wrong == 0);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("every rolling function gives a lane the bits that its entity has alone") {
  for (const std::int64_t lanes : {2, 3, 4, 7, 8, 11, 21})
    check_lanes(Panel(163, lanes, static_cast<std::uint64_t>(lanes)), {1, 2, 3, 5, 20, 64, 162, 163, 200});
}

// What all lanes share is computed once where none lacks a value: numbers of all sizes, and a single gap that comes late.
TEST_CASE("lanes that lack nothing have the bits that each has alone, and so has what follows a gap") {
  Panel panel(400, 19, 7);
  Random random{SeedTree(8)};
  for (Values* values : {&panel.x, &panel.y})
    for (double& value : *values) value = std::exp(3 * random.normal()) * random.normal();
  panel.x[static_cast<std::size_t>(230 * panel.lanes + 4)] = kMissing;
  check_lanes(panel, {2, 3, 5, 7, 20, 49, 60, 161});
}

TEST_CASE("lanes may be some of a table's, and nothing beside them is touched") {
  const std::int64_t times = 90, lanes = 9, step = 13;
  const Panel panel(times, lanes, 5);
  Values table(static_cast<std::size_t>(times * step + 2), 7.0), out(table.size(), 7.0);
  const auto at = [&](std::int64_t i, std::int64_t lane) { return static_cast<std::size_t>(2 + i * step + lane); };
  for (std::int64_t i = 0; i < times; ++i)
    for (std::int64_t lane = 0; lane < lanes; ++lane) table[at(i, lane)] = panel.x[static_cast<std::size_t>(i * lanes + lane)];
  for (const Op op : {Op::mean, Op::argmax, Op::ewm_std, Op::count, Op::median}) {
    const Window window{op, 12, 4, 0.5};
    Values close(panel.x.size());
    rolling_lanes(window, {times, lanes, {panel.x.data(), lanes}, {}, {close.data(), lanes}});
    std::fill(out.begin(), out.end(), 7.0);
    rolling_lanes(window, {times, lanes, {table.data() + 2, step}, {}, {out.data() + 2, step}});
    std::size_t seen = 0;
    for (std::int64_t i = 0; i < times; ++i) {
      for (std::int64_t lane = 0; lane < lanes; ++lane, ++seen) {
        double& value = out[at(i, lane)];
        REQUIRE(same_bits(value, close[seen]));
        value = 7.0;
      }
    }
    REQUIRE(std::all_of(out.begin(), out.end(), [](double value) { return value == 7.0; }));
  }
}

// Where a window's sum is at the end of the range of numbers, dividing by multiplying with the inverse would lose digits.
TEST_CASE("lanes of the smallest and the largest numbers have the bits that each has alone") {
  const std::int64_t times = 80, lanes = 8;
  for (const double scale : {5e-324, 1e-310, 1e-300, 1e-160, 1e-150, 1e150, 1e300}) {
    Random random{SeedTree(11)};
    Values x;
    for (std::int64_t i = 0; i < times * lanes; ++i) x.push_back(scale * static_cast<double>(random.below(900)));
    for (const Operator& entry : rolling_operators()) {
      const Window window{entry.op, 7, 3, 0.3};
      Values got(x.size());
      rolling_lanes(window, {times, lanes, {x.data(), lanes}, {x.data(), lanes}, {got.data(), lanes}});
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        Values own, alone(static_cast<std::size_t>(times));
        for (std::int64_t i = 0; i < times; ++i) own.push_back(x[static_cast<std::size_t>(i * lanes + lane)]);
        rolling(window, own, own, alone);
        for (std::int64_t i = 0; i < times; ++i) {
          INFO(entry.name << ", scale " << scale << ", lane " << lane << ", row " << i);
          REQUIRE(same_bits(got[static_cast<std::size_t>(i * lanes + lane)], alone[static_cast<std::size_t>(i)]));
        }
      }
    }
  }
}

// As many lanes as are taken together, and some more: more than the second cache holds at once.
TEST_CASE("windows so long that few lanes are taken at a time give the same bits") {
  const Panel panel(9'000, 21, 3);
  for (const Op op : {Op::mean, Op::corr, Op::argmin}) {
    const Window window{op, 4'096, 30, 0.5};
    Values got(panel.x.size());
    rolling_lanes(window,
                  {panel.times, panel.lanes, {panel.x.data(), panel.lanes}, {panel.y.data(), panel.lanes}, {got.data(), panel.lanes}});
    for (std::int64_t lane = 0; lane < panel.lanes; ++lane) {
      Values alone(static_cast<std::size_t>(panel.times));
      rolling(window, panel.lane_of(panel.x, lane), panel.lane_of(panel.y, lane), alone);
      std::size_t wrong = 0;
      for (std::int64_t i = 0; i < panel.times; ++i)
        wrong += same_bits(got[static_cast<std::size_t>(i * panel.lanes + lane)], alone[static_cast<std::size_t>(i)]) ? 0 : 1;
      INFO("operator " << static_cast<int>(op) << ", lane " << lane);
      REQUIRE(wrong == 0);
    }
  }
}

// The same entities in panels of other shapes: complete, with days that some lack, alone; in blocks of other entities.
TEST_CASE("an entity's features are the same bits in any panel") {
  const auto lacks = [](std::int64_t day, int entity) { return entity % 3 == 1 && (day < 8 * entity || day % 11 == entity % 11); };
  const data::Frame ragged = planted::panel(400, 30, 8, lacks), complete = planted::panel(400, 30, 8);
  CHECK(complete.is_complete());
  CHECK(!ragged.is_complete());
  for (const char* text :
       {"std(x, 20, 5) / mean(abs(y), 9, 1)", "lag(rank(x, 30, 3), 4) + ewm_mean(x - y, 7, 2)", "median(x, 300, 10) - quantile(y, 12, 0.2)",
        "if(x > 0, max(y, 5, 1), lag(min(x, 7), 2))", "corr(x, lag(y, 1), 15, 4) + lead(count(x, 9), 3)", "lead(sum(x, 4, 1), 6)",
        // of a column alone, which a complete panel computes in place
        "mean(x, 20, 5)", "corr(x, y, 15, 4)", "rank(y, 30, 3)", "ewm_std(y, 7, 2)", "count(x, 9)"}) {
    for (const data::Frame* frame : {&ragged, &complete}) {
      INFO(text);
      const Values all = planted::evaluated(*frame, text);
      check_same(planted::evaluated(*frame, text, Use::target, {}, 3), all, all.size());
      for (const std::int32_t entity : {0, 1, 17, 28}) {
        const auto rows = frame->rows_of_entity(entity);
        const data::Frame alone = frame->taken(std::vector<std::int64_t>(rows.begin(), rows.end()));
        const Values own = planted::evaluated(alone, text);
        REQUIRE(own.size() == rows.size());
        for (std::size_t i = 0; i < own.size(); ++i) {
          INFO("entity " << entity << ", row " << i);
          REQUIRE(same_bits(own[i], all[static_cast<std::size_t>(rows[i])]));
        }
      }
    }
  }
}
