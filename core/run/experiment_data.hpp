// From a checked experiment to data that can be trained on: the frame is loaded or simulated, features and target are computed, folds are
// made; whatever the data contradict becomes a diagnostic. Used by the runner, by `assay check` and by `assay predict`. Trains nothing.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "data/csv_reader.hpp"
#include "data/publication_dates.hpp"
#include "pipeline/dataset.hpp"
#include "pipeline/split.hpp"
#include "plugin/component_maker.hpp"
#include "plugin/registry.hpp"

namespace assay::run {

// What a column says of the publication of rows that count as known at other times.
struct DatedRows {
  std::string key;  // where the experiment file says when they are known: "data.available", "data.joins.rates.available"
  data::PublicationDates dates;
  std::int64_t first_row = -1;  // of the file, from 0, and from which file
  std::string file;
};

struct LoadedData {
  data::Frame frame;
  std::string hash;      // of the file's bytes, or of the simulator's name and parameters
  std::string identity;  // what the ledger calls the source: the file's path, or the simulator with its parameters
  std::vector<std::string> notes;
  std::vector<double> true_probability;  // sim.credit: P(default = 1) by source row, so that a result can stand beside the best possible
  std::function<void()> let_go;          // gives memory of a mapped frame back to the system until it is read again; may be empty
  std::vector<DatedRows> dated_rows;
  std::function<data::Frame(TimeNs)> known_by;  // the table made anew of what was known by then; empty: it is one file as it lies there
};

// How the experiment says that its file is to be read; the time and entity columns go with the frame's rules.
data::CsvOptions csv_options(const config::Experiment& experiment);

struct LoadOptions {
  std::filesystem::path cache_folder;  // empty: no cache
  data::ReadProgress progress;
  std::int64_t max_rows = 0;                         // --quick: only the first rows (in time), 0 = all
  std::filesystem::path program = "/proc/self/exe";  // what workers of feature plugins are started from
  const std::atomic<bool>* cancel = nullptr;
};

// Nothing where the data cannot be read; the file's expressions are then looked at without them. Where only `columns`, `drop` or
// `categorical` name what is not there, `diagnostics` has errors and the data are good for further checks alone.
std::optional<LoadedData> load_data(const config::Experiment& experiment, const LoadOptions& options, Diagnostics& diagnostics);

struct ExperimentData {
  std::shared_ptr<const plugin::ComponentMaker> maker;  // of features that are fitted in the folds
  LoadedData loaded;
  pipeline::Dataset dataset;
  pipeline::Folds folds;
};

// The same, on to the folds; nothing where `diagnostics` has errors after it. A mistake stops only what stands on it: all others are told
// in the same go, and names of what is faulty itself are no mistakes. Throws plugin::CallFailure where a feature plugin's worker
// did not end well.
std::optional<ExperimentData> prepare_data(const config::Experiment& experiment, const plugin::Registry& registry,
                                           const LoadOptions& options, Diagnostics& diagnostics);
std::optional<ExperimentData> prepare_data(const config::Experiment& experiment, const plugin::Registry& registry, LoadedData loaded,
                                           const LoadOptions& options, Diagnostics& diagnostics);

}  // namespace assay::run
