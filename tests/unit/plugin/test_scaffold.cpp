// `assay plugin new`: files with the names put in, nothing overwritten. That what comes out builds and runs is tested out of tree.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "plugin/scaffold.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::plugin;
namespace fs = std::filesystem;

TEST_CASE("scaffold: every template, no placeholder left, nothing overwritten") {
  const fs::path folder = fs::temp_directory_path() / ("assay_scaffold_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  for (const std::string kind : {"model", "feature", "metric", "strategy", "sampler"}) {
    INFO(kind);
    const auto files = write_scaffold(kind, "my_thing2", folder / kind, TEST_TEMPLATES);
    CHECK(files.size() == 4);
    CHECK(fs::exists(folder / kind / "my_thing2.cpp"));
    CHECK(fs::exists(folder / kind / "CMakeLists.txt"));
    for (const fs::path& file : files) {
      std::ifstream in(file);
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      CHECK(text.find("my_thing2") != std::string::npos);
      for (const char* mark : {"@NAME@", "@TYPE@", "@ID@"}) CHECK(text.find(mark) == std::string::npos);
      if (file.extension() == ".cpp") {
        CHECK(text.find("struct MyThing2 {") != std::string::npos);
        CHECK(text.find("\"my.my_thing2\"") != std::string::npos);
      }
    }
    CHECK_THROWS_AS(write_scaffold(kind, "my_thing2", folder / kind, TEST_TEMPLATES), Error);
  }
  for (const char* bad : {"", "My", "1st", "a b", "a-b", "../x", "test", "\xc3\xa4"})
    CHECK_THROWS_AS(write_scaffold("model", bad, folder / "bad", TEST_TEMPLATES), Error);
  CHECK_THROWS_AS(write_scaffold("weather", "x", folder / "bad", TEST_TEMPLATES), Error);
  CHECK_THROWS_AS(write_scaffold("../model", "x", folder / "bad", TEST_TEMPLATES), Error);
  CHECK_FALSE(fs::exists(folder / "bad"));
  fs::remove_all(folder);
}
