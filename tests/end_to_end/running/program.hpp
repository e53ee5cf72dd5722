// The real program in a folder of its own: what it says, how it ends, and ways to kill it. Used by the tests of this folder.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace running_test {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

inline std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Result {
  int code = -1;  // exit code; -signal where it was killed
  std::string out, err;
  Json json() const { return Json::parse(out); }  // throws where there is anything else on stdout
};

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "assay_running_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::permissions(path_, fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;

  std::string before;  // shell text that is done first: "ulimit ...; "

  const fs::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name, std::ios::binary) << text; }
  void set(const std::string& name, const std::string& value) { extra_.push_back(name + "=" + value); }

  pid_t start(const std::vector<std::string>& words, const std::string& name = "last") const {
    const std::string script = "cd '" + path_.string() + "' && " + before + "exec \"$0\" \"$@\" >" + name + ".out 2>" + name + ".err";
    std::vector<std::string> arguments{"sh", "-c", script, ASSAY_PROGRAM};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::vector<std::string> environment;
    for (char** e = environ; *e != nullptr; ++e)
      if (std::string_view(*e).substr(0, 6) != "ASSAY_") environment.emplace_back(*e);
    environment.push_back("ASSAY_HOME=" + (path_ / "home").string());
    environment.insert(environment.end(), extra_.begin(), extra_.end());
    std::vector<char*> argv, envp;
    for (std::string& a : arguments) argv.push_back(a.data());
    for (std::string& e : environment) envp.push_back(e.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    pid_t pid = -1;
    if (posix_spawn(&pid, "/bin/sh", nullptr, nullptr, argv.data(), envp.data()) != 0) throw std::runtime_error("no process");
    return pid;
  }
  Result wait(pid_t pid, const std::string& name = "last") const {
    int status = 0;
    waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), slurp(path_ / (name + ".out")), slurp(path_ / (name + ".err"))};
  }
  Result assay(const std::vector<std::string>& words) const { return wait(start(words)); }

 private:
  fs::path path_;
  std::vector<std::string> extra_;
};

inline void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells{""};
  for (const char c : line)
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  return cells;
}

// Three folds, two repeats, early stopping, a network and a baseline on simulated credit: a second of work.
inline std::string small_file(const std::string& more = "") {
  return "assay: 1\nname: small\nseed: 7\ndata: {source: sim.credit, rows: 1500, seed: 1}\ninputs: all\n"
         "target: {column: default, task: binary}\nsplit: {use: k_fold, folds: 3, validation: 0.2}\n"
         "prepare: [{use: one_hot, drop: first}, {use: scale, method: standard}]\n"
         "model: {use: neural.mlp, hidden: [16], learning_rate: 1.0e-3}\n"
         "train: {epochs: 6, repeats: 2, early_stopping: {metric: auc, patience: 6}}\n"
         "evaluate: {metrics: [auc, log_loss], baselines: [prior]}\n" +
         more;
}

}  // namespace running_test
