// libFuzzer: any bytes as an experiment file.
#include <cstddef>
#include <cstdint>

#include "there_and_back.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assay::fuzz::there_and_back({reinterpret_cast<const char*>(data), size});
  return 0;
}
