// A file's bytes mapped into memory, private to the process, with a few bytes that may be read behind its end.
// Used by the CSV reader and the column file. Movable; reading is thread-safe. The file must not be cut short while it is mapped.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace assay::data {

class MappedFile {
 public:
  static constexpr std::size_t kPadding = 64;  // readable bytes behind the end; the first is a newline, the others are 0

  explicit MappedFile(const std::filesystem::path& path);  // throws Error(data)
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::string_view text() const { return {data_, size_}; }
  // Gives the pages read so far back to the system; they are read again where needed. Any thread, at any time.
  void let_go() const;

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0, mapped_ = 0;
};

}  // namespace assay::data
