#include "run/remote_components.hpp"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"

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

// ---- features ----------------------------------------------------------------------------------------------------------------------

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
    const auto rows = static_cast<std::size_t>(frame.n_rows);
    Json columns = Json::array();
    std::vector<PackedArray> arrays;
    for (std::uint32_t c = 0; c < frame.n_columns; ++c) {
      if (frame.columns[c] == nullptr) {
        columns.push_back(nullptr);
        continue;
      }
      const assay_column& column = *frame.columns[c];
      Json levels = Json::array();
      for (std::uint64_t l = 0; l < column.n_levels; ++l) levels.push_back(std::string_view(column.levels[l].data, column.levels[l].size));
      columns.push_back({std::string_view(column.name.data, column.name.size), column.kind, levels});
      arrays.push_back({column_name(c), column.values.dtype, {frame.n_rows}, column.values.data});
    }
    if (frame.time_ns) arrays.push_back(PackedArray::of("time", std::span(frame.time_ns, rows)));
    if (frame.entity) arrays.push_back(PackedArray::of("entity", std::span(frame.entity, rows)));
    const std::string header = Json{{"rows", frame.n_rows}, {"columns", columns}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::lock_guard lock(mutex_);
    const worker::Message answer = remote_.call("feature.transform", header, arrays);
    const auto values = answer.part_as<double>(0);
    return {values.begin(), values.end()};
  }

  std::vector<double> learn(const assay_frame&, const assay_fit_rows&, const plugin::CallOptions&) override { only_here("fit"); }
  plugin::StateEntries save(const plugin::CallOptions&) const override { only_here("save"); }
  void load(const plugin::StateEntries&, const plugin::CallOptions&) override { only_here("load"); }
  std::string report() const override { only_here("report"); }

 private:
  [[noreturn]] static void only_here(const char* what) {
    throw Error(Fault::failed, fmt::format("asking a feature in a worker to {}", what), "features that learn compute in the host");
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

// The one object of this worker, made at the first call.
template <class Component>
const Component& kept(const worker::TaskCall& call) {
  if (!call.kept.has_value()) call.kept = std::make_shared<const Component>(call.component, call.params);
  return *std::any_cast<const std::shared_ptr<const Component>&>(call.kept);
}

worker::TaskAnswer describe_feature(const worker::TaskCall& call) {
  const auto& feature = kept<plugin::Feature>(call);
  const Json told{{"warmups", feature.warmups()}, {"output_names", feature.output_names()}};
  return {told.dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

worker::TaskAnswer transform_feature(const worker::TaskCall& call) {
  const MappedFrame frame(call);
  const std::vector<double> values = kept<plugin::Feature>(call).transform(frame.view(), call.options);
  worker::TaskAnswer answer;
  answer.add<double>(values);
  return answer;
}

// ---- metrics -----------------------------------------------------------------------------------------------------------------------

class RemoteMetric final : public plugin::AnyMetric {
 public:
  RemoteMetric(const plugin::LoadedComponent& component, config::Map params, worker::ConversationOptions options)
      : AnyMetric(component), component_(component), params_(std::move(params)), options_(std::move(options)) {}

  std::vector<double> score(const assay_scored& set, const plugin::CallOptions&) const override {
    const auto rows = static_cast<std::size_t>(set.rows);
    const Json header{{"task", set.task}, {"rows", set.rows}, {"n_classes", set.n_classes}, {"n_outputs", set.n_outputs}};
    std::vector<PackedArray> arrays;
    const auto add = [&](const char* name, const auto* values, std::size_t size) {
      if (values != nullptr) arrays.push_back(PackedArray::of(name, std::span(values, size)));
    };
    add("truth", set.truth, rows);
    add("value", set.value, rows * static_cast<std::size_t>(set.n_outputs));
    add("decision", set.decision, rows);
    add("weight", set.weight, rows);
    add("time", set.time_ns, rows);
    add("entity", set.entity, rows);
    add("last_known_target", set.last_known_target, rows);
    add("naive_mae", &set.naive_mae, 1);
    const std::lock_guard lock(mutex_);
    if (!remote_) remote_ = std::make_unique<worker::RemoteComponent>(component_, params_, options_);  // many never score
    const worker::Message answer = remote_->call("metric.score", header.dump(), arrays);
    const auto values = answer.part_as<double>(0);
    return {values.begin(), values.end()};
  }

 private:
  const plugin::LoadedComponent& component_;
  config::Map params_;
  worker::ConversationOptions options_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<worker::RemoteComponent> remote_;
};

worker::TaskAnswer score_metric(const worker::TaskCall& call) {
  const Json json = Json::parse(call.header);
  assay_scored set{};
  set.struct_size = sizeof set;
  set.task = json.at("task").get<std::uint32_t>();
  set.rows = json.at("rows").get<std::int64_t>();
  set.n_classes = json.at("n_classes").get<std::int64_t>();
  set.n_outputs = json.at("n_outputs").get<std::int64_t>();
  const auto take = [&]<class T>(const char* name, const T*& into) {
    if (call.arrays.find(name) != nullptr) into = call.arrays.values<T>(name).data();
  };
  take("truth", set.truth);
  take("value", set.value);
  take("decision", set.decision);
  take("weight", set.weight);
  take("time", set.time_ns);
  take("entity", set.entity);
  take("last_known_target", set.last_known_target);
  set.naive_mae = call.arrays.values<double>("naive_mae")[0];
  const std::vector<double> values = kept<plugin::Metric>(call).score(set, call.options);
  worker::TaskAnswer answer;
  answer.add<double>(values);
  return answer;
}

// ---- samplers ----------------------------------------------------------------------------------------------------------------------

class RemoteSampler final : public plugin::AnySampler {
 public:
  RemoteSampler(const plugin::LoadedComponent& component, const config::Map& params, const assay_space& space,
                const worker::ConversationOptions& options, std::uint64_t seed)
      : ranges_(space.n_ranges), remote_(component, params, options) {
    Json ranges = Json::array();
    std::vector<double> numbers;
    for (const assay_range* range : std::span(space.ranges, space.n_ranges)) {
      ranges.push_back({range->kind, std::string_view(range->name.data, range->name.size), range->log_scale, range->n_choices});
      numbers.insert(numbers.end(), {range->low, range->high, range->step});
    }
    const Json header{{"seed", seed}, {"trials", space.trials}, {"direction", space.direction}, {"ranges", ranges}};
    const auto told = call("sampler.start", header, std::array{PackedArray::of("numbers", std::span<const double>(numbers))});
    points_ = Json::parse(told.header).at("points").get<std::int64_t>();
  }

  std::int64_t points() const override { return points_; }
  std::vector<double> ask(std::int64_t number, const plugin::CallOptions& options) const override {
    const worker::Message answer = call("sampler.ask", {{"seed", options.seed}, {"number", number}}, {});
    const auto point = answer.part_as<double>(0);
    ASSAY_CHECK(point.size() == ranges_, "a point has a value for each range");
    return {point.begin(), point.end()};
  }
  void tell(const assay_trial& trial, const plugin::CallOptions& options) override {
    call("sampler.tell", {{"seed", options.seed}, {"number", trial.number}, {"status", trial.status}},
         std::array{PackedArray::of("point", std::span(trial.point, ranges_)), PackedArray::of("value", std::span(&trial.value, 1))});
  }

 private:
  worker::Message call(std::string_view task, const Json& header, std::span<const PackedArray> arrays) const {
    remote_.start_over();
    return remote_.call(task, header.dump(-1, ' ', false, Json::error_handler_t::replace), arrays);
  }

  std::size_t ranges_;
  mutable worker::RemoteComponent remote_;
  std::int64_t points_ = -1;
};

// The space that the host described, and the sampler that points into it.
class MappedStudy {
 public:
  MappedStudy(const worker::TaskCall& call, const Json& json, const plugin::CallOptions& options) {
    const auto numbers = call.arrays.values<double>("numbers");
    for (const Json& told : json.at("ranges")) {
      const std::string& name = names_.emplace_back(told.at(1).get<std::string>());
      const std::size_t at = 3 * ranges_.size();
      ranges_.push_back({sizeof(assay_range),
                         told.at(0).get<std::uint32_t>(),
                         {name.data(), name.size()},
                         numbers[at],
                         numbers[at + 1],
                         numbers[at + 2],
                         told.at(2).get<std::uint32_t>(),
                         told.at(3).get<std::uint32_t>()});
    }
    for (const assay_range& range : ranges_) pointers_.push_back(&range);
    space_.struct_size = sizeof space_;
    space_.n_ranges = static_cast<std::uint32_t>(pointers_.size());
    space_.ranges = pointers_.data();
    space_.trials = json.at("trials").get<std::int64_t>();
    space_.direction = json.at("direction").get<std::int32_t>();
    sampler_.emplace(call.component, call.params, space_, options);
  }
  MappedStudy(const MappedStudy&) = delete;
  MappedStudy& operator=(const MappedStudy&) = delete;
  plugin::Sampler& sampler() { return *sampler_; }

 private:
  std::deque<std::string> names_;
  std::deque<assay_range> ranges_;
  std::vector<const assay_range*> pointers_;
  assay_space space_{};
  std::optional<plugin::Sampler> sampler_;
};

plugin::CallOptions seeded(const worker::TaskCall& call, const Json& header) {
  plugin::CallOptions options = call.options;
  options.seed = header.at("seed").get<std::uint64_t>();
  return options;
}

plugin::Sampler& started_sampler(const worker::TaskCall& call) {
  return std::any_cast<const std::shared_ptr<MappedStudy>&>(call.kept)->sampler();
}

worker::TaskAnswer start_sampler(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  call.kept = std::make_shared<MappedStudy>(call, header, seeded(call, header));
  return {Json{{"points", started_sampler(call).points()}}.dump(), {}};
}

worker::TaskAnswer ask_sampler(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  const std::vector<double> point = started_sampler(call).ask(header.at("number").get<std::int64_t>(), seeded(call, header));
  worker::TaskAnswer answer;
  answer.add<double>(point);
  return answer;
}

worker::TaskAnswer tell_sampler(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  assay_trial trial{};
  trial.struct_size = sizeof trial;
  trial.status = header.at("status").get<std::uint32_t>();
  trial.number = header.at("number").get<std::int64_t>();
  trial.point = call.arrays.values<double>("point").data();
  trial.value = call.arrays.values<double>("value")[0];
  started_sampler(call).tell(trial, seeded(call, header));
  return {};
}

// ---- who computes where ------------------------------------------------------------------------------------------------------------

class IsolatingMaker final : public plugin::ComponentMaker {
 public:
  explicit IsolatingMaker(worker::ConversationOptions options) : options_(std::move(options)) {}

  std::unique_ptr<plugin::AnyFeature> feature(const plugin::LoadedComponent& component, const config::Map& params) const override {
    const auto learns = [&](const char* ability) { return component.ability<void>(ability) != nullptr; };
    // What it learned is asked for again and again, by every fold: it stays where the folds are.
    if (component.file->ships || learns("feature.fit/1") || learns("feature.fit_transform/1"))
      return ComponentMaker::feature(component, params);
    return std::make_unique<RemoteFeature>(component, params, options_);
  }
  std::shared_ptr<const plugin::AnyMetric> metric(const plugin::LoadedComponent& component, const config::Map& params) const override {
    if (component.file->ships) return ComponentMaker::metric(component, params);
    return std::make_shared<RemoteMetric>(component, params, options_);
  }
  std::unique_ptr<plugin::AnySampler> sampler(const plugin::LoadedComponent& component, const config::Map& params, const assay_space& space,
                                              const plugin::CallOptions& options) const override {
    if (component.file->ships) return ComponentMaker::sampler(component, params, space, options);
    return std::make_unique<RemoteSampler>(component, params, space, options_, options.seed);
  }

 private:
  worker::ConversationOptions options_;
};

}  // namespace

worker::ConversationOptions worker_options(const config::ResourcesSpec& resources, const std::filesystem::path& program,
                                           const std::atomic<bool>* cancel) {
  worker::ConversationOptions options;
  options.program = program;
  options.memory_bytes = static_cast<std::uint64_t>(resources.memory_bytes);
  options.cancel = cancel;
  if (resources.timeout) options.timeout = worker::Milliseconds(resources.timeout->ns / 1'000'000);
  return options;
}

std::unique_ptr<const plugin::ComponentMaker> component_maker(const config::ResourcesSpec& resources, const std::filesystem::path& program,
                                                              const std::atomic<bool>* cancel) {
  if (resources.isolation != "process") return std::make_unique<plugin::ComponentMaker>();
  return std::make_unique<IsolatingMaker>(worker_options(resources, program, cancel));
}

worker::Tasks component_tasks() {
  return {{"feature.describe", describe_feature}, {"feature.transform", transform_feature},
          {"metric.score", score_metric},         {"sampler.start", start_sampler},
          {"sampler.ask", ask_sampler},           {"sampler.tell", tell_sampler}};
}

}  // namespace assay::run
