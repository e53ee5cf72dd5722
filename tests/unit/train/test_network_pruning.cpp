// The loop that prunes, on a learner whose weights can be followed: the published schedule, what each share begins from, going on from a
// checkpoint, and the choice.
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.hpp"
#include "fake_learner.hpp"
#include "support/catch.hpp"
#include "train/network_pruning.hpp"

using namespace assay::train;
using train_test::FakeLearner;

namespace {

// Its state is the text of all that was done to it since training.
struct TracedLearner final : FakeLearner {
  std::string now = "trained", best_now;
  double share = 0;
  int epochs = 0;

  double epoch(std::int64_t index, double rate) override {
    now += " e" + std::to_string(index) + "*" + std::to_string(rate).substr(0, 4);
    ++epochs;
    return 1;
  }
  void prune(assay::plugin::Pruning, double wanted) override {
    share = wanted;
    now += " p" + std::to_string(wanted).substr(0, 5);
  }
  assay::plugin::ModelSize size(assay::plugin::Pruning) override { return {100, std::lround(100 * share), 100, std::lround(100 * share)}; }
  void keep_best() override { best_now = now; }
  void restore_best() override {
    now = best_now;
    share = 0;
  }
  std::vector<std::byte> save(const std::string&) override { return bytes_of(now); }
  std::vector<std::byte> checkpoint() override { return bytes_of(now + "|" + best_now + "|" + std::to_string(share)); }
  void resume(std::span<const std::byte> bytes) override {
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto first = text.find('|'), second = text.rfind('|');
    now = text.substr(0, first);
    best_now = text.substr(first + 1, second - first - 1);
    share = std::stod(text.substr(second + 1));
  }
  static std::vector<std::byte> bytes_of(const std::string& text) {
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
  }
};

std::string text_of(const PrunedLevel& level) { return {reinterpret_cast<const char*>(level.bundle.data()), level.bundle.size()}; }

PruningPlan plan_of(std::string schedule) {
  PruningPlan plan;
  plan.sparsity = {0.5, 0.8};
  plan.fine_tune_epochs = 4;
  plan.schedule = std::move(schedule);
  plan.rate_factor = 0.25;
  plan.first_epoch = 10;
  return plan;
}

}  // namespace

// Zhu and Gupta (2017), equation 1: s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3, with s_i = 0, t_0 = 0, n dt = 5 raises of 10
// epochs.
TEST_CASE("the cubic schedule is the published one, over the first half of the epochs") {
  const double s_f = 0.9;
  for (int epoch = 0; epoch < 10; ++epoch) {
    const double t = std::min(epoch + 1, 5);
    CHECK_THAT(share_at("cubic", s_f, epoch, 10), Catch::Matchers::WithinAbs(s_f + (0 - s_f) * std::pow(1 - t / 5, 3), 1e-15));
    CHECK_THAT(share_at("linear", s_f, epoch, 10), Catch::Matchers::WithinAbs(s_f * t / 5, 1e-15));
    CHECK(share_at("one_shot", s_f, epoch, 10) == s_f);
  }
  CHECK(share_at("cubic", s_f, 4, 10) == s_f);  // reached, not nearly
  for (const char* schedule : {"cubic", "linear", "one_shot"})
    for (int epochs = 1; epochs <= 3; ++epochs) CHECK(share_at(schedule, s_f, epochs - 1, epochs) == s_f);
}

TEST_CASE("each share begins from the trained network, rises, and is trained further with the same rows in the same order") {
  TracedLearner learner;
  const std::vector<PrunedLevel> levels = prune_levels(learner, plan_of("linear"), {});
  REQUIRE(levels.size() == 3);
  CHECK(text_of(levels[0]) == "trained");
  CHECK(text_of(levels[1]) == "trained p0.250 e10*0.25 p0.500 e11*0.25 e12*0.25 e13*0.25");
  CHECK(text_of(levels[2]) == "trained p0.400 e10*0.25 p0.800 e11*0.25 e12*0.25 e13*0.25");
  CHECK(levels[2].sparsity == 0.8);
  CHECK(levels[2].size.share() == 0.8);
  CHECK(levels[2].losses.size() == 4);

  PruningPlan at_once = plan_of("one_shot");
  at_once.fine_tune_epochs = 0;
  CHECK(text_of(prune_levels(learner, at_once, {})[2]).ends_with("p0.800"));
}

TEST_CASE("pruning goes on from any checkpoint as if it had not stopped") {
  TracedLearner straight;
  std::vector<std::pair<std::string, std::vector<std::byte>>> checkpoints;
  PruningHooks hooks;
  hooks.wants_checkpoint = [] { return true; };
  hooks.put_checkpoint = [&](const PruningState& state, const std::vector<std::byte>& learner) {
    checkpoints.emplace_back(state.to_json(), state.bytes(learner));
  };
  const std::vector<PrunedLevel> expected = prune_levels(straight, plan_of("cubic"), hooks);
  REQUIRE(checkpoints.size() == 8);
  for (std::size_t c = 0; c < checkpoints.size(); ++c) {
    TracedLearner learner;
    const std::vector<PrunedLevel> levels =
        prune_levels(learner, plan_of("cubic"), {}, PruningState::read(checkpoints[c].first, checkpoints[c].second));
    CHECK(learner.epochs == 7 - static_cast<int>(c));
    REQUIRE(levels.size() == expected.size());
    for (std::size_t k = 0; k < levels.size(); ++k) {
      CHECK(levels[k].bundle == expected[k].bundle);
      CHECK(levels[k].losses == expected[k].losses);
      CHECK(levels[k].size.pruned == expected[k].size.pruned);
    }
  }
  auto cut = checkpoints[5].second;
  cut.resize(3);
  CHECK_THROWS_AS(PruningState::read(checkpoints[5].first, cut), assay::Error);
}

TEST_CASE("the largest share within the tolerance of the best score is chosen") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(sparsest_within(std::vector{0.80, 0.81, 0.805, 0.70}, 1, 0.0) == 1);
  CHECK(sparsest_within(std::vector{0.80, 0.81, 0.805, 0.70}, 1, 0.006) == 2);
  CHECK(sparsest_within(std::vector{0.80, 0.81, 0.805, 0.70}, 1, 0.2) == 3);
  CHECK(sparsest_within(std::vector{0.80, 0.79, 0.78}, 1, 0.001) == 0);  // nothing taken away competes
  CHECK(sparsest_within(std::vector{0.40, 0.39, 0.41}, -1, 0.0) == 1);   // a loss
  CHECK(sparsest_within(std::vector{0.80, nan, 0.80}, 1, 0.0) == 2);
  CHECK_THROWS_AS(sparsest_within(std::vector{nan, nan}, 1, 0.0), assay::Error);
}
