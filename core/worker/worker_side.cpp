#include "worker/worker_side.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.hpp"

namespace assay::worker {
namespace {

constexpr int kHostGone = 70;  // seen by nobody: the host is gone
constexpr std::size_t kStack = std::size_t{256} << 10;

// Sleeps until the host's end of the channel is closed, by a finished host or a killed one. PR_SET_PDEATHSIG would not do: it fires when
// the host's thread ends that happened to start this worker.
void* watch_host(void*) noexcept {
  pollfd one{kChannelNumber, POLLRDHUP, 0};
  while (poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
  poll(nullptr, 0, 1000);
  _exit(kHostGone);
}

bool start_watching() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's
  pthread_t thread;
  const int failed = pthread_create(&thread, &attributes, watch_host, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return failed == 0;
}

bool is_socket(int number) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

WorkerSide become_worker() {
  if (!is_socket(kChannelNumber) || fcntl(kStopPageNumber, F_GETFD) < 0)
    throw Error(Fault::usage, "work for a host", "this process was not started by one", "`assay worker` is not for use by hand");
  fcntl(kChannelNumber, F_SETFD, FD_CLOEXEC);
  fcntl(kStopPageNumber, F_SETFD, FD_CLOEXEC);
  constexpr rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (!start_watching()) throw Error(Fault::failed, "watch the host", "no thread could be started");
  return {Channel(Descriptor(kChannelNumber)), StopPage::map(kStopPageNumber)};
}

}  // namespace assay::worker
