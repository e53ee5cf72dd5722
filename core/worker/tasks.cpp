#include "worker/tasks.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace assay::worker {
namespace {

using Json = nlohmann::ordered_json;

std::uint32_t number(TaskRequest request) { return static_cast<std::uint32_t>(request); }

}  // namespace

RemoteComponent::RemoteComponent(const plugin::LoadedComponent& component, const config::Map& params, const ConversationOptions& options)
    : id_(component.spec.id), conversation_(id_, options) {
  const Json header{{"plugin", component.file->path.string()},
                    {"kind", component.spec.kind},
                    {"id", component.spec.id},
                    {"params", params_to_text(params)}};
  conversation_.ask(number(TaskRequest::open), header.dump());
}

Message RemoteComponent::call(std::string_view task, std::string_view header, std::span<const PackedArray> arrays) {
  const Descriptor packed = packed_memory(arrays);
  const std::string words = Json{{"task", task}, {"header", header}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  return conversation_.ask(number(TaskRequest::call), words, {}, packed.number());
}

void RemoteComponent::start_over() { conversation_.start_over(id_); }

void TaskServer::open(const std::string& header) {
  const Json json = Json::parse(header);
  plugin::SearchPath path;
  path.named = {json.at("plugin").get<std::string>()};
  registry_ = std::make_unique<plugin::Registry>(std::move(path));
  component_ = &registry_->component(json.at("kind").get<std::string>(), json.at("id").get<std::string>());
  params_ = params_from_text(json.at("params").get<std::string>());
}

TaskAnswer TaskServer::call(const Message& message, const plugin::CallOptions& options) {
  if (component_ == nullptr) throw Error(Fault::failed, "answering the host", "no component was opened");
  const Json json = Json::parse(message.header);
  const auto name = json.at("task").get<std::string>();
  const auto task = tasks_.find(name);
  if (task == tasks_.end()) throw Error(Fault::failed, "answering the host", fmt::format("there is no task `{}`", name));
  const PackedFile arrays = PackedFile::of(message.file);
  const auto header = json.at("header").get<std::string>();
  return task->second({*component_, params_, header, arrays, options, kept_});
}

std::optional<TaskAnswer> TaskServer::answer(const Message& message, const plugin::CallOptions& options) {
  switch (static_cast<TaskRequest>(message.type)) {
    case TaskRequest::open:
      open(message.header);
      return TaskAnswer{};
    case TaskRequest::call:
      return call(message, options);
  }
  return std::nullopt;
}

}  // namespace assay::worker
