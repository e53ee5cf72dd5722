#include "worker/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace assay::worker {
namespace {

using Json = nlohmann::ordered_json;
using How = plugin::CallFailure::How;

WorkerStart start_of(const ConversationOptions& options) {
  WorkerStart start;
  start.program = options.program;
  start.arguments = options.arguments;
  start.limits.memory_bytes = options.memory_bytes;
  return start;
}

}  // namespace

Conversation::Conversation(std::string what, ConversationOptions options)
    : what_(std::move(what)), options_(std::move(options)), process_(start_of(options_)) {}

void Conversation::start_over(std::string what) {
  what_ = std::move(what);
  spent_ = {};
  log_.clear();
}

std::string Conversation::log() { return log_ + text::join(process_.log(), "\n"); }

Patience Conversation::patience() const {
  Patience patience;
  patience.cancel = options_.cancel;
  if (options_.timeout.count() > 0) {
    const auto spent = std::chrono::duration_cast<Milliseconds>(spent_ + (Clock::now() - asked_at_));
    patience.timeout = std::max(Milliseconds{1}, options_.timeout - spent);
  }
  return patience;
}

void Conversation::fail_by_ending() {
  const WorkerExit& end = *process_.ending();
  const std::string tried = "running " + what_, log = log_ + text::join(end.log, "\n");
  switch (end.ending) {
    case Ending::timed_out:
      throw plugin::CallFailure(
          How::timed_out, tried,
          fmt::format("it took longer than resources.timeout ({:.3g} s)", static_cast<double>(options_.timeout.count()) / 1e3), log);
    case Ending::memory_limit:
      throw plugin::CallFailure(How::out_of_memory, tried,
                                fmt::format("it took more memory than resources.memory ({} MB)", options_.memory_bytes / 1'000'000), log);
    case Ending::cancelled:
      throw Error(Fault::interrupted, tried, "it was interrupted");
    case Ending::crashed:
      throw plugin::CallFailure(How::crashed, tried, end.text, log);
    case Ending::exited:
      break;
  }
  throw plugin::CallFailure(How::crashed, tried, "its process ended by itself (" + end.text + ")", log);
}

void Conversation::send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts, int file) {
  if (!process_.send(type, header, parts, file, patience())) fail_by_ending();
}

Message Conversation::ask(std::uint32_t request, std::string_view header, std::span<const Bytes> parts, int file, const Aside& aside) {
  asked_at_ = Clock::now();
  send(request, header, parts, file);
  Message done = answer(aside);
  spent_ += Clock::now() - asked_at_;
  return done;
}

Message Conversation::answer(const Aside& aside) {
  for (;;) {
    std::optional<Message> message = process_.receive(patience());
    if (!message) fail_by_ending();
    switch (static_cast<Reply>(message->type)) {
      case Reply::done:
        return std::move(*message);
      case Reply::failed:
        refused(message->header);
      case Reply::log:
        log_ += message->header + "\n";
        break;
      case Reply::report:
        note_report(message->header);
        break;
      default:
        if (!aside) throw Error(Fault::failed, "running " + what_, fmt::format("its worker sent an unknown message {}", message->type));
        aside(*message);
    }
  }
}

void Conversation::note_report(const std::string& header) const {
  const Json json = Json::parse(header);  // a value that is no number travels as null
  const Json& value = json.at("value");
  if (options_.report && value.is_number())
    options_.report(json.at("step").get<std::int64_t>(), json.at("metric").get<std::string>(), value.get<double>());
}

// A call that was asked to stop and did so has not refused.
void Conversation::refused(const std::string& header) {
  const auto reason = process_.stop_reason();
  if (reason == Ending::timed_out || reason == Ending::cancelled) {
    process_.kill(*reason);
    fail_by_ending();
  }
  const Json json = Json::parse(header);
  throw plugin::CallFailure(How::refused, json.at("tried").get<std::string>(), json.at("happened").get<std::string>(), log());
}

}  // namespace assay::worker
