#include "worker/worker_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "base/sanitizers.hpp"
#include "worker/worker_side.hpp"

namespace assay::worker {
namespace {

#ifdef ASSAY_SANITIZED
constexpr bool kSanitized = true;  // their shadow memory does not live under RLIMIT_DATA, and their handlers would hide a crash's signal
#else
constexpr bool kSanitized = false;
#endif
constexpr Milliseconds kTick{20};
constexpr std::size_t kLineLength = 500;
constexpr std::uint64_t kDataSlack = std::uint64_t{1} << 30;  // stacks and untouched memory are in RLIMIT_DATA but not in Pss

std::string size_text(std::uint64_t bytes) {
  return bytes >= (1u << 30) ? fmt::format("{:.1f} GB", static_cast<double>(bytes) / (1 << 30)) : fmt::format("{} MB", bytes >> 20);
}

std::string signal_text(int number) {
  const char* name = sigabbrev_np(number);
  const char* words = sigdescr_np(number);
  std::string text = words ? words : "unknown signal";
  if (!text.empty()) text[0] = static_cast<char>(text[0] >= 'A' && text[0] <= 'Z' ? text[0] - 'A' + 'a' : text[0]);
  return fmt::format("{} (SIG{})", text, name ? name : std::to_string(number));
}

std::vector<std::string> environment_of(const WorkerStart& start) {
  auto extra = start.environment;
  if (kSanitized) {
    const char* options[] = {"ASAN_OPTIONS", "TSAN_OPTIONS"};
    for (const char* name : options) {
      const char* own = std::getenv(name);
      extra.emplace_back(name,
                         fmt::format("{}:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:abort_on_error=1:"
                                     "allocator_may_return_null=1:{}",
                                     own ? own : "", name == options[0] ? "detect_leaks=0" : "report_bugs=1"));
    }
  }
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const bool replaced = std::any_of(extra.begin(), extra.end(), [&](const auto& pair) {
      return text.size() > pair.first.size() && text[pair.first.size()] == '=' && text.substr(0, pair.first.size()) == pair.first;
    });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : extra) all.push_back(name + '=' + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// The number of a copy that no dup2 onto 0..4 can hit.
Descriptor out_of_the_way(int number) {
  Descriptor copy(fcntl(number, F_DUPFD_CLOEXEC, 10));
  if (!copy) throw Error(Fault::failed, "start a worker process", std::strerror(errno));
  return copy;
}

struct FileActions {
  posix_spawn_file_actions_t value;
  FileActions() { posix_spawn_file_actions_init(&value); }
  ~FileActions() { posix_spawn_file_actions_destroy(&value); }
};

struct SpawnAttributes {
  posix_spawnattr_t value;
  SpawnAttributes() { posix_spawnattr_init(&value); }
  ~SpawnAttributes() { posix_spawnattr_destroy(&value); }
};

// The first number of a file in /proc, in its own unit; 0 where it cannot be read.
std::uint64_t pss_kilobytes(pid_t pid) {
  std::FILE* file = std::fopen(fmt::format("/proc/{}/smaps_rollup", pid).c_str(), "re");
  if (!file) return 0;
  std::array<char, 256> line{};
  unsigned long long kilobytes = 0;
  while (std::fgets(line.data(), static_cast<int>(line.size()), file))
    if (std::sscanf(line.data(), "Pss: %llu", &kilobytes) == 1) break;
  std::fclose(file);
  return kilobytes;
}

std::uint64_t resident_bytes(pid_t pid) {
  std::FILE* file = std::fopen(fmt::format("/proc/{}/statm", pid).c_str(), "re");
  if (!file) return 0;
  unsigned long long total = 0, resident = 0;
  const int got = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  return got == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

const char* to_text(Ending ending) {
  constexpr const char* kTexts[] = {"exited", "crashed", "timed out", "memory limit", "cancelled"};
  return kTexts[static_cast<int>(ending)];
}

WorkerProcess::WorkerProcess(const WorkerStart& start) : limits_(start.limits), stop_(StopPage::create()), log_lines_(start.log_lines) {
  auto [mine, theirs] = Channel::pair();
  int log_ends[2];
  if (pipe2(log_ends, O_CLOEXEC) != 0) throw Error(Fault::failed, "start a worker process", std::strerror(errno));
  log_ = Descriptor(log_ends[0]);
  const Descriptor log_theirs(log_ends[1]);
  fcntl(log_.number(), F_SETFL, O_NONBLOCK);
  channel_ = std::move(mine);
  channel_.set_wait([this](short events) { wait(events); });
  spawn(start, theirs.number(), log_theirs.number());
}

void WorkerProcess::spawn(const WorkerStart& start, int socket, int log) {
  const Descriptor socket_high = out_of_the_way(socket), log_high = out_of_the_way(log), stop_high = out_of_the_way(stop_.file());
  FileActions actions;
  posix_spawn_file_actions_addopen(&actions.value, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions.value, log_high.number(), 1);
  posix_spawn_file_actions_adddup2(&actions.value, log_high.number(), 2);
  posix_spawn_file_actions_adddup2(&actions.value, socket_high.number(), kChannelNumber);
  posix_spawn_file_actions_adddup2(&actions.value, stop_high.number(), kStopPageNumber);
  posix_spawn_file_actions_addclosefrom_np(&actions.value, kStopPageNumber + 1);

  SpawnAttributes attributes;  // a group of its own: Ctrl-C on the terminal is the host's business, and a kill reaches grandchildren
  sigset_t defaults, mask;
  sigfillset(&defaults);
  sigemptyset(&mask);
  posix_spawnattr_setsigdefault(&attributes.value, &defaults);
  posix_spawnattr_setsigmask(&attributes.value, &mask);
  posix_spawnattr_setpgroup(&attributes.value, 0);
  posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> arguments{"assay"}, environment = environment_of(start);
  arguments.insert(arguments.end(), start.arguments.begin(), start.arguments.end());
  const int failed = posix_spawn(&pid_, start.program.c_str(), &actions.value, &attributes.value, pointers(arguments).data(),
                                 pointers(environment).data());
  if (failed != 0) {
    pid_ = -1;
    throw Error(Fault::failed, fmt::format("start {} as a worker", start.program.string()), std::strerror(failed));
  }
  if (limits_.memory_bytes > 0 && !kSanitized) {  // a backstop for what grows faster than the polling sees
    const rlimit data{limits_.memory_bytes + kDataSlack, limits_.memory_bytes + kDataSlack};
    prlimit(pid_, RLIMIT_DATA, &data, nullptr);
  }
}

WorkerProcess::~WorkerProcess() {
  try {
    finish();
  } catch (...) {  // no memory for the log's lines, say; the process itself must not stay behind
    if (!ending_ && pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
}

bool WorkerProcess::send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts, int file, const Patience& patience) {
  if (ending_) return false;
  patience_ = patience;
  began_ = Clock::now();
  try {
    channel_.send(type, header, parts, file);
    return true;
  } catch (const Ended&) {
  } catch (const Error&) {  // its end is closed
    finish();
  }
  return false;
}

std::optional<Message> WorkerProcess::receive(const Patience& patience) {
  if (ending_) return std::nullopt;
  patience_ = patience;
  began_ = Clock::now();
  try {
    if (began_ - checked_at_ > kTick) watch();
    if (std::optional<Message> message = channel_.receive()) return message;
    finish();
  } catch (const Ended&) {
  } catch (const Error& error) {  // cut in the middle, mostly by its death; else it cannot be trusted any more
    broken_ = error.happened();
    finish(Milliseconds{200});
  }
  return std::nullopt;
}

void WorkerProcess::lower_stop() noexcept {
  stop_.lower();
  stop_reason_.reset();
  if (phase_ == Phase::asked) phase_ = Phase::running;
}

void WorkerProcess::wait(short events) {
  for (;;) {
    std::array<pollfd, 2> files{pollfd{channel_.number(), events, 0}, pollfd{log_.number(), POLLIN, 0}};
    if (poll(files.data(), files.size(), static_cast<int>(kTick.count())) < 0 && errno != EINTR)
      throw Error(Fault::failed, "wait for a worker", std::strerror(errno));
    if (files[1].revents != 0) read_log();
    if (Clock::now() - checked_at_ >= kTick) watch();
    if (files[0].revents != 0) return;
  }
}

void WorkerProcess::watch() {
  checked_at_ = Clock::now();
  if (is_dead() && !has_unread() && reap(false)) throw Ended{};  // its last words first
  check_memory();
  if (patience_.cancel && patience_.cancel->load(std::memory_order_relaxed)) {
    escalate(Ending::cancelled);
  } else if (patience_.timeout.count() > 0 && checked_at_ - began_ >= patience_.timeout) {
    escalate(Ending::timed_out);
  } else if (phase_ != Phase::running) {
    escalate(stop_reason_.value_or(Ending::cancelled));
  }
}

void WorkerProcess::escalate(Ending reason) {
  const Clock::duration since = checked_at_ - asked_at_;
  if (phase_ == Phase::running) {
    phase_ = Phase::asked;
    asked_at_ = checked_at_;
    if (!stop_reason_) stop_reason_ = reason;
    stop_.raise();
  } else if (phase_ == Phase::asked && since >= limits_.stop_grace) {
    phase_ = Phase::terminated;
    killed_for_ = stop_reason_;
    ::kill(-pid_, SIGTERM);
  } else if (phase_ == Phase::terminated && since >= limits_.stop_grace + limits_.terminate_grace) {
    phase_ = Phase::killed;
    ::kill(-pid_, SIGKILL);
  }
}

void WorkerProcess::check_memory() {
  // Resident memory counts shared pages in full, so it is never below Pss, and it costs far less to ask.
  if (limits_.memory_bytes == 0 || resident_bytes(pid_) <= limits_.memory_bytes || memory_bytes() <= limits_.memory_bytes) return;
  kill(Ending::memory_limit);
  throw Ended{};
}

std::uint64_t WorkerProcess::memory_bytes() const { return ending_ ? 0 : pss_kilobytes(pid_) * 1024; }

bool WorkerProcess::is_dead() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid != 0;
}

bool WorkerProcess::has_unread() const {
  int bytes = 0;
  return ioctl(channel_.number(), FIONREAD, &bytes) == 0 && bytes > 0;
}

bool WorkerProcess::reap(bool block) {
  if (ending_) return true;
  siginfo_t info{};
  int failed = 0;
  do failed = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | (block ? 0 : WNOHANG));
  while (failed != 0 && errno == EINTR);
  if (failed == 0 && info.si_pid == 0) return false;
  ::kill(-pid_, SIGKILL);  // what it may have started itself; before the number is free for others
  int status = 0;
  if (failed == 0) waitpid(pid_, &status, 0);
  bury(status);
  return true;
}

const WorkerExit& WorkerProcess::finish(Milliseconds patience) {
  if (ending_) return *ending_;
  channel_.close();
  for (const auto until = Clock::now() + patience; !reap(false) && Clock::now() < until;) {
    std::array<pollfd, 1> one{pollfd{log_.number(), POLLIN, 0}};  // its end of the log closes as it dies
    poll(one.data(), 1, log_ ? 5 : 1);
    read_log();
  }
  return ending_ ? *ending_ : kill(killed_for_.value_or(broken_.empty() ? Ending::cancelled : Ending::crashed));
}

const WorkerExit& WorkerProcess::kill(Ending reason) {
  if (ending_) return *ending_;
  killed_for_ = reason;
  ::kill(-pid_, SIGKILL);
  reap(true);
  return *ending_;
}

std::vector<std::string> WorkerProcess::log() {
  read_log();
  return {lines_.begin(), lines_.end()};
}

void WorkerProcess::read_log() {
  std::array<char, 4096> bytes;
  while (log_) {
    const ssize_t got = ::read(log_.number(), bytes.data(), bytes.size());
    if (got == 0) log_.close();
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (ssize_t i = 0; i < got; ++i) {
      const char letter = bytes[static_cast<std::size_t>(i)];
      if (letter == '\n')
        keep_line();
      else if (open_line_.size() < kLineLength)
        open_line_ += letter;
    }
  }
}

void WorkerProcess::keep_line() {
  lines_.push_back(std::move(open_line_));
  open_line_.clear();
  if (lines_.size() > log_lines_) lines_.pop_front();
}

std::string WorkerProcess::reason_text(Ending reason) const {
  const double seconds = static_cast<double>(patience_.timeout.count()) / 1000;
  if (reason == Ending::memory_limit) return fmt::format("used more than its memory limit of {}", size_text(limits_.memory_bytes));
  if (reason == Ending::timed_out) return fmt::format("timed out after {} s and did not stop when asked", seconds);
  if (reason == Ending::crashed) return "crashed: " + broken_;
  return "cancelled; it did not stop by itself";
}

void WorkerProcess::bury(int status) {
  read_log();
  if (!open_line_.empty()) keep_line();
  WorkerExit exit;
  exit.log = {lines_.begin(), lines_.end()};
  exit.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const bool ours = exit.signal == SIGKILL || exit.signal == SIGTERM;
  if (killed_for_ && ours) {
    exit.ending = *killed_for_;
    exit.text = reason_text(exit.ending);
  } else if (exit.signal != 0) {
    exit.ending = Ending::crashed;
    exit.text = "crashed: " + signal_text(exit.signal);
  } else {
    exit.text = fmt::format("exited with code {}", exit.code);
  }
  ending_ = std::move(exit);
  channel_.close();
}

}  // namespace assay::worker
