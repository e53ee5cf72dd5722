// Studies: the lag rule under every order in which trials may end, resuming, the median rule, branches that crash.
#include <cmath>
#include <random>

#include "search_space.hpp"
#include "support/catch.hpp"

using namespace search_test;
using search::MedianPruner;
using search::Outcome;
using search::Step;
using search::Study;
using search::Trial;

namespace {

Outcome complete(double value) { return {Outcome::Status::complete, value, false, true, {}}; }
Outcome crash() { return {Outcome::Status::failed, std::nan(""), true, true, {}}; }

double objective(const Trial& trial) { return std::sin(7 * trial.point[0]) + trial.point[1] / 64 + std::sin(trial.point[4]); }

// What a trial comes to: some fail, some are pruned after a few of four steps, as the study says.
struct Running {
  Trial trial;
  std::vector<Step> steps;
  bool over(const Study& study) {
    if (trial.number % 7 == 3) return true;
    steps.push_back({static_cast<std::int64_t>(steps.size()), objective(trial) * static_cast<double>(steps.size() + 1) / 4});
    return steps.size() == 4 || study.falls_behind(trial.number, steps);
  }
  Outcome outcome() const {
    if (trial.number % 7 == 3) return {Outcome::Status::failed, std::nan(""), false, true, {}};
    return {steps.size() == 4 ? Outcome::Status::complete : Outcome::Status::pruned, steps.back().value, false, true, steps};
  }
};

using Record = std::vector<std::pair<std::vector<double>, std::vector<Step>>>;

// A study with `workers` of uneven speed; in the order that `random` makes of it.
Record record_of(const config::SearchSpec& spec, std::size_t workers, unsigned order) {
  std::mt19937 random(order);
  Study study(spec, sampler(spec.sampler.id), SeedTree(9));
  std::vector<Running> running;
  Record record(static_cast<std::size_t>(spec.trials));
  while (!study.is_over() || !running.empty()) {
    if (running.size() < workers && study.can_ask() && (running.empty() || random() % 2 == 0)) {
      running.push_back({*study.ask(), {}});
      continue;
    }
    const std::size_t who = random() % running.size();
    if (!running[who].over(study)) continue;
    const std::int64_t number = running[who].trial.number;
    record[static_cast<std::size_t>(number)] = {running[who].trial.point, running[who].steps};
    study.tell(number, running[who].outcome());
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(who));
  }
  return record;
}

}  // namespace

TEST_CASE("the same study for any number of workers and any order of endings") {
  for (const char* id : {"search.random", "search.quasi_random", "search.grid"}) {
    auto spec = mixed(id, 90);
    spec.lag = 8;
    spec.pruner = config::Component{"median", {{"warmup", {std::int64_t{1}}}, {"min_trials", {std::int64_t{2}}}}, {}};
    const Record straight = record_of(spec, 1, 0);
    std::size_t pruned = 0;
    for (const auto& [point, steps] : straight) pruned += !steps.empty() && steps.size() < 4;
    CHECK(pruned > 5);  // the rule was at work
    for (unsigned order = 1; order < 40; ++order) {
      CAPTURE(id, order);
      REQUIRE(record_of(spec, 1 + order % 9, order) == straight);
    }
  }
}

TEST_CASE("trial n waits for trial n - lag and for no later one") {
  auto spec = mixed("search.random", 6);
  spec.lag = 2;
  Study study(spec, sampler(spec.sampler.id), SeedTree(9));
  REQUIRE(study.can_ask());
  study.ask();
  REQUIRE(study.can_ask());
  study.ask();
  CHECK_FALSE(study.can_ask());  // trial 2 is drawn from trial 0
  study.tell(1, complete(1));
  CHECK_FALSE(study.can_ask());
  study.tell(0, complete(2));
  REQUIRE(study.can_ask());
  study.ask();
  CHECK(study.can_ask());  // trial 3 from trials 0 and 1
  CHECK(study.best() == 0);
}

TEST_CASE("best: by the direction, the first of equals, complete trials only; a grid ends where its points end") {
  auto spec = spec_of("search.grid", {integer("model.n", 1, 4)}, 100);
  spec.maximize = false;
  Study study(spec, sampler(spec.sampler.id), SeedTree(1));
  REQUIRE(study.size() == 4);
  for (int i = 0; i < 4; ++i) study.ask();
  CHECK_FALSE(study.best());
  study.tell(0, {Outcome::Status::pruned, 0, false, true, {}});
  study.tell(1, complete(3));
  study.tell(2, complete(2));
  study.tell(3, complete(2));
  CHECK(study.best() == 2);
  CHECK(study.is_over());
}

TEST_CASE("median rule, by hand: the best so far against the median of complete trials at the step") {
  const std::vector<Step> a{{0, 0.5}, {1, 0.6}, {2, 0.9}}, b{{0, 0.4}, {1, 0.7}}, c{{0, 0.3}, {1, 0.8}, {2, 0.7}};
  const std::vector<const std::vector<Step>*> others{&a, &b, &c};
  MedianPruner pruner{0, 1, true};
  const auto behind = [&](std::vector<Step> mine) { return pruner.falls_behind(mine, others); };
  CHECK(behind({{0, 0.39}}));                      // median of 0.5 0.4 0.3 is 0.4
  CHECK_FALSE(behind({{0, 0.4}}));                 // equal is not behind
  CHECK_FALSE(behind({{0, 0.72}, {1, 0.1}}));      // the best so far counts: 0.72 against 0.7
  CHECK(behind({{0, 0.5}, {1, 0.1}}));             // 0.5 against 0.7
  CHECK(behind({{0, 0.5}, {1, 0.7}, {2, 0.79}}));  // two reached step 2: (0.9 + 0.7) / 2 = 0.8
  CHECK_FALSE(behind({{3, 0}}));                   // nobody was there
  CHECK(behind({{0, std::nan("")}}));              // undefined all along
  pruner.min_trials = 3;
  CHECK_FALSE(behind({{0, 0.5}, {1, 0.7}, {2, 0.1}}));
  CHECK(behind({{0, 0.1}}));
  pruner.warmup = 1;
  CHECK_FALSE(behind({{0, 0.1}}));
  pruner = {0, 1, false};
  CHECK(behind({{0, 0.41}}));
  CHECK_FALSE(behind({{0, 0.4}}));
}

// Optuna 3.1's MedianPruner(n_startup_trials=0, n_warmup_steps, n_min_trials) on values h(i, s) = round(sin(1.7 i + 0.9 s) + 0.1 s, 6):
// trials 0..5 complete, of 5 steps (3 where 3 divides i), trial 6 pruned; candidates 20..31 report five steps, 1 where should_prune() says
// so.
TEST_CASE("median rule: Optuna's decisions") {
  const auto h = [](int i, int s) { return std::round((std::sin(1.7 * i + 0.9 * s) + 0.1 * s) * 1e6) / 1e6; };
  std::vector<std::vector<Step>> complete(6);
  for (int i = 0; i < 6; ++i)
    for (int s = 0; s < (i % 3 != 0 ? 5 : 3); ++s) complete[static_cast<std::size_t>(i)].push_back({s, h(i, s)});
  std::vector<const std::vector<Step>*> others;
  for (const auto& steps : complete) others.push_back(&steps);
  const struct {
    bool maximize;
    std::int64_t warmup, min_trials;
    const char* pruned;
  } kOptuna[] = {
      {true, 0, 1, "000001110010000000001110011000100000000011100110000000000000"},
      {true, 0, 5, "000001110010000000001110011000100000000011100110000000000000"},
      {true, 2, 1, "000000010000000000000010000000000000000000100000000000000000"},
      {true, 2, 5, "000000010000000000000010000000000000000000100000000000000000"},
      {false, 0, 1, "100000000000000110000000000000000111100000000000001111010000"},
      {false, 0, 5, "100000000000000110000000000000000001100000000000001110010000"},
      {false, 2, 1, "000000000000000000000000000000000110000000000000000011000000"},
      {false, 2, 5, "000000000000000000000000000000000000000000000000000010000000"},
  };
  for (const auto& [maximize, warmup, min_trials, pruned] : kOptuna) {
    CAPTURE(maximize, warmup, min_trials);
    const MedianPruner pruner{warmup, min_trials, maximize};
    std::string now;
    for (int candidate = 20; candidate < 32; ++candidate) {
      std::vector<Step> mine;
      for (int s = 0; s < 5; ++s) {
        mine.push_back({s, h(candidate, s)});
        now += pruner.falls_behind(mine, others) ? '1' : '0';
      }
    }
    CHECK(now == pruned);
  }
}

TEST_CASE("the pruner of trial n sees trials up to n - lag alone") {
  auto spec = mixed("search.random", 10);
  spec.lag = 2;
  spec.pruner = config::Component{"median", {{"min_trials", {std::int64_t{1}}}}, {}};
  Study study(spec, sampler(spec.sampler.id), SeedTree(9));
  study.ask();
  study.ask();
  const std::vector<Step> good{{0, 1.0}}, bad{{0, 0.0}};
  study.tell(0, {Outcome::Status::complete, 1, false, true, good});
  CHECK_FALSE(study.falls_behind(1, bad));  // trial 0 has ended, and trial 1 may not know
  study.ask();
  CHECK(study.falls_behind(2, bad));
}

TEST_CASE("a choice with which three trials crash and none goes well is closed, for later trials, with the reason; others go on") {
  auto spec = spec_of("search.grid", {integer("model.n", 1, 10), choice("model.kind", {"good", "bad"})}, 20);
  spec.lag = 1;
  Study study(spec, sampler(spec.sampler.id), SeedTree(1));
  for (std::int64_t n = 0; n < 20; ++n) {
    const auto trial = study.ask();
    REQUIRE(trial);
    const bool bad = trial->values[1].second == "bad";
    CHECK(trial->closed.empty() == (!bad || n < 7));  // 1, 3 and 5 crash; 7 is known to
    if (!trial->closed.empty())
      CHECK(trial->closed == "every trial with model.kind = bad crashed (1, 3, 5): trials with it are no longer run");
    study.tell(n, !trial->closed.empty() ? Outcome{Outcome::Status::failed, std::nan(""), false, false, {}} : bad ? crash() : complete(1));
  }
}

TEST_CASE("a choice is not closed for the crashes of another one, and the other one is") {
  auto spec = spec_of("search.random", {choice("model.mode", {"0", "1", "3", "8"}), choice("model.w", {"0.5", "1.0"})}, 40);
  spec.lag = 1;
  int met_three_crashes_first = 0;  // with w = 0.5, for the sake of a mode
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Study study(spec, sampler(spec.sampler.id), SeedTree(seed));
    int crashed = 0, not_run = 0, with_half = 0;
    bool half_crashes = true;
    for (std::int64_t n = 0; n < study.size(); ++n) {
      const auto trial = study.ask();
      if (!trial) break;  // all crashed so far
      const std::string mode = trial->values[0].second;
      const bool bad = mode == "1" || mode == "8", half = trial->values[1].second == "0.5";
      if (!trial->closed.empty()) {
        REQUIRE(bad);
        REQUIRE_THAT(trial->closed, Catch::Contains("every trial with model.mode = " + mode));
        ++not_run;
      }
      if (half && with_half++ < 3) half_crashes = half_crashes && bad;
      const bool runs = trial->closed.empty();
      crashed += runs && bad;
      study.tell(n, !runs ? Outcome{Outcome::Status::failed, std::nan(""), false, false, {}} : bad ? crash() : complete(1));
    }
    if (study.size() < 40) continue;
    met_three_crashes_first += half_crashes;
    CHECK(crashed <= 10);
    CHECK(not_run > 0);
  }
  CHECK(met_three_crashes_first > 0);
}

TEST_CASE("a search whose first ten trials all crash ends; one that ever worked does not") {
  auto spec = spec_of("search.random", {integer("model.n", 1, 10)}, 20);
  spec.lag = 1;
  Study study(spec, sampler(spec.sampler.id), SeedTree(1));
  for (std::int64_t n = 0; n < 10; ++n) study.tell(study.ask()->number, crash());
  CHECK_FALSE(study.ask());
  CHECK(study.is_over());
  CHECK(study.size() == 10);
  CHECK(study.stopped() == "the first 10 trials crashed, whatever their values: the search is stopped");
  Study other(spec, sampler(spec.sampler.id), SeedTree(1));
  other.tell(other.ask()->number, complete(1));
  for (std::int64_t n = 1; n < 20; ++n) other.tell(other.ask()->number, crash());
  CHECK(other.is_over());
  CHECK(other.stopped().empty());
}

TEST_CASE("a region of crashes at the beginning of a grid ends no search; crashes everywhere end it once each value has changed") {
  auto spec = spec_of("search.grid", {choice("model.kind", {"bad", "good"}), integer("model.n", 1, 15)}, 30);
  spec.lag = 1;
  const auto ran = [&](bool all_bad) {
    Study study(spec, sampler(spec.sampler.id), SeedTree(1));
    for (std::int64_t n = 0; n < 30; ++n) {
      const auto trial = study.ask();
      if (!trial) return n;
      study.tell(n, all_bad || trial->values[0].second == "bad" ? crash() : complete(1));
    }
    return std::int64_t{30};
  };
  CHECK(ran(false) == 30);
  CHECK(ran(true) == 16);
}
