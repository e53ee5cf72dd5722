// Features that learn, in real runs: what they found is shown, the same bits come out of any isolation, of `rerun` and of `predict`; and
// features whose optional columns the data lack.
#include <algorithm>
#include <cmath>
#include <map>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// Applicants with a category, a number, a special value and gaps; a default depends on all of them. By day where `days` is positive.
std::string applicants(int rows, bool with_time) {
  std::string csv = with_time ? "date,home,income,y\n" : "home,income,y\n";
  unsigned state = 99;
  const auto share = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / double(1 << 24);
  };
  const char* homes[] = {"own", "rent", "with \"friends\"", ""};
  for (int i = 0; i < rows; ++i) {
    const auto home = static_cast<std::size_t>(share() * 3.3);
    const double income = share() < 0.1 ? -999 : 20 + 80 * share();
    const double risk = 0.1 + 0.15 * static_cast<double>(home) + (income < 0 ? 0.2 : 0.3 * (60 - income) / 60);
    std::string cell = homes[home];
    if (cell.find('"') != std::string::npos) cell = "\"with \"\"friends\"\"\"";
    char line[160];
    int n = 0;
    if (with_time) n = std::snprintf(line, sizeof line, "%04d-%02d-%02d,", 2018 + i / 336, 1 + i / 28 % 12, 1 + i % 28);
    std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "%s,%s,%d\n", cell.c_str(),
                  share() < 0.05 ? "" : std::to_string(income).c_str(), share() < risk ? 1 : 0);
    csv += line;
  }
  return csv;
}

std::string encoded(const std::string& split, bool with_time = false) {
  return std::string("assay: 1\nname: encoded\nseed: 5\n") + "data: {source: csv, path: d.csv" +
         (with_time ? ", time: {column: date}" : "") +
         "}\nfeatures:\n  woe: {use: encode.woe, columns: [home, income], special: [-999], added: 0.5}\n"
         "  rate: {use: encode.target, columns: [home], smoothing: 10}\n  place: {use: encode.ordinal, columns: [home]}\n"
         "inputs: features\ntarget: {column: y, task: binary" +
         (with_time ? ", horizon: 3" : "") + "}\nsplit: " + split +
         "\nprepare: [{use: missing}, {use: scale}]\nmodel: {use: linear.logistic, l2: 1}\n" +
         "evaluate: {metrics: [auc], baselines: [prior]}\n";
}

std::string forecasts(const Folder& folder) { return folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out; }

// Test forecasts of the last fold by row, as text.
std::map<std::string, std::string> last_fold(const Folder& folder) {
  std::map<std::string, std::map<std::string, std::string>> by_fold;
  for (const std::string& line : lines_of(forecasts(folder)))
    if (const auto cells = cells_of(line); cells[0] == "model" && cells[3] == "test") by_fold[cells[1]][cells[4]] = cells[9];
  return by_fold.empty() ? std::map<std::string, std::string>() : by_fold.rbegin()->second;
}

std::map<std::string, std::string> predicted(const Folder& folder, const std::string& data) {
  const Result result = folder.assay({"predict", "last", "--data", data});
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto lines = lines_of(result.out);
  const auto head = cells_of(lines[0]);
  const auto at = static_cast<std::size_t>(std::find(head.begin(), head.end(), "value") - head.begin());
  std::map<std::string, std::string> values;
  for (std::size_t i = 1; i < lines.size(); ++i) values[cells_of(lines[i])[0]] = cells_of(lines[i])[at];
  return values;
}

}  // namespace

TEST_CASE("what fitted features found is shown, in text and as JSON, and is what the train rows say") {
  Folder folder;
  const std::string csv = applicants(1200, false);
  folder.write("d.csv", csv);
  folder.write("e.yaml", encoded("{use: by_rule, test: \"row % 3 == 0\"}"));
  const Result ran = folder.assay({"run", "e.yaml"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  CHECK_THAT(ran.out, !Catch::Contains("what features learned"));

  struct Count {
    double ones = 0, zeros = 0;
  };
  std::map<std::string, Count> of_home;  // of train rows, by the cell as it stands in the file; "" is missing
  Count all;
  const auto lines = lines_of(csv);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if ((i - 1) % 3 == 0) continue;
    const bool one = lines[i].back() == '1';
    Count& home = of_home[cells_of(lines[i])[0]];
    (one ? home.ones : home.zeros) += 1;
    (one ? all.ones : all.zeros) += 1;
  }
  double iv = 0;
  std::map<std::string, double> woe;
  for (const auto& [home, c] : of_home) {
    woe[home] = std::log((c.ones + 0.5) / all.ones) - std::log((c.zeros + 0.5) / all.zeros);
    iv += (c.ones / all.ones - c.zeros / all.zeros) * woe[home];
  }

  const Json learned = folder.assay({"runs", "show", "last", "--json"}).json().at("learned_features");
  REQUIRE(learned.size() == 1);
  CHECK(learned[0].at("fold") == 1);
  const Json& found = learned[0].at("found");
  const Json& home = found.at("woe").at("home");
  CHECK(home.at("iv").get<double>() == Approx(iv).epsilon(1e-12));
  const auto name_of = [](const Json& line) {
    if (line.contains("missing")) return std::string();
    const auto level = line.at("level").get<std::string>();
    return level.find('"') == std::string::npos ? level : std::string("\"with \"\"friends\"\"\"");
  };
  REQUIRE(home.at("bins").size() == 4);
  for (const Json& bin : home.at("bins")) {
    const std::string name = name_of(bin);
    INFO(name);
    CHECK(bin.at("ones") == of_home.at(name).ones);
    CHECK(bin.at("rows") == of_home.at(name).ones + of_home.at(name).zeros);
    CHECK(bin.at("woe").get<double>() == Approx(woe.at(name)).epsilon(1e-12));
  }
  CHECK(found.at("woe").at("income").at("bins").size() >= 4);  // two or more, the special value, missing
  const double mean = all.ones / (all.ones + all.zeros);
  const Json& rate = found.at("rate").at("home");
  CHECK(rate.at("mean").get<double>() == Approx(mean).epsilon(1e-12));
  REQUIRE(rate.at("levels").size() == 4);
  for (const Json& level : rate.at("levels")) {
    const Count& c = of_home.at(name_of(level));
    CHECK(level.at("rows") == c.ones + c.zeros);
    CHECK(level.at("mean").get<double>() == Approx((c.ones + 10 * mean) / (c.ones + c.zeros + 10)).epsilon(1e-12));
  }
  const Json& places = found.at("place").at("home").at("levels");
  REQUIRE(places.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(places[i].at("number") == i);
  CHECK(places[1].at("level") == "rent");
  CHECK(places[1].at("rows") == of_home.at("rent").ones + of_home.at("rent").zeros);

  const std::string text = folder.assay({"runs", "show", "last"}).out;
  CHECK_THAT(text, Catch::Contains("what features learned"));
  char cell[40];
  std::snprintf(cell, sizeof cell, "%.6g", iv);
  for (const std::string& words :
       {std::string("woe.home iv"), std::string(cell), std::string("woe.income bins"), std::string("special -999"), std::string("above"),
        std::string("missing"), std::string("level with \"friends\""), std::string("rate.home levels"), std::string("place.home levels")})
    CHECK_THAT(text, Catch::Contains(words));
}

TEST_CASE("of several folds single values stand side by side, and a run without such features shows none") {
  Folder folder;
  folder.write("d.csv", applicants(900, false));
  folder.write("e.yaml", encoded("{use: k_fold, folds: 3}"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Json learned = folder.assay({"runs", "show", "last", "--json"}).json().at("learned_features");
  REQUIRE(learned.size() == 3);
  std::string row;
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last"}).out))
    if (line.find("woe.home iv") != std::string::npos) row = line;
  for (const Json& fold : learned) {
    char cell[40];
    std::snprintf(cell, sizeof cell, "%.6g", fold.at("found").at("woe").at("home").at("iv").get<double>());
    CHECK_THAT(row, Catch::Contains(cell));
  }
  CHECK(learned[0].at("found") != learned[1].at("found"));
  folder.write("plain.yaml", small_file());
  REQUIRE(folder.assay({"run", "plain.yaml", "--quick"}).code == 0);
  CHECK_FALSE(folder.assay({"runs", "show", "last", "--json"}).json().contains("learned_features"));
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, !Catch::Contains("what features learned"));
}

TEST_CASE("fitted features: the same bits in any isolation, from rerun, and from predict on the same rows") {
  for (const bool with_time : {false, true}) {
    Folder folder;
    folder.write("d.csv", applicants(1200, with_time));
    folder.write("e.yaml", encoded(with_time ? "{use: walk_forward, train: 500, test: 200}" : "{use: k_fold, folds: 3}", with_time));
    const Result ran = folder.assay({"run", "e.yaml"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    const std::string bits = forecasts(folder);
    const auto stored = last_fold(folder);
    REQUIRE(stored.size() >= 100);
    const auto fresh = predicted(folder, "d.csv");
    for (const auto& [row, value] : stored) {
      INFO(row);
      CHECK(fresh.at(row) == value);
    }
    // A level that no train row had, and levels that the file numbers otherwise: rows come out as before.
    std::string other = applicants(1200, with_time);
    other.insert(other.find('\n') + 1, with_time ? "2017-12-31,castle,50,0\n" : "castle,50,0\n");
    folder.write("other.csv", other);
    const auto moved = predicted(folder, "other.csv");
    for (const auto& [row, value] : stored) CHECK(moved.at(std::to_string(std::stoll(row) + 1)) == value);

    const Result again = folder.assay({"rerun", "last", "--json", "--workers", "3"});
    INFO(again.err);
    CHECK(again.code == 0);
    CHECK(again.json().at("same_bits") == true);
    for (const std::vector<std::string>& how :
         {std::vector<std::string>{"--isolation", "none"}, {"--isolation", "thread", "--workers", "2"}}) {
      std::vector<std::string> words{"run", "e.yaml", "--again"};
      words.insert(words.end(), how.begin(), how.end());
      REQUIRE(folder.assay(words).code == 0);
      CHECK(forecasts(folder) == bits);
    }
  }
}

namespace {

std::string rated(const std::string& dies) {
  return "assay: 1\nname: rated\nseed: 5\nplugins: [\"" PROBE_PLUGINS
         "/probe_features.so\"]\ndata: {source: csv, path: d.csv}\n"
         "features:\n  rate: {use: probe.level_rate, column: home, dies: " +
         dies +
         "}\ninputs: [rate, income]\ntarget: {column: y, task: binary}\nsplit: {use: k_fold, folds: 3}\n"
         "prepare: [{use: missing}, {use: scale}]\nmodel: {use: linear.logistic, l2: 1}\nevaluate: {metrics: [auc], baselines: [prior]}\n";
}

}  // namespace

TEST_CASE("a user's own feature learns in a process of its own, with the bits that it has in the host") {
  Folder folder;
  folder.write("d.csv", applicants(900, false));
  folder.write("e.yaml", rated("never"));
  const Result ran = folder.assay({"run", "e.yaml", "--workers", "2"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const std::string bits = forecasts(folder);
  const auto stored = last_fold(folder), fresh = predicted(folder, "d.csv");
  REQUIRE(stored.size() == 300);
  for (const auto& [row, value] : stored) CHECK(fresh.at(row) == value);
  CHECK(folder.assay({"runs", "show", "last", "--json"}).json().at("learned_features").at(0).at("found").at("rate").at("levels") == 3);
  REQUIRE(folder.assay({"run", "e.yaml", "--again", "--isolation", "none"}).code == 0);
  CHECK(forecasts(folder) == bits);
}

TEST_CASE("a user's own feature that dies while it learns ends the fits that need it, with its reason, and nothing else") {
  Folder folder;
  folder.write("d.csv", applicants(900, false));
  for (const std::string dies : {"fit", "transform"}) {
    INFO(dies);
    folder.write("e.yaml", rated(dies));
    const Result ran = folder.assay({"run", "e.yaml", "--json"});
    CHECK(ran.code == 3);
    CHECK_THAT(ran.out + ran.err, Catch::Contains("SIGABRT") && Catch::Contains("probe.level_rate"));
    const Result checked = folder.assay({"check", "e.yaml"});
    INFO(checked.err);
    CHECK(checked.code == 3);
    CHECK_THAT(checked.err, Catch::Contains("SIGABRT") && Catch::Contains("probe.level_rate"));
  }
}

TEST_CASE("an optional column of a feature may be left out, by the file and by the data; one that is named may not") {
  Folder folder;
  const auto csv = [](bool with_loan) {
    std::string text = with_loan ? "income,debt,loan,y\n" : "income,debt,y\n";
    for (int i = 0; i < 300; ++i) {
      const int income = 20 + i * 37 % 80, debt = i * 53 % 60;
      text += std::to_string(income) + "," + std::to_string(debt) + (with_loan ? "," + std::to_string(i * 11 % 40) : "") + "," +
              (debt > income / 2 + i % 7 ? "1" : "0") + "\n";
    }
    return text;
  };
  const auto file = [](const std::string& more) {
    return "assay: 1\nname: optional\nseed: 1\ndata: {source: csv, path: d.csv}\nfeatures: {can: {use: credit.affordability" + more +
           "}}\ninputs: features\ntarget: {column: y, task: binary}\nsplit: {use: k_fold, folds: 3}\nmodel: {use: linear.logistic, l2: 1}\n"
           "evaluate: {metrics: [auc]}\n";
  };
  const auto inputs = [&] {
    std::string found;
    for (const std::string& line : lines_of(folder.assay({"runs", "show", "last"}).out))
      if (const auto at = line.find("can."); at != std::string::npos && line.find("iv") == std::string::npos) {
        const std::string name = line.substr(at, line.find(' ', at) - at);
        if (found.find(name) == std::string::npos) found += name + " ";
      }
    return found;
  };
  folder.write("e.yaml", file(""));
  folder.write("d.csv", csv(false));
  const Result checked = folder.assay({"check", "e.yaml"}), less = folder.assay({"run", "e.yaml"});
  INFO(checked.err << less.err);
  REQUIRE(checked.code == 0);
  REQUIRE(less.code == 0);
  CHECK(inputs() == "can.debt_to_income ");
  const auto stored = last_fold(folder), fresh = predicted(folder, "d.csv");
  REQUIRE(stored.size() == 100);
  for (const auto& [row, value] : stored) CHECK(fresh.at(row) == value);

  folder.write("d.csv", csv(true));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  CHECK(inputs() == "can.debt_to_income can.loan_to_income ");
  folder.write("less.csv", csv(false));  // what the model has seen, new data must have
  const Result lacking = folder.assay({"predict", "last", "--data", "less.csv"});
  CHECK(lacking.code != 0);
  CHECK_THAT(lacking.err, Catch::Contains("loan"));

  folder.write("d.csv", csv(false));
  folder.write("e.yaml", file(", loan: credit"));
  const Result named = folder.assay({"run", "e.yaml"});
  CHECK(named.code != 0);
  CHECK_THAT(named.err, Catch::Contains("there is no column 'credit'\n"));
}
