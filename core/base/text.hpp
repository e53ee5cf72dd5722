// Small questions about text: numbers, trimming, splitting, UTF-8, the nearest known word.
// Used by everything that reads or writes text. Pure functions, thread-safe; locale-free.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::text {

std::string_view trim(std::string_view text);  // blanks, tabs, CR and LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
bool starts_with_digit(std::string_view text);

std::optional<double> to_real(std::string_view text);           // the whole text, C locale, no hex; inf and nan are refused
std::optional<std::int64_t> to_integer(std::string_view text);  // the whole text, decimal

// The byte offset of the first byte that is not valid UTF-8 (overlong forms and surrogates are not), or nothing.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);
// Control characters but line ends and tabs, and bytes that are no UTF-8, as \x1b: what others wrote may not steer a terminal.
std::string printable(std::string_view text);
std::size_t utf8_length(std::string_view text);  // code points

// Shortest decimal text that reads back to the same bits; "nan", "inf", "-inf".
std::string shortest(double value);

std::size_t edit_distance(std::string_view a, std::string_view b);  // Damerau-Levenshtein (restricted)
// The known word that was meant, or nothing: the only one that begins with the word ("acc": accuracy), else the one within a third of its
// length by edit distance, else the only one that holds it or is held by it ("rocauc": auc).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

// Glob with * and ? over the whole name ("PAY_*").
bool matches(std::string_view pattern, std::string_view name);

}  // namespace assay::text
