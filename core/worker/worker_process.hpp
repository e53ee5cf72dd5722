// A child process that runs the same program as `worker`: started, spoken to, watched (time, memory), stopped and buried. Used by run and
// checker, on the host's side; worker_side.hpp is the other end. It knows nothing of models. A WorkerProcess belongs to one thread, except
// ask_to_stop(), which any thread and any signal handler may call.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/channel.hpp"
#include "worker/stop_page.hpp"

namespace assay::worker {

using Milliseconds = std::chrono::milliseconds;

struct WorkerLimits {
  std::uint64_t memory_bytes = 0;     // proportional set size (Pss); 0 = no limit
  Milliseconds stop_grace{2000};      // from the stop flag until SIGTERM
  Milliseconds terminate_grace{500};  // from SIGTERM until SIGKILL
};

struct WorkerStart {
  std::filesystem::path program = "/proc/self/exe";
  std::vector<std::string> arguments = {"worker"};               // after argv[0], which is "assay"
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of the host's own
  WorkerLimits limits;
  std::size_t log_lines = 50;  // how many of the last lines of its stdout and stderr are kept
};

enum class Ending { exited, crashed, timed_out, memory_limit, cancelled };
const char* to_text(Ending ending);  // "exited", "crashed", "timed out", "memory limit", "cancelled"

struct WorkerExit {
  Ending ending = Ending::exited;
  int code = 0;                  // of an exit
  int signal = 0;                // of a death by signal
  std::string text;              // one line: "crashed: segmentation fault (SIGSEGV)"
  std::vector<std::string> log;  // the last lines it printed
};

// What a wait for a message may give up on.
struct Patience {
  Milliseconds timeout{0};                    // 0 = none
  const std::atomic<bool>* cancel = nullptr;  // true: stop as soon as may be (the host was interrupted)
};

class WorkerProcess {
 public:
  explicit WorkerProcess(const WorkerStart& start);  // throws Error (failed) where the program cannot be started
  ~WorkerProcess();                                  // ends it (politely first) and waits for it
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // False: the worker has ended, ending() says how.
  bool send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts = {}, int file = -1, const Patience& patience = {});
  // The next message, or nothing: the worker has ended, ending() says how. When time is up or `cancel` is set, the worker's stop flag goes
  // up; where it answers within the grace, that answer is returned and stop_reason() tells why; else it is killed.
  std::optional<Message> receive(const Patience& patience = {});

  // Raises the worker's stop flag, nothing more. lower_stop() before the next request.
  void ask_to_stop() noexcept { stop_.raise(); }
  void lower_stop() noexcept;
  std::optional<Ending> stop_reason() const { return stop_reason_; }  // timed_out or cancelled, once receive() raised the flag

  bool is_alive() const { return !ending_; }
  const std::optional<WorkerExit>& ending() const { return ending_; }
  // Closes the channel, upon which a worker exits; waits up to `patience`, then kills. Returns how it ended.
  const WorkerExit& finish(Milliseconds patience = Milliseconds{1000});
  const WorkerExit& kill(Ending reason = Ending::cancelled);

  std::vector<std::string> log();  // what it printed so far, the last lines
  pid_t pid() const { return pid_; }
  std::uint64_t memory_bytes() const;  // Pss now; 0 where it cannot be told

 private:
  using Clock = std::chrono::steady_clock;
  struct Ended {};  // unwinds a channel operation once the process is gone
  enum class Phase { running, asked, terminated, killed };

  void spawn(const WorkerStart& start, int socket, int log);
  void wait(short events);
  void watch();  // limits, cancel, death; throws Ended
  bool is_dead() const;
  bool has_unread() const;
  void escalate(Ending reason);
  void check_memory();
  bool reap(bool block);  // true once it is dead
  void read_log();
  void keep_line();
  void bury(int status);
  std::string reason_text(Ending reason) const;

  WorkerLimits limits_;
  StopPage stop_;
  Channel channel_;
  Descriptor log_;
  pid_t pid_ = -1;
  Patience patience_;
  Clock::time_point asked_at_{}, began_{}, checked_at_{};
  Phase phase_ = Phase::running;
  std::optional<Ending> stop_reason_, killed_for_;
  std::optional<WorkerExit> ending_;
  std::size_t log_lines_ = 0;
  std::deque<std::string> lines_;
  std::string open_line_;
  std::string broken_;  // why its messages cannot be trusted any more
};

}  // namespace assay::worker
