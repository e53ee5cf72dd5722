// What the checker and its child processes say to each other: message types and how a request and an answer are written (JSON headers).
// Used by checker.cpp and check_child.cpp. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checker/checker.hpp"

namespace assay::checker {

inline constexpr std::uint32_t kRunTest = 1, kOutcome = 2;

struct TestRequest {
  std::string file, test, test_kind, kind, id;  // kind and id of the component; empty for file tests
  std::uint64_t seed = 1;
};
struct ComponentName {
  std::string kind, id;
};
struct TestAnswer {
  Status status = Status::pass;
  std::string text;
  std::vector<ComponentName> components;  // with the test `loads`
};

std::string write_request(const TestRequest& request);
TestRequest read_request(const std::string& text);  // both throw Error (failed) on text that is none
std::string write_answer(const TestAnswer& answer);
TestAnswer read_answer(const std::string& text);

}  // namespace assay::checker
