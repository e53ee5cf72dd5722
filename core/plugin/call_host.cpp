#include "plugin/call_host.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "base/text.hpp"

namespace assay::plugin {

const char* status_text(assay_status status) {
  switch (status) {
    case ASSAY_DONE:
      return "done";
    case ASSAY_STOPPED:
      return "stopped";
    case ASSAY_BAD_INPUT:
      return "bad input";
    case ASSAY_BAD_STATE:
      return "bad saved state";
    case ASSAY_NO_MEMORY:
      return "out of memory";
    case ASSAY_FAILED:
      return "failed";
    case ASSAY_UNSUPPORTED:
      return "not supported";
    default:
      return "a status that this host does not know";
  }
}

Stopped::Stopped(const std::string& component) : Error(Fault::interrupted, component, "stopped as asked") {}

ComponentError::ComponentError(std::string component, const std::string& tried, assay_status status, const std::string& reason)
    : Error(status == ASSAY_BAD_STATE ? Fault::data : Fault::failed, component + ": " + tried,
            reason.empty() ? std::string(status_text(status)) + " (no reason was given)" : reason),
      component_(std::move(component)),
      status_(status) {}

std::string CallFailure::with_log() const {
  constexpr std::size_t kLines = 5;
  std::vector<std::string> lines;
  for (const std::string_view line : text::split(log_, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  if (lines.empty()) return what();
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  return fmt::format("{}; its last lines: {}", what(), text::join(lines, " | "));
}

CallHost::CallHost(const CallOptions& options, bool offer_evaluate) : options_(options) {
  raw_.struct_size = sizeof(assay_call);
  raw_.max_threads = options.max_threads > 0 ? options.max_threads : 1;
  raw_.host = this;
  raw_.seed = options.seed;
  raw_.fail = &fail;
  raw_.log = &log;
  raw_.report = &report;
  raw_.stopping = &stopping;
  raw_.scratch = &scratch;
  raw_.parallel = &parallel;
  raw_.evaluate = offer_evaluate && options.evaluate ? &evaluate : nullptr;
}

CallHost::~CallHost() {
  for (void* memory : scratch_) std::free(memory);
}

void CallHost::fail(assay_call* call, assay_status status, assay_text reason) {
  CallHost& host = of(call);
  host.failed_ = status == ASSAY_DONE ? ASSAY_FAILED : status;
  try {
    host.reason_.assign(reason.data ? reason.data : "", reason.data ? reason.size : 0);
  } catch (...) {  // no memory for the reason: the status has to do
  }
}

void CallHost::log(assay_call* call, std::int32_t level, assay_text line) {
  CallHost& host = of(call);
  if (!host.options_.log || host.thrown_) return;
  try {
    host.options_.log(level, std::string_view(line.data, line.size));
  } catch (...) {
    host.thrown_ = std::current_exception();
  }
}

std::int32_t CallHost::report(assay_call* call, std::int64_t step, assay_text metric, double value) {
  CallHost& host = of(call);
  try {
    if (host.options_.report && !host.thrown_ && host.options_.report(step, std::string_view(metric.data, metric.size), value))
      host.asked_to_stop_ = true;
  } catch (...) {
    host.thrown_ = std::current_exception();
  }
  return host.asked_to_stop_ || host.thrown_ || stopping(call);
}

std::int32_t CallHost::stopping(assay_call* call) {
  const std::atomic<bool>* stop = of(call).options_.stop;
  return stop && stop->load(std::memory_order_relaxed);
}

void* CallHost::scratch(assay_call* call, std::uint64_t bytes, std::uint64_t align) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 46;
  if (align == 0 || !std::has_single_bit(align) || align > 4096 || bytes > kMost) return nullptr;
  if (align < 16) align = 16;
  CallHost& host = of(call);
  const auto place = reinterpret_cast<std::uintptr_t>(host.near_ + host.near_used_), aligned = (place + align - 1) / align * align;
  if (const std::uint64_t end = host.near_used_ + (aligned - place) + bytes; end <= kNear) {
    host.near_used_ = end;
    return host.near_ + (end - bytes);
  }
  try {
    host.scratch_.reserve(host.scratch_.size() + 1);
  } catch (...) {
    return nullptr;
  }
  void* memory = std::aligned_alloc(align, (bytes / align + 1) * align);
  if (memory) host.scratch_.push_back(memory);
  return memory;
}

assay_status CallHost::parallel(assay_call* call, std::uint32_t n, assay_status (*task)(void*, std::uint32_t), void* arg) {
  std::atomic<std::uint32_t> next{0};
  std::atomic<assay_status> worst{ASSAY_DONE};
  auto work = [&] {
    for (std::uint32_t i; worst.load(std::memory_order_relaxed) == ASSAY_DONE && (i = next.fetch_add(1)) < n;) {
      const assay_status status = task(arg, i);
      if (status != ASSAY_DONE) worst.store(status);
    }
  };
  std::vector<std::thread> threads;
  try {
    for (std::uint32_t t = 1; t < std::min(n, call->max_threads); ++t) threads.emplace_back(work);
  } catch (const std::exception&) {  // fewer threads than allowed do the same work
  }
  work();
  for (std::thread& thread : threads) thread.join();
  return worst.load();
}

assay_status CallHost::evaluate(assay_call* call, const assay_array* predictions, double* score) {
  CallHost& host = of(call);
  try {
    *score = host.options_.evaluate(*predictions);
    return ASSAY_DONE;
  } catch (...) {
    host.thrown_ = std::current_exception();
    return ASSAY_FAILED;
  }
}

void CallHost::refuse(assay_status status, const LoadedComponent& component, const char* tried) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (status == ASSAY_STOPPED || failed_ == ASSAY_STOPPED) {
    if (asked_to_stop_ || stopping(&raw_)) throw Stopped(component.spec.id);
    throw ComponentError(component.spec.id, tried, ASSAY_FAILED, "it stopped although nobody asked it to");
  }
  if (failed_ != ASSAY_DONE) status = failed_;  // what it said itself counts, even where it went on and returned DONE
  throw ComponentError(component.spec.id, tried, status, reason_);
}

}  // namespace assay::plugin
