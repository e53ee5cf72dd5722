#include "run/remote_components.hpp"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "run/remote_features.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using worker::PackedArray;

// ---- metrics -----------------------------------------------------------------------------------------------------------------------

class RemoteMetric final : public plugin::AnyMetric {
 public:
  RemoteMetric(const plugin::LoadedComponent& component, config::Map params, worker::ConversationOptions options)
      : AnyMetric(component), component_(component), params_(std::move(params)), options_(std::move(options)) {}

  std::vector<double> score(const assay_scored& set, const plugin::CallOptions&) const override {
    const auto rows = static_cast<std::size_t>(set.rows);
    const Json header{
        {"task", set.task}, {"rows", set.rows}, {"n_classes", set.n_classes}, {"n_outputs", set.n_outputs}, {"n_levels", set.n_levels}};
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
    add("levels", set.levels, static_cast<std::size_t>(set.n_levels));
    add("quantile", set.quantile, rows * static_cast<std::size_t>(set.n_levels));
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
  set.n_levels = json.at("n_levels").get<std::int64_t>();
  take("levels", set.levels);
  take("quantile", set.quantile);
  set.naive_mae = call.arrays.values<double>("naive_mae")[0];
  const std::vector<double> values = worker::kept_component<plugin::Metric>(call).score(set, call.options);
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

plugin::Sampler& started_sampler(const worker::TaskCall& call) {
  return std::any_cast<const std::shared_ptr<MappedStudy>&>(call.kept)->sampler();
}

worker::TaskAnswer start_sampler(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  call.kept = std::make_shared<MappedStudy>(call, header, worker::seeded(call, header.at("seed").get<std::uint64_t>()));
  return {Json{{"points", started_sampler(call).points()}}.dump(), {}};
}

worker::TaskAnswer ask_sampler(const worker::TaskCall& call) {
  const Json header = Json::parse(call.header);
  const std::vector<double> point =
      started_sampler(call).ask(header.at("number").get<std::int64_t>(), worker::seeded(call, header.at("seed").get<std::uint64_t>()));
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
  started_sampler(call).tell(trial, worker::seeded(call, header.at("seed").get<std::uint64_t>()));
  return {};
}

// ---- who computes where ------------------------------------------------------------------------------------------------------------

class IsolatingMaker final : public plugin::ComponentMaker {
 public:
  explicit IsolatingMaker(worker::ConversationOptions options) : options_(std::move(options)) {}

  std::unique_ptr<plugin::AnyFeature> feature(const plugin::LoadedComponent& component, const config::Map& params) const override {
    if (component.file->ships) return ComponentMaker::feature(component, params);
    return remote_feature(component, params, options_);
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
  worker::Tasks tasks = feature_tasks();
  tasks.merge(worker::Tasks{
      {"metric.score", score_metric}, {"sampler.start", start_sampler}, {"sampler.ask", ask_sampler}, {"sampler.tell", tell_sampler}});
  return tasks;
}

}  // namespace assay::run
