// Large arrays in large pages: where memory is taken four kilobytes at a time, taking it costs more than filling it. Used where columns of
// millions of rows are made. A hint: where the system has no large pages, nothing happens. Thread-safe.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace assay {

// Asks for large pages below memory that is not yet touched.
inline void ask_for_large_pages(void* data, std::size_t bytes) {
  constexpr std::uintptr_t kLarge = std::uintptr_t{2} << 20;
  const auto begin = reinterpret_cast<std::uintptr_t>(data), end = begin + bytes;
  const std::uintptr_t first = (begin + kLarge - 1) / kLarge * kLarge, last = end / kLarge * kLarge;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

// Makes room for `size` values, not yet touched, and asks for large pages below them. What the vector held is lost.
template <class T>
void reserve_in_large_pages(std::vector<T>& values, std::size_t size) {
  if (values.capacity() >= size) return;
  values = std::vector<T>();
  values.reserve(size);
  ask_for_large_pages(values.data(), size * sizeof(T));
}

template <class T>
struct LargePages : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = LargePages<U>;
  };
  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}  // NOLINT(google-explicit-constructor): as allocators do
  T* allocate(std::size_t count) {
    T* values = std::allocator<T>::allocate(count);
    ask_for_large_pages(values, count * sizeof(T));
    return values;
  }
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... From>
  void construct(U* at, From&&... from) {
    ::new (static_cast<void*>(at)) U(std::forward<From>(from)...);
  }
};
// A vector in large pages whose resize() leaves new numbers as they lie in memory: for columns of which every value is written anyway,
// by several threads, and for which clearing first would cost as much again.
template <class T>
using LargeVector = std::vector<T, LargePages<T>>;

}  // namespace assay
