// `assay explain` on real runs: the simulator's true effects are found, contributions add up to stored forecasts, what is stored is printed
// again, and nothing hangs on threads or isolation.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// Straight log-odds in columns that a logistic regression sees: its coefficients are the simulator's.
std::string credit_file(const std::string& models, const std::string& more = "") {
  return "assay: 1\nname: explained\nseed: 7\ndata: {source: sim.credit, rows: 20000, seed: 1, nonlinearity: 0, missing: 0}\n"
         "features:\n  use: log(utilisation / (1 - utilisation)) / 1.2\n  wealth: (log(income) - 10.3) / 0.3\n"
         "  debt: log(debt_to_income / 0.35) / 0.3\n  history: log(credit_age / 9) / 0.6\n  late: least(late_payments, 5)\n"
         "  employed: least(employment_years, 15)\n  size: log(loan_amount)\n"
         "inputs: [use, wealth, debt, history, late, employed, size, age, home, purpose, segment, guarantor]\n"
         "target: {column: default, task: binary}\nprotected: [sex]\nsplit: {use: stratified, test: 0.3}\n"
         "prepare: [{use: one_hot}, {use: scale}]\n" +
         models + more + "evaluate: {metrics: [auc, log_loss], baselines: [prior]}\n";
}

double number(const Json& json, const char* name) { return json.at(name).get<double>(); }

std::map<std::string, double> by_name(const Json& list, const char* what) {
  std::map<std::string, double> out;
  for (const Json& one : list) out[one.at("name").get<std::string>()] = number(one, what);
  return out;
}

double log_odds(double p) { return std::log(p / (1 - p)); }

// What the run stored, by row, of a model.
std::map<std::int64_t, double> stored(const Folder& folder, const std::string& model) {
  std::map<std::int64_t, double> out;
  const Result shown = folder.assay({"runs", "show", "last", "--predictions", "--csv"});
  REQUIRE(shown.code == 0);
  for (const std::string& line : lines_of(shown.out)) {
    const auto cells = cells_of(line);
    if (cells[0] == model && cells[3] == "test") out[std::stoll(cells[4])] = std::stod(cells[9]);
  }
  return out;
}

void check_sums(const Json& explained, double tolerance) {
  for (const Json& row : explained.at("rows")) {
    double sum = 0;
    for (const Json& f : row.at("features")) sum += number(f, "contribution");
    CHECK(std::abs(number(row, "score") - number(row, "base") - sum) < tolerance);
    if (!row.contains("lags")) continue;
    double lags = 0;
    for (const Json& l : row.at("lags")) lags += number(l, "contribution");
    CHECK(std::abs(lags - sum) < tolerance);
  }
}

std::string market_file(const std::string& more) {
  return "assay: 1\nname: market\nseed: 3\ndata: {source: sim.market, days: 500, seed: 1, signal: 0.05" + more +
         "}\ninputs: {columns: [momentum, value, noise], lookback: 5}\ntarget: {expr: 'lead(close, 1) / close - 1', task: regression}\n"
         "split: {use: walk_forward, train: 250, test: 60, final_test: 60}\nprepare: [{use: scale}]\n"
         "models: {ridge: {use: linear.ridge}, gru: {use: neural.gru, units: 4}}\ntrain: {epochs: 2}\n"
         "evaluate: {metrics: [rmse], baselines: [no_change]}\n";
}

}  // namespace

TEST_CASE("the simulator's effects are found in their order, and what has none gets next to nothing") {
  Folder folder;
  folder.write("e.yaml", credit_file("model: {use: linear.logistic}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Result done = folder.assay({"explain", "last", "--json", "--rows", "4000"});
  INFO(done.err);
  REQUIRE(done.code == 0);
  const Json all = done.json();
  REQUIRE(all.size() == 3);

  const auto drop = by_name(all[0].at("features"), "drop");
  CHECK(drop.size() == 12);  // a category's columns are one feature
  for (const char* strong : {"use", "wealth", "debt", "late", "history"}) {
    CHECK(drop.at(strong) > 0.004);
    for (const char* none : {"size", "age"}) CHECK(std::abs(drop.at(none)) < 0.1 * drop.at(strong));
  }

  // Coefficients of the simulator, over the features' deviations: |coefficient x (value - mean)| on average.
  const Json& shapley = all[1];
  CHECK(shapley.at("kind") == "exact: the model is linear");
  check_sums(shapley, 1e-9);
  const auto size = by_name(shapley.at("features"), "size");
  CHECK(size.at("use") > size.at("wealth"));
  CHECK(size.at("wealth") > size.at("debt"));
  CHECK(size.at("debt") > size.at("history"));
  CHECK(size.at("size") < 0.15 * size.at("use"));
  CHECK(size.at("age") < 0.15 * size.at("use"));
  std::map<std::string, std::pair<double, double>> slope;  // sums of products, of squares
  for (const Json& row : shapley.at("rows"))
    for (const Json& f : row.at("features")) {
      const auto name = f.at("name").get<std::string>();
      if (name != "use" && name != "debt") continue;
      const double value = std::stod(f.at("value").get<std::string>());  // both have about a mean of 0
      slope[name].first += value * number(f, "contribution");
      slope[name].second += value * value;
    }
  CHECK(std::abs(slope.at("use").first / slope.at("use").second - 0.60) < 0.08);
  CHECK(std::abs(slope.at("debt").first / slope.at("debt").second - 0.40) < 0.08);

  const auto forecasts = stored(folder, "model");
  for (std::size_t i = 0; i < 50; ++i) {
    const Json& row = shapley.at("rows")[i];
    const double p = forecasts.at(row.at("row").get<std::int64_t>());
    CHECK(number(row, "score") == Approx(log_odds(p)).epsilon(1e-9));
    CHECK(row.at("forecast")[0].get<double>() == Approx(p).epsilon(1e-12));
  }

  for (const Json& f : all[2].at("features")) {  // dependence rises and falls as the simulator has it
    std::vector<double> mean;
    for (const Json& m : f.at("mean")) mean.push_back(m.get<double>());
    if (f.at("name") == "use" || f.at("name") == "late") CHECK(std::is_sorted(mean.begin(), mean.end()));
    if (f.at("name") == "wealth" || f.at("name") == "employed") CHECK(std::is_sorted(mean.rbegin(), mean.rend()));
    if (f.at("name") == "home") CHECK(f.at("at").size() == 3);
    CHECK(f.at("curves").size() == 50);
  }
}

TEST_CASE("a network by sampled Shapley values and by gradients: the same story, the same bits, stored") {
  Folder folder;
  folder.write("e.yaml", credit_file("model: {use: neural.mlp, hidden: [8], dropout: 0.2}\ntrain: {epochs: 4}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const std::vector<std::string> ask{"explain", "last", "--json", "--method", "shapley", "--method", "gradients", "--rows", "40"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = ask;
    words.insert(words.end(), more.begin(), more.end());
    const Result done = folder.assay(words);
    INFO(done.err);
    REQUIRE(done.code == 0);
    return done.out;
  };
  const std::string one = with({"--workers", "1"});
  CHECK(with({}) == one);
  CHECK(with({"--workers", "3", "--again"}) == one);
  const Json all = Json::parse(one);
  check_sums(all[0], 1e-9);
  CHECK(all[0].at("kind") == "sampled");
  check_sums(all[1], 0.05);
  CHECK(number(all[1], "largest_gap") < 0.05);
  const auto sampled = by_name(all[0].at("features"), "size"), path = by_name(all[1].at("features"), "size");
  for (const auto& [name, size] : sampled) CHECK(std::abs(size - path.at(name)) < 0.15);
  CHECK(sampled.at("use") > 5 * sampled.at("age"));
  const auto forecasts = stored(folder, "model");
  for (const Json& row : all[0].at("rows")) {
    CHECK(number(row, "score") == Approx(log_odds(forecasts.at(row.at("row").get<std::int64_t>()))).epsilon(1e-6));
    CHECK(row.at("features")[0].at("error").get<double>() > 0);
  }
  // A row alone is what it is among others, and what is stored needs nothing but the store.
  const Json& third = all[0].at("rows")[3];
  const std::string row = std::to_string(third.at("row").get<std::int64_t>());
  const Json alone = folder.assay({"explain", "last", "--json", "--method", "shapley", "--row", row}).json();
  CHECK(alone.at("rows")[0] == third);
  const Result text = folder.assay({"explain", "last", "--row", row});
  CHECK(text.code == 0);
  CHECK_THAT(text.out, Catch::Contains("row " + row) && Catch::Contains("Main reasons towards 1") && Catch::Contains("(typical: "));
}

TEST_CASE("reasons: at most four, strongest first, none that most others share, and a proxy is named") {
  Folder folder;
  folder.write("e.yaml", credit_file("model: {use: linear.logistic}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Json all = folder.assay({"explain", "last", "--json", "--method", "reasons", "--rows", "300"}).json();
  CHECK(all.at("adverse") == "1");
  std::size_t four = 0;
  for (const Json& row : all.at("rows")) {
    double before = INFINITY;  // pushes are measured from the mean of the others, typical is their median: 0.05 of a deviation between them
    four += row.at("reasons").size() == 4;
    REQUIRE(row.at("reasons").size() <= 4);
    for (const Json& reason : row.at("reasons")) {
      CHECK(number(reason, "push") > 0);
      CHECK(number(reason, "push") <= before);
      before = number(reason, "push");
      CHECK(reason.at("value") != reason.at("typical"));
      CHECK_FALSE(reason.contains("goes_with"));
      if (reason.at("name") == "use")
        CHECK(std::stod(reason.at("value").get<std::string>()) > std::stod(reason.at("typical").get<std::string>()) - 0.05);
      if (reason.at("name") == "wealth")
        CHECK(std::stod(reason.at("value").get<std::string>()) < std::stod(reason.at("typical").get<std::string>()) + 0.05);
    }
  }
  CHECK(four > 200);
  const Json other = folder.assay({"explain", "last", "--json", "--method", "reasons", "--rows", "300", "--class", "0"}).json();
  for (const Json& row : other.at("rows"))
    for (const Json& reason : row.at("reasons"))
      if (reason.at("name") == "use")
        CHECK(std::stod(reason.at("value").get<std::string>()) < std::stod(reason.at("typical").get<std::string>()) + 0.05);
  // credit_age rises with age: with age protected, its history is a proxy.
  folder.write(
      "p.yaml",
      credit_file("model: {use: linear.logistic}\n").replace(credit_file("").find("protected: [sex]"), 16, "protected: [credit_age]"));
  const Result refused = folder.assay({"run", "p.yaml"});
  CHECK(refused.code == 1);  // history reads it
  std::string proxy = credit_file("model: {use: linear.logistic}\n");
  proxy.replace(proxy.find("protected: [sex]"), 16, "protected: [age]");
  proxy.replace(proxy.find("size, age, home"), 15, "size, home");
  folder.write("p.yaml", proxy);
  REQUIRE(folder.assay({"run", "p.yaml"}).code == 0);
  const Result warned = folder.assay({"explain", "last", "--method", "reasons", "--top", "50"});
  CHECK_THAT(warned.err, Catch::Contains("history is among the reasons and goes together with age, which is protected"));
  CHECK_THAT(warned.out, Catch::Contains("(goes with age, which is protected)"));
}

TEST_CASE("windows: by column and by lag; panels shuffle within dates, series in stretches; the sealed rows stay closed") {
  Folder folder;
  for (const std::string entities : {", entities: 5", ", entities: 1"}) {
    folder.write("e.yaml", market_file(entities));
    const Result ran = folder.assay({"run", "e.yaml"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    const Json ridge = folder.assay({"explain", "last", "--json", "--method", "permutation", "--method", "shapley", "--rows", "30"}).json();
    CHECK_THAT(ridge[0].at("shuffled").get<std::string>(),
               Catch::Contains(entities == ", entities: 1" ? "in stretches of" : "of each date"));
    CHECK(ridge[0].at("lags").size() == 5);
    check_sums(ridge[1], 1e-12);
    const Json gru =
        folder.assay({"explain", "last", "--json", "--model", "gru", "--method", "gradients", "--method", "shapley", "--rows", "20"})
            .json();
    check_sums(gru[0], 1e-3);
    CHECK(gru[1].at("features").size() == 3);
  }
  std::int64_t last = 0;
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out))
    if (const auto cells = cells_of(line); cells[3] == "test") last = std::max<std::int64_t>(last, std::stoll(cells[4]));
  const Result sealed = folder.assay({"explain", "last", "--row", std::to_string(last + 30)});
  CHECK(sealed.code == 1);
  CHECK_THAT(sealed.err, Catch::Contains("is sealed: it belongs to the final test"));
  const std::string of_row = folder.assay({"explain", "last", "--row", std::to_string(last)}).out;
  CHECK_THAT(of_row, Catch::Contains("row " + std::to_string(last)) && Catch::Contains("By time lag"));
}

TEST_CASE("a preparation that mixes columns: features are the columns as they came") {
  Folder folder;
  const std::string models = "model: {use: linear.logistic}\n";
  folder.write("plain.yaml", credit_file(models));
  std::string mixed = credit_file(models);
  mixed.replace(mixed.find("{use: scale}]"), 13, "{use: scale}, {use: pca, columns: [use, wealth, debt, history], variance: 1.0}]");
  folder.write("mixed.yaml", mixed);
  std::vector<std::map<std::string, double>> drops;
  for (const char* file : {"plain.yaml", "mixed.yaml"}) {
    const Result ran = folder.assay({"run", file});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    const Json all = folder.assay({"explain", "last", "--json", "--method", "permutation", "--method", "shapley", "--rows", "20"}).json();
    drops.push_back(by_name(all[0].at("features"), "drop"));
    check_sums(all[1], 1e-9);
  }
  REQUIRE(drops[0].size() == drops[1].size());  // a rotation of all components changes nothing of what a logistic regression says
  for (const auto& [name, drop] : drops[0]) CHECK(std::abs(drop - drops[1].at(name)) < 1e-4);
  const Result refused = folder.assay({"explain", "last", "--method", "gradients"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("mixes columns") && Catch::Contains("--method shapley"));
}

TEST_CASE("of three classes the score is the mean log of the class's share over the others'") {
  Folder folder;
  std::string csv = "a,b,c,grade\n";
  unsigned state = 5;
  const auto draw = [&] {
    state = state * 1664525u + 1013904223u;
    return 2 * static_cast<double>(state >> 8) / double(1 << 24) - 1;
  };
  for (int i = 0; i < 600; ++i) {
    const double a = draw(), b = draw(), c = draw();
    csv += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(c) + "," +
           (a + 0.3 * draw() > 0.3    ? "high"
            : b + 0.3 * draw() < -0.3 ? "low"
                                      : "mid") +
           "\n";
  }
  folder.write("d.csv", csv);
  folder.write("e.yaml",
               "assay: 1\nname: grades\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [a, b, c]\n"
               "target: {column: grade, task: multiclass}\nsplit: {use: stratified, test: 0.3}\nprepare: [{use: scale}]\n"
               "models:\n  logistic: {use: linear.logistic}\n  network: {use: neural.mlp, hidden: [8]}\n"
               "train: {epochs: 10}\nevaluate: {metrics: [accuracy, log_loss], baselines: [prior]}\n");
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  std::map<std::string, std::map<std::int64_t, std::array<double, 3>>> shares;  // by model and row: high, low, mid
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out)) {
    const auto cells = cells_of(line);
    if (cells[3] != "test") continue;
    std::array<double, 3>& p = shares[cells[0]][std::stoll(cells[4])];
    REQUIRE(std::sscanf(cells[9].c_str(), "%lf;%lf;%lf", &p[0], &p[1], &p[2]) == 3);
  }
  const std::vector<std::string> classes{"high", "low", "mid"};
  for (const std::string model : {"logistic", "network"})
    for (std::size_t k = 0; k < classes.size(); ++k) {
      std::vector<std::string> ask{"explain", "last", "--model", model,      "--class", classes[k],
                                   "--rows",  "20",   "--json",  "--method", "shapley"};
      if (model == "network") ask.insert(ask.end(), {"--method", "gradients", "--steps", "256"});
      const Result done = folder.assay(ask);
      INFO(model + " " + classes[k] + " " + done.err);
      REQUIRE(done.code == 0);
      const Json told = done.json();
      for (const Json& explained : told.is_array() ? told : Json::array({told})) {
        check_sums(explained, explained.at("method") == "gradients" ? 0.02 : 1e-6);
        for (const Json& row : explained.at("rows")) {
          const std::array<double, 3>& p = shares.at(model).at(row.at("row").get<std::int64_t>());
          const double others = (std::log(p[(k + 1) % 3]) + std::log(p[(k + 2) % 3])) / 2;
          CHECK(number(row, "score") == Approx(std::log(p[k]) - others).margin(1e-4));
        }
      }
    }
  const std::int64_t some = shares.at("logistic").begin()->first;
  CHECK_THAT(folder.assay({"explain", "last", "--row", std::to_string(some)}).out, Catch::Contains(": forecast high 0."));
  const Result wrong = folder.assay({"explain", "last", "--class", "hihg"});
  CHECK(wrong.code == 1);
  CHECK_THAT(wrong.err, Catch::Contains("Did you mean 'high'?"));
  CHECK_THAT(folder.assay({"explain", "last"}).out, Catch::Contains("probability of mid"));  // the class most often forecast
}

TEST_CASE("a user's own model is explained in its worker, and one that ends it is named") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: own\nseed: 7\nplugins: [\"" BAD_PLUGINS
               "/bad_good.so\"]\ndata: {source: sim.credit, rows: 800, missing: 0}\n"
               "inputs: [utilisation, age, late_payments]\ntarget: {column: income, task: regression}\nsplit: {use: holdout, test: 0.4}\n"
               "prepare: [{use: scale}]\nmodel: {use: good.linear}\nevaluate: {metrics: [rmse], baselines: [historical_mean]}\n");
  for (const std::string isolation : {"process", "none"}) {
    const Result ran = folder.assay({"run", "e.yaml", "--isolation", isolation, "--again"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    const Result done =
        folder.assay({"explain", "last", "--json", "--method", "shapley", "--method", "permutation", "--rows", "10", "--workers", "2"});
    INFO(done.err);
    REQUIRE(done.code == 0);
    const Json all = done.json();
    check_sums(all[0], 1e-6);
    CHECK(all[0].at("rows").size() == 10);
    static std::string first;
    Json bare = all;
    for (Json& one : bare) one.erase("run");
    if (first.empty()) first = bare.dump();
    CHECK(bare.dump() == first);
  }
  const Result refused = folder.assay({"explain", "last", "--method", "gradients"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("good.linear tells no gradients"));
}

TEST_CASE("what cannot be explained says why, and what would help") {
  Folder folder;
  folder.write("e.yaml", credit_file("model: {use: linear.logistic}\n"));
  REQUIRE(folder.assay({"run", "e.yaml", "--quick"}).code == 0);
  CHECK_THAT(folder.assay({"explain", "last"}).err, Catch::Contains("--quick run, which is no result"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> faults{{{"--method", "shaply"}, "Did you mean 'shapley'?"},
                                                                             {{"--row", "99999999"}, "is no test row of a finished fit"},
                                                                             {{"--metric", "acu"}, "Did you mean 'auc'?"},
                                                                             {{"--class", "yes"}, "The classes are 0, 1"},
                                                                             {{"--fold", "4"}, "It has those of --fold 1"},
                                                                             {{"--model", "modle"}, "Did you mean 'model'?"},
                                                                             {{"--draws", "0"}, "--draws"}};
  for (const auto& [words, expected] : faults) {
    std::vector<std::string> ask{"explain", "last", "--again"};
    ask.insert(ask.end(), words.begin(), words.end());
    const Result done = folder.assay(ask);
    INFO(words[0]);
    CHECK(done.code == 1);
    CHECK_THAT(done.err, Catch::Contains(expected));
  }
}
