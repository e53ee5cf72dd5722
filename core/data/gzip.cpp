#include "data/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace assay::data {
namespace {

constexpr std::size_t kStep = std::size_t{4} << 20;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& happened) {
  throw Error(Fault::data, "unpacking " + path.string(), happened, "fetch the file again, or unpack it by hand to see how far it is sound");
}

struct Inflater {
  z_stream stream{};
  bool good;
  Inflater() : good(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK) {}
  ~Inflater() {
    if (good) inflateEnd(&stream);
  }
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

std::string unpack_gzip(std::string_view bytes, const std::filesystem::path& path, const ReadProgress& progress) {
  Inflater inflater;
  z_stream& z = inflater.stream;
  if (!inflater.good) throw Error(Fault::failed, "unpacking " + path.string(), "zlib did not start");
  std::string result;
  std::size_t used = 0, written = 0;
  const std::size_t first = std::clamp(bytes.size() * 8, kStep / 64, kStep);  // a small file needs no large page
  for (;;) {
    const std::size_t in = std::min(bytes.size() - used, kStep);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + used));  // zlib reads only; its field is not const
    z.avail_in = static_cast<uInt>(in);
    if (result.size() - written < kStep / 4) result.resize(std::max(result.size() * 2, first));
    const auto room = static_cast<uInt>(std::min<std::size_t>(result.size() - written, std::numeric_limits<int>::max()));
    z.next_out = reinterpret_cast<Bytef*>(result.data() + written);
    z.avail_out = room;
    const int code = inflate(&z, Z_NO_FLUSH);
    used += in - z.avail_in;
    written += room - z.avail_out;
    if (progress && !progress(used, bytes.size())) throw Error(Fault::interrupted, "unpacking " + path.string(), "stopped on request");
    if (code == Z_STREAM_END) {
      if (!is_gzip(bytes.substr(used))) break;  // other bytes behind the last member are padding, as gzip itself takes them
      inflateReset(&z);
    } else if (code == Z_BUF_ERROR || (code == Z_OK && used == bytes.size() && z.avail_out != 0)) {
      refuse(path, "the gzip data end too early");
    } else if (code != Z_OK) {
      refuse(path, std::string("the gzip data are damaged") + (z.msg != nullptr ? std::string(": ") + z.msg : std::string()));
    }
  }
  result.resize(written);
  return result;
}

}  // namespace assay::data
