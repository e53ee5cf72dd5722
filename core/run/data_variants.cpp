#include "run/data_variants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace assay::run {

namespace {

constexpr std::size_t kKept = 8;

}  // namespace

DataVariant::DataVariant(const config::Experiment& experiment, ExperimentData own, const plugin::Registry& registry,
                         const LoadOptions& options)
    : own_(std::make_unique<Own>(experiment, std::move(own), registry, options)) {
  data = &own_->data;
  shelf = &own_->shelf;
}

DataVariants::DataVariants(const ExperimentData& data, FoldShelf& shelf, const plugin::Registry& registry, const LoadOptions& options)
    : data_(data), registry_(registry), options_(options), shared_(std::make_shared<DataVariant>(data, shelf)) {
  options_.progress = {};
}

// The values that a dataset or its preparation depends on, as text; empty: none does.
std::string DataVariants::difference(const config::Experiment& trial, const search::Values& values) const {
  std::vector<std::string_view> roots{"features.", "inputs.", "prepare.", "select.", "train.sample_weight.", "train.resample."};
  if (selects_by_model(trial)) roots.push_back("train.");
  std::string text;
  for (const auto& at : values)
    if (std::any_of(roots.begin(), roots.end(), [&](std::string_view root) { return at.first.starts_with(root); }))
      text += at.first + "=" + at.second + "\n";
  return text;
}

std::shared_ptr<const DataVariant> DataVariants::take(const config::Experiment& trial, const search::Values& values) {
  const std::string key = difference(trial, values);
  if (key.empty()) return shared_;
  Slot* slot;
  {
    const std::lock_guard lock(mutex_);
    slot = &slots_[key];
  }
  const std::lock_guard building(slot->mutex);
  std::shared_ptr<const DataVariant> variant = slot->variant.lock();
  if (!variant) {
    variant = build(trial);
    slot->variant = variant;
  }
  const std::lock_guard lock(mutex_);
  latest_.remove(variant);
  latest_.push_front(variant);
  if (latest_.size() > kKept) latest_.pop_back();
  return variant;
}

std::shared_ptr<const DataVariant> DataVariants::build(const config::Experiment& trial) const {
  LoadedData loaded = data_.loaded;  // columns are shared
  loaded.true_probability.clear();
  Diagnostics diagnostics;
  std::optional<ExperimentData> own = prepare_data(trial, registry_, std::move(loaded), options_, diagnostics);
  for (const Diagnostic& one : diagnostics.items())
    if (one.severity == Severity::error) throw Error(Fault::failed, "preparing the data of the trial", one.message, one.mend);
  ASSAY_CHECK(own, "data without errors");
  if (own->folds.folds.size() > data_.folds.folds.size()) own->folds.folds.resize(data_.folds.folds.size());  // --quick
  for (std::size_t f = 0; f < data_.folds.folds.size(); ++f)
    if (f >= own->folds.folds.size() || own->folds.folds[f].test != data_.folds.folds[f].test)
      throw Error(Fault::failed, "preparing the data of the trial", fmt::format("fold {} has other test rows with these values", f + 1),
                  "A search compares trials on the same rows");
  auto variant = std::make_shared<DataVariant>(trial, std::move(*own), registry_, options_);
  variant->shelf->keep(variant->shelf->size());
  return variant;
}

}  // namespace assay::run
