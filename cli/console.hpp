// Where the program's words go: results to stdout, everything else to stderr; colour only on a terminal. Used by every verb.
// One Console for the process; progress lines may come from any thread, one at a time.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/diagnostic.hpp"
#include "base/error.hpp"
#include "config/document.hpp"
#include "run/runner.hpp"

namespace assay::cli {

class Console {
 public:
  explicit Console(bool json);

  bool json() const { return json_; }
  bool color_out() const { return color_out_; }
  int width() const;  // columns of the terminal; 100 where there is none

  void out(std::string_view text);         // a result, to stdout
  void expect(std::size_t values);         // with --json: so many values will come; several make one list
  void value(std::string_view json_text);  // one of them
  void end_values();                       // closes the list
  void fault(const Error& error);          // to stderr; with --json also a value {"error": ...}
  void say(std::string_view line);         // a note, to stderr, on a line of its own
  void show(const Diagnostics& diagnostics, const config::SourceTexts* sources);  // to stderr; as JSON to stdout with --json
  void progress(const run::Progress& progress);                                   // a bar on a terminal, a line now and then elsewhere
  void reading(std::uint64_t done, std::uint64_t total);
  void end_progress();

  std::string bold(std::string_view text) const;  // for stdout
  std::string dim(std::string_view text) const;

 private:
  void draw(double share, const std::string& left, const std::string& doing);

  bool json_, color_out_, color_err_, terminal_err_;
  std::mutex mutex_;
  bool bar_shown_ = false, list_ = false;
  std::size_t values_ = 0;
  std::string unit_;  // what is counted: a search's trials, then fits
  double began_ = -1, drawn_ = -1, first_share_ = 0;
};

}  // namespace assay::cli
