// The kinds of split: which rows are train, validation and test before purging.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "pipeline/fold_maker.hpp"

namespace assay::pipeline {

namespace {
constexpr std::int64_t kMostSteps = 10'000;
std::size_t share_of(std::size_t count, double share) { return static_cast<std::size_t>(std::llround(static_cast<double>(count) * share)); }
}  // namespace

FoldMaker::Rows FoldMaker::draw(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const {
  return rows_.group.empty() ? draw_rows(rows, share, seed, strata, shuffle) : draw_groups(rows, share, seed, strata, shuffle);
}

std::int64_t FoldMaker::class_of(std::int64_t row, bool strata) const {
  return strata ? static_cast<std::int64_t>(rows_.y[static_cast<std::size_t>(row)]) : 0;
}

// Rows of each class that are wanted.
std::map<std::int64_t, double> FoldMaker::wanted(const Rows& rows, double share, bool strata) const {
  std::map<std::int64_t, double> open;
  if (!strata) open[0] = static_cast<double>(rows.size());
  for (std::size_t i = 0; strata && i < rows.size(); ++i) open[class_of(rows[i], true)] += 1;
  for (auto& [label, count] : open) count = static_cast<double>(share_of(static_cast<std::size_t>(count), share));
  return open;
}

FoldMaker::Rows FoldMaker::draw_rows(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const {
  Rows order = rows;
  Random random(seed);
  if (shuffle) random.shuffle(std::span(order));
  if (!shuffle) std::reverse(order.begin(), order.end());  // the last rows are drawn, as with time
  std::map<std::int64_t, double> open = wanted(rows, share, strata);
  Rows drawn;
  double* left = &open[0];
  for (const std::int64_t row : order) {
    if (strata) left = &open[class_of(row, true)];
    if (*left <= 0) continue;
    *left -= 1;
    drawn.push_back(row);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

FoldMaker::Rows FoldMaker::draw_groups(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const {
  std::map<std::int64_t, Rows> by_group;
  for (const std::int64_t row : rows) by_group[rows_.group[static_cast<std::size_t>(row)]].push_back(row);
  std::vector<const Rows*> groups;
  for (const auto& [group, members] : by_group) groups.push_back(&members);
  Random random(seed);
  if (shuffle) random.shuffle(std::span(groups));
  if (!shuffle) std::reverse(groups.begin(), groups.end());
  std::map<std::int64_t, double> open = wanted(rows, share, strata);
  const auto counts = [&](const Rows& group) {
    std::map<std::int64_t, double> here;
    for (const std::int64_t row : group) here[class_of(row, strata)] += 1;
    return here;
  };
  Rows drawn;
  const auto take = [&](const Rows*& group) {
    for (const auto& [label, count] : counts(*group)) open[label] -= count;
    drawn.insert(drawn.end(), group->begin(), group->end());
    group = nullptr;
  };
  for (const Rows*& group : groups) {  // in the order of the draw, as long as they fit
    const auto here = counts(*group);
    if (std::all_of(here.begin(), here.end(), [&](const auto& entry) { return entry.second <= open[entry.first]; })) take(group);
  }
  // Only the last gap is filled by size: smallest first, each where that brings the classes nearer to what is wanted.
  groups.erase(std::remove(groups.begin(), groups.end(), nullptr), groups.end());
  std::stable_sort(groups.begin(), groups.end(), [](const Rows* a, const Rows* b) { return a->size() < b->size(); });
  for (const Rows*& group : groups) {
    double gain = 0;
    for (const auto& [label, count] : counts(*group)) gain += std::fabs(open[label]) - std::fabs(open[label] - count);
    if (gain > 0) take(group);
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

void FoldMaker::drawn_validation(Fold& fold, double share, SeedTree seed) const {
  if (share <= 0) return;
  fold.validation = draw(fold.train, share, seed, spec_.use == "stratified", spec_.shuffle);
  fold.train = without(fold.train, fold.validation);
}

void FoldMaker::timed_validation(Fold& fold, double share) const {
  if (share <= 0 || fold.train.empty()) return;
  // Before the test rows where there is room, so that validation is the nearest past; else the last train times.
  const TimeNs test_begin = fold.test.empty() ? end_of_time() : clock_[static_cast<std::size_t>(fold.test.front())];
  const Rows before = between(fold.train, times_.front(), test_begin);
  std::vector<std::size_t> moments;
  for (const std::int64_t row : fold.train) {
    if (moments.empty() || moments.back() != time_of(row)) moments.push_back(time_of(row));
  }
  const std::size_t wanted = std::max<std::size_t>(1, share_of(moments.size(), share));
  const auto room = static_cast<std::size_t>(
      std::lower_bound(moments.begin(), moments.end(), before.empty() ? 0 : time_of(before.back()) + 1) - moments.begin());
  const std::size_t end = !before.empty() && room > wanted ? room : moments.size();
  const std::size_t begin = end > wanted ? end - wanted : 0;
  fold.validation = between(fold.train, times_[moments[begin]], times_[moments[end - 1]] + 1);
  fold.train = without(fold.train, fold.validation);
}

void FoldMaker::holdout(const Rows& usable) {
  Fold fold;
  if (spec_.test && !spec_.test->is_zero()) {
    fold.test = draw(usable, static_cast<double>(spec_.test->count) / static_cast<double>(usable.size()), seed_.child("test"), false,
                     spec_.shuffle);
  } else {
    fold.test = draw(usable, spec_.test_fraction.value_or(0.2), seed_.child("test"), false, spec_.shuffle);
  }
  fold.train = without(usable, fold.test);
  double share = spec_.validation_fraction.value_or(0);
  if (spec_.validation && !fold.train.empty())
    share = static_cast<double>(spec_.validation->count) / static_cast<double>(fold.train.size());
  drawn_validation(fold, share, seed_.child("validation"));
  folds_.folds.push_back(std::move(fold));
}

void FoldMaker::timed_holdout(const Rows& usable) {
  const TimeNs end = clock_[static_cast<std::size_t>(usable.back())] + 1;
  const std::size_t first = time_of(usable.front()), count = time_of(usable.back()) - first + 1;
  const auto last_times = [&](std::size_t stop, double share) {  // where the last `share` of all times before `stop` begins
    const std::size_t wanted = std::max<std::size_t>(1, share_of(count, share));
    return times_[stop > first + wanted ? stop - wanted : first];
  };
  const auto index = [&](TimeNs time) {
    return static_cast<std::size_t>(std::lower_bound(times_.begin(), times_.end(), time) - times_.begin());
  };
  const TimeNs test = spec_.test ? moved(end, *spec_.test, -1) : last_times(first + count, spec_.test_fraction.value_or(0.2));
  TimeNs validation = test;
  if (spec_.validation)
    validation = moved(test, *spec_.validation, -1);
  else if (spec_.validation_fraction.value_or(0) > 0)
    validation = last_times(index(test), *spec_.validation_fraction);
  const TimeNs train = spec_.train ? moved(validation, *spec_.train, -1) : times_.front();
  Fold fold;
  fold.test = between(usable, test, end);
  fold.validation = between(usable, validation, test);
  fold.train = between(usable, train, validation);
  folds_.folds.push_back(std::move(fold));
}

void FoldMaker::stratified(const Rows& usable) {
  if (!rows_.classes) {
    refuse("use", "a stratified split needs classes, and the target is a number", "use: holdout");
    return;
  }
  Fold fold;
  fold.test = draw(usable, spec_.test_fraction.value_or(0.2), seed_.child("test"), true, true);
  fold.train = without(usable, fold.test);
  if (const double share = spec_.validation_fraction.value_or(0); share > 0) {
    fold.validation = draw(fold.train, share, seed_.child("validation"), true, true);
    fold.train = without(fold.train, fold.validation);
  }
  folds_.folds.push_back(std::move(fold));
}

void FoldMaker::by_rule(const Rows& usable) {
  const auto says = [](std::span<const double> rule, std::int64_t row) {
    return !rule.empty() && rule[static_cast<std::size_t>(row)] == 1;
  };
  Fold fold;
  std::int64_t both = 0, trained = 0, neither = 0;
  for (const std::int64_t row : usable) {
    const bool test = says(rows_.test_rule, row), validation = says(rows_.validation_rule, row);
    const bool train = rows_.train_rule.empty() ? !test && !validation : says(rows_.train_rule, row);
    if (test && validation) ++both;
    if (train && (test || validation)) ++trained;
    if (!train && !test && !validation) {
      ++neither;
      continue;
    }
    (test ? fold.test : validation ? fold.validation : fold.train).push_back(row);
  }
  if (both > 0 || trained > 0) {
    refuse(both > 0 ? "validation" : "train",
           both > 0 ? fmt::format("{} rows are test rows and validation rows by their rules", both)
                    : fmt::format("{} rows are train rows by their rule, and test or validation rows too", trained),
           "make the rules exclude each other");
    return;
  }
  if (neither > 0) folds_.notes.push_back(fmt::format("{} rows train, validate and test nowhere, as the split says", neither));
  folds_.folds.push_back(std::move(fold));
}

// The last test block may be cut by the end of the data. One that is less than half there would weigh as much as a whole fold.
bool FoldMaker::less_than_half(TimeNs test, TimeNs stop, TimeNs end) const {
  const auto first = std::lower_bound(times_.begin(), times_.end(), test), last = std::lower_bound(times_.begin(), times_.end(), end);
  if (spec_.test->is_count()) return 2 * (last - first) < spec_.test->count;
  const TimeNs usual = (times_.back() - times_.front()) / static_cast<TimeNs>(std::max<std::size_t>(1, times_.size() - 1));
  return 2 * (end - 1 + usual - test) < stop - test;
}

bool FoldMaker::steps_over_test(TimeNs start, const Span& step) {
  const Span& test = *spec_.test;
  if (step.is_count() != test.is_count()) return true;  // the check of all folds for shared rows follows anyway
  if (step.is_count() ? step.count >= test.count : add(start, step) >= add(start, test)) return true;
  refuse("step", fmt::format("step {} is shorter than test {}: test rows are scored once", to_text(step), to_text(test)),
         "make the step as long as the test span, or leave it out");
  return false;
}

void FoldMaker::walk_forward(const Rows& usable) {
  if (!spec_.train || !spec_.test || spec_.train->is_zero() || spec_.test->is_zero()) {
    refuse("", "walk_forward needs `train` and `test` spans", "as in `train: 3y` and `test: 6mo`");
    return;
  }
  const TimeNs start = clock_[static_cast<std::size_t>(usable.front())], end = clock_[static_cast<std::size_t>(usable.back())] + 1;
  const Span step = spec_.step && !spec_.step->is_zero() ? *spec_.step : *spec_.test;
  if (!steps_over_test(start, step)) return;
  const Span none;
  std::int64_t holes = 0;
  std::string first_hole;
  bool cut = false;
  for (std::int64_t k = 0;; ++k) {
    // Each edge is the start plus the sum of all spans before it, so that month ends neither drift nor leave rows between two edges.
    const Walk begin = Walk{}.then(step, k);
    const Walk validation = begin.then(*spec_.train), test = validation.then(spec_.validation.value_or(none)),
               stop = test.then(*spec_.test);
    const TimeNs test_at = at(start, test), stop_at = at(start, stop);
    if (test_at >= end) break;
    Fold fold;
    fold.train = between(usable, spec_.expanding ? start : at(start, begin), at(start, validation));
    fold.validation = between(usable, at(start, validation), test_at);
    fold.test = between(usable, test_at, std::min(stop_at, end));
    if (fold.test.empty()) {
      if (holes++ == 0) first_hole = fmt::format("{}..{}", to_text_of_time(test_at), to_text_of_time(stop_at));
    } else if (stop_at >= end && less_than_half(test_at, stop_at, end)) {
      cut = true;
      folds_.notes.push_back(
          fmt::format("the last {} rows, from {} on, are no test rows of any fold: they fill less than half of the test span {}",
                      fold.test.size(), to_text_of_time(test_at), to_text(*spec_.test)));
    } else {
      folds_.folds.push_back(std::move(fold));
    }
    if (stop_at >= end) break;
    if (k == kMostSteps) {
      refuse("step", fmt::format("step {} makes more than {} folds", to_text(step), kMostSteps), "make the step longer");
      return;
    }
  }
  if (holes > 0) folds_.notes.push_back(fmt::format("{} test spans have no rows and make no fold, the first {}", holes, first_hole));
  if (!folds_.folds.empty()) return;
  const std::string validation = spec_.validation ? fmt::format(" and validation {}", to_text(*spec_.validation)) : "";
  const std::string what = timed() ? fmt::format("the data run from {} to {} ({} times)", to_iso(start), to_iso(end - 1), times_.size())
                                   : fmt::format("the data have {} rows", usable.size());
  refuse("train", fmt::format("train {}{} leave {} test rows: {}", to_text(*spec_.train), validation, cut ? "too few" : "no", what),
         "make the train span shorter");
}

}  // namespace assay::pipeline
