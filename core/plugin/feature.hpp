// The owner of one feature object of a plugin. Used by pipeline, by workers and by the checker. One thread at a time, except transform()
// and the questions, which several threads may call at once.
#pragma once

#include <algorithm>
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
  bool has_fit() const { return has_fit_ || cross_fits_; }
  bool cross_fits() const { return cross_fits_; }  // it tells train rows' values from other rows' labels
  bool whole_panel() const { return whole_panel_; }
  // Names of the columns that its frame has to hold, in order: its COLUMN parameters (and lists of columns, item by item). "": an optional
  // one that the data lack; the frame has a null in its place.
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t outputs() const { return output_names().size(); }

  virtual const std::vector<std::int64_t>& warmups() const = 0;  // of each output
  std::int64_t warmup_rows() const { return *std::max_element(warmups().begin(), warmups().end()); }
  virtual const std::vector<std::string>& output_names() const = 0;  // {""} for a single output
  // rows x outputs, row-major; NaN = missing. Infinite values become ComponentError.
  virtual std::vector<double> transform(const assay_frame& frame, const CallOptions& options) const = 0;
  // The same, one output behind the other: outputs x rows. `values` has that size and holds anything.
  virtual void transform_columns(const assay_frame& frame, std::span<double> values, const CallOptions& options) const;
  // Learns from train rows. Gives their values, outputs x rows, where it cross-fits; else nothing: transform() has them.
  virtual std::vector<double> learn(const assay_frame& train, const assay_fit_rows& rows, const CallOptions& options) = 0;
  virtual StateEntries save(const CallOptions& options) const = 0;
  virtual void load(const StateEntries& state, const CallOptions& options) = 0;
  virtual std::string report() const = 0;  // what the fit found: JSON, or nothing

 protected:
  AnyFeature(const LoadedComponent& component, const config::Map& params);  // all parameters, in schema order
  AnyFeature(AnyFeature&&) = default;
  AnyFeature& operator=(AnyFeature&&) = default;

 private:
  bool has_fit_ = false, cross_fits_ = false, whole_panel_ = false;
  std::vector<std::string> columns_;
};

class Feature : public ComponentOwner, public AnyFeature {
 public:
  Feature(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  const std::vector<std::int64_t>& warmups() const override { return warmups_; }
  const std::vector<std::string>& output_names() const override { return output_names_; }

  void fit(const assay_frame& train, std::span<const double> target, const CallOptions& options);
  std::vector<double> learn(const assay_frame& train, const assay_fit_rows& rows, const CallOptions& options) override;
  StateEntries save(const CallOptions& options) const override { return ComponentOwner::save(options); }
  void load(const StateEntries& state, const CallOptions& options) override { ComponentOwner::load(state, options); }
  std::string report() const override;
  std::vector<double> transform(const assay_frame& frame, const CallOptions& options) const override;
  void transform_columns(const assay_frame& frame, std::span<double> values, const CallOptions& options) const override;

 private:
  assay_array matrix_of(std::span<double> values, std::int64_t rows, bool by_column) const;
  void refuse_infinite(std::span<const double> values, const char* tried) const;
  void transform_into(const assay_frame& frame, std::span<double> values, bool by_column, const CallOptions& options) const;

  const assay_feature_transform* transform_ = nullptr;
  const assay_feature_fit* fit_ = nullptr;
  const assay_feature_fit_transform* fit_transform_ = nullptr;
  std::vector<std::int64_t> warmups_;
  std::vector<std::string> output_names_;
};

}  // namespace assay::plugin
