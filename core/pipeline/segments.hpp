// Holes in time: where windows of past rows must break (rules.md 4). Used by build_dataset and by the pass over features. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "data/frame.hpp"

namespace assay::pipeline {

// A segment's number for each row: it changes from one entity to the next and at each hole. A hole is
//  - a time that other entities have and this one lacks;
//  - with a bar's length given, a distance between two rows of an entity that is longer than one bar and a slack: half a bar for an entity
//    with rows on Saturdays and on Sundays (it has no closing days), 7 days for bars of months (whose last trading days wander), else 5
//    days (nights, weekends and holidays of exchanges).
// Without a bar's length gaps over 10 times the usual step and over 5 days are only noted, since nobody said that they are holes.
std::vector<std::int32_t> segments(const data::Frame& frame, const std::optional<Span>& bar, std::vector<std::string>& notes);

// The same for the windows of expressions, which bridge a time that the entity lacks, as closing days are: a number that changes where two
// rows of an entity lie more than a bar and 5 days (7 for bars of months) apart. Each distance is judged by itself, so no later row changes
// an earlier feature. Empty without a bar's length.
std::vector<std::int32_t> stretches(const data::Frame& frame, const std::optional<Span>& bar);

}  // namespace assay::pipeline
