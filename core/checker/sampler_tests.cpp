// How a sampler behaves: a point is a function of the space, the seed and the trials that were told, and lies inside the space.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "checker/subject.hpp"
#include "plugin/sampler.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kTrials = 60;
constexpr std::int64_t kLag = 4;

struct SampleRange {
  const char* name;
  std::uint32_t kind;
  double low, high, step;
  bool log;
};

class SampleSpace {
 public:
  explicit SampleSpace(const std::vector<SampleRange>& ranges) : ranges_(ranges.size()) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const SampleRange& r = ranges[i];
      const std::string_view name = r.name;
      ranges_[i] = {sizeof(assay_range), r.kind, {name.data(), name.size()}, r.low, r.high, r.step, r.log ? 1u : 0u, 0};
      if (r.kind == ASSAY_RANGE_CHOICE) ranges_[i].n_choices = static_cast<std::uint32_t>(r.high) + 1;
      pointers_.push_back(&ranges_[i]);
    }
    raw_ = {sizeof raw_, static_cast<std::uint32_t>(ranges.size()), pointers_.data(), kTrials, ASSAY_METRIC_HIGHER_IS_BETTER, 0};
  }
  SampleSpace(const SampleSpace&) = delete;
  const assay_space& raw() const { return raw_; }

 private:
  std::vector<assay_range> ranges_;
  std::vector<const assay_range*> pointers_;
  assay_space raw_{};
};

const std::vector<std::vector<SampleRange>>& spaces() {
  static const std::vector<std::vector<SampleRange>> all = {
      {{"model.x", ASSAY_RANGE_REAL, -2, 3, 0, false}},
      {{"model.rate", ASSAY_RANGE_REAL, 1e-5, 1, 0, true},
       {"model.drop", ASSAY_RANGE_REAL, 0, 0.5, 0.1, false},
       {"model.width", ASSAY_RANGE_INT, 3, 40, 1, false},
       {"train.batch_size", ASSAY_RANGE_INT, 16, 1000, 1, true},
       {"model.even", ASSAY_RANGE_INT, 2, 20, 2, false},
       {"model.kind", ASSAY_RANGE_CHOICE, 0, 3, 1, false},
       {"model.only", ASSAY_RANGE_CHOICE, 0, 0, 1, false}},
  };
  return all;
}

plugin::CallOptions seeded(const Subject& subject, std::uint64_t study, const char* purpose, std::int64_t number) {
  plugin::CallOptions options;
  options.seed = SeedTree(subject.seed).child(study).child(purpose).child(static_cast<std::uint64_t>(number)).seed();
  return options;
}

plugin::Sampler make_sampler(const Subject& subject, const SampleSpace& space, std::uint64_t study) {
  return {*subject.component, subject.params, space.raw(), seeded(subject, study, "start", 0)};
}

// What became of a trial: a smooth objective; `mishaps`: some were pruned, some failed.
void tell(plugin::Sampler& sampler, const Subject& subject, std::uint64_t study, std::int64_t number, const std::vector<double>& point,
          bool mishaps) {
  double value = 0;
  for (const double x : point) value -= std::sin(x) * x;
  assay_trial trial{sizeof trial, ASSAY_TRIAL_COMPLETE, number, point.data(), value};
  if (mishaps && number % 3 == 1) trial.status = ASSAY_TRIAL_PRUNED;
  if (mishaps && number % 3 == 2) {
    trial.status = ASSAY_TRIAL_FAILED;
    trial.value = std::numeric_limits<double>::quiet_NaN();
  }
  sampler.tell(trial, seeded(subject, study, "tell", number));
}

using Points = std::vector<std::vector<double>>;

std::int64_t trials_of(const plugin::Sampler& sampler) {
  const std::int64_t points = sampler.points();
  return points < 0 ? kTrials : std::min(points, kTrials);
}

Points study(const Subject& subject, const SampleSpace& space, std::uint64_t number, bool mishaps) {
  plugin::Sampler sampler = make_sampler(subject, space, number);
  Points points;
  for (std::int64_t n = 0; n < trials_of(sampler); ++n) {
    if (n >= kLag) tell(sampler, subject, number, n - kLag, points[static_cast<std::size_t>(n - kLag)], mishaps);
    points.push_back(sampler.ask(n, seeded(subject, number, "ask", n)));  // throws where it lies outside
  }
  return points;
}

Outcome inside(Subject& subject) {
  std::size_t asked = 0;
  for (const auto& ranges : spaces()) {
    const SampleSpace space(ranges);
    for (std::uint64_t number = 0; number < 3; ++number) {
      const Points points = study(subject, space, number, false);
      asked += points.size();
      for (const auto& point : points)
        for (std::size_t i = 0; i < point.size(); ++i) {
          if (ranges[i].step == 0) continue;
          const double steps = (point[i] - ranges[i].low) / ranges[i].step;
          expect(std::abs(steps - std::round(steps)) < 1e-6,
                 fmt::format("{} is no step of {}: low {}, step {}", point[i], ranges[i].name, ranges[i].low, ranges[i].step));
        }
    }
  }
  expect(asked > 0, "it has no point at all");
  return {Status::pass, fmt::format("{} points inside {} spaces", asked, spaces().size())};
}

Outcome is_seeded(Subject& subject) {
  for (const auto& ranges : spaces()) {
    const SampleSpace space(ranges);
    const Points first = study(subject, space, 1, false);
    study(subject, space, 2, false);
    expect(study(subject, space, 1, false) == first, "the same seed and trials give other points the second time");
  }
  return {};
}

Outcome survives_failed_trials(Subject& subject) {
  for (const auto& ranges : spaces()) {
    const SampleSpace space(ranges);
    study(subject, space, 1, true);
    plugin::Sampler sampler = make_sampler(subject, space, 1);  // nothing but failures
    for (std::int64_t n = 0; n < std::min<std::int64_t>(12, trials_of(sampler)); ++n) {
      const auto point = sampler.ask(n, seeded(subject, 1, "ask", n));
      const assay_trial trial{sizeof trial, ASSAY_TRIAL_FAILED, n, point.data(), std::numeric_limits<double>::quiet_NaN()};
      sampler.tell(trial, seeded(subject, 1, "tell", n));
    }
  }
  return {};
}

// A study that goes on: the trials that are stored are told, and the next point is the one that would have come.
Outcome resume_equals_straight(Subject& subject) {
  for (const auto& ranges : spaces()) {
    const SampleSpace space(ranges);
    const Points straight = study(subject, space, 1, true);
    const auto all = static_cast<std::int64_t>(straight.size());
    for (const std::int64_t at : {std::int64_t{1}, all / 2, all - 1}) {
      if (at < 1 || at >= all) continue;
      plugin::Sampler sampler = make_sampler(subject, space, 1);
      for (std::int64_t n = 0; n <= at - kLag; ++n) tell(sampler, subject, 1, n, straight[static_cast<std::size_t>(n)], true);
      expect(sampler.ask(at, seeded(subject, 1, "ask", at)) == straight[static_cast<std::size_t>(at)],
             fmt::format("trial {} has another point where the study goes on from stored trials", at));
    }
  }
  return {};
}

}  // namespace

const std::vector<Test>& sampler_tests() {
  static const std::vector<Test> tests = {
      {"sampler", "inside", "its points lie inside the space, on its steps", "param_defaults", inside},
      {"sampler", "quiet", "it prints nothing", "inside", inside},
      {"sampler", "seeded", "the same seed and trials give the same points", "inside", is_seeded},
      {"sampler", "failed_trials", "pruned and failed trials do no harm", "seeded", survives_failed_trials},
      {"sampler", "resume", "a study that goes on from stored trials has the points of a straight one", "failed_trials",
       resume_equals_straight},
  };
  return tests;
}

}  // namespace assay::checker
