// libFuzzer: any bytes through the CSV reader, gzip and the column file. What is not refused with an Error must be a sound table.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "data/column_file.hpp"
#include "data/csv_reader.hpp"
#include "data/gzip.hpp"
#include "data/time_format.hpp"

using namespace assay;
using namespace assay::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    if (bytes[0] % 8 == 7) {
      const auto file = std::filesystem::temp_directory_path() / ("assay_fuzz_" + std::to_string(::getpid()));
      std::ofstream(file, std::ios::binary) << text;
      if (const auto loaded = open_column_file(file, "key"))
        for (const Column& column : loaded->frame.columns())
          for (std::size_t i = 0; i < column.size(); ++i) static_cast<void>(column.text(i));
      return 0;
    }
    if (is_gzip(text)) {
      static_cast<void>(unpack_gzip(text, "fuzz.gz", {}));
      return 0;
    }
    CsvOptions options;
    options.path = "fuzz.csv";
    if (bytes[0] % 8 == 1) options.time_column = "t";
    if (bytes[0] % 8 == 2) options.time_column = "t", options.time_format = "%Y/%m/%d %H:%M", options.zone = "Europe/Warsaw";
    if (bytes[0] % 8 == 3) options.time_column = "t", options.time_format = "epoch_ms";
    if (bytes[0] % 8 == 4) options.missing = {"-1", "x"};
    const CsvTable table = parse_csv(text, options);
    if (table.columns.empty()) return 0;
    for (const Column& column : table.columns)
      if (column.size() != table.columns[0].size()) std::abort();
    static_cast<void>(to_csv(table.columns));
  } catch (const Error&) {
  }
  return 0;
}
