#include "plugin/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plugin/abi_values.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {
namespace {

// onnx.defs.get_all_schemas() of onnx 1.12, the default domain without what is deprecated; in order.
const std::vector<std::string>& operators() {
  constexpr std::string_view kNames =
      "Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli BitShift "
      "BlackmanWindow Cast CastLike Ceil Celu Clip Compress Concat ConcatFromSequence Constant ConstantOfShape Conv "
      "ConvInteger ConvTranspose Cos Cosh CumSum DFT DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear "
      "Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gemm GlobalAveragePool "
      "GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample HammingWindow HannWindow HardSigmoid HardSwish Hardmax "
      "Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax "
      "Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization "
      "MelWeightMatrix Min Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional "
      "OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN RandomNormal "
      "RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
      "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence RoiAlign Round "
      "STFT Scan ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert "
      "SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus "
      "Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringNormalizer Sub Sum Tan Tanh TfIdfVectorizer "
      "ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Where Xor";
  static const std::vector<std::string> all = [&] {
    std::vector<std::string> names;
    for (const std::string_view name : text::split(kNames, ' ')) names.emplace_back(name);
    return names;
  }();
  return all;
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(Fault::failed, fmt::format("the graph's {}", what), why);
}

// The same word in large and small letters first: nothing else is as near.
std::optional<std::string> meant_by(const std::string& word) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  for (const std::string& known : operators())
    if (std::equal(known.begin(), known.end(), word.begin(), word.end(), same)) return known;
  return text::nearest(word, operators());
}

bool is_kind_of_attribute(const config::Value& value) {
  if (const auto* list = std::get_if<config::List>(&value.data)) {
    const auto all = [&](auto is) { return std::all_of(list->begin(), list->end(), is); };
    return !list->empty() && (all([](const config::Value& v) { return std::holds_alternative<std::int64_t>(v.data); }) ||
                              all([](const config::Value& v) { return std::holds_alternative<double>(v.data); }));
  }
  return std::holds_alternative<std::int64_t>(value.data) || std::holds_alternative<double>(value.data) ||
         std::holds_alternative<std::string>(value.data);
}

GraphConstant constant_from(const std::string& name, const assay_array& array) {
  constexpr std::uint16_t kDtypes[] = {ASSAY_F32, ASSAY_F64, ASSAY_I64, ASSAY_I32, ASSAY_BOOL};
  if (std::find(std::begin(kDtypes), std::end(kDtypes), array.dtype) == std::end(kDtypes))
    refuse(fmt::format("constant `{}`", name), "its type is none of f32, f64, i64, i32 and bool");
  assay_array one = array;
  if (array.rank == 0) {
    one.rank = 1;
    one.shape[0] = one.stride[0] = 1;
  }
  StateEntries packed;  // dense, and its shape looked at
  packed.put_array(name, one);
  const StateEntry& entry = packed.items().front();
  return {name, entry.dtype, array.rank == 0 ? std::vector<std::int64_t>() : entry.shape, entry.bytes};
}

std::vector<std::string> names_from(const char* const* names, std::uint32_t count) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(names[i] != nullptr ? names[i] : "");
  return out;
}

}  // namespace

void Graph::give(const std::string& name) {
  if (!known_.insert(name).second) refuse(fmt::format("value `{}`", name), "it is given twice");
}

void Graph::add(GraphConstant constant) {
  if (constant.name.empty()) refuse("constant", "it has no name");
  give(constant.name);
  constants_.push_back(std::move(constant));
}

void Graph::add(GraphNode node) {
  const std::string what = fmt::format("node `{}`", node.operation);
  if (!std::binary_search(operators().begin(), operators().end(), node.operation)) {
    const auto near = meant_by(node.operation);
    refuse(what, fmt::format("operator set {} of ONNX has no such operator{}", kGraphOpset, near ? "; did you mean " + *near + "?" : ""));
  }
  for (const std::string& input : node.inputs)
    if (!input.empty() && !known_.contains(input)) refuse(what, fmt::format("its input `{}` is not given before it", input));
  if (std::all_of(node.outputs.begin(), node.outputs.end(), [](const std::string& name) { return name.empty(); }))
    refuse(what, "it has no output");
  for (const auto& [name, value] : node.attributes) {
    if (!is_kind_of_attribute(value))
      refuse(what, fmt::format("its attribute `{}` is no number, text, or list of whole numbers or of reals", name));
  }
  for (const std::string& output : node.outputs)
    if (!output.empty()) give(output);
  nodes_.push_back(std::move(node));
}

void Graph::set_result(const std::string& what, const std::string& name) {
  if (!known_.contains(name)) refuse(fmt::format("result `{}`", what), fmt::format("no node gives `{}`", name));
  if (result(what) != nullptr) refuse(fmt::format("result `{}`", what), "it is told twice");
  results_.emplace_back(what, name);
}

const std::string* Graph::result(std::string_view what) const {
  for (const auto& [key, name] : results_)
    if (key == what) return &name;
  return nullptr;
}

template <class F>
assay_status GraphHost::taken(assay_graph_writer* raw, const F& take) noexcept {
  GraphHost& host = *static_cast<GraphHost*>(raw->host);
  try {
    take(*host.graph_);
    return ASSAY_DONE;
  } catch (const Error& error) {
    host.error_ = error.tried() + ": " + error.happened();
  } catch (const std::bad_alloc&) {
    return ASSAY_NO_MEMORY;
  } catch (const std::exception& error) {
    host.error_ = error.what();
  }
  return ASSAY_BAD_INPUT;
}

GraphHost::GraphHost(Graph& graph, const assay_problem& problem) : graph_(&graph) {
  raw_.struct_size = sizeof raw_;
  raw_.opset = kGraphOpset;
  raw_.host = this;
  raw_.problem = &problem;
  raw_.rows = graph.rows().c_str();
  raw_.constant = [](assay_graph_writer* raw, const char* name, const assay_array* array) {
    return taken(raw, [&](Graph& to) { to.add(constant_from(name != nullptr ? name : "", *array)); });
  };
  raw_.node = [](assay_graph_writer* raw, const char* operation, const char* const* inputs, std::uint32_t n_inputs,
                 const char* const* outputs, std::uint32_t n_outputs, const assay_value* attributes) {
    return taken(raw, [&](Graph& to) {
      GraphNode node{operation != nullptr ? operation : "", names_from(inputs, n_inputs), names_from(outputs, n_outputs), {}};
      if (attributes != nullptr) {
        config::Value map = from_abi(*attributes);
        if (!std::holds_alternative<config::Map>(map.data)) refuse(fmt::format("node `{}`", node.operation), "its attributes are no map");
        node.attributes = std::get<config::Map>(std::move(map.data));
      }
      to.add(std::move(node));
    });
  };
  raw_.result = [](assay_graph_writer* raw, const char* what, const char* name) {
    return taken(raw, [&](Graph& to) { to.set_result(what != nullptr ? what : "", name != nullptr ? name : ""); });
  };
}

}  // namespace assay::plugin
