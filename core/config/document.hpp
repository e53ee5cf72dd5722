// A YAML 1.2 file as a tree of nodes, each with its place in the file.
// Used by config/layers (inheritance, variables, --set) and config/checker. It knows no keys and converts no types: a scalar keeps its
// text and whether it was quoted. The parser is libyaml, fenced in document.cpp. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/value.hpp"

namespace assay::config {

struct Entry;
struct Node {
  enum class Kind { scalar, list, map };
  Kind kind = Kind::scalar;
  std::string text;            // of a scalar
  bool quoted = false;         // '...', "...", | or >: always text
  bool from_variable = false;  // ${NAME} was put in: even in quotes (braces need them) it may be a number
  bool broken = false;         // a mistake here was reported already: say nothing more about it (a root: its base could not be read)
  Place place;
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a map, in file order, keys unique

  bool is_null() const;  // an empty, plain, null or ~ scalar
  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};
struct Entry {
  std::string key;
  Place key_place;
  Node value;
};

// The texts that diagnostics point into, by the name that Place::file holds.
using SourceTexts = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxFileBytes = 16u << 20;
inline constexpr int kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 50'000;

// Nothing where the text is no sound YAML document; every mistake is in `diagnostics`. first_line and first_column shift places: for
// a value that stands inside a command-line argument.
std::optional<Node> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics, std::int64_t first_line = 1,
                                   std::int64_t first_column = 1);

// The bytes of a file: nothing, with the reason in `diagnostics` at `asked_from`, where it cannot be read or is too large.
std::optional<std::string> read_text_file(const std::filesystem::path& path, const Place& asked_from, Diagnostics& diagnostics);

// YAML 1.2 core schema: null, bool, int (also 0x, 0o), real (.inf and .nan included) or text; yes, no, on and off are text.
// A whole number beyond 64 bits becomes a real.
Value resolve_scalar(std::string_view text, bool quoted);

}  // namespace assay::config
