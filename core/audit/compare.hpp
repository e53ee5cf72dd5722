// Two computations of the same rows, compared bit by bit: features, labels, prepared rows, forecasts. Differences of several comparisons
// gather under their culprit. Used by the tests of this room. Not thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "audit/report.hpp"
#include "audit/subject.hpp"

namespace assay::audit {

Where where_of(const pipeline::Dataset& dataset, std::int64_t row);
bool is_same(double a, double b);  // the same bits, or both missing

// What a row may know of labels, for each horizon of the target; borrowed from the dataset.
struct LabelsOf {
  std::string at;  // " at horizon 5"; empty: there is one
  std::span<const double> y;
  std::span<const TimeNs> label_end;
  std::span<const double> last_known;
};
std::vector<LabelsOf> labels_of(const pipeline::Dataset& dataset);

// Findings by culprit; each keeps its first row by time, and the change at which that was seen.
class Differences {
 public:
  explicit Differences(const pipeline::Dataset& dataset) : dataset_(dataset) {}

  // One value that differs at a row of the frame. `order` sorts culprits.
  void add(std::size_t order, const std::string& culprit, const std::string& what, const std::string& change, std::int64_t row,
           double before, double after);
  bool empty() const { return found_.empty(); }
  std::size_t size() const { return found_.size(); }
  std::vector<Finding> findings(const std::string& mend) const;

 private:
  struct Entry {
    Finding finding;
    std::int64_t row = 0;
  };
  const pipeline::Dataset& dataset_;
  std::map<std::pair<std::size_t, std::string>, Entry> found_;
};

// The first `rows` rows (in the frame's order), of which what is known by `cut` may not change; without time the rows that are named.
struct Comparison {
  const Subject& subject;
  const Computed& other;
  std::span<const std::int64_t> rows;
  TimeNs cut = kMissingTime;  // kMissingTime: a plain table
  bool is_cut = true;         // rows after it are gone; else they have other values
  std::string change;
};
void compare_features(const Comparison& comparison, Differences& to);
void compare_labels(const Comparison& comparison, Differences& to);

// A fold as it was prepared from all data, and from changed data: fitted steps, and the rows that both have.
struct FoldComparison {
  const Subject& subject;
  const pipeline::FoldData &full, &other;
  bool validation = true, test = true;       // beside train rows
  const std::vector<std::uint8_t>& changed;  // a flag for each row of the frame: these are not looked at
  std::string change;
};
void compare_folds(const FoldComparison& comparison, Differences& to);

}  // namespace assay::audit
