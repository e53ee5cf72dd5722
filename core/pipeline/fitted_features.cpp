#include "pipeline/fitted_features.hpp"

#include <fmt/core.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "pipeline/frame_view.hpp"
#include "pipeline/plugin_features.hpp"
#include "pipeline/prepare.hpp"
#include "plugin/feature.hpp"

namespace assay::pipeline {

namespace {

using Json = nlohmann::ordered_json;

// Train rows' labels as the plugin sees them.
class TrainLabels {
 public:
  TrainLabels(const Dataset& dataset, std::span<const std::int64_t> train, SeedTree seed) {
    for (const std::int64_t row : train) target_.push_back(dataset.y[static_cast<std::size_t>(row)]);
    raw_.struct_size = sizeof raw_;
    raw_.task = dataset.task == config::Task::regression ? ASSAY_TASK_REGRESSION
                : dataset.task == config::Task::binary   ? ASSAY_TASK_BINARY
                                                         : ASSAY_TASK_MULTICLASS;
    raw_.n_classes = static_cast<std::int64_t>(dataset.classes.size());
    raw_.target = target_.data();
    if (dataset.has_time()) {
      for (const std::int64_t row : train) label_end_.push_back(dataset.label_end[static_cast<std::size_t>(row)]);
      raw_.label_end_ns = label_end_.data();
      return;
    }
    draw_folds(dataset, train, seed);
    raw_.fold = fold_.data();
    raw_.n_folds = kCrossFolds;
  }
  TrainLabels(const TrainLabels&) = delete;
  TrainLabels& operator=(const TrainLabels&) = delete;
  const assay_fit_rows& raw() const { return raw_; }

 private:
  void draw_folds(const Dataset& dataset, std::span<const std::int64_t> train, SeedTree seed) {
    std::map<std::int64_t, std::size_t> number;  // of each group, or of each row
    std::vector<std::size_t> of;
    for (const std::int64_t row : train) {
      const std::int64_t key = dataset.group.empty() ? row : dataset.group[static_cast<std::size_t>(row)];
      of.push_back(number.try_emplace(key, number.size()).first->second);
    }
    std::vector<std::int32_t> fold(number.size());
    for (std::size_t i = 0; i < fold.size(); ++i) fold[i] = static_cast<std::int32_t>(i % static_cast<std::size_t>(kCrossFolds));
    Random(seed).shuffle(std::span(fold));
    for (const std::size_t i : of) fold_.push_back(fold[i]);
  }

  std::vector<double> target_;
  std::vector<std::int64_t> label_end_;
  std::vector<std::int32_t> fold_;
  assay_fit_rows raw_{};
};

std::vector<data::Column> columns_of(const FittedFeature& feature, std::vector<std::vector<double>> values) {
  std::vector<data::Column> columns;
  for (std::size_t o = 0; o < feature.outputs.size(); ++o)
    columns.push_back(data::Column::of_reals(feature.outputs[o], std::move(values[o])));
  return columns;
}

FeatureState fit(const FittedFeature& feature, const Dataset& dataset, std::span<const std::int64_t> train, SeedTree seed,
                 data::Frame& frame) {
  const std::unique_ptr<plugin::AnyFeature> object = feature.make();
  const FrameView rows(dataset.frame, object->columns(), train);
  const TrainLabels labels(dataset, train, seed.child("cross"));
  plugin::CallOptions options;
  options.seed = seed.child("fit").seed();
  const std::vector<double> told = object->learn(rows.view(), labels.raw(), options);
  std::vector<std::vector<double>> values = feature_values(*object, dataset.frame);
  for (std::size_t o = 0; o < values.size() && !told.empty(); ++o) {
    for (std::size_t i = 0; i < train.size(); ++i) values[o][static_cast<std::size_t>(train[i])] = told[o * train.size() + i];
  }
  frame = frame.without(feature.outputs).with(columns_of(feature, std::move(values)));
  return {feature.name, object->save({}), object->report()};
}

constexpr char kDigits[] = "0123456789abcdef";
std::string hex_of(const std::vector<std::byte>& bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    text += kDigits[static_cast<unsigned>(b) >> 4];
    text += kDigits[static_cast<unsigned>(b) & 15];
  }
  return text;
}
std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes;
  const auto digit = [](char c) {
    const char* at = std::strchr(kDigits, c);
    if (c == 0 || at == nullptr) throw Error(Fault::data, "reading what a feature learned", "the model bundle is damaged", "train again");
    return static_cast<unsigned>(at - kDigits);
  };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

plugin::StateEntry entry_from(const Json& json) {
  plugin::StateEntry entry;
  entry.name = json.at("name").get<std::string>();
  entry.is_text = json.contains("text");
  if (entry.is_text) {
    entry.text = json.at("text").get<std::string>();
    return entry;
  }
  entry.dtype = json.at("dtype").get<std::uint16_t>();
  entry.shape = json.at("shape").get<std::vector<std::int64_t>>();
  entry.bytes = bytes_of(json.at("bytes").get<std::string>());
  return entry;
}

}  // namespace

SeedTree feature_seed(std::uint64_t experiment) { return SeedTree(experiment).child("features"); }

data::Frame fit_features(const Dataset& dataset, std::span<const std::int64_t> train, SeedTree seed, std::vector<FeatureState>& states) {
  data::Frame frame = dataset.frame;
  for (const FittedFeature& feature : dataset.fitted) {
    try {
      states.push_back(fit(feature, dataset, train, seed.child(feature.name), frame));
    } catch (const plugin::ComponentError& error) {
      throw PreparationError("features." + feature.name, error);
    }
  }
  return frame;
}

data::Frame apply_features(const data::Frame& frame, const std::vector<FittedFeature>& features, const std::vector<FeatureState>& states) {
  data::Frame result = frame;
  for (const FittedFeature& feature : features) {
    const auto state = std::find_if(states.begin(), states.end(), [&](const FeatureState& s) { return s.name == feature.name; });
    if (state == states.end())
      throw Error(Fault::data, fmt::format("computing the feature `{}`", feature.name), "the model bundle does not hold what it learned",
                  "train again");
    const std::unique_ptr<plugin::AnyFeature> object = feature.make();
    object->load(state->learned, {});
    result = result.without(feature.outputs).with(columns_of(feature, feature_values(*object, frame)));
  }
  return result;
}

std::string to_json(const std::vector<FeatureState>& states) {
  Json all = Json::array();
  for (const FeatureState& state : states) {
    Json entries = Json::array();
    for (const plugin::StateEntry& entry : state.learned.items()) {
      if (entry.is_text)
        entries.push_back({{"name", entry.name}, {"text", entry.text}});
      else
        entries.push_back({{"name", entry.name}, {"dtype", entry.dtype}, {"shape", entry.shape}, {"bytes", hex_of(entry.bytes)}});
    }
    all.push_back({{"name", state.name}, {"learned", entries}});
  }
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<FeatureState> feature_states_from(const std::string& json) try {
  std::vector<FeatureState> states;
  for (const Json& told : Json::parse(json)) {
    FeatureState& state = states.emplace_back();
    state.name = told.at("name").get<std::string>();
    for (const Json& entry : told.at("learned")) state.learned.put(entry_from(entry));
  }
  return states;
} catch (const Json::exception& error) {
  throw Error(Fault::data, "reading what a feature learned", error.what(), "the model bundle is damaged: train again");
}

}  // namespace assay::pipeline
