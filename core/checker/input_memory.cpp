#include "checker/input_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <new>

#include "base/error.hpp"

namespace assay::checker {
namespace {

const std::byte* protected_begin = nullptr;  // for the signal handler: one test, one protected memory, one process
const std::byte* protected_end = nullptr;

void on_fault(int number, siginfo_t* info, void*) {
  const auto* at = static_cast<const std::byte*>(info->si_addr);
  if (at >= protected_begin && at < protected_end) _exit(kWroteToInput);
  std::signal(number, SIG_DFL);  // another fault: die of it as usual
}

}  // namespace

InputMemory::InputMemory(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  size_ = (bytes / page + 2) * page;
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  start_ = static_cast<std::byte*>(memory);
}

InputMemory::~InputMemory() {
  if (protected_begin == start_) protected_begin = protected_end = nullptr;
  munmap(start_, size_);
}

void* InputMemory::take(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  ASSAY_CHECK(used_ + rounded <= size_, "the checker's input memory is too small");
  void* at = start_ + used_;
  used_ += rounded;
  return at;
}

void InputMemory::protect() {
  protected_begin = start_;
  protected_end = start_ + size_;
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
  ASSAY_CHECK(mprotect(start_, size_, PROT_READ) == 0, "pages can be made read-only");
}

}  // namespace assay::checker
