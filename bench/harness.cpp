#include "harness.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace assay::bench {

namespace {

struct Summary {
  double median = 0, min = 0, max = 0;
  std::size_t n = 0;
};

Summary summarise(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return {n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values.front(), values.back(), n};
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string json_summary(const Summary& s) {
  return fmt::format(R"({{"median": {:.6g}, "min": {:.6g}, "max": {:.6g}, "n": {}}})", s.median, s.min, s.max, s.n);
}

// The peer's process: stays alive between rounds, so that its imports and compiled functions are paid once.
// Protocol, line by line: it says "ready NAME" or "missing HOW-TO-INSTALL"; then for each "run" a number, or "failed WHY".
class Peer {
 public:
  Peer(const std::string& python, const std::string& script, const std::string& name, int threads) {
    std::array<int, 2> to{}, from{};
    if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the peer");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    const std::string path = std::string(ASSAY_BENCH_PEERS) + "/" + script, count = std::to_string(threads);
    std::array<const char*, 5> arguments{python.c_str(), path.c_str(), name.c_str(), count.c_str(), nullptr};
    // Two spinning thread pools make Debian's PyTorch many times slower: beating that would be no win.
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("OMP_NUM_THREADS", count.c_str(), 1);
    const int code = posix_spawnp(&pid_, python.c_str(), &actions, nullptr, const_cast<char**>(arguments.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    to_ = to[1];
    from_ = fdopen(from[0], "r");
    if (code != 0) {
      pid_ = 0;
      missing_ = "python3 is not installed: apt-get install python3";
      return;
    }
    greet();
  }
  ~Peer() {
    close(to_);  // the script's loop ends with its input
    std::fclose(from_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const std::string& name() const { return name_; }
  const std::string& missing() const { return missing_; }  // empty: it is there

  double run() {
    if (write(to_, "run\n", 4) != 4) throw std::runtime_error("the peer has gone");
    const std::string answer = line();
    char* end = nullptr;
    const double value = std::strtod(answer.c_str(), &end);
    if (answer.empty() || *end != '\0' || !std::isfinite(value)) throw std::runtime_error("the peer answered: " + answer);
    return value;
  }

 private:
  std::string line() {
    std::string text;
    for (int c; (c = std::fgetc(from_)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }
  void greet() {
    const std::string text = line();
    if (text.rfind("ready ", 0) == 0)
      name_ = text.substr(6);
    else if (text.rfind("missing ", 0) == 0)
      missing_ = text.substr(8);
    else
      throw std::runtime_error("the peer did not start: " + text);
  }

  pid_t pid_ = 0;
  int to_ = -1;
  std::FILE* from_ = nullptr;
  std::string name_, missing_;
};

// The first Python that can import what the script needs: a python3 that stands before Debian's in PATH often lacks Debian's packages.
std::unique_ptr<Peer> peer_for(const Spec& spec) {
  std::vector<std::string> pythons{"python3", "/usr/bin/python3"};
  if (const char* chosen = std::getenv("ASSAY_BENCH_PYTHON")) pythons = {chosen};
  std::string missing;
  for (const std::string& python : pythons) {
    auto peer = std::make_unique<Peer>(python, spec.peer, spec.name, spec.threads);
    if (peer->missing().empty()) return peer;
    missing = peer->missing();
  }
  fmt::print(stderr, "{}: no peer, {}\n", spec.name, missing);
  return nullptr;
}

double seconds_per(const std::string& unit) {
  if (unit == "s") return 1;
  if (unit == "ms") return 1e-3;
  if (unit == "us") return 1e-6;
  if (unit == "ns") return 1e-9;
  return 0;
}

void print(const Spec& spec, const Summary& ours, const std::string& peer, const std::optional<Summary>& theirs) {
  std::string text = fmt::format(R"({{"name": {}, "unit": {}, "threads": {}, "ours": {})", json_text(spec.name), json_text(spec.unit),
                                 spec.threads, json_summary(ours));
  if (theirs) {
    const double ratio = spec.rate ? ours.median / theirs->median : theirs->median / ours.median;
    text += fmt::format(R"(, "peer": {}, "theirs": {}, "ratio": {:.4g})", json_text(peer), json_summary(*theirs), ratio);
  }
  if (spec.goal != 0) text += fmt::format(R"(, "goal": {:.6g})", spec.goal);
  if (spec.rate) text += R"(, "more_is_better": true)";
  const double unit_seconds = seconds_per(spec.unit);
  if (spec.flops > 0 && unit_seconds > 0) {
    const double peak = fma_peak_gflops(spec.threads);
    if (peak > 0)
      text += fmt::format(R"(, "peak_gflops": {:.4g}, "share_of_peak": {:.3g})", peak,
                          spec.flops / (ours.median * unit_seconds) / (peak * 1e9));
  }
  if (spec.bytes > 0 && unit_seconds > 0) {
    const double memory = memory_peak_gbs(spec.threads);
    text += fmt::format(R"(, "memory_gbs": {:.4g}, "share_of_memory": {:.3g})", memory,
                        spec.bytes / (ours.median * unit_seconds) / (memory * 1e9));
  }
  fmt::print("{}}}\n", text);
  std::fflush(stdout);
}

}  // namespace

Session::Session(std::string filter, int rounds) : filter_(std::move(filter)), rounds_(rounds) {}
Session::~Session() = default;

bool Session::wants(std::string_view name) const {
  return filter_.empty() || name.find(filter_) != std::string_view::npos || fnmatch(filter_.c_str(), std::string(name).c_str(), 0) == 0;
}

void Session::measure(const Spec& spec, const Work& work) {
  if (!wants(spec.name)) return;
  try {
    const std::unique_ptr<Peer> peer = spec.peer.empty() ? nullptr : peer_for(spec);
    const int rounds = rounds_ > 0 ? rounds_ : spec.rounds;
    std::vector<double> ours, theirs;
    for (int round = 0; round <= rounds; ++round) {
      const double mine = work();
      const double other = peer ? peer->run() : 0;
      if (round == 0) continue;  // warm-up
      ours.push_back(mine);
      if (peer) theirs.push_back(other);
    }
    print(spec, summarise(ours), peer ? peer->name() : "", peer ? std::optional(summarise(theirs)) : std::nullopt);
  } catch (const std::exception& error) {
    ++failures_;
    fmt::print(stderr, "{}: FAILED: {}\n", spec.name, error.what());
  }
}

void Session::report(const Spec& spec, double value) {
  if (wants(spec.name)) print(spec, {value, value, value, 1}, "", std::nullopt);
}

int program(int argc, char** argv, const std::function<void(Session&)>& body) {
  std::string filter;
  int rounds = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
      rounds = std::atoi(argv[++i]);
    else
      filter = argv[i];
  }
  signal(SIGPIPE, SIG_IGN);  // a peer that died is an error, not our end
  Session session(filter, rounds);
  try {
    body(session);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: FAILED: {}\n", argv[0], error.what());
    return 1;
  }
  return session.failures() == 0 ? 0 : 1;
}

std::string assay_program() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin" / "assay";
  if (!std::filesystem::exists(program)) throw std::runtime_error(program.string() + " is not built");
  return program.string();
}

double run_assay(const std::vector<std::string>& arguments, const std::string& folder) {
  const std::string program = assay_program(), printed = folder + "/printed.txt";
  setenv("ASSAY_HOME", folder.c_str(), 1);
  std::vector<char*> list{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
  list.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, printed.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  int status = -1;
  const double seconds = time([&] {
    pid_t pid = 0;
    if (posix_spawn(&pid, program.c_str(), &actions, nullptr, list.data(), environ) == 0) waitpid(pid, &status, 0);
  });
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    std::ifstream in(printed);
    throw std::runtime_error("assay failed: " + std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return seconds;
}

void require(bool right, std::string_view why) {
  if (!right) throw std::runtime_error("the result is wrong: " + std::string(why));
}

}  // namespace assay::bench
