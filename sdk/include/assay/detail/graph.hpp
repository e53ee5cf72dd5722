// A model told as a graph of ONNX operators, for `assay export`: void graph(assay::Graph&) const adds nodes from rows() to the forecasts
// and says predicts(). Used by authors of models and by nn's layers. Names of values are made here. Valid during the call only.
//
//   void graph(assay::Graph& g) const { g.predicts(g.node("MatMul", {g.rows(), g.constant(weights, {n, 1})})); }
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "assay/abi.h"
#include "assay/detail/views.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// An attribute of a node: {"axis", -1}, {"alpha", 0.01}, {"direction", "forward"}, {"pads", {2, 0}}.
class Attribute {
 public:
  template <std::integral T>
  Attribute(const char* name, T value) : name_(name), kind_(ASSAY_VALUE_INT), whole_{static_cast<std::int64_t>(value)} {}
  template <std::floating_point T>
  Attribute(const char* name, T value) : name_(name), kind_(ASSAY_VALUE_REAL), real_(static_cast<double>(value)) {}
  Attribute(const char* name, const char* value) : name_(name), kind_(ASSAY_VALUE_TEXT), text_(value) {}
  Attribute(const char* name, std::initializer_list<std::int64_t> values) : name_(name), kind_(ASSAY_VALUE_LIST), whole_(values) {}

  std::string_view name() const { return name_; }
  // items: kept until the value has been used.
  assay_value raw(std::vector<assay_value>& items) const {
    assay_value value{};
    value.kind = kind_;
    value.f64 = real_;
    value.text = detail::to_text(text_);
    if (kind_ == ASSAY_VALUE_INT) value.i64 = whole_.front();
    if (kind_ != ASSAY_VALUE_LIST) return value;
    for (const std::int64_t whole : whole_) {
      items.emplace_back();
      items.back().kind = ASSAY_VALUE_INT;
      items.back().i64 = whole;
    }
    value.n = static_cast<std::uint32_t>(items.size());
    value.items = items.data();
    return value;
  }

 private:
  std::string name_;
  std::int32_t kind_;
  std::vector<std::int64_t> whole_;
  double real_ = 0;
  std::string text_;
};

class Graph {
 public:
  explicit Graph(assay_graph_writer& raw) : raw_(&raw) {}

  int opset() const { return static_cast<int>(raw_->opset); }
  Problem problem() const { return Problem(*raw_->problem); }
  // The inputs, in the model's Scalar: rows x inputs, with a lookback rows x lookback x inputs, the newest time last.
  std::string rows() const { return raw_->rows; }

  // An array that the nodes read; shape {} is a scalar.
  template <class T>
  std::string constant(std::span<const T> values, std::initializer_list<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    if (count != static_cast<std::int64_t>(values.size())) throw Error("a constant of a graph has another number of values than its shape");
    std::string name = fresh("constant");
    const assay_array array = detail::array_of(values.data(), shape);
    check(raw_->constant(raw_, name.c_str(), &array), name);
    return name;
  }
  template <class T>
  std::string constant(const std::vector<T>& values, std::initializer_list<std::int64_t> shape) {
    return constant(std::span<const T>(values), shape);
  }
  template <class T>
  std::string scalar(T value) {
    return constant(std::span<const T>(&value, 1), {});
  }
  std::string indices(std::initializer_list<std::int64_t> values) {
    return constant(std::span<const std::int64_t>(values.begin(), values.size()), {static_cast<std::int64_t>(values.size())});
  }

  // An operator of the default set; gives the names of its outputs, or of the only one. "" among the inputs: left out.
  std::vector<std::string> node(const char* operation, const std::vector<std::string>& inputs, const std::vector<Attribute>& attributes,
                                std::size_t outputs) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < outputs; ++i) names.push_back(fresh(operation));
    std::vector<std::vector<assay_value>> lists(attributes.size());
    std::vector<assay_value> entries;
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      entries.emplace_back();
      entries.back().kind = ASSAY_VALUE_TEXT;
      entries.back().text = detail::to_text(attributes[i].name());
      entries.push_back(attributes[i].raw(lists[i]));
    }
    assay_value map{};
    map.kind = ASSAY_VALUE_MAP;
    map.n = static_cast<std::uint32_t>(attributes.size());
    map.items = entries.data();
    const std::vector<const char*> in = pointers(inputs), out = pointers(names);
    check(raw_->node(raw_, operation, in.data(), static_cast<std::uint32_t>(in.size()), out.data(), static_cast<std::uint32_t>(out.size()),
                     &map),
          operation);
    return names;
  }
  std::string node(const char* operation, const std::vector<std::string>& inputs, const std::vector<Attribute>& attributes = {}) {
    return node(operation, inputs, attributes, 1).front();
  }

  // `value` in T: float, double or a 64-bit integer.
  template <class T>
  std::string cast(const std::string& value) {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>);
    constexpr int kFloat = 1, kInt64 = 7, kDouble = 11;  // TensorProto.DataType
    return node("Cast", {value}, {{"to", std::is_same_v<T, float> ? kFloat : std::is_same_v<T, double> ? kDouble : kInt64}});
  }

  // What predict() gives, rows x outputs, in any type of reals.
  void predicts(const std::string& value) { check(raw_->result(raw_, "predict", value.c_str()), value); }
  // What quantiles() gives at the problem's levels, rows x levels; may be left out.
  void gives_quantiles(const std::string& value) { check(raw_->result(raw_, "quantiles", value.c_str()), value); }

 private:
  std::string fresh(const char* what) { return std::string(what) + "_" + std::to_string(++made_); }
  static std::vector<const char*> pointers(const std::vector<std::string>& names) {
    std::vector<const char*> out;
    for (const std::string& name : names) out.push_back(name.c_str());
    return out;
  }
  // The host keeps the reason, unless it has none.
  static void check(assay_status status, const std::string& what) {
    if (status != ASSAY_DONE) throw Error("the host could not take '" + what + "' into the graph", status);
  }

  assay_graph_writer* raw_;
  std::int64_t made_ = 0;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
