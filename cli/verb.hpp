// What a verb of the program is: name, help, options, and the function that does it. Used by main and by every verb's file.
// Boost.Program_options stays behind this header.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace assay::cli {

struct Option {
  std::string name;   // "set", or "set,s"
  std::string value;  // "K=V"; empty: a switch
  std::string doc;
  bool repeated = false;
};

struct VerbHelp {
  std::string usage;    // "assay run FILE... [options]"
  std::string about;    // what it does, a paragraph
  std::string example;  // one line
  std::vector<Option> options;
  std::size_t min_arguments = 0, max_arguments = 0;
};

class Arguments {
 public:
  // Throws Error(usage) on unknown options (with the nearest known one), missing values, and too few or too many arguments.
  Arguments(const VerbHelp& help, const std::vector<std::string>& words);

  bool wants_help() const { return has("help"); }
  bool has(const std::string& option) const;
  std::optional<std::string> value(const std::string& option) const;
  std::vector<std::string> values(const std::string& option) const;
  std::optional<std::int64_t> integer(const std::string& option, std::int64_t least) const;  // throws Error(usage)
  const std::vector<std::string>& plain() const { return plain_; }

 private:
  struct State;
  std::shared_ptr<const State> state_;
  std::vector<std::string> plain_;
};

std::string help_text(const VerbHelp& help);

// Returns the program's exit code.
struct Verb {
  std::string name, summary;
  VerbHelp (*help)();
  int (*run)(const Arguments& arguments);
};

}  // namespace assay::cli
