// The kinds of split that test all rows, in several folds: k_fold, purged_k_fold, by_group, by_entity, combinatorial_purged.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/fold_maker.hpp"

namespace assay::pipeline {

namespace {

// All choices of `taken` out of `count` numbers from 0, in lexicographic order.
std::vector<std::vector<std::size_t>> choices(std::size_t count, std::size_t taken) {
  std::vector<std::size_t> choice(taken);
  std::iota(choice.begin(), choice.end(), std::size_t{0});
  std::vector<std::vector<std::size_t>> all{choice};
  for (;;) {
    std::size_t last = taken;
    while (last > 0 && choice[last - 1] == count - taken + last - 1) --last;
    if (last == 0) return all;
    ++choice[last - 1];
    for (std::size_t i = last; i < taken; ++i) choice[i] = choice[i - 1] + 1;
    all.push_back(choice);
  }
}

std::string listed(const std::vector<std::size_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::size_t number : numbers) texts.push_back(std::to_string(number + 1));
  return text::join(texts, " and ");
}

}  // namespace

// Times and rows are cut into equal blocks; groups differ in size, so each goes to the part with the fewest rows so far.
std::vector<FoldMaker::Rows> FoldMaker::parts_of(const Rows& usable, const char* key, std::int64_t count) {
  const bool by_time = ordered(), by_group = !by_time && !rows_.group.empty();
  std::map<std::int64_t, Rows> by_unit;  // a group, a time (so that panels are cut by time), or a row
  for (const std::int64_t row : usable) {
    const auto unit = by_time ? static_cast<std::int64_t>(time_of(row)) : by_group ? rows_.group[static_cast<std::size_t>(row)] : row;
    by_unit[unit].push_back(row);
  }
  std::vector<const Rows*> units;
  for (const auto& [unit, members] : by_unit) units.push_back(&members);
  const auto wanted = static_cast<std::size_t>(count);
  if (units.size() < wanted) {
    const char* what = by_time ? "times" : spec_.use == "by_entity" ? "entities" : by_group ? "groups" : "rows";
    refuse(key, fmt::format("{} {} of {} {}", wanted, key, units.size(), what), fmt::format("{}: {} at most", key, units.size()));
    return {};
  }
  Random random(seed_.child("folds"));
  if (!by_time && (spec_.shuffle || grouped())) random.shuffle(std::span(units));
  std::vector<Rows> parts(wanted);
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    const auto fewest = std::min_element(parts.begin(), parts.end(), [](const Rows& a, const Rows& b) { return a.size() < b.size(); });
    Rows& part = by_group ? *fewest : parts[((unit + 1) * wanted - 1) / units.size()];
    part.insert(part.end(), units[unit]->begin(), units[unit]->end());
  }
  for (Rows& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

void FoldMaker::k_fold(const Rows& usable) {
  std::vector<Rows> tests = parts_of(usable, "folds", spec_.folds);
  for (std::size_t i = 0; i < tests.size(); ++i) {
    Fold fold;
    fold.test = std::move(tests[i]);
    fold.train = without(usable, fold.test);
    const double share = spec_.validation_fraction.value_or(0);
    ordered() ? timed_validation(fold, share) : drawn_validation(fold, share, seed_.child("validation").child(i));
    folds_.folds.push_back(std::move(fold));
  }
}

// C(N, k) folds; each row is tested by C(N - 1, k - 1) of them, and lies on as many paths.
void FoldMaker::combinatorial_purged(const Rows& usable) {
  std::vector<Rows> groups = parts_of(usable, "groups", spec_.groups);
  if (groups.empty()) return;
  ASSAY_CHECK(spec_.test_groups > 0 && spec_.test_groups < spec_.groups, "the checker lets fewer test groups than groups pass only");
  std::vector<std::vector<std::size_t>> testing(groups.size());  // the folds that test a group
  for (const std::vector<std::size_t>& choice : choices(groups.size(), static_cast<std::size_t>(spec_.test_groups))) {
    Fold fold;
    for (const std::size_t group : choice) {
      testing[group].push_back(folds_.folds.size());
      fold.test.insert(fold.test.end(), groups[group].begin(), groups[group].end());
    }
    fold.train = without(usable, fold.test);
    fold.description = fmt::format("group{} {}", choice.size() == 1 ? "" : "s", listed(choice));
    timed_validation(fold, spec_.validation_fraction.value_or(0));
    folds_.folds.push_back(std::move(fold));
  }
  folds_.paths.groups = std::move(groups);
  for (std::size_t path = 0; path < testing[0].size(); ++path) {
    std::vector<std::size_t>& folds = folds_.paths.folds.emplace_back();
    for (const std::vector<std::size_t>& of_group : testing) folds.push_back(of_group[path]);
  }
}

// With a cut by time the fold's groups are tested in the last span, and the others train before it; groups that validate do so in the last
// times before the test. Rows of a set's groups at other times are in no set.
void FoldMaker::by_group(const Rows& usable) {
  std::vector<Rows> parts = parts_of(usable, "folds", spec_.folds);
  const double share = spec_.validation_fraction.value_or(0);
  const TimeNs begin = cut_by_time() ? moved(clock_[static_cast<std::size_t>(usable.back())] + 1, *spec_.test, -1) : 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Fold fold;
    fold.test = std::move(parts[i]);
    fold.train = without(usable, fold.test);
    drawn_validation(fold, share, seed_.child("validation").child(i));
    if (cut_by_time()) {
      fold.test = between(fold.test, begin, end_of_time());
      const auto before = static_cast<double>(std::lower_bound(times_.begin(), times_.end(), begin) - times_.begin());
      const TimeNs middle = share > 0 ? moved(begin, Span{0, 0, std::max<std::int64_t>(1, std::llround(before * share))}, -1) : begin;
      fold.validation = between(fold.validation, middle, begin);
      fold.train = between(fold.train, times_.front(), middle);
    }
    folds_.folds.push_back(std::move(fold));
  }
}

}  // namespace assay::pipeline
