// The table under test as its tests see it: roles found, rows in order of entity and time, values of a column in that order, and the
// collecting of sightings into one finding. Used by the tests of this folder alone. Thread-safe for reading.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/column.hpp"
#include "quality/check_data.hpp"

namespace assay::quality {

// open, high, low, close of one market, some of them absent.
struct BarColumns {
  std::string prefix;
  const data::Column *open = nullptr, *high = nullptr, *low = nullptr, *close = nullptr;
};

class Table {
 public:
  Table(std::span<const data::Column> columns, const Roles& roles);

  std::span<const data::Column> columns() const { return columns_; }
  std::int64_t rows() const { return rows_; }
  const data::Column* time() const { return time_; }
  const data::Column* entity() const { return entity_; }
  const data::Column* target() const { return target_; }
  const std::vector<BarColumns>& bars() const { return bars_; }
  const data::Column* volume() const { return volume_; }      // beside the first bars
  const data::Column* adjusted() const { return adjusted_; }  // the adjusted close
  bool is_price(const data::Column& column) const;            // of a bar, or called price, nav, bid ...
  bool is_text_by_wish(const data::Column& column) const;
  std::vector<const data::Column*> values() const;  // neither time nor entity

  // Rows with a time and an entity, grouped by entity, in time order, each (time, entity) once. Without time: empty.
  struct Series {
    std::int32_t entity;  // code of the entity column; 0 without one
    std::span<const std::int64_t> rows;
  };
  const std::vector<Series>& series() const { return series_; }
  std::span<const std::int64_t> order() const { return order_; }
  std::span<const std::int64_t> doubled() const { return doubled_; }  // rows whose (time, entity) stood before, in file order
  const std::vector<TimeNs>& distinct_times() const { return distinct_; }

  TimeNs time_of(std::int64_t row) const;
  std::string entity_of(std::int64_t row) const;
  Example example(std::int64_t row, std::string value) const;

 private:
  void find_bars(const Roles& roles);
  void put_in_order();

  std::span<const data::Column> columns_;
  std::int64_t rows_ = 0;
  const data::Column *time_ = nullptr, *entity_ = nullptr, *target_ = nullptr, *volume_ = nullptr, *adjusted_ = nullptr;
  data::Column entity_codes_;
  std::vector<std::string> categorical_;
  std::vector<BarColumns> bars_;
  std::vector<Series> series_;
  std::vector<std::int64_t> order_, doubled_;
  std::vector<TimeNs> distinct_;
};

// Counts what a test sees, keeps the first examples, and tells which entities have most.
class Sightings {
 public:
  static constexpr std::size_t kExamples = 5;
  explicit Sightings(const Table& table) : table_(table) {}

  void add(std::int64_t row, const std::function<std::string()>& value = {}, std::int64_t count = 1);
  // Example with the largest weights are kept instead of the first.
  void add_worst(std::int64_t row, double weight, const std::function<std::string()>& value, std::int64_t count = 1);
  std::int64_t count() const { return count_; }
  bool any() const { return count_ > 0; }
  double share() const;  // of the table's rows
  double worst() const { return worst_; }
  // Fills count, examples and entities; the rest stands in `words`.
  Finding finding(Finding words) const;

 private:
  void count_entity(std::int64_t row, std::int64_t count);

  const Table& table_;
  std::int64_t count_ = 0;
  double worst_ = 0;
  std::vector<std::pair<double, Example>> examples_;
  std::map<std::int32_t, std::int64_t> by_entity_;
};

std::string lower(std::string_view text);
std::string counted(std::int64_t n, std::string_view one);  // "1 row", "1,234 rows"
std::string grouped(std::int64_t n);                        // 1,234
std::string percent(double share);                          // "0.29 %"
double median(std::vector<double> values);                  // NaN where empty

// What the tests are called with and add to.
struct Findings {
  const Table& table;
  Report& report;
  void add(Finding finding) { report.findings.push_back(std::move(finding)); }
};

struct Calendar;
Calendar check_rows(Findings& to, TimeNs now);  // order, duplicates, calendar and gaps
void check_missing(Findings& to, const Calendar& calendar);
void check_columns(Findings& to);
void check_series(Findings& to);
void check_bars(Findings& to);
void check_entities(Findings& to, const Calendar& calendar);
void check_leaks(Findings& to);

}  // namespace assay::quality
