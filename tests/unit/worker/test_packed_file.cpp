// Packed arrays there and back, cut and random files refused; the channel's own edges.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/catch.hpp"
#include "worker/channel.hpp"
#include "worker/packed_file.hpp"

namespace {
using namespace assay::worker;

std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("assay-packed-" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST_CASE("packed arrays come back as they were") {
  const Folder folder;
  const std::vector<double> x = {1, 2, 3, 4, 5, 6};
  const std::vector<float> f = {0.5f};
  const std::vector<std::int64_t> when = {-1, 7};
  const std::vector<std::int32_t> none;
  const PackedArray arrays[] = {PackedArray::of<double>("x", x, {3, 2}), PackedArray::of<float>("f", f),
                                PackedArray::of<std::int64_t>("when", when), PackedArray::of<std::int32_t>("none", none)};
  write_packed(folder.path / "rows", arrays);
  const PackedFile file = PackedFile::open(folder.path / "rows");
  REQUIRE(file.arrays().size() == 4);
  CHECK(file.at("x").shape == std::vector<std::int64_t>{3, 2});
  CHECK(file.at("x").dtype == 0x0240);
  CHECK(file.values<double>("x")[5] == 6);
  CHECK(file.values<float>("f")[0] == 0.5f);
  CHECK(file.values<std::int64_t>("when")[0] == -1);
  CHECK(file.values<std::int32_t>("none").empty());
  CHECK(file.find("y") == nullptr);
  CHECK_THROWS_AS(file.at("y"), assay::Error);
  CHECK_THROWS_AS(file.values<float>("x"), assay::Error);
  for (const PackedArray& array : file.arrays()) CHECK(reinterpret_cast<std::uintptr_t>(array.data) % 64 == 0);
}

TEST_CASE("a sealed file cannot be written, not even by asking anew") {
  const std::vector<double> x = {1};
  const PackedArray arrays[] = {PackedArray::of<double>("x", x)};
  const Descriptor file = packed_memory(arrays);
  CHECK(write(file.number(), "x", 1) < 0);
  CHECK(ftruncate(file.number(), 1) != 0);
  CHECK(open(("/proc/self/fd/" + std::to_string(file.number())).c_str(), O_RDWR | O_TRUNC) < 0);
}

TEST_CASE("doubled names and missing values are broken promises") {
  const std::vector<double> x = {1};
  const PackedArray twice[] = {PackedArray::of<double>("x", x), PackedArray::of<double>("x", x)};
  CHECK_THROWS_AS(packed_memory(twice), assay::BrokenPromise);
  const PackedArray empty[] = {{"x", dtype_of<double>(), {3}, nullptr}};
  CHECK_THROWS_AS(packed_memory(empty), assay::BrokenPromise);
}

TEST_CASE("cut, changed and random files are refused and crash nothing") {
  const Folder folder;
  const std::vector<double> x = {1, 2, 3};
  const PackedArray arrays[] = {PackedArray::of<double>("x", x)};
  write_packed(folder.path / "whole", arrays);
  const std::string whole = bytes_in(folder.path / "whole");
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(folder.path / "bad", std::ios::binary) << bytes;
    try {
      const PackedFile file = PackedFile::open(folder.path / "bad");
      double sum = 0;
      for (const PackedArray& array : file.arrays())
        for (std::size_t i = 0; i < array.bytes(); ++i) sum += static_cast<const unsigned char*>(array.data)[i];
      return sum < 0;  // accepted: every byte that it names could be read
    } catch (const assay::Error&) {
      return true;
    }
  };
  const std::size_t values_end = whole.size() - (64 - 3 * sizeof(double));
  for (std::size_t size = 0; size < values_end; ++size) CHECK(refused(whole.substr(0, size)));
  CHECK_FALSE(refused(whole));
  assay::Random random(assay::SeedTree(1));
  for (int i = 0; i < 3000; ++i) {  // some changes are harmless; none may read beyond the file
    std::string changed = whole;
    changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    refused(changed);
  }
  std::string huge = whole;
  huge.replace(huge.find("[3]"), 3, "[9]");
  CHECK(refused(huge));
  CHECK_THROWS_AS(PackedFile::open(folder.path / "absent"), assay::Error);
}

TEST_CASE("a channel ends cleanly between messages and loudly inside one") {
  auto [here, there] = Channel::pair();
  there.send(3, "hello");
  CHECK(here.receive()->type == 3);
  const char half[] = "YSSA";
  CHECK(send(there.number(), half, 4, 0) == 4);
  there.close();
  CHECK_THROWS_AS(here.receive(), assay::Error);
  auto [left, right] = Channel::pair();
  right.close();
  CHECK_FALSE(left.receive().has_value());
  CHECK_THROWS_AS(left.send(1, "x"), assay::Error);
}

TEST_CASE("a channel refuses what is beyond its limits before it takes memory") {
  auto [host, wire] = Channel::pair();
  struct {
    std::uint32_t magic = 0x59535341, type = 0;
    std::uint64_t header = std::uint64_t{1} << 62;
    std::uint32_t parts = 0, file = 0;
  } head;
  SECTION("header") {}
  SECTION("parts") {
    head.header = 0;
    head.parts = 5000;
  }
  SECTION("a file that did not come") {
    head.header = 0;
    head.file = 1;
  }
  CHECK(send(wire.number(), &head, sizeof head, 0) == sizeof head);
  CHECK_THROWS_AS(host.receive(), assay::Error);
}

TEST_CASE("both ways at once, from two threads") {
  auto [here, there] = Channel::pair();
  const std::vector<double> big(1 << 19, 1.25);
  const Bytes parts[] = {bytes_of<double>(big)};
  std::thread other([&, &end = there] {
    for (int i = 0; i < 5; ++i) {
      const auto got = end.receive();
      end.send(got->type, got->header, got->parts);
    }
  });
  for (std::uint32_t i = 0; i < 5; ++i) {
    here.send(i, "ping", parts);
    const auto back = here.receive();
    REQUIRE(back);
    CHECK(back->type == i);
    CHECK(back->part_as<double>(0).back() == 1.25);
  }
  other.join();
}

}  // namespace
