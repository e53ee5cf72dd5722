// SHA-256 of bytes, files and named parts: the identity of data, plugins, files and runs.
// The work is nettle's (fenced in hash.cpp). A Sha256 belongs to one thread; the free functions are thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace assay {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  void add_part(std::string_view name, std::string_view text);  // length-prefixed, so that parts cannot run together
  std::array<std::uint8_t, 32> finish();                        // and begins anew
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view text);
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_file(const std::filesystem::path& path);  // throws Error (data) where the file cannot be read

}  // namespace assay
