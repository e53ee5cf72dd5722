// Every NAME.yaml here is wrong in some way; NAME.expected holds the whole text that the user sees for it. NAME.sets, where there is one,
// holds a --set argument a line. ASSAY_UPDATE_EXPECTED=1 writes the expected texts anew: read the difference before you commit it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "config/diagnostics_printer.hpp"
#include "config/experiment_reader.hpp"
#include "support/catch.hpp"
#include "unit/config/fake_catalogue.hpp"

using namespace assay;
namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

struct Seen {
  std::string text;
  std::size_t errors = 0;
  int exit_code = 0;
};

Seen read(const fs::path& file, std::vector<std::string> sets = {}) {
  static const test::FakeCatalogue catalogue;
  config::SourceTexts sources;
  config::ReadOptions options;
  options.catalogue = &catalogue;
  options.sources = &sources;
  options.sets = std::move(sets);
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "EPOCHS") return "12";
    return std::nullopt;
  };
  Diagnostics diagnostics;
  const auto experiment = config::read_experiment(file, options, diagnostics);
  CHECK(experiment.has_value() == !diagnostics.has_errors());
  Seen seen;
  config::PrintOptions print;
  print.sources = &sources;
  seen.text = config::diagnostics_text(diagnostics, print);
  seen.exit_code = diagnostics.exit_code();
  for (const Diagnostic& d : diagnostics.items()) seen.errors += d.severity == Severity::error;
  const std::string here = fs::current_path().string();
  for (std::size_t at = seen.text.find(here); at != std::string::npos; at = seen.text.find(here))
    seen.text.replace(at, here.size(), "<here>");
  return seen;
}

std::vector<fs::path> broken_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(".")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("each broken file gives all of its expected messages, and nothing else") {
  fs::current_path(BROKEN_FILES);
  const bool update = std::getenv("ASSAY_UPDATE_EXPECTED") != nullptr;
  const auto files = broken_files();
  CHECK(files.size() >= 100);
  for (const fs::path& file : files) {
    INFO(file);
    std::vector<std::string> sets;
    std::istringstream lines(slurp(fs::path(file).replace_extension(".sets")));
    for (std::string line; std::getline(lines, line);) sets.push_back(line);
    const Seen seen = read(file, sets);
    CHECK(seen.errors > 0);
    CHECK(seen.exit_code == 1);
    const fs::path expected = fs::path(file).replace_extension(".expected");
    if (update) std::ofstream(expected, std::ios::binary) << seen.text;
    CHECK(seen.text == slurp(expected));
  }
}

TEST_CASE("files of monstrous size are refused quickly and with a place") {
  const fs::path file = fs::temp_directory_path() / ("assay_broken_" + std::to_string(::getpid()) + ".yaml");
  const auto ask = [&](const std::string& text, const std::string& expected) {
    std::ofstream(file, std::ios::binary) << text;
    const auto start = std::chrono::steady_clock::now();
    const Seen seen = read(file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    INFO(seen.text.substr(0, 2000));
    CHECK(seen.errors > 0);
    CHECK(seen.text.find(expected) != std::string::npos);
    CHECK(seen.text.size() < 300'000);
    CHECK(seconds < 10);  // a guard against quadratic work; sanitizers are slow
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
  ask("name: 1\n" + std::string(ten_mb, 'a') + ": 1\n", "error");
  ask("seed: " + std::string(ten_mb, '9') + "\n", "does not fit into 64 bits");
  ask(std::string(config::kMaxFileBytes + 1, '#'), "larger than 16 MB");
  ask("assay: 1\nname: \"" + many("${X:-a}", 1'000'000) + "\"\n", "needs the key");
  fs::remove(file);
}
