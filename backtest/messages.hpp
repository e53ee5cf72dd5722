// What a session and its worker say to each other, and its text forms. Bars travel as packed memory that all workers map, the rest as JSON
// and binary parts between two processes of one program. Used by session and worker.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "backtest/session.hpp"
#include "worker/channel.hpp"

namespace assay::backtest {

enum class Request : std::uint32_t { market = 1, forecasts, replay };

struct RemoteJob {
  Job job;
  std::vector<std::filesystem::path> plugins;  // of each leg's strategy
};
std::string to_json(const RemoteJob& job);
RemoteJob job_from_json(const std::string& text);

// An outcome as a header and parts that borrow from it, and back.
struct OutcomeMessage {
  std::string header;
  std::vector<worker::Bytes> parts;
};
OutcomeMessage to_message(const Outcome& outcome);
Outcome outcome_from(const worker::Message& message);

// Runs a job in this process; components: of each leg's strategy.
Outcome run_loaded(const Market& market, const Job& job, std::span<const plugin::LoadedComponent* const> components,
                   plugin::CallOptions options);

}  // namespace assay::backtest
