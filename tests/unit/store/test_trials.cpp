#include <cmath>
#include <filesystem>

#include "store/store.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace assay;
using namespace assay::store;

TEST_CASE("a trial comes back as it went in, alone and in order; a second writing replaces it; it goes with its run") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path;
  Store store(folder / "a.db", Store::Mode::write);
  const RunId id = store.create_run({});
  TrialRecord trial;
  trial.study = -1;
  trial.number = 7;
  trial.status = TrialStatus::pruned;
  trial.value = std::nan("");
  trial.values = {{"model.hidden", "[64, 32]"}, {"features.a.window", "5"}};
  trial.configuration = "c0";
  trial.seconds = 0.25;
  trial.error = "why";
  trial.log = "said\n";
  trial.file = "assay: 1\n";
  trial.step = {0, 1, 12};
  trial.step_value = {0.5, std::nan(""), 0.75};
  trial.time = {10, 20};
  trial.returns = {0.01, -0.02};
  store.put_trial(id, {});
  trial.status = TrialStatus::crashed;
  store.put_trial(id, trial);
  trial.status = TrialStatus::pruned;
  store.put_trial(id, trial);

  const auto check = [&](const TrialRecord& back, bool steps, bool whole) {
    CHECK(back.number == 7);
    CHECK(back.status == TrialStatus::pruned);
    CHECK(std::isnan(back.value));
    CHECK(back.values == trial.values);
    CHECK(back.configuration == "c0");
    CHECK(back.seconds == 0.25);
    CHECK(back.error == "why");
    CHECK(back.step == (steps ? trial.step : std::vector<std::int64_t>{}));
    REQUIRE(back.step_value.size() == (steps ? 3 : 0));
    if (steps) CHECK(std::isnan(back.step_value[1]));
    CHECK(back.file == (whole ? "assay: 1\n" : ""));
    CHECK(back.log == (whole ? "said\n" : ""));
    CHECK(back.time == (whole ? trial.time : std::vector<TimeNs>{}));
    CHECK(back.returns == (whole ? trial.returns : std::vector<double>{}));
  };
  using Detail = Store::TrialDetail;
  const auto all = store.trials(id, Detail::brief);
  REQUIRE(all.size() == 2);
  CHECK(all[1].study == 0);
  check(all[0], false, false);
  check(store.trials(id, Detail::steps)[0], true, false);
  check(store.trials(id, Detail::whole)[0], true, true);
  check(*store.trial(id, -1, 7), true, true);
  CHECK_FALSE(store.trial(id, 0, 7));
  store.delete_run(id);
  CHECK(store.trials(id, Detail::brief).empty());
}
