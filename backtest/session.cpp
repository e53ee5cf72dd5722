#include "backtest/session.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

#include "backtest/messages.hpp"
#include "base/error.hpp"
#include "worker/conversation.hpp"

namespace assay::backtest {

// Workers that are idle now, and the memory of the bars that all of them map.
class Session::Workers {
 public:
  struct Worker {
    Worker(const std::string& what, const worker::ConversationOptions& options) : talk(what, options) {}
    worker::Conversation talk;
    std::shared_ptr<const void> forecasts;  // that it holds now, kept alive so that no others take their address
  };

  explicit Workers(const Market& market) : market_(market) {}

  std::unique_ptr<Worker> take(const std::string& what, const SessionOptions& options) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Worker> worker = std::move(idle_.back());
        idle_.pop_back();
        worker->talk.start_over(what);
        return worker;
      }
      if (!packed_) packed_ = pack(market_);
    }
    worker::ConversationOptions talk;
    talk.program = options.program;
    talk.arguments = {"worker", "--backtest"};
    talk.timeout = options.timeout;
    talk.memory_bytes = options.memory_bytes;
    talk.cancel = options.cancel;
    auto worker = std::make_unique<Worker>(what, talk);
    worker->talk.ask(static_cast<std::uint32_t>(Request::market), "{}", {}, packed_.number());
    return worker;
  }

  void give_back(std::unique_ptr<Worker> worker) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
  }

 private:
  Market market_;
  std::mutex mutex_;
  worker::Descriptor packed_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

Session::Session(Market market, const plugin::Registry& registry, SessionOptions options)
    : market_(std::move(market)), registry_(&registry), options_(std::move(options)), workers_(std::make_shared<Workers>(market_)) {}
Session::Session(Market market, const Session& other)
    : market_(std::move(market)), registry_(other.registry_), options_(other.options_), workers_(other.workers_) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

Session Session::with_forecasts(const Forecasts& forecasts) const { return Session(backtest::with_forecasts(market_, forecasts), *this); }

Outcome Session::run(const Job& job) const {
  std::vector<const plugin::LoadedComponent*> components;
  for (const Leg& leg : job.legs) components.push_back(&registry_->component("strategy", leg.strategy.id));
  ASSAY_CHECK(!components.empty(), "a job has a strategy");
  const std::string& what = components.front()->spec.id;
  if (options_.in_process) {
    plugin::CallOptions options;
    options.stop = options_.cancel;
    try {
      return run_loaded(market_, job, components, options);
    } catch (const plugin::Stopped&) {
      throw Error(Fault::interrupted, "running " + what, "it was interrupted");
    } catch (const Error& e) {
      throw plugin::CallFailure(plugin::CallFailure::How::refused, e.tried(), e.happened(), "");
    }
  }
  RemoteJob remote{job, {}};
  bool ships = true;
  for (const plugin::LoadedComponent* component : components) {
    remote.plugins.push_back(component->file->path);
    ships = ships && component->file->ships;
  }
  auto worker = workers_->take(what, options_);
  if (worker->forecasts != market_.forecast_memory) {
    const std::vector<worker::Bytes> parts{worker::bytes_of(market_.prediction)};
    worker->talk.ask(static_cast<std::uint32_t>(Request::forecasts), std::to_string(market_.outputs), parts);
    worker->forecasts = market_.forecast_memory;
  }
  Outcome out = outcome_from(worker->talk.ask(static_cast<std::uint32_t>(Request::replay), to_json(remote)));
  if (ships && !worker->talk.was_asked_to_stop()) workers_->give_back(std::move(worker));
  return out;
}

std::vector<std::string> columns_of(const plugin::Registry& registry, std::span<const config::Component> strategies) {
  std::vector<std::string> names;
  for (const config::Component& strategy : strategies)
    for (std::string& name : plugin::Strategy::columns_of(registry.component("strategy", strategy.id), strategy.params))
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  return names;
}

}  // namespace assay::backtest
