// Where tests find real data: the folder ASSAY_DATA, else ../shared/data beside the source tree. Tag such cases [real_data].
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace assay::test {

inline std::filesystem::path data_folder() {
  const char* named = std::getenv("ASSAY_DATA");
  return named != nullptr && *named != '\0' ? std::filesystem::path(named) : std::filesystem::path(ASSAY_SOURCE_DIR) / "../shared/data";
}
inline bool has_real_data() { return std::filesystem::is_directory(data_folder()); }
inline std::string real_data(const std::string& file) { return (data_folder() / file).string(); }

}  // namespace assay::test
