// Does anything in an experiment know what it could not have known? The tests are described in docs/design/audit.md. Used by `assay audit`.
// It prints nothing and stores nothing. The same experiment and data give the same report. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "audit/report.hpp"
#include "audit/subject.hpp"

namespace assay::audit {

struct Options {
  std::int64_t draws = 200;                   // of the label shuffle
  std::int64_t random_cuts = 4;               // beside borders of folds
  bool own_models = false;                    // the shuffle fits the experiment's models, not a ridge in their place
  bool full = false;                          // forecasts of models trained by steps too
  const std::atomic<bool>* cancel = nullptr;  // throws Error(interrupted) between steps
  std::function<void(std::int64_t done, std::int64_t steps, const std::string& doing)> progress = {};  // may be empty
};

Report audit(const Subject& subject, const Options& options);

}  // namespace assay::audit
