// Selections against scikit-learn, scipy and statsmodels, and planted inputs.
#include <cmath>
#include <numeric>

#include "pipeline/prepare.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;
using planted::step;
using planted::value;

namespace {

// i = numpy.arange(40); a = sin(i); b = cos(1.7 i); c = a + 0.3 b + 0.1 sin(3.1 i); d = i % 7; y = 2 a + 0.5 d + sin(0.7 i)
struct Planted {
  std::vector<double> a, b, c, d, y, above;  // above: y > its median
  Planted() {
    for (int k = 0; k < 40; ++k) {
      const double i = k;
      a.push_back(std::sin(i));
      b.push_back(std::cos(1.7 * i));
      c.push_back(a.back() + 0.3 * b.back() + 0.1 * std::sin(3.1 * i));
      d.push_back(k % 7);
      y.push_back(2 * a.back() + 0.5 * d.back() + std::sin(0.7 * i));
    }
    for (const double v : y) above.push_back(v > 1.1463597868119604 ? 1 : 0);
  }
};

using Names = std::vector<std::string>;

PreparationResult selected(const config::Component& how, const std::vector<double>& labels, config::Task task,
                           std::vector<data::Column> columns) {
  const data::Frame frame = planted::table(std::move(columns));
  Names names;
  for (const data::Column& column : frame.columns()) names.push_back(column.name());
  std::vector<std::int64_t> rows(frame.rows());
  std::iota(rows.begin(), rows.end(), 0);
  const InputTable table = take_inputs(frame, names, rows);
  std::vector<std::uint8_t> train(frame.rows(), 0);
  std::fill_n(train.begin(), labels.size(), std::uint8_t{1});
  Labels y{labels, task};
  y.y.resize(frame.rows(), kMissing);
  PreparationResult result = fit_preparation({}, table, train, {how}, y);
  CHECK(FittedPreparation::from_json(result.fitted.to_json()).transform(table).columns ==
        static_cast<std::int64_t>(result.fitted.outputs().size()));
  return result;
}
PreparationResult selected(const config::Component& how, const std::vector<double>& labels, config::Task task) {
  const Planted p;
  return selected(how, labels, task,
                  {data::Column::of_reals("a", p.a), data::Column::of_reals("b", p.b), data::Column::of_reals("c", p.c),
                   data::Column::of_reals("d", p.d)});
}
Names names_of(const PreparationResult& result) {
  Names names;
  for (const InputColumn& column : result.fitted.outputs()) names.push_back(column.name);
  return names;
}
void check_scores(const PreparationResult& result, const std::vector<double>& wanted) {
  const auto& columns = result.fitted.steps()[0].columns;
  REQUIRE(columns.size() == wanted.size());
  for (std::size_t k = 0; k < wanted.size(); ++k) CHECK(columns[k].learned[0] == Approx(wanted[k]).epsilon(1e-9));
}
config::Value whole(std::int64_t number) { return {number}; }

}  // namespace

TEST_CASE("variance, correlation and inflation judge the inputs alone") {
  const Planted p;
  const auto result = selected(step("variance", {{"above", value(0.5)}}), p.y, config::Task::regression);
  check_scores(result, {0.4962176110322254, 0.5107121046256924, 0.5275844846748318, 3.859375});  // X.var(axis=0)
  CHECK(names_of(result) == Names{"b", "c", "d"});
  // numpy.corrcoef, scipy.stats.spearmanr
  const auto pearson = selected(step("correlation", {{"max_abs", value(0.94)}}), p.y, config::Task::regression);
  CHECK(names_of(pearson) == Names{"a", "b", "d"});
  CHECK(pearson.fitted.steps()[0].columns[2].learned[0] == Approx(0.9509054589021354));
  CHECK(pearson.fitted.steps()[0].columns[3].learned[0] == Approx(0.12606987703410658));
  const auto spearman =
      selected(step("correlation", {{"method", value("spearman")}, {"max_abs", value(0.94)}}), p.y, config::Task::regression);
  CHECK(names_of(spearman) == Names{"a", "b", "c", "d"});
  CHECK(spearman.fitted.steps()[0].columns[2].learned[0] == Approx(0.9393996247654786));
  // statsmodels.stats.outliers_influence.variance_inflation_factor with a constant, before and after c has gone
  const auto vif = selected(step("vif", {}), p.y, config::Task::regression);
  check_scores(vif, {1.0053708896955336, 1.0215779154740463, 102.54537635773094, 1.0161651451328864});
  CHECK(names_of(vif) == Names{"a", "b", "d"});
}

TEST_CASE("what the others determine falls, and gaps are borne") {
  const Planted p;
  std::vector<double> sum, gaps = p.a;
  for (std::size_t i = 0; i < p.a.size(); ++i) sum.push_back(p.a[i] - 3 * p.d[i]);
  gaps[3] = gaps[17] = kMissing;
  const auto columns = [&] {
    return std::vector<data::Column>{data::Column::of_reals("a", p.a), data::Column::of_reals("d", p.d), data::Column::of_reals("sum", sum),
                                     data::Column::of_reals("one", std::vector<double>(40, 1.0)), data::Column::of_reals("b", p.b)};
  };
  CHECK(names_of(selected(step("vif", {}), p.y, config::Task::regression, columns())) == Names{"a", "d", "b"});
  CHECK(names_of(selected(step("variance", {}), p.y, config::Task::regression, columns())) == Names{"a", "d", "sum", "b"});
  const auto gapped = selected(step("correlation", {}), p.y, config::Task::regression,
                               {data::Column::of_reals("gaps", gaps), data::Column::of_reals("a", p.a)});
  CHECK(names_of(gapped) == Names{"gaps"});
  CHECK(gapped.fitted.steps()[0].columns[1].learned[0] == Approx(1.0));
}

// pandas.DataFrame(...).corr(method): pairs over the rows that both have; late hardly varies where early is there
TEST_CASE("inputs with gaps go together over the rows that both have") {
  const Planted p;
  std::vector<double> a = p.a, c = p.c, d = p.d, early(40, kMissing), late;
  for (std::size_t i = 0; i < 40; ++i) {
    if (i % 5 == 0) a[i] = kMissing;
    if (i % 7 == 3) c[i] = kMissing;
    if (i > 25) d[i] = kMissing;
    if (i < 12) early[i] = p.b[i];
    late.push_back(i < 12 ? 1 + 1e-7 * p.a[i] : 1e4 * p.d[i]);
  }
  const auto columns = [&] {
    return std::vector<data::Column>{data::Column::of_reals("a", a), data::Column::of_reals("c", c), data::Column::of_reals("d", d),
                                     data::Column::of_reals("early", early), data::Column::of_reals("late", late)};
  };
  const auto pearson = selected(step("correlation", {{"max_abs", value(1.0)}}), p.y, config::Task::regression, columns());
  check_scores(pearson, {0, 0.948587915345433, 0.578352958355328, 0.408351681214769, 0.605708517919975});
  const auto ranks =
      selected(step("correlation", {{"method", value("spearman")}, {"max_abs", value(1.0)}}), p.y, config::Task::regression, columns());
  check_scores(ranks, {0, 0.943223443223443, 0.598797205949522, 0.483333333333333, 0.41107906908285});
}

// sklearn.feature_selection.f_regression, f_classif; sklearn.metrics.mutual_info_score of numpy.searchsorted in quantile edges;
// the information value from the same classes by its definition
TEST_CASE("selections by the target agree with scikit-learn") {
  const Planted p;
  const auto line = selected(step("f_test", {}), p.y, config::Task::regression);
  check_scores(line, {51.38019465566492, 0.7338907225070834, 35.72123472090633, 14.785126649856009});
  CHECK(names_of(line) == Names{"a", "c", "d"});
  const auto classes = selected(step("f_test", {{"level", value(0.045)}}), p.above, config::Task::binary);
  check_scores(classes, {48.33456555005111, 3.0155642097144444, 25.21994071885729, 4.2792792792792795});
  CHECK(names_of(classes) == Names{"a", "c"});
  const auto mutual = selected(step("mutual_information", {{"bins", whole(5)}, {"keep", whole(2)}}), p.y, config::Task::regression);
  check_scores(mutual, {0.4090639234149819, 0.3101257247186623, 0.4419907457169302, 0.376100975892086});
  CHECK(names_of(mutual) == Names{"a", "c"});
  const auto of_classes = selected(step("mutual_information", {{"bins", whole(5)}, {"min", value(0.1)}}), p.above, config::Task::binary);
  check_scores(of_classes, {0.37301347175329996, 0.05232481437645492, 0.26054644282953837, 0.10895740969296275});
  CHECK(names_of(of_classes) == Names{"a", "c", "d"});
  const auto value_of = selected(step("information_value", {{"bins", whole(5)}, {"min", value(0.5)}}), p.above, config::Task::binary);
  check_scores(value_of, {2.9340196065066504, 0.4394449154672438, 2.114021293400355, 0.6994743835374683});
  CHECK(names_of(value_of) == Names{"a", "c", "d"});
}

// lasso_path(S, y - y.mean(), alphas=lmax * 0.001 ** (arange(50) / 49)): the first of them at which each weight is not zero; likewise
// LogisticRegression(penalty="l1", C=1 / (penalty * 40)), S the inputs less their means and divided by their deviations
TEST_CASE("inputs come into an L1 path in scikit-learn's order") {
  const Planted p;
  const auto all = selected(step("l1_path", {{"keep", whole(4)}}), p.y, config::Task::regression);
  check_scores(all, {1.201571496478496, 0.03541093324434678, 0.002799603683683737, 0.9063598062641975});
  CHECK(names_of(all) == Names{"a", "b", "c", "d"});
  CHECK(names_of(selected(step("l1_path", {{"keep", whole(2)}}), p.y, config::Task::regression)) == Names{"a", "d"});
  const auto classes = selected(step("l1_path", {{"keep", whole(3)}}), p.above, config::Task::binary);
  check_scores(classes, {0.3249242089231207, 0.10519283310222129, 0, 0.13945533442223826});
  CHECK(names_of(classes) == Names{"a", "b", "d"});
  CHECK_THROWS_AS(selected(step("l1_path", {{"keep", whole(1)}}), p.above, config::Task::multiclass), PreparationError);
  std::vector<double> gaps = p.a;
  gaps[3] = kMissing;
  CHECK(names_of(selected(step("l1_path", {{"keep", whole(1)}}), p.y, config::Task::regression,
                          {data::Column::of_reals("gaps", gaps), data::Column::of_reals("d", p.d)})) == Names{"gaps"});
}

TEST_CASE("categories and missing values are classes of their own") {
  std::vector<std::int32_t> codes;
  std::vector<double> y, gaps;
  for (int i = 0; i < 60; ++i) {
    codes.push_back(i % 3);
    y.push_back(i % 3 == 1 ? 1 : 0);
    gaps.push_back(i % 3 == 1 ? kMissing : i % 5);
  }
  const auto columns = [&] {
    return std::vector<data::Column>{data::Column::of_codes("kind", codes, {"x", "y", "z"}), data::Column::of_reals("gaps", gaps)};
  };
  const auto result = selected(step("mutual_information", {}), y, config::Task::binary, columns());
  const double entropy = -(std::log(1.0 / 3) / 3 + 2 * std::log(2.0 / 3) / 3);  // both tell everything of the target
  check_scores(result, {entropy, entropy});
  CHECK_THROWS_AS(selected(step("information_value", {}), y, config::Task::multiclass, columns()), PreparationError);
  const auto nothing = selected(step("information_value", {{"min", value(1e5)}}), y, config::Task::binary, columns());
  CHECK(names_of(nothing) == Names{"kind"});
  CHECK(nothing.notes == std::vector<std::string>{"information_value would leave no input: `kind`, the best of them, stays"});
}
