// What `assay worker` does first: takes the channel and the stop flag that the host gave it, and makes sure that it dies with its host.
// Used by run (the message loop) and checker (one test). Called once, on the main thread, before any plugin is loaded.
#pragma once

#include "worker/channel.hpp"
#include "worker/stop_page.hpp"

namespace assay::worker {

inline constexpr int kChannelNumber = 3;  // the descriptors that a worker is born with, beside 0 to 2
inline constexpr int kStopPageNumber = 4;

struct WorkerSide {
  Channel channel;
  StopPage stop;
};

// Throws Error (usage) where this process was not started by a host. From now on a small thread waits for the host to go away, gives the
// process a second to leave by itself (receive() returns nothing), then ends it, whatever it is doing. Core dumps are off.
WorkerSide become_worker();

}  // namespace assay::worker
