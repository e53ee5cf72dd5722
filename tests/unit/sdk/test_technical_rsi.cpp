// technical.rsi against a published worked example, and its written rules for flat and missing prices.
#include <cmath>
#include <limits>
#include <vector>

#include "plugin/feature.hpp"
#include "plugin/registry.hpp"
#include "support/catch.hpp"

using namespace assay::plugin;

namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> rsi(std::vector<double> prices, std::int64_t window) {
  static const Registry registry({{TEST_PLUGINS "/technical_rsi.so"}, {}, {}});
  const Feature feature(registry.component("feature", "technical.rsi"), {{"window", {window}}});
  REQUIRE(feature.warmup_rows() == window);
  REQUIRE(feature.columns() == std::vector<std::string>{"close"});
  assay_column column{};
  column.struct_size = sizeof column;
  column.values.dtype = ASSAY_F64;
  column.values.rank = 1;
  column.values.shape[0] = static_cast<std::int64_t>(prices.size());
  column.values.stride[0] = 1;
  column.values.data = prices.data();
  const assay_column* columns[] = {&column};
  const assay_frame frame{sizeof(assay_frame), 1, column.values.shape[0], columns, nullptr, nullptr};
  return feature.transform(frame, {});
}
}  // namespace

TEST_CASE("technical.rsi: the worked example of StockCharts' ChartSchool") {
  // QQQQ closes, 14 December 2009 to 1 February 2010, 14 periods (ChartSchool, "Relative Strength Index (RSI)", cs-rsi.xls; also in
  // scribd.com/document/250565030): RSI to two decimals, computed there from prices with four.
  const std::vector<double> prices{44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
                                   46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
                                   45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314};
  const std::vector<double> published{70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38,
                                      54.71, 50.42, 39.99, 41.46, 41.87, 45.46, 37.30, 33.08, 37.77};
  const auto values = rsi(prices, 14);
  for (std::size_t t = 0; t < 14; ++t) CHECK(std::isnan(values[t]));
  for (std::size_t i = 0; i < published.size(); ++i) {
    INFO(i);
    CHECK(std::abs(values[14 + i] - published[i]) < 0.005001);
  }
}

TEST_CASE("technical.rsi: only rises, only falls, no move, a missing price") {
  CHECK(rsi({1, 2, 3, 4}, 2)[3] == 100);
  CHECK(rsi({4, 3, 2, 1}, 2)[3] == 0);
  CHECK(rsi({4, 4, 4, 4}, 2)[3] == 50);
  CHECK(rsi({1, 2, 1.5}, 1)[2] == 0);  // a window of one sees the last change only
  const auto broken = rsi({1, 2, 3, kNaN, 5, 4, 3, 4}, 2);
  CHECK(broken[2] == 100);
  for (const std::size_t t : {3u, 4u, 5u}) CHECK(std::isnan(broken[t]));  // the change into row 5 is the first known one
  CHECK(broken[6] == 0);
  CHECK(broken[7] == Approx(50));  // falls: (1 * 1 + 0) / 2; rises: (0 + 1) / 2
  CHECK(rsi({}, 14).empty());
}
