// Several texts in one run of bytes, each behind its length: how a checkpoint holds what it is made of. Used by the learners. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace assay::train {

void append_bytes(std::vector<std::byte>& to, std::string_view bytes);
std::string_view take_bytes(std::span<const std::byte>& from);  // the next one; throws Error(failed) where it is cut short

std::string_view text_of(std::span<const std::byte> bytes);  // as they are
std::vector<std::byte> bytes_of(std::string_view text);

}  // namespace assay::train
