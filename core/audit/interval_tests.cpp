// Label availability and intervals, told once more by plain loops that share nothing with the code that they check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "audit/compare.hpp"
#include "audit/tests.hpp"

namespace assay::audit {

namespace {

using Rows = std::vector<std::int64_t>;

// The label that ended last, by the time at which each row is known: of two that ended together the later row's.
std::vector<double> known_labels(const data::Frame& frame, const LabelsOf& labels) {
  const auto known_at = frame.known_at();
  std::vector<double> out(frame.rows(), std::nan(""));
  for (std::size_t e = 0; e < frame.entity_count(); ++e) {
    std::multimap<TimeNs, double> running;  // labels that have begun, by their end
    double last = std::nan("");
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(e))) {
      const auto at = static_cast<std::size_t>(row);
      while (!running.empty() && running.begin()->first <= known_at[at]) {
        last = running.begin()->second;
        running.erase(running.begin());
      }
      out[at] = last;
      if (!std::isnan(labels.y[at])) running.emplace(labels.label_end[at], labels.y[at]);
    }
  }
  return out;
}

struct Interval {
  TimeNs begin, end;
  std::int64_t row;
};

std::vector<Interval> intervals_of(const pipeline::Dataset& dataset, const Rows& rows) {
  std::vector<Interval> out;
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    out.push_back({dataset.frame.known_at()[at], std::max(dataset.label_end[at], dataset.frame.known_at()[at]), row});
  }
  std::sort(out.begin(), out.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  return out;
}

// Rows of `from` whose label interval shares a moment with one of `against`.
Rows touching(const pipeline::Dataset& dataset, const Rows& from, const Rows& against) {
  const std::vector<Interval> theirs = intervals_of(dataset, against);
  std::vector<TimeNs> latest;  // end of any up to here
  for (const Interval& i : theirs) latest.push_back(latest.empty() ? i.end : std::max(latest.back(), i.end));
  Rows out;
  for (const Interval& mine : intervals_of(dataset, from)) {
    const auto after =
        std::upper_bound(theirs.begin(), theirs.end(), mine.end, [](TimeNs end, const Interval& i) { return end < i.begin; });
    if (after != theirs.begin() && latest[static_cast<std::size_t>(after - theirs.begin()) - 1] >= mine.begin) out.push_back(mine.row);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Rows shared(const Rows& a, const Rows& b) {
  Rows out, sorted_a = a, sorted_b = b;
  std::sort(sorted_a.begin(), sorted_a.end());
  std::sort(sorted_b.begin(), sorted_b.end());
  std::set_intersection(sorted_a.begin(), sorted_a.end(), sorted_b.begin(), sorted_b.end(), std::back_inserter(out));
  return out;
}

// Rows of `from` whose group has rows in `against`.
Rows same_group(const pipeline::Dataset& dataset, const Rows& from, const Rows& against) {
  Rows out;
  if (dataset.group.empty()) return out;
  std::set<std::int64_t> theirs;
  for (const std::int64_t row : against) theirs.insert(dataset.group[static_cast<std::size_t>(row)]);
  for (const std::int64_t row : from)
    if (theirs.contains(dataset.group[static_cast<std::size_t>(row)])) out.push_back(row);
  return out;
}

class IntervalTest {
 public:
  explicit IntervalTest(const Subject& subject) : subject_(subject) {}

  // One set may not know of another: no row and no group in both, and with time no labels that share a moment.
  void apart(const std::string& culprit, const Rows& from, const std::string& from_name, const Rows& against,
             const std::string& against_name, const std::string& mend, bool by_time) {
    report(culprit, shared(from, against), fmt::format("rows are {} and {} rows at once", from_name, against_name), mend);
    report(culprit, same_group(subject_.dataset, from, against),
           fmt::format("groups (split.group) have {} and {} rows at once", from_name, against_name), "keep a group's rows together");
    if (by_time && subject_.dataset.has_time())
      report(culprit, touching(subject_.dataset, from, against),
             fmt::format("labels of {} rows touch those of {} rows", from_name, against_name), mend);
  }
  std::vector<Finding> findings;

 private:
  void report(const std::string& culprit, const Rows& rows, std::string what, const std::string& mend) {
    const bool told = std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.culprit == culprit; });
    if (rows.empty() || told) return;
    Finding finding{.culprit = culprit};
    finding.what = std::move(what);
    finding.count = static_cast<std::int64_t>(rows.size());
    finding.first = where_of(subject_.dataset, rows.front());
    finding.mend = mend;
    findings.push_back(std::move(finding));
  }
  const Subject& subject_;
};

}  // namespace

TestResult availability(const Subject& subject, Work& work) {
  TestResult result{"availability", Status::clean, "", {}, {}};
  work.step("label availability");
  const pipeline::Dataset& dataset = subject.dataset;
  if (!dataset.has_time() || !subject.experiment.has_target()) {
    result.status = Status::not_run;
    result.looked_at = dataset.has_time() ? "there is no target" : "in a plain table every label counts as known";
    return result;
  }
  Differences differences(dataset);
  const std::vector<LabelsOf> labels = labels_of(dataset);
  std::vector<std::vector<double>> known;
  for (const LabelsOf& of : labels) known.push_back(known_labels(dataset.frame, of));
  const auto look = [&](std::size_t h, std::int64_t row, double given, const std::string& change) {
    if (const double may = known[h][static_cast<std::size_t>(row)]; !is_same(given, may))
      differences.add(h, "the last known label" + labels[h].at, "it is not the latest label that had ended when the row was known", change,
                      row, given, may);
  };
  for (std::size_t h = 0; h < labels.size(); ++h)
    for (std::int64_t row = 0; row < dataset.rows(); ++row)
      look(h, row, labels[h].last_known[static_cast<std::size_t>(row)], "told again by a plain loop");
  std::size_t folds = 0;
  for (const std::size_t f : some_folds(subject, 3)) {
    const pipeline::FoldData fold = subject.assemble(dataset, subject.folds.folds[f], subject.folds);
    ++folds;
    // Test rows may know of every ended label but the sealed ones; none before them are hidden where the folds go forward.
    for (std::size_t i = 0; i < fold.test.last_known_target.size(); ++i) {
      const double given = fold.test.last_known_target[i];
      const std::size_t rows = fold.test.row.size();
      if (!std::isnan(given) && !subject.folds.sealed)
        look(i / rows, fold.test.row[i % rows], given, fmt::format("test rows of fold {}", f + 1));
    }
  }
  result.looked_at = fmt::format("{} rows, and the test rows of {}", dataset.rows(), counted(folds, "fold"));
  result.findings = differences.findings("a label may be seen once label_end <= the row's time");
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

std::vector<Choice> choices_of(const Subject& subject) {
  std::vector<Choice> out;
  const config::Experiment& experiment = subject.experiment;
  const std::vector<pipeline::Fold>& folds = subject.folds.folds;
  if (!experiment.search) return out;
  if (experiment.search->once) {
    Choice all{"the choice for all folds", {}, {}};
    for (const pipeline::Fold& fold : folds) all.seen.insert(all.seen.end(), fold.validation.begin(), fold.validation.end());
    if (subject.folds.sealed) all.reported = subject.folds.sealed->test;
    std::sort(all.seen.begin(), all.seen.end());
    all.seen.erase(std::unique(all.seen.begin(), all.seen.end()), all.seen.end());
    out.push_back(std::move(all));
    return out;
  }
  for (std::size_t f = 0; f < folds.size(); ++f)
    out.push_back({fmt::format("the choice for fold {}", f + 1), folds[f].validation, folds[f].test});
  if (subject.folds.sealed) out.push_back({"the choice for the final test", subject.folds.sealed->validation, subject.folds.sealed->test});
  return out;
}

TestResult intervals(const Subject& subject, const std::vector<Choice>& choices, Work& work) {
  work.step("intervals");
  IntervalTest test(subject);
  const bool by_time = subject.experiment.split.allow_shuffled_time.empty();
  const auto look = [&](const pipeline::Fold& fold, const std::string& name) {
    test.apart(name, fold.train, "train", fold.validation, "validation", "purge them: split.embargo, or a split that goes forward",
               by_time);
    test.apart(name, fold.train, "train", fold.test, "test", "purge them: split.embargo, or a split that goes forward", by_time);
    test.apart(name, fold.validation, "validation", fold.test, "test", "purge them", by_time);
    if (subject.folds.sealed && &fold != &*subject.folds.sealed) {
      Rows all = fold.train;
      for (const Rows* set : {&fold.validation, &fold.test}) all.insert(all.end(), set->begin(), set->end());
      test.apart(name, all, "fold", subject.folds.sealed->test, "final test", "folds end before split.final_test begins", by_time);
    }
  };
  for (std::size_t f = 0; f < subject.folds.folds.size(); ++f) look(subject.folds.folds[f], fmt::format("fold {}", f + 1));
  if (subject.folds.sealed) look(*subject.folds.sealed, "the final test");
  for (const Choice& choice : choices)
    test.apart(choice.name, choice.seen, "objective", choice.reported, "reported", "search.scope: per_fold, or once with split.final_test",
               by_time);
  TestResult result{"intervals",
                    Status::clean,
                    counted(subject.folds.folds.size(), "fold") + (subject.folds.sealed ? " and the final test" : "") +
                        (choices.empty() ? "; no search" : ", " + counted(choices.size(), "choice") + " of a search"),
                    std::move(test.findings),
                    {}};
  if (!by_time)
    result.notes.push_back("the file allows shuffled time: labels of train and test rows overlap, and this is not counted as a finding");
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

}  // namespace assay::audit
