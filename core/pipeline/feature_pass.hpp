// The pass over an experiment's features: one plan for all expressions, plugins in between. Used by compute_features and build_dataset,
// which adds the target to the same plan. One thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "pipeline/checked_expression.hpp"
#include "pipeline/dataset.hpp"
#include "pipeline/expression.hpp"

namespace assay::pipeline {

class FeaturePass {
 public:
  // The frame, the factory and the diagnostics must outlive it. bar: length of the rows' bars where it is given; windows end at holes.
  FeaturePass(const data::Frame& frame, const FeatureFactory& factory, Diagnostics& diagnostics, const std::optional<Span>& bar);

  void add(const config::FeatureSpec& spec);
  // An expression that becomes no column; -1 after a diagnostic.
  int add_expression(std::string_view name, const std::string& text, Use use, const Place& place, const std::string& key,
                     std::int64_t horizon = 0);
  // Computes what was added since the last flush, and `more` beside it, whose values come back.
  std::vector<ColumnValues> flush(std::span<const int> more);

  const data::Frame& frame() const { return frame_; }  // with the features of the last flush
  const Plan& plan() const { return plan_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::int64_t>& warmup_rows() const { return warmup_rows_; }
  const std::map<std::string, int>& roots() const { return roots_; }
  const std::vector<FittedFeature>& fitted() const { return fitted_; }
  const Doubtful& doubtful() const { return doubtful_; }  // features that are not there because they are wrong

 private:
  bool add_expression(const config::FeatureSpec& spec);  // false: it is wrong, or reads something that is
  bool add_plugin(const config::FeatureSpec& spec);
  bool reads_fitted(const config::FeatureSpec& spec);
  bool reads_doubtful(const config::Component& component) const;
  Reads reads_of_plugin(const config::Component& component, const std::vector<std::string>& columns) const;

  const data::Frame& raw_;
  const FeatureFactory& factory_;
  Diagnostics& diagnostics_;
  data::Frame frame_;
  Plan plan_;
  std::vector<std::pair<std::string, int>> pending_;
  std::map<std::string, int> roots_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> warmup_rows_;
  std::vector<FittedFeature> fitted_;
  Doubtful doubtful_;
};

}  // namespace assay::pipeline
