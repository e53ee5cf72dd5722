#include "checker/graph_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "base/error.hpp"

namespace assay::checker {
namespace {

using Shape = std::vector<std::int64_t>;
using Unary = double (*)(double);
using Binary = double (*)(double, double);

const std::map<std::string, Unary>& unary_operators() {
  static const std::map<std::string, Unary> all = {
      {"Identity", [](double x) { return x; }},
      {"Abs", [](double x) { return std::fabs(x); }},
      {"Neg", [](double x) { return -x; }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Sign", [](double x) { return static_cast<double>((x > 0) - (x < 0)); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }},
      {"Relu", [](double x) { return x < 0 ? 0 : x; }},
      {"Not", [](double x) { return static_cast<double>(x == 0); }},
      {"IsNaN", [](double x) { return static_cast<double>(std::isnan(x)); }},
      {"IsInf", [](double x) { return static_cast<double>(std::isinf(x)); }}};
  return all;
}

const std::map<std::string, Binary>& binary_operators() {
  static const std::map<std::string, Binary> all = {{"Add", [](double a, double b) { return a + b; }},
                                                    {"Sum", [](double a, double b) { return a + b; }},
                                                    {"Sub", [](double a, double b) { return a - b; }},
                                                    {"Mul", [](double a, double b) { return a * b; }},
                                                    {"Div", [](double a, double b) { return a / b; }},
                                                    {"Pow", [](double a, double b) { return std::pow(a, b); }},
                                                    {"Max", [](double a, double b) { return std::max(a, b); }},
                                                    {"Min", [](double a, double b) { return std::min(a, b); }},
                                                    {"Less", [](double a, double b) { return static_cast<double>(a < b); }},
                                                    {"LessOrEqual", [](double a, double b) { return static_cast<double>(a <= b); }},
                                                    {"Greater", [](double a, double b) { return static_cast<double>(a > b); }},
                                                    {"GreaterOrEqual", [](double a, double b) { return static_cast<double>(a >= b); }},
                                                    {"Equal", [](double a, double b) { return static_cast<double>(a == b); }},
                                                    {"And", [](double a, double b) { return static_cast<double>(a != 0 && b != 0); }},
                                                    {"Or", [](double a, double b) { return static_cast<double>(a != 0 || b != 0); }}};
  return all;
}

Shape joined(const NodeInputs& in, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) in.misfit(fmt::format("{} and {} values along an axis do not go together", x, y));
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

// The element of `from` that meets element `index` of a tensor of this shape.
double met(const Tensor& from, const Shape& shape, std::int64_t index) {
  std::int64_t at = 0, stride = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t place = index % shape[shape.size() - 1 - i];
    index /= shape[shape.size() - 1 - i];
    if (i >= from.shape.size()) continue;
    const std::int64_t extent = from.shape[from.shape.size() - 1 - i];
    at += (extent == 1 ? 0 : place) * stride;
    stride *= extent;
  }
  return from.values[static_cast<std::size_t>(at)];
}

template <class F>
Tensor each(const Shape& shape, const F& f) {
  Tensor out{shape, std::vector<double>(static_cast<std::size_t>(count_of(shape)))};
  for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = f(static_cast<std::int64_t>(i));
  return out;
}

Tensor paired(const NodeInputs& in, const Tensor& a, const Tensor& b, Binary of) {
  const Shape shape = joined(in, a.shape, b.shape);
  return each(shape, [&](std::int64_t i) { return of(met(a, shape, i), met(b, shape, i)); });
}

// How many elements stand before an axis, on it, and within one place of it.
struct Along {
  std::int64_t outer = 1, count = 1, inner = 1;
  Along(const Tensor& x, std::int64_t axis) : count(x.extent(axis)) {
    for (std::int64_t i = 0; i < axis; ++i) outer *= x.extent(i);
    for (std::int64_t i = axis + 1; i < x.rank(); ++i) inner *= x.extent(i);
  }
  std::size_t at(std::int64_t o, std::int64_t k, std::int64_t i) const { return static_cast<std::size_t>((o * count + k) * inner + i); }
};

// x with the places `from` of an axis in their order.
Tensor picked(const Tensor& x, std::int64_t axis, const std::vector<std::int64_t>& from) {
  const Along along(x, axis);
  Tensor out{x.shape, {}};
  out.shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(from.size());
  for (std::int64_t o = 0; o < along.outer; ++o)
    for (const std::int64_t k : from)
      for (std::int64_t i = 0; i < along.inner; ++i) out.values.push_back(x.values[along.at(o, k, i)]);
  return out;
}

Tensor gathered(const NodeInputs& in) {
  const Tensor &x = in[0], &which = in[1];
  const std::int64_t axis = in.axis(x, 0);
  std::vector<std::int64_t> from;
  for (const double value : which.values) {
    const auto k = static_cast<std::int64_t>(value);
    if (k < -x.extent(axis) || k >= x.extent(axis)) in.misfit(fmt::format("place {} of {}", k, x.extent(axis)));
    from.push_back(k < 0 ? k + x.extent(axis) : k);
  }
  Tensor out = picked(x, axis, from);
  out.shape.erase(out.shape.begin() + axis);
  out.shape.insert(out.shape.begin() + axis, which.shape.begin(), which.shape.end());
  return out;
}

Tensor sliced(const NodeInputs& in) {
  Tensor x = in[0];
  for (std::size_t i = 0; i < in[1].values.size(); ++i) {
    const auto part = [&](std::size_t input, double otherwise) { return in.has(input) ? in[input].values[i] : otherwise; };
    auto axis = static_cast<std::int64_t>(part(3, static_cast<double>(i)));
    axis = axis < 0 ? axis + x.rank() : axis;
    const double extent = static_cast<double>(x.extent(axis)), step = part(4, 1);
    const auto placed = [&](double at, double low, double high) { return std::clamp(at < 0 ? at + extent : at, low, high); };
    const double first = step > 0 ? placed(in[1].values[i], 0, extent) : placed(in[1].values[i], 0, extent - 1);
    const double last = step > 0 ? placed(in[2].values[i], 0, extent) : placed(in[2].values[i], -1, extent - 1);
    std::vector<std::int64_t> from;
    for (double k = first; step > 0 ? k < last : k > last; k += step) from.push_back(static_cast<std::int64_t>(k));
    x = picked(x, axis, from);
  }
  return x;
}

Tensor transposed(const NodeInputs& in) {
  const Tensor& x = in[0];
  Shape order(x.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = in.wholes("perm", order);
  if (order.size() != x.shape.size()) in.misfit("perm has another rank than the value");
  Shape stride(x.shape.size(), 1), shape;
  for (std::size_t i = x.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * x.shape[i];
  for (const std::int64_t axis : order) shape.push_back(x.extent(axis));
  return each(shape, [&](std::int64_t index) {
    std::int64_t at = 0;
    for (std::size_t i = shape.size(); i-- > 0; index /= shape[i]) at += index % shape[i] * stride[static_cast<std::size_t>(order[i])];
    return x.values[static_cast<std::size_t>(at)];
  });
}

Tensor reshaped(const NodeInputs& in) {
  Tensor out = in[0];
  Shape shape;
  for (std::size_t i = 0; i < in[1].values.size(); ++i) {
    const auto wanted = static_cast<std::int64_t>(in[1].values[i]);
    shape.push_back(wanted == 0 ? out.extent(static_cast<std::int64_t>(i)) : wanted);
  }
  const auto open = std::find(shape.begin(), shape.end(), -1);
  if (open != shape.end()) {
    *open = 1;
    *open = static_cast<std::int64_t>(out.values.size()) / count_of(shape);
  }
  if (count_of(shape) != static_cast<std::int64_t>(out.values.size())) in.misfit("the new shape holds another number of values");
  out.shape = shape;
  return out;
}

Tensor with_axes(const NodeInputs& in, bool more) {
  Tensor out = in[0];
  std::vector<std::int64_t> axes;
  for (const double axis : in[1].values) {
    const std::int64_t rank = out.rank() + (more ? static_cast<std::int64_t>(in[1].values.size()) : 0);
    axes.push_back(static_cast<std::int64_t>(axis) + (axis < 0 ? rank : 0));
  }
  std::sort(axes.begin(), axes.end());
  if (!more) std::reverse(axes.begin(), axes.end());
  for (const std::int64_t axis : axes) {
    if (!more && out.extent(axis) != 1) in.misfit(fmt::format("axis {} has {} places", axis, out.extent(axis)));
    more ? void(out.shape.insert(out.shape.begin() + axis, 1)) : void(out.shape.erase(out.shape.begin() + axis));
  }
  return out;
}

Tensor concatenated(const NodeInputs& in) {
  const std::int64_t axis = in.axis(in[0], 0);
  Tensor out{in[0].shape, {}};
  std::int64_t& all = out.shape[static_cast<std::size_t>(axis)];
  all = 0;
  for (const Tensor* part : in.values) all += part->extent(axis);
  for (std::int64_t o = 0; o < Along(in[0], axis).outer; ++o)
    for (const Tensor* part : in.values) {
      const Along along(*part, axis);
      const auto from = part->values.begin() + o * along.count * along.inner;
      out.values.insert(out.values.end(), from, from + along.count * along.inner);
    }
  if (count_of(out.shape) != static_cast<std::int64_t>(out.values.size())) in.misfit("its parts have different shapes");
  return out;
}

Tensor reduced(const NodeInputs& in, const std::string& how) {
  std::vector<std::int64_t> axes = in.wholes("axes", {});
  if (in.has(1))
    for (const double axis : in[1].values) axes.push_back(static_cast<std::int64_t>(axis));
  Tensor x = in[0];
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + x.rank() : axis;
  if (axes.empty())
    for (std::int64_t i = 0; i < x.rank(); ++i) axes.push_back(i);
  std::sort(axes.rbegin(), axes.rend());
  for (const std::int64_t axis : axes) {
    const Along along(x, axis);
    Tensor out{x.shape, {}};
    out.shape[static_cast<std::size_t>(axis)] = 1;
    for (std::int64_t o = 0; o < along.outer; ++o)
      for (std::int64_t i = 0; i < along.inner; ++i) {
        double value = x.values[along.at(o, 0, i)];
        for (std::int64_t k = 1; k < along.count; ++k) {
          const double next = x.values[along.at(o, k, i)];
          value = how == "Max" ? std::max(value, next) : how == "Min" ? std::min(value, next) : value + next;
        }
        out.values.push_back(how == "Mean" ? value / static_cast<double>(along.count) : value);
      }
    if (in.whole("keepdims", 1) == 0) out.shape.erase(out.shape.begin() + axis);
    x = std::move(out);
  }
  return x;
}

Tensor softmax(const NodeInputs& in) {
  Tensor x = in[0];
  const Along along(x, in.axis(x, -1));
  for (std::int64_t o = 0; o < along.outer; ++o)
    for (std::int64_t i = 0; i < along.inner; ++i) {
      double largest = x.values[along.at(o, 0, i)], sum = 0;
      for (std::int64_t k = 1; k < along.count; ++k) largest = std::max(largest, x.values[along.at(o, k, i)]);
      for (std::int64_t k = 0; k < along.count; ++k) sum += x.values[along.at(o, k, i)] = std::exp(x.values[along.at(o, k, i)] - largest);
      for (std::int64_t k = 0; k < along.count; ++k) x.values[along.at(o, k, i)] /= sum;
    }
  return x;
}

Tensor flattened(const NodeInputs& in) {
  Tensor x = in[0];
  const std::int64_t axis = in.axis(x, 1), first = count_of({x.shape.begin(), x.shape.begin() + axis});
  x.shape = {first, first == 0 ? 0 : static_cast<std::int64_t>(x.values.size()) / first};
  return x;
}

Tensor cast(const NodeInputs& in) {
  constexpr std::int64_t kFloat = 1, kInt32 = 6, kInt64 = 7, kBool = 9, kDouble = 11;
  const std::int64_t to = in.whole("to", 0);
  if (to != kFloat && to != kInt32 && to != kInt64 && to != kBool && to != kDouble) throw UnknownOperator{"Cast to another type"};
  Tensor x = in[0];
  for (double& value : x.values) {
    if (to == kFloat) value = static_cast<double>(static_cast<float>(value));
    if (to == kInt32 || to == kInt64) value = std::trunc(value);
    if (to == kBool) value = value != 0;
  }
  return x;
}

Tensor where(const NodeInputs& in) {
  const Shape shape = joined(in, joined(in, in[0].shape, in[1].shape), in[2].shape);
  return each(shape, [&](std::int64_t i) { return met(in[0], shape, i) != 0 ? met(in[1], shape, i) : met(in[2], shape, i); });
}

Tensor clipped(const NodeInputs& in) {
  Tensor x = in[0];
  for (double& value : x.values) {
    if (in.has(1) && value < in[1].values[0]) value = in[1].values[0];
    if (in.has(2) && value > in[2].values[0]) value = in[2].values[0];
  }
  return x;
}

Tensor one_value(const NodeInputs& in) {
  const std::string& name = in.node.operation;
  if (const auto found = unary_operators().find(name); found != unary_operators().end())
    return each(in[0].shape, [&](std::int64_t i) { return found->second(in[0].values[static_cast<std::size_t>(i)]); });
  if (const auto found = binary_operators().find(name); found != binary_operators().end()) {
    Tensor value = in[0];
    for (std::size_t i = 1; i < in.values.size(); ++i) value = paired(in, value, in[i], found->second);
    return value;
  }
  if (name == "LeakyRelu" || name == "Elu") {
    const double alpha = in.real("alpha", name == "Elu" ? 1 : 0.01);
    return each(in[0].shape, [&](std::int64_t i) {
      const double x = in[0].values[static_cast<std::size_t>(i)];
      return x >= 0 ? x : alpha * (name == "Elu" ? std::expm1(x) : x);
    });
  }
  if (name.starts_with("Reduce")) {
    const std::string how = name.substr(std::strlen("Reduce"));
    if (how == "Max" || how == "Min" || how == "Mean" || how == "Sum") return reduced(in, how);
  }
  if (name == "Unsqueeze" || name == "Squeeze") return with_axes(in, name == "Unsqueeze");
  static const std::map<std::string, Tensor (*)(const NodeInputs&)> others = {
      {"Where", where},     {"Clip", clipped}, {"Cast", cast},        {"Concat", concatenated},  {"Flatten", flattened},
      {"Gather", gathered}, {"Slice", sliced}, {"Reshape", reshaped}, {"Transpose", transposed}, {"Softmax", softmax}};
  const auto found = others.find(name);
  if (found == others.end()) throw UnknownOperator{name};
  return found->second(in);
}

template <class T>
void append(const std::vector<std::byte>& bytes, std::vector<double>& out) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    out.push_back(static_cast<double>(value));
  }
}

Tensor numbers_of(const plugin::GraphConstant& constant) {
  Tensor out{constant.shape, {}};
  if (constant.dtype == ASSAY_F32) append<float>(constant.bytes, out.values);
  if (constant.dtype == ASSAY_F64) append<double>(constant.bytes, out.values);
  if (constant.dtype == ASSAY_I64) append<std::int64_t>(constant.bytes, out.values);
  if (constant.dtype == ASSAY_I32) append<std::int32_t>(constant.bytes, out.values);
  if (constant.dtype == ASSAY_BOOL) append<std::uint8_t>(constant.bytes, out.values);
  return out;
}

}  // namespace

std::int64_t count_of(const Shape& shape) { return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()); }

const Tensor& NodeInputs::operator[](std::size_t i) const {
  if (!has(i)) misfit(fmt::format("it has no input {}", i));
  return *values[i];
}
std::int64_t NodeInputs::whole(const char* attribute, std::int64_t otherwise) const {
  const config::Value* value = config::find(node.attributes, attribute);
  return value == nullptr ? otherwise : value->as_int();
}
double NodeInputs::real(const char* attribute, double otherwise) const {
  const config::Value* value = config::find(node.attributes, attribute);
  return value == nullptr ? otherwise : value->as_real();
}
std::string NodeInputs::text(const char* attribute, const char* otherwise) const {
  const config::Value* value = config::find(node.attributes, attribute);
  return value == nullptr ? otherwise : value->as_text();
}
Shape NodeInputs::wholes(const char* attribute, Shape otherwise) const {
  const config::Value* value = config::find(node.attributes, attribute);
  if (value == nullptr) return otherwise;
  Shape out;
  for (const config::Value& item : value->as_list()) out.push_back(item.as_int());
  return out;
}
std::int64_t NodeInputs::axis(const Tensor& of, std::int64_t otherwise) const {
  const std::int64_t given = whole("axis", otherwise), from_start = given < 0 ? given + of.rank() : given;
  if (from_start < 0 || from_start >= of.rank()) misfit(fmt::format("axis {} of a value of rank {}", given, of.rank()));
  return from_start;
}
void NodeInputs::misfit(const std::string& why) const {
  throw Error(Fault::failed, fmt::format("computing the graph's node `{}`", node.operation), why);
}

Tensor computed(const plugin::Graph& graph, Tensor rows, const std::string& name) {
  std::map<std::string, Tensor> values;
  values.emplace(graph.rows(), std::move(rows));
  for (const plugin::GraphConstant& constant : graph.constants()) values.emplace(constant.name, numbers_of(constant));
  for (const plugin::GraphNode& node : graph.nodes()) {
    NodeInputs in{node, {}};
    for (const std::string& input : node.inputs) in.values.push_back(input.empty() ? nullptr : &values.at(input));
    std::vector<Tensor> out;
    if (!compute_layer(in, out)) out.push_back(one_value(in));
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      if (i >= out.size()) throw UnknownOperator{fmt::format("{} with {} outputs", node.operation, node.outputs.size())};
      values.emplace(node.outputs[i], std::move(out[i]));
    }
  }
  return values.at(name);
}

}  // namespace assay::checker
