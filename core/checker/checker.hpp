// `assay plugin check FILE`: does a plugin keep the promises of the boundary? Each test runs in a worker process of its own with a time and
// memory limit, so that whatever the plugin does becomes a result. Used by cli. It prints nothing and loads no plugin in this process.
// One call belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "worker/worker_process.hpp"

namespace assay::checker {

enum class Status { pass, warn, fail, skip };
const char* to_text(Status status);  // "pass", "warn", "fail", "skip"

struct CheckResult {
  std::string component;  // its id; empty for the file's own tests
  std::string test;
  Status status = Status::pass;
  std::string text;  // what was found, and for a crash its last words; may be empty with pass
  double seconds = 0;
};

struct TestInfo {
  std::string kind;  // "file", "component" (any kind), "model", "feature", "metric", "strategy"
  std::string name, what;
};
std::vector<TestInfo> known_tests();

struct CheckOptions {
  std::filesystem::path file;
  std::vector<std::string> only, skip;  // test names, or ID/NAME; * and ? are wild
  std::uint64_t seed = 1;
  worker::Milliseconds time_limit{30'000};  // of one test: guards against hangs, nothing else
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;
  // What is started for a test: something that ends in run_check_child().
  std::filesystem::path program = "/proc/self/exe";
  std::vector<std::string> arguments = {"worker", "--check"};
};

// In the order of known_tests(), component by component. A test whose groundwork failed (the file does not load, the model does not fit) is
// skipped. `progress` hears each result as it comes. Throws Error (usage): no such file, a name in `only` or `skip` that no test has.
std::vector<CheckResult> check_plugin(const CheckOptions& options, const std::function<void(const CheckResult&)>& progress = {});

bool any_failed(std::span<const CheckResult> results);
// {"file", "result": "pass"|"fail", "tests": [{"component", "test", "status", "text", "seconds"}]}
std::string to_json(const std::filesystem::path& file, std::span<const CheckResult> results);

// What `assay worker --check` does: takes one test over the worker's channel, runs it, sends its outcome. Returns the exit code.
int run_check_child() noexcept;

}  // namespace assay::checker
