// The bytes of a file against those that Google's protobuf writes, and what a graph refuses.
#include "base/error.hpp"
#include "onnx/model_file.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::onnx;
using plugin::Graph;
using plugin::GraphConstant;
using plugin::GraphNode;

namespace {

template <class T>
std::vector<std::byte> bytes_of(std::vector<T> values) {
  const auto bytes = std::as_bytes(std::span<const T>(values));
  return {bytes.begin(), bytes.end()};
}
config::Value whole(std::int64_t value) { return {value}; }

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string reason(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

// From onnx 1.12 in Python: make_node, make_tensor_value_info, make_graph and make_model with these very parts, then SerializeToString().
TEST_CASE("a file has the bytes that protobuf's own library gives it") {
  constexpr const char* kWanted =
      "0808120561737361791a03302e31320561626f75743adf020a270a01781201661a09315f466c617474656e2207466c617474656e2a0b0a04617869731801a001"
      "020a390a01660a01770a001201791a06325f47656d6d220447656d6d2a0f0a05616c706861150000003fa001012a0d0a067472616e73421801a001020a530a01"
      "790a017012017a1a05335f50616422035061642a0f0a046d6f6465220465646765a001032a160a036f646440ffffffffffffffffff0140ac02a001072a130a04"
      "7265616c3d0000003f3d000000c0a00106120474696e792a130802080110014201774a080000c03f000000c02a0f10074201704a08fdffffffffffffff2a0b08"
      "0210094201624a0201002a110801100b4201644a089a9999999999b93f2a0d080110064201694a0407000000520561626f75745a260a017812180a16080b1212"
      "0a07120562617463680a0308c8010a0208011a07636f6c756d6e73621a0a017a12130a110801120d0a07120562617463680a0208021a0042040a00101172110a"
      "0c61737361792e72756e5f6964120133";
  Graph graph("x");
  graph.add(GraphConstant{"w", ASSAY_F32, {2, 1}, bytes_of<float>({1.5F, -2})});
  graph.add(GraphConstant{"p", ASSAY_I64, {}, bytes_of<std::int64_t>({-3})});
  graph.add(GraphConstant{"b", ASSAY_BOOL, {2}, bytes_of<std::uint8_t>({1, 0})});
  graph.add(GraphConstant{"d", ASSAY_F64, {1}, bytes_of<double>({0.1})});
  graph.add(GraphConstant{"i", ASSAY_I32, {1}, bytes_of<std::int32_t>({7})});
  graph.add(GraphNode{"Flatten", {"x"}, {"f"}, {{"axis", whole(1)}}});
  graph.add(GraphNode{"Gemm", {"f", "w", ""}, {"y"}, {{"alpha", {0.5}}, {"transB", whole(1)}}});
  graph.add(GraphNode{"Pad",
                      {"y", "p"},
                      {"z"},
                      {{"mode", {std::string("edge")}},
                       {"odd", {config::List{whole(-1), whole(300)}}},
                       {"real", {config::List{config::Value{0.5}, config::Value{-2.0}}}}}});
  ModelFile file;
  file.name = "tiny";
  file.about = "about";
  file.version = "0.1";
  file.input = {"x", ASSAY_F64, {-1, 200, 1}, "columns"};
  file.outputs = {{"z", ASSAY_F32, {-1, 2}, ""}};
  file.metadata = {{"assay.run_id", "3"}};
  CHECK(hex(file_bytes(graph, file)) == kWanted);
}

TEST_CASE("a graph refuses what no file could say") {
  Graph graph("x");
  graph.add(GraphNode{"Relu", {"x"}, {"y"}, {}});
  const auto refused = [&](GraphNode node) { return reason([&] { graph.add(std::move(node)); }); };
  CHECK(refused({"relu", {"x"}, {"z"}, {}}).find("did you mean Relu?") != std::string::npos);
  CHECK(refused({"Relu", {"z"}, {"a"}, {}}).find("its input `z` is not given before it") != std::string::npos);
  CHECK(refused({"Relu", {"x"}, {"y"}, {}}).find("value `y`: it is given twice") != std::string::npos);
  CHECK(refused({"Relu", {"y"}, {"x"}, {}}).find("given twice") != std::string::npos);
  CHECK(refused({"Relu", {"y"}, {""}, {}}).find("it has no output") != std::string::npos);
  CHECK(refused({"Relu", {"y"}, {"n"}, {{"a", config::Value{}}}}).find("its attribute `a`") != std::string::npos);
  CHECK(refused({"Relu", {"y"}, {"n"}, {{"a", {config::List{}}}}}).find("its attribute `a`") != std::string::npos);
  CHECK(refused({"Relu", {"y"}, {"n"}, {{"a", {config::List{whole(1), config::Value{0.5}}}}}}).find("`a`") != std::string::npos);
  CHECK(reason([&] { graph.add(GraphConstant{"", ASSAY_F32, {0}, {}}); }).find("it has no name") != std::string::npos);
  CHECK(reason([&] { graph.set_result("predict", "n"); }).find("no node gives `n`") != std::string::npos);
  graph.set_result("predict", "y");
  CHECK(reason([&] { graph.set_result("predict", "y"); }).find("it is told twice") != std::string::npos);
  CHECK(graph.nodes().size() == 1);
}
