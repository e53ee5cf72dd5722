#include "data/column.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::data {
namespace {

template <class T>
std::size_t count_equal(std::span<const T> values, T missing) {
  return static_cast<std::size_t>(std::count(values.begin(), values.end(), missing));
}

template <class T>
std::vector<T> gathered(std::span<const T> values, std::span<const std::int64_t> rows) {
  std::vector<T> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSAY_CHECK(static_cast<std::uint64_t>(rows[i]) < values.size(), "a row beyond the column");
    result[i] = values[static_cast<std::size_t>(rows[i])];
  }
  return result;
}

// Codes for the distinct present values in ascending order; `write` turns a value into its level.
template <class T, class Missing, class Write>
Column coded(const std::string& name, std::span<const T> values, Missing is_missing, Write write) {
  std::vector<T> distinct;
  std::copy_if(values.begin(), values.end(), std::back_inserter(distinct), [&](T v) { return !is_missing(v); });
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::int32_t> codes(values.size(), kMissingCode);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!is_missing(values[i]))
      codes[i] = static_cast<std::int32_t>(std::lower_bound(distinct.begin(), distinct.end(), values[i]) - distinct.begin());
  std::vector<std::string> levels(distinct.size());
  std::transform(distinct.begin(), distinct.end(), levels.begin(), write);
  return Column::of_codes(name, std::move(codes), std::move(levels));
}

template <class Values>  // clang-tidy cannot see that both are moved on
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Column owning(std::string name, ColumnType type, Values values, std::vector<std::string> levels = {}) {
  const auto owner = std::make_shared<const Values>(std::move(values));
  return Column::borrowed(std::move(name), type, owner->data(), owner->size(), owner, std::move(levels));
}

}  // namespace

const char* to_text(ColumnType type) {
  switch (type) {
    case ColumnType::real:
      return "real";
    case ColumnType::integer:
      return "integer";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::category:
      return "category";
    case ColumnType::timestamp:
      return "timestamp";
  }
  return "unknown";
}

Column Column::of_reals(std::string name, std::vector<double> values) {
  return owning(std::move(name), ColumnType::real, std::move(values));
}
Column Column::of_large(std::string name, LargeVector<double> values) {
  return owning(std::move(name), ColumnType::real, std::move(values));
}
Column Column::of_integers(std::string name, std::vector<std::int64_t> values) {
  return owning(std::move(name), ColumnType::integer, std::move(values));
}
Column Column::of_booleans(std::string name, std::vector<std::uint8_t> values) {
  return owning(std::move(name), ColumnType::boolean, std::move(values));
}
Column Column::of_codes(std::string name, std::vector<std::int32_t> codes, std::vector<std::string> levels) {
  for (const std::int32_t code : codes)
    ASSAY_CHECK(code == kMissingCode || static_cast<std::uint32_t>(code) < levels.size(), "a code without a level");
  return owning(std::move(name), ColumnType::category, std::move(codes), std::move(levels));
}
Column Column::of_times(std::string name, std::vector<TimeNs> values) {
  return owning(std::move(name), ColumnType::timestamp, std::move(values));
}

Column Column::borrowed(std::string name, ColumnType type, const void* values, std::size_t size, std::shared_ptr<const void> owner,
                        std::vector<std::string> levels) {
  static const auto kNoLevels = std::make_shared<const std::vector<std::string>>();
  Column column;
  column.name_ = std::move(name);
  column.type_ = type;
  column.values_ = values;
  column.size_ = size;
  column.owner_ = std::move(owner);
  column.levels_ = levels.empty() ? kNoLevels : std::make_shared<const std::vector<std::string>>(std::move(levels));
  return column;
}

std::span<const double> Column::reals() const {
  ASSAY_CHECK(type_ == ColumnType::real, name_);
  return {static_cast<const double*>(values_), size_};
}
std::span<const std::int64_t> Column::integers() const {
  ASSAY_CHECK(type_ == ColumnType::integer, name_);
  return {static_cast<const std::int64_t*>(values_), size_};
}
std::span<const std::uint8_t> Column::booleans() const {
  ASSAY_CHECK(type_ == ColumnType::boolean, name_);
  return {static_cast<const std::uint8_t*>(values_), size_};
}
std::span<const std::int32_t> Column::codes() const {
  ASSAY_CHECK(type_ == ColumnType::category, name_);
  return {static_cast<const std::int32_t*>(values_), size_};
}
std::span<const TimeNs> Column::times() const {
  ASSAY_CHECK(type_ == ColumnType::timestamp, name_);
  return {static_cast<const TimeNs*>(values_), size_};
}
const std::vector<std::string>& Column::levels() const {
  ASSAY_CHECK(type_ == ColumnType::category, name_);
  return *levels_;
}

bool Column::is_missing(std::size_t row) const {
  ASSAY_CHECK(row < size_, name_);
  switch (type_) {
    case ColumnType::real:
      return std::isnan(reals()[row]);
    case ColumnType::integer:
      return integers()[row] == kMissingInteger;
    case ColumnType::boolean:
      return booleans()[row] == kMissingBoolean;
    case ColumnType::category:
      return codes()[row] == kMissingCode;
    case ColumnType::timestamp:
      return times()[row] == kMissingTime;
  }
  return true;
}

std::size_t Column::missing_count() const {
  switch (type_) {
    case ColumnType::real: {
      const auto values = reals();
      return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }));
    }
    case ColumnType::integer:
      return count_equal(integers(), kMissingInteger);
    case ColumnType::boolean:
      return count_equal(booleans(), kMissingBoolean);
    case ColumnType::category:
      return count_equal(codes(), kMissingCode);
    case ColumnType::timestamp:
      return count_equal(times(), kMissingTime);
  }
  return 0;
}

double Column::number(std::size_t row) const {
  if (is_missing(row)) return std::numeric_limits<double>::quiet_NaN();
  switch (type_) {
    case ColumnType::real:
      return reals()[row];
    case ColumnType::integer:
      return static_cast<double>(integers()[row]);
    case ColumnType::boolean:
      return booleans()[row];
    case ColumnType::category:
      return codes()[row];
    case ColumnType::timestamp:
      break;
  }
  broken_promise("number(row)", __FILE__, __LINE__, "a timestamp is no number: " + name_);
}

std::string Column::text(std::size_t row) const {
  if (is_missing(row)) return {};
  switch (type_) {
    case ColumnType::real:
      return text::shortest(reals()[row]);
    case ColumnType::integer:
      return std::to_string(integers()[row]);
    case ColumnType::boolean:
      return booleans()[row] != 0 ? "true" : "false";
    case ColumnType::category:
      return levels()[static_cast<std::size_t>(codes()[row])];
    case ColumnType::timestamp:
      return to_iso(times()[row]);
  }
  return {};
}

std::vector<double> Column::to_reals() const {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> result(size_);
  const auto convert = [&](auto values, auto missing) {
    std::transform(values.begin(), values.end(), result.begin(), [&](auto v) { return v == missing ? kNan : static_cast<double>(v); });
  };
  switch (type_) {
    case ColumnType::real:
      std::copy(reals().begin(), reals().end(), result.begin());
      break;
    case ColumnType::integer:
      convert(integers(), kMissingInteger);
      break;
    case ColumnType::boolean:
      convert(booleans(), kMissingBoolean);
      break;
    case ColumnType::category:
      convert(codes(), kMissingCode);
      break;
    case ColumnType::timestamp:
      broken_promise("to_reals()", __FILE__, __LINE__, "a timestamp is no number: " + name_);
  }
  return result;
}

Column Column::renamed(std::string name) const {
  Column column = *this;
  column.name_ = std::move(name);
  return column;
}

Column Column::taken(std::span<const std::int64_t> rows) const {
  switch (type_) {
    case ColumnType::real:
      return of_reals(name_, gathered(reals(), rows));
    case ColumnType::integer:
      return of_integers(name_, gathered(integers(), rows));
    case ColumnType::boolean:
      return of_booleans(name_, gathered(booleans(), rows));
    case ColumnType::timestamp:
      return of_times(name_, gathered(times(), rows));
    case ColumnType::category:
      break;
  }
  Column column = owning(name_, ColumnType::category, gathered(codes(), rows));
  column.levels_ = levels_;
  return column;
}

Column Column::as_category() const {
  switch (type_) {
    case ColumnType::category:
      return *this;
    case ColumnType::real:
      return coded(
          name_, reals(), [](double v) { return std::isnan(v); }, [](double v) { return text::shortest(v); });
    case ColumnType::integer:
      return coded(
          name_, integers(), [](std::int64_t v) { return v == kMissingInteger; }, [](std::int64_t v) { return std::to_string(v); });
    case ColumnType::boolean:
      return coded(
          name_, booleans(), [](std::uint8_t v) { return v == kMissingBoolean; }, [](std::uint8_t v) { return v != 0 ? "true" : "false"; });
    case ColumnType::timestamp:
      return coded(
          name_, times(), [](TimeNs v) { return v == kMissingTime; }, [](TimeNs v) { return to_iso(v); });
  }
  return *this;
}

}  // namespace assay::data
