// Trials in the store: a row each, written in one transaction.
#include <nlohmann/json.hpp>

#include "store/database.hpp"

namespace assay::store {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<TrialStatus, const char*>, 7> kTrialStatus{{{TrialStatus::complete, "complete"},
                                                                           {TrialStatus::pruned, "pruned"},
                                                                           {TrialStatus::failed, "failed"},
                                                                           {TrialStatus::crashed, "crashed"},
                                                                           {TrialStatus::timed_out, "timed out"},
                                                                           {TrialStatus::out_of_memory, "out of memory"},
                                                                           {TrialStatus::not_run, "not run"}}};

std::string json_of(const std::vector<std::pair<std::string, std::string>>& values) {
  Json json = Json::object();
  for (const auto& [path, text] : values) json[path] = text;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TrialRecord read_trial(SQLite::Statement& q, Store::TrialDetail detail) {
  TrialRecord trial;
  trial.study = q.getColumn(0).getInt64();
  trial.number = q.getColumn(1).getInt64();
  trial.status = from_text(kTrialStatus, q.getColumn(2).getString());
  trial.value = read_real(q.getColumn(3));
  const Json values = Json::parse(q.getColumn(4).getString());
  for (const auto& [path, text] : values.items()) trial.values.emplace_back(path, text.get<std::string>());
  trial.configuration = q.getColumn(5).getString();
  trial.seconds = q.getColumn(6).getDouble();
  trial.error = q.getColumn(7).getString();
  if (detail == Store::TrialDetail::brief) return trial;
  trial.step = read_array<std::int64_t>(q.getColumn(8));
  trial.step_value = read_array<double>(q.getColumn(9));
  if (detail == Store::TrialDetail::steps) return trial;
  trial.log = q.getColumn(10).getString();
  trial.file = q.getColumn(11).getString();
  trial.time = read_array<TimeNs>(q.getColumn(12));
  trial.returns = read_array<double>(q.getColumn(13));
  return trial;
}

constexpr const char* kBrief = "study, number, status, value, \"values\", configuration, seconds, error";
constexpr const char* kSteps = ", step, step_value";
constexpr const char* kRest = ", log, file, time, \"return\"";

}  // namespace

const char* to_text(TrialStatus status) {
  for (const auto& [value, name] : kTrialStatus)
    if (value == status) return name;
  return "?";
}

void Store::put_trial(RunId id, const TrialRecord& trial) {
  guarded(state_->file, "recording a trial", [&] {
    SQLite::Statement put(state_->db, "INSERT OR REPLACE INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put.bind(1, id);
    put.bind(2, trial.study);
    put.bind(3, trial.number);
    put.bind(4, to_text(trial.status));
    bind_real(put, 5, trial.value);
    put.bind(6, json_of(trial.values));
    put.bind(7, trial.configuration);
    put.bind(8, trial.seconds);
    put.bind(9, trial.error);
    put.bind(10, trial.log);
    put.bind(11, trial.file);
    bind_array(put, 12, trial.step);
    bind_array(put, 13, trial.step_value);
    bind_array(put, 14, trial.time);
    bind_array(put, 15, trial.returns);
    put.exec();
  });
}

std::vector<TrialRecord> Store::trials(RunId id, TrialDetail detail) const {
  return guarded(state_->file, "reading trials", [&] {
    std::vector<TrialRecord> list;
    SQLite::Statement q(state_->db, fmt::format("SELECT {}{}{} FROM trial WHERE run = ? ORDER BY study, number", kBrief,
                                                detail == TrialDetail::brief ? "" : kSteps, detail == TrialDetail::whole ? kRest : ""));
    q.bind(1, id);
    while (q.executeStep()) list.push_back(read_trial(q, detail));
    return list;
  });
}

std::optional<TrialRecord> Store::trial(RunId id, std::int64_t study, std::int64_t number) const {
  return guarded(state_->file, "reading a trial", [&]() -> std::optional<TrialRecord> {
    SQLite::Statement q(state_->db,
                        fmt::format("SELECT {}{}{} FROM trial WHERE run = ? AND study = ? AND number = ?", kBrief, kSteps, kRest));
    q.bind(1, id);
    q.bind(2, study);
    q.bind(3, number);
    if (!q.executeStep()) return std::nullopt;
    return read_trial(q, TrialDetail::whole);
  });
}

}  // namespace assay::store
