// The owner of one feature object of a plugin. Used by pipeline, by workers and by the checker. One thread at a time, except transform()
// and the questions, which several threads may call at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugin/component_owner.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {

// What the pipeline asks of a feature, wherever it computes: here (Feature) or in a worker process (run). What needs no object of the
// plugin is answered from its tables.
class AnyFeature {
 public:
  virtual ~AnyFeature() = default;
  bool has_fit() const { return has_fit_; }
  bool whole_panel() const { return whole_panel_; }
  // Names of the columns that its frame has to hold, in order: its COLUMN parameters (and lists of columns, item by item).
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t outputs() const { return output_names().size(); }

  virtual std::int64_t warmup_rows() const = 0;
  virtual const std::vector<std::string>& output_names() const = 0;  // {""} for a single output
  // rows x outputs, row-major; NaN = missing. Infinite values become ComponentError.
  virtual std::vector<double> transform(const assay_frame& frame, const CallOptions& options) const = 0;

 protected:
  AnyFeature(const LoadedComponent& component, const config::Map& params);  // all parameters, in schema order
  AnyFeature(AnyFeature&&) = default;
  AnyFeature& operator=(AnyFeature&&) = default;

 private:
  bool has_fit_ = false, whole_panel_ = false;
  std::vector<std::string> columns_;
};

class Feature : public ComponentOwner, public AnyFeature {
 public:
  Feature(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  std::int64_t warmup_rows() const override { return warmup_rows_; }
  const std::vector<std::string>& output_names() const override { return output_names_; }

  void fit(const assay_frame& train, std::span<const double> target, const CallOptions& options);
  std::vector<double> transform(const assay_frame& frame, const CallOptions& options) const override;

 private:
  const assay_feature_transform* transform_ = nullptr;
  const assay_feature_fit* fit_ = nullptr;
  std::int64_t warmup_rows_ = 0;
  std::vector<std::string> output_names_;
};

}  // namespace assay::plugin
