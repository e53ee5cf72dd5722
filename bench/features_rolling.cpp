// Rolling functions over a panel of 500 entities x 5,000 days: windows of 5, 20 and 60 rows, from the frame's column to the features'. The
// figure is the mean of the three windows' times; "of memory" says how near that is to what reading and writing the columns alone takes.
// links: assay::pipeline assay::data
#include <fmt/core.h>

#include <cmath>
#include <string_view>

#include "data/simulate_market.hpp"
#include "harness.hpp"
#include "pipeline/expression.hpp"

using namespace assay;

namespace {

constexpr int kWindows[] = {5, 20, 60};

struct Function {
  const char* name;
  const char* expression;  // {} is the window
  double goal;             // of one window on one thread
};
constexpr Function kFunctions[] = {{"mean", "mean(close, {})", 0.02},
                                   {"std", "std(close, {})", 0.03},
                                   {"var", "var(close, {})", 0},
                                   {"sum", "sum(close, {})", 0},
                                   {"min", "min(close, {})", 0},
                                   {"max", "max(close, {})", 0},
                                   {"argmin", "argmin(close, {})", 0},
                                   {"argmax", "argmax(close, {})", 0},
                                   {"count", "count(close, {})", 0},
                                   {"median", "median(close, {})", 0},
                                   {"quantile", "quantile(close, {}, 0.2)", 0.2},
                                   {"rank", "rank(close, {})", 0.2},
                                   {"skew", "skew(close, {})", 0},
                                   {"kurt", "kurt(close, {})", 0},
                                   {"corr", "corr(close, open, {})", 0.1},
                                   {"cov", "cov(close, open, {})", 0},
                                   {"slope", "slope(close, {})", 0},
                                   {"r2", "r2(close, {})", 0},
                                   {"ewm_mean", "ewm_mean(close, {})", 0},
                                   {"ewm_std", "ewm_std(close, {})", 0},
                                   {"decay_linear", "decay_linear(close, {})", 0}};

// A column or two are read, one is written.
double bytes_of(std::string_view expression, std::size_t rows) {
  return static_cast<double>(sizeof(double) * rows) * (expression.find("open") == std::string_view::npos ? 2 : 3);
}

double seconds_of(const data::Frame& frame, const std::string& text, unsigned threads) {
  pipeline::Plan plan(frame);
  const int root[] = {plan.add("", text, pipeline::Use::feature)};
  std::vector<pipeline::ColumnValues> values;
  const double seconds = bench::time([&] { values = plan.evaluate(root, threads); });
  bench::require(values[0].size() == frame.rows() && std::isfinite(values[0].back()), "a value is missing");
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    bool wanted = false;
    for (const Function& function : kFunctions) wanted = wanted || session.wants(fmt::format("features.rolling_{}", function.name));
    if (!wanted) return;
    data::MarketOptions options;
    options.entities = 500;
    options.days = 5'000;
    const data::Frame frame = data::simulate_market(options).frame;
    for (const int threads : {1, 4}) {
      for (const Function& function : kFunctions) {
        session.measure({.name = fmt::format("features.rolling_{}", function.name),
                         .unit = "s",
                         .threads = threads,
                         .peer = threads == 1 ? "features_rolling.py" : "",
                         .bytes = bytes_of(function.expression, frame.rows()),
                         .goal = threads == 1 ? function.goal : 0,
                         .rounds = 3},
                        [&] {
                          double total = 0;
                          for (const int window : kWindows)
                            total +=
                                seconds_of(frame, fmt::format(fmt::runtime(function.expression), window), static_cast<unsigned>(threads));
                          return total / 3;
                        });
      }
    }
  });
}
