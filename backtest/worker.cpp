// The worker's side of a session.
#include <atomic>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "backtest/messages.hpp"
#include "base/error.hpp"
#include "worker/conversation.hpp"
#include "worker/worker_side.hpp"

namespace assay::backtest {

namespace {

using Json = nlohmann::ordered_json;
using worker::Reply;

class ReplayWorker {
 public:
  explicit ReplayWorker(worker::WorkerSide side) : channel_(std::move(side.channel)), page_(std::move(side.stop)) {
    // A strategy's stopping() asks an atomic of this process; the host raises a flag in a shared page.
    std::thread([this] {
      for (;;) {
        stop_.store(page_.is_raised(), std::memory_order_relaxed);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }).detach();
  }

  void run() {
    while (const auto message = channel_.receive()) {
      try {
        answer(*message);
      } catch (const Error& e) {
        fail(e.tried(), e.happened());
      } catch (const std::bad_alloc&) {
        fail("running the strategy", "it asked for more memory than there is");
      } catch (const std::exception& e) {
        fail("running the strategy", e.what());
      }
    }
  }

 private:
  void send(Reply type, std::string_view header, std::span<const worker::Bytes> parts = {}) {
    channel_.send(static_cast<std::uint32_t>(type), header, parts);
  }
  void fail(const std::string& tried, const std::string& happened) {
    send(Reply::failed, Json{{"tried", tried}, {"happened", happened}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  void answer(const worker::Message& message) {
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
    plugin::CallOptions options;
    options.stop = &stop_;
    options.log = [this](int level, std::string_view line) {
      if (level > 0) send(Reply::log, line);
    };
    const Outcome out = run_loaded(*market_, remote.job, components, options);
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

  worker::Channel channel_;
  worker::StopPage page_;
  std::atomic<bool> stop_{false};
  std::optional<Market> market_;
  std::map<std::string, std::unique_ptr<plugin::Registry>> registries_;
};

}  // namespace

int run_worker() {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);  // a pipe would keep a plugin's lines back until the end
  // Never destroyed: its watcher thread runs to the process's end.
  auto* worker = new ReplayWorker(worker::become_worker());
  worker->run();
  return 0;
}

}  // namespace assay::backtest
