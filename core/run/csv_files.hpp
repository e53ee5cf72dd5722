// Reading the CSV files that an experiment names, one or many: into one frame, with whatever is wrong as diagnostics at the keys of the
// experiment file. Used by experiment_data and by `assay data check`. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "data/as_of_join.hpp"
#include "data/csv_reader.hpp"
#include "run/experiment_data.hpp"

namespace assay::run {

// The place of a key below `data`; where the file has no such key, of the nearest one that it stands in.
Place place_below_data(const config::Experiment& experiment, const std::string& key);

// How the whole table's times and entities are to be understood, before bars are made longer.
data::TimeRules time_rules(const config::Experiment& experiment);

// The source's file, or all files that its path names, as one frame; entities of a wide table are still columns of it.
std::optional<LoadedData> load_files(const config::Experiment& experiment, const LoadOptions& options, Diagnostics& diagnostics);

// The table of a join, and the hash of its file's bytes.
struct LoadedJoin {
  data::JoinTable table;
  std::string hash;
  std::vector<std::string> notes;
};
data::CsvOptions csv_options(const config::JoinSpec& join);
std::optional<LoadedJoin> load_join(const config::Experiment& experiment, const config::JoinSpec& join, const LoadOptions& options,
                                    Diagnostics& diagnostics);

}  // namespace assay::run
