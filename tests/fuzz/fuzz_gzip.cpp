// libFuzzer: any bytes as a gzip file: unpacked or refused with an Error.
#include <cstdint>

#include "data/gzip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    static_cast<void>(assay::data::unpack_gzip({reinterpret_cast<const char*>(bytes), size}, "fuzz.gz", {}));
  } catch (const assay::Error&) {
  }
  return 0;
}
