// What every worker does: answers one message of its host after the other until the channel closes, tells why where it cannot, and lets
// plugins see the host's wish to stop. Used by run (fits, components) and by the backtest's workers, which say what an answer is. One
// thread; never destroyed, since a small thread of it lives to the process's end.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "plugin/call_options.hpp"
#include "worker/conversation.hpp"
#include "worker/worker_side.hpp"

namespace assay::worker {

class MessageLoop {
 public:
  explicit MessageLoop(WorkerSide side);
  MessageLoop(const MessageLoop&) = delete;
  MessageLoop& operator=(const MessageLoop&) = delete;
  void run();

 protected:
  ~MessageLoop() = default;
  // Sends a reply, or throws what the host is told.
  virtual void answer(const Message& message) = 0;

  void send(Reply type, std::string_view header, std::span<const Bytes> parts = {});
  Channel& channel() { return channel_; }
  bool is_to_stop() const { return page_.is_raised(); }
  plugin::CallOptions call_options();  // stop, and a log that goes to the host

 private:
  void fail(const std::string& tried, const std::string& happened);

  Channel channel_;
  StopPage page_;
  std::atomic<bool> stop_{false};
};

}  // namespace assay::worker
