// The features of credit, by hand and against pandas and numpy (means, counts, np.polyfit over the months that are there).
#include "indicator.hpp"

using namespace planted;
using assay::config::List;

namespace {

// Rows of months, newest first, as columns m0, m1, ...
Columns months(const std::string& prefix, const std::vector<Series>& rows) {
  Columns columns;
  for (const Series& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) columns[prefix + std::to_string(i)].push_back(row[i]);
  return columns;
}
assay::config::Value names(const std::string& prefix, std::size_t count) {
  List list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(value(prefix + std::to_string(i)));
  return value(list);
}
void check(const Series& got, const Series& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(expected[i]))
      CHECK(std::isnan(got[i]));
    else
      CHECK(got[i] == Approx(expected[i]).margin(1e-12));
  }
}

}  // namespace

TEST_CASE("credit.affordability: ratios of what is there; nothing is a share of an income or a security of zero") {
  const Columns data{{"income", {60000, 0, kNaN, 24000}},
                     {"debt", {30000, 5, 5, 0}},
                     {"payment", {1000, 10, 10, kNaN}},
                     {"loan", {240000, 1, 1, 12000}},
                     {"value", {300000, 2, -1, 0}}};
  const Columns all = Indicator("credit.affordability")(data);
  check(all.at("debt_to_income"), {0.5, kNaN, kNaN, 0});
  check(all.at("payment_to_income"), {0.2, kNaN, kNaN, kNaN});
  check(all.at("loan_to_income"), {4, kNaN, kNaN, 0.5});
  check(all.at("loan_to_value"), {0.8, 0.5, kNaN, kNaN});
}

TEST_CASE("credit.utilisation: over limits is kept, credit balances owe nothing, missing months are left out") {
  Columns data = months("b", {{500, 400, 300}, {1200, 900, kNaN}, {-50, 100, 0}, {kNaN, kNaN, kNaN}, {10, 20, 30}});
  data["limit"] = {1000, 1000, 200, 100, 0};
  const Columns used = Indicator("credit.utilisation", {{"balances", names("b", 3)}})(data);
  check(used.at("now"), {0.5, 1.2, 0, kNaN, kNaN});
  check(used.at("mean"), {0.4, 1.05, 0.5 / 3, kNaN, kNaN});
  check(used.at("max"), {0.5, 1.2, 0.5, kNaN, kNaN});
  check(used.at("trend"), {0.1, 0.3, 0, kNaN, kNaN});
  check(used.at("over_limit"), {0, 1, 0, kNaN, kNaN});
}

TEST_CASE("credit.delinquency: how late, how often, how long ago, how long on end") {
  const Columns data = months("s", {{0, 0, 0, 0, 0, 0},
                                    {2, 1, 0, -1, 3, 2},
                                    {-2, -2, -2, -2, -2, -2},
                                    {kNaN, 1, kNaN, 2, 0, 1},
                                    {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN},
                                    {4, kNaN, kNaN, 0, 0, kNaN}});
  const Columns late = Indicator("credit.delinquency", {{"statuses", names("s", 6)}, {"half_life", value(2.0)}})(data);
  check(late.at("now"), {0, 2, 0, kNaN, kNaN, 4});
  check(late.at("worst"), {0, 3, 0, 2, kNaN, 4});
  check(late.at("times"), {0, 4, 0, 3, kNaN, 1});
  check(late.at("severe"), {0, 1, 0, 0, kNaN, 1});
  check(late.at("since"), {6, 0, 6, 1, kNaN, 0});
  check(late.at("longest"), {0, 2, 0, 1, kNaN, 1});
  check(late.at("weighted"), {0, 1.275561741162075, 0, 1.0696186795455775, kNaN, 2.4944601305230645});
  check(late.at("trend"), {0, -0.17142857142857, 0, 0.11428571428571, kNaN, 1.0769230769230778});
}

TEST_CASE("credit.repayment: shares of bills, a bill of nothing is paid; payments and bills answer each other") {
  Columns data = months("p", {{100, 200, 300}, {0, 0, 50}, {500, kNaN, 10}});
  data.merge(months("q", {{400, 200, 600}, {100, -5, 0}, {400, 100, 40}}));
  const Columns paid = Indicator("credit.repayment", {{"payments", names("p", 3)}, {"bills", names("q", 3)}})(data);
  check(paid.at("now"), {0.25, 0, 1});
  check(paid.at("mean"), {1.75 / 3, 2.0 / 3, 0.625});
  check(paid.at("min"), {0.25, 0, 0.25});
  check(paid.at("full"), {1, 2, 1});
  check(paid.at("none"), {0, 1, 0});
  CHECK_THROWS_WITH(Indicator("credit.repayment", {{"payments", names("p", 3)}, {"bills", names("q", 2)}}),
                    Catch::Contains("3 payments and 2 bills"));
}
