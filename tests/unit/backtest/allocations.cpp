// Counts what the heap is asked for, for the test that a loop asks for nothing. A file of its own: no call of these may be inlined.
#include <cstdlib>
#include <new>

thread_local std::size_t allocations = 0;

#ifdef __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)  // they bring operators of their own
#define UNCOUNTED
#endif
#endif
#ifndef UNCOUNTED
void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
#endif
