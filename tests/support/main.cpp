// main of every unit test program. Cases tagged [real_data] run as a ctest entry of their own (see assay_test), which is skipped, exit code
// 77, where the folder of real data is absent; ASSAY_REQUIRE_DATA=1 makes that a failure.
#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "support/catch.hpp"
#include "support/real_data.hpp"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "[real_data]" || assay::test::has_real_data()) continue;
    std::fprintf(stderr, "no real data in %s (ASSAY_DATA names the folder)\n", assay::test::data_folder().c_str());
    return std::getenv("ASSAY_REQUIRE_DATA") != nullptr ? 1 : 77;
  }
  return Catch::Session().run(argc, argv);
}
