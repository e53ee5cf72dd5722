// "Run this call in a worker, with these arrays": a component of a plugin lives in a worker process of its own, and named tasks are called
// on it. A task is a plain function of the component, a header text and arrays, which lie in read-only memory; whoever has one hands it to
// the worker's main (run_worker) under a name, and calls it by that name through a RemoteComponent. TaskServer is the worker's side.
// One thread at a time each.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.hpp"
#include "plugin/registry.hpp"
#include "worker/conversation.hpp"
#include "worker/packed_file.hpp"

namespace assay::worker {

struct TaskCall {
  const plugin::LoadedComponent& component;
  const config::Map& params;
  const std::string& header;
  const PackedFile& arrays;            // mapped for this call; writing there ends the process
  const plugin::CallOptions& options;  // log, report and stop of the host; seed and threads are the task's own affair
  std::any& kept;                      // what a task leaves here is there at the next call on this component
};

// The one object of a worker, made at its first call.
template <class Component>
Component& kept_component(const TaskCall& call) {
  if (!call.kept.has_value()) call.kept = std::make_shared<Component>(call.component, call.params);
  return *std::any_cast<const std::shared_ptr<Component>&>(call.kept);
}

inline plugin::CallOptions seeded(const TaskCall& call, std::uint64_t seed) {
  plugin::CallOptions options = call.options;
  options.seed = seed;
  return options;
}

struct TaskAnswer {
  std::string header = "{}";
  std::vector<std::vector<std::byte>> parts;

  template <class T>
  void add(std::span<const T> values) {
    const Bytes bytes = bytes_of(values);
    parts.emplace_back(bytes.begin(), bytes.end());
  }
};

using Task = std::function<TaskAnswer(const TaskCall&)>;  // what it throws is the reason that the host is told
using Tasks = std::map<std::string, Task, std::less<>>;

// The host's side.
class RemoteComponent {
 public:
  // Starts the worker, which loads the component's file alone. Throws CallFailure and Error as Conversation does; call() too.
  RemoteComponent(const plugin::LoadedComponent& component, const config::Map& params, const ConversationOptions& options);
  // The arrays travel as sealed memory; the answer's parts are those of TaskAnswer.
  Message call(std::string_view task, std::string_view header = "{}", std::span<const PackedArray> arrays = {});
  std::string log() { return conversation_.log(); }
  // The time of the calls so far no longer counts against the timeout, and their log is dropped.
  void start_over();

 private:
  std::string id_;
  Conversation conversation_;
};

enum class TaskRequest : std::uint32_t { open = 50, call };

class TaskServer {
 public:
  explicit TaskServer(Tasks tasks) : tasks_(std::move(tasks)) {}
  // The answer to a message, or nothing where it is none of TaskRequest. Throws what the task throws.
  std::optional<TaskAnswer> answer(const Message& message, const plugin::CallOptions& options);

 private:
  void open(const std::string& header);
  TaskAnswer call(const Message& message, const plugin::CallOptions& options);

  Tasks tasks_;
  std::unique_ptr<plugin::Registry> registry_;
  const plugin::LoadedComponent* component_ = nullptr;
  config::Map params_;
  std::any kept_;
};

// Parameters as a text, and back to the very same values.
std::string params_to_text(const config::Map& params);
config::Map params_from_text(std::string_view text);

}  // namespace assay::worker
