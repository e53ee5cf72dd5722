// Columns that seem to say when their rows were published, against the times at which the rows count as known. Used by whoever loads data
// for an experiment, and through it by the audit. It goes by the columns' names: a column of dates may mean anything. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/column.hpp"

namespace assay::data {

struct PublicationDates {
  std::string column;
  std::size_t rows = 0;                                   // with a date
  std::size_t late = 0;                                   // of them those that count as known before that date
  std::int64_t first_row = -1;                            // the first of those, as an index into the columns
  TimeNs known = kMissingTime, published = kMissingTime;  // of that row
  std::int64_t longest_ns = 0;                            // how much too early the worst one is
};

bool names_a_publication(const std::string& column);  // filed, published, release_date, ...

// known: when each row counts as known. Columns in their order; of readings of a date that fit all cells the most lenient counts.
std::vector<PublicationDates> publication_dates(const std::vector<Column>& columns, std::span<const TimeNs> known);

}  // namespace assay::data
