#include "data/encoding.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <vector>

#include "base/text.hpp"

namespace assay::data {
namespace {

// Letters and digits in lower case, the rest away: "Shift-JIS" and "shift_jis" are one name.
std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

class Converter {
 public:
  explicit Converter(const std::string& encoding) : handle_(::iconv_open("UTF-8", encoding.c_str())) {
    if (!good()) handle_ = ::iconv_open("UTF-8", plain(encoding).c_str());  // latin-1 is LATIN1 there
  }
  ~Converter() {
    if (good()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  bool good() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // The first byte that could not be read.
  std::size_t append(std::string_view bytes, std::string& text) {
    std::array<char, 1 << 16> buffer;
    char* in = const_cast<char*>(bytes.data());  // iconv reads only; its parameter is not const
    std::size_t left = bytes.size();
    for (bool flushed = false; !flushed;) {
      char* out = buffer.data();
      std::size_t room = buffer.size();
      const bool at_end = left == 0;
      const std::size_t code = ::iconv(handle_, at_end ? nullptr : &in, &left, &out, &room);
      text.append(buffer.data(), buffer.size() - room);
      if (code == static_cast<std::size_t>(-1) && errno != E2BIG) break;
      flushed = at_end && code != static_cast<std::size_t>(-1);
    }
    return bytes.size() - left;
  }

 private:
  iconv_t handle_;
};

std::string iconv_name(std::string_view name) {
  const std::string known = plain(name);
  if (known == "shiftjis" || known == "sjis") return "CP932";
  // A slash would let options of iconv in.
  const auto sound = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  };
  return std::all_of(name.begin(), name.end(), sound) ? std::string(name) : std::string();
}

}  // namespace

bool is_utf8_name(std::string_view name) { return plain(name) == "utf8"; }

std::optional<std::size_t> append_as_utf8(std::string_view bytes, std::string_view encoding, std::string& text) {
  const std::string name = iconv_name(encoding);
  if (name.empty()) return std::nullopt;
  Converter converter(name);
  if (!converter.good()) return std::nullopt;
  return converter.append(bytes, text);
}

std::string mend_encoding(std::string_view bytes) {
  constexpr std::size_t kShown = 40;
  bytes = bytes.substr(0, kShown);
  std::vector<std::string> found;
  for (const char* encoding : {"windows-1252", "windows-1250", "shift_jis"}) {
    std::string text;
    if (append_as_utf8(bytes, encoding, text) == bytes.size()) found.push_back(fmt::format("{} reads '{}'", encoding, text));
  }
  return found.empty() ? "state the file's `encoding`" : "state the file's `encoding`: " + text::join(found, ", ");
}

}  // namespace assay::data
