#include "checker/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "checker/input_memory.hpp"
#include "checker/protocol.hpp"
#include "checker/subject.hpp"

namespace assay::checker {
namespace {

using worker::Ending;
using worker::Milliseconds;

std::string last_words(const std::vector<std::string>& log) { return log.empty() ? "" : fmt::format("; last line: {}", log.back()); }

// A worker's end as the fault of the plugin.
CheckResult after_end(const worker::WorkerExit& exit, const CheckOptions& options) {
  CheckResult result;
  result.status = Status::fail;
  const double seconds = static_cast<double>(options.time_limit.count()) / 1000;
  switch (exit.ending) {
    case Ending::exited:
      result.text = exit.code == kWroteToInput ? "writes to its input: the host's data are read-only for plugins"
                                               : fmt::format("ends the whole process with exit code {}", exit.code);
      break;
    case Ending::timed_out:
      result.text = fmt::format("hangs: nothing came within {:g} s, and it had to be killed", seconds);
      break;
    case Ending::memory_limit:
      result.text = "takes memory without end: " + exit.text;
      break;
    default:
      result.text = exit.text;
  }
  result.text += last_words(exit.log);
  return result;
}

CheckResult run_in_child(const TestRequest& request, const CheckOptions& options, std::vector<ComponentName>* components) {
  worker::WorkerStart start;
  start.program = options.program;
  start.arguments = options.arguments;
  start.limits = {options.memory_bytes, Milliseconds{100}, Milliseconds{200}};
  worker::WorkerProcess child(start);
  CheckResult result;
  child.send(kRunTest, write_request(request));
  const auto message = child.receive({options.time_limit, nullptr});
  if (!message) return after_end(*child.ending(), options);
  const TestAnswer answer = read_answer(message->header);
  if (components) *components = answer.components;
  result.status = answer.status;
  result.text = answer.text;
  const auto log = child.finish(Milliseconds{500}).log;
  if (child.ending()->ending == Ending::crashed) return after_end(*child.ending(), options);
  if (request.test == "quiet" && !log.empty() && result.status == Status::pass) {
    result.status = Status::fail;
    result.text = fmt::format("prints to stdout or stderr: '{}'; use call.log", log.front());
  }
  return result;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& id, std::string_view test) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return text::matches(pattern, test) || text::matches(pattern, fmt::format("{}/{}", id, test));
  });
}

void check_names(const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const Test* test : all_tests()) names.emplace_back(test->name);
  for (const std::string& pattern : patterns) {
    const std::string name = pattern.substr(pattern.find('/') == std::string::npos ? 0 : pattern.find('/') + 1);
    if (std::any_of(names.begin(), names.end(), [&](const std::string& known) { return text::matches(name, known); })) continue;
    const auto near = text::nearest(name, names);
    throw Error(Fault::usage, "check a plugin", fmt::format("there is no test '{}'", name),
                near ? fmt::format("did you mean '{}'?", *near) : "");
  }
}

// Runs tests in order, component by component, and keeps what later ones stand on.
class Checking {
 public:
  Checking(const CheckOptions& options, const std::function<void(const CheckResult&)>& progress) : options_(options), progress_(progress) {}

  std::vector<CheckResult> run() {
    std::vector<ComponentName> components;
    run_tests(file_tests(), {}, &components);
    for (const ComponentName& component : components) {
      run_tests(component_tests(), component, nullptr);
      if (component.kind == "model") run_tests(model_tests(), component, nullptr);
      if (component.kind == "feature") run_tests(feature_tests(), component, nullptr);
      if (component.kind == "metric") run_tests(metric_tests(), component, nullptr);
      if (component.kind == "strategy") run_tests(strategy_tests(), component, nullptr);
      if (component.kind == "sampler") run_tests(sampler_tests(), component, nullptr);
    }
    return std::move(results_);
  }

 private:
  void run_tests(const std::vector<Test>& tests, const ComponentName& component, std::vector<ComponentName>* components) {
    for (const Test& test : tests) run_test(test, component, test.needs ? nullptr : components);
  }

  bool wanted(const Test& test, const ComponentName& component) const {
    if (matches_any(options_.skip, component.id, test.name)) return false;
    return options_.only.empty() || matches_any(options_.only, component.id, test.name);
  }

  // Groundwork is done even where it was not asked for.
  bool needed(const Test& test, const ComponentName& component) const {
    if (wanted(test, component)) return true;
    for (const Test* other : all_tests())
      if (other->needs && std::string_view(other->needs) == test.name && std::string_view(other->kind) != "file" &&
          needed(*other, component))
        return true;
    return false;
  }

  const std::string* broken_ground(const Test& test, const std::string& id) const {
    if (!test.needs) return nullptr;
    const auto own = broken_.find({id, test.needs});
    if (own != broken_.end()) return &own->second;
    const auto files = broken_.find({"", test.needs});
    return files == broken_.end() ? nullptr : &files->second;
  }

  void run_test(const Test& test, const ComponentName& component, std::vector<ComponentName>* components) {
    const bool shown = wanted(test, component);
    if (!shown && !needed(test, component) && std::string_view(test.name) != "loads") return;
    const auto began = std::chrono::steady_clock::now();
    CheckResult result;
    if (const std::string* ground = broken_ground(test, component.id)) {
      result.status = Status::skip;
      result.text = *ground;
      broken_.emplace(std::pair{component.id, std::string(test.name)}, *ground);
    } else {
      const TestRequest request{options_.file.string(), test.name, test.kind, component.kind, component.id, options_.seed};
      result = run_in_child(request, options_, components);
      if (result.status == Status::fail || result.status == Status::skip)
        broken_.emplace(std::pair{component.id, std::string(test.name)},
                        fmt::format("needs '{}', which {}", test.name, result.status == Status::fail ? "failed" : "was skipped"));
    }
    result.component = component.id;
    result.test = test.name;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (!shown && result.status != Status::fail) return;
    if (progress_) progress_(result);
    results_.push_back(std::move(result));
  }

  const CheckOptions& options_;
  const std::function<void(const CheckResult&)>& progress_;
  std::vector<CheckResult> results_;
  std::map<std::pair<std::string, std::string>, std::string> broken_;  // (id, test) -> why what stands on it is skipped
};

}  // namespace

const char* to_text(Status status) {
  constexpr const char* kTexts[] = {"pass", "warn", "fail", "skip"};
  return kTexts[static_cast<int>(status)];
}

std::vector<TestInfo> known_tests() {
  std::vector<TestInfo> infos;
  for (const Test* test : all_tests()) infos.push_back({test->kind, test->name, test->what});
  return infos;
}

std::vector<CheckResult> check_plugin(const CheckOptions& options, const std::function<void(const CheckResult&)>& progress) {
  if (!std::filesystem::is_regular_file(options.file))
    throw Error(Fault::usage, "check a plugin", fmt::format("there is no file {}", options.file.string()));
  check_names(options.only);
  check_names(options.skip);
  CheckOptions absolute = options;
  absolute.file = std::filesystem::absolute(options.file);
  return Checking(absolute, progress).run();
}

bool any_failed(std::span<const CheckResult> results) {
  return std::any_of(results.begin(), results.end(), [](const CheckResult& result) { return result.status == Status::fail; });
}

std::string to_json(const std::filesystem::path& file, std::span<const CheckResult> results) {
  using Json = nlohmann::ordered_json;
  Json tests = Json::array();
  for (const CheckResult& r : results)
    tests.push_back(
        {{"component", r.component}, {"test", r.test}, {"status", to_text(r.status)}, {"text", r.text}, {"seconds", r.seconds}});
  return Json{{"file", file.string()}, {"result", any_failed(results) ? "fail" : "pass"}, {"tests", tests}}.dump(
      2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::checker
