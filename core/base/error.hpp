// What can go wrong, as one exception type, and the check of our own promises.
// Used by every folder. It prints nothing; cli/ turns it into text and an exit code. Thread-safe (values only).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace assay {

// The values are the program's exit codes.
enum class Fault { usage = 1, data = 2, failed = 3, finding = 4, not_accepted = 5, interrupted = 75 };

// A failed operation: what was tried, what happened, what to do about it (may be empty).
class Error : public std::runtime_error {
 public:
  Error(Fault fault, std::string tried, std::string happened, std::string mend = {});

  Fault fault() const { return fault_; }
  const std::string& tried() const { return tried_; }
  const std::string& happened() const { return happened_; }
  const std::string& mend() const { return mend_; }

 private:
  Fault fault_;
  std::string tried_, happened_, mend_;
};

// A promise of our own code was broken: always a bug in Assay.
class BrokenPromise : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void broken_promise(const char* expression, const char* file, int line, std::string_view why);

}  // namespace assay

// On in release builds too. `why` is text that helps whoever reads the report.
#define ASSAY_CHECK(expression, why)                                                  \
  do {                                                                                \
    if (!(expression)) ::assay::broken_promise(#expression, __FILE__, __LINE__, why); \
  } while (false)
