// Which plugin files count as the program's own: what they compute need not be kept apart from the host.
#include <algorithm>
#include <filesystem>

#include "plugin/finder.hpp"
#include "support/catch.hpp"

using namespace assay::plugin;
namespace fs = std::filesystem;

TEST_CASE("finder: what lies in the program's own folder ships, whatever names it; all else does not") {
  const fs::path files = TEST_FILES;  // tests/unit/plugin/files of the build folder
  const fs::path own = files.parent_path().parent_path().parent_path().parent_path() / "plugins";
  REQUIRE(fs::exists(own));
  const SearchPath path{{own}, {{files / "good", "a test"}, {files / "variants", "a test"}}, {}};
  std::size_t shipped = 0, others = 0;
  for (const auto& candidates : find_plugins(path, this_cpu())) {
    for (const FoundFile& found : candidates) {
      const bool inside = found.path.string().starts_with(own.string());
      CHECK(found.ships == inside);
      ++(inside ? shipped : others);
    }
  }
  CHECK(others > 1);
  CHECK(shipped > 0);  // the metrics at least
}
