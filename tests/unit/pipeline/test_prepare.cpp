#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.hpp"
#include "pipeline/prepare.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::columns;
using planted::kMissing;
using planted::step;
using planted::value;

namespace {

std::vector<std::int64_t> all_rows(const data::Frame& frame) {
  std::vector<std::int64_t> rows(frame.rows());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}
// Train rows 0..train-1 of one column `x`; all rows prepared.
std::vector<double> prepared(std::vector<double> x, std::size_t train, const std::vector<config::Component>& steps,
                             PreparationResult* out = nullptr) {
  const data::Frame frame =
      planted::table({data::Column::of_reals("x", x), data::Column::of_reals("one", std::vector<double>(x.size(), 1.0))});
  const std::vector<std::string> names = {"x", "one"};
  const InputTable table = take_inputs(frame, names, all_rows(frame));
  std::vector<std::uint8_t> flags(x.size(), 0);
  std::fill(flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(train), std::uint8_t{1});
  PreparationResult result = fit_preparation(steps, table, flags);
  const Matrix matrix = result.fitted.transform(table);
  std::vector<double> column;
  for (std::int64_t i = 0; i < matrix.rows; ++i) column.push_back(matrix.row(i)[0]);
  // What is stored gives the same bits.
  const Matrix again = FittedPreparation::from_json(result.fitted.to_json()).transform(table);
  REQUIRE(again.values.size() == matrix.values.size());
  CHECK(std::memcmp(again.values.data(), matrix.values.data(), matrix.values.size() * sizeof(double)) == 0);
  if (out != nullptr) *out = std::move(result);
  return column;
}
void check_equal(const std::vector<double>& got, const std::vector<double>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("row " << i);
    if (std::isnan(wanted[i])) {
      CHECK(std::isnan(got[i]));
    } else {
      CHECK(got[i] == Approx(wanted[i]).epsilon(1e-12).margin(1e-12));
    }
  }
}

}  // namespace

TEST_CASE("missing values are filled from train rows only") {
  const std::vector<double> x = {1, 2, 2, kMissing, 6, kMissing, 100, 200};
  const auto filled = [&](const char* method) { return prepared(x, 5, {step("missing", {{"method", value(method)}})}); };
  check_equal(filled("mean"), {1, 2, 2, 2.75, 6, 2.75, 100, 200});
  check_equal(filled("median"), {1, 2, 2, 2, 6, 2, 100, 200});
  check_equal(filled("most_frequent"), {1, 2, 2, 2, 6, 2, 100, 200});
  check_equal(filled("forward_fill"), {1, 2, 2, 2, 6, 6, 100, 200});
  check_equal(filled("interpolate"), {1, 2, 2, 4, 6, 53, 100, 200});
  check_equal(prepared(x, 5, {step("missing", {{"method", value("constant")}, {"value", value(-1.0)}})}), {1, 2, 2, -1, 6, -1, 100, 200});
  check_equal(prepared({1, kMissing, kMissing, kMissing, 5}, 5,
                       {step("missing", {{"method", value("forward_fill")}, {"limit", {std::int64_t{2}}}})}),
              {1, 1, 1, kMissing, 5});
}

TEST_CASE("drop takes train rows only, and the indicator tells where values were missing") {
  PreparationResult result;
  check_equal(prepared({1, kMissing, 3, kMissing}, 3, {step("missing", {{"method", value("drop")}})}, &result), {1, kMissing, 3, kMissing});
  CHECK(result.kept == std::vector<std::uint8_t>{1, 0, 1, 0});
  prepared({1, kMissing, 3, kMissing}, 3, {step("missing", {{"method", value("mean")}, {"indicator", {true}}})}, &result);
  REQUIRE(result.fitted.outputs().size() == 3);
  CHECK(result.fitted.outputs()[2].name == "x_missing");
  CHECK(result.fitted.outputs()[2].kind == InputKind::flag);
}

// Constants: numpy mean, std (ddof 0), quantile; scipy.stats.median_abs_deviation(scale="normal") of 1 2 2 3 10 4.5.
TEST_CASE("scales and outliers agree with numpy on the train rows") {
  const std::vector<double> x = {1, 2, 2, 3, 10, 4.5, 1000};
  const auto scaled = [&](const char* method) { return prepared(x, 6, {step("scale", {{"method", value(method)}})}); };
  CHECK(scaled("standard")[0] == Approx((1 - 3.75) / 2.996525766060867).epsilon(1e-13));
  CHECK(scaled("standard")[6] == Approx((1000 - 3.75) / 2.996525766060867).epsilon(1e-13));
  CHECK(scaled("min_max")[3] == Approx(2.0 / 9));
  CHECK(scaled("robust")[4] == Approx((10 - 2.5) / 2.125));
  const auto clipped = [&](const char* method, double threshold) {
    return prepared(x, 6, {step("outliers", {{"method", value(method)}, {"threshold", value(threshold)}, {"action", value("clip")}})});
  };
  CHECK(clipped("z_score", 2)[4] == Approx(3.75 + 2 * 2.996525766060867));
  CHECK(clipped("iqr", 1.5)[6] == Approx(4.125 + 1.5 * 2.125));
  CHECK(clipped("mad", 2)[4] == Approx(2.5 + 2 * 1.482602218505602));  // deviations 1.5 .5 .5 .5 7.5 2: median 1
  CHECK(clipped("mad", 2)[0] == 1);
  PreparationResult result;
  prepared(x, 6, {step("outliers", {{"method", value("iqr")}, {"threshold", value(1.5)}, {"action", value("drop")}})}, &result);
  CHECK(result.kept == std::vector<std::uint8_t>{1, 1, 1, 1, 0, 1, 0});
  prepared(x, 6, {step("outliers", {{"method", value("iqr")}, {"threshold", value(1.5)}, {"action", value("mark")}})}, &result);
  CHECK(result.fitted.outputs()[2].name == "x_outlier");
  // `one` is constant: centred only, and said so.
  prepared(x, 6, {step("scale", {})}, &result);
  CHECK(result.notes == std::vector<std::string>{"`one` has no spread in the train rows: it is centred only"});
  CHECK(prepared({0.1, 0.1, 0.1, 7}, 3, {step("scale", {})})[1] == 0);
}

TEST_CASE("one_hot knows the levels of the train rows; unknown ones are zeros, missing ones stay missing") {
  const data::Frame frame =
      planted::table({data::Column::of_codes("c", {2, 0, 2, 1, -1}, {"a", "b", "z"}), data::Column::of_reals("x", {1, 2, 3, 4, 5})});
  const std::vector<std::string> names = {"c", "x"};
  const InputTable table = take_inputs(frame, names, all_rows(frame));
  const std::vector<std::uint8_t> train = {1, 1, 1, 0, 0};
  const PreparationResult result = fit_preparation({step("one_hot", {{"drop", value("none")}})}, table, train);
  REQUIRE(result.fitted.outputs().size() == 3);
  CHECK(result.fitted.outputs()[0].name == "c=a");
  CHECK(result.fitted.outputs()[1].name == "c=z");
  const Matrix m = result.fitted.transform(table);
  CHECK(std::vector<double>(m.values.begin(), m.values.begin() + 12) == std::vector<double>{0, 1, 1, 1, 0, 2, 0, 1, 3, 0, 0, 4});
  CHECK(std::isnan(m.row(4)[0]));
  const PreparationResult first = fit_preparation({step("one_hot", {{"drop", value("first")}})}, table, train);
  CHECK(first.fitted.outputs()[0].name == "c=z");
  // New data with levels in another order and one that was never there.
  const data::Frame fresh =
      planted::table({data::Column::of_codes("c", {0, 1, 2}, {"new", "z", "a"}), data::Column::of_reals("x", {1, 2, 3})});
  const FittedPreparation stored = FittedPreparation::from_json(result.fitted.to_json());
  const Matrix f = stored.transform(take_inputs(fresh, stored.inputs(), all_rows(fresh)));
  CHECK(f.values == std::vector<double>{0, 0, 1, 0, 1, 2, 1, 0, 3});
}

TEST_CASE("steps over several entities and times are causal") {
  const data::Frame frame = planted::panel(30, 3);
  const std::vector<std::string> names = {"x"};
  const InputTable table = take_inputs(frame, names, all_rows(frame));
  const std::vector<std::uint8_t> train(table.rows(), 1);
  const PreparationResult filled = fit_preparation({step("missing", {{"method", value("forward_fill")}})}, table, train);
  const Matrix whole = filled.fitted.transform(table);
  double last[3] = {kMissing, kMissing, kMissing};
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const double x = table.values[0][i];
    if (!std::isnan(x)) last[table.entity[i]] = x;
    const double got = whole.values[i];
    CHECK((got == last[table.entity[i]] || (std::isnan(got) && std::isnan(last[table.entity[i]]))));
  }
  const PreparationResult by_time = fit_preparation({step("scale", {{"by", value("time")}})}, table, train);
  const Matrix scaled = by_time.fitted.transform(table);
  for (std::size_t day = 0; day < 30; ++day) {
    double sum = 0;
    for (std::size_t e = 0; e < 3; ++e) sum += std::isnan(scaled.values[day * 3 + e]) ? 0 : scaled.values[day * 3 + e];
    CHECK(std::fabs(sum) < 1e-12);
  }
}

TEST_CASE("patterns of a step are held against the columns that the steps before it leave") {
  const std::vector<InputColumn> inputs = {{"age", InputKind::number, {}}, {"purpose", InputKind::category, {"a", "b"}}};
  const auto mistakes = [&](const std::vector<config::Component>& steps, const Doubtful& doubtful = {}) {
    Diagnostics diagnostics;
    check_preparation(steps, {}, inputs, doubtful, false, diagnostics);
    std::vector<std::string> keys;
    for (const Diagnostic& item : diagnostics.items()) keys.push_back(item.key + ": " + item.mend);
    return keys;
  };
  using Keys = std::vector<std::string>;
  const config::Component one_hot = step("one_hot", {}), of_age = step("one_hot", {columns({"age"})});
  CHECK(mistakes({one_hot, step("scale", {columns({"purpose=b"})})}).empty());
  CHECK(mistakes({one_hot, step("scale", {columns({"purpose=*", "age"})})}).empty());
  CHECK(mistakes({one_hot, step("scale", {columns({"purpose=c"})}), step("scale", {columns({"ages"})})}) ==
        Keys{"prepare.1.columns: did you mean purpose=a?", "prepare.2.columns: did you mean age?"});
  CHECK(mistakes({one_hot, step("scale", {columns({"purpose"})})}) ==
        Keys{"prepare.1.columns: one_hot has made columns of it: name purpose=*"});
  CHECK(mistakes({of_age, step("scale", {columns({"age=30"})})}).empty());  // its values are not known here
  CHECK(mistakes({of_age, step("scale", {columns({"age"})})}).size() == 1);
  CHECK(mistakes({step("missing", {{"indicator", config::Value{true}}}), step("scale", {columns({"age_missing"})})}).empty());
  CHECK(mistakes({step("missing", {}), step("scale", {columns({"age_missing"})})}).size() == 1);
  CHECK(mistakes({step("outliers", {{"action", value("mark")}}), step("scale", {columns({"age_outlier"})})}).empty());
  Doubtful doubtful;
  doubtful.add("ret");
  CHECK(mistakes({step("scale", {columns({"ret", "ret.signal", "ret_missing", "r*"})})}, doubtful).empty());
  CHECK(mistakes({step("scale", {columns({"rets"})})}, doubtful).size() == 1);
}

TEST_CASE("what cannot be prepared says so") {
  Diagnostics diagnostics;
  const std::vector<InputColumn> inputs = {{"age", InputKind::number, {}}, {"purpose", InputKind::category, {"a"}}};
  check_preparation({step("missing", {{"method", value("interpolate")}})}, {}, inputs, {}, true, diagnostics);
  check_preparation({step("scale", {{"by", value("time")}})}, {}, inputs, {}, false, diagnostics);
  check_preparation({step("scale", {columns({"agee"})})}, {}, inputs, {}, false, diagnostics);
  check_preparation({step("scale", {columns({"purpose"})})}, {}, inputs, {}, false, diagnostics);
  check_preparation({step("rolling_standard", {})}, {step("correlation", {columns({"agee"})})}, inputs, {}, false, diagnostics);
  REQUIRE(diagnostics.items().size() == 6);
  CHECK(diagnostics.items()[4].message == "rolling_standard needs a time column");
  CHECK(diagnostics.items()[5].key == "select.0.columns");
  CHECK(diagnostics.items()[0].message.find("uses the future") != std::string::npos);
  CHECK(diagnostics.items()[1].mend == "by: all");
  CHECK(diagnostics.items()[2].mend == "did you mean age?");
  CHECK(diagnostics.items()[3].message == "scale cannot work on `purpose`, a category");
  PreparationResult result;
  CHECK_THROWS_AS(prepared({kMissing, 2, kMissing}, 1,
                           {step("missing", {{"method", value("drop")}}), step("missing", {{"method", value("mean")}}),
                            step("outliers", {{"method", value("nonsense")}})}),
                  BrokenPromise);
  prepared({kMissing, 2, kMissing}, 1, {}, &result);
  CHECK(result.notes == std::vector<std::string>{"`x` is missing in every train row: it is left out"});
  for (const char* damaged : {"", "{", "{}", "[1]", R"({"format":1})", R"({"format":2,"inputs":[{"name":"a","kind":9}]})"}) {
    CHECK_THROWS_AS(FittedPreparation::from_json(damaged), Error);
  }
}
