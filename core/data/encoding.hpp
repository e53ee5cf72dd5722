// Text of another encoding as UTF-8, by the system's iconv (fenced in encoding.cpp). Used by the CSV reader. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assay::data {

// Whether a stated name is UTF-8 itself, so that nothing is to be done. Spelling and case do not count.
bool is_utf8_name(std::string_view name);

// Appends to `text` what the bytes are in UTF-8. Names are those of `iconv -l`, in any case; shift_jis is taken as Windows writes it
// (CP932). Nothing where there is no such encoding; else the first byte that does not belong to it, which is bytes.size() where all do.
std::optional<std::size_t> append_as_utf8(std::string_view bytes, std::string_view encoding, std::string& text);

// What to do about text that is not UTF-8: names encodings in which it can be read, with what it then says.
std::string mend_encoding(std::string_view bytes);

}  // namespace assay::data
