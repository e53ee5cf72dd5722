// Saved models: what is written comes back bit for bit; what is cut, changed or made up is refused by name and never crashes.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "plugin/state_bundle.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::plugin;
namespace fs = std::filesystem;

namespace {

StateBundle sample() {
  StateBundle b;
  b.component_id = "neural.mlp";
  b.component_version = "1.0.0";
  b.state_version = 4;
  b.params = {"neural.mlp",
              {{"layers", {config::List{{std::int64_t{64}}, {std::int64_t{32}}}}},
               {"rate", {1.0}},
               {"epochs", {std::int64_t{1}}},
               {"limit", {INFINITY}},
               {"activation", {std::string("relu")}},
               {"flag", {false}},
               {"none", {}},
               {"map", {config::Map{{"a", {0.1}}}}},
               {"inner", {config::ComponentValue{"linear.ridge", {{"l2", {1e-300}}}}}}}};
  b.columns_hash = "abc";
  b.seed = 18446744073709551615u;
  b.abi = "0.1";
  b.note = "run 7, fold 2";
  std::vector<double> weights{1.5, -0.0, NAN, 1e-310};
  assay_array a{};
  a.dtype = ASSAY_F64;
  a.rank = 2;
  a.device_kind = ASSAY_CPU;
  a.shape[0] = a.shape[1] = 2;
  a.stride[0] = 1;  // column-major: packed on the way in
  a.stride[1] = 2;
  a.data = weights.data();
  b.state.put_array("weights", a);
  b.state.put_text("text", std::string("a\0\xff", 3));
  a.shape[0] = 0;
  b.state.put_array("empty", a);
  return b;
}

std::string error_of(std::string_view bytes) {
  try {
    parse_bundle(bytes, "x.bundle");
    return "";
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::data);
    return e.happened();
  }
}

// A checksum that agrees, so that what lies behind it is tested too.
std::string sealed(const std::string& header, const std::string& data) {
  std::string bytes = "ASSAY-BUNDLE-01\n";
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(std::uint64_t{header.size()} >> (8 * i));
  std::string rest = header;
  rest.resize((56 + header.size() + 63) / 64 * 64 - 56);
  rest += data;
  Sha256 sha;
  sha.add(bytes);
  sha.add(rest);
  for (const auto byte : sha.finish()) bytes += static_cast<char>(byte);
  return bytes + rest;
}

}  // namespace

TEST_CASE("bundle: comes back as it was, and the same bytes each time") {
  const StateBundle b = sample();
  const std::string bytes = bundle_bytes(b);
  CHECK(bytes == bundle_bytes(b));
  CHECK(bytes.size() % 64 == 0);
  const StateBundle back = parse_bundle(bytes, "x");
  CHECK(back.component_id == b.component_id);
  CHECK(back.component_version == b.component_version);
  CHECK(back.state_version == 4);
  CHECK(back.params == b.params);
  CHECK(back.seed == b.seed);
  CHECK(back.note == b.note);
  CHECK(back.columns_hash == "abc");
  CHECK(back.state == b.state);
  const auto w = back.state.find("weights")->reals();
  CHECK((w[0] == 1.5 && std::isnan(w[1]) && std::signbit(w[2]) && w[3] == 1e-310));
  CHECK(bytes.find(std::string_view(reinterpret_cast<const char*>(w.data()), 32)) % 64 == 0);  // arrays can be mapped as they lie
}

TEST_CASE("bundle: cut at every length, every kind of damage") {
  const std::string bytes = bundle_bytes(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) REQUIRE_FALSE(error_of(std::string_view(bytes).substr(0, n)).empty());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    REQUIRE_FALSE(error_of(bad).empty());
  }
  CHECK_FALSE(error_of(bytes + std::string(64, '\0')).empty());
  CHECK(error_of("hello").find("not a model bundle") != std::string::npos);
  CHECK(error_of(std::string_view(bytes).substr(0, 40)).find("cut off") != std::string::npos);
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string noise = bytes.substr(0, random.below(64));
    for (std::uint64_t k = random.below(500); k > 0; --k) noise += static_cast<char>(random.next32());
    REQUIRE_FALSE(error_of(noise).empty());
  }
}

TEST_CASE("bundle: a right checksum over a wrong header is refused all the same") {
  const std::string start =
      R"({"format":1,"component":"a.b","version":"1","state_version":1,"abi":"0.1","params":{"use":"a.b","params":[]},"columns_hash":"","seed":1,"note":"",)";
  const std::string data(64, 'x');
  auto with = [&](const std::string& entry, int size = 64) {
    return error_of(sealed(start + "\"entries\":[" + entry + "],\"data_bytes\":" + std::to_string(size) + "}", data));
  };
  CHECK(with(R"({"name":"w","type":"f64","shape":[8],"at":0,"bytes":64})").empty());
  CHECK(with(R"({"name":"w","type":"f64","shape":[9],"at":0,"bytes":64})").find("do not agree") != std::string::npos);
  CHECK(with(R"({"name":"w","type":"f64","shape":[8],"at":64,"bytes":64})").find("outside the file") != std::string::npos);
  CHECK(with(R"({"name":"w","type":"f64","shape":[8],"at":0,"bytes":18446744073709551615})").find("outside") != std::string::npos);
  CHECK_FALSE(with(R"({"name":"w","type":"f64","shape":[-8],"at":0,"bytes":64})").empty());
  CHECK_FALSE(with(R"({"name":"w","type":"f64","shape":[4611686018427387904,16],"at":0,"bytes":0})").empty());
  CHECK_FALSE(with(R"({"name":"w","type":"f64","shape":[1,1,1,1,1,1,8],"at":0,"bytes":64})").empty());
  CHECK_FALSE(with(R"({"name":"w","type":"f7","shape":[8],"at":0,"bytes":64})").empty());
  CHECK_FALSE(with(R"({"name":"","type":"text","shape":[],"at":0,"bytes":4})").empty());
  CHECK_FALSE(
      with(R"({"name":"w","type":"text","shape":[],"at":0,"bytes":4},{"name":"w","type":"text","shape":[],"at":0,"bytes":4})").empty());
  CHECK_FALSE(with("", 63).empty());
  CHECK_FALSE(with(R"({"name":7})").empty());
  CHECK(error_of(sealed(R"({"format":2})", "")).find("newer assay") != std::string::npos);
  CHECK_FALSE(error_of(sealed(std::string(200'000, '['), "")).empty());
  std::string deep = "1";
  for (int i = 0; i < 100; ++i) deep = "[" + deep + "]";
  CHECK_FALSE(
      error_of(sealed(R"({"format":1,"component":"a.b","version":"1","state_version":1,"abi":"0.1","params":)" + deep + "}", "")).empty());
}

TEST_CASE("bundle: files") {
  const fs::path folder = fs::temp_directory_path() / ("assay_bundle_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const StateBundle b = sample();
  const std::string hash = write_bundle(folder / "m.bundle", b);
  CHECK(hash == sha256_file(folder / "m.bundle"));
  CHECK(read_bundle(folder / "m.bundle").state == b.state);
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);  // no temporary file stays
  CHECK_THROWS_AS(write_bundle(folder / "none/m.bundle", b), Error);
  CHECK_THROWS_AS(read_bundle(folder / "absent"), Error);
  CHECK_THROWS_AS(read_bundle(folder), Error);
  fs::remove_all(folder);
}

TEST_CASE("state entries: what makes no sense is refused") {
  StateEntries state;
  assay_array a{};
  a.dtype = ASSAY_F64;
  a.rank = 1;
  a.device_kind = ASSAY_CPU;
  a.shape[0] = 3;
  a.stride[0] = 1;
  CHECK_THROWS_AS(state.put_array("no data", a), Error);
  double x[3]{};
  a.data = x;
  state.put_array("x", a);
  CHECK_THROWS_AS(state.put_array("x", a), Error);
  CHECK_THROWS_AS(state.put_text("", "y"), Error);
  a.dtype = 0x0777;
  CHECK_THROWS_AS(state.put_array("dtype", a), Error);
  a.dtype = ASSAY_F64;
  a.shape[0] = -1;
  CHECK_THROWS_AS(state.put_array("negative", a), Error);
  StateWriter writer(state);
  CHECK(writer.raw()->put_array(writer.raw(), "negative", &a) == ASSAY_BAD_INPUT);
  CHECK(writer.last_error().find("negative") != std::string::npos);
  CHECK(state.items().size() == 1);
}
