// The trials of a run's search: as a table, as CSV and JSON, one of them in full, and the lines of a summary. Used by run, runs show and
// sweep. Pure functions, thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "store/records.hpp"

namespace assay::cli {

std::string trials_table(const std::vector<store::TrialRecord>& trials, const Console& console);
std::string trials_csv(const std::vector<store::TrialRecord>& trials);
std::string trials_json(const std::vector<store::TrialRecord>& trials);
std::string trial_text(const store::TrialRecord& trial);  // values, intermediate values, what went wrong
std::string trial_file(const store::TrialRecord& trial);  // throws with the reason where it never ran
std::string trial_json(const store::TrialRecord& trial);

// "search" and "trial" of a summary.
std::string search_text(const nlohmann::ordered_json& search);
std::string trial_summary_text(const nlohmann::ordered_json& trial);

}  // namespace assay::cli
