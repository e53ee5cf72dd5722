#include "search/study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace assay::search {

namespace {

plugin::CallOptions with_seed(SeedTree seed) {
  plugin::CallOptions options;
  options.seed = seed.seed();
  return options;
}

std::uint32_t status_of(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::complete:
      return ASSAY_TRIAL_COMPLETE;
    case Outcome::Status::pruned:
      return ASSAY_TRIAL_PRUNED;
    case Outcome::Status::failed:
      break;
  }
  return ASSAY_TRIAL_FAILED;
}

}  // namespace

Study::Study(const config::SearchSpec& spec, const plugin::LoadedComponent& sampler, SeedTree seed, const plugin::ComponentMaker& maker)
    : space_(spec),
      seed_(seed),
      sampler_(maker.sampler(sampler, spec.sampler.params, space_.raw(), with_seed(seed.child("sampler")))),
      lag_(spec.lag),
      size_(spec.trials),
      maximize_(spec.maximize) {
  if (spec.pruner) pruner_ = MedianPruner::of(*spec.pruner, spec.maximize);
  const std::int64_t points = sampler_->points();
  if (points >= 0) size_ = std::min(size_, points);
}

bool Study::can_ask() const {
  if (is_over()) return false;
  for (std::int64_t n = known_; n <= asked() - lag_; ++n)
    if (!outcomes_[static_cast<std::size_t>(n)]) return false;
  return true;
}

std::optional<Trial> Study::ask() {
  ASSAY_CHECK(can_ask(), "a trial is drawn once the trials before its lag are told");
  const std::int64_t number = asked();
  for (; known_ <= number - lag_; ++known_) learn(known_);
  if (knows_only_crashes()) {
    stopped_ = fmt::format("the first {} trials crashed, whatever their values: the search is stopped", all_.crashes.size());
    size_ = number;
    return std::nullopt;
  }
  Trial trial;
  trial.number = number;
  trial.point = sampler_->ask(number, with_seed(seed_.child("trial").child(static_cast<std::uint64_t>(number))));
  trial.values = space_.values(trial.point);
  trial.closed = closed_branch(trial.point, trial.values);
  trials_.push_back(trial);
  outcomes_.emplace_back();
  return trial;
}

void Study::tell(std::int64_t number, Outcome outcome) {
  auto& mine = outcomes_.at(static_cast<std::size_t>(number));
  ASSAY_CHECK(!mine, "a trial ends once");
  mine = std::move(outcome);
  if (mine->status != Outcome::Status::complete) return;
  const double than = best_ ? outcomes_[static_cast<std::size_t>(*best_)]->value : mine->value;
  const bool better = maximize_ ? mine->value > than : mine->value < than;
  if (!best_ || better || (mine->value == than && number < *best_)) best_ = number;
}

// The trial becomes known: to the sampler, and to the record of what crashes.
void Study::learn(std::int64_t number) {
  const Trial& trial = trials_[static_cast<std::size_t>(number)];
  const Outcome& outcome = *outcomes_[static_cast<std::size_t>(number)];
  assay_trial told{};
  told.struct_size = sizeof told;
  told.status = status_of(outcome.status);
  told.number = number;
  told.point = trial.point.data();
  told.value = outcome.status == Outcome::Status::failed ? std::nan("") : outcome.value;
  sampler_->tell(told, with_seed(seed_.child("tell").child(static_cast<std::uint64_t>(number))));
  if (!outcome.was_run) return;
  const auto note = [&](Setting& setting) {
    if (outcome.crashed) setting.crashes.push_back(number);
    setting.worked = setting.worked || !outcome.crashed;
  };
  note(all_);
  for (std::size_t i = 0; i < space_.size(); ++i)
    if (space_.is_choice(i)) note(settings_[{i, trial.point[i]}]);
}

// Ten trials, and no value that all of them had: neither a bad region nor one bad choice explains them, the plugin or its setting does.
// A grid, whose neighbours are alike, goes on until each of its values has changed.
bool Study::knows_only_crashes() const {
  constexpr std::size_t kCrashes = 10;
  if (all_.worked || all_.crashes.size() < kCrashes) return false;
  const auto& first = trials_[static_cast<std::size_t>(all_.crashes.front())].point;
  for (std::size_t i = 0; i < space_.size(); ++i) {
    const auto same = [&](std::int64_t number) { return trials_[static_cast<std::size_t>(number)].point[i] == first[i]; };
    if (!space_.has_one_value(i) && std::all_of(all_.crashes.begin(), all_.crashes.end(), same)) return false;
  }
  return true;
}

bool Study::has_worked(std::size_t range, double choice) const {
  const auto setting = settings_.find({range, choice});
  return setting != settings_.end() && setting->second.worked;
}

std::vector<std::int64_t> Study::crashes_of(std::size_t range, double choice) const {
  std::vector<std::int64_t> out;
  const auto setting = settings_.find({range, choice});
  if (setting == settings_.end()) return out;
  for (const std::int64_t number : setting->second.crashes) {
    const auto& point = trials_[static_cast<std::size_t>(number)].point;
    bool innocent = true;  // all its other choices
    for (std::size_t i = 0; i < space_.size(); ++i) innocent = innocent && (i == range || !space_.is_choice(i) || has_worked(i, point[i]));
    if (innocent) out.push_back(number);
  }
  return out;
}

std::string Study::closed_branch(std::span<const double> point, const Values& values) const {
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (!space_.is_choice(i) || has_worked(i, point[i])) continue;
    if (const auto crashes = crashes_of(i, point[i]); crashes.size() >= 3)
      return fmt::format("every trial with {} = {} crashed ({}): trials with it are no longer run", values[i].first, values[i].second,
                         fmt::join(crashes.begin(), crashes.begin() + 3, ", "));
  }
  return "";
}

bool Study::falls_behind(std::int64_t number, std::span<const Step> steps) const {
  if (!pruner_) return false;
  std::vector<const std::vector<Step>*> complete;
  for (std::int64_t n = 0; n <= number - lag_; ++n)
    if (const auto& outcome = outcomes_[static_cast<std::size_t>(n)]; outcome && outcome->status == Outcome::Status::complete)
      complete.push_back(&outcome->steps);
  return pruner_->falls_behind(steps, complete);
}

}  // namespace assay::search
