// risk.* and curve.* against published figures and independent implementations.
#include "indicator.hpp"
#include "reference_bars.hpp"

using namespace planted;

namespace {

Columns prices() {
  Columns data = {{"close", reference::kClose}, {"low", reference::kLow}, {"high", reference::kHigh}};
  for (std::size_t t = 0; t < reference::kClose.size(); ++t) data["middle"].push_back((reference::kHigh[t] + reference::kLow[t]) / 2);
  return data;
}

void check_rows(const Series& got, std::size_t first, const std::vector<std::pair<std::size_t, double>>& wanted) {
  for (std::size_t t = 0; t < first; ++t) REQUIRE(std::isnan(got[t]));
  for (const auto& [row, value] : wanted) {
    INFO("row " << row << ": " << got[row] << ", wanted " << value);
    CHECK(std::fabs(got[row] - value) <= 1e-11 * (1 + std::fabs(value)));
  }
}

// Yields in percent of US Treasuries (Federal Reserve H.15) on 30 June 2000, 3 January 2007 and 31 December 2020: humped, inverted, steep.
Columns curves() {
  return {{"DGS3MO", {5.88, 5.05, 0.09}}, {"DGS6MO", {6.23, 5.09, 0.09}}, {"DGS1", {6.08, 4.98, 0.1}},  {"DGS2", {6.38, 4.76, 0.13}},
          {"DGS3", {6.31, 4.69, 0.17}},   {"DGS5", {6.18, 4.66, 0.36}},   {"DGS7", {6.25, 4.66, 0.65}}, {"DGS10", {6.03, 4.67, 0.93}}};
}
const std::vector<std::string> kBetween = {"DGS3MO_DGS6MO", "DGS6MO_DGS1", "DGS1_DGS2", "DGS2_DGS3",
                                           "DGS3_DGS5",     "DGS5_DGS7",   "DGS7_DGS10"};

}  // namespace

TEST_CASE("risk.beta: published figures, and pandas") {
  // TA-Lib, test_per_hl.c: BETA of lows over highs, five returns. It says 0.62907 for the first row, which numpy's cov / var gives as
  // 0.62971.
  const Params low_on_high = {
      {"column", value(std::string("low"))}, {"benchmark", value(std::string("high"))}, {"window", value(std::int64_t{5})}};
  const Series published = Indicator("risk.beta", low_on_high)(prices()).at("beta");
  CHECK(std::fabs(published[5] - 0.62907) < 1e-3);
  CHECK(std::fabs(published[5] - 0.6297065088756031) < 1e-13);
  CHECK(std::fabs(published[6] - 0.83604) < 1e-5);
  // r, b = pct_change of the close and of (high + low) / 2: r.rolling(60).cov(b) / b.rolling(60).var(), means, r.rolling(60).corr(b);
  // residual: numpy.linalg.lstsq on each window.
  const Columns got = Indicator("risk.beta", {{"benchmark", value(std::string("middle"))}})(prices());
  check_rows(got.at("beta"), 60, {{60, 0.876538746084047}, {100, 0.885392631604426}, {200, 0.918169758344616}, {251, 0.847227864698851}});
  check_rows(got.at("alpha"), 60,
             {{60, 1.11170946792538e-05}, {100, 0.000907604874834584}, {200, 5.90306845731571e-05}, {251, -4.54370140015265e-05}});
  check_rows(got.at("correlation"), 60,
             {{60, 0.691166916556023}, {100, 0.841889596425512}, {200, 0.679546679985891}, {251, 0.878601020033148}});
  check_rows(got.at("residual"), 60,
             {{60, 0.018148550730227}, {100, 0.0162174136264249}, {200, 0.0157465786732507}, {251, 0.014759968479428}});
  CHECK(Indicator("risk.beta", {{"benchmark", value(std::string("middle"))}}).warmup_rows() == 60);
}

TEST_CASE("risk.beta: of returns; a series on itself; a benchmark that stands still") {
  Columns data = prices();
  Series change(1, kNaN);
  for (std::size_t t = 1; t < reference::kClose.size(); ++t) change.push_back(reference::kClose[t] / reference::kClose[t - 1] - 1);
  data["change"] = change;
  data["still"] = Series(change.size(), 3);
  const auto of = [&](const char* column, const char* benchmark, const char* what) {
    return Indicator("risk.beta", {{"column", value(std::string(column))},
                                   {"benchmark", value(std::string(benchmark))},
                                   {"of", value(std::string(what))},
                                   {"window", value(std::int64_t{20})}})(data);
  };
  const Columns same_series = of("change", "change", "return");
  CHECK(same_series.at("beta")[100] == 1);
  CHECK(same_series.at("correlation")[100] == Approx(1).epsilon(1e-15));
  CHECK(same_series.at("residual")[100] < 1e-9);
  CHECK(std::isnan(same_series.at("beta")[19]));
  CHECK(!std::isnan(same_series.at("beta")[20]));  // the first change is missing
  CHECK(of("close", "close", "price").at("beta")[100] == 1);
  CHECK(std::isnan(of("change", "still", "return").at("beta")[100]));
  CHECK(of("still", "change", "return").at("beta")[100] == 0);
  CHECK(std::isnan(of("still", "change", "return").at("correlation")[100]));
}

TEST_CASE("risk.downside and risk.drawdown: pandas") {
  // r.rolling(60).apply(lambda y: sqrt(mean(minimum(y - 0.001, 0) ** 2))) * sqrt(252), and mean(y - 0.001) over that, unscaled, * sqrt(252)
  const Columns down = Indicator("risk.downside", {{"target", value(0.001)}, {"periods", value(252.0)}})(prices());
  check_rows(down.at("deviation"), 60,
             {{60, 0.296209773132127}, {100, 0.218954351116942}, {200, 0.263415909229558}, {251, 0.391611050399039}});
  check_rows(down.at("sortino"), 60, {{60, -1.041670656322}, {100, 5.68615709065987}, {200, -2.94496034035945}, {251, -1.40435264740366}});
  // Loops over windows of 50 closes by the definition.
  const Columns depth = Indicator("risk.drawdown", {{"window", value(std::int64_t{50})}})(prices());
  check_rows(depth.at("current"), 49,
             {{49, -0.0812182741116751}, {100, -0.056910569105691}, {200, -0.206518518518518}, {251, -0.0880114981400067}});
  check_rows(depth.at("worst"), 49,
             {{49, -0.173857868020305}, {100, -0.108288770053476}, {200, -0.221777777777778}, {251, -0.0953669259384512}});
  check_rows(depth.at("since_peak"), 49, {{49, 37}, {100, 10}, {200, 27}, {251, 16}});
  const Columns rising = Indicator("risk.drawdown", {{"window", value(std::int64_t{3})}})({{"close", {1, 2, 2, 2, kNaN, 5, 4, 3, -1}}});
  CHECK(rising.at("worst")[3] == 0);
  CHECK(rising.at("since_peak")[3] == 0);  // of equal peaks the latest
  CHECK(std::isnan(rising.at("current")[6]));
  CHECK(rising.at("current")[7] == Approx(-0.4));
  CHECK(std::isnan(rising.at("current")[8]));  // no price
  CHECK(std::isnan(Indicator("risk.downside", {{"window", value(std::int64_t{2})}})({{"close", {1, 2, 3}}}).at("sortino")[2]));
}

TEST_CASE("curve.shape: the figures of Diebold and Li") {
  const Columns got = Indicator("curve.shape")(curves());
  CHECK(got.at("level")[0] == 6.03);
  CHECK(got.at("slope")[1] == Approx(4.67 - 5.05));
  CHECK(got.at("curvature")[0] == Approx(2 * 6.38 - 5.88 - 6.03));
}

TEST_CASE("curve.forward: zero-coupon yields by the definition, par yields by solving bond after bond") {
  // numpy: (m2 y2 - m1 y1) / (m2 - m1); ((1 + y1)^-m1 / (1 + y2)^-m2)^(1 / (m2 - m1)) - 1; scipy.optimize.brentq for each discount factor
  // that prices a bond with half-yearly coupons at 1, yields of half years between two maturities by numpy.interp.
  struct Wanted {
    const char* quoted;
    std::size_t row;
    Series rates;
  };
  const std::vector<Wanted> table = {
      {"continuous", 0, {6.58, 5.93, 6.68, 6.17, 5.985, 6.425, 5.516666666667}},
      {"continuous", 2, {0.09, 0.11, 0.16, 0.25, 0.645, 1.375, 1.583333333333}},
      {"annual", 0, {6.581156970155, 5.930211804575, 6.68084841629, 6.17013815356, 5.985298006217, 6.425201964278, 5.51843653997}},
      {"annual", 1, {5.130015230842, 4.870115139404, 4.540461040198, 4.550140289479, 4.615016118248, 4.66, 4.693337049227}},
      {"par", 0, {6.5805950068, 5.92555583313, 6.7023107953, 6.15550915326, 5.95016700013, 6.46913361669, 5.32933074928}},
      {"par", 1, {5.13000780297, 4.86732297237, 4.52839413277, 4.53975026538, 4.60911173616, 4.66, 4.69974216874}},
      {"par", 2, {0.09, 0.110005500275, 0.160049155814, 0.250251450197, 0.648296361948, 1.39689691564, 1.62488964071}},
  };
  for (const Wanted& want : table) {
    const Indicator forward("curve.forward", {{"yields", value(std::string(want.quoted))}});
    REQUIRE(forward.outputs() == kBetween);
    const Columns got = forward(curves());
    for (std::size_t i = 0; i < kBetween.size(); ++i) {
      INFO(want.quoted << " " << kBetween[i] << " row " << want.row);
      CHECK(std::fabs(got.at(kBetween[i])[want.row] - want.rates[i]) < 2e-10);
    }
  }
}

TEST_CASE("curve.forward: a flat curve is flat forward; a missing yield takes both its neighbours") {
  Columns flat = curves();
  for (auto& [name, yields] : flat) yields = {4, 4, 4};
  flat["DGS2"][1] = kNaN;
  for (const char* quoted : {"par", "continuous", "annual", "semiannual"}) {
    const Columns got = Indicator("curve.forward", {{"yields", value(std::string(quoted))}})(flat);
    for (const std::string& between : kBetween) {
      INFO(quoted << " " << between);
      CHECK(got.at(between)[0] == Approx(4).epsilon(1e-12));
      CHECK(std::isnan(got.at(between)[1]) == (between == "DGS1_DGS2" || between == "DGS2_DGS3"));
    }
  }
}

TEST_CASE("curve.nelson_siegel: numpy's least squares, scipy's decay, and a curve of its own") {
  struct Wanted {
    bool fitted;
    std::size_t row;
    Series values;  // level, slope, curvature, decay, error
  };
  const std::vector<Wanted> table = {
      // numpy.linalg.lstsq at decay 0.7308
      {false, 0, {5.851286241372, -0.02835203367149, 1.646680366183, 0.7308, 0.09195426349055}},
      {false, 1, {4.650546726628, 0.555552770979, -0.5363048636472, 0.7308, 0.03862195736125}},
      {false, 2, {1.298052204255, -1.063256998651, -2.257148835738, 0.7308, 0.06304586022701}},
      // the decay by a grid of 4,001, then scipy.optimize.minimize_scalar(method="bounded")
      {true, 0, {5.83825289, -0.0100310839, 1.66267949, 0.710755088, 0.0919435895547}},
      {true, 1, {4.57918886, 0.362211928, 1.00014268, 3, 0.0302432271879}},  // the least squares lie at the bound
      {true, 2, {2.6195348, -2.50394992, -3.01168056, 0.276532963, 0.0186207780698}},
  };
  const std::vector<std::string> names = {"level", "slope", "curvature", "decay", "error"};
  for (const Wanted& want : table) {
    const Columns got = Indicator("curve.nelson_siegel", {{"fit_decay", value(want.fitted)}})(curves());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double value = got.at(names[i])[want.row];
      INFO(names[i] << " row " << want.row << ": " << value << ", wanted " << want.values[i]);
      CHECK(std::fabs(value - want.values[i]) < (!want.fitted ? 1e-11 : i == 4 ? 1e-9 : 2e-6));
    }
  }
  // A curve that has just this shape is found again, with its decay.
  Columns own = curves();
  const std::map<std::string, double> years = {{"DGS3MO", 0.25}, {"DGS6MO", 0.5}, {"DGS1", 1}, {"DGS2", 2},
                                               {"DGS3", 3},      {"DGS5", 5},     {"DGS7", 7}, {"DGS10", 10}};
  for (auto& [name, yields] : own) {
    const double x = 0.5 * years.at(name), shape = (1 - std::exp(-x)) / x;
    yields.assign(1, 4 - 2 * shape + 1.5 * (shape - std::exp(-x)));
  }
  const Columns found = Indicator("curve.nelson_siegel", {{"fit_decay", value(true)}})(own);
  CHECK(found.at("level")[0] == Approx(4).epsilon(1e-6));
  CHECK(found.at("slope")[0] == Approx(-2).epsilon(1e-6));
  CHECK(found.at("curvature")[0] == Approx(1.5).epsilon(1e-6));
  CHECK(found.at("decay")[0] == Approx(0.5).epsilon(1e-6));
  CHECK(found.at("error")[0] < 1e-7);
}

TEST_CASE("curve.*: yields that are missing or not described") {
  Columns few = curves();
  for (const char* name : {"DGS3MO", "DGS1", "DGS3", "DGS7"}) few[name][0] = kNaN;
  CHECK(!std::isnan(Indicator("curve.nelson_siegel")(few).at("level")[0]));  // four are left
  few["DGS2"][0] = kNaN;
  CHECK(std::isnan(Indicator("curve.nelson_siegel")(few).at("level")[0]));
  CHECK(!std::isnan(Indicator("curve.nelson_siegel")(few).at("level")[1]));

  const auto columns = [](std::vector<std::string> names) {
    assay::config::List list;
    for (const std::string& name : names) list.push_back(value(name));
    return value(list);
  };
  const auto numbers = [](const Series& years) {
    assay::config::List list;
    for (const double year : years) list.push_back(value(year));
    return value(list);
  };
  const Columns own = {{"a", {1}}, {"b", {2}}};
  CHECK_THROWS_WITH(Indicator("curve.forward", {{"columns", columns({"a", "b"})}})(own),
                    Catch::Contains("the maturity of `a` is not known"));
  CHECK_THROWS_WITH(Indicator("curve.forward", {{"columns", columns({"a", "b"})}, {"maturities", numbers({1})}})(own),
                    Catch::Contains("names 2 yields and `maturities` has 1"));
  CHECK_THROWS_WITH(Indicator("curve.forward", {{"columns", columns({"a", "b"})}, {"maturities", numbers({2, 1})}})(own),
                    Catch::Contains("from the shortest to the longest"));
  CHECK_THROWS_WITH(Indicator("curve.forward", {{"columns", columns({"a", "b"})}, {"maturities", numbers({1, 2.3})}})(own),
                    Catch::Contains("whole half years"));
  CHECK_THROWS_WITH(Indicator("curve.nelson_siegel", {{"columns", columns({"a", "b"})}, {"maturities", numbers({1, 2})}})(own),
                    Catch::Contains("4 yields at least"));
}
