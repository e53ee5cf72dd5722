// libFuzzer: any bytes as a model bundle, with the checksum put right, so that the parser behind it is reached. What is accepted must
// come back from its own bytes.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "plugin/state_bundle.hpp"

using namespace assay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kSumAt = 24, kSumSize = 32;
  if (size >= kSumAt + kSumSize) {
    Sha256 sha;
    sha.add(std::string_view(bytes).substr(0, kSumAt));
    sha.add(std::string_view(bytes).substr(kSumAt + kSumSize));
    const auto digest = sha.finish();
    std::memcpy(bytes.data() + kSumAt, digest.data(), kSumSize);
  }
  try {
    const plugin::StateBundle bundle = plugin::parse_bundle(bytes, "fuzz");
    const std::string again = plugin::bundle_bytes(bundle);
    if (plugin::bundle_bytes(plugin::parse_bundle(again, "again")) != again) std::abort();
  } catch (const Error& error) {
    if (error.tried().find("again") != std::string::npos) std::abort();
  }
  return 0;
}
