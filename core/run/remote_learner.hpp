// A Learner whose model lives in a worker process: every call is one request. Used by the runner with `isolation: process`. What the model
// does to its process (crash, hang, endless memory) comes back as UnitFailure. One thread at a time.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "run/messages.hpp"
#include "store/records.hpp"
#include "train/learner.hpp"
#include "worker/worker_process.hpp"

namespace assay::run {

// A fit that did not end well, with what is to be recorded of it.
class UnitFailure : public Error {
 public:
  UnitFailure(store::UnitStatus status, const std::string& tried, const std::string& happened, std::string log)
      : Error(Fault::failed, tried, happened), status_(status), log_(std::move(log)) {}
  store::UnitStatus status() const { return status_; }
  const std::string& log() const { return log_; }

 private:
  store::UnitStatus status_;
  std::string log_;
};

struct RemoteOptions {
  std::filesystem::path program = "/proc/self/exe";
  std::filesystem::path plugin;     // the file that offers the model
  worker::Milliseconds timeout{0};  // of the whole fit; 0 = none
  std::uint64_t memory_bytes = 0;   // 0 = no limit
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(std::int64_t step, const std::string& metric, double value)> report{};  // what a fit tells of itself; may be empty
};

class RemoteLearner final : public train::Learner {
 public:
  // train_rows: what pack() made of the fold's train rows; several workers may map the same one.
  RemoteLearner(const train::LearnerSetup& setup, const worker::Descriptor& train_rows, const RemoteOptions& options);
  ~RemoteLearner() override;

  train::LearnerTraits traits() const override { return traits_; }
  void begin() override;
  double epoch(std::int64_t index, double rate_factor) override;
  void fit(const train::Rows& validation, const train::Evaluate& evaluate) override;
  std::vector<double> predict(const train::Rows& rows) override;
  void keep_best() override;
  void restore_best() override;
  std::vector<std::byte> save(const std::string& note) override;
  std::vector<std::byte> checkpoint() override;
  void resume(std::span<const std::byte> checkpoint) override;
  std::vector<std::pair<std::string, std::string>> summary() override;

  std::string log() { return log_ + text::join(process_.log(), "\n"); }  // what the plugin logged, and what it printed last

 private:
  worker::Message ask(Request request, const std::string& header = "{}", std::span<const worker::Bytes> parts = {}, int file = -1,
                      const train::Evaluate* evaluate = nullptr);
  [[noreturn]] void fail_by_ending();
  worker::Patience patience() const;

  std::string model_;
  RemoteOptions options_;
  std::chrono::steady_clock::time_point began_;
  worker::WorkerProcess process_;
  train::LearnerTraits traits_;
  std::string log_;
};

}  // namespace assay::run
