// Every kind of finding has its line in the docs.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "support/catch.hpp"

namespace {

std::string slurp(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("docs/data_check.md tells of every test in the source") {
  const std::filesystem::path root = ASSAY_SOURCE_DIR;
  const std::string page = slurp(root / "docs/data_check.md"), mark = ".test = \"";
  std::set<std::string> tests;
  for (const auto& file : std::filesystem::directory_iterator(root / "core/quality")) {
    const std::string source = slurp(file.path());
    for (std::size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at + 1))
      tests.insert(source.substr(at + mark.size(), source.find('"', at + mark.size()) - at - mark.size()));
  }
  CHECK(tests.size() > 25);
  for (const std::string& test : tests) {
    INFO(test);
    CHECK(page.find("`" + test + "`") != std::string::npos);
  }
}
