#include "train/horizon_learner.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "plugin/state_bundle.hpp"
#include "train/byte_parts.hpp"

namespace assay::train {

HorizonLearner::HorizonLearner(std::vector<std::unique_ptr<Learner>> parts, std::vector<std::int64_t> horizons)
    : parts_(std::move(parts)), horizons_(std::move(horizons)) {
  ASSAY_CHECK(!parts_.empty() && parts_.size() == horizons_.size(), "a learner for each horizon");
}

std::string HorizonLearner::name_of(std::size_t part) const { return fmt::format("horizon {}", horizons_[part]); }

LearnerTraits HorizonLearner::traits() const {
  LearnerTraits traits = parts_.front()->traits();
  traits.tells_quantiles = false;
  return traits;
}

void HorizonLearner::begin() {
  for (const auto& part : parts_) part->begin();
}

double HorizonLearner::epoch(std::int64_t index, double rate_factor) {
  double sum = 0;
  for (const auto& part : parts_) sum += part->epoch(index, rate_factor);
  return sum / static_cast<double>(parts_.size());
}

void HorizonLearner::fit(const Rows& validation, const Evaluate& evaluate) {
  for (std::size_t h = 0; h < parts_.size(); ++h) {
    const auto index = static_cast<std::int64_t>(h);
    const auto of_this = [&evaluate, index](std::span<const double> p, std::int64_t) { return evaluate(p, index); };
    parts_[h]->fit(of_horizon(validation, index), evaluate ? Evaluate(of_this) : Evaluate{});
  }
}

std::vector<double> HorizonLearner::predict(const Rows& rows) {
  const std::size_t n = parts_.size();
  std::vector<double> out(static_cast<std::size_t>(rows.count) * n);
  for (std::size_t h = 0; h < n; ++h) {
    const std::vector<double> values = parts_[h]->predict(of_horizon(rows, static_cast<std::int64_t>(h)));
    for (std::size_t i = 0; i < values.size(); ++i) out[i * n + h] = values[i];
  }
  return out;
}

std::vector<double> HorizonLearner::quantiles(const Rows&) { return {}; }

void HorizonLearner::keep_best() {
  for (const auto& part : parts_) part->keep_best();
}
void HorizonLearner::restore_best() {
  for (const auto& part : parts_) part->restore_best();
}

std::vector<std::byte> HorizonLearner::save(const std::string& note) {
  plugin::StateBundle whole;
  for (std::size_t h = 0; h < parts_.size(); ++h) {
    const std::vector<std::byte> bytes = parts_[h]->save(note);
    if (bytes.empty()) return {};  // the model keeps none
    plugin::StateBundle one = plugin::parse_bundle(text_of(bytes), "the model bundle");
    plugin::StateEntries entries = std::move(whole.state);
    for (plugin::StateEntry entry : one.state.items()) {
      entry.name = name_of(h) + "/" + entry.name;
      entries.put(std::move(entry));
    }
    whole = std::move(one);
    whole.state = std::move(entries);
  }
  return bytes_of(plugin::bundle_bytes(whole));
}

void HorizonLearner::load(std::span<const std::byte> bundle) {
  const plugin::StateBundle whole = plugin::parse_bundle(text_of(bundle), "the model bundle");
  for (std::size_t h = 0; h < parts_.size(); ++h) {
    const std::string prefix = name_of(h) + "/";
    plugin::StateBundle one = whole;
    one.state = {};
    for (plugin::StateEntry entry : whole.state.items()) {
      if (!entry.name.starts_with(prefix)) continue;
      entry.name.erase(0, prefix.size());
      one.state.put(std::move(entry));
    }
    parts_[h]->load(bytes_of(plugin::bundle_bytes(one)));
  }
}

std::vector<std::byte> HorizonLearner::checkpoint() {
  std::vector<std::byte> bytes;
  for (const auto& part : parts_) append_bytes(bytes, text_of(part->checkpoint()));
  return bytes;
}

void HorizonLearner::resume(std::span<const std::byte> checkpoint) {
  for (const auto& part : parts_) part->resume(bytes_of(take_bytes(checkpoint)));
}

std::vector<double> HorizonLearner::importance() {
  std::vector<double> mean;
  for (const auto& part : parts_) {
    const std::vector<double> own = part->importance();
    mean.resize(own.size());
    for (std::size_t i = 0; i < own.size(); ++i) mean[i] += own[i] / static_cast<double>(parts_.size());
  }
  return mean;
}

std::vector<std::pair<std::string, std::string>> HorizonLearner::summary() {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t h = 0; h < parts_.size(); ++h)
    for (auto& [name, value] : parts_[h]->summary()) out.emplace_back(config::at_horizon(name, horizons_[h]), std::move(value));
  return out;
}

plugin::Graph HorizonLearner::graph() {
  throw Error(Fault::usage, "writing the model's graph", "the model has a fit for each horizon, and a graph holds one",
              "Export a run with one horizon, or a model that learns all of them together (neural.mlp and its like)");
}

Slopes HorizonLearner::slopes(const Rows& rows, std::int64_t output) {
  return parts_.at(static_cast<std::size_t>(output))->slopes(of_horizon(rows, output), 0);
}

void HorizonLearner::prune(plugin::Pruning method, double share) {
  for (const auto& part : parts_) part->prune(method, share);
}

plugin::ModelSize HorizonLearner::size(plugin::Pruning method) {
  plugin::ModelSize sum;
  for (const auto& part : parts_) {
    const plugin::ModelSize own = part->size(method);
    sum.parameters += own.parameters;
    sum.zeros += own.zeros;
    sum.prunable += own.prunable;
    sum.pruned += own.pruned;
  }
  return sum;
}

PredictSpeed HorizonLearner::predict_speed(const Rows& rows) {
  PredictSpeed sum;
  for (std::size_t h = 0; h < parts_.size(); ++h) {
    const PredictSpeed own = parts_[h]->predict_speed(of_horizon(rows, static_cast<std::int64_t>(h)));
    sum.one_row += own.one_row;
    sum.batch += own.batch;
  }
  return sum;
}

}  // namespace assay::train
