// The host's owner of one feature object of a plugin. Used by pipeline and by the checker. One thread at a time, except transform() and the
// questions, which several threads may call at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugin/component_owner.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {

class Feature : public ComponentOwner {
 public:
  Feature(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  bool has_fit() const { return fit_ != nullptr; }
  bool whole_panel() const { return (transform_->flags & ASSAY_FEATURE_WHOLE_PANEL) != 0; }
  std::int64_t warmup_rows() const { return warmup_rows_; }
  const std::vector<std::string>& output_names() const { return output_names_; }  // {""} for a single output
  std::size_t outputs() const { return output_names_.size(); }
  // Names of the columns that its frame has to hold, in order: its COLUMN parameters (and lists of columns, item by item).
  const std::vector<std::string>& columns() const { return columns_; }

  void fit(const assay_frame& train, std::span<const double> target, const CallOptions& options);
  // rows x outputs, row-major; NaN = missing. Infinite values become ComponentError.
  std::vector<double> transform(const assay_frame& frame, const CallOptions& options) const;

 private:
  const assay_feature_transform* transform_ = nullptr;
  const assay_feature_fit* fit_ = nullptr;
  std::int64_t warmup_rows_ = 0;
  std::vector<std::string> output_names_, columns_;
};

}  // namespace assay::plugin
