// libFuzzer: any bytes as a file of the data cache (its checksum is not compared in fuzz builds). What opens must read to its last cell.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "data/column_file.hpp"

using namespace assay::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto file = std::filesystem::temp_directory_path() / ("assay_fuzz_" + std::to_string(::getpid()));
  std::ofstream(file, std::ios::binary | std::ios::trunc).write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  try {
    if (const auto loaded = open_column_file(file, "key")) {
      const Frame& frame = loaded->frame;
      for (const Column& column : frame.columns())
        for (std::size_t i = 0; i < column.size(); ++i) static_cast<void>(column.text(i));
      static_cast<void>(frame.distinct_times());
      for (std::size_t i = 0; i < frame.entity_names().size(); ++i) static_cast<void>(frame.rows_of_entity(static_cast<std::int32_t>(i)));
    }
  } catch (const assay::Error&) {
  }
  std::filesystem::remove(file);
  return 0;
}
