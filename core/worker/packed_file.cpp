#include "worker/packed_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"

namespace assay::worker {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array<char, 8> kMagic = {'A', 'S', 'S', 'A', 'Y', 'P', 'K', '1'};
constexpr std::size_t kAlign = 64, kHead = 16;  // magic, then the directory's size
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 46;

constexpr std::uint64_t aligned(std::uint64_t size) { return (size + kAlign - 1) / kAlign * kAlign; }

void write_all(int file, const void* data, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(data);
  while (size > 0) {
    const ssize_t wrote = ::write(file, from, std::min<std::size_t>(size, std::size_t{1} << 30));
    if (wrote < 0) {
      if (errno == EINTR) continue;
      throw Error(Fault::failed, "write packed arrays", std::strerror(errno), "make room on the disk or in memory");
    }
    from += wrote;
    size -= static_cast<std::size_t>(wrote);
  }
}

void pad(int file, std::size_t size) {
  constexpr std::array<std::byte, kAlign> zeroes{};
  if (size % kAlign != 0) write_all(file, zeroes.data(), kAlign - size % kAlign);
}

void write_to(int file, std::span<const PackedArray> arrays) {
  Json directory = Json::array();
  std::set<std::string> names;
  std::uint64_t offset = 0;  // from the first array
  for (const PackedArray& array : arrays) {
    ASSAY_CHECK(names.insert(array.name).second, "two packed arrays of one name: " + array.name);
    ASSAY_CHECK(array.bytes() == 0 || array.data, "a packed array without its values: " + array.name);
    directory.push_back({{"name", array.name}, {"dtype", array.dtype}, {"shape", array.shape}, {"offset", offset}});
    offset += aligned(array.bytes());
  }
  const std::string text = directory.dump();
  const std::uint64_t size = text.size();
  write_all(file, kMagic.data(), kMagic.size());
  write_all(file, &size, sizeof size);
  write_all(file, text.data(), text.size());
  pad(file, kHead + text.size());
  for (const PackedArray& array : arrays) {
    write_all(file, array.data, array.bytes());
    pad(file, array.bytes());
  }
}

[[noreturn]] void not_ours(const std::string& what) { throw Error(Fault::data, "read packed arrays", what); }

// Elements times item size, or nothing where the numbers make no sense.
std::uint64_t checked_bytes(const std::vector<std::int64_t>& shape, std::uint16_t dtype) {
  std::uint64_t bytes = (dtype & 0xFFu) / 8;
  if (bytes == 0 || bytes > 16) not_ours("an array of an unknown type");
  for (const std::int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && bytes > kMaxBytes / static_cast<std::uint64_t>(extent))) not_ours("an array of impossible size");
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

std::vector<PackedArray> read_directory(std::span<const std::byte> all) {
  if (all.size() < kHead || std::memcmp(all.data(), kMagic.data(), kMagic.size()) != 0) not_ours("this is no file of packed arrays");
  std::uint64_t size = 0;
  std::memcpy(&size, all.data() + kMagic.size(), sizeof size);
  if (size > all.size() - kHead) not_ours("the file is cut off");
  const auto* text = reinterpret_cast<const char*>(all.data() + kHead);
  const Json directory = Json::parse(text, text + size, nullptr, false);
  if (!directory.is_array()) not_ours("the directory cannot be read");
  const std::uint64_t first = aligned(kHead + size);
  std::vector<PackedArray> arrays;
  try {
    for (const Json& entry : directory) {
      PackedArray array{entry.at("name").get<std::string>(), entry.at("dtype").get<std::uint16_t>(),
                        entry.at("shape").get<std::vector<std::int64_t>>(), nullptr};
      const auto offset = entry.at("offset").get<std::uint64_t>();
      const std::uint64_t bytes = checked_bytes(array.shape, array.dtype);
      if (offset % kAlign != 0 || first > all.size() || offset > all.size() - first || bytes > all.size() - first - offset)
        not_ours(fmt::format("the file is cut off: '{}' lies beyond its end", array.name));
      if (bytes > 0) array.data = all.data() + first + offset;
      arrays.push_back(std::move(array));
    }
  } catch (const Json::exception&) {
    not_ours("the directory cannot be read");
  }
  return arrays;
}

}  // namespace

std::size_t PackedArray::size() const {
  std::size_t product = 1;
  for (const std::int64_t extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

std::size_t PackedArray::bytes() const { return size() * ((dtype & 0xFFu) / 8); }

void write_packed(const std::filesystem::path& path, std::span<const PackedArray> arrays) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) throw Error(Fault::failed, fmt::format("write {}", path.string()), std::strerror(errno));
  write_to(file.number(), arrays);
}

Descriptor packed_memory(std::span<const PackedArray> arrays) {
  Descriptor file(memfd_create("assay-rows", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) throw Error(Fault::failed, "pack arrays in memory", std::strerror(errno));
  write_to(file.number(), arrays);
  if (fcntl(file.number(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    throw Error(Fault::failed, "seal packed arrays", std::strerror(errno));
  return file;
}

PackedFile PackedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw Error(Fault::data, fmt::format("open {}", path.string()), std::strerror(errno));
  return of(file);
}

PackedFile PackedFile::of(const Descriptor& file) {
  struct stat info {};
  if (fstat(file.number(), &info) != 0) not_ours(std::strerror(errno));
  if (info.st_size <= 0) not_ours("the file is empty");
  const auto size = static_cast<std::size_t>(info.st_size);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(), 0);
  if (memory == MAP_FAILED) not_ours(std::strerror(errno));
  PackedFile packed;
  packed.owner_ = std::shared_ptr<const void>(memory, [size](const void* p) { munmap(const_cast<void*>(p), size); });
  packed.mapping_ = {static_cast<const std::byte*>(memory), size};
  packed.arrays_ = read_directory(packed.mapping_);
  return packed;
}

const PackedArray* PackedFile::find(std::string_view name) const {
  const auto found = std::find_if(arrays_.begin(), arrays_.end(), [&](const PackedArray& array) { return array.name == name; });
  return found == arrays_.end() ? nullptr : &*found;
}

const PackedArray& PackedFile::at(std::string_view name) const {
  if (const PackedArray* array = find(name)) return *array;
  not_ours(fmt::format("it holds no array '{}'", name));
}

const void* PackedFile::typed(std::string_view name, std::uint16_t dtype) const {
  const PackedArray& array = at(name);
  if (array.dtype != dtype) not_ours(fmt::format("the array '{}' is of type {:#06x}, not {:#06x}", name, array.dtype, dtype));
  return array.data;
}

}  // namespace assay::worker
