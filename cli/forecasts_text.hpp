// A run's stored forecasts (but those of the sealed final test) and its learning curves, row by row: as a table, as CSV and as JSON. Used
// by runs show. Reads the store only; thread-safe as that is.
#pragma once

#include <string>

#include "store/store.hpp"

namespace assay::cli {

std::string predictions_text(const store::Store& store, const store::RunRecord& run, bool as_csv);
std::string predictions_json(const store::Store& store, const store::RunRecord& run);
std::string steps_text(const store::Store& store, store::RunId id, bool as_csv);
std::string steps_json(const store::Store& store, store::RunId id);

}  // namespace assay::cli
