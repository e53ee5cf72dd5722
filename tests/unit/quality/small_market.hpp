// A clean market of weekdays to plant mistakes in, and questions to a report. Used by the tests of this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "quality/check_data.hpp"

namespace quality_test {

using namespace assay;
using data::Column;
using quality::Finding;
using quality::Report;

class Draws {
 public:
  explicit Draws(unsigned seed) : state_(seed * 2654435761u + 1) {}
  double uniform() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<double>(state_ >> 11) / 9007199254740992.0;
  }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  unsigned long long state_;
};

struct Market {
  std::vector<TimeNs> date;
  std::vector<std::int32_t> symbol;
  std::vector<std::string> names;
  std::vector<double> open, high, low, close, volume;

  // `days` weekdays from Monday 2015-01-05; rows by symbol, then date.
  explicit Market(int days = 600, int entities = 1, unsigned seed = 1) {
    Draws draws(seed);
    for (int e = 0; e < entities; ++e) {
      names.push_back("S" + std::to_string(10 + e));
      double price = 50 + 10 * e;
      for (int d = 0; d < days; ++d) {
        const double before = price;
        price *= std::exp(0.01 * draws.normal());
        date.push_back((16'440 + 7 * (d / 5) + d % 5) * kNsPerDay);
        symbol.push_back(e);
        open.push_back(before * (1 + 0.002 * draws.normal()));
        close.push_back(price);
        high.push_back(std::max(open.back(), price) * (1 + 0.002 * draws.uniform()));
        low.push_back(std::min(open.back(), price) * (1 - 0.002 * draws.uniform()));
        volume.push_back(std::round(1e6 * std::exp(0.3 * draws.normal())));
      }
    }
  }
  std::size_t size() const { return date.size(); }
  void erase(std::size_t from, std::size_t to) {
    const auto cut = [&](auto& v) { v.erase(v.begin() + static_cast<std::ptrdiff_t>(from), v.begin() + static_cast<std::ptrdiff_t>(to)); };
    cut(date), cut(symbol), cut(open), cut(high), cut(low), cut(close), cut(volume);
  }
  void scale(std::size_t from, std::size_t to, double by) {
    for (std::size_t i = from; i < to; ++i)
      for (auto* v : {&open, &high, &low, &close}) (*v)[i] *= by;
  }
  std::vector<Column> columns() const {
    std::vector<Column> out{Column::of_times("date", date)};
    if (names.size() > 1) out.push_back(Column::of_codes("symbol", symbol, names));
    out.push_back(Column::of_reals("open", open));
    out.push_back(Column::of_reals("high", high));
    out.push_back(Column::of_reals("low", low));
    out.push_back(Column::of_reals("close", close));
    out.push_back(Column::of_reals("volume", volume));
    return out;
  }
  Report report(const std::string& target = "") const {
    quality::Roles roles;
    roles.time = "date";
    roles.target = target;
    if (names.size() > 1) roles.entity = "symbol";
    return quality::check(columns(), roles, kMissingTime);
  }
};

inline std::vector<Finding> of(const Report& report, const std::string& test) {
  std::vector<Finding> out;
  for (const Finding& f : report.findings)
    if (f.test == test) out.push_back(f);
  return out;
}
inline std::string tests_of(const Report& report) {
  std::string out;
  for (const Finding& f : report.findings) out += f.test + " (" + (f.columns.empty() ? "" : f.columns[0]) + ": " + f.what + ") ";
  return out;
}

// Columns of numbers without time.
inline std::vector<double> normals(std::size_t n, unsigned seed) {
  Draws draws(seed);
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(draws.normal());
  return out;
}

}  // namespace quality_test
