// Unpacks gzip, several members in a row too (zlib is fenced in gzip.cpp). Used by the CSV reader. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/csv_reader.hpp"

namespace assay::data {

bool is_gzip(std::string_view bytes);
// Throws Error(data) naming `path` where the data are damaged or cut short, Error(interrupted) where progress says stop.
// Progress counts packed bytes.
std::string unpack_gzip(std::string_view bytes, const std::filesystem::path& path, const ReadProgress& progress);

}  // namespace assay::data
