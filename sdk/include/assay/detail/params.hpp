// Declaring parameters: Params<T> collects them from T::params, the member's value in a fresh T is the default. Used by authors in
// `static void params(assay::Params<T>&)`; the host checks ranges, fills in defaults and hands the values over. Built once, then read-only.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "assay/abi.h"
#include "assay/detail/views.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// An owned copy of any value of the experiment file; list items and, for maps and components, name and value by turns.
struct Value {
  int kind = ASSAY_VALUE_NONE;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<Value> items;

  static Value from(const assay_value& raw) {
    Value v{raw.kind, raw.i64, raw.f64, std::string(detail::text_of(raw.text)), {}};
    const bool pairs = raw.kind == ASSAY_VALUE_MAP || raw.kind == ASSAY_VALUE_COMPONENT;
    const std::size_t count = raw.kind == ASSAY_VALUE_LIST ? raw.n : pairs ? std::size_t{2} * raw.n : 0;
    for (std::size_t i = 0; i < count; ++i) v.items.push_back(from(raw.items[i]));
    return v;
  }
};

// {use: id, ...} as a parameter: the component's id and its parameters.
struct Component {
  std::string id;
  std::vector<std::pair<std::string, Value>> params;
};

namespace detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <auto Member>
struct MemberOf;
template <class C, class M, M C::*P>
struct MemberOf<P> {
  using Type = M;
};

template <class V>
V read_value(const assay_value& raw) {
  if constexpr (std::is_same_v<V, bool>) {
    if (raw.kind != ASSAY_VALUE_BOOL) throw bad_input("a parameter is not true or false");
    return raw.i64 != 0;
  } else if constexpr (std::is_integral_v<V>) {
    if (raw.kind != ASSAY_VALUE_INT || static_cast<std::int64_t>(static_cast<V>(raw.i64)) != raw.i64)
      throw bad_input("a parameter is no whole number that fits");
    return static_cast<V>(raw.i64);
  } else if constexpr (std::is_floating_point_v<V>) {
    if (raw.kind == ASSAY_VALUE_INT) return static_cast<V>(raw.i64);
    if (raw.kind != ASSAY_VALUE_REAL) throw bad_input("a parameter is not a number");
    return static_cast<V>(raw.f64);
  } else if constexpr (std::is_same_v<V, std::string>) {
    if (raw.kind != ASSAY_VALUE_TEXT) throw bad_input("a parameter is not a text");
    return std::string(text_of(raw.text));
  } else if constexpr (std::is_same_v<V, Component>) {
    if (raw.kind != ASSAY_VALUE_COMPONENT) throw bad_input("a parameter is not a component");
    Component component{std::string(text_of(raw.text)), {}};
    for (std::uint32_t i = 0; i < raw.n; ++i)
      component.params.emplace_back(text_of(raw.items[2 * i].text), Value::from(raw.items[2 * i + 1]));
    return component;
  } else {
    static_assert(IsVector<V>::value, "this type cannot be a parameter");
    if (raw.kind != ASSAY_VALUE_LIST) throw bad_input("a parameter is not a list");
    V list;
    for (std::uint32_t i = 0; i < raw.n; ++i) list.push_back(read_value<typename V::value_type>(raw.items[i]));
    return list;
  }
}

// A borrowed assay_value of a member; texts point into the member, so the member has to outlive it.
template <class V>
assay_value scalar_value(const V& value) {
  assay_value raw{};
  if constexpr (std::is_same_v<V, bool>) {
    raw.kind = ASSAY_VALUE_BOOL;
    raw.i64 = value ? 1 : 0;
  } else if constexpr (std::is_integral_v<V>) {
    raw.kind = ASSAY_VALUE_INT;
    raw.i64 = static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<V>) {
    raw.kind = ASSAY_VALUE_REAL;
    raw.f64 = static_cast<double>(value);
  } else {
    raw.kind = ASSAY_VALUE_TEXT;
    raw.text = to_text(std::string_view(value));
  }
  return raw;
}

// What one assay_param points at.
template <class T>
struct ParamRecord {
  assay_param raw{};
  assay_value fallback{}, only_if_value{};
  std::string only_if_text;
  std::vector<assay_value> items;
  std::vector<const char*> choices;
  void (*set)(T&, const assay_value&, const ParamRecord&) = nullptr;
};

}  // namespace detail

// One parameter's further wishes, chained: p.real<&T::rate>("rate", "...").range(0, 1).log_scale();
template <class T>
class Param {
 public:
  explicit Param(detail::ParamRecord<T>& record) : record_(record) {}
  Param& range(double min, double max) { return record_.raw.min = min, record_.raw.max = max, *this; }  // of each item, for lists
  Param& at_least(double min) { return record_.raw.min = min, *this; }
  Param& at_most(double max) { return record_.raw.max = max, *this; }
  Param& open() { return flag(ASSAY_PARAM_OPEN_MIN | ASSAY_PARAM_OPEN_MAX); }  // the bounds themselves are not allowed
  Param& open_min() { return flag(ASSAY_PARAM_OPEN_MIN); }
  Param& open_max() { return flag(ASSAY_PARAM_OPEN_MAX); }
  Param& step(double step) { return record_.raw.step = step, *this; }
  Param& items(std::uint32_t min, std::uint32_t max) { return record_.raw.min_items = min, record_.raw.max_items = max, *this; }
  Param& log_scale() { return flag(ASSAY_PARAM_LOG_SCALE); }
  Param& not_tunable() { return flag(ASSAY_PARAM_NOT_TUNABLE); }
  Param& unit(const char* unit) { return record_.raw.unit = unit, *this; }
  Param& required() {  // the file has to give it
    record_.raw.fallback = nullptr;
    return flag(ASSAY_PARAM_REQUIRED);
  }
  // Of a column: the data may lack it. Then the member is empty, and the frame's has() says so.
  Param& optional() {
    record_.raw.flags &= ~static_cast<std::uint32_t>(ASSAY_PARAM_REQUIRED);
    record_.raw.fallback = &record_.fallback;
    return flag(ASSAY_PARAM_OPTIONAL);
  }
  // Counts only where the earlier parameter `name` has this value.
  Param& only_if(const char* name, const char* value) {
    record_.only_if_text = value;
    return condition(name, detail::scalar_value(record_.only_if_text));
  }
  template <class V>
  requires std::is_arithmetic_v<V> Param& only_if(const char* name, V value) { return condition(name, detail::scalar_value(value)); }

 private:
  Param& flag(unsigned flags) { return record_.raw.flags |= flags, *this; }
  Param& condition(const char* name, const assay_value& value) {
    record_.raw.only_if = name;
    record_.only_if_value = value;
    record_.raw.only_if_value = &record_.only_if_value;
    return *this;
  }
  detail::ParamRecord<T>& record_;
};

// Names, docs, units and choices are string literals (they are kept by pointer).
template <class T>
class Params {
 public:
  Params() {
    static_assert(std::is_default_constructible_v<T>, "a component needs a default constructor: its members' values are the defaults");
    if constexpr (requires(Params & p) { T::params(p); }) T::params(*this);
    for (const auto& record : records_) raw_.push_back(&record->raw);
  }
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;

  template <auto M>
  Param<T> real(const char* name, const char* doc) {
    static_assert(std::is_floating_point_v<typename detail::MemberOf<M>::Type>);
    return scalar<M>(ASSAY_PARAM_REAL, name, doc);
  }
  template <auto M>
  Param<T> integer(const char* name, const char* doc) {
    using V = typename detail::MemberOf<M>::Type;
    static_assert(std::is_integral_v<V> && !std::is_same_v<V, bool>);
    return scalar<M>(ASSAY_PARAM_INT, name, doc);
  }
  template <auto M>
  Param<T> boolean(const char* name, const char* doc) {
    static_assert(std::is_same_v<typename detail::MemberOf<M>::Type, bool>);
    return scalar<M>(ASSAY_PARAM_BOOL, name, doc);
  }
  template <auto M>
  Param<T> text(const char* name, const char* doc) {
    return scalar<M>(ASSAY_PARAM_TEXT, name, doc);
  }
  // The name of a column. A feature gets these columns in its frame, in the order of declaration. Required, unless the member names one.
  template <auto M>
  Param<T> column(const char* name, const char* doc) {
    Param<T> param = scalar<M>(ASSAY_PARAM_COLUMN, name, doc);
    param.not_tunable();
    if ((defaults_.*M).empty()) param.required();
    return param;
  }
  // The member is a std::string, or an enum or integer that gets the choice's index.
  template <auto M>
  Param<T> choice(const char* name, const char* doc, std::initializer_list<const char*> choices) {
    using V = typename detail::MemberOf<M>::Type;
    if constexpr (std::is_same_v<V, std::string>)
      return with_choices(scalar<M>(ASSAY_PARAM_CHOICE, name, doc), choices);
    else {
      auto& record = add(ASSAY_PARAM_CHOICE, name, doc);
      record.choices = choices;
      record.fallback = detail::scalar_value(std::string_view(record.choices.at(static_cast<std::size_t>(defaults_.*M))));
      record.set = [](T& object, const assay_value& raw, const detail::ParamRecord<T>& r) {
        const std::string text = detail::read_value<std::string>(raw);
        for (std::size_t i = 0; i < r.choices.size(); ++i)
          if (text == r.choices[i]) return void(object.*M = static_cast<V>(i));
        throw bad_input(std::string(r.raw.name) + ": no such choice: " + text);
      };
      return with_choices(Param<T>(record), choices);
    }
  }
  template <auto M>
  Param<T> reals(const char* name, const char* doc) {
    return list<M>(ASSAY_PARAM_REAL, name, doc);
  }
  template <auto M>
  Param<T> integers(const char* name, const char* doc) {
    return list<M>(ASSAY_PARAM_INT, name, doc);
  }
  template <auto M>
  Param<T> texts(const char* name, const char* doc) {
    return list<M>(ASSAY_PARAM_TEXT, name, doc);
  }
  template <auto M>
  Param<T> columns(const char* name, const char* doc) {
    Param<T> param = list<M>(ASSAY_PARAM_COLUMN, name, doc);
    return param.not_tunable();
  }
  template <auto M>
  Param<T> choices(const char* name, const char* doc, std::initializer_list<const char*> choices) {
    return with_choices(list<M>(ASSAY_PARAM_CHOICE, name, doc), choices);
  }
  // Another component ({use: id, ...}) of the given kind; always required.
  template <auto M>
  Param<T> component(const char* name, const char* doc, const char* kind) {
    static_assert(std::is_same_v<typename detail::MemberOf<M>::Type, Component>);
    auto& record = add(ASSAY_PARAM_COMPONENT, name, doc);
    record.raw.component_kind = kind;
    record.set = setter<M>();
    return Param<T>(record).required();
  }
  // A list of them; the member is a std::vector<Component>, empty at first.
  template <auto M>
  Param<T> components(const char* name, const char* doc, const char* kind) {
    static_assert(std::is_same_v<typename detail::MemberOf<M>::Type, std::vector<Component>>);
    auto& record = add(ASSAY_PARAM_LIST, name, doc);
    record.raw.item_kind = ASSAY_PARAM_COMPONENT;
    record.raw.component_kind = kind;
    record.fallback.kind = ASSAY_VALUE_LIST;
    record.set = setter<M>();
    return Param<T>(record);
  }

  const std::vector<const assay_param*>& raw() const { return raw_; }

  void assign(T& object, const assay_value* values, std::uint32_t n) const {
    if (n != records_.size()) throw bad_input("expected " + std::to_string(records_.size()) + " parameters, got " + std::to_string(n));
    for (std::uint32_t i = 0; i < n; ++i)
      if (values[i].kind != ASSAY_VALUE_NONE) records_[i]->set(object, values[i], *records_[i]);
  }

 private:
  using Record = detail::ParamRecord<T>;

  template <auto M>
  static auto setter() {
    return
        [](T& object, const assay_value& raw, const Record&) { object.*M = detail::read_value<typename detail::MemberOf<M>::Type>(raw); };
  }
  Record& add(std::uint32_t kind, const char* name, const char* doc) {
    Record& record = *records_.emplace_back(std::make_unique<Record>());
    record.raw.struct_size = sizeof(assay_param);
    record.raw.kind = kind;
    record.raw.name = name;
    record.raw.doc = doc;
    record.raw.min = -std::numeric_limits<double>::infinity();
    record.raw.max = std::numeric_limits<double>::infinity();
    record.raw.max_items = std::numeric_limits<std::uint32_t>::max();
    record.raw.fallback = &record.fallback;
    return record;
  }
  template <auto M>
  Param<T> scalar(std::uint32_t kind, const char* name, const char* doc) {
    Record& record = add(kind, name, doc);
    record.fallback = detail::scalar_value(defaults_.*M);
    record.set = setter<M>();
    return Param<T>(record);
  }
  template <auto M>
  Param<T> list(std::uint32_t item_kind, const char* name, const char* doc) {
    static_assert(detail::IsVector<typename detail::MemberOf<M>::Type>::value, "a list parameter's member is a std::vector");
    Record& record = add(ASSAY_PARAM_LIST, name, doc);
    record.raw.item_kind = item_kind;
    for (const auto& item : defaults_.*M) record.items.push_back(detail::scalar_value(item));
    record.fallback.kind = ASSAY_VALUE_LIST;
    record.fallback.n = static_cast<std::uint32_t>(record.items.size());
    record.fallback.items = record.items.data();
    record.set = setter<M>();
    return Param<T>(record);
  }
  Param<T> with_choices(Param<T> param, std::initializer_list<const char*> choices) {
    Record& record = *records_.back();
    record.choices = choices;
    record.raw.choices = record.choices.data();
    record.raw.n_choices = static_cast<std::uint32_t>(record.choices.size());
    return param;
  }

  const T defaults_{};
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<const assay_param*> raw_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
