// Memory for the inputs of one call, on pages of its own that can be made read-only: a plugin that writes to its input is caught at once.
// Used by the checker's tests. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace assay::checker {

inline constexpr int kWroteToInput = 86;  // the child's exit code then

class InputMemory {
 public:
  explicit InputMemory(std::size_t bytes);
  ~InputMemory();
  InputMemory(const InputMemory&) = delete;
  InputMemory& operator=(const InputMemory&) = delete;

  // A copy of `values` on a 64-byte boundary.
  template <class T, class From>
  T* put(std::span<const From> values) {
    T* to = static_cast<T*>(take(values.size() * sizeof(T)));
    for (std::size_t i = 0; i < values.size(); ++i) to[i] = static_cast<T>(values[i]);
    return to;
  }
  // From now on a write ends the process with kWroteToInput.
  void protect();

 private:
  void* take(std::size_t bytes);
  std::byte* start_ = nullptr;
  std::size_t size_ = 0, used_ = 0;
};

}  // namespace assay::checker
