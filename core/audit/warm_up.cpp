// Warm-up declared too short: after its declared warm-up a feature may not know how much history there was.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audit/compare.hpp"
#include "audit/tests.hpp"

namespace assay::audit {

namespace {

constexpr double kRounding = 1e-9;  // of the column's spread: sums that begin elsewhere round otherwise
constexpr double kNothing = 1e-5;   // of the spread: what is left of an exponential mean after its warm-up
constexpr double kMargin = 30;      // a recursion's differences halve their digits in the second half of their fading, about

double spread_of(const data::Column& column) {
  double n = 0, mean = 0, sum = 0, largest = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double x = column.number(i);
    if (std::isnan(x)) continue;
    n += 1;
    const double step = x - mean;
    mean += step / n;
    sum += step * (x - mean);
    largest = std::max(largest, std::abs(x));
  }
  const double spread = n > 1 ? std::sqrt(sum / n) : 0;
  return std::max(spread, largest * 1e-3);
}

// How one feature differs between all history and a part of it, by rows after the declared warm-up.
struct Difference {
  std::int64_t count = 0, first = -1, missing = -1;  // rows of the frame
  double before = 0, after = 0;
  std::vector<double> by_age;  // the largest difference at so many rows after the warm-up
  bool ends() const;           // differences stop within the data
  bool fades() const;          // as a recursion's do
};

std::size_t reach(const std::vector<double>& by_age) {
  std::size_t last = by_age.size();
  while (last > 0 && by_age[last - 1] == 0) --last;
  return last;
}
bool Difference::ends() const { return reach(by_age) + 2 < by_age.size(); }
bool Difference::fades() const {
  const std::size_t last = reach(by_age);
  if (last < 4) return false;
  const auto half = by_age.begin() + static_cast<std::ptrdiff_t>(last / 2), end = by_age.begin() + static_cast<std::ptrdiff_t>(last);
  return *std::max_element(half, end) <= kMargin * std::sqrt(*std::max_element(by_age.begin(), half) * kRounding);
}

Difference compare(const data::Column& full, const data::Column& part, const std::vector<std::int64_t>& rows,
                   const std::vector<std::int64_t>& age, std::int64_t warmup, double spread) {
  Difference out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (age[i] < warmup) continue;
    const double before = full.number(static_cast<std::size_t>(rows[i])), after = part.number(i);
    if (std::isnan(before)) continue;
    const auto place = static_cast<std::size_t>(age[i] - warmup);
    if (out.by_age.size() <= place) out.by_age.resize(place + 1, 0);
    if (std::isnan(after)) {
      if (out.missing < 0) out.missing = rows[i];
      ++out.count;
      continue;
    }
    const double difference = std::abs(before - after);
    if (difference <= kRounding * spread) continue;
    out.by_age[place] = std::max(out.by_age[place], difference / spread);
    if (out.first < 0) out.first = rows[i], out.before = before, out.after = after;
    ++out.count;
  }
  return out;
}

}  // namespace

TestResult warm_up(const Subject& subject, SeedTree seed, Work& work) {
  TestResult result{"warm-up", Status::clean, "", {}, {}};
  const pipeline::Dataset& dataset = subject.dataset;
  work.step("warm-up");
  if (!dataset.has_time() || dataset.features.empty()) {
    result.status = Status::not_run;
    result.looked_at = dataset.has_time() ? "there are no features" : "a plain table has no history";
    return result;
  }
  const auto times = dataset.frame.distinct_times();
  const auto time_index = dataset.frame.time_index();
  Random random(seed.child("warm_up"));
  const std::size_t begin = times.size() / 4 + random.below(times.size() / 4 + 1);
  const auto first = std::lower_bound(time_index.begin(), time_index.end(), static_cast<std::int32_t>(begin)) - time_index.begin();
  std::vector<std::int64_t> rows(subject.raw.rows() - static_cast<std::size_t>(first));
  std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(first));
  const std::string change = fmt::format("rows before {} cut away", to_iso(times[begin]));
  const Computed part = subject.compute(subject.raw.taken(rows));
  for (const std::string& trouble : part.troubles) result.notes.push_back(change + ": " + trouble);
  std::vector<std::int64_t> age(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) age[i] = part.dataset.position[i];
  for (std::size_t f = 0; f < dataset.features.size(); ++f) {
    const std::string& name = dataset.features[f];
    const data::Column* column = part.dataset.frame.find(name);
    if (column == nullptr || f >= subject.warmup_rows.size()) continue;
    const data::Column& full = dataset.frame.at(name);
    const Difference found = compare(full, *column, rows, age, subject.warmup_rows[f], spread_of(full));
    if (found.count == 0) continue;
    const bool missing = found.missing >= 0;
    const double largest = *std::max_element(found.by_age.begin(), found.by_age.end());
    if (!missing && largest < kNothing) continue;
    if (!missing && !found.ends()) {
      result.notes.push_back(fmt::format("feature `{}` remembers everything since its first row, so no warm-up can be enough", name));
      continue;
    }
    if (!missing && found.fades()) {
      result.notes.push_back(fmt::format("feature `{}` fades: after its warm-up of {} rows it still differs by {:.3g} standard deviations",
                                         name, subject.warmup_rows[f], largest));
      continue;
    }
    Finding finding{.culprit = fmt::format("feature `{}`", name)};
    finding.what = missing ? fmt::format("it declares a warm-up of {} rows, but is missing after it", subject.warmup_rows[f])
                           : fmt::format("it declares a warm-up of {} rows, but reads {} rows further back", subject.warmup_rows[f],
                                         reach(found.by_age));
    finding.count = found.count;
    finding.first = where_of(dataset, missing ? found.missing : found.first);
    if (!missing) finding.before = found.before, finding.after = found.after, finding.amount = std::abs(found.before - found.after);
    finding.change = change;
    finding.mend = "declare in warmup_rows how many earlier rows it reads";
    result.findings.push_back(std::move(finding));
  }
  result.looked_at = counted(dataset.features.size(), "feature") + ", " + change;
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

}  // namespace assay::audit
