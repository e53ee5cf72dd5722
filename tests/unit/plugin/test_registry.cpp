// Finding, reading, choosing and loading plugin files, and what is said about those that cannot be used.
#include <cstddef>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "plugin/abi_values.hpp"
#include "plugin/metric.hpp"
#include "plugin/registry.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::plugin;
namespace fs = std::filesystem;

namespace {
const fs::path kFiles = TEST_FILES;

SearchPath folder(const std::string& name, std::string isa = {}) { return {{}, {{kFiles / name, "a test"}}, std::move(isa)}; }

std::string error_of(const Registry& registry) {
  try {
    registry.load();
  } catch (const Error& e) {
    return std::string(e.what()) + " " + e.tried() + " " + e.happened() + " " + e.mend();
  }
  return {};
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

double level_of(const Registry& registry) {
  const Metric metric(registry.component("metric", "variant.level"), {});
  assay_scored rows{};
  rows.struct_size = sizeof rows;
  return metric.score(rows, {})[0];
}
}  // namespace

TEST_CASE("registry: components by full and short id, with what they say about themselves") {
  const Registry registry(folder("good"));
  const config::ComponentSpec* mean = registry.find("model", "mean");
  REQUIRE(mean);
  CHECK(mean == registry.find("model", "test.mean"));
  CHECK(mean->version == "1.2.0");
  CHECK(mean->baseline);
  CHECK(mean->tasks == (ASSAY_TASK_REGRESSION | ASSAY_TASK_BINARY));
  CHECK(mean->abilities == std::vector<std::string>{"model.fit/1", "model.predict/1", "model.importance/1", "model.summary/1", "state/1"});
  CHECK(registry.find("metric", "test.mean") == nullptr);
  CHECK(registry.find("model", "nothing") == nullptr);
  CHECK(registry.all("model").size() == 3);
  CHECK(registry.files().size() == 1);
  const PluginFile& file = *registry.files()[0];
  CHECK(file.variant == "plain");
  CHECK(file.sha256() == sha256_file(file.path));
  CHECK(file.note.abi_minor == 1);
  const config::ComponentSpec* counts = registry.find("metric", "counts");
  CHECK(counts->direction == 1);
  CHECK(counts->tasks == ASSAY_TASK_REGRESSION);
  CHECK_THROWS_AS(registry.component("model", "test.maen"), Error);
  try {
    registry.component("model", "test.maen");
  } catch (const Error& e) {
    CHECK(contains(e.mend(), "test.mean"));
  }
}

TEST_CASE("registry: parameters arrive as declared") {
  const Registry registry(folder("good"));
  const auto& p = registry.find("feature", "test.all_kinds")->params;
  using config::ParamKind;
  REQUIRE(p.size() == 10);
  CHECK((p[0].kind == ParamKind::boolean && p[0].fallback.as_bool()));
  CHECK((p[1].kind == ParamKind::integer && p[1].fallback.as_int() == 3 && p[1].min == 1 && p[1].max == 9 && p[1].unit == "rows"));
  CHECK((p[2].kind == ParamKind::real && p[2].open_min && p[2].open_max && p[2].log_scale && p[2].only_if == "flag" &&
         p[2].only_if_value.as_bool()));
  CHECK((p[3].kind == ParamKind::text && !p[3].tunable && p[3].fallback.as_text() == "hello"));
  CHECK((p[4].kind == ParamKind::choice && p[4].choices == std::vector<std::string>{"a", "b"} && p[4].fallback.as_text() == "b"));
  CHECK((p[5].kind == ParamKind::column && !p[5].required && !p[5].tunable));
  CHECK((p[6].kind == ParamKind::list && p[6].item_kind == ParamKind::integer && p[6].max_items == 4 && p[6].max == 4096 &&
         p[6].only_if_value.as_text() == "b" && p[6].fallback.as_list()[0].as_int() == 64));
  CHECK((p[7].item_kind == ParamKind::real && p[7].max_items > 1'000'000'000));
  CHECK((p[8].item_kind == ParamKind::choice && p[8].choices.size() == 2));
  CHECK((p[9].item_kind == ParamKind::column && p[9].fallback.as_list().empty()));
}

TEST_CASE("registry: two plugins with one id is an error that names both files") {
  const Registry registry({{}, {{kFiles / "good", "a test"}, {kFiles / "same_id", "a test"}}, {}});
  const std::string text = error_of(registry);
  CHECK(contains(text, "test.counts"));
  CHECK(contains(text, (kFiles / "good/test_good.so").string()));
  CHECK(contains(text, (kFiles / "same_id/test_same_id.so").string()));
  CHECK_THROWS_AS(registry.find("metric", "counts"), Error);  // every look-up says it again
  const Registry twice({{kFiles / "good/test_good.so"}, {{kFiles / "good", "a test"}, {kFiles / "good/../good", "a test"}}, {}});
  CHECK(error_of(twice).empty());  // one file met three times is one file
}

TEST_CASE("registry: the best variant that runs here, or the one that is asked for") {
  const int best = std::max(this_cpu().level, 1);
  CHECK(level_of(Registry(folder("variants"))) == best);
  CHECK(level_of(Registry(folder("variants", "plain"))) == 1);
  if (best >= 3) {
    const Registry registry(folder("variants", "x86-64-v3"));
    CHECK(level_of(registry) == 3);
    CHECK(registry.files()[0]->variant == "x86-64-v3");
  }
  CHECK_THROWS_AS(Registry(folder("variants", "pentium")).load(), Error);
  CpuLevel old = this_cpu();  // a machine that offers less
  old.level = 2;
  const auto found = find_plugins(folder("variants"), old);
  REQUIRE(found.size() == 1);
  CHECK(found[0].front().variant == "x86-64-v2");
  CHECK(found[0].back().variant == "plain");
  CHECK_THROWS_AS(find_plugins(folder("variants", "x86-64-v3"), old), Error);
}

TEST_CASE("registry: a plugin in plain C works") {
  const Registry registry(folder("raw"));
  assay_scored rows{};
  rows.struct_size = sizeof rows;
  rows.rows = 42;
  CHECK(Metric(registry.component("metric", "raw.metric"), {}).score(rows, {})[0] == 42);
}

TEST_CASE("registry: files that cannot be used are listed with their reason, and are errors when the user names them") {
  const Registry registry(folder("bad"));
  std::map<std::string, std::string> reasons;
  for (const auto& file : registry.unusable()) reasons[file.path.stem().string()] = file.reason;
  CHECK(contains(reasons["test_missing_symbol"], "undefined symbol"));
  CHECK(contains(reasons["test_missing_symbol"], "nobody_has_this_function"));
  CHECK(contains(reasons["test_raw_newer"], "needs a newer assay"));
  CHECK(contains(reasons["test_raw_lies"], "needs plugin boundary 0.9"));
  CHECK(contains(reasons["test_raw_cpu"], "warp-drive is missing"));
  CHECK(contains(reasons["test_raw_magic"], "magic"));
  CHECK(contains(reasons["test_raw_no_note"], "not an Assay plugin"));
  CHECK(contains(reasons["test_raw_bad_id"], "vendor.name"));
  CHECK(reasons.size() == 7);
  CHECK(registry.components().empty());
  CHECK(contains(error_of(Registry({{kFiles / "bad/test_raw_newer.so"}, {}, {}})), "needs a newer assay"));
  CHECK(contains(error_of(Registry({{kFiles / "bad/not_there.so"}, {}, {}})), "no such file"));
}

TEST_CASE("registry: a component of a kind that is not known yet is told of, and the rest of its file serves") {
  for (const bool named : {false, true}) {
    SearchPath path = folder("later");
    if (named) path = {{kFiles / "later/test_raw_later.so"}, {}, {}};
    const Registry registry(path);
    assay_scored rows{};
    rows.struct_size = sizeof rows;
    rows.rows = 7;
    CHECK(Metric(registry.component("metric", "raw.metric"), {}).score(rows, {})[0] == 7);
    CHECK(registry.components().size() == 1);
    REQUIRE(registry.unusable().size() == 1);
    CHECK(contains(registry.unusable()[0].reason, "pricer raw.crossing is of a kind that this Assay does not know"));
    CHECK(contains(registry.unusable()[0].mend, "newer Assay"));
    try {
      registry.component("pricer", "raw.crossing");
      FAIL("it cannot be used");
    } catch (const Error& e) {
      CHECK(contains(e.happened(), "raw.crossing is of a kind that this Assay does not know"));
    }
  }
}

TEST_CASE("registry: a table is read as far as its maker knew it") {
  assay_component table{};
  table.struct_size = offsetof(assay_component, ability);
  CHECK_FALSE(covers(table, table.ability));
  CHECK(covers(table, table.destroy));
  table.struct_size = sizeof table + 64;  // made later, and longer
  CHECK(covers(table, table.ability));
}

TEST_CASE("registry: folders that do not exist are no error") {
  const Registry registry({{}, {{kFiles / "no_such_folder", "a test"}}, {}});
  CHECK(registry.components().empty());
}
