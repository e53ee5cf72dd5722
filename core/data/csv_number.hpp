// Reads a decimal number from the front of text, correctly rounded, as fast as the format allows. Used by the CSV reader alone.
// The text must be followed by eight readable bytes, the first of them no digit (MappedFile's padding): nothing is checked against an end.
// Exact fast path: a mantissa of at most 53 bits times or over a power of ten up to 10^22 (Clinger 1990, "How to read floating point
// numbers accurately"); all else goes to std::from_chars. Pure functions, thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace assay::data {

struct CsvNumber {
  double real = 0;
  std::int64_t integer = 0;
  bool is_integer = false;
};

inline std::uint64_t value_of_eight_digits(std::uint64_t word) {  // a digit's value a byte; little-endian: the first is the lowest
  word = word * 10 + (word >> 8);
  return (((word & 0x000000FF000000FFu) * 0x000F424000000064u) + (((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >> 32;
}

// Eight characters at a time, however many of them are digits: a loop over single digits ends where no processor guesses.
inline const char* take_digits(const char* p, std::uint64_t& value) {
  static constexpr std::array<std::uint64_t, 8> kPowers{1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};
  for (std::uint64_t word;; p += 8) {
    std::memcpy(&word, p, 8);
    word ^= 0x3030303030303030u;  // a digit is now its value; the sum below carries out of other bytes alone, upwards
    const std::uint64_t others = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u;
    if (others == 0) {
      value = value * 100'000'000 + value_of_eight_digits(word);
      continue;
    }
    const int bits = __builtin_ctzll(others) & ~7;
    if (bits == 0) return p;
    value = value * kPowers[static_cast<std::size_t>(bits) / 8] + value_of_eight_digits(word << (64 - bits));
    return p + bits / 8;
  }
}

inline std::from_chars_result from_chars_with(char decimal, const char* first, const char* last, double& value) {
  std::string text(first, last);
  std::replace(text.begin(), text.end(), decimal, '.');
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return {first + (rest - text.data()), error};
}

// The byte behind the number, or null where there is none (no digits, a half-written exponent, too large for a double).
template <char Decimal = '.'>
inline const char* read_number(const char* text, CsvNumber& number) {
  static constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = *text == '-';
  const char* const first = text + (negative || *text == '+' ? 1 : 0);
  std::uint64_t mantissa = 0;
  const char* p = take_digits(first, mantissa);
  std::ptrdiff_t digits = p - first, decimals = 0;
  const bool pointed = *p == Decimal;
  if (pointed) {
    const char* const point = p++;
    p = take_digits(p, mantissa);
    decimals = p - point - 1;
    digits += decimals;
  }
  if (digits == 0) return nullptr;
  std::int64_t exponent = 0;
  const bool scientific = *p == 'e' || *p == 'E';
  if (scientific) {
    const bool below = *++p == '-';
    if (below || *p == '+') ++p;
    if (static_cast<unsigned>(*p - '0') >= 10) return nullptr;
    for (; static_cast<unsigned>(*p - '0') < 10; ++p)
      if (exponent < 100'000) exponent = exponent * 10 + (*p - '0');
    if (below) exponent = -exponent;
  }
  const std::int64_t power = exponent - decimals;
  number.is_integer = false;
  if (digits <= 19) {  // the mantissa did not overflow
    if (!pointed && !scientific && mantissa <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      number.is_integer = true;
      number.integer = negative ? -static_cast<std::int64_t>(mantissa) : static_cast<std::int64_t>(mantissa);
    }
    if (mantissa <= (std::uint64_t{1} << 53) && power >= -22 && power <= 22) {
      const auto whole = static_cast<double>(mantissa);
      const double value = power < 0 ? whole / kPowers[static_cast<std::size_t>(-power)] : whole * kPowers[static_cast<std::size_t>(power)];
      number.real = negative ? -value : value;
      return p;
    }
  }
  double value = 0;
  const auto [rest, error] = Decimal == '.' ? std::from_chars(first, p, value) : from_chars_with(Decimal, first, p, value);
  if (error == std::errc::result_out_of_range) {
    std::ptrdiff_t zeros = 0;
    for (const char* q = first; *q == '0' || *q == Decimal; ++q) zeros += *q == '0' ? 1 : 0;
    if (digits - zeros + power > 0) return nullptr;  // overflow; what is too small counts as zero
    value = 0;
  } else if (error != std::errc() || rest != p) {
    return nullptr;
  }
  number.real = negative ? -value : value;
  return p;
}

}  // namespace assay::data
