// Saving and loading what a component learned: named arrays and texts; the host writes the container. Used by authors (Saver, Saved) in
// save, load, train_save, train_load and summary. For types of your own specialise StateCodec (eigen.hpp does). Valid during the call only.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "assay/abi.h"
#include "assay/detail/views.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// How a type travels: `static void put(Saver&, const char* name, const T&)` and `static T get(const Saved&, const char* name)`.
template <class T, class = void>
struct StateCodec;

class Saver {
 public:
  explicit Saver(assay_state_writer& raw) : raw_(&raw) {}

  template <class T>
  void put(const char* name, const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>)
      put_text(name, value);
    else
      StateCodec<T>::put(*this, name, value);
  }
  void put_array(const char* name, const assay_array& array) { check(raw_->put_array(raw_, name, &array), name); }
  void put_text(const char* name, std::string_view text) { check(raw_->put_text(raw_, name, detail::to_text(text)), name); }

 private:
  static void check(assay_status status, const char* name) {
    if (status != ASSAY_DONE) throw Error(std::string("the host could not store the entry '") + name + "'", status);
  }
  assay_state_writer* raw_;
};

class Saved;

// What vector(), matrix() and number() give: becomes whatever it is assigned to.
class SavedEntry {
 public:
  SavedEntry(const Saved& saved, const char* name) : saved_(saved), name_(name) {}
  template <class T>
  operator T() const {
    return StateCodec<T>::get(saved_, name_);
  }

 private:
  const Saved& saved_;
  const char* name_;
};

class Saved {
 public:
  explicit Saved(assay_state_reader& raw) : raw_(&raw) {}

  template <class T>
  T get(const char* name) const {
    if constexpr (std::is_same_v<T, std::string>)
      return text(name);
    else
      return StateCodec<T>::get(*this, name);
  }
  SavedEntry vector(const char* name) const { return {*this, name}; }
  SavedEntry matrix(const char* name) const { return {*this, name}; }
  SavedEntry number(const char* name) const { return {*this, name}; }
  std::string text(const char* name) const {
    assay_text text{};
    check(raw_->get_text(raw_, name, &text), name);
    return std::string(detail::text_of(text));
  }
  // Contiguous and row-major, alive during this call. Throws where the entry is missing or of another type or rank.
  template <class T>
  assay_array array(const char* name, unsigned rank) const {
    assay_array array{};
    check(raw_->get_array(raw_, name, &array), name);
    if (array.dtype != detail::dtype_of<T>() || array.rank != rank)
      throw bad_state(std::string("the entry '") + name + "' is " + detail::dtype_name(array.dtype) + " of rank " +
                      std::to_string(array.rank) + ", not " + detail::dtype_name(detail::dtype_of<T>()) + " of rank " +
                      std::to_string(rank));
    return array;
  }
  bool has(const char* name) const {
    assay_array array{};
    assay_text text{};
    return raw_->get_array(raw_, name, &array) == ASSAY_DONE || raw_->get_text(raw_, name, &text) == ASSAY_DONE;
  }

 private:
  static void check(assay_status status, const char* name) {
    if (status != ASSAY_DONE) throw bad_state(std::string("the saved state has no usable entry '") + name + "'");
  }
  assay_state_reader* raw_;
};

// Numbers travel as an array of one element: integers and bool as i64, float as it is, everything else as f64.
template <class T>
struct StateCodec<T, std::enable_if_t<std::is_arithmetic_v<T>>> {
  using Wire = std::conditional_t<std::is_integral_v<T>, std::int64_t, std::conditional_t<std::is_same_v<T, float>, float, double>>;
  static void put(Saver& saver, const char* name, const T& value) {
    const Wire wire = static_cast<Wire>(value);
    saver.put_array(name, detail::array_of(&wire, {1}));
  }
  static T get(const Saved& saved, const char* name) {
    const assay_array array = saved.array<Wire>(name, 1);
    if (array.shape[0] != 1) throw bad_state(std::string("the entry '") + name + "' is not a single number");
    const Wire wire = *static_cast<const Wire*>(array.data);
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      if (static_cast<Wire>(static_cast<T>(wire)) != wire) throw bad_state(std::string("the entry '") + name + "' is out of range");
    }
    return static_cast<T>(wire);
  }
};

template <class T>
struct StateCodec<std::vector<T>, std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>>> {
  static void put(Saver& saver, const char* name, const std::vector<T>& value) {
    saver.put_array(name, detail::array_of(value.data(), {static_cast<std::int64_t>(value.size())}));
  }
  static std::vector<T> get(const Saved& saved, const char* name) {
    const assay_array array = saved.array<T>(name, 1);
    std::vector<T> value(static_cast<std::size_t>(array.shape[0]));
    if (!value.empty()) std::memcpy(value.data(), array.data, value.size() * sizeof(T));
    return value;
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
