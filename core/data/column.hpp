// One typed column of a table: name, type, contiguous values with one marked missing value per type.
// Used by everything that touches data. Values are immutable and shared: copying a Column copies a reference, and the memory may be a
// vector's or a mapped file's. Thread-safe for reading.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "base/large_pages.hpp"

namespace assay::data {

enum class ColumnType : std::uint8_t { real, integer, boolean, category, timestamp };
const char* to_text(ColumnType type);

// Missing: NaN in real, kMissingInteger, kMissingBoolean, kMissingCode (category), kMissingTime (timestamp).
inline constexpr std::int64_t kMissingInteger = std::numeric_limits<std::int64_t>::min();
inline constexpr std::uint8_t kMissingBoolean = 255;
inline constexpr std::int32_t kMissingCode = -1;

class Column {
 public:
  Column() = default;
  static Column of_reals(std::string name, std::vector<double> values);
  static Column of_large(std::string name, LargeVector<double> values);  // reals
  static Column of_integers(std::string name, std::vector<std::int64_t> values);
  static Column of_booleans(std::string name, std::vector<std::uint8_t> values);
  static Column of_codes(std::string name, std::vector<std::int32_t> codes, std::vector<std::string> levels);
  static Column of_times(std::string name, std::vector<TimeNs> values);
  // Memory that `owner` keeps alive (a mapped file, say). levels only for categories.
  static Column borrowed(std::string name, ColumnType type, const void* values, std::size_t size, std::shared_ptr<const void> owner,
                         std::vector<std::string> levels = {});

  const std::string& name() const { return name_; }
  ColumnType type() const { return type_; }
  std::size_t size() const { return size_; }
  bool is_numeric() const { return type_ == ColumnType::real || type_ == ColumnType::integer || type_ == ColumnType::boolean; }

  // Each checks the type (ASSAY_CHECK).
  std::span<const double> reals() const;
  std::span<const std::int64_t> integers() const;
  std::span<const std::uint8_t> booleans() const;
  std::span<const std::int32_t> codes() const;
  std::span<const TimeNs> times() const;
  const std::vector<std::string>& levels() const;

  bool is_missing(std::size_t row) const;
  std::size_t missing_count() const;
  double number(std::size_t row) const;     // real, integer, boolean, and the code of a category; missing is NaN
  std::string text(std::size_t row) const;  // as it would stand in a CSV file; missing is ""
  std::vector<double> to_reals() const;     // number() of every row

  Column renamed(std::string name) const;
  Column taken(std::span<const std::int64_t> rows) const;  // rows in that order, each < size()
  // Numbers or booleans as a category whose levels are the distinct values in ascending order, written as text.
  Column as_category() const;

 private:
  std::string name_;
  ColumnType type_ = ColumnType::real;
  const void* values_ = nullptr;
  std::size_t size_ = 0;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::vector<std::string>> levels_;
};

}  // namespace assay::data
