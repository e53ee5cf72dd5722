#include "onnx/model_file.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "onnx/wire.hpp"

namespace assay::onnx {

namespace {

// Numbers of onnx.proto's fields and enumerations, by message.
namespace model {
constexpr int kIrVersion = 1, kProducer = 2, kProducerVersion = 3, kAbout = 6, kGraph = 7, kOpset = 8, kMetadata = 14;
}
namespace graph_message {
constexpr int kNode = 1, kName = 2, kConstant = 5, kAbout = 10, kInput = 11, kOutput = 12;
}
namespace node_message {
constexpr int kInput = 1, kOutput = 2, kName = 3, kOperation = 4, kAttribute = 5;
}
namespace attribute {
constexpr int kName = 1, kReal = 2, kWhole = 3, kText = 4, kReals = 7, kWholes = 8, kType = 20;
constexpr int kIsReal = 1, kIsWhole = 2, kIsText = 3, kIsReals = 6, kIsWholes = 7;
}  // namespace attribute
namespace tensor {
constexpr int kShape = 1, kType = 2, kName = 8, kRaw = 9;
}
namespace value {
constexpr int kName = 1, kType = 2, kAbout = 3;
constexpr int kTensor = 1, kElement = 1, kShape = 2, kDimension = 1, kCount = 1, kSymbol = 2;
}  // namespace value

constexpr int kIr = 8;

int data_type(std::uint16_t dtype) {
  switch (dtype) {
    case ASSAY_F32:
      return 1;
    case ASSAY_I32:
      return 6;
    case ASSAY_I64:
      return 7;
    case ASSAY_BOOL:
      return 9;
    case ASSAY_F64:
      return 11;
    default:
      throw Error(Fault::failed, "writing an ONNX file", fmt::format("a constant of type {:#06x}", dtype));
  }
}

Wire written(const std::string& name, const config::Value& given) {
  Wire out;
  out.text(attribute::kName, name);
  if (const auto* whole = std::get_if<std::int64_t>(&given.data)) {
    out.number(attribute::kWhole, *whole).number(attribute::kType, attribute::kIsWhole);
  } else if (const auto* real = std::get_if<double>(&given.data)) {
    out.real(attribute::kReal, static_cast<float>(*real)).number(attribute::kType, attribute::kIsReal);
  } else if (const auto* text = std::get_if<std::string>(&given.data)) {
    out.text(attribute::kText, *text).number(attribute::kType, attribute::kIsText);
  } else {
    bool whole_numbers = false;
    for (const config::Value& item : given.as_list()) {
      const auto* number = std::get_if<std::int64_t>(&item.data);
      whole_numbers = number != nullptr;
      number != nullptr ? out.number(attribute::kWholes, *number) : out.real(attribute::kReals, static_cast<float>(item.as_real()));
    }
    out.number(attribute::kType, whole_numbers ? attribute::kIsWholes : attribute::kIsReals);
  }
  return out;
}

Wire written(const plugin::GraphNode& node, std::size_t number) {
  Wire out;
  for (const std::string& input : node.inputs) out.text(node_message::kInput, input);
  for (const std::string& output : node.outputs) out.text(node_message::kOutput, output);
  out.text(node_message::kName, fmt::format("{}_{}", number, node.operation)).text(node_message::kOperation, node.operation);
  for (const auto& [name, given] : node.attributes) out.message(node_message::kAttribute, written(name, given));
  return out;
}

Wire written(const plugin::GraphConstant& constant) {
  Wire out;
  for (const std::int64_t extent : constant.shape) out.number(tensor::kShape, extent);
  out.number(tensor::kType, data_type(constant.dtype)).text(tensor::kName, constant.name).raw(tensor::kRaw, constant.bytes);
  return out;
}

Wire written(const Port& port) {
  Wire shape;
  for (const std::int64_t extent : port.shape) {
    Wire dimension;
    extent < 0 ? dimension.text(value::kSymbol, "batch") : dimension.number(value::kCount, extent);
    shape.message(value::kDimension, dimension);
  }
  const Wire tensor = Wire().number(value::kElement, data_type(port.dtype)).message(value::kShape, shape);
  return Wire().text(value::kName, port.name).message(value::kType, Wire().message(value::kTensor, tensor)).text(value::kAbout, port.about);
}

}  // namespace

std::string file_bytes(const plugin::Graph& graph, const ModelFile& file) {
  Wire inside;
  std::size_t number = 0;
  for (const plugin::GraphNode& node : graph.nodes()) inside.message(graph_message::kNode, written(node, ++number));
  inside.text(graph_message::kName, file.name);
  for (const plugin::GraphConstant& constant : graph.constants()) inside.message(graph_message::kConstant, written(constant));
  inside.text(graph_message::kAbout, file.about).message(graph_message::kInput, written(file.input));
  for (const Port& port : file.outputs) inside.message(graph_message::kOutput, written(port));

  Wire all;
  all.number(model::kIrVersion, kIr).text(model::kProducer, "assay").text(model::kProducerVersion, file.version);
  all.text(model::kAbout, file.about).message(model::kGraph, inside);
  all.message(model::kOpset, Wire().text(1, "").number(2, plugin::kGraphOpset));
  for (const auto& [key, text] : file.metadata) all.message(model::kMetadata, Wire().text(1, key).text(2, text));
  constexpr std::size_t kMost = (std::size_t{1} << 31) - 1;
  if (all.bytes().size() > kMost)
    throw Error(Fault::failed, "writing an ONNX file", fmt::format("it has {} bytes, and the format takes {}", all.bytes().size(), kMost),
                "a smaller network fits");
  return all.bytes();
}

}  // namespace assay::onnx
