#include "train/byte_parts.hpp"

#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace assay::train {

void append_bytes(std::vector<std::byte>& to, std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  const auto* head = reinterpret_cast<const std::byte*>(&size);
  to.insert(to.end(), head, head + sizeof size);
  const auto* body = reinterpret_cast<const std::byte*>(bytes.data());
  to.insert(to.end(), body, body + bytes.size());
}

std::string_view take_bytes(std::span<const std::byte>& from_bytes) {
  std::uint64_t size = 0;
  if (from_bytes.size() < sizeof size) throw Error(Fault::failed, "reading a checkpoint", "it is cut short");
  std::memcpy(&size, from_bytes.data(), sizeof size);
  from_bytes = from_bytes.subspan(sizeof size);
  if (from_bytes.size() < size) throw Error(Fault::failed, "reading a checkpoint", "it is cut short");
  const std::string_view taken(reinterpret_cast<const char*>(from_bytes.data()), size);
  from_bytes = from_bytes.subspan(size);
  return taken;
}

std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace assay::train
