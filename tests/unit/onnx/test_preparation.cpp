// The nodes of a preparation against the preparation itself, over random tables, steps and new rows. The graph is computed by the checker's
// plain reference; that the operators mean the same elsewhere is onnxruntime's to say (tests/end_to_end/onnx).
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "checker/graph_values.hpp"
#include "onnx/preparation_graph.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::onnx;
using namespace assay::pipeline;
using planted::columns;
using planted::kMissing;
using planted::step;
using planted::value;

namespace {

constexpr std::int64_t kRows = 120;

// Numbers of several shapes, a category, a flag; `wide`: values beyond those of the narrow table, and what is infinite.
InputTable random_table(std::uint64_t seed, double wide) {
  Random random(seed);
  InputTable table;
  table.columns = {{"plain", InputKind::number, {}}, {"heavy", InputKind::number, {}},   {"positive", InputKind::number, {}},
                   {"steps", InputKind::number, {}}, {"tiny", InputKind::number, {}},    {"grade", InputKind::category, {"a", "b", "c"}},
                   {"flag", InputKind::flag, {}},    {"constant", InputKind::number, {}}};
  table.values.resize(table.columns.size());
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double gap = random.uniform() < 0.1 ? kMissing : 0;
    table.values[0].push_back(40000 + wide * random.normal() + gap);
    table.values[1].push_back(std::pow(wide * random.normal(), 3));
    table.values[2].push_back(std::exp(wide * random.normal()) + gap);
    table.values[3].push_back(std::floor(5 * wide * random.uniform()));
    table.values[4].push_back(1e-7 * wide * random.normal());
    table.values[5].push_back(wide > 1 && random.uniform() < 0.1 ? kUnknownLevel
                              : random.uniform() < 0.1           ? kMissing
                                                                 : std::floor(3 * random.uniform()));
    table.values[6].push_back(random.uniform() < 0.5 ? 1 : 0);
    table.values[7].push_back(2);
    table.row.push_back(i);
  }
  table.entity.assign(static_cast<std::size_t>(kRows), 0);
  table.position = table.row;
  return table;
}

config::Value flag(bool on) { return {on}; }

std::vector<config::Component> all_steps() {
  return {
      step("missing", {{"method", value("mean")}, {"indicator", flag(true)}, columns({"plain", "positive"})}),
      step("missing", {{"method", value("most_frequent")}, columns({"grade"})}),
      step("missing", {{"method", value("constant")}, {"value", value(0.5)}, {"indicator", flag(true)}, columns({"positive"})}),
      step("outliers", {{"method", value("mad")}, {"threshold", value(2.0)}, columns({"heavy"})}),
      step("outliers", {{"method", value("z_score")}, {"threshold", value(1.0)}, {"action", value("mark")}, columns({"tiny", "heavy"})}),
      step("winsorise", {{"lower", value(0.1)}, {"upper", value(0.8)}}),
      step("scale", {{"method", value("robust")}, columns({"plain", "tiny", "constant"})}),
      step("scale", {{"method", value("min_max")}}),
      step("power", {{"method", value("box_cox")}, columns({"positive"})}),
      step("power", {columns({"heavy", "tiny", "steps", "constant"})}),
      step("quantile_normal", {{"quantiles", {std::int64_t{20}}}, columns({"heavy", "steps", "constant"})}),
      step("one_hot", {}),
      step("one_hot", {{"drop", value("first")}, columns({"grade", "steps"})}),
      step("pca", {{"keep", {std::int64_t{2}}}, columns({"heavy", "tiny"})})};
}

void check_same(const FittedPreparation& preparation, const InputTable& table) {
  const Matrix wanted = preparation.transform(table);
  checker::Tensor rows{{kRows, static_cast<std::int64_t>(table.columns.size())}, {}};
  for (std::int64_t r = 0; r < kRows; ++r)
    for (const std::vector<double>& column : table.values) rows.values.push_back(column[static_cast<std::size_t>(r)]);
  GraphBuilder g("rows", "");
  const std::string name = add_preparation(preparation, "rows", g);
  const checker::Tensor got = checker::computed(g.graph(), rows, name);
  REQUIRE(got.shape == std::vector<std::int64_t>{wanted.rows, wanted.columns});
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    const std::size_t column = i % static_cast<std::size_t>(wanted.columns);
    INFO("row " << i / static_cast<std::size_t>(wanted.columns) << ", column " << preparation.outputs()[column].name);
    if (std::isnan(wanted.values[i])) {
      REQUIRE(std::isnan(got.values[i]));
    } else {
      REQUIRE(std::abs(got.values[i] - wanted.values[i]) <= 1e-11 * (1 + std::abs(wanted.values[i])));
    }
  }
}

}  // namespace

TEST_CASE("each step's nodes do what the step does, to rows that it never saw") {
  for (const config::Component& one : all_steps()) {
    INFO(one.id);
    const InputTable table = random_table(1, 1);
    const std::vector<std::uint8_t> train(static_cast<std::size_t>(kRows), 1);
    const FittedPreparation fitted =
        fit_preparation({step("missing", {{"method", value("mean")}, columns({"positive"})}), one}, table, train).fitted;
    CHECK(inexpressible_steps(fitted).empty());
    check_same(fitted, random_table(2, 3));
  }
}

TEST_CASE("random lists of steps and a selection are said as they are done") {
  for (std::uint64_t seed = 10; seed < 40; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    std::vector<config::Component> steps;
    for (const config::Component& one : all_steps())
      if (random.uniform() < 0.4 && one.id != "pca" && one.id != "power" && one.id != "one_hot" && one.id != "outliers")
        steps.push_back(one);
    if (random.uniform() < 0.5) steps.push_back(step("one_hot", {}));
    const std::vector<std::uint8_t> train(static_cast<std::size_t>(kRows), 1);
    const FittedPreparation fitted = fit_preparation(steps, random_table(seed, 1), train, {step("variance", {})}).fitted;
    check_same(fitted, random_table(seed + 100, 3));
  }
}

TEST_CASE("columns without a value in the train rows are taken out first") {
  InputTable table = random_table(3, 1);
  std::fill(table.values[4].begin(), table.values[4].end(), kMissing);
  const std::vector<std::uint8_t> train(static_cast<std::size_t>(kRows), 1);
  const FittedPreparation fitted = fit_preparation({step("scale", {})}, table, train).fitted;
  REQUIRE(fitted.dropped() == std::vector<std::string>{"tiny"});
  check_same(fitted, random_table(4, 2));
}

TEST_CASE("steps that need more than their row are named with their reasons") {
  const data::Frame frame = planted::panel(60, 2);
  const std::vector<std::string> names = {"x"};
  std::vector<std::int64_t> rows(frame.rows());
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<std::uint8_t> train(frame.rows(), 1);
  const auto cannot = [&](std::vector<config::Component> steps) {
    return inexpressible_steps(fit_preparation(steps, take_inputs(frame, names, rows), train).fitted);
  };
  const std::string around = " at other rows, and a file sees the rows of its own forecast alone";
  CHECK(cannot({step("missing", {{"method", value("mean")}}), step("scale", {})}).empty());
  CHECK(cannot({step("missing", {{"method", value("forward_fill")}})}) ==
        std::vector<std::string>{"the step missing (method: forward_fill) looks" + around});
  CHECK(cannot({step("hampel", {}), step("scale", {{"by", value("entity")}}), step("rolling_standard", {}),
                step("scale", {{"by", value("time")}})}) ==
        std::vector<std::string>{"the steps hampel, rolling_standard, scale (by: time) look" + around,
                                 "the step scale (by: entity) needs to know whose row it is, and a file sees the inputs alone"});
}
