// What a report draws of data and inputs, on a table whose numbers are known.
#include "run/data_look.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "unit/run/small_experiment.hpp"

using namespace assay;
using namespace assay::run;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kRows = 1'000;

pipeline::Dataset planted() {
  std::vector<double> rising, gaps;
  std::vector<std::int32_t> codes;
  pipeline::Dataset dataset;
  for (std::size_t i = 0; i < kRows; ++i) {
    rising.push_back(static_cast<double>(i));
    gaps.push_back(i < kRows / 4 ? std::nan("") : -static_cast<double>(i) * static_cast<double>(i));
    codes.push_back(i % 10 == 0 ? 1 : 0);
    dataset.y.push_back(static_cast<double>(i) / 2);
  }
  data::FrameNotes notes;
  dataset.frame = data::Frame::finish({data::Column::of_reals("rising", rising), data::Column::of_reals("gaps", gaps),
                                       data::Column::of_codes("kind", codes, {"a", "b", "c"})},
                                      {}, notes);
  dataset.inputs = {"rising", "gaps", "kind"};
  dataset.features = {"gaps"};
  dataset.target_column = "half";
  return dataset;
}

}  // namespace

TEST_CASE("columns are told by facts, gaps by when, inputs by what goes with what") {
  const Json look = Json::parse(data_look(planted(), {}));
  CHECK(look.at("rows") == kRows);
  const Json& columns = look.at("columns");
  REQUIRE(columns.size() == 4);
  CHECK(columns[0].at("mean") == Approx(499.5));
  CHECK(columns[0].at("quantiles")[3] == Json{0.5, 499.5});
  CHECK(columns[0].at("histogram").at("counts").size() == 30);
  std::int64_t all = 0;
  for (const Json& n : columns[0].at("histogram").at("counts")) all += n.get<std::int64_t>();
  CHECK(all == kRows);
  CHECK(columns[1].at("role") == "feature");
  CHECK(columns[1].at("missing") == 250);
  CHECK(columns[2].at("levels") == Json{{{"name", "a"}, {"count", 900}}, {{"name", "b"}, {"count", 100}}, {{"name", "c"}, {"count", 0}}});
  CHECK(columns[3].at("role") == "target");
  const Json& lacking = look.at("missing").at("columns");
  REQUIRE(lacking.size() == 1);
  CHECK(lacking[0].at("name") == "gaps");
  CHECK(lacking[0].at("shares")[9] == 1.0);
  CHECK(lacking[0].at("shares")[10] == 0.0);
  CHECK(look.at("correlations").at("columns") == Json{"rising", "gaps", "half"});
  CHECK(look.at("correlations").at("below")[2][0] == 1.0);
  CHECK(look.at("correlations").at("below")[1][0].get<double>() < -0.6);
}

TEST_CASE("sealed rows are not looked at") {
  pipeline::Dataset dataset = planted();
  pipeline::Folds folds;
  folds.sealed.emplace();
  for (std::int64_t row = 900; row < 1'000; ++row) folds.sealed->test.push_back(row);
  const std::string before = data_look(dataset, folds);
  for (std::size_t row = 900; row < 1'000; ++row) dataset.y[row] = -1e9;
  CHECK(data_look(dataset, folds) == before);
  CHECK(Json::parse(before).at("sealed_rows") == 100);
}
