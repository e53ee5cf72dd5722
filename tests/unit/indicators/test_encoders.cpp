// The encoders that ship, against figures computed otherwise.
#include <numeric>

#include "indicator.hpp"

using namespace assay;
using planted::Params;
using planted::Series;
using planted::shipped;

namespace {

assay_array array_of(void* data, std::uint16_t dtype, std::size_t size) {
  assay_array array{};
  array.dtype = dtype;
  array.rank = 1;
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  array.shape[0] = static_cast<std::int64_t>(size);
  array.stride[0] = 1;
  array.data = data;
  return array;
}

// One column of numbers or texts, and what an encoder makes of it.
class Encoder {
 public:
  Encoder(const std::string& id, Params params, Series numbers) : numbers_(std::move(numbers)), feature_(made(id, std::move(params))) {
    column_.kind = ASSAY_COLUMN_NUMBER;
    column_.values = array_of(numbers_.data(), ASSAY_F64, numbers_.size());
  }
  Encoder(const std::string& id, Params params, const std::vector<std::string>& levels, std::vector<std::int32_t> codes)
      : feature_(made(id, std::move(params))) {
    set(levels, std::move(codes));
  }
  void set(const std::vector<std::string>& levels, std::vector<std::int32_t> codes) {
    texts_ = levels;
    codes_ = std::move(codes);
    levels_.clear();
    for (const std::string& level : texts_) levels_.push_back({level.data(), level.size()});
    column_.kind = ASSAY_COLUMN_CATEGORY;
    column_.values = array_of(codes_.data(), ASSAY_I32, codes_.size());
    column_.levels = levels_.data();
    column_.n_levels = levels_.size();
  }
  Series learn(const Series& target, std::uint32_t task, const std::vector<std::int32_t>& fold, std::int64_t folds) {
    assay_fit_rows rows{sizeof(assay_fit_rows), task, task == ASSAY_TASK_REGRESSION ? 0 : 2, target.data(), fold.data(), nullptr, folds};
    return feature_.learn(frame(), rows, {});
  }
  Series learn_in_time(const Series& target, const std::vector<std::int64_t>& time, const std::vector<std::int64_t>& end) {
    assay_fit_rows rows{sizeof(assay_fit_rows), ASSAY_TASK_REGRESSION, 0, target.data(), nullptr, end.data(), 0};
    assay_frame view = frame();
    view.time_ns = time.data();
    return feature_.learn(view, rows, {});
  }
  Series transform() { return feature_.transform(frame(), {}); }
  plugin::Feature& feature() { return feature_; }

 private:
  static plugin::Feature made(const std::string& id, Params params) {
    params.emplace_back("columns", config::Value{config::List{config::Value{std::string("x")}}});
    return {shipped().component("feature", id), params};
  }
  assay_frame frame() {
    column_.struct_size = sizeof column_;
    column_.name = {"x", 1};
    pointer_ = &column_;
    return {sizeof(assay_frame), 1, column_.values.shape[0], &pointer_, nullptr, nullptr};
  }
  Series numbers_;
  std::vector<std::int32_t> codes_;
  std::vector<std::string> texts_;
  std::vector<assay_text> levels_;
  assay_column column_{};
  const assay_column* pointer_ = nullptr;
  plugin::Feature feature_;
};

bool same(const Series& a, const Series& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::isnan(a[i]) && std::isnan(b[i])) && !(std::fabs(a[i] - b[i]) < 1e-12)) return false;
  return true;
}

const std::vector<std::string> kLevels = {"a", "b", "c"};
const std::vector<std::int32_t> kCodes = {0, 0, 1, 1, 1, 0, 2, 2, -1, 0};
const Series kTarget = {1, 0, 1, 1, 0, 1, 0, 0, 1, 0};

}  // namespace

// x = ["a","a","b","b","b","a","c","c","m","a"]; y = [1,0,1,1,0,1,0,0,1,0]; m = np.mean(y)
// {l: (sum(y[x == l]) + 2 * m) / (sum(x == l) + 2) for l in "abcm"}  (scikit-learn's TargetEncoder(smooth=2), missing as a level)
TEST_CASE("encode.target: smoothed means of levels, those of other folds for train rows") {
  Encoder encoder("encode.target", {{"smoothing", {2.0}}}, kLevels, kCodes);
  const std::vector<std::int32_t> fold = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  const Series train = encoder.learn(kTarget, ASSAY_TASK_BINARY, fold, 2);
  const double a = 0.5, b = 0.6, c = 0.25, missing = 2.0 / 3;
  CHECK(same(encoder.transform(), {a, a, b, b, b, a, c, c, missing, a}));
  // Fold 0 is told by rows 5 .. 9: mean 2/5, a has 1 of 2, b none. Fold 1 by rows 0 .. 4: mean 3/5, a 1 of 2, b 2 of 3, c and missing none.
  const double a0 = (1 + 0.8) / 4, b0 = 0.4, a1 = (1 + 1.2) / 4;
  CHECK(same(train, {a0, a0, b0, b0, b0, a1, 0.6, 0.6, 0.6, a1}));

  const plugin::StateEntries state = encoder.feature().save({});
  Encoder other("encode.target", {{"smoothing", {2.0}}}, {"c", "new", "a"}, {0, 1, 2, -1});
  other.feature().load(state, {});
  CHECK(same(other.transform(), {c, 0.5, a, missing}));  // levels by their texts, an unknown one has the mean of all
}

TEST_CASE("encode.target: with time a row knows the labels that ended before it") {
  Encoder encoder("encode.target", {{"smoothing", {0.0}}}, {"a", "b"}, {0, 1, 0, 0, 1, 0});
  const Series train = encoder.learn_in_time({1, 2, 3, 4, 5, 6}, {10, 20, 30, 40, 50, 60}, {25, 35, 40, 55, 60, 70});
  // Known at 30: row 0; at 40: rows 0, 1 (that of row 2 ends at 40: not yet); at 50: rows 0 - 2; at 60: rows 0 - 3.
  CHECK(same(train, {planted::kNaN, planted::kNaN, 1, 1, 2, 8.0 / 3}));
  CHECK(same(encoder.transform(), {3.5, 3.5, 3.5, 3.5, 3.5, 3.5}));
}

TEST_CASE("encode.ordinal: levels of train rows by text, number or frequency") {
  Encoder texts("encode.ordinal", {}, {"z", "never", "b"}, {0, 2, 2, -1});
  texts.learn({0, 0, 0, 0}, ASSAY_TASK_BINARY, {0, 0, 0, 0}, 1);
  CHECK(same(texts.transform(), {1, 0, 0, planted::kNaN}));
  texts.set({"never", "z"}, {0, 1});
  CHECK(same(texts.transform(), {-1, 1}));
  Encoder numbers("encode.ordinal", {}, Series{10, 9, 9, -2});
  numbers.learn({0, 0, 0, 0}, ASSAY_TASK_BINARY, {0, 0, 0, 0}, 1);
  CHECK(same(numbers.transform(), {2, 1, 1, 0}));
  Encoder frequent("encode.ordinal", {{"by_frequency", {true}}}, Series{10, 9, 9, -2});
  frequent.learn({0, 0, 0, 0}, ASSAY_TASK_BINARY, {0, 0, 0, 0}, 1);
  CHECK(same(frequent.transform(), {2, 0, 0, 1}));
}

// one = np.array([20, 10, 5, 15]); zero = np.array([30, 60, 80, 30]); p, q = one / one.sum(), zero / zero.sum()
// np.log(p / q), ((p - q) * np.log(p / q)).sum()
TEST_CASE("encode.woe: weights of levels, missing and special values, and the information value") {
  Series x, y;
  const auto add = [&](double value, int ones, int zeros) {
    for (int i = 0; i < ones + zeros; ++i) {
      x.push_back(value);
      y.push_back(i < ones ? 1 : 0);
    }
  };
  add(1, 20, 30);
  add(2, 10, 60);
  add(-999, 5, 80);
  add(planted::kNaN, 15, 30);
  Encoder encoder("encode.woe",
                  {{"added", {1e-9}}, {"special", {config::List{config::Value{-999.0}}}}, {"binning", {std::string("quantile")}}}, x);
  std::vector<std::int32_t> fold;
  for (std::size_t i = 0; i < x.size(); ++i) fold.push_back(static_cast<std::int32_t>(i % 5));
  encoder.learn(y, ASSAY_TASK_BINARY, fold, 5);
  const Series told = encoder.transform();
  CHECK(told[0] == Approx(0.9808292530).epsilon(1e-8));
  CHECK(told[50] == Approx(-0.4054651081).epsilon(1e-8));
  CHECK(told[120] == Approx(-1.3862943611).epsilon(1e-8));
  CHECK(told[205] == Approx(0.6931471806).epsilon(1e-8));
  const std::string report = encoder.feature().report();
  CHECK(std::stod(report.substr(report.find("\"iv\": ") + 6)) == Approx(0.8056142094837071).epsilon(1e-8));
  CHECK_THROWS_AS(encoder.learn(y, ASSAY_TASK_REGRESSION, fold, 5), plugin::ComponentError);
}

TEST_CASE("encode.woe: monotone bins fall or rise, and no way to cut has a larger information value") {
  // Shares of ones by value: up, down, up. Every way to cut nine values into at most three bins is tried here.
  const std::vector<int> ones = {1, 2, 6, 5, 3, 4, 9, 8, 9}, rows = {10, 12, 10, 11, 10, 12, 10, 10, 11};
  Series x, y;
  for (std::size_t v = 0; v < ones.size(); ++v)
    for (int i = 0; i < rows[v]; ++i) {
      x.push_back(static_cast<double>(v));
      y.push_back(i < ones[v] ? 1 : 0);
    }
  const double all = static_cast<double>(x.size()), all_ones = std::accumulate(y.begin(), y.end(), 0.0);
  const auto best = [&](bool rising) {
    double most = 0;
    for (std::size_t i = 1; i <= 9; ++i)
      for (std::size_t j = i; j <= 9; ++j) {
        double value = 0, before = -1;
        bool allowed = true;
        for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, i}, {i, j}, {j, 9}}) {
          if (from == to) continue;
          double n = 0, one = 0;
          for (std::size_t v = from; v < to; ++v) {
            n += rows[v];
            one += ones[v];
          }
          allowed = allowed && (!rising || one / n >= before);
          before = one / n;
          value +=
              (one / all_ones - (n - one) / (all - all_ones)) * std::log(((one + 0.5) / all_ones) / ((n - one + 0.5) / (all - all_ones)));
        }
        if (allowed) most = std::max(most, value);
      }
    return most;
  };
  for (const bool rising : {false, true}) {
    Encoder encoder("encode.woe",
                    {{"bins", {std::int64_t{3}}}, {"least_share", {0.0}}, {"monotone", {std::string(rising ? "rising" : "none")}}}, x);
    std::vector<std::int32_t> fold;
    for (std::size_t i = 0; i < x.size(); ++i) fold.push_back(static_cast<std::int32_t>(i % 5));
    encoder.learn(y, ASSAY_TASK_BINARY, fold, 5);
    const std::string report = encoder.feature().report();
    CHECK(std::stod(report.substr(report.find("\"iv\": ") + 6)) == Approx(best(rising)).epsilon(1e-10));
  }
}
