// What a search may choose: the ranges of the experiment file as a sampler sees them (numbers), and a sampler's point as the file's values
// (text). Used by Study and by run/. Immutable; thread-safe for reading.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "assay/abi.h"
#include "config/experiment.hpp"

namespace assay::search {

using Values = std::vector<std::pair<std::string, std::string>>;  // dotted path and YAML text

class Space {
 public:
  explicit Space(const config::SearchSpec& spec);
  Space(const Space&) = delete;  // raw() points into it
  Space& operator=(const Space&) = delete;

  const assay_space& raw() const { return raw_; }
  std::size_t size() const { return ranges_.size(); }
  bool is_choice(std::size_t range) const { return raw_ranges_[range].kind == ASSAY_RANGE_CHOICE; }
  bool has_one_value(std::size_t range) const { return raw_ranges_[range].low == raw_ranges_[range].high; }
  Values values(std::span<const double> point) const;

 private:
  std::vector<config::SearchRange> ranges_;
  std::vector<assay_range> raw_ranges_;
  std::vector<const assay_range*> pointers_;
  assay_space raw_{};
};

}  // namespace assay::search
