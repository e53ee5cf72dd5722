#include "base/diagnostic.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

using namespace assay;

TEST_CASE("an error says what was tried, what happened and what to do") {
  const Error error(Fault::data, "reading prices.csv", "no such file", "Check data.path");
  CHECK(std::string(error.what()) == "reading prices.csv: no such file. Check data.path");
  CHECK(error.fault() == Fault::data);
  CHECK(error.mend() == "Check data.path");
  CHECK(std::string(Error(Fault::failed, "", "out of memory").what()) == "out of memory");
}

TEST_CASE("the faults are the program's exit codes") {
  CHECK(static_cast<int>(Fault::usage) == 1);
  CHECK(static_cast<int>(Fault::data) == 2);
  CHECK(static_cast<int>(Fault::failed) == 3);
  CHECK(static_cast<int>(Fault::finding) == 4);
  CHECK(static_cast<int>(Fault::not_accepted) == 5);
  CHECK(static_cast<int>(Fault::interrupted) == 75);
}

TEST_CASE("a broken promise names the place, the expression and the reason, in every build") {
  ASSAY_CHECK(1 + 1 == 2, "never thrown");
  try {
    ASSAY_CHECK(1 + 1 == 3, "sums are sums");
    FAIL("no exception");
  } catch (const BrokenPromise& broken) {
    const std::string text = broken.what();
    CHECK(text.find("test_diagnostic.cpp:") != std::string::npos);
    CHECK(text.find("1 + 1 == 3") != std::string::npos);
    CHECK(text.find("sums are sums") != std::string::npos);
  }
}

TEST_CASE("the exit code of diagnostics: a wrong file comes before wrong data, and only errors count") {
  Diagnostics diagnostics;
  CHECK(diagnostics.exit_code() == 0);
  diagnostics.warning({}, "odd");
  diagnostics.note({}, "sorted");
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(diagnostics.exit_code() == 0);
  diagnostics.data_error({}, "a hole");
  CHECK(diagnostics.has_errors());
  CHECK(diagnostics.exit_code() == 2);
  diagnostics.error({"a.yaml", 3, 5, 4}, "unknown key", "did you mean epochs?", "train.epoch", "passes over the data");
  diagnostics.data_error({}, "another hole");
  CHECK(diagnostics.exit_code() == 1);
  REQUIRE(diagnostics.items().size() == 5);
  const Diagnostic& item = diagnostics.items()[3];
  CHECK(item.place.file == "a.yaml");
  CHECK(item.place.line == 3);
  CHECK(item.key == "train.epoch");
  CHECK(item.mend == "did you mean epochs?");
  CHECK(item.doc == "passes over the data");
}
