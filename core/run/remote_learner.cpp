#include "run/remote_learner.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

worker::WorkerStart start_of(const RemoteOptions& options) {
  worker::WorkerStart start;
  start.program = options.program;
  start.limits.memory_bytes = options.memory_bytes;
  return start;
}

std::vector<std::byte> bytes_of_part(const worker::Message& message) {
  if (message.parts.empty()) return {};
  return {message.parts[0].begin(), message.parts[0].end()};
}

}  // namespace

RemoteLearner::RemoteLearner(const train::LearnerSetup& setup, const worker::Descriptor& train_rows, const RemoteOptions& options)
    : model_(setup.model.id), options_(options), began_(std::chrono::steady_clock::now()), process_(start_of(options)) {
  const Json header{{"plugin", options.plugin.string()}, {"setup", to_json(setup)}};
  const Json traits = Json::parse(ask(Request::setup, header.dump(), {}, train_rows.number()).header);
  traits_ = {traits.at("by_steps").get<bool>(), traits.at("resumable").get<bool>(), traits.at("uses_validation").get<bool>()};
}

RemoteLearner::~RemoteLearner() = default;

worker::Patience RemoteLearner::patience() const {
  worker::Patience patience;
  patience.cancel = options_.cancel;
  if (options_.timeout.count() > 0) {
    const auto spent = std::chrono::duration_cast<worker::Milliseconds>(std::chrono::steady_clock::now() - began_);
    patience.timeout = std::max(worker::Milliseconds{1}, options_.timeout - spent);
  }
  return patience;
}

void RemoteLearner::fail_by_ending() {
  const worker::WorkerExit& end = *process_.ending();
  const std::string log = log_ + text::join(end.log, "\n");
  const std::string tried = "running " + model_;
  switch (end.ending) {
    case worker::Ending::timed_out:
      throw UnitFailure(
          store::UnitStatus::timed_out, tried,
          fmt::format("it took longer than resources.timeout ({:.3g} s)", static_cast<double>(options_.timeout.count()) / 1e3), log);
    case worker::Ending::memory_limit:
      throw UnitFailure(store::UnitStatus::out_of_memory, tried,
                        fmt::format("it took more memory than resources.memory ({} MB)", options_.memory_bytes / 1'000'000), log);
    case worker::Ending::cancelled:
      throw Error(Fault::interrupted, tried, "it was interrupted");
    case worker::Ending::crashed:
      throw UnitFailure(store::UnitStatus::crashed, tried, end.text, log);
    case worker::Ending::exited:
      break;
  }
  throw UnitFailure(store::UnitStatus::crashed, tried, "its process ended by itself (" + end.text + ")", log);
}

worker::Message RemoteLearner::ask(Request request, const std::string& header, std::span<const worker::Bytes> parts, int file,
                                   const train::Evaluate* evaluate) {
  if (!process_.send(static_cast<std::uint32_t>(request), header, parts, file, patience())) fail_by_ending();
  for (;;) {
    std::optional<worker::Message> message = process_.receive(patience());
    if (!message) fail_by_ending();
    switch (static_cast<Reply>(message->type)) {
      case Reply::log:
        log_ += message->header + "\n";
        break;
      case Reply::report: {
        const Json json = Json::parse(message->header);  // a value that is no number travels as null
        const Json& value = json.at("value");
        if (options_.report && value.is_number())
          options_.report(json.at("step").get<std::int64_t>(), json.at("metric").get<std::string>(), value.get<double>());
        break;
      }
      case Reply::evaluate: {
        ASSAY_CHECK(evaluate != nullptr && *evaluate, "a worker evaluates only where validation rows were given");
        const auto values = message->part_as<double>(0);
        const double score = (*evaluate)(values);
        const std::array<worker::Bytes, 1> answer{worker::bytes_of(std::span<const double>(&score, 1))};
        if (!process_.send(static_cast<std::uint32_t>(Request::score), "{}", answer, -1, patience())) fail_by_ending();
        break;
      }
      case Reply::failed: {
        if (process_.stop_reason() == worker::Ending::timed_out || process_.stop_reason() == worker::Ending::cancelled) {
          process_.kill(*process_.stop_reason());
          fail_by_ending();
        }
        const Json json = Json::parse(message->header);
        throw UnitFailure(store::UnitStatus::failed, json.at("tried").get<std::string>(), json.at("happened").get<std::string>(),
                          log_ + text::join(process_.log(), "\n"));
      }
      case Reply::done:
        return std::move(*message);
      default:
        throw Error(Fault::failed, "running " + model_, fmt::format("its worker sent an unknown message {}", message->type));
    }
  }
}

void RemoteLearner::begin() { ask(Request::begin); }

double RemoteLearner::epoch(std::int64_t index, double rate_factor) {
  const worker::Message done = ask(Request::epoch, Json{{"index", index}, {"rate_factor", rate_factor}}.dump());
  return done.part_as<double>(0)[0];
}

void RemoteLearner::fit(const train::Rows& validation, const train::Evaluate& evaluate) {
  if (!evaluate) {
    ask(Request::fit);
    return;
  }
  const worker::Descriptor rows = pack(train::without_labels(validation));
  ask(Request::fit, "{}", {}, rows.number(), &evaluate);
}

std::vector<double> RemoteLearner::predict(const train::Rows& rows) {
  const worker::Descriptor packed = pack(train::without_labels(rows));
  const worker::Message done = ask(Request::predict, "{}", {}, packed.number());
  const auto values = done.part_as<double>(0);
  return {values.begin(), values.end()};
}

void RemoteLearner::keep_best() { ask(Request::keep_best); }
void RemoteLearner::restore_best() { ask(Request::restore_best); }
std::vector<std::byte> RemoteLearner::save(const std::string& note) { return bytes_of_part(ask(Request::save, note)); }
std::vector<std::byte> RemoteLearner::checkpoint() { return bytes_of_part(ask(Request::checkpoint)); }

void RemoteLearner::resume(std::span<const std::byte> checkpoint) {
  const std::array<worker::Bytes, 1> parts{checkpoint};
  ask(Request::resume, "{}", parts);
}

std::vector<std::pair<std::string, std::string>> RemoteLearner::summary() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Json& pair : Json::parse(ask(Request::summary).header)) out.emplace_back(pair.at(0), pair.at(1));
  return out;
}

}  // namespace assay::run
