// What the columns of a bare file are taken for.
#include "quality/guess_roles.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"

using namespace quality_test;

namespace {

Column texts(const std::string& name, const std::vector<std::string>& values) {
  std::vector<std::string> levels;
  std::vector<std::int32_t> codes;
  for (const std::string& v : values) {
    const auto at = std::find(levels.begin(), levels.end(), v) - levels.begin();
    if (at == static_cast<std::ptrdiff_t>(levels.size())) levels.push_back(v);
    codes.push_back(static_cast<std::int32_t>(at));
  }
  return Column::of_codes(name, codes, levels);
}

}  // namespace

TEST_CASE("times by name and values, in the forms that files have") {
  const auto format = [](const std::vector<std::string>& values) { return quality::guess_format(texts("x", values)); };
  CHECK(format({"2020-01-31", "2020-02-01"}) == "");
  CHECK(format({"1/4/1999", "1/31/1999"}) == "%m/%d/%Y");
  CHECK(format({"4/1/1999", "31/1/1999"}) == "%d/%m/%Y");
  CHECK(format({"1990/1/1 0:00", "1990/1/2 0:00"}) == "%Y/%m/%d %H:%M");
  CHECK(format({"20070101 21:00"}) == "%Y%m%d %H:%M");
  CHECK_FALSE(format({"A11", "A12"}).has_value());
  CHECK(quality::guess_format(Column::of_integers("t", {20'200'131, 20'200'201})) == "%Y%m%d");
  CHECK(quality::guess_format(Column::of_integers("t", {1'420'070'400'000, 1'420'070'460'000})) == "epoch_ms");
  CHECK_FALSE(quality::guess_format(Column::of_integers("t", {1, 2, 3})).has_value());
}

TEST_CASE("a name that says time goes first; numbers are times only under such a name") {
  const Column day = texts("born", {"1970-01-01", "1980-01-01"}), stamp = texts("Date", {"2020-01-01", "2020-01-02"});
  const Column income = Column::of_integers("income", {20'200'131, 20'200'201}),
               epoch = Column::of_integers("time", {1'420'070'400, 1'420'070'460});
  CHECK(quality::guess_time(std::vector<Column>{day, stamp})->column == "Date");
  CHECK(quality::guess_time(std::vector<Column>{day, income})->column == "born");
  CHECK_FALSE(quality::guess_time(std::vector<Column>{income}).has_value());
  CHECK(quality::guess_time(std::vector<Column>{income, epoch})->format == "epoch_s");
}

TEST_CASE("the entity tells rows of one time apart; one series has none, doubled times or not") {
  const std::vector<Column> panel = Market(50, 4).columns(), series = Market(50).columns();
  CHECK(quality::guess_entity(panel, "date")->column == "symbol");
  CHECK_FALSE(quality::guess_entity(series, "date").has_value());
  Market doubled(50);
  doubled.date[7] = doubled.date[6];
  CHECK_FALSE(quality::guess_entity(doubled.columns(), "date").has_value());
  CHECK(quality::guess_target(std::vector<Column>{Column::of_reals("x", {1}), Column::of_reals("Label", {1})})->column == "Label");
  CHECK_FALSE(quality::guess_target(series).has_value());
}
