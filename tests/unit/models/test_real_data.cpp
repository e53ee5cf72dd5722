// Published and independently computed results on real credit data: ../shared/data/README.md names their sources (R glm, scikit-learn).
#include <cmath>

#include "data/csv_reader.hpp"
#include "learner.hpp"
#include "stats/roc.hpp"
#include "support/catch.hpp"
#include "support/real_data.hpp"

using namespace models_test;

namespace {
assay::data::CsvTable read(const char* file) {
  assay::data::CsvOptions options;
  options.path = assay::test::real_data(file);
  return assay::data::read_csv(options);
}
}  // namespace

TEST_CASE("the unpenalised logistic on the Taiwan data, rows with row % 5 == 4 held out", "[real_data]") {
  const auto csv = read("credit_taiwan_default.csv");
  std::vector<std::vector<double>> columns;
  for (const auto& column : csv.columns)
    if (column.name() != "ID") columns.push_back(column.to_reals());
  REQUIRE(columns.size() == 24);
  Table<double> train{.inputs = 23}, test{.inputs = 23};
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    auto& side = row % 5 == 4 ? test : train;
    for (std::size_t c = 0; c < 23; ++c) side.x.push_back(columns[c][row]);
    side.y.push_back(columns[23][row]);
  }
  auto model = make("linear.logistic", {{"l2", {0.0}}});
  model.fit(train.batch(), {});
  const auto p = predict(model, test);
  double log_loss = 0, brier = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    log_loss -= std::log(test.y[i] > 0.5 ? p[i] : 1 - p[i]) / static_cast<double>(p.size());
    brier += std::pow(p[i] - test.y[i], 2) / static_cast<double>(p.size());
  }
  const auto digits = [](double v) { return std::round(v * 1e5) / 1e5; };
  CHECK(digits(assay::stats::auc(test.y, p)) == Approx(0.72876).epsilon(1e-12));
  CHECK(digits(assay::stats::ks(test.y, p)) == Approx(0.38872).epsilon(1e-12));
  CHECK(digits(log_loss) == Approx(0.46439).epsilon(1e-12));
  CHECK(digits(brier) == Approx(0.14477).epsilon(1e-12));
}

TEST_CASE("the logistic on the German data with all 48 terms has the deviance of R's glm", "[real_data]") {
  const auto csv = read("credit_german.csv");
  const std::size_t rows = csv.columns.front().size();
  std::vector<std::vector<double>> terms;
  Table<double> table;
  for (const auto& column : csv.columns) {
    if (column.name() == "class") {
      for (std::size_t r = 0; r < rows; ++r) table.y.push_back(column.number(r) - 1);
    } else if (column.is_numeric()) {
      terms.push_back(column.to_reals());
    } else {
      for (std::size_t level = 1; level < column.levels().size(); ++level) {
        terms.emplace_back();
        for (std::size_t r = 0; r < rows; ++r) terms.back().push_back(column.codes()[r] == static_cast<std::int32_t>(level) ? 1 : 0);
      }
    }
  }
  REQUIRE(terms.size() == 48);
  table.inputs = 48;
  for (std::size_t r = 0; r < rows; ++r)
    for (const auto& term : terms) table.x.push_back(term[r]);
  auto model = make("linear.logistic", {{"l2", {0.0}}});
  model.fit(table.batch(), {});
  const auto p = predict(model, table);
  double deviance = 0;
  for (std::size_t i = 0; i < rows; ++i) deviance -= 2 * std::log(table.y[i] > 0.5 ? p[i] : 1 - p[i]);
  CHECK(deviance == Approx(895.82).margin(0.005));
  CHECK(assay::stats::auc(table.y, p) == Approx(0.83378).margin(5e-6));
}
