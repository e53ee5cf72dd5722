// What one test is given, and how it says what it found. Used by the tests of this folder, in the child process only. Belongs to the
// child's main thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checker/checker.hpp"
#include "config/value.hpp"
#include "plugin/registry.hpp"

namespace assay::checker {

struct Outcome {
  Status status = Status::pass;
  std::string text;
};

// Leaves a test with its outcome.
struct Found {
  Outcome outcome;
};
[[noreturn]] void fail(std::string text);
[[noreturn]] void warn(std::string text);
[[noreturn]] void skip(std::string text);
void expect(bool holds, const std::string& otherwise);  // else fail

struct Subject {
  std::filesystem::path file;
  std::uint64_t seed = 1;
  // Of a component's tests:
  std::unique_ptr<plugin::Registry> registry;
  const plugin::LoadedComponent* component = nullptr;
  config::Map params;  // defaults; required ones filled with something that fits

  const config::ComponentSpec& spec() const { return component->spec; }
};

std::unique_ptr<plugin::Registry> load_alone(const std::filesystem::path& file);

struct Test {
  const char *kind, *name, *what;
  const char* needs;  // an earlier test's name, or null
  Outcome (*run)(Subject&);
};
// In the order in which they are run and shown.
const std::vector<Test>& file_tests();
const std::vector<Test>& component_tests();
const std::vector<Test>& model_tests();
const std::vector<Test>& feature_tests();
const std::vector<Test>& metric_tests();
const std::vector<Test>& strategy_tests();
const std::vector<Test>& sampler_tests();
std::vector<const Test*> all_tests();

// Runs body(thread index) on `threads` threads at once; the first Found or Error that one of them throws leaves here.
void on_threads(unsigned threads, const std::function<void(unsigned)>& body);

// Defaults of a component, required parameters filled in; nothing where one cannot be made up (a component inside). `why` then says which.
std::optional<config::Map> made_up_params(const config::ComponentSpec& spec, std::string& why);

}  // namespace assay::checker
