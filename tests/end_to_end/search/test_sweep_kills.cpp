// Sweeps that die, host and workers, and the same command that finishes them.
#include <chrono>
#include <map>
#include <random>

#include "support/catch.hpp"
#include "sweeps.hpp"

using namespace search_test;

namespace {

// A stored trial with its duration: a second run of it would show.
std::map<std::string, std::string> ended_trials(const Folder& folder) {
  std::map<std::string, std::string> out;
  const Result shown = folder.assay({"runs", "show", "last", "--trials", "--json"});
  if (shown.code != 0) return out;
  for (const Json& trial : shown.json()) out[trial.at("fold").dump() + "/" + trial.at("number").dump()] = trial.dump();
  return out;
}

std::vector<pid_t> children_of(pid_t host) {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string stat = slurp(entry.path() / "stat");
    const auto name_end = stat.rfind(')');
    int parent = 0;
    char state = 0;
    if (name_end != std::string::npos && std::sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) == 2 && parent == host)
      out.push_back(std::stoi(entry.path().filename().string()));
  }
  return out;
}

}  // namespace

TEST_CASE("kill -9 of the host at fifty moments: no trial that ended is lost or run twice, and the result is the undisturbed one") {
  Folder folder;
  folder.write("e.yaml", network_sweep());
  const auto began = std::chrono::steady_clock::now();
  const Result whole = folder.assay({"run", "e.yaml", "--store", "ref.db", "--json"});
  const auto whole_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  INFO(whole.err);
  REQUIRE(whole.code == 0);
  const Json reference = trials_of(folder, "ref.db");

  std::mt19937 random(31);
  std::map<std::string, std::string> seen;
  int in_the_middle = 0;
  for (int kills = 0; kills < 50; ++kills) {
    const pid_t pid = folder.start({"run", "e.yaml", "--workers", "2", "--json"});
    sleep_ms(5 + static_cast<int>(random() % static_cast<unsigned>(whole_ms / 2 + 1)));
    kill(pid, SIGKILL);
    const Result ended = folder.wait(pid);
    if (!fs::exists(folder.path() / "assay.db")) continue;
    const auto now = ended_trials(folder);
    for (const auto& [number, trial] : seen) {
      INFO(number);
      REQUIRE(now.count(number) == 1);
      REQUIRE(now.at(number) == trial);
    }
    in_the_middle += !now.empty() && now.size() < reference.size() && now.size() > seen.size();
    seen = now;
    if (ended.code == 0) {  // done before the kill came: begin anew
      REQUIRE(trials_of(folder) == reference);
      REQUIRE(folder.assay({"runs", "delete", "last"}).code == 0);
      seen.clear();
    }
  }
  CHECK(in_the_middle > 3);
  const Result last = folder.assay({"run", "e.yaml", "--json"});
  INFO(last.err);
  REQUIRE(last.code == 0);
  CHECK(trials_of(folder) == reference);
  CHECK(without_circumstances(last.json()) == without_circumstances(whole.json()));
}

namespace {

bool is_running(pid_t pid) {
  siginfo_t ended{};
  return waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
}

}  // namespace

TEST_CASE("kill -9 of workers: their trials are tried again, the sweep goes on and is the same") {
  Folder folder;
  folder.write("e.yaml", network_sweep(10, "resources: {workers: 2, retries: 2}\n"));
  REQUIRE(folder.assay({"run", "e.yaml", "--store", "ref.db", "--set", "train.epochs=60"}).code == 0);
  const Json reference = trials_of(folder, "ref.db");
  std::mt19937 random(5);
  int all = 0;
  for (int run = 0; run < 60 && all < 16; ++run) {
    fs::remove(folder.path() / "assay.db");
    const pid_t host = folder.start({"run", "e.yaml", "--json", "--set", "train.epochs=60"});
    int killed = 0;  // of one trial at most two times: it is tried three times
    while (killed < 2 && is_running(host)) {
      sleep_ms(20 + static_cast<int>(random() % 40));
      const std::vector<pid_t> workers = children_of(host);
      if (!workers.empty()) killed += kill(workers[random() % workers.size()], SIGKILL) == 0;
    }
    const Result ended = folder.wait(host);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    CHECK(trials_of(folder) == reference);  // a trial that is tried again is the same trial
    all += killed;
  }
  CHECK(all >= 15);
}

TEST_CASE("Ctrl-C once: what runs is finished and kept, nothing new begins, 75; twice: at once; both go on") {
  Folder folder;
  folder.write("e.yaml", network_sweep());
  REQUIRE(folder.assay({"run", "e.yaml", "--store", "ref.db"}).code == 0);
  for (const int times : {1, 2}) {
    bool interrupted = false;
    for (int wait = 40; wait < 4000 && !interrupted; wait += wait) {  // until one is met in the middle
      const pid_t pid = folder.start({"run", "e.yaml", "--json", "--workers", "2"});
      sleep_ms(wait);
      for (int i = 0; i < times; ++i) kill(pid, SIGINT);
      const Result ended = folder.wait(pid);
      if (ended.code == 0) REQUIRE(folder.assay({"runs", "delete", "last"}).code == 0);
      if (ended.code != 75) continue;
      const auto stored = ended_trials(folder);
      if (stored.empty()) continue;
      interrupted = true;
      if (times == 1) {
        CHECK(ended.json().at("status") == "interrupted");
        CHECK_THAT(folder.assay({"sweep", "best", "last"}).err, Catch::Contains("it is not done"));
      }
      CHECK(stored.size() < 60);
    }
    CHECK(interrupted);
    const Result last = folder.assay({"run", "e.yaml"});
    INFO(last.err);
    REQUIRE(last.code == 0);
    CHECK_THAT(last.err, Catch::Contains("trials and"));
    CHECK(trials_of(folder) == trials_of(folder, "ref.db"));
    REQUIRE(folder.assay({"runs", "delete", "last"}).code == 0);
  }
}
