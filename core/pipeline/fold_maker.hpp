// The work behind make_folds: one object per call. Used by split.cpp only. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/purge.hpp"
#include "pipeline/split.hpp"

namespace assay::pipeline {

class FoldMaker {
 public:
  FoldMaker(const config::SplitSpec& spec, const SplitRows& rows, SeedTree seed, Diagnostics& diagnostics);
  Folds make();

 private:
  using Rows = std::vector<std::int64_t>;

  // fold_kinds.cpp, repeated_folds.cpp: each names the rows of its folds, before anything is purged.
  void holdout(const Rows& usable);
  void timed_holdout(const Rows& usable);
  void stratified(const Rows& usable);
  void k_fold(const Rows& usable);
  void combinatorial_purged(const Rows& usable);
  void by_group(const Rows& usable);
  std::vector<Rows> parts_of(const Rows& usable, const char* key, std::int64_t count);  // of whole groups, times or rows; none: refused
  void by_rule(const Rows& usable);
  void walk_forward(const Rows& usable);
  bool steps_over_test(TimeNs start, const Span& step);
  bool less_than_half(TimeNs test, TimeNs stop, TimeNs end) const;
  void timed_validation(Fold& fold, double share) const;  // the last times before the test rows (or the last of all) become validation
  void drawn_validation(Fold& fold, double share, SeedTree seed) const;
  // Draws whole units (groups, or single rows) until about `share` of the rows is drawn; with `strata` in equal shares of the classes.
  Rows draw(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const;
  Rows draw_rows(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const;
  Rows draw_groups(const Rows& rows, double share, SeedTree seed, bool strata, bool shuffle) const;
  std::map<std::int64_t, double> wanted(const Rows& rows, double share, bool strata) const;
  std::int64_t class_of(std::int64_t row, bool strata) const;

  // fold_maker.cpp: what holds for all kinds.
  bool check_request();
  void seal(Rows& usable);
  void clean(Fold& fold, bool is_last_word);
  void purge(Rows& from, const Rows& against, bool train, bool test, std::int64_t& purged) const;
  void keep_groups_whole(Rows& from, const Rows& against, std::int64_t& taken) const;
  void check_fold(const Fold& fold, std::size_t number);
  void check_disjoint();
  void skip_emptied();
  bool emptied(const Fold& fold) const;
  bool wants_validation() const;
  void check_horizon(const Rows& test);
  void describe(Fold& fold) const;
  void refuse(const std::string& key, std::string message, std::string mend);

  bool timed() const { return !rows_.known_at.empty(); }
  bool ordered() const;  // by time, not drawn
  bool ruled() const { return spec_.use == "by_rule" || spec_.use == "by_column"; }
  bool grouped() const { return spec_.use == "by_group" || spec_.use == "by_entity"; }
  bool cut_by_time() const { return grouped() && spec_.test && timed(); }  // groups are told apart, and so are times
  bool drawn_over_time() const {
    return timed() && !ordered() && !ruled() && !cut_by_time();
  }  // allow_shuffled_time: purging would leave nothing
  std::size_t time_of(std::int64_t row) const { return time_index_[static_cast<std::size_t>(row)]; }
  // A boundary in time: with calendar spans a moment, with counts the moment of a distinct time (a row of a plain table).
  TimeNs moved(TimeNs from, const Span& span, std::int64_t times = 1) const;
  static Rows without(const Rows& rows, const Rows& taken);        // both ascending
  Rows between(const Rows& rows, TimeNs begin, TimeNs end) const;  // begin <= time < end
  TimeNs end_of_time() const;
  // Spans one after another, summed before anything is added: the calendar part is walked first, the counted times after it.
  struct Walk {
    Span calendar;
    std::int64_t count = 0;
    Walk then(const Span& span, std::int64_t times = 1) const {
      return {Span{calendar.months + span.months * times, calendar.ns + span.ns * times, 0}, count + span.count * times};
    }
  };
  TimeNs at(TimeNs start, const Walk& walk) const;
  std::string to_text_of_time(TimeNs time) const;

  const config::SplitSpec& spec_;
  const SplitRows& rows_;
  SeedTree seed_;
  Diagnostics& diagnostics_;
  std::vector<TimeNs> clock_;  // each row's known_at; in a plain table its number
  std::vector<TimeNs> times_;  // distinct, ascending
  std::vector<std::size_t> time_index_;
  Folds folds_;
  std::int64_t by_group_ = 0, by_seal_ = 0;
  bool later_train_ = false;  // some fold trains after its test rows: embargo and gap matter
};

}  // namespace assay::pipeline
