// Plugins in the user's folder: found there, and harmless where they cannot even be loaded.
#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// A plugin in the user's own folder.
fs::path bring(Folder& folder, const std::string& name) {
  const fs::path plugins = folder.path() / "home" / "plugins";
  fs::create_directories(plugins);
  fs::copy_file(fs::path(BAD_PLUGINS) / ("bad_" + name + ".so"), plugins / (name + ".so"));
  return plugins / (name + ".so");
}

const char* const kExperiment =
    "assay: 1\nname: one\nseed: 7\ndata: {source: sim.market, entities: 2, days: 120, seed: 1}\ninputs: [momentum, value]\n"
    "target: {expr: 'lead(close, 1) / close - 1', task: regression}\nsplit: {use: holdout, test: 0.3}\n"
    "evaluate: {metrics: [rmse], baselines: [no_change]}\n";

}  // namespace

TEST_CASE("plugins in the user's folder are found") {
  Folder folder;
  bring(folder, "good");
  const Result listed = folder.assay({"plugin", "list"});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Catch::Contains("good.moving"));
}

TEST_CASE("a plugin that dies while it is loaded takes nothing with it, and is named where something is missed") {
  Folder folder;
  const fs::path file = bring(folder, "crashes_at_load");
  const Result listed = folder.assay({"plugin", "list"});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out + listed.err, Catch::Contains("crashes_at_load.so") && Catch::Contains("it crashes while it is loaded"));
  folder.write("good.yaml", std::string(kExperiment) + "model: {use: linear.ridge}\n");
  CHECK(folder.assay({"run", "good.yaml"}).code == 0);

  folder.write("missed.yaml", std::string(kExperiment) + "model: {use: bad.crashes_at_load}\n");
  const Result missed = folder.assay({"check", "missed.yaml"});
  CHECK(missed.code == 1);
  CHECK_THAT(missed.err, Catch::Contains("there is no model 'bad.crashes_at_load'") && Catch::Contains("crashes_at_load.so: it crashes"));

  const Result named = folder.assay({"run", "good.yaml", "--plugins", file.string()});
  CHECK(named.code == 1);
  CHECK_THAT(named.err, Catch::Contains("it crashes while it is loaded"));
}
