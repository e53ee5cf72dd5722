// libFuzzer: any line as a time format, the second as a text to read with it. A time that ISO 8601 can write must be read back from it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "data/time_format.hpp"
#include "data/time_zone.hpp"

using namespace assay;
using namespace assay::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto zone = TimeZone::find("Europe/Warsaw");
  const std::string_view all(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = all.find('\n');
  const std::string_view format = all.substr(0, line), text = line == std::string_view::npos ? all : all.substr(line + 1);
  std::string why;
  const auto compiled = TimeFormat::compile(format, why);
  if (!compiled && why.empty()) std::abort();
  for (const auto& parsed : {compiled ? compiled->parse(text) : std::nullopt, parse_iso_time(text)}) {
    if (!parsed) continue;
    const auto again = parse_iso_time(to_iso(parsed->time));
    if (!again || again->time != parsed->time) std::abort();
    if (zone) static_cast<void>(zone->to_utc(parsed->time));
  }
  static_cast<void>(guess_time_formats(text));
  static_cast<void>(TimeZone::find(text, "/nonexistent"));
  return 0;
}
