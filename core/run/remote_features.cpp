#include "run/remote_features.hpp"

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using worker::PackedArray;

assay_array view_of(const PackedArray& array) {
  assay_array view{};
  view.dtype = array.dtype;
  view.rank = 1;
  view.device_kind = ASSAY_CPU;
  view.flags = ASSAY_ARRAY_READ_ONLY;
  view.shape[0] = static_cast<std::int64_t>(array.size());
  view.stride[0] = 1;
  view.data = const_cast<void*>(array.data);  // the kernel keeps the promise
  return view;
}

std::string column_name(std::size_t index) { return fmt::format("column {}", index); }

// A frame on its way to a worker: what MappedFrame makes views of.
class TravellingFrame {
 public:
  explicit TravellingFrame(const assay_frame& frame) : header_{{"rows", frame.n_rows}, {"columns", Json::array()}} {
    const auto rows = static_cast<std::size_t>(frame.n_rows);
    for (std::uint32_t c = 0; c < frame.n_columns; ++c) {
      if (frame.columns[c] == nullptr) {
        header_["columns"].push_back(nullptr);
        continue;
      }
      const assay_column& column = *frame.columns[c];
      Json levels = Json::array();
      for (std::uint64_t l = 0; l < column.n_levels; ++l) levels.push_back(std::string_view(column.levels[l].data, column.levels[l].size));
      header_["columns"].push_back({std::string_view(column.name.data, column.name.size), column.kind, levels});
      arrays_.push_back({column_name(c), column.values.dtype, {frame.n_rows}, column.values.data});
    }
    if (frame.time_ns) add(PackedArray::of("time", std::span(frame.time_ns, rows)));
    if (frame.entity) add(PackedArray::of("entity", std::span(frame.entity, rows)));
  }
  void add(PackedArray array) { arrays_.push_back(std::move(array)); }
  const Json& header() const { return header_; }
  std::span<const PackedArray> arrays() const { return arrays_; }

 private:
  Json header_;
  std::vector<PackedArray> arrays_;
};

std::string entry_name(std::size_t index) { return fmt::format("entry {}", index); }

// What was learned, but for the arrays' contents.
Json to_json(const plugin::StateEntries& state) {
  Json list = Json::array();
  for (const plugin::StateEntry& entry : state.items())
    list.push_back(entry.is_text ? Json{{"name", entry.name}, {"text", entry.text}}
                                 : Json{{"name", entry.name}, {"dtype", entry.dtype}, {"shape", entry.shape}});
  return list;
}
plugin::StateEntry entry_of(const Json& told) {
  plugin::StateEntry entry;
  entry.name = told.at("name").get<std::string>();
  entry.is_text = told.contains("text");
  if (entry.is_text) {
    entry.text = told.at("text").get<std::string>();
  } else {
    entry.dtype = told.at("dtype").get<std::uint16_t>();
    entry.shape = told.at("shape").get<std::vector<std::int64_t>>();
  }
  return entry;
}

class RemoteFeature final : public plugin::AnyFeature {
 public:
  RemoteFeature(const plugin::LoadedComponent& component, const config::Map& params, const worker::ConversationOptions& options)
      : AnyFeature(component, plugin::in_schema_order(component, params)), remote_(component, params, options) {
    const Json told = Json::parse(remote_.call("feature.describe").header);
    warmups_ = told.at("warmups").get<std::vector<std::int64_t>>();
    output_names_ = told.at("output_names").get<std::vector<std::string>>();
  }

  const std::vector<std::int64_t>& warmups() const override { return warmups_; }
  const std::vector<std::string>& output_names() const override { return output_names_; }

  std::vector<double> transform(const assay_frame& frame, const plugin::CallOptions&) const override {
    const TravellingFrame what(frame);
    return numbers_of(call("feature.transform", what.header(), what.arrays()));
  }

  std::vector<double> learn(const assay_frame& train, const assay_fit_rows& labels, const plugin::CallOptions& options) override {
    TravellingFrame what(train);
    const auto rows = static_cast<std::size_t>(train.n_rows);
    what.add(PackedArray::of("target", std::span(labels.target, rows)));
    if (labels.fold) what.add(PackedArray::of("fold", std::span(labels.fold, rows)));
    if (labels.label_end_ns) what.add(PackedArray::of("label_end", std::span(labels.label_end_ns, rows)));
    Json header = what.header();
    header.update({{"seed", options.seed}, {"task", labels.task}, {"classes", labels.n_classes}, {"folds", labels.n_folds}});
    return numbers_of(call("feature.learn", header, what.arrays()));
  }

  plugin::StateEntries save(const plugin::CallOptions&) const override {
    const worker::Message answer = call("feature.save", Json::object(), {});
    plugin::StateEntries state;
    std::size_t part = 0;
    for (const Json& told : Json::parse(answer.header)) {
      plugin::StateEntry entry = entry_of(told);
      if (!entry.is_text) {
        const auto bytes = answer.part_as<std::byte>(part++);
        entry.bytes.assign(bytes.begin(), bytes.end());
      }
      state.put(std::move(entry));
    }
    return state;
  }

  void load(const plugin::StateEntries& state, const plugin::CallOptions&) override {
    std::vector<PackedArray> arrays;
    for (std::size_t i = 0; i < state.items().size(); ++i) {
      const plugin::StateEntry& entry = state.items()[i];
      if (!entry.is_text) arrays.push_back({entry_name(i), entry.dtype, entry.shape, entry.bytes.data()});
    }
    call("feature.load", to_json(state), arrays);
  }

  std::string report() const override { return Json::parse(call("feature.report", Json::object(), {}).header).get<std::string>(); }

 private:
  worker::Message call(std::string_view task, const Json& header, std::span<const PackedArray> arrays) const {
    const std::lock_guard lock(mutex_);
    return remote_.call(task, header.dump(-1, ' ', false, Json::error_handler_t::replace), arrays);
  }
  static std::vector<double> numbers_of(const worker::Message& answer) {
    const auto values = answer.part_as<double>(0);
    return {values.begin(), values.end()};
  }

  mutable std::mutex mutex_;
  mutable worker::RemoteComponent remote_;
  std::vector<std::int64_t> warmups_;
  std::vector<std::string> output_names_;
};

// The frame that the host described: views of the mapped arrays.
class MappedFrame {
 public:
  explicit MappedFrame(const worker::TaskCall& call) {
    const Json json = Json::parse(call.header);
    view_.struct_size = sizeof view_;
    view_.n_rows = json.at("rows").get<std::int64_t>();
    for (const Json& told : json.at("columns")) {
      if (told.is_null()) {  // an optional one that the data lack
        pointers_.push_back(nullptr);
        continue;
      }
      assay_column& column = columns_.emplace_back();
      column.struct_size = sizeof column;
      column.name = text(told.at(0));
      column.kind = told.at(1).get<std::uint32_t>();
      column.values = view_of(call.arrays.at(column_name(pointers_.size())));
      std::vector<assay_text>& levels = levels_.emplace_back();
      for (const Json& level : told.at(2)) levels.push_back(text(level));
      if (!levels.empty()) column.levels = levels.data();
      column.n_levels = levels.size();
      pointers_.push_back(&column);
    }
    view_.n_columns = static_cast<std::uint32_t>(pointers_.size());
    view_.columns = pointers_.data();
    if (call.arrays.find("time") != nullptr) view_.time_ns = call.arrays.values<std::int64_t>("time").data();
    if (call.arrays.find("entity") != nullptr) view_.entity = call.arrays.values<std::int32_t>("entity").data();
  }
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;
  const assay_frame& view() const { return view_; }

 private:
  assay_text text(const Json& json) {
    const std::string& kept = texts_.emplace_back(json.get<std::string>());
    return {kept.data(), kept.size()};
  }

  // Deques, so that what the columns point to stays where it is.
  std::deque<std::string> texts_;
  std::deque<std::vector<assay_text>> levels_;
  std::deque<assay_column> columns_;
  std::vector<const assay_column*> pointers_;
  assay_frame view_{};
};

worker::TaskAnswer describe_feature(const worker::TaskCall& call) {
  const auto& feature = worker::kept_component<plugin::Feature>(call);
  const Json told{{"warmups", feature.warmups()}, {"output_names", feature.output_names()}};
  return {told.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

worker::TaskAnswer transform_feature(const worker::TaskCall& call) {
  const MappedFrame frame(call);
  const std::vector<double> values = worker::kept_component<plugin::Feature>(call).transform(frame.view(), call.options);
  worker::TaskAnswer answer;
  answer.add<double>(values);
  return answer;
}

worker::TaskAnswer learn_feature(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  const MappedFrame frame(call);
  assay_fit_rows labels{};
  labels.struct_size = sizeof labels;
  labels.task = header.at("task").get<std::uint32_t>();
  labels.n_classes = header.at("classes").get<std::int64_t>();
  labels.n_folds = header.at("folds").get<std::int64_t>();
  labels.target = call.arrays.values<double>("target").data();
  if (call.arrays.find("fold") != nullptr) labels.fold = call.arrays.values<std::int32_t>("fold").data();
  if (call.arrays.find("label_end") != nullptr) labels.label_end_ns = call.arrays.values<std::int64_t>("label_end").data();
  const std::vector<double> values = worker::kept_component<plugin::Feature>(call).learn(
      frame.view(), labels, worker::seeded(call, header.at("seed").get<std::uint64_t>()));
  worker::TaskAnswer answer;
  answer.add<double>(values);
  return answer;
}

worker::TaskAnswer save_feature(const worker::TaskCall& call) {
  const plugin::StateEntries state = worker::kept_component<plugin::Feature>(call).save(call.options);
  worker::TaskAnswer answer{to_json(state).dump(-1, ' ', false, Json::error_handler_t::replace), {}};
  for (const plugin::StateEntry& entry : state.items())
    if (!entry.is_text) answer.parts.push_back(entry.bytes);
  return answer;
}

worker::TaskAnswer load_feature(const worker::TaskCall& call) {
  plugin::StateEntries state;
  for (const Json& told : Json::parse(call.header)) {
    plugin::StateEntry entry = entry_of(told);
    if (!entry.is_text) {
      const PackedArray& array = call.arrays.at(entry_name(state.items().size()));
      const auto* bytes = static_cast<const std::byte*>(array.data);
      entry.bytes.assign(bytes, bytes + array.bytes());
    }
    state.put(std::move(entry));
  }
  worker::kept_component<plugin::Feature>(call).load(state, call.options);
  return {};
}

worker::TaskAnswer report_of_feature(const worker::TaskCall& call) {
  return {Json(worker::kept_component<plugin::Feature>(call).report()).dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

}  // namespace

std::unique_ptr<plugin::AnyFeature> remote_feature(const plugin::LoadedComponent& component, const config::Map& params,
                                                   const worker::ConversationOptions& options) {
  return std::make_unique<RemoteFeature>(component, params, options);
}

worker::Tasks feature_tasks() {
  return {{"feature.describe", describe_feature}, {"feature.transform", transform_feature}, {"feature.learn", learn_feature},
          {"feature.save", save_feature},         {"feature.load", load_feature},           {"feature.report", report_of_feature}};
}

}  // namespace assay::run
