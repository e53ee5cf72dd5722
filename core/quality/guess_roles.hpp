// Which column of a bare CSV file is the time, and which names the entity: by names, types and values. Used by `assay data check` where no
// experiment file says so; every guess comes with its reason, and the user can overrule it. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "data/column.hpp"

namespace assay::quality {

struct Guess {
  std::string column;
  std::string reason;
  std::string format;  // of a time column; see data/time_format.hpp; empty: ISO 8601
};

// Columns as read without any role.
std::optional<Guess> guess_time(std::span<const data::Column> columns);
// The format in which a column holds times, if it does.
std::optional<std::string> guess_format(const data::Column& column);
// The column with the time of day beside one that holds dates alone; its format goes behind the date's with a blank.
std::optional<Guess> guess_clock(std::span<const data::Column> columns, const std::string& date);
// Given the times: a column of names that tells rows of the same time apart. Nothing where each time stands once.
std::optional<Guess> guess_entity(std::span<const data::Column> columns, const std::string& time);
// A column called target, label, class or y.
std::optional<Guess> guess_target(std::span<const data::Column> columns);

}  // namespace assay::quality
