// libFuzzer: any bytes through the CSV reader. What is not refused with an Error must be a sound table.
#include <cstdint>
#include <cstdlib>

#include "data/csv_reader.hpp"
#include "data/time_format.hpp"

using namespace assay;
using namespace assay::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  CsvOptions options;
  options.path = "fuzz.csv";
  const int how = bytes[0] % 8;
  if (how == 1) options.time_column = "t";
  if (how == 2) options.time_column = "t", options.time_format = "%Y/%m/%d %H:%M", options.zone = "Europe/Warsaw";
  if (how == 3) options.time_column = "t", options.time_format = "epoch_ms";
  if (how == 4) options.missing = {"-1", "x"};
  if (how == 5) options.categorical = {"t"}, options.entity_column = "e";
  try {
    const CsvTable table = parse_csv({reinterpret_cast<const char*>(bytes) + 1, size - 1}, options);
    if (table.columns.empty()) return 0;
    for (const Column& column : table.columns)
      if (column.size() != table.columns[0].size()) std::abort();
    static_cast<void>(to_csv(table.columns));
  } catch (const Error&) {
  }
  return 0;
}
