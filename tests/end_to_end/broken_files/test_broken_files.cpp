// Every NAME.yaml here is wrong in some way: NAME.expected holds the whole text that `assay check NAME.yaml` prints, and its exit code.
// NAME.sets, where there is one, holds a --set argument a line. Those in needs_data/ are wrong only once their data are read.
// ASSAY_UPDATE_EXPECTED=1 writes the expected texts anew: read the difference before you commit it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// A home for the program, so that nothing of this machine's user is seen or changed.
class Home {
 public:
  Home() : folder_(fs::temp_directory_path() / ("assay_broken_files_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    for (const char* name : {"ASSAY_HOME", "XDG_DATA_HOME", "HOME"}) ::setenv(name, folder_.c_str(), 1);
    for (const char* name : {"ASSAY_PLUGIN_PATH", "ASSAY_STORE", "ASSAY_LEDGER", "NOT_SET"}) ::unsetenv(name);
    ::setenv("EPOCHS", "12", 1);
  }
  ~Home() { fs::remove_all(folder_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

struct Seen {
  std::string text;
  int exit_code = -1;  // -1: killed by a signal
};

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Seen check(const fs::path& file, const std::vector<std::string>& sets = {}) {
  std::string command = quoted(ASSAY_PROGRAM) + " check " + quoted(file.string());
  for (const std::string& set : sets) command += " --set " + quoted(set);
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Seen seen;
  char buffer[65536];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) seen.text.append(buffer, got);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) seen.exit_code = WEXITSTATUS(status);
  const std::string here = fs::current_path().string();
  for (std::size_t at = seen.text.find(here); at != std::string::npos; at = seen.text.find(here))
    seen.text.replace(at, here.size(), "<here>");
  return seen;
}

// Checks all files of the folder against their expected texts; returns how many there are.
std::size_t check_folder(const fs::path& folder) {
  fs::current_path(folder);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator("."))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  const bool update = std::getenv("ASSAY_UPDATE_EXPECTED") != nullptr;
  for (const fs::path& file : files) {
    INFO(file);
    std::vector<std::string> sets;
    std::istringstream lines(slurp(fs::path(file).replace_extension(".sets")));
    for (std::string line; std::getline(lines, line);) sets.push_back(line);
    const Seen seen = check(file, sets);
    CHECK((seen.exit_code == 1 || seen.exit_code == 2));
    CHECK(seen.text.find("error: ") != std::string::npos);
    const fs::path expected = fs::path(file).replace_extension(".expected");
    const std::string whole = seen.text + "exit code " + std::to_string(seen.exit_code) + "\n";
    if (update) std::ofstream(expected, std::ios::binary) << whole;
    CHECK(whole == slurp(expected));
  }
  return files.size();
}

}  // namespace

TEST_CASE("each broken file gives all of its expected messages, and nothing else") {
  const Home home;
  CHECK(check_folder(BROKEN_FILES) >= 100);
}

TEST_CASE("each file that is wrong for its data gives all of its expected messages, and nothing else") {
  const Home home;
  CHECK(check_folder(BROKEN_FILES "/needs_data") >= 15);
}

TEST_CASE("files of monstrous size are refused quickly and with a place") {
  const Home home;
  const fs::path file = home.folder() / "monstrous.yaml";
  const auto ask = [&](const std::string& text, const std::string& expected) {
    std::ofstream(file, std::ios::binary) << text;
    const auto start = std::chrono::steady_clock::now();
    const Seen seen = check(file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    INFO(seen.text.substr(0, 2000));
    CHECK(seen.exit_code == 1);
    CHECK(seen.text.find("error: ") != std::string::npos);
    CHECK(seen.text.find(expected) != std::string::npos);
    CHECK(seen.text.size() < 300'000);
    CHECK(seconds < 20);  // a guard against quadratic work; sanitizers are slow, and the machine may be busy
  };
  const std::size_t ten_mb = 10'000'000;
  const auto many = [&](const std::string& piece, std::size_t bytes) {
    std::string text;
    text.reserve(bytes + piece.size());
    while (text.size() < bytes) text += piece;
    return text;
  };
  ask("assay: " + std::string(ten_mb, '['), "more than 64 deep");
  ask("assay: " + std::string(ten_mb, '{'), "more than 64 deep");
  ask(many("- ", 1'000'000), "more than 64 deep");
  ask("assay: [" + many("1,", ten_mb) + "1]", "more than 50000 values");
  ask(many("seed: 1\n", ten_mb), "the key 'seed' stands twice");
  std::string keys;
  for (int i = 0; i < 24'000; ++i) keys += "key_" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  ask(keys, "more than 200 mistakes");
  ask("name: \"" + std::string(ten_mb, 'a'), "is never closed");
  ask("name: 1\n" + std::string(ten_mb, 'a') + ": 1\n", "monstrous.yaml:2:");
  ask("seed: " + std::string(ten_mb, '9') + "\n", "does not fit into 64 bits");
  ask(many("#", 17'000'000), "larger than 16 MB");
  ask("assay: 1\nname: \"" + many("${X:-a}", 1'000'000) + "\"\n", "needs the key");
}
