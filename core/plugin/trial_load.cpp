#include "plugin/trial_load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "plugin/loader.hpp"

namespace assay::plugin {
namespace {

constexpr int kCameBack = 42;  // an exit() inside the plugin gives any other code

[[noreturn]] void load_and_leave(const std::filesystem::path& file, std::chrono::seconds patience) {
  for (const int signal : {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (const int nowhere = open("/dev/null", O_WRONLY); nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  alarm(static_cast<unsigned>(patience.count()));
  load_plugin(file);
  _exit(kCameBack);  // no destructors: the host's are not the child's to run
}

}  // namespace

Verdict survives_loading(const std::filesystem::path& file, std::chrono::seconds patience) {
  const pid_t child = fork();
  if (child < 0) return {};  // no process to be had: the loading itself decides
  if (child == 0) load_and_leave(file, patience);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCameBack) return {};
  const char* mend = "the plugin's author has to mend this: a static object or the entry ends the process";
  if (WIFEXITED(status)) return {fmt::format("it ends the process with exit code {} while it is loaded", WEXITSTATUS(status)), mend};
  if (WTERMSIG(status) == SIGALRM) return {fmt::format("it hangs while it is loaded: not done within {} s", patience.count()), mend};
  return {fmt::format("it crashes while it is loaded ({})", strsignal(WTERMSIG(status))), mend};
}

}  // namespace assay::plugin
