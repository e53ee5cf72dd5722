// Reads the times that most files have from the front of text: 2018-01-02 03:04:05, with a blank or a T between, or the date alone. Used by
// the CSV reader alone, which asks TimeFormat where this does not answer. At least 19 bytes must be readable behind the text's end
// (MappedFile's padding). One thread's: it remembers the date, since neighbours often share it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/calendar.hpp"
#include "data/time_format.hpp"

namespace assay::data {

class PlainTimes {
 public:
  // The byte behind the time, or null where this is none of these forms. It may end in the middle of a longer form: the caller looks.
  const char* read(const char* p, TimeNs& time) {
    std::uint64_t front, clock;
    std::uint16_t back;
    std::memcpy(&front, p, 8);
    std::memcpy(&back, p + 8, 2);
    if (front != front_ || back != back_) {
      const auto date = parse_iso_time(std::string_view(p, 10));
      if (!date) return nullptr;
      front_ = front, back_ = back, date_ = date->time;
    }
    time = date_;
    if (p[10] != ' ' && p[10] != 'T') return p + 10;
    std::memcpy(&clock, p + 11, 8);
    clock ^= kClock;
    if ((((clock + 0x7676767676767676u) | clock) & 0x8080808080808080u) != 0 || (clock & 0x0000FF0000FF0000u) != 0) return nullptr;
    const auto two = [clock](int at) { return static_cast<std::int64_t>((clock >> at & 15) * 10 + (clock >> (at + 8) & 15)); };
    const std::int64_t hour = two(0), minute = two(24), second = two(48);
    if (hour > 23 || minute > 59 || second > 59) return nullptr;
    time += ((hour * 60 + minute) * 60 + second) * kNsPerSecond;
    return p + 19;
  }

 private:
  static constexpr std::uint64_t kClock = 0x30303A30303A3030u;  // "00:00:00", the first character in the lowest byte
  std::uint64_t front_ = 0x2D31302D30373931u;                   // the last date's characters: "1970-01-" ...
  std::uint16_t back_ = 0x3130;                                 // ... and "01"
  TimeNs date_ = 0;
};

}  // namespace assay::data
