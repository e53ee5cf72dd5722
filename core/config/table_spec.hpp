// What the experiment file says below `data:` of putting a table together: several files, wide tables, joins, longer bars and the like.
// Part of config/experiment.hpp. Values, thread-safe for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.hpp"

namespace assay::config {

struct CsvSpec {  // how a CSV file's text is written; what is empty is found from the file
  std::string delimiter, decimal, thousands, encoding;
  std::optional<bool> header;      // absent: there is one, unless `names` are given
  std::vector<std::string> names;  // of all columns, instead of the header's
  std::vector<std::string> numeric;
  std::int64_t skip_lines = 0, skip_trailer = 0;
  std::string malformed = "error";  // error | skip
};

struct WideSpec {
  std::string value;                 // name of the column of values
  std::vector<std::string> columns;  // patterns; empty: all but the time
  bool keep_missing = false;         // else an empty cell is no row
};

struct QuoteSpec {
  std::string name, bid, ask, spread;  // spread: name of its column; empty: none
};

struct ResampleSpec {
  Span bar;
  std::string zone = "UTC", open, close;  // times of day; empty: whole days
  std::vector<std::pair<std::string, std::string>> aggregate;
};

struct ReusedSpec {
  std::string entity, from, to, as;  // from, to: as written; empty: open. as: empty: its rows are left out
};

struct JoinSpec {
  std::string name;
  std::string key;             // where it stands below `data`: "joins.rates", "universe", "delisting"
  std::filesystem::path path;  // absolute
  std::string path_as_written;
  std::string column, format, stamp, zone = "UTC";  // of its time
  std::optional<Span> bar;
  std::string entity;  // empty: the values hold for all
  std::vector<std::string> columns, drop, categorical, missing;
  CsvSpec csv;
  Span available;
  std::string known_column;  // available: {column: ...}
  std::optional<Span> max_age;
  bool only_new = false;
  std::string prefix;
};

struct TablesSpec {
  bool entity_from_files = false;
  std::optional<WideSpec> wide;
  std::vector<QuoteSpec> quotes;
  std::optional<ResampleSpec> resample;
  std::string calendar, calendar_entity;  // union | intersection | entity; empty: as it is
  std::vector<JoinSpec> joins;
  std::vector<ReusedSpec> reused;
  bool factors_are_events = false;  // of adjustment.factor_column
  std::vector<std::string> adjusted_prices;
  std::string adjusted_volume;
  std::optional<JoinSpec> delisting, universe;
  std::string last_return;  // delisting's column
  std::string member;       // the column that tells members of the universe apart

  // Whether there are columns that the source's own file does not have.
  bool makes_columns() const { return wide || entity_from_files || !quotes.empty() || !joins.empty() || universe; }
  bool any() const { return makes_columns() || resample || !calendar.empty() || !reused.empty() || delisting; }
};

}  // namespace assay::config
