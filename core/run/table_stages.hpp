// Puts an experiment's table together: what its files hold goes through the stages that the experiment file asks for, in a fixed order
// (wide table, quotes, longer bars, calendar, joins). Used by experiment_data. Thread-safe.
#pragma once

#include "run/csv_files.hpp"

namespace assay::run {

// `loaded` holds what the source gives, and becomes the table that features are computed on. False, with errors in `diagnostics`, where it
// cannot be put together. Warns where a column of dates says that rows are known too early.
bool put_together(const config::Experiment& experiment, LoadedData& loaded, const LoadOptions& options, Diagnostics& diagnostics);

}  // namespace assay::run
