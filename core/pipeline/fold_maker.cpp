#include "pipeline/fold_maker.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace assay::pipeline {

FoldMaker::FoldMaker(const config::SplitSpec& spec, const SplitRows& rows, SeedTree seed, Diagnostics& diagnostics)
    : spec_(spec), rows_(rows), seed_(seed), diagnostics_(diagnostics) {
  ASSAY_CHECK(rows.y.size() == static_cast<std::size_t>(rows.rows), "a split sees a label entry for each row");
  if (timed()) {
    clock_.assign(rows.known_at.begin(), rows.known_at.end());
  } else {
    clock_.resize(static_cast<std::size_t>(rows.rows));
    std::iota(clock_.begin(), clock_.end(), TimeNs{0});
  }
  for (const TimeNs time : clock_) {
    if (times_.empty() || time != times_.back()) times_.push_back(time);
    time_index_.push_back(times_.size() - 1);
  }
}

void FoldMaker::refuse(const std::string& key, std::string message, std::string mend) {
  const auto place = spec_.key_places.find(key);
  diagnostics_.data_error(place == spec_.key_places.end() ? spec_.place : place->second, std::move(message), std::move(mend),
                          key.empty() ? "split" : "split." + key);
}

bool FoldMaker::ordered() const {
  if (spec_.use == "walk_forward" || spec_.use == "purged_k_fold" || spec_.use == "combinatorial_purged") return true;
  if (spec_.use == "stratified" || ruled() || grouped() || !timed()) return false;
  return spec_.allow_shuffled_time.empty() || !spec_.shuffle;
}

TimeNs FoldMaker::end_of_time() const { return times_.empty() ? 0 : times_.back() + 1; }

TimeNs FoldMaker::moved(TimeNs from, const Span& span, std::int64_t times) const {
  if (!span.is_count()) return add(from, Span{span.months * std::abs(times), span.ns * std::abs(times), 0}, times < 0 ? -1 : 1);
  const auto at = std::lower_bound(times_.begin(), times_.end(), from) - times_.begin() + span.count * times;
  if (at < 0) return times_.empty() ? 0 : times_.front();
  return at >= static_cast<std::int64_t>(times_.size()) ? end_of_time() : times_[static_cast<std::size_t>(at)];
}

TimeNs FoldMaker::at(TimeNs start, const Walk& walk) const {
  const TimeNs from = add(start, walk.calendar);
  return walk.count == 0 ? from : moved(from, Span{0, 0, walk.count});
}

std::string FoldMaker::to_text_of_time(TimeNs time) const { return timed() ? to_iso(time) : fmt::format("row {}", time); }

FoldMaker::Rows FoldMaker::without(const Rows& rows, const Rows& taken) {
  Rows rest;
  std::set_difference(rows.begin(), rows.end(), taken.begin(), taken.end(), std::back_inserter(rest));
  return rest;
}

FoldMaker::Rows FoldMaker::between(const Rows& rows, TimeNs begin, TimeNs end) const {
  Rows result;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(result), [&](std::int64_t row) {
    const TimeNs time = clock_[static_cast<std::size_t>(row)];
    return time >= begin && time < end;
  });
  return result;
}

bool FoldMaker::check_request() {
  if (timed() && spec_.use == "stratified" && spec_.allow_shuffled_time.empty()) {
    refuse("use", "a stratified split draws rows at random, and these data have a time column",
           "use holdout or walk_forward, or give the reason in `allow_shuffled_time: \"...\"`");
    return false;
  }
  if (!timed() && (spec_.use == "purged_k_fold" || spec_.use == "combinatorial_purged")) {
    refuse("use", spec_.use + " cuts by time, and these data have no time column", "use k_fold");
    return false;
  }
  if (timed() && grouped() && !spec_.test && spec_.allow_shuffled_time.empty()) {
    refuse("use", spec_.use + " trains on what others did at the times that it tests, and these data have a time column",
           "cut by time too, as in `test: 1y`, or give the reason in `allow_shuffled_time: \"...\"`");
    return false;
  }
  const bool asked_to_shuffle = spec_.shuffle && spec_.key_places.contains("shuffle");
  if (timed() && asked_to_shuffle && spec_.allow_shuffled_time.empty()) {
    refuse("shuffle", "shuffled rows of data with a time column learn from the future",
           "take `shuffle` out, or give the reason in `allow_shuffled_time: \"...\"`");
    return false;
  }
  const std::pair<const char*, const std::optional<Span>*> spans[] = {{"train", &spec_.train},     {"validation", &spec_.validation},
                                                                      {"test", &spec_.test},       {"step", &spec_.step},
                                                                      {"embargo", &spec_.embargo}, {"final_test", &spec_.final_test}};
  for (const auto& [key, span] : spans) {
    if (timed() || !*span || (*span)->is_count() || (*span)->is_zero()) continue;
    refuse(key, fmt::format("{}: {} is a span of time, and these data have no time column", key, to_text(**span)),
           fmt::format("give a number of rows, as in `{}: 500`, or name the time column in data.time", key));
    return false;
  }
  return true;
}

// final_test takes the last span for itself, and from all others the rows whose labels reach into it.
void FoldMaker::seal(Rows& usable) {
  if (!spec_.final_test || spec_.final_test->is_zero() || times_.empty()) return;
  const TimeNs begin = moved(end_of_time(), *spec_.final_test, -1);
  Fold sealed;
  sealed.test = between(usable, begin, end_of_time());
  if (sealed.test.empty() || sealed.test.size() == usable.size()) {
    refuse("final_test", fmt::format("final_test {} takes {} of {} rows", to_text(*spec_.final_test), sealed.test.size(), usable.size()),
           "make it shorter than the data, with room for the folds before it");
    return;
  }
  Rows before = between(usable, std::numeric_limits<TimeNs>::min(), begin);
  purge(before, sealed.test, false, true, by_seal_);
  keep_groups_whole(before, sealed.test, by_group_);
  usable = std::move(before);
  folds_.sealed = std::move(sealed);
}

Folds FoldMaker::make() {
  if (!check_request()) return {};
  Rows usable;
  for (std::int64_t row = 0; row < rows_.rows; ++row) {
    if (!std::isnan(rows_.y[static_cast<std::size_t>(row)])) usable.push_back(row);
  }
  const std::int64_t unlabelled = rows_.rows - static_cast<std::int64_t>(usable.size());
  if (unlabelled > 0) folds_.notes.push_back(fmt::format("{} rows have no label and are in no set", unlabelled));
  seal(usable);
  if (diagnostics_.has_errors()) return {};
  if (usable.empty()) {
    refuse("", "no row has a label, so there is nothing to split", "");
    return {};
  }
  if (spec_.use == "holdout")
    ordered() ? timed_holdout(usable) : holdout(usable);
  else if (spec_.use == "stratified")
    stratified(usable);
  else if (spec_.use == "k_fold" || spec_.use == "purged_k_fold")
    k_fold(usable);
  else if (spec_.use == "combinatorial_purged")
    combinatorial_purged(usable);
  else if (grouped())
    by_group(usable);
  else if (ruled())
    by_rule(usable);
  else if (spec_.use == "walk_forward")
    walk_forward(usable);
  else
    ASSAY_CHECK(false, "the checker lets known splits pass only");
  if (diagnostics_.has_errors()) return {};
  if (drawn_over_time()) {
    folds_.notes.push_back(fmt::format("rows are drawn over time and not purged, since the file says: {}", spec_.allow_shuffled_time));
  }
  if (folds_.paths.empty()) check_disjoint();
  if (ordered()) check_horizon(folds_.paths.empty() ? folds_.folds[0].test : folds_.paths.groups[0]);
  for (Fold& fold : folds_.folds) clean(fold, false);
  skip_emptied();
  for (std::size_t i = 0; i < folds_.folds.size(); ++i) check_fold(folds_.folds[i], i);
  if (folds_.sealed) {
    // What the last fold would train and validate on, moved up to the sealed span.
    Fold& sealed = *folds_.sealed;
    sealed.train = std::move(usable);
    if (spec_.use == "walk_forward") {
      const TimeNs begin = clock_[static_cast<std::size_t>(sealed.test.front())];
      const TimeNs validation = spec_.validation ? moved(begin, *spec_.validation, -1) : begin;
      sealed.validation = between(sealed.train, validation, begin);
      const TimeNs train = spec_.expanding ? times_.front() : moved(validation, *spec_.train, -1);
      sealed.train = between(sealed.train, train, validation);
    } else if (!folds_.folds.empty() && !folds_.folds[0].validation.empty()) {
      const Fold& model = folds_.folds[0];
      const double share = static_cast<double>(model.validation.size()) / static_cast<double>(model.validation.size() + model.train.size());
      ordered() ? timed_validation(sealed, share) : drawn_validation(sealed, share, seed_.child("sealed"));
    }
    clean(sealed, true);
  }
  if (by_seal_ > 0)
    folds_.notes.push_back(fmt::format("{} rows before final_test have labels that reach into it and are in no set", by_seal_));
  if (by_group_ > 0) folds_.notes.push_back(fmt::format("{} rows left earlier sets because their group is in a later one", by_group_));
  if (spec_.embargo && !spec_.embargo->is_zero() && !later_train_) {
    folds_.notes.emplace_back("embargo changes nothing here: no fold trains on rows after its test rows");
  }
  return std::move(folds_);
}

void FoldMaker::keep_groups_whole(Rows& from, const Rows& against, std::int64_t& taken) const {
  if (rows_.group.empty() || against.empty()) return;
  std::set<std::int64_t> there;
  for (const std::int64_t row : against) there.insert(rows_.group[static_cast<std::size_t>(row)]);
  const auto kept = std::remove_if(from.begin(), from.end(),
                                   [&](std::int64_t row) { return there.contains(rows_.group[static_cast<std::size_t>(row)]); });
  taken += from.end() - kept;
  from.erase(kept, from.end());
}

// Takes rows out of `from` whose label touches one of `against`, and (for train) those too soon after a block of it.
void FoldMaker::purge(Rows& from, const Rows& against, bool train, bool test, std::int64_t& purged) const {
  if (!timed() || against.empty() || drawn_over_time()) return;
  const LabelBlocks blocks(against, rows_.known_at, rows_.label_end);
  const auto too_soon = [&](TimeNs time) {
    const LabelBlocks::Block* block = train ? blocks.last_before(time) : nullptr;
    if (block == nullptr) return false;
    const auto ended = std::upper_bound(times_.begin(), times_.end(), block->end) - times_.begin() - 1;  // the last time within the block
    const auto now = std::lower_bound(times_.begin(), times_.end(), time) - times_.begin();
    if (now - ended <= rows_.gap_rows) return true;
    if (!test || !spec_.embargo || spec_.embargo->is_zero()) return false;
    return spec_.embargo->is_count() ? now - ended <= spec_.embargo->count : time <= add(block->end, *spec_.embargo);
  };
  const auto kept = std::remove_if(from.begin(), from.end(), [&](std::int64_t row) {
    const TimeNs begin = rows_.known_at[static_cast<std::size_t>(row)];
    const TimeNs end = std::max(begin, rows_.label_end[static_cast<std::size_t>(row)]);
    return blocks.touches(begin, end) || too_soon(begin);
  });
  purged += from.end() - kept;
  from.erase(kept, from.end());
}

void FoldMaker::clean(Fold& fold, bool is_last_word) {
  if (timed() && !fold.test.empty() && !fold.train.empty() && fold.train.back() > fold.test.front()) later_train_ = true;
  keep_groups_whole(fold.validation, fold.test, by_group_);
  keep_groups_whole(fold.train, fold.test, by_group_);
  keep_groups_whole(fold.train, fold.validation, by_group_);
  purge(fold.validation, fold.test, false, true, fold.purged_validation);
  purge(fold.train, fold.test, true, true, fold.purged_train);
  purge(fold.train, fold.validation, true, false, fold.purged_train);
  if (!is_last_word && folds_.sealed && timed()) purge(fold.train, folds_.sealed->test, true, true, fold.purged_train);
  describe(fold);
  if (fold.purged_train + fold.purged_validation > 0) {
    folds_.notes.push_back(
        fmt::format("{}: {} train and {} validation rows purged, since their labels touch a later set or they follow one too soon",
                    fold.description, fold.purged_train, fold.purged_validation));
  }
}

void FoldMaker::describe(Fold& fold) const {
  const auto part = [&](const char* name, const Rows& rows) {
    if (rows.empty()) return std::string();
    if (!timed() || !(ordered() || cut_by_time())) return fmt::format("{} {} rows", name, rows.size());
    return fmt::format("{} {}..{}", name, to_iso(clock_[static_cast<std::size_t>(rows.front())]),
                       to_iso(clock_[static_cast<std::size_t>(rows.back())]));
  };
  for (const std::string& text : {part("train", fold.train), part("validation", fold.validation), part("test", fold.test)}) {
    if (text.empty()) continue;
    if (!fold.description.empty()) fold.description += ", ";
    fold.description += text;
  }
}

void FoldMaker::check_horizon(const Rows& test) {
  if (test.empty() || rows_.lead_rows == 0) return;
  const auto span = static_cast<std::int64_t>(time_of(test.back()) - time_of(test.front())) + 1;
  if (rows_.lead_rows <= span) return;
  refuse("test", fmt::format("the label looks {} rows ahead, while a test span has {} times only", rows_.lead_rows, span),
         "make the test span longer than the horizon");
}

void FoldMaker::check_disjoint() {
  std::vector<std::uint8_t> tested(static_cast<std::size_t>(rows_.rows), 0);
  for (const Fold& fold : folds_.folds) {
    for (const std::int64_t row : fold.test) {
      if (tested[static_cast<std::size_t>(row)]++ == 0) continue;
      refuse(spec_.key_places.contains("step") ? "step" : "test",
             fmt::format("two folds would test row {}: test rows are scored once", row), "make the step as long as the test span");
      return;
    }
  }
}

bool FoldMaker::wants_validation() const {
  return spec_.validation_fraction.value_or(0) > 0 || spec_.validation || !spec_.validation_rule.empty() || !spec_.validation_value.empty();
}

bool FoldMaker::emptied(const Fold& fold) const { return fold.train.empty() || (wants_validation() && fold.validation.empty()); }

// A hole in the data can take all train rows of a walk-forward fold. The other folds stand; without any left check_fold says why.
void FoldMaker::skip_emptied() {
  if (spec_.use != "walk_forward") return;
  std::vector<Fold>& folds = folds_.folds;
  if (std::all_of(folds.begin(), folds.end(), [&](const Fold& fold) { return emptied(fold); })) return;
  const auto first = std::find_if(folds.begin(), folds.end(), [&](const Fold& fold) { return emptied(fold); });
  if (first == folds.end()) return;
  folds_.notes.push_back(fmt::format("{} folds are left out, since they have no train or validation rows, the first: {}",
                                     std::count_if(first, folds.end(), [&](const Fold& fold) { return emptied(fold); }),
                                     first->description));
  folds.erase(std::remove_if(folds.begin(), folds.end(), [&](const Fold& fold) { return emptied(fold); }), folds.end());
}

void FoldMaker::check_fold(const Fold& fold, std::size_t number) {
  const std::string where = folds_.folds.size() == 1 ? "the split" : fmt::format("fold {} of {}", number + 1, folds_.folds.size());
  const std::pair<const char*, const Rows*> sets[] = {{"train", &fold.train}, {"test", &fold.test}, {"validation", &fold.validation}};
  for (const auto& [name, rows] : sets) {
    if (!rows->empty() || (rows == &fold.validation && !wants_validation())) continue;
    const std::int64_t purged = rows == &fold.train ? fold.purged_train : rows == &fold.validation ? fold.purged_validation : 0;
    refuse(name == std::string_view("train") && ruled() && !spec_.key_places.contains("train") ? "test" : name,
           fmt::format("{} has no {} rows: {} train, {} validation and {} test rows of {}{}", where, name, fold.train.size(),
                       fold.validation.size(), fold.test.size(), rows_.rows,
                       purged > 0 ? fmt::format(", {} of them purged because their labels touch a later set", purged) : ""),
           "change the sizes in `split`");
  }
}

}  // namespace assay::pipeline
