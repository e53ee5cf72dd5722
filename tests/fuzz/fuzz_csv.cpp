// libFuzzer: any bytes through the CSV reader, in any dialect (the first bytes choose). What is not refused with an Error must be a sound
// table, and the same one however many threads read it.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "data/csv_reader.hpp"

using namespace assay;
using namespace assay::data;

namespace {

template <class T, std::size_t N>
T chosen(const std::array<T, N>& from, std::uint8_t by) {
  return from[by % N];
}

CsvOptions options_of(const std::uint8_t* how) {
  CsvOptions options;
  options.path = "fuzz.csv";
  options.delimiter = chosen(std::array{'\0', ',', ';', '\t', ' ', '|', '/'}, how[0]);
  options.decimal = chosen(std::array{'\0', '.', ','}, how[1] & 15);
  options.thousands = chosen(std::array{'\0', '\0', ',', '.', '\'', ' '}, how[1] >> 4);
  options.encoding = chosen(std::array<const char*, 8>{"", "", "", "latin-1", "windows-1250", "shift_jis", "utf-16", "utf-16be"}, how[2]);
  if ((how[3] & 3) != 0) options.header = (how[3] & 1) != 0;
  if ((how[3] & 4) != 0) options.names = {"t", "e", "x"};
  options.skip_malformed = (how[3] & 8) != 0;
  options.skip_lines = how[3] >> 4 & 3;
  options.skip_trailer = how[3] >> 6;
  const int columns = how[4] % 8;
  if (columns == 1 || columns == 2 || columns == 3) options.time_column = "t";
  if (columns == 2) options.time_format = "%Y/%m/%d %H:%M", options.zone = "Europe/Warsaw", options.clock_column = "e";
  if (columns == 3) options.time_format = "epoch_ms";
  if (columns == 4) options.missing = {"-1", "x"};
  if (columns == 5) options.categorical = {"t"}, options.entity_column = "e";
  if (columns == 6) options.numeric = {"x"};
  return options;
}

std::string read(std::string_view text, const CsvOptions& options) {
  try {
    const CsvTable table = parse_csv(text, options);
    for (const Column& column : table.columns)
      if (column.size() != table.columns[0].size()) std::abort();
    std::string all = to_csv(table.columns);
    for (const std::string& note : table.notes) all += note + '\n';
    return all;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kHow = 6;
  if (size < kHow) return 0;
  CsvOptions options = options_of(bytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes) + kHow, size - kHow);
  options.threads = 1;
  const std::string one = read(text, options);
  options.threads = 2;
  options.piece_bytes = 1 + bytes[5] % 64;
  if (read(text, options) != one) std::abort();
  return 0;
}
