// The parts of the checker that need no plugin, and what it says of a file that is none.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "checker/checker.hpp"
#include "checker/exported_symbols.hpp"
#include "checker/sample_table.hpp"
#include "support/catch.hpp"

namespace {
using namespace assay::checker;

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct WordsFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("assay-words-" + std::to_string(getpid()) + ".so");
  WordsFile() { std::ofstream(path) << "words\n"; }
  ~WordsFile() { std::filesystem::remove(path); }
};

CheckOptions options_for(const std::filesystem::path& file) {
  CheckOptions options;
  options.file = file;
  options.program = ASSAY_CHECK_CHILD;
  options.arguments = {"child"};
  return options;
}

TEST_CASE("standard library symbols are told from an author's") {
  // mangled with g++ 12: std::vector<float>::~vector(), std::string::c_str() const, vtable for std::exception, typeinfo for
  // std::vector<int>, guard variable for std::locale::classic()::..., operator<< <char>(std::ostream&, char const*), __gnu_cxx::...
  for (const char* name : {"_ZNSt6vectorIfSaIfEED1Ev", "_ZNKSs5c_strEv", "_ZTVSt9exception", "_ZTISt6vectorIiSaIiEE",
                           "_ZGVNSt6locale7classicE", "_ZStlsIcE", "_ZN9__gnu_cxx13new_allocatorIiEC1Ev"})
    CHECK(is_standard_library(name));
  for (const char* name : {"_ZN4mine6vectorEv", "_Z3addii", "memcpy", "_ZTV5Ridge", "", "_Z", "_ZN5StoreC1Ev"})
    CHECK_FALSE(is_standard_library(name));
}

TEST_CASE("a library's exported symbols are read; cut and changed files crash nothing") {
  const std::string bytes = bytes_of_file("/proc/self/exe");
  CHECK_THROWS_AS(exported_symbols("words"), assay::Error);
  CHECK_THROWS_AS(exported_symbols(""), assay::Error);
  CHECK_THROWS_AS(exported_symbols(std::string_view(bytes).substr(0, bytes.size() / 2)), assay::Error);
  std::string head = bytes.substr(0, 4096);
  assay::Random random(assay::SeedTree(1));
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string changed = head;
    for (int k = 0; k < 4; ++k) changed[random.below(64)] = static_cast<char>(random.below(256));
    try {
      exported_symbols(changed);
    } catch (const assay::Error&) {
      ++refused;
    }
  }
  CHECK(refused == 2000);  // the section table lies at the file's end: a head alone can never be whole
}

TEST_CASE("the samples hold the signal that models are asked for") {
  for (const std::uint32_t task : {ASSAY_TASK_REGRESSION, ASSAY_TASK_BINARY, ASSAY_TASK_MULTICLASS}) {
    const SampleTable table = linear_sample(task, 500, 0, 3);
    std::vector<double> perfect, nothing;
    for (std::int64_t row = 0; row < table.rows; ++row) {
      const double* x = table.x.data() + row * kInputs;
      const double score = x[0] - x[1] + 0.5 * x[2] + 0.25 * x[4];
      if (task != ASSAY_TASK_MULTICLASS) {
        perfect.push_back(score);
        nothing.push_back(x[3]);
        continue;
      }
      const int band = score < -0.7 ? 0 : score < 0.7 ? 1 : 2;
      for (int k = 0; k < 3; ++k) perfect.push_back(k == band ? 1 : 0);
      for (int k = 0; k < 3; ++k) nothing.push_back(k == 0 ? 1 : 0);
    }
    CHECK(skill(table, perfect) > skill_wanted(task) + 0.1);
    CHECK(skill(table, nothing) < skill_wanted(task) - 0.1);
  }
}

TEST_CASE("a file that is no plugin fails one test, and everything else is skipped") {
  const WordsFile words;
  std::size_t heard = 0;
  const auto results = check_plugin(options_for(words.path), [&](const CheckResult&) { ++heard; });
  CHECK(heard == results.size());
  REQUIRE(results.size() == 5);
  CHECK(results[0].test == "loads");
  CHECK(results[0].status == Status::fail);
  CHECK(std::all_of(results.begin() + 1, results.end(), [](const CheckResult& r) { return r.status == Status::skip; }));
  CHECK(any_failed(results));
  const std::string json = to_json(words.path, results);
  CHECK(json.find("\"result\": \"fail\"") != std::string::npos);
  CHECK(json.find("\"test\": \"loads\"") != std::string::npos);
}

TEST_CASE("only and skip choose, and an unknown name is an error with the nearest one") {
  const WordsFile words;
  CheckOptions options = options_for(words.path);
  options.only = {"exports"};
  const auto results = check_plugin(options);
  REQUIRE(results.size() == 2);  // the groundwork that failed is shown too
  CHECK(results[1].test == "exports");
  options.only = {"no_look_ahaed"};
  std::string text, mend;
  try {
    check_plugin(options);
  } catch (const assay::Error& error) {
    mend = error.mend();
  }
  CHECK(mend.find("no_look_ahead") != std::string::npos);
  CHECK_THROWS_AS(check_plugin(options_for("/nowhere.so")), assay::Error);
}

TEST_CASE("every test has a name of its own within its kind, and says what it asks") {
  std::set<std::pair<std::string, std::string>> seen;
  for (const TestInfo& test : known_tests()) {
    CHECK(seen.emplace(test.kind, test.name).second);
    CHECK_FALSE(test.what.empty());
  }
  CHECK(seen.size() >= 40);
}

}  // namespace
