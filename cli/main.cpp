// The program's entry: finds the verb, turns every error into one clear message and an exit code.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/error.hpp"
#include "base/text.hpp"
#include "checker/checker.hpp"
#include "cli/compose.hpp"
#include "cli/console.hpp"
#include "cli/verbs.hpp"

namespace {

using assay::cli::Verb;

void print(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

std::string overview() {
  std::string text =
      "assay: experiments and backtests that can be trusted\n\n"
      "Usage: assay VERB ...      (assay VERB --help tells more, with an example)\n\n";
  for (const Verb& verb : assay::cli::verbs()) text += fmt::format("  {:<14} {}\n", verb.name, verb.summary);
  return text + "\nExample:\n  assay run experiments/credit_risk/simulated.yaml\n";
}

// "runs show" is looked for before "runs".
const Verb* find_verb(const std::vector<std::string>& words, std::size_t& used) {
  for (used = std::min<std::size_t>(2, words.size()); used > 0; --used) {
    std::string name = words[0];
    if (used == 2) name += " " + words[1];
    for (const Verb& verb : assay::cli::verbs())
      if (verb.name == name) return &verb;
  }
  return nullptr;
}

int unknown(const std::vector<std::string>& words) {
  std::vector<std::string> names, group;
  std::string example;
  for (const Verb& verb : assay::cli::verbs()) {
    names.push_back(verb.name);
    if (!verb.name.starts_with(words[0] + " ")) continue;
    group.push_back(fmt::format("  {:<14} {}\n", verb.name, verb.summary));
    if (example.empty()) example = verb.help().example;
  }
  if (!group.empty()) {
    const bool asked = words.size() == 1 || words[1] == "--help" || words[1] == "-h";
    std::string text = asked ? fmt::format("Usage: assay {} VERB ...      (assay {} VERB --help tells more)\n\n", words[0], words[0])
                             : fmt::format("assay: there is no verb '{} {}'\n", words[0], words[1]);
    for (const std::string& line : group) text += line;
    if (asked) text += "\nExample:\n  " + example + "\n";
    print(asked ? stdout : stderr, text);
    return asked && words.size() > 1 ? 0 : 1;
  }
  const std::string name = words.size() > 1 && words[1][0] != '-' ? words[0] + " " + words[1] : words[0];
  auto near = assay::text::nearest(name, names);
  if (!near) near = assay::text::nearest(words[0], names);
  print(stderr,
        fmt::format("assay: there is no verb '{}'. {}\n", words[0], near ? "Did you mean '" + *near + "'?" : "`assay --help` lists them"));
  return 1;
}

int run_verb(const Verb& verb, const std::vector<std::string>& words) {
  const assay::cli::VerbHelp help = verb.help();
  const assay::cli::Arguments arguments(help, words);
  if (arguments.wants_help()) {
    print(stdout, assay::cli::help_text(help));
    return 0;
  }
  return verb.run(arguments);
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print(words.empty() ? stderr : stdout, overview());
    return words.empty() ? 1 : 0;
  }
  if (words[0] == "--version") {
    print(stdout, "assay " ASSAY_VERSION "\n");
    return 0;
  }
  if (words[0] == "worker") return assay::cli::run_worker(words.size() > 1 ? words[1] : "");
  std::size_t used = 0;
  const Verb* verb = find_verb(words, used);
  if (verb == nullptr) return unknown(words);
  return run_verb(*verb, {words.begin() + static_cast<std::ptrdiff_t>(used), words.end()});
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto fail = [&words](const assay::Error& error) {
    const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
    assay::cli::Console(json).fault(error);
    return static_cast<int>(error.fault());
  };
  try {
    try {
      return dispatch(words);
    } catch (const assay::Error& e) {
      return fail(e);
    } catch (const std::bad_alloc&) {
      return fail({assay::Fault::failed, "", "there is not enough memory"});
    } catch (const std::exception& e) {
      return fail({assay::Fault::failed, "", e.what(), "This is a fault in assay itself: please report it"});
    }
  } catch (...) {  // not even that could be written
    return static_cast<int>(assay::Fault::failed);
  }
}
