// One scalar of an experiment file as the value that its key declares, or why it is none. Used by the checker of keys. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/document.hpp"
#include "config/key_spec.hpp"

namespace assay::config {

struct Refusal {
  std::string message, mend;
};
using ScalarValue = std::variant<Value, Refusal>;

ScalarValue read_scalar(const Node& node, const KeySpec& key, const std::string& path);

// The words of messages about nodes of any shape.
Refusal wrong_type(const Node& node, const KeySpec& key, const std::string& path, std::string mend);
std::string shortened(const std::string& text);
std::optional<std::string> guess(const std::string& word, const std::vector<std::string>& known);  // the known word that was meant

}  // namespace assay::config
