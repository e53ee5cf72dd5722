// Named arrays in one file that is mapped read-only: how a fold's rows reach a worker without a copy per worker. Used by run and checker.
// Not a store: no checksum, no versions; it lives as long as a run. Writing into the mapping faults. Readers are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "worker/descriptor.hpp"

namespace assay::worker {

// DLPack type code * 256 + bits, the numbers of sdk/abi.h (ASSAY_F64 and so on).
template <class T>
constexpr std::uint16_t dtype_of() {
  static_assert(std::is_arithmetic_v<T>);
  constexpr int code = std::is_same_v<T, bool> ? 6 : std::is_floating_point_v<T> ? 2 : std::is_unsigned_v<T> ? 1 : 0;
  return static_cast<std::uint16_t>(code * 256 + static_cast<int>(sizeof(T)) * 8);
}

struct PackedArray {
  std::string name;
  std::uint16_t dtype = 0;
  std::vector<std::int64_t> shape;  // row-major and dense
  const void* data = nullptr;       // borrowed; null only where there are no elements

  std::size_t size() const;   // elements
  std::size_t bytes() const;  // size() times the item's size

  template <class T>
  static PackedArray of(std::string name, std::span<const T> values, std::vector<std::int64_t> shape = {}) {
    if (shape.empty()) shape = {static_cast<std::int64_t>(values.size())};
    return {std::move(name), dtype_of<T>(), std::move(shape), values.data()};
  }
};

// Arrays start on 64-byte boundaries; names are distinct. Throws Error (failed) where writing fails.
void write_packed(const std::filesystem::path& path, std::span<const PackedArray> arrays);
// The same in memory without a name, sealed against writing and resizing: hand its number to Channel::send.
Descriptor packed_memory(std::span<const PackedArray> arrays);

class PackedFile {
 public:
  // Both throw Error (data) where it cannot be read or is no such file, whole.
  static PackedFile open(const std::filesystem::path& path);
  static PackedFile of(const Descriptor& file);

  const std::vector<PackedArray>& arrays() const { return arrays_; }
  const PackedArray* find(std::string_view name) const;  // null where there is none
  const PackedArray& at(std::string_view name) const;    // throws Error (data)
  template <class T>
  std::span<const T> values(std::string_view name) const {  // throws Error (data) where the type is another
    return {static_cast<const T*>(typed(name, dtype_of<T>())), at(name).size()};
  }
  // The whole mapping; everything handed out lives as long as this or any copy of `owner()`.
  std::span<const std::byte> mapping() const { return mapping_; }
  std::shared_ptr<const void> owner() const { return owner_; }

 private:
  const void* typed(std::string_view name, std::uint16_t dtype) const;

  std::shared_ptr<const void> owner_;
  std::span<const std::byte> mapping_;
  std::vector<PackedArray> arrays_;
};

}  // namespace assay::worker
