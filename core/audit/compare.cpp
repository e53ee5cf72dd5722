#include "audit/compare.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "train/rows.hpp"

namespace assay::audit {

Where where_of(const pipeline::Dataset& dataset, std::int64_t row) {
  const auto at = static_cast<std::size_t>(row);
  const data::Frame& frame = dataset.frame;
  Where where;
  where.row = frame.source_row()[at];
  if (!frame.entity().empty()) where.entity = frame.entity_names()[static_cast<std::size_t>(frame.entity()[at])];
  if (frame.has_time()) where.time = frame.known_at()[at];
  return where;
}

bool is_same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void Differences::add(std::size_t order, const std::string& culprit, const std::string& what, const std::string& change, std::int64_t row,
                      double before, double after) {
  Entry& entry = found_[{order, culprit}];
  Finding& finding = entry.finding;
  if (finding.count++ == 0 || row < entry.row) {
    entry.row = row;
    finding.culprit = culprit;
    finding.what = what;
    finding.change = change;
    finding.first = row < 0 ? Where{} : where_of(dataset_, row);
    finding.before = before;
    finding.after = after;
  }
  const double difference = std::abs(before - after);
  if (!std::isnan(difference) && !(finding.amount >= difference)) finding.amount = difference;
}

std::vector<Finding> Differences::findings(const std::string& mend) const {
  std::vector<Finding> out;
  for (const auto& [key, entry] : found_) {
    out.push_back(entry.finding);
    out.back().mend = mend;
  }
  return out;
}

void compare_features(const Comparison& comparison, Differences& to) {
  const pipeline::Dataset& full = comparison.subject.dataset;
  const data::Frame& other = comparison.other.dataset.frame;
  for (std::size_t f = 0; f < full.features.size(); ++f) {
    const std::string& name = full.features[f];
    const data::Column* changed = other.find(name);
    if (changed == nullptr) continue;  // it could not be computed: told as a trouble
    const data::Column& column = full.frame.at(name);
    for (const std::int64_t row : comparison.rows) {
      const double before = column.number(static_cast<std::size_t>(row)), after = changed->number(static_cast<std::size_t>(row));
      if (is_same(before, after)) continue;
      to.add(f, fmt::format("feature `{}`", name),
             full.has_time() ? "it changes when later rows change" : "it changes when other rows change", comparison.change, row, before,
             after);
    }
  }
}

std::vector<LabelsOf> labels_of(const pipeline::Dataset& dataset) {
  std::vector<LabelsOf> out;
  for (const pipeline::HorizonLabels& h : dataset.horizons)
    out.push_back({fmt::format(" at horizon {}", h.rows), h.y, h.label_end, h.last_known_target});
  if (out.empty()) out.push_back({"", dataset.y, dataset.label_end, dataset.last_known_target});
  return out;
}

namespace {

void compare_at(const Comparison& comparison, const LabelsOf& a, const LabelsOf& b, std::size_t order, Differences& to) {
  const pipeline::Dataset& full = comparison.subject.dataset;
  const pipeline::Dataset& other = comparison.other.dataset;
  const auto number = [](const pipeline::Dataset& dataset, double y) {  // classes by their text: numbers shift where one is absent
    return dataset.classes.empty() || std::isnan(y) ? fmt::format("{:a}", y) : dataset.classes[static_cast<std::size_t>(y)];
  };
  for (const std::int64_t row : comparison.rows) {
    const auto at = static_cast<std::size_t>(row);
    if (full.has_time() && !is_same(a.last_known[at], b.last_known[at]) && full.classes == other.classes)
      to.add(order + 1, "the last known label" + a.at, "what a row may know of earlier labels changes when later rows change",
             comparison.change, row, a.last_known[at], b.last_known[at]);
    if (std::isnan(a.y[at]) && std::isnan(b.y[at])) continue;
    if (!std::isnan(a.y[at]) && !std::isnan(b.y[at]) && number(full, a.y[at]) == number(other, b.y[at])) continue;
    const bool ended = !full.has_time() || (a.label_end[at] != kMissingTime && a.label_end[at] <= comparison.cut);
    if (ended)
      to.add(order, "the target" + a.at, "a label changes when rows after its end change: it reads further than its interval says",
             comparison.change, row, a.y[at], b.y[at]);
    else if (comparison.is_cut && !std::isnan(b.y[at]))
      to.add(order, "the target" + a.at, "a label whose rows are not there yet is made from what is there", comparison.change, row, a.y[at],
             b.y[at]);
  }
}

}  // namespace

void compare_labels(const Comparison& comparison, Differences& to) {
  const pipeline::Dataset& full = comparison.subject.dataset;
  const pipeline::Dataset& other = comparison.other.dataset;
  if (!comparison.other.has_labels || other.y.size() != static_cast<std::size_t>(other.frame.rows())) return;
  const std::vector<LabelsOf> before = labels_of(full), after = labels_of(other);
  for (std::size_t h = 0; h < std::min(before.size(), after.size()); ++h)
    compare_at(comparison, before[h], after[h], full.features.size() + 2 * h, to);
}

namespace {

std::string names_of(const config::Experiment& experiment, const pipeline::FittedStep& step, std::size_t number) {
  const std::size_t prepared = experiment.prepare.size();
  return number < prepared ? fmt::format("prepare.{} ({})", number, step.how.id)
                           : fmt::format("select.{} ({})", number - prepared, step.how.id);
}

// The first number that two columns learned differently; nothing where both learned the same.
std::optional<std::pair<double, double>> difference(const pipeline::FittedColumn& a, const pipeline::FittedColumn& b) {
  for (std::size_t i = 0; i < std::min(a.learned.size(), b.learned.size()); ++i)
    if (!is_same(a.learned[i], b.learned[i])) return std::pair(a.learned[i], b.learned[i]);
  if (a.name == b.name && a.learned.size() == b.learned.size() && a.levels == b.levels) return std::nullopt;
  return std::pair(std::nan(""), std::nan(""));
}

void compare_steps(const FoldComparison& comparison, Differences& to) {
  const pipeline::FittedPreparation &full = comparison.full.preparation, &other = comparison.other.preparation;
  const std::size_t n = std::min(full.steps().size(), other.steps().size());
  for (std::size_t s = 0; s < n; ++s) {
    const auto &a = full.steps()[s].columns, &b = other.steps()[s].columns;
    const std::string name = names_of(comparison.subject.experiment, full.steps()[s], s);
    for (std::size_t c = 0; c < std::min(a.size(), b.size()); ++c)
      if (const auto learned = difference(a[c], b[c]))
        to.add(s, name, fmt::format("what it learned of `{}` depends on rows that it may not see", a[c].name), comparison.change, -1,
               learned->first, learned->second);
    if (a.size() != b.size()) to.add(s, name, "it learned of other columns", comparison.change, -1, std::nan(""), std::nan(""));
  }
  if (to.empty() && full.to_json() != other.to_json())
    to.add(n, "the preparation", "what it learned depends on rows that it may not see", comparison.change, -1, std::nan(""), std::nan(""));
}

// Rows of one set: those of the other are among the full one's.
class PartComparison {
 public:
  PartComparison(const FoldComparison& comparison, Differences& to)
      : c_(comparison), to_(to), order_(comparison.subject.experiment.prepare.size() + comparison.subject.experiment.select.size() + 1) {}

  void compare(const pipeline::FoldPart& full, const pipeline::FoldPart& other) {
    if (full.x.columns != other.x.columns) return;  // told of the steps
    const train::Rows a = train::rows_of(full), b = train::rows_of(other);
    std::size_t i = 0;
    for (std::size_t j = 0; j < other.row.size(); ++j) {
      if (c_.changed[static_cast<std::size_t>(other.row[j])] != 0) continue;
      while (i < full.row.size() && full.row[i] < other.row[j]) ++i;
      if (i == full.row.size() || full.row[i] != other.row[j])
        add(0, "the preparation", "a row that has no forecast gets one when other rows change", other.row[j], std::nan(""), std::nan(""));
      else
        compare_row(a, i, b, j, other.row[j]);
    }
  }

 private:
  void add(std::size_t order, const std::string& culprit, const char* what, std::int64_t row, double before, double after) {
    to_.add(order_ + order, culprit, what, c_.change, row, before, after);
  }
  void compare_row(const train::Rows& a, std::size_t i, const train::Rows& b, std::size_t j, std::int64_t row) {
    const auto width = static_cast<std::size_t>(a.width()), columns = static_cast<std::size_t>(a.columns);
    before_.resize(width), after_.resize(width);
    const std::int64_t at_a = static_cast<std::int64_t>(i), at_b = static_cast<std::int64_t>(j);
    train::gather(a, std::span(&at_a, 1), before_.data());
    train::gather(b, std::span(&at_b, 1), after_.data());
    for (std::size_t k = 0; k < width; ++k)
      if (!is_same(before_[k], after_[k]))
        add(1 + k % columns, fmt::format("prepared input `{}`", c_.full.inputs[k % columns].name),
            "it changes when rows change that it may not see", row, before_[k], after_[k]);
    for (std::size_t h = 0; h < static_cast<std::size_t>(a.horizons) && !a.last_known_target.empty(); ++h) {
      const double before = a.last_known_target[h * static_cast<std::size_t>(a.count) + i];
      const double after = b.last_known_target[h * static_cast<std::size_t>(b.count) + j];
      if (!is_same(before, after))
        add(1 + columns + h, "the last known label" + labels_of(c_.subject.dataset)[h].at, "a row knows of a label that it may not see",
            row, before, after);
    }
  }

  const FoldComparison& c_;
  Differences& to_;
  std::size_t order_;
  std::vector<double> before_, after_;
};

}  // namespace

void compare_folds(const FoldComparison& comparison, Differences& to) {
  compare_steps(comparison, to);
  PartComparison parts(comparison, to);
  parts.compare(comparison.full.train, comparison.other.train);
  if (comparison.validation) parts.compare(comparison.full.validation, comparison.other.validation);
  if (comparison.test) parts.compare(comparison.full.test, comparison.other.test);
}

}  // namespace assay::audit
