// The child's side: one test, then the end.
#include <cstdio>

#include "base/error.hpp"
#include "checker/protocol.hpp"
#include "checker/subject.hpp"
#include "worker/worker_side.hpp"

namespace assay::checker {
namespace {

const Test& find_test(const TestRequest& request) {
  for (const Test* test : all_tests())
    if (test->name == request.test && test->kind == request.test_kind) return *test;
  throw Error(Fault::usage, "check a plugin", "there is no test " + request.test);
}

std::vector<ComponentName> component_names(const std::filesystem::path& file) {
  const auto registry = load_alone(file);
  std::vector<ComponentName> names;
  for (const plugin::LoadedComponent* component : registry->components()) names.push_back({component->spec.kind, component->spec.id});
  return names;
}

// Never destroyed at the end of the process: a plugin whose destructors hang or crash has its own test, and nothing is unloaded anyway.
Subject& make_subject(const TestRequest& request) {
  auto* subject = new Subject;
  subject->file = request.file;
  subject->seed = request.seed;
  if (request.id.empty()) return *subject;
  subject->registry = load_alone(request.file);
  subject->component = &subject->registry->component(request.kind, request.id);
  std::string why;
  auto params = made_up_params(subject->spec(), why);
  if (!params) skip(why);
  subject->params = std::move(*params);
  return *subject;
}

TestAnswer run(const TestRequest& request) {
  try {
    const Test& test = find_test(request);
    Subject& subject = make_subject(request);
    const Outcome outcome = test.run(subject);
    TestAnswer answer{outcome.status, outcome.text, {}};
    if (request.test == "loads") answer.components = component_names(request.file);
    return answer;
  } catch (const Found& found) {
    return {found.outcome.status, found.outcome.text, {}};
  } catch (const Error& error) {
    return {Status::fail, error.happened() + (error.mend().empty() ? "" : "; " + error.mend()), {}};
  }
}

}  // namespace

int run_check_child() noexcept {
  try {
    worker::WorkerSide side = worker::become_worker();
    const auto message = side.channel.receive();
    if (!message || message->type != kRunTest) return 1;
    const TestAnswer answer = run(read_request(message->header));
    std::fflush(nullptr);  // the plugin's own prints, before the answer: the host looks at them
    side.channel.send(kOutcome, write_answer(answer));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace assay::checker
