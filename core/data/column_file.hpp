// The mapped column file: a frame read once is kept in a cache folder and opened by mapping it, without heap and without parsing.
// Used by whoever loads data for an experiment. A cache file is found by the data file's path, size, mtime, inode and the reading options;
// a damaged or foreign one is never trusted: the data are read again, with a note. A file is read whole against its checksum the first time
// it is opened after a change to it or a start of the machine; a mark beside it (.whole) saves the second time. Safe to call from several
// threads and processes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/csv_reader.hpp"
#include "data/frame.hpp"

namespace assay::data {

struct CacheOptions {
  std::filesystem::path folder;                 // made where absent; empty: no cache
  std::uintmax_t limit_bytes = 20'000'000'000;  // beyond it the entries go that were not used for longest
};

struct LoadedFrame {
  Frame frame;
  std::string content_hash;        // SHA-256 of the data file's bytes
  std::vector<std::string> notes;  // the reader's and Frame::finish's, the same from the cache as from the file
  bool from_cache = false;
  std::function<void()> let_go;  // gives memory of a mapped frame back to the system until it is read again; may be empty
};

// read_csv, then Frame::finish, kept in the cache. rules.time_column and rules.entity_column are also what the reader gets: they
// override the options'. A cache that cannot be written (full disk, no permission) is a note, not an error.
// Throws as read_csv and Frame::finish do.
LoadedFrame load_csv(const CsvOptions& options, const TimeRules& rules, const CacheOptions& cache, const ReadProgress& progress = {});

// The file itself, for tests and tools. `key` is any text; open gives nothing where the file is absent, damaged, of another version
// or of another key. write throws Error(failed) where the disk refuses.
void write_column_file(const std::filesystem::path& file, const LoadedFrame& loaded, const std::string& key);
std::optional<LoadedFrame> open_column_file(const std::filesystem::path& file, const std::string& key);

}  // namespace assay::data
