// Local clock time to UTC. Used by the readers for `zone:`. A zone is "UTC" (also "Z"), a fixed offset ("+02:00", "-0530"), or an IANA name
// ("Europe/Warsaw") from the system's zone files (/usr/share/zoneinfo, or the folder in the call). Immutable, thread-safe.
// Local times that the clock skips (spring) have no UTC time; those that it shows twice (autumn) are taken as the first of the two.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/calendar.hpp"

namespace assay::data {

class TimeZone {
 public:
  // Nothing where there is no such zone, or its file is damaged.
  static std::optional<TimeZone> find(std::string_view name, const std::filesystem::path& folder = "/usr/share/zoneinfo");

  bool is_utc() const { return !rules_ && fixed_seconds_ == 0; }
  // Nothing in a gap and outside the range of TimeNs. Seconds and below are kept.
  std::optional<TimeNs> to_utc(TimeNs local) const;
  bool is_ambiguous(TimeNs local) const;
  std::int32_t offset_seconds(TimeNs utc) const;  // east of Greenwich

  struct Rules;

 private:
  std::int32_t fixed_seconds_ = 0;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace assay::data
