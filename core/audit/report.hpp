// What an audit found: for each test whether it ran, what it looked at, and its findings with culprit, first row and amount. Made by
// audit.hpp, printed by `assay audit`. Values; thread-safe for reading.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/calendar.hpp"

namespace assay::audit {

struct Where {
  std::int64_t row = -1;       // 0-based data row of the file; -1: no row is to blame
  std::string entity;          // empty: no entities
  TimeNs time = kMissingTime;  // when the row is known; kMissingTime: no time
};

struct Finding {
  std::string culprit = {};  // "feature `x`", "the target", "prepare.2 (scale)", "model `ridge`"
  std::string what = {};     // one sentence
  std::int64_t count = 0;    // how many values or rows
  Where first = {};
  double before = std::numeric_limits<double>::quiet_NaN(), after = before;  // the first value, as it is and after the change
  double amount = before;                                                    // the largest difference, or the test's own measure
  std::string change = {};                                                   // what was done: "rows after 2020-01-31 cut away"
  std::string mend = {};
};

enum class Status { clean, found, not_run };

struct TestResult {
  std::string test;
  Status status = Status::clean;
  std::string looked_at;           // "12 features and the target at 9 cuts"; why it did not run
  std::vector<Finding> findings;   // in the file's order of culprits
  std::vector<std::string> notes;  // worth knowing, no finding
};

struct Report {
  std::vector<TestResult> tests;
  std::vector<std::string> not_covered;

  bool found() const {
    return std::any_of(tests.begin(), tests.end(), [](const TestResult& t) { return t.status == Status::found; });
  }
};

}  // namespace assay::audit
