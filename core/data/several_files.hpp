// Several files as one table: the files that a pattern names, in an order that does not depend on the machine, laid end to end.
// Used by whoever loads data for an experiment. It reads nothing itself. Pure but for the look into folders; thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/frame.hpp"

namespace assay::data {

bool is_pattern(const std::filesystem::path& path);  // holds * or ?

// The files that the pattern matches, in ascending order of their paths' bytes; hidden ones only where the pattern begins with a dot.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& pattern);

// What the file's name says of its rows: the part that the pattern's last * stands for, where its last part holds exactly one; else the
// name without its endings. "prices_*.csv" and "prices_AAPL.csv": AAPL.
std::string name_in(const std::filesystem::path& file, const std::filesystem::path& pattern);

struct FileTable {
  std::filesystem::path file;
  Frame frame;
};

// One table: the files' rows in order of the files. With `entity_from_names` a column of that name says from which file a row came. All
// files must have the same columns, in any order. rules: of the whole. Throws Error(data), with the file and the column, where they do not
// agree; Frame::finish's otherwise.
Frame one_table(const std::vector<FileTable>& files, const std::filesystem::path& pattern, bool entity_from_names, const TimeRules& rules,
                FrameNotes& notes);

}  // namespace assay::data
