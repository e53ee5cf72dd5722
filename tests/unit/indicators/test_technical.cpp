// technical.*: against figures that others have published, against an independent implementation, and the rules that hold for all of them:
// nothing reads ahead, a result no longer depends on the beginning of the data after the declared warm-up, missing values, flat prices,
// prices that lie near 1e8.
#include "indicator.hpp"
#include "reference_bars.hpp"

using namespace planted;

namespace {

const Columns& bars() {
  static const Columns columns = {{"open", reference::kOpen},
                                  {"high", reference::kHigh},
                                  {"low", reference::kLow},
                                  {"close", reference::kClose},
                                  {"volume", reference::kVolume}};
  return columns;
}

struct Published {
  const char* id;
  Params params;
  const char* output;
  std::size_t row;
  double value, within;
};
Params window(std::int64_t rows) { return {{"window", value(rows)}}; }
Params stochastic(std::int64_t rows, std::int64_t signal) {
  return {{"window", value(rows)}, {"smooth", value(std::int64_t{3})}, {"signal", value(signal)}};
}
Params keltner(std::int64_t rows, std::int64_t range_window, double ranges) {
  return {
      {"window", value(rows)}, {"range_window", value(range_window)}, {"ranges", value(ranges)}, {"price", value(std::string("typical"))}};
}

// What an independent implementation gives on the same bars with the usual settings: loops written down from the definitions in Python
// (numpy 1.24, pandas 1.5: rolling(w).mean/std/var/max/min, recursions started with the mean of their first w values) for the first row
// that has a value, the next one, 120 and 251.
struct Computed {
  const char* id;
  Params params;
  const char* output;
  std::size_t first;
  std::vector<double> values;
};
const std::vector<Computed>& computed() {
  static const std::vector<Computed> table = {
      {"technical.rsi", {}, "", 14, {49.1473396998636, 52.3255527953366, 62.7031975284686, 49.6321020708676}},
      {"technical.macd", {}, "line", 25, {-4.11029093768697, -4.00270070357426, 3.24820072523437, 0.904009299501269}},
      {"technical.macd", {}, "signal", 33, {-3.15520991968923, -2.90313779184082, 3.09769762404128, 1.40459423017215}},
      {"technical.macd", {}, "histogram", 33, {0.971717004400558, 1.00828851139362, 0.150503101193092, -0.50058493067088}},
      {"technical.stochastic", {}, "k", 15, {29.9740800948421, 32.9320388349514, 67.9782770443674, 39.3009321363465}},
      {"technical.stochastic", {}, "d", 17, {30.5177893735773, 29.0485436893204, 71.8549095258167, 34.5071524935316}},
      {"technical.williams_r", {}, "", 13, {-90.1942645698427, -66.9902912621359, -30.4805793285056, -59.1515151515151}},
      {"technical.cci", {}, "", 19, {-72.1110069175469, -120.352910339702, 106.849784338456, -71.731209122154}},
      {"technical.mfi", {}, "", 14, {42.8923391919844, 45.6071568510915, 67.7176796988045, 53.1996788506287}},
      {"technical.atr", {}, "", 14, {3.57821428571429, 3.48762755102041, 3.74427412781151, 3.26080948116814}},
      {"technical.atr",
       {{"relative", value(true)}},
       "",
       14,
       {0.0393210361067504, 0.0375761197114734, 0.0304115832343365, 0.0302290672213603}},
      {"technical.adx", {}, "adx", 27, {22.552755468403, 21.6685709923657, 29.1085585052909, 15.5260576732609}},
      {"technical.adx", {}, "plus_di", 14, {20.5210100808464, 23.5131477891965, 32.0645466681819, 20.9995511387463}},
      {"technical.adx", {}, "minus_di", 14, {30.0628805269987, 28.6406027136744, 13.3111037626498, 21.198823368251}},
      {"technical.bollinger", {}, "middle", 19, {92.891, 92.73475, 118.2055, 110.57}},
      {"technical.bollinger", {}, "upper", 19, {98.0733948132114, 98.2530318657622, 125.865096529844, 116.599991708121}},
      {"technical.bollinger", {}, "lower", 19, {87.7086051867886, 87.2164681342378, 110.545903470156, 104.540008291879}},
      {"technical.bollinger", {}, "percent_b", 19, {0.209014836894386, 0.104972153828373, 0.820806714874044, 0.276119095125471}},
      {"technical.bollinger", {}, "width", 19, {0.111580127530361, 0.119012168917525, 0.129597971834549, 0.109071026645941}},
      {"technical.keltner", {}, "middle", 19, {92.891, 92.4609047619048, 118.888717556134, 108.526460979031}},
      {"technical.keltner", {}, "upper", 19, {99.57588947575, 99.0463052900798, 126.224344829472, 114.582523938485}},
      {"technical.keltner", {}, "lower", 19, {86.20611052425, 85.8755042337298, 111.553090282796, 102.470398019577}},
      {"technical.keltner", {}, "percent", 19, {0.2744166144451, 0.189775531159903, 0.788406313884382, 0.445801341281773}},
      {"technical.donchian", {}, "middle", 19, {93.1875, 93.1875, 118.595, 113.31}},
      {"technical.donchian", {}, "upper", 19, {99.625, 99.625, 127.75, 122.12}},
      {"technical.donchian", {}, "lower", 19, {86.75, 86.75, 109.44, 104.5}},
      {"technical.donchian", {}, "percent", 19, {0.242718446601942, 0.12621359223301, 0.747132714363736, 0.191259931895573}},
      {"technical.obv", {}, "gain", 20, {19315600, 8756700, 11513000, 19200200}},
      {"technical.obv", {}, "share", 20, {0.149862517146564, 0.0676005647855151, 0.0977301280092357, 0.13049731191931}},
      {"technical.vwap", {}, "", 19, {92.5447446447318, 92.3941005967935, 118.318663839938, 111.462088245622}},
      {"technical.vwap",
       {{"relative", value(true)}},
       "",
       19,
       {-0.0288481496705261, -0.0434995369924408, 0.0405797023414478, -0.0322269957629604}},
      {"technical.parkinson", {}, "", 19, {0.020155226410462, 0.0202824541542416, 0.017468296812296, 0.0215494211526203}},
      {"technical.garman_klass", {}, "", 19, {0.0202033967223506, 0.0203171391030903, 0.0190937022308765, 0.0225276178777516}},
      {"technical.rogers_satchell", {}, "", 19, {0.0211186122486102, 0.0212179014047457, 0.0206467564395104, 0.0229567634536862}},
      {"technical.yang_zhang", {}, "", 20, {0.0277602547245953, 0.0277270947026796, 0.0234816717152235, 0.025904346249915}},
      {"technical.yang_zhang",
       {{"periods", value(252.0)}},
       "",
       20,
       {0.44068038199851, 0.440153982969759, 0.372759982359246, 0.411218748317902}},
  };
  return table;
}

}  // namespace

TEST_CASE("technical.*: figures published with the same bars") {
  // TA-Lib's regression tests (src/tools/ta_regtest/ta_test_func: test_rsi.c, test_trange.c, test_per_hlc.c, test_adx.c, test_per_hlcv.c,
  // test_stoch.c, test_bbands.c, test_donchian.c, test_kc.c (from ta4j 0.22.6), test_rogerssatchell.c). TA-Lib starts the sums of ADX one
  // value earlier, so of it only rows count on which no start is left.
  const std::vector<Published> table = {
      {"technical.rsi", window(14), "", 14, 49.14, 0.01},
      {"technical.rsi", window(14), "", 15, 52.32, 0.01},
      {"technical.rsi", window(14), "", 16, 46.07, 0.01},
      {"technical.rsi", window(14), "", 251, 49.63, 0.01},
      {"technical.atr", window(14), "", 14, 3.578, 5e-4},
      {"technical.atr", window(14), "", 15, 3.4876, 5e-5},
      {"technical.atr", window(14), "", 26, 3.245, 5e-4},
      {"technical.atr", window(14), "", 28, 3.413, 5e-4},
      {"technical.atr", window(14), "", 251, 3.26, 5e-3},
      {"technical.adx", window(14), "plus_di", 251, 21.0000, 5e-4},
      {"technical.adx", window(14), "minus_di", 251, 21.1988, 5e-5},
      {"technical.adx", window(14), "adx", 251, 15.5260, 1e-4},
      {"technical.williams_r", window(14), "", 13, -90.1943, 5e-5},
      {"technical.williams_r", window(14), "", 14, -66.9903, 5e-5},
      {"technical.williams_r", window(14), "", 24, -89.2857, 5e-5},
      {"technical.williams_r", window(14), "", 125, 0, 5e-5},
      {"technical.williams_r", window(14), "", 251, -59.1515, 5e-5},
      {"technical.cci", window(2), "", 1, 66.666, 1e-3},
      {"technical.cci", window(2), "", 187, 0, 1e-9},
      {"technical.cci", window(5), "", 4, 18.857, 5e-4},
      {"technical.cci", window(11), "", 10, 87.927, 5e-4},
      {"technical.cci", window(11), "", 12, 143.5190963, 5e-8},
      {"technical.cci", window(11), "", 23, -190.5251436, 5e-8},
      {"technical.cci", window(11), "", 30, -0.005587727, 5e-8},
      {"technical.cci", window(11), "", 34, 113.4778681, 5e-8},
      {"technical.cci", window(11), "", 251, -169.65514, 5e-6},
      {"technical.mfi", window(14), "", 14, 42.8923, 5e-5},
      {"technical.mfi", window(14), "", 15, 45.6072, 5e-5},
      {"technical.mfi", window(14), "", 251, 53.1997, 5e-5},
      {"technical.mfi", window(49), "", 49, 44.7902, 5e-5},
      {"technical.mfi", window(50), "", 251, 50.5905, 5e-5},
      {"technical.mfi", window(100), "", 101, 50.2648, 5e-5},
      {"technical.stochastic", stochastic(5, 3), "k", 8, 24.0128, 1e-3},
      {"technical.stochastic", stochastic(5, 3), "d", 8, 36.254, 1e-3},
      {"technical.stochastic", stochastic(5, 4), "k", 9, 38.139, 1e-3},
      {"technical.stochastic", stochastic(5, 4), "d", 9, 36.725, 1e-3},
      {"technical.stochastic", stochastic(5, 3), "k", 251, 30.194, 1e-3},
      {"technical.stochastic", stochastic(5, 3), "d", 251, 43.69, 5e-3},
      {"technical.stochastic", stochastic(5, 4), "d", 251, 46.641, 1e-3},
      {"technical.bollinger", window(20), "upper", 19, 98.0734, 5e-5},
      {"technical.bollinger", window(20), "middle", 19, 92.8910, 5e-5},
      {"technical.bollinger", window(20), "lower", 19, 87.7086, 5e-5},
      {"technical.donchian", window(20), "upper", 100, 123.0, 0},
      {"technical.donchian", window(20), "middle", 100, 112.36, 0},
      {"technical.donchian", window(20), "lower", 100, 101.72, 0},
      {"technical.donchian", window(5), "upper", 251, 110.75, 0},
      {"technical.donchian", window(5), "middle", 251, 108.685, 0},
      {"technical.donchian", window(10), "lower", 175, 122.87, 0},
      {"technical.keltner", keltner(8, 4, 1.5), "upper", 200, 115.64127560116764, 1e-10},
      {"technical.keltner", keltner(8, 4, 1.5), "middle", 225, 100.77603770649361, 1e-10},
      {"technical.keltner", keltner(8, 4, 1.5), "lower", 251, 105.52819844508795, 1e-10},
      {"technical.keltner", keltner(4, 4, 3.0), "upper", 200, 119.5676090131952, 1e-10},
      {"technical.keltner", keltner(4, 4, 3.0), "middle", 251, 108.81932779286193, 1e-10},
      {"technical.keltner", keltner(4, 4, 3.0), "lower", 225, 91.46808945202991, 1e-10},
      {"technical.rogers_satchell", window(10), "", 9, 0.017975900777358125, 1e-15},
      {"technical.rogers_satchell", window(10), "", 100, 0.019839725374094775, 1e-15},
      {"technical.rogers_satchell", window(20), "", 251, 0.022956763453686233, 1e-15},
      {"technical.rogers_satchell", window(1), "", 26, 0, 0},
      {"technical.rogers_satchell", window(1), "", 251, 0.017892431307494070, 1e-15},
      {"technical.rogers_satchell", window(252), "", 251, 0.020359182379840250, 1e-15},
  };
  for (const Published& want : table) {
    const double got = Indicator(want.id, want.params)(bars()).at(want.output)[want.row];
    INFO(want.id << " " << want.output << " row " << want.row << ": " << got << ", published " << want.value);
    CHECK(std::fabs(got - want.value) <= want.within);
  }
}

TEST_CASE("technical.*: an independent implementation") {
  for (const Computed& want : computed()) {
    const Series got = Indicator(want.id, want.params)(bars()).at(want.output);
    INFO(want.id << " " << want.output);
    for (std::size_t t = 0; t < want.first; ++t) REQUIRE(std::isnan(got[t]));
    const std::size_t rows[] = {want.first, want.first + 1, 120, 251};
    for (std::size_t i = 0; i < 4; ++i) {
      INFO(want.id << " " << want.output << " row " << rows[i] << ": " << got[rows[i]] << ", computed " << want.values[i]);
      CHECK(std::fabs(got[rows[i]] - want.values[i]) <= 1e-11 * (1 + std::fabs(want.values[i])));
    }
  }
}

TEST_CASE("technical.rsi: the worked example of StockCharts' ChartSchool") {
  // QQQQ closes, 14 December 2009 to 1 February 2010, 14 periods (ChartSchool, "Relative Strength Index (RSI)", cs-rsi.xls; also in
  // scribd.com/document/250565030): RSI to two decimals, computed there from prices with four.
  const Series prices{44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
                      46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
                      45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314};
  const Series published{70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38,
                         54.71, 50.42, 39.99, 41.46, 41.87, 45.46, 37.30, 33.08, 37.77};
  const Series values = Indicator("technical.rsi").alone({{"close", prices}});
  for (std::size_t t = 0; t < 14; ++t) CHECK(std::isnan(values[t]));
  for (std::size_t i = 0; i < published.size(); ++i) {
    INFO(i);
    CHECK(std::fabs(values[14 + i] - published[i]) < 0.005001);
  }
}

TEST_CASE("technical.rsi: only rises, only falls, no move, a missing price") {
  const auto rsi = [](Series prices, std::int64_t rows) { return Indicator("technical.rsi", window(rows)).alone({{"close", prices}}); };
  CHECK(rsi({1, 2, 3, 4}, 2)[3] == 100);
  CHECK(rsi({4, 3, 2, 1}, 2)[3] == 0);
  CHECK(rsi({4, 4, 4, 4}, 2)[3] == 50);
  CHECK(rsi({1, 2, 1.5}, 1)[2] == 0);  // a window of one sees the last change only
  const Series broken = rsi({1, 2, 3, kNaN, 5, 4, 3, 4}, 2);
  CHECK(broken[2] == 100);
  CHECK(std::isnan(broken[3]));  // both rows whose change is not known
  CHECK(std::isnan(broken[4]));
  // The two rows have passed: the rise's mean of 1 weighs 1/4 of itself beside the new change, and the first fall 1.
  CHECK(broken[5] == Approx(100 * (1 * 0.125) / (1 * 0.125 + 0.5)));
  CHECK(rsi({}, 14).empty());
}

namespace {

struct Kind {
  const char* id;
  Params params;
  bool recursive, moves_along;  // moves_along: an amount added to all prices changes nothing
};
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"technical.rsi", {}, true, true},
                                        {"technical.macd", {}, true, true},
                                        {"technical.stochastic", {}, false, true},
                                        {"technical.williams_r", {}, false, true},
                                        {"technical.cci", {}, false, true},
                                        {"technical.mfi", {}, false, false},
                                        {"technical.atr", {}, true, true},
                                        {"technical.adx", {}, true, true},
                                        {"technical.bollinger", {}, false, false},
                                        {"technical.keltner", {}, true, false},
                                        {"technical.donchian", {}, false, false},
                                        {"technical.obv", {}, false, true},
                                        {"technical.vwap", {}, false, false},
                                        {"technical.parkinson", {}, false, false},
                                        {"technical.garman_klass", {}, false, false},
                                        {"technical.rogers_satchell", {}, false, false},
                                        {"technical.yang_zhang", {}, false, false}};
  return all;
}

// Prices that wander, in steps of 1/64: adding 1e8 is exact.
Columns wandering(std::size_t rows, double offset = 0) {
  std::uint64_t state = 7;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 58);
  };
  Columns data;
  double close = 6400;
  for (std::size_t t = 0; t < rows; ++t) {
    const double open = close + draw() - 32;
    close = open + draw() - 31.5 - (close > 8000 ? 10 : close < 5000 ? -10 : 0);
    close = std::floor(close);
    data["open"].push_back(open / 64 + offset);
    data["close"].push_back(close / 64 + offset);
    data["high"].push_back((std::max(open, close) + draw()) / 64 + offset);
    data["low"].push_back((std::min(open, close) - draw()) / 64 + offset);
    data["volume"].push_back(1000 + 10 * draw());
  }
  return data;
}
double spread(const Series& values) {
  double least = 1e300, most = -1e300;
  for (const double v : values) {
    if (!std::isnan(v)) least = std::min(least, v), most = std::max(most, v);
  }
  return most - least;
}

}  // namespace

TEST_CASE("technical.*: after the declared warm-up nothing depends on where the data begin") {
  const Columns all = wandering(900);
  const std::size_t from = 137;
  const Columns late = first_rows(all, from, 900);
  for (const Kind& kind : kinds()) {
    const Indicator indicator(kind.id, kind.params);
    const Columns one = indicator(all), other = indicator(late);
    for (std::size_t o = 0; o < indicator.outputs().size(); ++o) {
      const std::string& output = indicator.outputs()[o];
      const std::size_t warmup = indicator.warmup_of(o);
      const Series &a = one.at(output), &b = other.at(output);
      const double width = spread(a);
      double before = 0;  // the largest difference within the warm-up
      for (std::size_t t = 0; t + from < a.size(); ++t) {
        INFO(kind.id << " " << output << " row " << t << " of warm-up " << warmup);
        const double apart = std::fabs(a[t + from] - b[t]);
        if (t < warmup) {
          before = std::isnan(apart) ? 1 : std::max(before, apart / width);
        } else {
          REQUIRE(!std::isnan(b[t]));
          REQUIRE(apart <= (kind.recursive ? 5e-6 : 1e-12) * width);
        }
      }
      INFO(kind.id << " " << output);
      CHECK(before > 1e-5);  // it is no longer than needed by orders of magnitude
    }
  }
}

TEST_CASE("technical.*: row t knows rows up to t alone, bit for bit") {
  const Columns all = wandering(400);
  for (const Kind& kind : kinds()) {
    const Indicator indicator(kind.id, kind.params);
    const Columns whole = indicator(all);
    for (const std::size_t rows : {1u, 19u, 20u, 21u, 150u, 333u}) {
      const Columns part = indicator(first_rows(all, 0, rows));
      for (const std::string& output : indicator.outputs()) {
        for (std::size_t t = 0; t < rows; ++t) REQUIRE(same(part.at(output)[t], whole.at(output)[t]));
      }
    }
  }
}

TEST_CASE("technical.*: a missing row takes a window's rows, and no more") {
  const Columns all = wandering(400);
  Columns holed = all;
  for (auto& [name, values] : holed) values[200] = kNaN;
  for (const Kind& kind : kinds()) {
    const Indicator indicator(kind.id, kind.params);
    const auto warmup = static_cast<std::size_t>(indicator.warmup_rows());
    const Columns whole = indicator(all), part = indicator(holed);
    for (const std::string& output : indicator.outputs()) {
      INFO(kind.id << " " << output);
      REQUIRE(std::isnan(part.at(output)[200]));
      for (std::size_t t = 0; t < 400; ++t) {
        const double a = whole.at(output)[t], b = part.at(output)[t];
        if (t < 200 || (!kind.recursive && t > 201 + warmup)) REQUIRE((same(a, b) || std::fabs(a - b) <= 1e-12 * (1 + std::fabs(a))));
        if (kind.recursive && t > 201) REQUIRE(std::isnan(a) == std::isnan(b));
      }
    }
  }
}

TEST_CASE("technical.*: prices near 1e8 keep their digits") {
  const Columns near = wandering(600), far = wandering(600, 1e8);
  for (const Kind& kind : kinds()) {
    if (!kind.moves_along) continue;
    const Indicator indicator(kind.id, kind.params);
    const Columns one = indicator(near), other = indicator(far);
    for (const std::string& output : indicator.outputs()) {
      const double width = spread(one.at(output));
      for (std::size_t t = 0; t < 600; ++t) {
        const double a = one.at(output)[t], b = other.at(output)[t];
        INFO(kind.id << " " << output << " row " << t << ": " << a << " " << b);
        // Prices themselves have 1.5e-8 to their neighbours there.
        REQUIRE((same(a, b) || std::fabs(a - b) <= 1e-6 * width));
      }
    }
  }
  const Columns one = Indicator("technical.bollinger")(near), other = Indicator("technical.bollinger")(far);
  const Series mean = Indicator("technical.vwap").alone(near), far_mean = Indicator("technical.vwap").alone(far);
  for (std::size_t t = 19; t < 600; ++t) {
    REQUIRE(std::fabs(one.at("percent_b")[t] - other.at("percent_b")[t]) < 1e-7);
    REQUIRE(std::fabs(far_mean[t] - 1e8 - mean[t]) < 4e-8);
  }
}

TEST_CASE("technical.*: prices that do not move") {
  Columns flat;
  for (const char* name : {"open", "high", "low", "close"}) flat[name] = Series(300, 100.1);
  flat["volume"] = Series(300, 7);
  const auto last = [&](const char* id, const char* output) { return Indicator(id)(flat).at(output).back(); };
  CHECK(last("technical.rsi", "") == 50);
  CHECK(last("technical.macd", "line") == 0);
  CHECK(last("technical.stochastic", "k") == 50);
  CHECK(last("technical.williams_r", "") == -50);
  CHECK(last("technical.cci", "") == 0);
  CHECK(last("technical.mfi", "") == 50);
  CHECK(last("technical.atr", "") == 0);
  CHECK(last("technical.adx", "adx") == 0);
  CHECK(last("technical.bollinger", "percent_b") == 0.5);
  CHECK(last("technical.bollinger", "width") == 0);
  CHECK(last("technical.donchian", "percent") == 0.5);
  CHECK(last("technical.obv", "share") == 0);
  CHECK(last("technical.vwap", "") == Approx(100.1));
  CHECK(last("technical.yang_zhang", "") == 0);
  flat["volume"] = Series(300, 0);
  CHECK(std::isnan(last("technical.vwap", "")));
  CHECK(last("technical.obv", "share") == 0);
}

TEST_CASE("technical.*: lines relative to the price") {
  const Columns& data = bars();
  for (const char* id : {"technical.bollinger", "technical.keltner", "technical.donchian"}) {
    const Columns plain = Indicator(id)(data), relative = Indicator(id, {{"relative", value(true)}})(data);
    for (const char* line : {"middle", "upper", "lower"})
      CHECK(relative.at(line)[251] == Approx(plain.at(line)[251] / reference::kClose[251] - 1));
  }
  const Columns macd = Indicator("technical.macd")(data), relative = Indicator("technical.macd", {{"relative", value(true)}})(data);
  for (const char* line : {"line", "signal", "histogram"})
    CHECK(relative.at(line)[251] == Approx(macd.at(line)[251] / reference::kClose[251]));
}

TEST_CASE("technical.session_vwap: from the session's first row on, and only where its beginning was seen") {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  Columns data;
  std::vector<std::int64_t> times;
  for (int t = 0; t < 12; ++t) {
    times.push_back((20 + t) * kHour);  // four rows of the first day, eight of the second
    for (const char* name : {"high", "low", "close"}) data[name].push_back(100 + t);
    data["volume"].push_back(1 + t % 3);
  }
  const auto mean = [&](int from, int to) {
    double value = 0, volume = 0;
    for (int t = from; t <= to; ++t) value += (100 + t) * (1 + t % 3), volume += 1 + t % 3;
    return value / volume;
  };
  const Series day = Indicator("technical.session_vwap")(data, times).at("");
  for (int t = 0; t < 12; ++t) {
    INFO(t);
    if (t < 4)
      CHECK(std::isnan(day[static_cast<std::size_t>(t)]));
    else
      CHECK(day[static_cast<std::size_t>(t)] == Approx(mean(4, t)).epsilon(1e-14));
  }
  const Params from_two = {{"begins", value(2.0)}, {"longest", value(std::int64_t{3})}};
  const Series shifted = Indicator("technical.session_vwap", from_two)(data, times).at("");
  CHECK(std::isnan(shifted[5]));
  CHECK(shifted[6] == Approx(106));
  CHECK(shifted[8] == Approx(mean(6, 8)).epsilon(1e-14));
  CHECK(std::isnan(shifted[9]));  // longer than it may be
  CHECK_THROWS_WITH(Indicator("technical.session_vwap")(data), Catch::Contains("sessions need times"));
}
