// A Learner whose model lives in a worker process: every call is one request. Used by the runner with `isolation: process`. What the model
// does to its process (crash, hang, endless memory) comes back as plugin::CallFailure. One thread at a time.
#pragma once

#include <filesystem>

#include "run/messages.hpp"
#include "train/learner.hpp"
#include "worker/conversation.hpp"

namespace assay::run {

class RemoteLearner final : public train::Learner {
 public:
  // plugin: the file that offers the model. train_rows: what pack() made of the fold's train rows; several workers may map the same one.
  // The options' timeout is that of the whole fit.
  RemoteLearner(const train::LearnerSetup& setup, const std::filesystem::path& plugin, const worker::Descriptor& train_rows,
                const worker::ConversationOptions& options);

  train::LearnerTraits traits() const override { return traits_; }
  void begin() override;
  double epoch(std::int64_t index, double rate_factor) override;
  void fit(const train::Rows& validation, const train::Evaluate& evaluate) override;
  std::vector<double> predict(const train::Rows& rows) override;
  std::vector<double> quantiles(const train::Rows& rows) override;
  void keep_best() override;
  void restore_best() override;
  std::vector<std::byte> save(const std::string& note) override;
  void load(std::span<const std::byte> bundle) override;
  std::vector<std::byte> checkpoint() override;
  void resume(std::span<const std::byte> checkpoint) override;
  std::vector<double> importance() override;
  std::vector<std::pair<std::string, std::string>> summary() override;
  plugin::Graph graph() override;
  train::Slopes slopes(const train::Rows& rows, std::int64_t output) override;
  void prune(plugin::Pruning method, double share) override;
  plugin::ModelSize size(plugin::Pruning method) override;
  train::PredictSpeed predict_speed(const train::Rows& rows) override;

  std::string log() { return conversation_.log(); }

 private:
  worker::Message ask(Request request, std::string_view header = "{}", std::span<const worker::Bytes> parts = {}, int file = -1,
                      const worker::Conversation::Aside& aside = {});

  worker::Conversation conversation_;
  train::LearnerTraits traits_;
};

}  // namespace assay::run
