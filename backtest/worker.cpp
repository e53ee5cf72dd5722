// The worker's side of a session.
#include <cstdio>
#include <map>
#include <optional>

#include "backtest/messages.hpp"
#include "base/error.hpp"
#include "worker/message_loop.hpp"

namespace assay::backtest {

namespace {

using worker::Reply;

class ReplayWorker final : public worker::MessageLoop {
 public:
  using MessageLoop::MessageLoop;

 private:
  void answer(const worker::Message& message) override {
    switch (static_cast<Request>(message.type)) {
      case Request::market:
        market_ = market_of(worker::PackedFile::of(message.file));
        return send(Reply::done, "{}");
      case Request::forecasts: {
        market_ = with_forecasts(*market_, {message.part_as<double>(0), std::stoll(message.header)});
        return send(Reply::done, "{}");
      }
      case Request::replay:
        return replay_job(job_from_json(message.header));
    }
    throw Error(Fault::failed, "answering the host", "an unknown request");
  }

  void replay_job(const RemoteJob& remote) {
    std::vector<const plugin::LoadedComponent*> components;
    for (std::size_t i = 0; i < remote.plugins.size(); ++i)
      components.push_back(&registry_of(remote.plugins[i]).component("strategy", remote.job.legs[i].strategy.id));
    const Outcome out = run_loaded(*market_, remote.job, components, call_options());
    const OutcomeMessage told = to_message(out);
    send(Reply::done, told.header, told.parts);
  }

  const plugin::Registry& registry_of(const std::filesystem::path& file) {
    auto& registry = registries_[file.string()];
    if (!registry) {
      plugin::SearchPath path;
      path.named = {file};
      registry = std::make_unique<plugin::Registry>(std::move(path));
    }
    return *registry;
  }

  std::optional<Market> market_;
  std::map<std::string, std::unique_ptr<plugin::Registry>> registries_;
};

}  // namespace

int run_worker() {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);  // a pipe would keep a plugin's lines back until the end
  // Never destroyed, as every message loop.
  auto* worker = new ReplayWorker(worker::become_worker());
  worker->run();
  return 0;
}

}  // namespace assay::backtest
