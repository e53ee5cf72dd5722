#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "support/catch.hpp"

using namespace assay;

// NIST FIPS 180-2, appendix B, and the NIST example "SHA256.pdf"; the empty text from NIST CAVP SHA256ShortMsg.rsp.
TEST_CASE("SHA-256 gives NIST's digests") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces hash as the whole, and finishing begins anew") {
  Sha256 hash;
  hash.add("ab");
  hash.add("c");
  CHECK(hash.finish_hex() == sha256_hex("abc"));
  hash.add("abc");
  CHECK(hash.finish_hex() == sha256_hex("abc"));
}

TEST_CASE("named parts cannot run together") {
  const auto of = [](std::initializer_list<std::pair<const char*, const char*>> parts) {
    Sha256 hash;
    for (const auto& [name, text] : parts) hash.add_part(name, text);
    return hash.finish_hex();
  };
  CHECK(of({{"a", "bc"}}) != of({{"ab", "c"}}));
  CHECK(of({{"a", "b"}, {"c", "d"}}) != of({{"a", "b1:1:cd"}}));
  CHECK(of({{"a", ""}}) != of({{"", "a"}}));
  CHECK(of({{"a", "b"}}) == of({{"a", "b"}}));
}

TEST_CASE("a file hashes as its bytes; one that is not there is an error with its name") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / ("assay_hash_" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << std::string(1'000'000, 'a');  // more than one buffer
  CHECK(sha256_file(path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  std::filesystem::remove(path);
  try {
    sha256_file(path);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    CHECK(std::string(error.what()).find(path.string()) != std::string::npos);
  }
}
