// A user's mistake, with the place in the file and the mend; and the list in which a check gathers all of them.
// Used by everything that reads what a user wrote. Text layout (caret, colour) is config/diagnostics_printer's. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace assay {

struct Place {
  std::string file;         // as the user named it; empty = no file (a command line, say)
  std::int64_t line = 0;    // 1-based; 0 = the file as a whole
  std::int64_t column = 0;  // 1-based, in characters; 0 = the line as a whole
  std::int64_t length = 1;  // characters to underline
};

enum class Severity { note, warning, error };

struct Diagnostic {
  Severity severity = Severity::error;
  Place place;
  std::string key;      // dotted path in the experiment file ("train.batch_size"), empty outside it
  std::string message;  // what is wrong, one sentence without a full stop
  std::string doc;      // what the parameter means, may be empty
  std::string mend;     // what to write instead, may be empty
  int exit_code = 1;    // 1 the file is wrong, 2 the data are wrong (only errors count)
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void error(Place place, std::string message, std::string mend = {}, std::string key = {}, std::string doc = {});
  void data_error(Place place, std::string message, std::string mend = {}, std::string key = {}, std::string doc = {});
  void warning(Place place, std::string message, std::string mend = {}, std::string key = {});
  void note(Place place, std::string message, std::string mend = {}, std::string key = {});

  bool has_errors() const;
  int exit_code() const;  // 0 without errors; 1 where any error is in the file; else 2
  const std::vector<Diagnostic>& items() const { return items_; }

 private:
  std::vector<Diagnostic> items_;
};

}  // namespace assay
