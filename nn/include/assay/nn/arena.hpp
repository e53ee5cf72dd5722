// One aligned block of zeros that a planned network or optimiser lives in: allocated at planning, never after. Used by Network and
// Optimizer. Copies deeply. One owner, one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "assay/nn/namespace.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
class Arena {
 public:
  Arena() = default;
  explicit Arena(std::ptrdiff_t size) : size_(static_cast<std::size_t>(size)), data_(allocate(size_)) { std::fill_n(data(), size_, S{}); }
  Arena(const Arena& other) : size_(other.size_), data_(allocate(size_)) { std::copy_n(other.data(), size_, data()); }
  Arena(Arena&& other) noexcept : size_(std::exchange(other.size_, 0)), data_(std::move(other.data_)) {}
  Arena& operator=(Arena other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }

  S* data() { return data_.get(); }
  const S* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<S> all() { return {data(), size_}; }
  std::span<const S> all() const { return {data(), size_}; }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Free {
    void operator()(S* p) const { ::operator delete[](p, kAlign); }
  };
  static std::unique_ptr<S, Free> allocate(std::size_t size) {
    if (size > static_cast<std::size_t>(-1) / 2 / sizeof(S)) throw std::bad_alloc();
    return std::unique_ptr<S, Free>(static_cast<S*>(::operator new[](size * sizeof(S), kAlign)));
  }

  std::size_t size_ = 0;
  std::unique_ptr<S, Free> data_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
