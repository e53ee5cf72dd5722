// Who made a result: this build, this machine, and the hash that names a run (rules.md 19). Used by the runner and cli. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/records.hpp"

namespace assay::run {

// The GNU build id of the running program: changes with every byte of its code.
const std::string& build_id();

// "Intel(R) Xeon(R) Processor, 4 cores, x86-64-v4, Linux 6.1 (host)".
std::string machine_text();

// What all runs of one file on the same data share, whatever build and plugins made them: under it the store keeps what the data look like.
std::string question_of(const std::string& resolved, const std::string& data_hash);

std::string run_identity(const std::string& resolved, const std::string& data_hash, const std::string& build,
                         const std::vector<store::PluginRecord>& plugins, bool quick);

}  // namespace assay::run
