// What `assay worker` does: takes one setup, then answers requests with a LocalLearner, or opens a component and runs tasks on it, until
// the host closes the channel. Used by cli. Returns the process's exit code. Prints nothing by itself; what plugins print goes to the
// host's log ring.
#pragma once

#include "worker/tasks.hpp"

namespace assay::run {

// more: tasks beside those of features and metrics.
int run_worker(worker::Tasks more = {});

}  // namespace assay::run
