// What `assay worker` does: takes one setup, then answers requests with a LocalLearner until the host closes the channel. Used by cli.
// Returns the process's exit code. Prints nothing by itself; what plugins print goes to the host's log ring.
#pragma once

namespace assay::run {

int run_worker();

}  // namespace assay::run
