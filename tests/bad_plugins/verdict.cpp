// Checks a plugin and demands that exactly the expected things are found, and nothing else:
//   plugin_verdict FILE [--time-limit MS] [--memory MB] [TEST STATUS TEXT]...
// Is also the child in which each test runs (`plugin_verdict child`).
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "checker/checker.hpp"

namespace {
using namespace assay::checker;

struct Expected {
  std::string test, status, text;
  bool met = false;
};

bool judge(const std::vector<CheckResult>& results, std::vector<Expected> expected) {
  bool right = !results.empty();
  for (const CheckResult& result : results) {
    std::printf("%-5s %s %s: %s\n", to_text(result.status), result.component.c_str(), result.test.c_str(), result.text.c_str());
    if (result.status != Status::fail && result.status != Status::warn) continue;
    bool wanted = false;
    for (Expected& e : expected) {
      const bool hit = e.test == result.test && e.status == to_text(result.status) && result.text.find(e.text) != std::string::npos;
      e.met |= hit;
      wanted |= hit;
    }
    if (!wanted) std::printf("NOT EXPECTED: the line above\n");
    right &= wanted;
  }
  for (const Expected& e : expected) {
    if (!e.met) std::printf("MISSING: %s %s '%s'\n", e.status.c_str(), e.test.c_str(), e.text.c_str());
    right &= e.met;
  }
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "child") return run_check_child();
  try {
    CheckOptions options;
    options.arguments = {"child"};
    std::vector<Expected> expected;
    std::size_t at = 1;
    for (; at + 1 < words.size() && words[at].substr(0, 2) == "--"; at += 2) {
      if (words[at] == "--time-limit") options.time_limit = assay::worker::Milliseconds(std::atoi(words[at + 1].c_str()));
      if (words[at] == "--memory") options.memory_bytes = std::uint64_t(std::atoi(words[at + 1].c_str())) << 20;
    }
    for (; at + 2 < words.size(); at += 3) expected.push_back({words[at], words[at + 1], words[at + 2]});
    options.file = words.at(0);
    return judge(check_plugin(options), expected) ? 0 : 1;
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
