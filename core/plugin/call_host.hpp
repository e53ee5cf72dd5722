// The C callbacks of one call (or of many in a row), over the CallOptions of the caller. Lives on the stack of the call; costs no
// allocation unless the component fails or asks for much scratch memory. Used by the owners in this folder only. The calling thread's, but
// stopping() may be asked from any.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "base/sanitizers.hpp"
#include "plugin/call_options.hpp"
#include "plugin/loaded_component.hpp"

namespace assay::plugin {

class CallHost {
 public:
  explicit CallHost(const CallOptions& options, bool offer_evaluate = false);
  ~CallHost();
  CallHost(const CallHost&) = delete;
  CallHost& operator=(const CallHost&) = delete;

  assay_call* raw() { return &raw_; }

  // Returns where all went well; else throws Stopped, ComponentError, or what a callback of the caller threw.
  void finish(assay_status status, const LoadedComponent& component, const char* tried) {
    if (status == ASSAY_DONE && failed_ == ASSAY_DONE && !thrown_) return;
    refuse(status, component, tried);
  }
  // For one that serves many calls: what scratch() gave ends with each.
  void free_scratch() {
    for (void* memory : scratch_) std::free(memory);
    scratch_.clear();
    near_used_ = 0;
  }

 private:
  static CallHost& of(assay_call* call) { return *static_cast<CallHost*>(call->host); }
  static void fail(assay_call* call, assay_status status, assay_text reason);
  static void log(assay_call* call, std::int32_t level, assay_text line);
  static std::int32_t report(assay_call* call, std::int64_t step, assay_text metric, double value);
  static std::int32_t stopping(assay_call* call);
  static void* scratch(assay_call* call, std::uint64_t bytes, std::uint64_t align);
  static assay_status parallel(assay_call* call, std::uint32_t n, assay_status (*task)(void*, std::uint32_t), void* arg);
  static assay_status evaluate(assay_call* call, const assay_array* predictions, double* score);
  [[noreturn]] void refuse(assay_status status, const LoadedComponent& component, const char* tried);

  assay_call raw_{};
  const CallOptions& options_;
  assay_status failed_ = ASSAY_DONE;
  bool asked_to_stop_ = false;
  std::string reason_;
  std::exception_ptr thrown_;  // by a callback of the caller: no exception may cross the plugin's frames
  std::vector<void*> scratch_;

  // Scratch memory without an allocation, which is most of what forecasting one row costs. Under a sanitizer there is none of it: a write
  // behind its end would go unseen.
#ifdef ASSAY_SANITIZED
  static constexpr std::size_t kNear = 0;
#else
  static constexpr std::size_t kNear = 8192;
#endif
  std::size_t near_used_ = 0;
  alignas(64) std::byte near_[kNear + 1];
};

}  // namespace assay::plugin
