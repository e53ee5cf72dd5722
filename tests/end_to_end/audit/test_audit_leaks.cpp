// `assay audit` through the program: exit codes, what it prints, and planted leaks beside their clean twins.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "base/random.hpp"
#include "program.hpp"
#include "support/catch.hpp"

using namespace figures_test;

namespace {

using Values = std::vector<double>;
using Column = std::function<double(const Values& close, std::size_t row)>;

Values walk(std::size_t rows) {
  assay::Random random(5);
  Values out;
  double level = 100;
  for (std::size_t i = 0; i < rows; ++i) out.push_back(level *= std::exp(0.002 * random.normal()));
  return out;
}

// One row an hour; `e` is one more column, missing where it is NaN, and `x` has holes.
std::string hours(const Column& e, std::size_t rows = 1920) {
  const Values close = walk(rows);
  assay::Random random(9);
  std::string text = "time,close,x,e\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const double value = e(close, i);
    const bool hole = random.uniform() < 0.1;
    text += fmt::format("{},{:.17g},{},{}\n", assay::to_iso(static_cast<std::int64_t>(i) * 3600 * assay::kNsPerSecond), close[i],
                        hole ? "" : fmt::format("{:.17g}", random.normal()), std::isnan(value) ? "" : fmt::format("{:.17g}", value));
  }
  return text;
}
double nothing(const Values&, std::size_t row) { return static_cast<double>((row * 7919) % 1009); }

std::string experiment_on(const std::string& features, const std::string& inputs, const std::string& more = "") {
  return "assay: 1\nname: audited\nseed: 1\ndata: {source: csv, path: data.csv, time: {column: time}}\nfeatures: {ret: \"close / "
         "lag(close, 1) - "
         "1\"" +
         features + "}\ninputs: " + inputs +
         "\ntarget: {expr: \"lead(close, 1) / close - 1\", task: regression}\n"
         "split: {use: walk_forward, train: 600, validation: 200, test: 300}\n"
         "prepare: [{use: missing, method: mean}, {use: scale, method: standard}]\nmodel: {use: linear.ridge}\n"
         "evaluate: {metrics: [rmse], baselines: [no_change]}\n" +
         more;
}

struct Heard {
  int code;
  Json report;
  std::string text;
  const Json* of(const std::string& test) const {
    for (const Json& one : report.at("tests"))
      if (one.at("test") == test) return &one;
    return nullptr;
  }
};
Heard audit(const Program& assay, const std::string& file, const std::string& more = "") {
  const Program::Said said = assay.say("audit '" + assay.write("experiment.yaml", file) + "' " + more + " --json");
  Heard heard{said.code, {}, said.out + said.err};
  if (said.code == 0 || said.code == 4) heard.report = Json::parse(said.out);
  return heard;
}

}  // namespace

TEST_CASE("Feature plugins that look ahead are named with row and amount, and a good one is not") {
  const Program assay;
  assay.write("data.csv", hours(nothing));
  const auto plugin = [&](const std::string& id, const std::string& file) {
    return audit(assay, experiment_on(", f: {use: " + id + ", input: x, n: 3}", "[ret, f]"),
                 "--plugins " BAD_PLUGINS "/bad_" + file + ".so");
  };
  for (const std::string name : {"looks_ahead", "scales_sample", "fills_back"}) {
    const Heard heard = plugin("bad." + name, name);
    INFO(heard.text);
    REQUIRE(heard.code == 4);
    CHECK_FALSE(heard.report.at("clean").get<bool>());
    for (const char* test : {"truncation", "perturbation"}) {
      const Json& findings = heard.of(test)->at("findings");
      REQUIRE(findings.size() == 1);
      CHECK(findings[0].at("culprit") == "feature `f`");
      CHECK(findings[0].at("row").get<int>() > 0);
      CHECK(findings[0].at("time").is_string());
      CHECK(findings[0].at("count").get<int>() > 0);
    }
  }
  const Heard two = audit(assay, experiment_on(", f: {use: bad.looks_ahead, input: close}, g: \"lag(f, 1) / f\"", "[ret, g]"),
                          "--plugins " BAD_PLUGINS "/bad_looks_ahead.so");
  INFO(two.text);
  REQUIRE(two.of("truncation")->at("findings").size() == 2);
  CHECK(two.of("truncation")->at("findings")[1].at("mend") == "mend `f` first, which it reads");
  const Heard warm_up = plugin("bad.wrong_warm_up", "wrong_warm_up");
  INFO(warm_up.text);
  CHECK(warm_up.code == 4);
  CHECK(warm_up.of("warm-up")->at("findings").size() == 1);
  const Heard good = plugin("good.moving", "good");
  INFO(good.text);
  CHECK(good.code == 0);
  CHECK(good.report.at("clean").get<bool>());
}

TEST_CASE("An encoder that tells train rows their own labels is named, and the same one with cross-fitting is not") {
  const Program assay;
  assay.write("data.csv", hours([](const Values&, std::size_t row) { return static_cast<double>(row * 7919 % 13); }));
  const auto encoded = [&](const std::string& more) {
    return audit(assay, experiment_on(", rate: {use: encode.target, columns: [e], smoothing: 1" + more + "}", "[ret, rate.e]"));
  };
  const Heard clean = encoded("");
  INFO(clean.text);
  REQUIRE(clean.code == 0);
  CHECK(clean.of("own label")->at("status") == "clean");
  const Heard leak = encoded(", cross_fitting: false");
  INFO(leak.text);
  REQUIRE(leak.code == 4);
  CHECK(leak.of("own label")->at("status") == "found");
  CHECK(leak.text.find("rate.e") != std::string::npos);
}

TEST_CASE("Columns that know what comes are found in the file, and their twins are not") {
  constexpr std::size_t kDay = 24;
  const auto day_close = [](const Values& close, std::size_t row, std::size_t days_back) {
    const std::size_t day = row / kDay;
    return day < days_back ? std::nan("") : close[(day - days_back) * kDay + kDay - 1];
  };
  struct Leak {
    const char* name;
    Column leaking, clean;
  };
  const Leak leaks[] = {
      {"a one-row shift", [](const Values& c, std::size_t i) { return i + 1 < c.size() ? c[i + 1] / c[i] - 1 : std::nan(""); },
       [](const Values& c, std::size_t i) { return i > 0 ? c[i] / c[i - 1] - 1 : std::nan(""); }},
      {"a centred window",
       [](const Values& c, std::size_t i) { return i > 0 && i + 1 < c.size() ? (c[i - 1] + c[i] + c[i + 1]) / c[i] : std::nan(""); },
       [](const Values& c, std::size_t i) { return i > 1 ? (c[i - 2] + c[i - 1] + c[i]) / c[i] : std::nan(""); }},
      {"resampling labelled on the wrong side: the day's close from its first hour on",
       [&](const Values& c, std::size_t i) { return day_close(c, i, 0); },
       [&](const Values& c, std::size_t i) { return day_close(c, i, 1); }},
      {"bars of another venue stamped at their start",
       [](const Values& c, std::size_t i) {
         return i + 1 < c.size() ? c[i + 1] * (1 + 1e-4 * std::sin(static_cast<double>(i * i))) : std::nan("");
       },
       [](const Values& c, std::size_t i) { return c[i] * (1 + 1e-4 * std::sin(static_cast<double>(i * i))); }},
  };
  const Program assay;
  for (const Leak& leak : leaks) {
    for (const bool leaks_now : {true, false}) {
      assay.write("data.csv", hours(leaks_now ? leak.leaking : leak.clean));
      const Heard heard = audit(assay, experiment_on("", "[ret, e]"));
      INFO(leak.name << (leaks_now ? " leaking" : " clean") << heard.text);
      REQUIRE(heard.code == (leaks_now ? 4 : 0));
      if (leaks_now) CHECK(heard.of("label probe")->at("findings").at(0).at("culprit") == "input `e`");
    }
  }
}

TEST_CASE("A clean audit tells what it did and what it cannot see; a search's choices are looked at") {
  const Program assay;
  assay.write("data.csv", hours(nothing));
  const std::string search =
      "search: {use: random, trials: 4, objective: {metric: rmse, rows: validation, goal: minimize}, space: {model.l2: {min: "
      "0.001, max: 10, scale: log}}}\n";
  const std::string file = assay.write("clean.yaml", experiment_on(", m: \"mean(close, 24) / close\"", "[ret, m]", search));
  const Program::Said said = assay.say("audit clean.yaml --draws 50");
  INFO(said.out << said.err);
  CHECK(said.code == 0);
  for (const char* text : {"no findings", "truncation", "by stretches, 50", "choices of a search", "not covered vintages", "survivorship"})
    CHECK(said.out.find(text) != std::string::npos);
  CHECK(assay.say("audit clean.yaml --draws 50").out == said.out);
  const Program::Said once = assay.say("audit clean.yaml --draws 2 --cuts 0 --set search.scope=once --set split.final_test=200");
  INFO(once.out << once.err);
  CHECK(once.code == 0);
  CHECK(once.out.find("and the final test, 1 choice of a search") != std::string::npos);
}

TEST_CASE("Options, help and faults of the verb") {
  const Program assay;
  CHECK(assay.say("audit --help").out.find("assay audit experiments/") != std::string::npos);
  CHECK(assay.say("audit").code == 1);
  assay.write("data.csv", hours(nothing));
  assay.write("experiment.yaml", experiment_on("", "[ret, e]"));
  CHECK(assay.say("audit experiment.yaml --draws 1").code == 1);
  CHECK(assay.say("audit experiment.yaml --set model.l2=-1").code == 1);
  CHECK(assay.say("audit experiment.yaml --set data.path=none.csv").code == 2);
}
