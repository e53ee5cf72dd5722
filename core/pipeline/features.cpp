// Features in file order: expressions are gathered into one plan, so that common parts are computed once; a plugin gets the columns
// computed so far.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/feature_pass.hpp"
#include "pipeline/segments.hpp"
#include "plugin/call_options.hpp"
#include "plugin/feature.hpp"

namespace assay::pipeline {

Place inside(const Place& scalar, std::string_view expression, std::int64_t offset, std::int64_t length) {
  const auto whole = static_cast<std::int64_t>(text::utf8_length(expression));
  const bool quoted = scalar.length == whole + 2;
  if (scalar.line == 0 || scalar.column == 0 || expression.find('\n') != std::string_view::npos || (scalar.length != whole && !quoted)) {
    return scalar;
  }
  Place place = scalar;
  place.column += offset + (quoted ? 1 : 0);
  place.length = std::max<std::int64_t>(1, length);
  return place;
}

FeaturePass::FeaturePass(const data::Frame& frame, const FeatureFactory& factory, Diagnostics& diagnostics, const std::optional<Span>& bar)
    : raw_(frame), factory_(factory), diagnostics_(diagnostics), frame_(frame), plan_(raw_, stretches(raw_, bar)) {}

void FeaturePass::add(const config::FeatureSpec& spec) {
  if (raw_.find(spec.name) != nullptr || frame_.find(spec.name) != nullptr) {
    diagnostics_.error(spec.place, fmt::format("feature `{}` has the name of a column that exists", spec.name), "give it another name",
                       "features." + spec.name);
    return;
  }
  if (!(spec.component ? add_plugin(spec) : add_expression(spec))) doubtful_.add(spec.name);
}

int FeaturePass::add_expression(std::string_view name, const std::string& text, Use use, const Place& place, const std::string& key,
                                std::int64_t horizon) {
  return add_checked(plan_, {name, text, use, place, key, horizon}, doubtful_, diagnostics_);
}

bool FeaturePass::add_expression(const config::FeatureSpec& spec) {
  const int root = add_expression(spec.name, spec.expression, Use::feature, spec.place, "features." + spec.name);
  if (root < 0) return false;
  if (plan_.type(root) == ValueType::time) {
    diagnostics_.error(spec.place, fmt::format("feature `{}` is a time, which no model can take", spec.name), "", "features." + spec.name);
    return false;
  }
  roots_[spec.name] = root;
  pending_.emplace_back(spec.name, root);
  names_.push_back(spec.name);
  warmup_rows_.push_back(plan_.warmup_rows(root));
  return true;
}

// A column that a parameter names is one of a feature that is wrong itself.
bool FeaturePass::reads_doubtful(const config::Component& component) const {
  const auto doubtful = [&](const config::Value& value) {
    const auto* name = std::get_if<std::string>(&value.data);
    return name != nullptr && doubtful_.holds(*name) && frame_.find(*name) == nullptr;
  };
  return std::any_of(component.params.begin(), component.params.end(), [&](const auto& param) {
    const auto* list = std::get_if<config::List>(&param.second.data);
    return list == nullptr ? doubtful(param.second) : std::any_of(list->begin(), list->end(), doubtful);
  });
}

// A column that has no values before the folds are made.
bool FeaturePass::reads_fitted(const config::FeatureSpec& spec) {
  const auto find = [&](const config::Value& value) -> const FittedFeature* {
    const auto* name = std::get_if<std::string>(&value.data);
    for (const FittedFeature& feature : fitted_)
      if (name != nullptr && std::find(feature.outputs.begin(), feature.outputs.end(), *name) != feature.outputs.end()) return &feature;
    return nullptr;
  };
  for (const auto& [key, value] : spec.component->params) {
    const FittedFeature* found = find(value);
    if (const auto* list = std::get_if<config::List>(&value.data))
      for (const config::Value& item : *list) found = found ? found : find(item);
    if (found == nullptr) continue;
    diagnostics_.error(spec.component->place,
                       fmt::format("feature `{}` reads `{}`, which learns from the train rows of each fold", spec.name, found->name),
                       "only inputs and preparation steps can use such a feature", "features." + spec.name);
    return true;
  }
  return false;
}

bool FeaturePass::add_plugin(const config::FeatureSpec& spec) {
  const std::string key = "features." + spec.name;
  if (reads_doubtful(*spec.component) || reads_fitted(spec)) return false;
  flush({});
  FeatureColumns columns;
  try {
    ASSAY_CHECK(factory_, "an experiment with feature plugins needs a factory for them");
    columns = factory_(*spec.component, frame_);
  } catch (const plugin::CallFailure& failure) {
    if (failure.how() != plugin::CallFailure::How::refused) throw;  // no mistake in the file or the data: the run has failed
    diagnostics_.data_error(spec.component->place, failure.what(), "", key);
    return false;
  } catch (const Error& error) {
    diagnostics_.data_error(spec.component->place, error.tried() + ": " + error.happened(), error.mend(), key);
    return false;
  }
  std::vector<data::Column> made;
  FittedFeature fitted{spec.name, {}, columns.make};
  const Reads reads = reads_of_plugin(*spec.component, columns.columns);
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    const std::string name = columns.names[i].empty() ? spec.name : spec.name + "." + columns.names[i];
    if (frame_.find(name) != nullptr) {
      diagnostics_.error(spec.place, fmt::format("feature `{}` gives a column `{}`, which exists already", spec.name, name), "", key);
      return false;
    }
    if (columns.make) {
      made.push_back(data::Column::of_reals(name, std::vector<double>(frame_.rows(), std::numeric_limits<double>::quiet_NaN())));
      fitted.outputs.push_back(name);
      // For what it reads; no expression finds it under this name.
      roots_[name] = plan_.add_column(made.back().renamed("fitted in each fold: " + name), columns.warmup_rows[i], reads);
    } else {
      made.push_back(data::Column::of_reals(name, std::move(columns.values[i])));
      roots_[name] = plan_.add_column(made.back(), columns.warmup_rows[i], reads);
    }
    names_.push_back(name);
    warmup_rows_.push_back(columns.warmup_rows[i]);
  }
  frame_ = frame_.with(std::move(made));
  if (fitted.make) fitted_.push_back(std::move(fitted));
  return true;
}

// A plugin may look back as far as it likes, so each column counts as read at the present row (or as late as what the column is made of).
Reads FeaturePass::reads_of_plugin(const config::Component& component, const std::vector<std::string>& columns) const {
  Reads reads;
  const auto add = [&](const std::string& column) {
    if (const auto root = roots_.find(column); root != roots_.end())
      merge(reads, plan_.reads(root->second));
    else if (raw_.find(column) != nullptr)
      merge(reads, {{column, 0}});
  };
  for (const std::string& column : columns) add(column);
  for (const auto& [key, value] : component.params) {  // a column named by a parameter counts, whatever the plugin says that it reads
    if (const auto* name = std::get_if<std::string>(&value.data)) add(*name);
    if (const auto* list = std::get_if<config::List>(&value.data)) {
      for (const config::Value& item : *list) {
        if (const auto* name = std::get_if<std::string>(&item.data)) add(*name);
      }
    }
  }
  return reads;
}

namespace {
data::Column column_of(const data::Frame& frame, const Plan& plan, const std::string& name, int root, ColumnValues values) {
  if (plan.type(root) == ValueType::category) {
    const std::string& source = plan.column_name(root);
    return frame.at(source).renamed(name);
  }
  if (plan.type(root) != ValueType::boolean) return data::Column::of_large(name, std::move(values));
  std::vector<std::uint8_t> flags(values.size());
  std::transform(values.begin(), values.end(), flags.begin(), [](double value) {
    return value == 1 ? std::uint8_t{1} : value == 0 ? std::uint8_t{0} : data::kMissingBoolean;
  });
  return data::Column::of_booleans(name, std::move(flags));
}
}  // namespace

std::vector<ColumnValues> FeaturePass::flush(std::span<const int> more) {
  std::vector<int> roots;
  for (const auto& [name, root] : pending_) roots.push_back(root);
  roots.insert(roots.end(), more.begin(), more.end());
  if (roots.empty()) return {};
  // Small frames are done before threads have started.
  const unsigned threads = frame_.rows() < 200'000 ? 1 : std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
  std::vector<ColumnValues> values = plan_.evaluate(roots, threads);
  std::vector<data::Column> made;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const auto& [name, root] = pending_[i];
    made.push_back(column_of(frame_, plan_, name, root, std::move(values[i])));
    // From here on the column stands for the expression; roots_ keeps what it was computed from.
    if (more.empty()) plan_.add_column(made.back(), plan_.warmup_rows(root), plan_.reads(root));
  }
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(pending_.size()));
  pending_.clear();
  if (!made.empty()) frame_ = frame_.with(std::move(made));
  return values;
}

ComputedFeatures compute_features(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory,
                                  Diagnostics& diagnostics) {
  FeaturePass pass(frame, factory, diagnostics, experiment.data.bar());
  for (const config::FeatureSpec& spec : experiment.features) pass.add(spec);
  pass.flush({});
  return {pass.frame(), pass.names(), pass.warmup_rows(), pass.fitted()};
}

}  // namespace assay::pipeline
