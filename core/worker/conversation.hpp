// What a host says to a worker that holds a plugin: one request, its answer, and what comes in between (log lines, progress). Whatever the
// plugin does to its process (crash, hang, endless memory) comes back as plugin::CallFailure, and so does each later request. Used by
// run::RemoteLearner and RemoteComponent. One thread at a time.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plugin/call_options.hpp"
#include "worker/worker_process.hpp"

namespace assay::worker {

// What a worker may answer; numbers from 200 on are the caller's own.
enum class Reply : std::uint32_t { done = 100, failed, log, report };

struct ConversationOptions {
  std::filesystem::path program = "/proc/self/exe";
  std::vector<std::string> arguments = {"worker"};
  Milliseconds timeout{0};         // of all answers together; 0 = none
  std::uint64_t memory_bytes = 0;  // 0 = no limit
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(std::int64_t step, const std::string& metric, double value)> report{};  // what a call tells of itself; may be empty
};

class Conversation {
 public:
  // what: the plugin's id, for messages.
  Conversation(std::string what, ConversationOptions options);

  // Called with a message of the caller's own kind that came before the answer.
  using Aside = std::function<void(const Message&)>;

  // The answer. Throws CallFailure, and Error (interrupted) where `cancel` was set.
  Message ask(std::uint32_t request, std::string_view header = "{}", std::span<const Bytes> parts = {}, int file = -1,
              const Aside& aside = {});
  void send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts = {}, int file = -1);

  // For a worker that serves many in a row: time, log and the name in messages begin anew.
  void start_over(std::string what);
  std::string log();  // what the plugin logged, and what it printed last
  bool is_alive() const { return process_.is_alive(); }
  bool was_asked_to_stop() const { return process_.stop_reason().has_value(); }  // and answered all the same

 private:
  Message answer(const Aside& aside);
  void note_report(const std::string& header) const;
  [[noreturn]] void refused(const std::string& header);
  [[noreturn]] void fail_by_ending();
  Patience patience() const;

  using Clock = std::chrono::steady_clock;
  std::string what_;
  ConversationOptions options_;
  WorkerProcess process_;
  Clock::time_point asked_at_{};
  Clock::duration spent_{};  // in answers that are given
  std::string log_;
};

}  // namespace assay::worker
