// The real program, run in a folder of its own, and what it prints with --json. Used by the tests of this folder.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

#include "support/real_data.hpp"

namespace figures_test {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

class Program {
 public:
  Program() {
    std::string name = (fs::temp_directory_path() / "assay_figures_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test");
    folder_ = name;
  }
  ~Program() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Program(const Program&) = delete;

  struct Said {
    int code = -1;
    std::string out, err;
  };
  Said say(const std::string& words) const {
    const std::string command = "cd '" + folder_.string() + "' && ASSAY_HOME='" + (folder_ / "home").string() + "' ASSAY_DATA='" +
                                fs::absolute(assay::test::data_folder()).string() + "' '" ASSAY_PROGRAM "' " + words + " >out 2>err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp("out"), slurp("err")};
  }
  // `assay run FILE MORE --json`. Exit code 5 (accept not met) is a result too.
  Json run(const std::string& file, const std::string& more = "") const {
    const Said said = say("run '" + file + "' " + more + " --json");
    if (said.code != 0 && said.code != 5) throw std::runtime_error("assay run " + file + " " + more + ": " + said.out + said.err);
    return Json::parse(said.out);
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }

 private:
  std::string slurp(const char* name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  fs::path folder_;
};

inline std::string experiment(const std::string& name) { return std::string(ASSAY_SOURCE_DIR) + "/experiments/" + name + ".yaml"; }
inline double value(const Json& metrics, const char* name) { return metrics.at(name).at("value").get<double>(); }
// The many seeds belong to the night.
inline bool is_nightly() { return std::getenv("ASSAY_NIGHTLY") != nullptr; }

}  // namespace figures_test
