// What a look at a table of data found: each finding with its place, its amount, what it may mean and the mend. Made by check_data.hpp,
// printed by `assay data check`. Values; thread-safe for reading.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.hpp"
#include "base/diagnostic.hpp"

namespace assay::quality {

// One place at which something was seen.
struct Example {
  std::int64_t row = 0;        // 0-based data row of the file, header not counted
  std::string entity;          // empty: no entity column
  TimeNs time = kMissingTime;  // kMissingTime: no time column
  std::string value;           // what stands there, or from where to where
};

struct Finding {
  Severity severity = Severity::note;                        // error: a run stops here; warning: results may be wrong; note: worth knowing
  std::string test = {};                                     // which test ("gaps"); docs/data_check.md has a line for each
  std::vector<std::string> columns = {};                     // empty: rows as a whole
  std::int64_t count = 0;                                    // how many
  std::string of = {};                                       // of what ("rows", "holes")
  double amount = std::numeric_limits<double>::quiet_NaN();  // the test's own measure, described by `what`
  std::string what = {};                                     // one sentence
  std::string meaning = {}, mend = {};                       // mend: the experiment file's key, or what to do with the file
  std::vector<Example> examples = {};                        // the first ones, or the worst (the test says which)
  std::vector<std::pair<std::string, std::int64_t>> entities = {};  // with most of them, most first
  std::int64_t entity_count = 0;                                    // with any of them
};

struct Report {
  std::int64_t rows = 0, columns = 0, entities = 0;  // entities 0: no entity column
  std::vector<Finding> findings;                     // worst first; within a severity in the order of tests
  std::vector<std::string> facts;                    // what the tests went by: the calendar, columns of a bar
  std::vector<std::string> not_covered;              // what was not looked at, and why

  std::int64_t of(Severity severity) const;
};

}  // namespace assay::quality
