#include "cli/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::cli {

namespace po = boost::program_options;

namespace {

std::vector<Option> with_common(const VerbHelp& help) {
  std::vector<Option> options = help.options;
  options.push_back({"help,h", "", "show this text", false});
  return options;
}

po::options_description describe(const VerbHelp& help) {
  po::options_description description("Options");
  for (const Option& option : with_common(help)) {
    if (option.value.empty()) {
      description.add_options()(option.name.c_str(), option.doc.c_str());
    } else if (option.repeated) {
      description.add_options()(option.name.c_str(), po::value<std::vector<std::string>>()->composing()->value_name(option.value),
                                option.doc.c_str());
    } else {
      description.add_options()(option.name.c_str(), po::value<std::string>()->value_name(option.value), option.doc.c_str());
    }
  }
  return description;
}

std::string nearest_option(const VerbHelp& help, std::string word) {
  word.erase(0, word.find_first_not_of('-'));
  std::vector<std::string> names;
  for (const Option& option : with_common(help)) names.push_back(option.name.substr(0, option.name.find(',')));
  const auto near = text::nearest(word, names);
  return near ? "Did you mean --" + *near + "?" : "See --help";
}

}  // namespace

struct Arguments::State {
  po::variables_map map;
};

Arguments::Arguments(const VerbHelp& help, const std::vector<std::string>& words) {
  auto state = std::make_shared<State>();
  po::options_description all = describe(help), hidden;
  hidden.add_options()("plain", po::value<std::vector<std::string>>());
  all.add(hidden);
  po::positional_options_description positional;
  positional.add("plain", -1);
  try {
    const auto style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style).run(), state->map);
  } catch (const po::unknown_option& e) {
    throw Error(Fault::usage, "", fmt::format("there is no option {}", e.get_option_name()), nearest_option(help, e.get_option_name()));
  } catch (const po::error& e) {
    throw Error(Fault::usage, "", e.what(), "See --help");
  }
  if (state->map.count("plain") != 0) plain_ = state->map["plain"].as<std::vector<std::string>>();
  state_ = state;
  if (wants_help()) return;
  if (plain_.size() < help.min_arguments) throw Error(Fault::usage, "", "something is missing", "Usage: " + help.usage);
  if (plain_.size() > help.max_arguments)
    throw Error(Fault::usage, "", fmt::format("'{}' is one word too many", plain_[help.max_arguments]), "Usage: " + help.usage);
}

bool Arguments::has(const std::string& option) const { return state_->map.count(option) != 0; }

std::optional<std::string> Arguments::value(const std::string& option) const {
  if (!has(option)) return std::nullopt;
  return state_->map[option].as<std::string>();
}

std::vector<std::string> Arguments::values(const std::string& option) const {
  if (!has(option)) return {};
  return state_->map[option].as<std::vector<std::string>>();
}

std::optional<std::int64_t> Arguments::integer(const std::string& option, std::int64_t least) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  const auto number = text::to_integer(*text);
  if (!number || *number < least)
    throw Error(Fault::usage, "", fmt::format("--{} takes a whole number from {}, not '{}'", option, least, *text));
  return number;
}

std::string help_text(const VerbHelp& help) {
  std::string text = "Usage: " + help.usage + "\n\n" + help.about + "\n\nExample:\n  " + help.example + "\n\nOptions:\n";
  for (const Option& option : with_common(help)) {
    const std::string name = option.name.substr(0, option.name.find(','));
    const std::string left = "--" + name + (option.value.empty() ? "" : " " + option.value);
    text += fmt::format("  {:<26} {}\n", left, option.doc);
  }
  return text;
}

}  // namespace assay::cli
