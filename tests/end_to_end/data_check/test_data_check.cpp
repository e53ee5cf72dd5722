// `assay data check` on small files: what it says, what it guesses, how it ends.
#include <functional>

#include "../running/program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// A panel or a series of weekdays from 2020-01-06; `edit` may change a line before it is written.
std::string prices(int entities, int days, const std::function<std::string(int entity, int day, std::string line)>& edit = {}) {
  std::string csv = entities > 1 ? "date,symbol,close,volume\n" : "date,close,volume\n";
  unsigned state = 7;
  const auto noise = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / double(1 << 24) - 0.5;
  };
  for (int e = 0; e < entities; ++e) {
    double price = 100;
    for (int d = 0; d < days; ++d) {
      const int at = 5 + d / 5 * 7 + d % 5;  // days since 2020-01-01
      static const int months[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
      int month = 0, day = at;
      while (day >= months[month]) day -= months[month++];
      char line[100];
      price *= 1 + 0.02 * noise();
      int n = std::snprintf(line, sizeof line, "2020-%02d-%02d,", month + 1, day + 1);
      if (entities > 1) n += std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "S%d,", e);
      std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "%.4f,%d", price, 100000 + static_cast<int>(50000 * noise()));
      const std::string text = edit ? edit(e, d, line) : line;
      if (!text.empty()) csv += text + "\n";
    }
  }
  return csv;
}

std::vector<std::string> tests_in(const Json& report) {
  std::vector<std::string> out;
  for (const Json& finding : report.at("findings")) out.push_back(finding.at("test").get<std::string>());
  return out;
}

const Json& finding(const Json& report, const std::string& test) {
  for (const Json& f : report.at("findings"))
    if (f.at("test") == test) return f;
  throw std::runtime_error("no finding " + test + " in " + report.dump());
}

}  // namespace

TEST_CASE("a clean panel: the roles are guessed and said, nothing is found, exit 0") {
  Folder folder;
  folder.write("p.csv", prices(3, 120));
  const Result text = folder.assay({"data", "check", "p.csv"});
  CHECK(text.code == 0);
  CHECK(text.err.empty());
  CHECK(text.out.find("p.csv: 360 rows, 4 columns, 3 series: 0 errors, 0 warnings, 0 notes") == 0);
  CHECK(text.out.find("date (guessed by its name and values; --time says otherwise") != std::string::npos);
  CHECK(text.out.find("symbol (guessed: it tells rows of the same time apart") != std::string::npos);
  const Json json = folder.assay({"data", "check", "p.csv", "--json"}).json();
  CHECK(json.at("rows") == 360);
  CHECK(json.at("findings").empty());
  CHECK(json.at("roles").size() == 2);
}

TEST_CASE("doubled times stop a run: exit 2, with rows and lines of the file as it lies there") {
  Folder folder;
  folder.write("p.csv", prices(1, 60, [](int, int d, const std::string& line) { return d == 30 ? line + "\n\n" + line : line; }));
  const Result r = folder.assay({"data", "check", "p.csv", "--json"});
  CHECK(r.code == 2);
  const Json found = finding(r.json(), "duplicates");
  CHECK(found.at("severity") == "error");
  CHECK(found.at("examples")[0].at("row") == 32);
  CHECK(found.at("examples")[0].at("line") == 34);  // the header and a blank line above it
  CHECK(folder.assay({"data", "check", "p.csv"}).out.find("row 32 (line 34, 2020-02-17): as row 31, all cells the same") !=
        std::string::npos);
}

TEST_CASE("several findings: the worst first, all files looked at, one list") {
  Folder folder;
  folder.write("a.csv", prices(1, 200, [](int, int d, const std::string& line) {
                 if (d >= 100 && d < 125) return std::string();
                 return d == 50 ? line.substr(0, 10) + ",-999,1000" : line;
               }));
  folder.write("b.csv", prices(1, 60));
  const Result r = folder.assay({"data", "check", "a.csv", "b.csv", "--json"});
  CHECK(r.code == 0);
  REQUIRE(r.json().size() == 2);
  const Json report = r.json()[0];
  CHECK(tests_in(report) == std::vector<std::string>{"gaps", "doubtful_values", "placeholder"});
  CHECK(finding(report, "gaps").at("examples")[0].at("time") == "2020-06-29");
  CHECK(finding(report, "placeholder").at("mend") == "data.missing: [\"-999\"]");
  CHECK(finding(report, "placeholder").at("examples")[0].at("row") == 51);
}

TEST_CASE("lines that cannot be read are errors, and the rest is still looked at") {
  Folder folder;
  folder.write("p.csv", prices(1, 60, [](int, int d, const std::string& line) {
                 return d == 10 ? line + ",5,5" : d == 40 ? "2020-03-02,x" : line;
               }));
  const Result r = folder.assay({"data", "check", "p.csv", "--json"});
  CHECK(r.code == 2);
  CHECK(tests_in(r.json())[0] == "unreadable");
  CHECK(r.json().at("rows") == 58);
  folder.write("empty.csv", "");
  CHECK(folder.assay({"data", "check", "empty.csv"}).code == 2);
  folder.write("header.csv", "a,b\n");
  CHECK(folder.assay({"data", "check", "header.csv"}).code == 2);
}

TEST_CASE("options overrule guesses; a leak is found where the target is named") {
  Folder folder;
  std::string csv = "when,who,score,paid,y\n";
  for (int i = 0; i < 200; ++i) {
    char line[80];
    std::snprintf(line, sizeof line, "%02d.%02d.2021,C%d,%d.%d,%d,%d\n", 1 + i % 28, 1 + i / 28, i, (i * 37) % 101, i % 10,
                  i % 3 == 0 ? 7 : 0, i % 3 == 0);
    csv += line;
  }
  folder.write("c.csv", csv);
  const Result asked = folder.assay({"data", "check", "c.csv", "--time", "when", "--format", "%d.%m.%Y", "--target", "y", "--json"});
  CHECK(asked.code == 0);
  CHECK(finding(asked.json(), "leak_suspect").at("columns") == Json{"paid"});
  CHECK(asked.json().at("roles")[0].at("why") == "as asked; format %d.%m.%Y");
  const Json table = folder.assay({"data", "check", "c.csv", "--time", "none", "--target", "none", "--json"}).json();
  CHECK(table.at("roles").empty());
  CHECK(table.at("not_covered").size() == 2);
}

TEST_CASE("the date and the time of day in two columns are one time") {
  Folder folder;
  for (const std::string form : {"2021-01-%02d,%02d:30,%d\n", "%d/1/2021,%02d:30:00,%d\n"}) {
    std::string csv = "Date,Time,x\n";
    for (int d = 1; d <= 28; ++d)
      for (int h = 0; h < 24; ++h) {
        char line[60];
        std::snprintf(line, sizeof line, form.c_str(), d, h, (d * 7919 + h * 104729) % 1009);
        csv += line;
      }
    folder.write("h.csv", csv);
    const Result r = folder.assay({"data", "check", "h.csv", "--json"});
    INFO(r.out << r.err);
    CHECK(r.code == 0);
    CHECK(r.json().at("findings").empty());
    CHECK(r.json().at("facts")[0] == "calendar: rows every 1 h, in 168 of the 168 hours of a week");
  }
}

TEST_CASE("command lines that are wrong: exit 1, with the mend") {
  Folder folder;
  folder.write("p.csv", prices(1, 60));
  const auto fails = [&](const std::vector<std::string>& words, const std::string& says) {
    const Result r = folder.assay(words);
    INFO(r.out << r.err);
    CHECK(r.code == 1);
    CHECK(r.out.empty());
    CHECK(r.err.find(says) != std::string::npos);
  };
  CHECK(folder.assay({"data"}).code == 1);
  fails({"data", "chek", "p.csv"}, "data check");
  fails({"data", "check"}, "Usage: assay data check FILE");
  fails({"data", "check", "p.csv", "--tim", "date"}, "Did you mean --time?");
  fails({"data", "check", "p.csv", "--time", "dat"}, "Did you mean 'date'?");
  fails({"data", "check", "p.csv", "--entity", "nobody"}, "date, close, volume");
  fails({"data", "check", "p.csv", "--time", "close"}, "--format");
  fails({"data", "check", "p.csv", "--format", "%Q"}, "%Q");
  folder.write("e.yaml", "assay: 1\nname: broken\n");
  fails({"data", "check", "e.yaml", "--time", "date"}, "is for CSV files");
  CHECK(folder.assay({"data", "check", "e.yaml"}).code == 1);
  CHECK(folder.assay({"data", "check", "absent.csv"}).code == 2);
  CHECK(folder.assay({"data", "check", "--help"}).code == 0);
}

TEST_CASE("an experiment file: its roles, its features against its target, what would stop its run") {
  Folder folder;
  folder.write("p.csv", prices(2, 200));
  const auto experiment = [](const std::string& features, const std::string& target) {
    return "assay: 1\nname: e\nseed: 1\ndata: {source: csv, path: p.csv, time: {column: date}, entity: symbol}\nfeatures:\n" + features +
           "target: {expr: \"" + target +
           "\", task: regression}\nsplit: {use: walk_forward, train: 60, validation: 20, test: 20, step: 20}\n" +
           "prepare: [{use: scale, method: standard}]\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n";
  };
  folder.write("sound.yaml", experiment("  momentum: close / lag(close, 5) - 1\n", "lead(close, 1) / close - 1"));
  const Result sound = folder.assay({"data", "check", "sound.yaml", "--json"});
  INFO(sound.out << sound.err);
  CHECK(sound.code == 0);
  CHECK(sound.json().at("findings").empty());
  CHECK(sound.json().at("entities") == 2);

  // What check refuses a run for is said here too.
  folder.write("peeks.yaml", experiment("  today: close / lag(close, 1) - 1\n", "close / lag(close, 1) - 1"));
  const Result peeks = folder.assay({"data", "check", "peeks.yaml", "--json"});
  CHECK(peeks.code == 2);
  CHECK(finding(peeks.json(), "run").at("mend").get<std::string>().find("lag(close, 1)") != std::string::npos);

  folder.write("p.csv", prices(2, 200, [](int e, int d, const std::string& line) { return e == 1 && d == 9 ? line + "\n" + line : line; }));
  const Result doubled = folder.assay({"data", "check", "sound.yaml", "--json"});
  CHECK(doubled.code == 2);
  CHECK(finding(doubled.json(), "duplicates").at("entities")[0].at("name") == "S1");
}

TEST_CASE("a feature that is the target, though no column is") {
  Folder folder;
  std::string csv = "a,b,y\n";
  for (int i = 0; i < 300; ++i)
    csv += std::to_string(i * 37 % 101) + "," + std::to_string(i * 53 % 103) + "," + std::to_string(i * 37 % 101 - i * 53 % 103) + ".5\n";
  folder.write("t.csv", csv);
  folder.write(
      "e.yaml",
      "assay: 1\nname: e\nseed: 1\ndata: {source: csv, path: t.csv}\nfeatures:\n  gap: 3 * (b - a)\n  sum: a + b\ninputs: all\n"
      "target: {column: y, task: regression}\nsplit: {use: holdout, test: 0.3}\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n");
  const Result r = folder.assay({"data", "check", "e.yaml", "--json"});
  INFO(r.out << r.err);
  CHECK(r.code == 0);
  CHECK(tests_in(r.json()) == std::vector<std::string>{"leak_suspect"});
  CHECK(finding(r.json(), "leak_suspect").at("columns") == Json{"gap"});
}

TEST_CASE("simulated sources are looked at too") {
  Folder folder;
  folder.write("e.yaml", small_file());
  std::string file = slurp(folder.path() / "e.yaml");
  file.replace(file.find("neural.mlp, hidden: [16], learning_rate: 1.0e-3"), 47, "linear.logistic");
  folder.write("e.yaml", file);
  const Result r = folder.assay({"data", "check", "e.yaml", "--json"});
  INFO(r.out << r.err);
  CHECK(r.code == 0);
  CHECK(r.json().at("findings").empty());
}
