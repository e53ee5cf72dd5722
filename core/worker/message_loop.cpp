#include "worker/message_loop.hpp"

#include <chrono>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"

namespace assay::worker {

MessageLoop::MessageLoop(WorkerSide side) : channel_(std::move(side.channel)), page_(std::move(side.stop)) {
  // A plugin's stopping() asks an atomic of this process; the host raises a flag in a shared page.
  std::thread([this] {
    for (;;) {
      stop_.store(page_.is_raised(), std::memory_order_relaxed);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }).detach();
}

void MessageLoop::run() {
  while (const auto message = channel_.receive()) {
    try {
      answer(*message);
    } catch (const Error& e) {
      fail(e.tried(), e.happened());
    } catch (const std::bad_alloc&) {
      fail("running the plugin", "it asked for more memory than there is");
    } catch (const std::exception& e) {
      fail("running the plugin", e.what());
    }
  }
}

void MessageLoop::send(Reply type, std::string_view header, std::span<const Bytes> parts) {
  channel_.send(static_cast<std::uint32_t>(type), header, parts);
}

void MessageLoop::fail(const std::string& tried, const std::string& happened) {
  using Json = nlohmann::ordered_json;
  send(Reply::failed, Json{{"tried", tried}, {"happened", happened}}.dump(-1, ' ', false, Json::error_handler_t::replace));
}

plugin::CallOptions MessageLoop::call_options() {
  plugin::CallOptions options;
  options.stop = &stop_;
  options.log = [this](int level, std::string_view line) {
    if (level > 0) send(Reply::log, line);
  };
  return options;
}

}  // namespace assay::worker
