// The loop that decides: schedules, early stopping, the best epoch restored, checkpoints, stops.
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "fake_learner.hpp"
#include "support/catch.hpp"
#include "train/trainer.hpp"

using namespace assay;
using namespace assay::train;
using train_test::FakeLearner;
using Schedule = config::TrainSpec::Schedule;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Rows validation_rows() {
  Rows rows;
  rows.count = 4;
  return rows;
}

// Hooks that score the epoch e by scores[e].
TrainingHooks scored_by(const std::vector<double>& scores) {
  TrainingHooks hooks;
  hooks.score_validation = [scores](std::span<const double> p, std::int64_t) { return scores.at(static_cast<std::size_t>(p[0])); };
  return hooks;
}

TrainingPlan plan(std::int64_t epochs, std::int64_t patience, double min_delta, int direction) {
  TrainingPlan plan;
  plan.epochs = epochs;
  plan.stopping = {"metric", direction, patience, min_delta};
  return plan;
}

}  // namespace

TEST_CASE("schedules: constant, halved after each third, half a cosine wave, one cycle, each after a warm-up") {
  const auto check = [](const Schedule& schedule, const std::vector<double>& factors) {
    const auto epochs = static_cast<std::int64_t>(factors.size());
    for (std::int64_t e = 0; e < epochs; ++e)
      CHECK(schedule_factor(schedule, e, epochs) == Approx(factors[static_cast<std::size_t>(e)]).epsilon(1e-13));
  };
  check({"constant"}, {1, 1, 1});
  check({"step"}, {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25});
  check({"cosine"}, {1, 0.8535533905932737, 0.5, 0.14644660940672627});  // 0.5 (1 + cos(pi e / 4)), by hand
  // torch.optim.lr_scheduler: OneCycleLR(max_lr=1, total_steps=11); LinearLR(1/4, total_iters=3), then CosineAnnealingLR(5)
  check({"one_cycle"}, {0.04, 0.4223411137347358, 0.9602614247226174, 0.9797465678213015, 0.8844757247686303, 0.7260870492975283,
                        0.5305827080875998, 0.3300580289872949, 0.15743251279950787, 0.041045543206290856});
  check({"cosine", 3}, {0.25, 0.5, 0.75, 1, 0.9045084971874737, 0.6545084971874737, 0.3454915028125263, 0.09549150281252632});
  CHECK_THROWS_AS(schedule_factor({"sine"}, 0, 4), BrokenPromise);
}

TEST_CASE("on_plateau makes the rate smaller where validation stands still; a checkpoint in between changes nothing") {
  // torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=2, threshold=0, threshold_mode='abs') on these values
  const std::vector<double> scores{1, .9, .95, .91, .92, .93, .8, .85, .81, .82, .83, .84, .86, .87};
  const std::vector<double> rates{1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125};
  TrainingPlan p = plan(14, 100, 0, -1);
  p.schedule = {"on_plateau", 0, 0.5, 2};
  FakeLearner learner;
  TrainingHooks hooks = scored_by(scores);
  std::optional<Resume> in_between;
  hooks.wants_checkpoint = [](const TrainingState& s) { return s.next_epoch == 4; };
  hooks.put_checkpoint = [&](const TrainingState& s, std::vector<std::byte> bytes) {
    in_between = Resume{TrainingState::from_json(s.to_json()), std::move(bytes)};
  };
  train::train(learner, p, validation_rows(), hooks);
  CHECK(learner.rates == rates);
  FakeLearner later;
  REQUIRE(in_between);
  train::train(later, p, validation_rows(), hooks, in_between);
  CHECK(later.rates == std::vector<double>(rates.begin() + 4, rates.end()));
}

TEST_CASE("every epoch gets its rate, and a refit goes the way of the first training") {
  FakeLearner learner;
  TrainingPlan p;
  p.epochs = 3;
  p.schedule.kind = "cosine";
  p.rates = {1, 1, 0.5, 0.5, 0.25, 0.25};
  const TrainingState state = train::train(learner, p, {}, {});
  CHECK(learner.rates == std::vector<double>{1, 1, 0.5});
  CHECK(learner.begins == 1);
  REQUIRE(state.epochs.size() == 3);
  CHECK(state.epochs[2].loss == Approx(1.0 / 3));
  CHECK(std::isnan(state.epochs[2].validation));
  CHECK(state.best_epoch == -1);
}

TEST_CASE("early stopping: patience, direction, and the best epoch comes back") {
  SECTION("higher is better: best in epoch 2, patience 2 ends after epoch 4") {
    FakeLearner learner;
    const auto state = train::train(learner, plan(10, 2, 0, 1), validation_rows(), scored_by({0.1, 0.2, 0.5, 0.4, 0.45, 0.9}));
    CHECK(state.best_epoch == 2);
    CHECK(state.best == 0.5);
    CHECK(state.epochs.size() == 5);
    CHECK(learner.state == 2);
    CHECK(learner.restores == 1);
    CHECK(learner.keeps == 3);
  }
  SECTION("lower is better: the same scores end after epoch 2") {
    FakeLearner learner;
    const auto state = train::train(learner, plan(10, 2, 0, -1), validation_rows(), scored_by({0.1, 0.2, 0.5, 0.4}));
    CHECK(state.best_epoch == 0);
    CHECK(state.epochs.size() == 3);
    CHECK(learner.state == 0);
  }
  SECTION("a gain of exactly min_delta is none") {
    FakeLearner learner;
    const auto state = train::train(learner, plan(4, 10, 0.25, 1), validation_rows(), scored_by({1, 1.25, 1.375, 1.25}));
    CHECK(state.best_epoch == 2);
    FakeLearner strict;
    CHECK(train::train(strict, plan(2, 10, 0.25, 1), validation_rows(), scored_by({1, 1.25})).best_epoch == 0);
    CHECK(strict.state == 0);
  }
  SECTION("an equal score does not move the best") {
    FakeLearner learner;
    CHECK(train::train(learner, plan(3, 5, 0, 1), validation_rows(), scored_by({0.5, 0.5, 0.5})).best_epoch == 0);
  }
  SECTION("the last epoch is the best: nothing to restore") {
    FakeLearner learner;
    train::train(learner, plan(3, 5, 0, 1), validation_rows(), scored_by({1, 2, 3}));
    CHECK(learner.restores == 0);
    CHECK(learner.state == 2);
  }
  SECTION("infinite scores: the first finite one is better") {
    FakeLearner learner;
    CHECK(train::train(learner, plan(3, 5, 0, -1), validation_rows(), scored_by({kInf, 3, 4})).best_epoch == 1);
  }
}

TEST_CASE("a loss or a metric that is no number ends the training with a clear error") {
  FakeLearner learner;
  learner.losses = {1, 0.5, std::nan("")};
  TrainingPlan p;
  CHECK_THROWS_WITH(train::train(learner, p, {}, {}), Catch::Contains("epoch 3") && Catch::Contains("loss is no longer a number"));
  FakeLearner infinite;
  infinite.losses = {kInf};
  CHECK_THROWS_AS(train::train(infinite, p, {}, {}), Error);
  FakeLearner fine;
  CHECK_THROWS_WITH(train::train(fine, plan(3, 1, 0, 1), validation_rows(), scored_by({std::nan("")})),
                    Catch::Contains("metric is undefined on the validation rows"));
}

TEST_CASE("cancelling is seen between epochs, as interrupted") {
  FakeLearner learner;
  std::atomic<bool> cancel{false};
  TrainingHooks hooks;
  hooks.cancel = &cancel;
  hooks.progress = [&](const TrainingState& state, std::int64_t) { cancel = state.next_epoch == 3; };
  try {
    train::train(learner, TrainingPlan{}, {}, hooks);
    FAIL("it went on");
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::interrupted);
  }
  CHECK(learner.rates.size() == 3);
}

TEST_CASE("resumed from any checkpoint = straight, bit for bit, early stopping included") {
  const std::vector<double> scores{0.3, 0.1, 0.35, 0.2, 0.5, 0.45, 0.4, 0.1, 0.9, 0.1};
  TrainingPlan p = plan(10, 3, 0, 1);
  p.schedule.kind = "cosine";
  FakeLearner straight;
  std::vector<Resume> checkpoints;
  TrainingHooks hooks = scored_by(scores);
  hooks.wants_checkpoint = [](const TrainingState&) { return true; };
  hooks.put_checkpoint = [&](const TrainingState& state, std::vector<std::byte> bytes) {
    checkpoints.push_back({TrainingState::from_json(state.to_json()), std::move(bytes)});
  };
  const TrainingState whole = train::train(straight, p, validation_rows(), hooks);
  REQUIRE(whole.epochs.size() == 8);  // best in epoch 4, three more
  REQUIRE(checkpoints.size() == 7);   // none after the last epoch
  for (const Resume& from : checkpoints) {
    FakeLearner again;
    const TrainingState resumed = train::train(again, p, validation_rows(), scored_by(scores), from);
    CHECK(again.begins == 0);
    CHECK(again.resumes == 1);
    CHECK(again.mixed == straight.mixed);
    CHECK(again.state == straight.state);
    CHECK(resumed.to_json() == whole.to_json());
  }
}

TEST_CASE("the loop's memory survives its JSON, infinities and NaN included") {
  TrainingState state;
  state.next_epoch = 3;
  state.best_epoch = 0;
  state.best = kInf;
  state.epochs = {{0, 0.1 + 0.2, kInf}, {1, 1e-300, -kInf}, {2, 5, std::nan("")}};
  const TrainingState back = TrainingState::from_json(state.to_json());
  CHECK(back.best == kInf);
  CHECK(back.epochs[0].loss == 0.1 + 0.2);
  CHECK(back.epochs[1].validation == -kInf);
  CHECK(std::isnan(back.epochs[2].validation));
  CHECK(back.to_json() == state.to_json());
  for (const char* broken : {"", "{}", "[1,2", R"({"next_epoch":"x","best_epoch":0,"best":1,"epochs":[]})"}) {
    INFO(broken);
    CHECK_THROWS_AS(TrainingState::from_json(broken), Error);
  }
}

TEST_CASE("a model that fits at once: no epochs, and validation inputs only where it asks for them") {
  FakeLearner plain;
  plain.by_steps = false;
  const auto state = train::train(plain, plan(5, 2, 0, 1), validation_rows(), scored_by({}));
  CHECK(plain.fits == 1);
  CHECK(plain.begins == 0);
  CHECK(state.epochs.empty());
  CHECK_FALSE(plain.fit_could_evaluate);
  CHECK(plain.fit_validation.count == 0);
  FakeLearner asking;
  asking.by_steps = false;
  asking.uses_validation = true;
  train::train(asking, plan(5, 2, 0, 1), validation_rows(), scored_by({}));
  CHECK(asking.fit_could_evaluate);
  CHECK(asking.fit_validation.count == 4);
  train::train(asking, plan(5, 2, 0, 1), {}, scored_by({}));
  CHECK_FALSE(asking.fit_could_evaluate);
}
