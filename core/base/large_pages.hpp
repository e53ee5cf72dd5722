// Large arrays in large pages: where memory is taken four kilobytes at a time, taking it costs more than filling it. Used where columns of
// millions of rows are made. A hint: where the system has no large pages, nothing happens. Thread-safe.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay {

// Makes room for `size` values, not yet touched, and asks for large pages below them. What the vector held is lost.
template <class T>
void reserve_in_large_pages(std::vector<T>& values, std::size_t size) {
  constexpr std::uintptr_t kLarge = std::uintptr_t{2} << 20;
  if (values.capacity() >= size) return;
  values = std::vector<T>();
  values.reserve(size);
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data()), end = begin + size * sizeof(T);
  const std::uintptr_t first = (begin + kLarge - 1) / kLarge * kLarge, last = end / kLarge * kLarge;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace assay
