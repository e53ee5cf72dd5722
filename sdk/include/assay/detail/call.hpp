// The host's hand in one call: seed, log, progress, stop requests, scratch memory, threads, validation score; and the guard that keeps
// every exception on the plugin's side. Used by authors (Call) and by the tables of model.hpp, feature.hpp and metric.hpp (guard).
// A Call belongs to the calling thread; only stopping() may be asked from tasks of parallel().
#pragma once

#include <cxxabi.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

#include "assay/abi.h"
#include "assay/detail/random.hpp"
#include "assay/detail/views.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// Unwinds to the guard when the host asked to stop. Not a std::exception, so that `catch (const std::exception&)` lets it through.
struct Stop {};

class Call {
 public:
  explicit Call(assay_call& raw) : raw_(&raw) {}

  std::uint64_t seed() const { return raw_->seed; }
  Random random() const { return Random(raw_->seed); }
  unsigned max_threads() const { return raw_->max_threads; }  // the calling thread included

  [[noreturn]] void fail(const std::string& reason, assay_status status = ASSAY_FAILED) const { throw Error(reason, status); }
  void debug(std::string_view line) const { raw_->log(raw_, 0, detail::to_text(line)); }
  void log(std::string_view line) const { raw_->log(raw_, 1, detail::to_text(line)); }
  void warn(std::string_view line) const { raw_->log(raw_, 2, detail::to_text(line)); }

  // Tells the host how far it got. Leaves the call (throws Stop) where the host wants it to end.
  void report(std::int64_t step, std::string_view metric, double value) const {
    if (raw_->report(raw_, step, detail::to_text(metric), value)) throw Stop{};
  }
  bool stopping() const { return raw_->stopping(raw_) != 0; }
  void leave_if_stopping() const {
    if (stopping()) throw Stop{};
  }

  // Uninitialised memory that lives as long as this call.
  template <class T>
  std::span<T> scratch(std::size_t count) const {
    static_assert(std::is_trivially_destructible_v<T>, "scratch memory is dropped without destructors");
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
    void* memory = raw_->scratch(raw_, count * sizeof(T), alignof(T) < 64 ? 64 : alignof(T));
    if (!memory) throw std::bad_alloc();
    return {static_cast<T*>(memory), count};
  }

  // task(index) for 0 .. n-1, spread over at most max_threads(). The first exception of a task leaves parallel() itself.
  template <class F>
  void parallel(std::uint32_t n, F&& task) const {
    struct Shared {
      std::remove_reference_t<F>* task;
      std::atomic<bool> failed{false};
      std::exception_ptr error;
    } shared{&task, {}, {}};
    auto run = [](void* arg, std::uint32_t index) noexcept -> assay_status {
      auto& s = *static_cast<Shared*>(arg);
      try {
        if (!s.failed.load(std::memory_order_relaxed)) (*s.task)(index);
        return ASSAY_DONE;
      } catch (...) {
        if (!s.failed.exchange(true)) s.error = std::current_exception();
        return ASSAY_FAILED;
      }
    };
    const assay_status status = raw_->parallel(raw_, n, run, &shared);
    if (shared.error) std::rethrow_exception(shared.error);
    if (status == ASSAY_STOPPED) throw Stop{};
    if (status != ASSAY_DONE) throw Error("the host could not run the tasks", status);
  }

  // The score of predictions (rows x outputs) for the fold's validation rows, higher is better; in fit() only.
  bool can_evaluate() const {
    return raw_->struct_size >= offsetof(assay_call, evaluate) + sizeof(raw_->evaluate) && raw_->evaluate != nullptr;
  }
  double evaluate(std::span<const double> predictions, std::int64_t outputs = 1) const {
    if (!can_evaluate()) throw Error("there are no validation rows to evaluate");
    const assay_array array = detail::array_of(predictions.data(), {static_cast<std::int64_t>(predictions.size()) / outputs, outputs});
    double score = 0;
    const assay_status status = raw_->evaluate(raw_, &array, &score);
    if (status == ASSAY_STOPPED) throw Stop{};
    if (status != ASSAY_DONE) throw Error("the host could not score the predictions", status);
    return score;
  }

  assay_call& raw() const { return *raw_; }

 private:
  assay_call* raw_;
};

namespace detail {

inline assay_status refuse(assay_call* call, assay_status status, std::string_view reason) noexcept {
  if (call && call->fail) call->fail(call, status, to_text(reason));
  return status;
}

// Only inside a catch (...) handler: the type's name as its author wrote it.
inline std::string current_exception_type() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (!type) return "an exception of unknown type";
  int status = 0;
  char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string result = status == 0 && name ? name : type->name();
  std::free(name);
  return result;
}

inline assay_status refuse_current(assay_call* call) noexcept {
  try {
    throw;
  } catch (const Stop&) {
    return ASSAY_STOPPED;
  } catch (const Error& e) {
    return refuse(call, e.status() == ASSAY_DONE ? ASSAY_FAILED : e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return refuse(call, ASSAY_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return refuse(call, ASSAY_FAILED, e.what());
  } catch (...) {
    try {
      return refuse(call, ASSAY_FAILED, "threw " + current_exception_type());
    } catch (...) {
      return refuse(call, ASSAY_FAILED, "threw something that is no std::exception");
    }
  }
}

// Every entry of a plugin runs in here: nothing but a status leaves it.
template <class F>
assay_status guard(assay_call* call, F&& body) noexcept {
  try {
    body();
    return ASSAY_DONE;
  } catch (...) {
    return refuse_current(call);
  }
}

}  // namespace detail
}  // namespace ASSAY_HIDDEN
}  // namespace assay
