// The steps that change values: against scipy, scikit-learn and pandas, and that each row's value depends on nothing it may not see.
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/prepare.hpp"
#include "pipeline/spread.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;
using planted::step;
using planted::value;

namespace {

config::Value whole(std::int64_t number) { return {number}; }

InputTable table_of(const data::Frame& frame, const std::vector<std::string>& names) {
  std::vector<std::int64_t> rows(frame.rows());
  std::iota(rows.begin(), rows.end(), 0);
  return take_inputs(frame, names, rows);
}
// What a step makes of one column, of which the first `train` values are train rows; the stored step gives the same bits.
std::vector<double> made(const config::Component& how, const std::vector<double>& x, std::size_t train, PreparationResult* out = nullptr) {
  const InputTable table = table_of(planted::table({data::Column::of_reals("x", x)}), {"x"});
  std::vector<std::uint8_t> flags(x.size(), 0);
  std::fill_n(flags.begin(), train, std::uint8_t{1});
  PreparationResult result = fit_preparation({how}, table, flags);
  const std::vector<double> values = result.fitted.transform(table).values;
  const std::vector<double> again = FittedPreparation::from_json(result.fitted.to_json()).transform(table).values;
  REQUIRE(again.size() == values.size());
  CHECK(std::memcmp(again.data(), values.data(), values.size() * sizeof(double)) == 0);
  if (out != nullptr) *out = std::move(result);
  return values;
}
void check_near(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("row " << i);
    if (std::isnan(wanted[i])) {
      CHECK(std::isnan(got[i]));
    } else {
      CHECK(got[i] == Approx(wanted[i]).epsilon(tolerance).margin(tolerance));
    }
  }
}

const std::vector<double> kTen = {1, 2, 2, 3, 10, 4.5, 7, 0.5, 25, 6};
std::vector<double> with(std::vector<double> values, std::initializer_list<double> more) {
  values.insert(values.end(), more);
  return values;
}

}  // namespace

// numpy.quantile(x, 0.1), numpy.quantile(x, 0.9)
TEST_CASE("winsorise clips to quantiles of the train rows") {
  const config::Component how = step("winsorise", {{"lower", value(0.1)}, {"upper", value(0.9)}});
  check_near(made(how, with(kTen, {1000, kMissing, -5}), 10), {1, 2, 2, 3, 10, 4.5, 7, 0.95, 11.5, 6, 11.5, kMissing, 0.95}, 1e-12);
  CHECK_THROWS_AS(made(step("winsorise", {{"lower", value(0.9)}, {"upper", value(0.1)}}), kTen, 10), PreparationError);
}

// scipy.stats.boxcox_normmax(x, method="mle") = 0.016286763199528476, yeojohnson_normmax(x - 4) = 0.4138776720452876, and
// scipy.stats.boxcox, yeojohnson of the first rows. scipy's search ends near 1e-8.
TEST_CASE("power takes the likeliest exponent") {
  PreparationResult result;
  const std::vector<double> cox = made(step("power", {{"method", value("box_cox")}}), with(kTen, {0, -3, kMissing}), 10, &result);
  CHECK(result.fitted.steps()[0].columns[0].learned[0] == Approx(0.016286763199528476).margin(1e-6));
  CHECK(cox[0] == 0);
  CHECK(cox[1] == Approx(0.6970744573845613).epsilon(1e-6));
  CHECK(cox[10] == cox[7]);  // no logarithm: told apart from no value below the smallest train value
  CHECK(cox[11] == cox[7]);
  CHECK(std::isnan(cox[12]));
  std::vector<double> shifted = kTen;
  for (double& x : shifted) x -= 4;
  const std::vector<double> johnson = made(step("power", {}), shifted, 10, &result);
  CHECK(result.fitted.steps()[0].columns[0].learned[0] == Approx(0.4138776720452876).margin(1e-6));
  CHECK(johnson[0] == Approx(-5.052877861978125).epsilon(1e-6));
  CHECK(johnson[1] == Approx(-2.970638361018824).epsilon(1e-6));
  CHECK_THROWS_AS(made(step("power", {{"method", value("box_cox")}}), shifted, 10), PreparationError);
  made(step("power", {}), {3, 3, 3, 4}, 3, &result);
  CHECK(result.notes == std::vector<std::string>{"`x` has no spread in the train rows: its shape is kept"});
}

// sklearn.preprocessing.QuantileTransformer(output_distribution="normal").fit(x[:, None]).transform(...)
TEST_CASE("quantile_normal maps the train rows' quantiles to a normal distribution") {
  const std::vector<double> got = made(step("quantile_normal", {}), with(kTen, {2.5, 1000, -5}), 10);
  CHECK(got[0] == Approx(-1.22064034884735));
  CHECK(got[1] == Approx(-0.5894557978497783));
  CHECK(got[10] == Approx(-0.28221614706250825));
  CHECK(got[4] == Approx(1.2206403488473496));
  CHECK(got[6] == Approx(0.7647096737863867));
  CHECK(got[11] == Approx(5.19933758).epsilon(1e-7));
  CHECK(got[12] == Approx(-5.19933758).epsilon(1e-7));
}

// s = pandas.Series(x); (s - s.rolling(4, min_periods=2).mean()) / s.rolling(4, min_periods=2).std(ddof=0)
// hampel: numpy's median and scipy.stats.median_abs_deviation(scale="normal") of the five rows around, or before
TEST_CASE("rolling_standard and hampel look at the rows around") {
  check_near(made(step("rolling_standard", {{"window", whole(4)}, {"min_count", whole(2)}}), kTen, 10),
             {kMissing, 1.0, 0.7071067811865474, 1.414213562373095, 1.7191007133294527, -0.12136700910941024, 0.3296171265436078,
              -1.4359163172354763, 1.678359738658308, -0.3933672717545023},
             1e-12);
  const std::vector<double> h = {1, 2, 1.5, 40, 2, 1, 3, 2.5, -30, 1, 2, 1.7};
  check_near(made(step("hampel", {{"window", whole(5)}}), h, 12), {1, 2, 1.5, 2, 2, 1, 3, 2.5, 2, 1, 2, 1.7}, 1e-12);
  PreparationResult marked;
  made(step("hampel", {{"window", whole(5)}, {"action", value("mark")}}), h, 12, &marked);
  REQUIRE(marked.fitted.outputs().size() == 2);
  CHECK(marked.fitted.outputs()[1].name == "x_outlier");
  CHECK(std::accumulate(marked.table.values[1].begin(), marked.table.values[1].end(), 0.0) == 2);
}

TEST_CASE("scaling by entity uses each entity's own rows, and all of them where one is new") {
  const data::Frame frame = planted::panel(40, 3);
  const InputTable table = table_of(frame, {"x"});
  std::vector<std::uint8_t> train(table.rows(), 1);
  for (std::size_t i = 0; i < table.rows(); ++i) train[i] = table.entity[i] == 2 || i > 90 ? 0 : 1;
  const PreparationResult result = fit_preparation({step("scale", {{"by", value("entity")}})}, table, train);
  const FittedPreparation stored = FittedPreparation::from_json(result.fitted.to_json());
  const std::vector<double> got = stored.transform(table).values;
  for (const std::int32_t e : {0, 1, 2}) {
    std::vector<double> own;
    for (std::size_t i = 0; i < table.rows(); ++i)
      if (train[i] != 0 && (table.entity[i] == e || e == 2) && !std::isnan(table.values[0][i])) own.push_back(table.values[0][i]);
    const Spread spread = spread_by("standard", own);
    for (std::size_t i = 0; i < table.rows(); ++i)
      if (table.entity[i] == e && !std::isnan(got[i]))
        CHECK(got[i] == Approx((table.values[0][i] - spread.centre) / spread.width).margin(1e-12));
  }
  // A stored model meets the entities in another order: they are known by name.
  InputTable turned = table;
  turned.entity_names = {"E2", "E1", "E0"};
  for (std::int32_t& e : turned.entity) e = 2 - e;
  const std::vector<double> again = stored.transform(turned).values;
  CHECK(std::memcmp(again.data(), got.data(), got.size() * sizeof(double)) == 0);
}

TEST_CASE("with time no step's row moves when later rows change or are not there") {
  const data::Frame frame = planted::panel(60, 3, 5);
  const InputTable table = table_of(frame, {"x"});
  const std::size_t cut = 120;  // 40 days
  std::vector<std::uint8_t> train(table.rows(), 0);
  std::fill_n(train.begin(), 90, std::uint8_t{1});
  InputTable changed = table, shorter = table;
  for (std::size_t i = cut; i < table.rows(); ++i) changed.values[0][i] = 1e6 + static_cast<double>(i);
  shorter.values[0].resize(cut), shorter.row.resize(cut), shorter.entity.resize(cut), shorter.position.resize(cut),
      shorter.time.resize(cut);
  for (const config::Component& how :
       {step("winsorise", {}), step("hampel", {{"window", whole(7)}}), step("hampel", {{"window", whole(7)}, {"action", value("mark")}}),
        step("power", {}), step("quantile_normal", {}), step("rolling_standard", {{"window", whole(10)}, {"min_count", whole(3)}}),
        step("scale", {{"by", value("entity")}}), step("scale", {{"by", value("time")}})}) {
    INFO(how.id);
    const PreparationResult fitted = fit_preparation({how}, table, train);
    const PreparationResult other = fit_preparation({how}, changed, train);
    CHECK(fitted.fitted.to_json() == other.fitted.to_json());
    const Matrix all = fitted.fitted.transform(table), moved = fitted.fitted.transform(changed), few = fitted.fitted.transform(shorter);
    const std::size_t bytes = few.values.size() * sizeof(double);
    CHECK(std::memcmp(all.values.data(), moved.values.data(), bytes) == 0);
    CHECK(std::memcmp(all.values.data(), few.values.data(), bytes) == 0);
  }
}

// sklearn: z = StandardScaler().fit_transform(X[:30]); PCA().fit(z), X of test_selection's a, b, c, d; signs set by the largest weight
TEST_CASE("pca agrees with scikit-learn, whatever the test rows hold") {
  std::vector<double> a, b, c, d;
  for (int k = 0; k < 40; ++k) {
    const double i = k;
    a.push_back(std::sin(i));
    b.push_back(std::cos(1.7 * i));
    c.push_back(a.back() + 0.3 * b.back() + 0.1 * std::sin(3.1 * i));
    d.push_back(k % 7);
  }
  const data::Frame frame = planted::table(
      {data::Column::of_reals("a", a), data::Column::of_reals("b", b), data::Column::of_reals("c", c), data::Column::of_reals("d", d)});
  const InputTable table = table_of(frame, {"a", "b", "c", "d"});
  std::vector<std::uint8_t> train(40, 0);
  std::fill_n(train.begin(), 30, std::uint8_t{1});
  const PreparationResult result =
      fit_preparation({step("pca", {{"variance", value(0.9)}, {"columns", planted::columns({"a", "b", "c"}).second}})}, table, train);
  const Matrix made = FittedPreparation::from_json(result.fitted.to_json()).transform(table);
  REQUIRE(result.fitted.outputs().size() == 3);
  CHECK(result.fitted.outputs()[0].name == "d");
  CHECK(result.fitted.outputs()[2].name == "pca_2");
  const double wanted[3][2] = {
      {0.42053682475755405, 1.3673640691659419}, {-2.343370113923161, -0.8128153946067325}, {1.424896853735274, -1.6050305667059017}};
  const std::int64_t rows[3] = {0, 17, 39};
  for (int k = 0; k < 3; ++k) {
    CHECK(made.row(rows[k])[1] == Approx(wanted[k][0]).epsilon(1e-9));
    CHECK(made.row(rows[k])[2] == Approx(wanted[k][1]).epsilon(1e-9));
  }
  InputTable changed = table;
  for (std::size_t i = 30; i < 40; ++i) changed.values[1][i] = -1e6;
  CHECK(fit_preparation({step("pca", {})}, changed, train).fitted.to_json() ==
        fit_preparation({step("pca", {})}, table, train).fitted.to_json());
  changed.values[1][39] = kMissing;
  CHECK(std::isnan(result.fitted.transform(changed).row(39)[1]));
}
