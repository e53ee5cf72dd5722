// Labels made from prices: values, classes and ends against an independent implementation, what may be known of them, and purging by them.
#include <algorithm>
#include <cmath>

#include "config/builtin_components.hpp"
#include "pipeline/dataset.hpp"
#include "pipeline/split.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;

namespace {

// 40 days of prices that are exact in binary.
data::Frame prices() {
  std::vector<TimeNs> day;
  std::vector<double> open, high, low, close;
  for (std::int64_t i = 0; i < 40; ++i) {
    day.push_back(i * kNsPerDay);
    close.push_back(100 + static_cast<double>(i * 37 % 23) * 0.5 - static_cast<double>(i * i * 7 % 19) * 0.25);
    open.push_back(close.back() + 0.25 * static_cast<double>(i % 5 - 2));
    high.push_back(close.back() + static_cast<double>(i * 5 % 4) * 0.5);
    low.push_back(close.back() - static_cast<double>(i * 3 % 4) * 0.5);
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  return data::Frame::finish(
      {data::Column::of_times("day", day), data::Column::of_reals("open", open), data::Column::of_reals("high", high),
       data::Column::of_reals("low", low), data::Column::of_reals("close", close)},
      rules, notes);
}

// A panel of random walks with holes in other entities' days.
data::Frame walks(std::uint64_t seed, std::int64_t days, std::int64_t from = 1'000'000) {
  Random random(seed), later(seed + 99);
  std::vector<TimeNs> day;
  std::vector<std::int32_t> symbol;
  std::vector<double> close, extra;
  double price[3] = {100, 50, 20};
  for (std::int64_t d = 0; d < days; ++d) {
    for (int e = 0; e < 3; ++e) {
      const double move = random.normal();
      price[e] *= std::exp(0.02 * (d >= from ? later.normal() : move));
      if (random.uniform() < 0.05) continue;
      day.push_back(d * kNsPerDay);
      symbol.push_back(e);
      close.push_back(random.uniform() < 0.02 ? kMissing : price[e]);
      extra.push_back(random.normal());
    }
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  rules.entity_column = "symbol";
  return data::Frame::finish({data::Column::of_times("day", day), data::Column::of_reals("close", close),
                              data::Column::of_reals("x", extra), data::Column::of_codes("symbol", symbol, {"A", "B", "C"})},
                             rules, notes);
}

// With the defaults of what is not given.
config::Component label(const std::string& use, const config::Map& given) {
  for (const config::ComponentSpec& spec : config::builtin_components()) {
    if (spec.kind != "label" || spec.id != use) continue;
    config::Component label{use, {}, {}};
    for (const config::ParamSpec& param : spec.params) {
      const config::Value* value = config::find(given, param.name);
      label.params.emplace_back(param.name, value == nullptr ? param.fallback : *value);
    }
    return label;
  }
  FAIL("no such label");
  return {};
}
config::Value whole(std::int64_t number) { return config::Value{number}; }
config::Value real(double number) { return config::Value{number}; }
config::Value word(const char* text) { return config::Value{std::string(text)}; }

config::Experiment experiment(config::Component label, config::Task task, bool panel = false) {
  config::Experiment e;
  e.inputs.patterns = {"close"};
  e.inputs.pattern_places = {{}};
  e.target.label = std::move(label);
  e.target.task = task;
  e.data.time = config::DataSpec::Time{};
  e.data.time->column = "day";
  if (panel) e.data.entity = "symbol";
  return e;
}
Dataset built(const config::Experiment& e, const data::Frame& frame) {
  Diagnostics diagnostics;
  Dataset dataset = build_dataset(e, frame, {}, diagnostics);
  for (const Diagnostic& item : diagnostics.items())
    if (item.severity == Severity::error) FAIL(item.message);
  return dataset;
}

void check_same(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("row " << i);
    if (std::isnan(expected[i]))
      CHECK(std::isnan(got[i]));
    else
      CHECK(got[i] == Approx(expected[i]).epsilon(1e-12).margin(1e-14));
  }
}
std::vector<double> days_of(const std::vector<TimeNs>& times) {
  std::vector<double> days;
  for (const TimeNs time : times) days.push_back(time == kMissingTime ? kMissing : static_cast<double>(time / kNsPerDay));
  return days;
}
// Class numbers from sides -1, 0, 1.
std::vector<double> classes(std::vector<double> sides) {
  for (double& side : sides) side += 1;
  return sides;
}

// Written by a loop over days in numpy, with pandas for the trailing deviation: std of log(close / close.shift(1)) over 5 rows; barriers at
// begin * (1 +- multiple * deviation * sqrt(4)). plain: multiples 0.4 and 0.3 on closes; traded: 0.3 and 0.5 on highs and lows, from the
// next open, what touches neither by its sign. direction: half a deviation. log_return: log(close.shift(-4) / open.shift(-1)).
const std::vector<double> plain_side = {kMissing, kMissing, kMissing, kMissing, kMissing, 1,  -1, -1, -1, -1,       1,  -1,      1,  -1,
                                        -1,       1,        -1,       1,        -1,       -1, 1,  -1, -1, 1,        -1, 1,       -1, -1,
                                        1,        1,        1,        -1,       0,        1,  0,  1,  -1, kMissing, 1,  kMissing};
const std::vector<double> plain_gain = {kMissing,
                                        kMissing,
                                        kMissing,
                                        kMissing,
                                        kMissing,
                                        0.0498181885329478,
                                        -0.0393317720298837,
                                        -0.0377551774974066,
                                        -0.033193600058751,
                                        -0.0306658125128655,
                                        0.0442372799912563,
                                        -0.036369712218324,
                                        0.0472551448647072,
                                        -0.037042795666639,
                                        -0.0350148818063151,
                                        0.0531773086657727,
                                        -0.0425179830556435,
                                        0.0596804945338341,
                                        -0.0466413412784104,
                                        -0.0457011261248516,
                                        0.0577452077311249,
                                        -0.0377598010659096,
                                        -0.0362010082608366,
                                        0.0426725031250414,
                                        -0.0470039122098234,
                                        0.0606334148659284,
                                        -0.0471739213807925,
                                        -0.0501358527658088,
                                        0.0644359829052128,
                                        0.0571449327326554,
                                        0.0557420951302623,
                                        -0.0443447587332511,
                                        0.0383693045563549,
                                        0.0540234812180114,
                                        -0.0216867469879518,
                                        0.047594224247425,
                                        -0.0292699232075427,
                                        kMissing,
                                        0.0341042158722764,
                                        kMissing};
const std::vector<double> plain_end = {kMissing, kMissing, kMissing, kMissing, kMissing, 6,  9,  10, 9,  10,       11, 15,      13, 14,
                                       15,       16,       17,       18,       20,       20, 21, 23, 23, 24,       28, 26,      27, 28,
                                       29,       31,       31,       32,       36,       36, 38, 36, 37, kMissing, 39, kMissing};
const std::vector<double> traded_side = {kMissing, kMissing, kMissing, kMissing, kMissing, -1, 1,  -1, -1, 1,  1,        1,       -1, -1,
                                         1,        -1,       1,        -1,       -1,       1,  -1, -1, 1,  -1, 1,        -1,      -1, 1,
                                         1,        1,        -1,       -1,       1,        0,  1,  -1, 1,  1,  kMissing, kMissing};
const std::vector<double> traded_gain = {kMissing,
                                         kMissing,
                                         kMissing,
                                         kMissing,
                                         kMissing,
                                         -0.0424528301886793,
                                         0.0393317720298838,
                                         -0.0629252958290111,
                                         -0.0553226667645853,
                                         0.0306658125128654,
                                         0.0331779599934423,
                                         0.036369712218324,
                                         -0.059068931080884,
                                         -0.0617379927777317,
                                         0.0350148818063152,
                                         -0.00234192037470726,
                                         0.0425179830556437,
                                         -0.0746006181672926,
                                         -0.0373831775700935,
                                         0.0457011261248517,
                                         -0.072181509663906,
                                         -0.0629330017765158,
                                         0.0362010082608366,
                                         -0.0533406289063016,
                                         0.0470039122098234,
                                         -0.0757917685824104,
                                         -0.019559902200489,
                                         0.0501358527658087,
                                         0.0483269871789096,
                                         0.0428586995494915,
                                         -0.0696776189128279,
                                         -0.0215827338129496,
                                         0.0424657806317799,
                                         0,
                                         0.0366746920697991,
                                         -0.0594927803092811,
                                         0.0292699232075428,
                                         0.0273829524986056,
                                         kMissing,
                                         kMissing};
const std::vector<double> traded_end = {kMissing, kMissing, kMissing, kMissing, kMissing, 9,  8,  9,  10, 11, 13,       13,      15, 15,
                                        16,       19,       18,       20,       22,       21, 23, 23, 24, 25, 26,       28,      30, 29,
                                        31,       31,       33,       35,       34,       37, 36, 38, 39, 39, kMissing, kMissing};
const std::vector<double> direction = {kMissing, kMissing, kMissing, kMissing, kMissing, 0,       -1, 0,  0, 1,  1, -1, 0, -1, 0, 1, 0,
                                       0,        0,        -1,       0,        0,        1,       1,  -1, 0, -1, 0, 0,  0, 0,  0, 0, 0,
                                       0,        0,        kMissing, kMissing, kMissing, kMissing};
const std::vector<double> log_return = {-0.041318149330731,
                                        -0.00750942202213146,
                                        -0.018648559078073,
                                        0.0147061473896955,
                                        0.0800427076735364,
                                        -0.0433802956302252,
                                        -0.0575878748729612,
                                        -0.0211523750052267,
                                        0.012180418556871,
                                        0.124095825630759,
                                        0,
                                        -0.0598682493425865,
                                        -0.0230957147946494,
                                        -0.0361921285934168,
                                        0.121508502065808,
                                        -0.00234466695925413,
                                        -0.0148517581360258,
                                        -0.0254348971478216,
                                        -0.0380998462322704,
                                        -0.0409264277092175,
                                        -0.00470589103741262,
                                        -0.0171362822429872,
                                        0.129290642507863,
                                        -0.0407241902265687,
                                        -0.0430991924818521,
                                        -0.05177626952372,
                                        -0.0197537287362325,
                                        0.12607472004539,
                                        0.00240096153753827,
                                        0.00250313021811847,
                                        -0.0539403901457479,
                                        -0.0218190473946397,
                                        0.0767763006959206,
                                        0,
                                        0,
                                        -0.0116415750154858,
                                        kMissing,
                                        kMissing,
                                        kMissing,
                                        kMissing};

}  // namespace

TEST_CASE("triple_barrier: sides, returns and ends are those of an independent implementation") {
  const data::Frame frame = prices();
  const config::Component plain =
      label("triple_barrier", {{"horizon", whole(4)}, {"window", whole(5)}, {"upper", real(0.4)}, {"lower", real(0.3)}});
  const Dataset sides = built(experiment(plain, config::Task::multiclass), frame);
  check_same(sides.y, classes(plain_side));
  CHECK(sides.classes == std::vector<std::string>{"down", "flat", "up"});
  check_same(days_of(sides.label_end), plain_end);
  CHECK(sides.lead_rows == 4);
  const Dataset gains = built(experiment(plain, config::Task::regression), frame);
  check_same(gains.y, plain_gain);
  check_same(days_of(gains.label_end), plain_end);
  const Dataset ups = built(experiment(plain, config::Task::binary), frame);
  CHECK(ups.classes == std::vector<std::string>{"not up", "up"});
  for (std::size_t i = 0; i < plain_side.size(); ++i) {
    if (!std::isnan(plain_side[i])) CHECK(ups.y[i] == (plain_side[i] == 1));
  }
  const config::Component traded = label("triple_barrier", {{"horizon", whole(4)},
                                                            {"window", whole(5)},
                                                            {"upper", real(0.3)},
                                                            {"lower", real(0.5)},
                                                            {"entry", word("open")},
                                                            {"high", word("high")},
                                                            {"low", word("low")},
                                                            {"at_end", word("sign")}});
  const Dataset real_sides = built(experiment(traded, config::Task::multiclass), frame);
  check_same(real_sides.y, classes(traded_side));
  check_same(days_of(real_sides.label_end), traded_end);
  check_same(built(experiment(traded, config::Task::regression), frame).y, traded_gain);
}

TEST_CASE("direction and forward_return are the expressions that one would write") {
  const data::Frame frame = prices();
  const Dataset scaled = built(
      experiment(label("direction", {{"horizon", whole(4)}, {"threshold", real(0.5)}, {"scale", word("volatility")}, {"window", whole(5)}}),
                 config::Task::multiclass),
      frame);
  check_same(scaled.y, classes(direction));
  CHECK(scaled.classes == std::vector<std::string>{"down", "flat", "up"});
  CHECK(scaled.lead_rows == 4);
  check_same(built(experiment(label("forward_return", {{"horizon", whole(4)}, {"entry", word("open")}, {"method", word("log")}}),
                              config::Task::regression),
                   frame)
                 .y,
             log_return);
  const Dataset simple = built(experiment(label("forward_return", {{"horizon", whole(3)}}), config::Task::regression), frame);
  config::Experiment written = experiment({}, config::Task::regression);
  written.target.label.reset();
  written.target.expression = "lead(close, 3) / close - 1";
  const Dataset by_hand = built(written, frame);
  check_same(simple.y, by_hand.y);
  CHECK(simple.label_end == by_hand.label_end);
  CHECK(std::any_of(simple.notes.begin(), simple.notes.end(),
                    [](const auto& n) { return n.find("past once the row is known") != std::string::npos; }));
  const Dataset up = built(experiment(label("direction", {{"horizon", whole(3)}, {"threshold", real(0.01)}}), config::Task::binary), frame);
  for (std::size_t i = 0; i < 37; ++i) CHECK(up.y[i] == (by_hand.y[i] > 0.01));
}

// Rules 1 and 7: a label is known once its own barrier was touched, and not before.
TEST_CASE("what is known of earlier labels, where they do not end in the order of their rows") {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const data::Frame frame = walks(seed, 120);
    const Dataset d = built(
        experiment(label("triple_barrier", {{"horizon", whole(8)}, {"window", whole(10)}, {"upper", real(0.5)}, {"lower", real(0.5)}}),
                   config::Task::regression, true),
        frame);
    bool disorder = false;
    for (std::int32_t e = 0; e < 3; ++e) {
      const auto rows = frame.rows_of_entity(e);
      TimeNs longest = kMissingTime;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        double latest = kMissing;  // in words: of the earlier rows whose labels have ended by now, the one that ended last
        TimeNs ended = kMissingTime;
        for (std::size_t j = 0; j < i; ++j) {
          const auto earlier = static_cast<std::size_t>(rows[j]);
          const TimeNs end = d.label_end[earlier];
          if (std::isnan(d.y[earlier]) || end > frame.known_at()[static_cast<std::size_t>(rows[i])] || end < ended) continue;
          ended = end;
          latest = d.y[earlier];
        }
        const double told = d.last_known_target[static_cast<std::size_t>(rows[i])];
        CHECK((std::isnan(latest) ? std::isnan(told) : told == latest));
        const auto row = static_cast<std::size_t>(rows[i]);
        if (std::isnan(d.y[row])) continue;
        disorder = disorder || (longest != kMissingTime && d.label_end[row] < longest);
        longest = std::max(longest, d.label_end[row]);
        CHECK(d.label_end[row] > frame.known_at()[row]);
      }
    }
    CHECK(disorder);
  }
}

TEST_CASE("a label hangs on no price after its end") {
  const config::Component barrier =
      label("triple_barrier", {{"horizon", whole(8)}, {"window", whole(10)}, {"upper", real(0.4)}, {"lower", real(0.4)}});
  constexpr std::int64_t kCut = 80;
  const data::Frame full = walks(3, 120), other = walks(3, 120, kCut);
  const config::Experiment e = experiment(barrier, config::Task::regression, true);
  const Dataset a = built(e, full), b = built(e, other);
  REQUIRE(a.rows() == b.rows());
  std::int64_t early = 0, moved = 0;
  for (std::size_t row = 0; row < a.y.size(); ++row) {
    if (std::isnan(a.y[row])) continue;
    if (a.label_end[row] < kCut * kNsPerDay) {
      CHECK(a.y[row] == b.y[row]);
      CHECK(a.label_end[row] == b.label_end[row]);
      early += full.known_at()[row] + 8 * kNsPerDay >= kCut * kNsPerDay;  // the horizon reaches past the cut, the label does not
    } else if (a.y[row] != b.y[row]) {
      ++moved;
    }
  }
  CHECK(early > 0);
  CHECK(moved > 0);
}

TEST_CASE("a label is there once its barrier is touched: data cut later do not change it") {
  const config::Component barrier =
      label("triple_barrier", {{"horizon", whole(8)}, {"window", whole(10)}, {"upper", real(0.4)}, {"lower", real(0.4)}});
  const config::Experiment e = experiment(barrier, config::Task::regression, true);
  const data::Frame full = walks(2, 120);
  const Dataset all = built(e, full);
  for (const std::int64_t cut : {60, 90, 113}) {
    std::int64_t rows = 0, early = 0;
    while (full.known_at()[static_cast<std::size_t>(rows)] <= cut * kNsPerDay) ++rows;
    const Dataset some = built(e, walks(2, cut + 1));
    REQUIRE(some.rows() == rows);
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      const bool ended = !std::isnan(all.y[row]) && all.label_end[row] <= cut * kNsPerDay;
      CHECK(std::isnan(some.y[row]) == !ended);
      if (ended) CHECK((some.y[row] == all.y[row] && some.label_end[row] == all.label_end[row]));
      const double a = some.last_known_target[row], b = all.last_known_target[row];
      CHECK((std::isnan(a) ? std::isnan(b) : a == b));
      early += ended && full.known_at()[row] + 8 * kNsPerDay > cut * kNsPerDay;
    }
    CHECK(early > 0);
    CHECK(std::any_of(some.notes.begin(), some.notes.end(),
                      [](const auto& note) { return note.find("only because a barrier was touched before") != std::string::npos; }));
  }
}

// Lopez de Prado 2018, ch. 7: what is purged is what a label spans, not the longest that it could have spanned.
TEST_CASE("train rows are purged by where their barrier was touched") {
  const data::Frame frame = walks(5, 200);
  config::Experiment e =
      experiment(label("triple_barrier", {{"horizon", whole(10)}, {"window", whole(10)}, {"upper", real(0.5)}, {"lower", real(0.5)}}),
                 config::Task::regression, true);
  e.split.use = "purged_k_fold";
  e.split.folds = 4;
  const Dataset d = built(e, frame);
  Diagnostics diagnostics;
  const Folds folds = make_folds(e.split, d, SeedTree(1), "", diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  std::int64_t kept_early = 0;
  for (const Fold& fold : folds.folds) {
    const TimeNs begin = frame.known_at()[static_cast<std::size_t>(fold.test.front())];
    TimeNs end = kMissingTime;
    for (const std::int64_t row : fold.test) end = std::max(end, d.label_end[static_cast<std::size_t>(row)]);
    for (const std::int64_t row : fold.train) {
      const auto r = static_cast<std::size_t>(row);
      CHECK((d.label_end[r] < begin || frame.known_at()[r] > end));
      if (frame.known_at()[r] < begin && frame.known_at()[r] + 10 * kNsPerDay >= begin) ++kept_early;
    }
  }
  CHECK(kept_early > 0);
}

TEST_CASE("labels name the columns that they lack") {
  Diagnostics diagnostics;
  build_dataset(
      experiment(label("triple_barrier", {{"horizon", whole(4)}, {"price", word("closed")}, {"high", word("hi")}}), config::Task::binary),
      prices(), {}, diagnostics);
  REQUIRE(diagnostics.items().size() == 2);
  CHECK(diagnostics.items()[0].message == "there is no column `closed` in the data");
  CHECK(diagnostics.items()[0].mend == "did you mean close?");
  CHECK(diagnostics.items()[0].key == "target.label.price");
  CHECK(diagnostics.items()[1].key == "target.label.high");
}
