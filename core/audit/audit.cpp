#include "audit/audit.hpp"

#include <algorithm>

#include "audit/tests.hpp"
#include "base/error.hpp"

namespace assay::audit {

namespace {

constexpr std::int64_t kOtherSteps = 26;  // about: folds of the preparation, and one or a few for each other test

std::vector<std::string> not_covered(const Subject& subject) {
  std::vector<std::string> out;
  if (subject.dataset.has_time()) {
    out = {"vintages and restatements: values are taken as they stand in the data, not as they were first published",
           "publication lags and stamps, of joined tables too: what the file says of them is believed where no column of dates tells "
           "otherwise",
           "index membership, and survivorship of what the data hold"};
  }
  out.emplace_back("columns made before the data were written, where they leak less than the label probe can tell from an honest signal");
  out.emplace_back("choices made by hand between runs: the trial ledger counts them, `assay runs show` tells");
  if (subject.experiment.backtest)
    out.emplace_back("what a strategy does with forecasts that leak: its orders are compared on drawn forecasts");
  return out;
}

}  // namespace

std::string counted(std::size_t n, const std::string& one) { return std::to_string(n) + " " + one + (n == 1 ? "" : "s"); }

void Work::step(const std::string& doing) {
  if (options_.cancel != nullptr && options_.cancel->load()) throw Error(Fault::interrupted, "auditing", "it was interrupted");
  if (options_.progress) options_.progress(std::min(done_, steps_), steps_, doing);
  ++done_;
}

Report audit(const Subject& subject, const Options& options) {
  const SeedTree seed = SeedTree(subject.experiment.seed).child("audit");
  const std::int64_t cuts = static_cast<std::int64_t>(choose_cuts(subject, options, seed).size());
  Work work(options, 2 * cuts + kOtherSteps);
  Report report;
  if (!subject.dated_rows.empty() || !subject.experiment.data.tables.joins.empty()) report.tests.push_back(publication(subject, work));
  if (subject.table_known_by) report.tests.push_back(table(subject, options, seed, work));
  for (TestResult& test : look_ahead(subject, options, seed, work)) report.tests.push_back(std::move(test));
  report.tests.push_back(warm_up(subject, seed, work));
  report.tests.push_back(availability(subject, work));
  report.tests.push_back(label_probe(subject, work));
  const bool splits = subject.experiment.split.use != "none" && !subject.folds.folds.empty();
  const auto unless = [&](bool runs, const char* name, auto&& test) {
    report.tests.push_back(runs ? test() : TestResult{name, Status::not_run, "nothing is trained", {}, {}});
  };
  const bool trains = splits && !subject.models.empty();
  unless(trains, "preparation", [&] { return preparation(subject, seed, work); });
  unless(trains, "own label", [&] { return own_label(subject, seed, work); });
  unless(splits, "intervals", [&] { return intervals(subject, choices_of(subject), work); });
  if (subject.market && splits) report.tests.push_back(orders(subject, options, seed, work));
  unless(trains, "label shuffle", [&] { return label_shuffle(subject, options, seed, work); });
  report.not_covered = not_covered(subject);
  return report;
}

}  // namespace assay::audit
