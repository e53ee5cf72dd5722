#include "onnx/graph_builder.hpp"

#include <fmt/format.h>

#include <map>
#include <span>

#include "base/error.hpp"

namespace assay::onnx {

namespace {

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span<const T>(values));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

config::Map with_axis(std::int64_t axis) { return {{"axis", config::Value{axis}}}; }

std::string GraphBuilder::fresh(const char* what) { return fmt::format("{}{}_{}", prefix_, what, ++made_); }

std::string GraphBuilder::node(const char* operation, std::vector<std::string> inputs, config::Map attributes) {
  std::string name = fresh(operation);
  graph_.add(plugin::GraphNode{operation, std::move(inputs), {name}, std::move(attributes)});
  return name;
}

std::string GraphBuilder::constant(std::uint16_t dtype, std::vector<std::int64_t> shape, std::vector<std::byte> bytes) {
  std::string name = fresh("constant");
  graph_.add(plugin::GraphConstant{name, dtype, std::move(shape), std::move(bytes)});
  return name;
}

std::string GraphBuilder::numbers(const std::vector<double>& values, std::vector<std::int64_t> shape) {
  return constant(ASSAY_F64, std::move(shape), bytes_of(values));
}
std::string GraphBuilder::indices(const std::vector<std::int64_t>& values) {
  return constant(ASSAY_I64, {static_cast<std::int64_t>(values.size())}, bytes_of(values));
}
std::string GraphBuilder::flags(const std::vector<bool>& values) {
  std::vector<std::byte> bytes;
  for (const bool value : values) bytes.push_back(std::byte{value});
  return constant(ASSAY_BOOL, {static_cast<std::int64_t>(values.size())}, std::move(bytes));
}

std::string GraphBuilder::cast(const std::string& value, std::uint16_t dtype) {
  const std::int64_t to = dtype == ASSAY_F32 ? 1 : dtype == ASSAY_I64 ? 7 : dtype == ASSAY_BOOL ? 9 : 11;  // TensorProto.DataType
  return node("Cast", {value}, {{"to", config::Value{to}}});
}
std::string GraphBuilder::columns(const std::string& value, const std::vector<std::int64_t>& which) {
  return node("Gather", {value, indices(which)}, with_axis(-1));
}
std::string GraphBuilder::beside(std::vector<std::string> values) {
  if (values.size() == 1) return values.front();
  return node("Concat", std::move(values), with_axis(-1));
}

std::vector<std::string> GraphBuilder::take(const plugin::Graph& model, const std::string& rows, const std::string& prefix,
                                            std::initializer_list<const char*> results) {
  const auto named = [&](const std::string& name) { return name.empty() ? name : name == model.rows() ? rows : prefix + name; };
  for (plugin::GraphConstant constant : model.constants()) {
    constant.name = named(constant.name);
    graph_.add(std::move(constant));
  }
  for (plugin::GraphNode node : model.nodes()) {
    for (std::string& name : node.inputs) name = named(name);
    for (std::string& name : node.outputs) name = named(name);
    graph_.add(std::move(node));
  }
  std::vector<std::string> names;
  for (const char* result : results) {
    const std::string* name = model.result(result);
    names.push_back(name == nullptr ? std::string() : named(*name));
  }
  return names;
}

void GraphBuilder::set_name(const std::string& value, const std::string& name) {
  graph_.add(plugin::GraphNode{"Identity", {value}, {name}, {}});
}

}  // namespace assay::onnx
