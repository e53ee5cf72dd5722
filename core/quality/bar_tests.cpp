// Bars: prices outside their range, bars without a range, zero volume, prices that are none.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

// Decimals cut by whoever wrote the file: a millionth of the price is no contradiction.
constexpr double kRounding = 1e-6;
bool above(double a, double b) { return a > b + kRounding * std::abs(b); }

std::vector<double> reals_of(const data::Column* column) { return column == nullptr ? std::vector<double>{} : column->to_reals(); }

void outside_range(Findings& to, const BarColumns& bar) {
  const std::vector<double> high = reals_of(bar.high), low = reals_of(bar.low);
  Sightings crossed(to.table);
  for (std::size_t i = 0; i < high.size(); ++i)
    if (above(low[i], high[i]))
      crossed.add(static_cast<std::int64_t>(i),
                  [&] { return fmt::format("high {}, low {}", text::shortest(high[i]), text::shortest(low[i])); });
  if (crossed.any())
    to.add(crossed.finding({.severity = Severity::warning,
                            .test = "outside_range",
                            .columns = {bar.high->name(), bar.low->name()},
                            .of = "rows",
                            .what = fmt::format("{} with the high below the low", counted(crossed.count(), "row")),
                            .meaning = "columns exchanged, or rows of two sources mixed",
                            .mend = "correct the file; stops and limits inside such a bar mean nothing"}));
  for (const data::Column* column : {bar.close, bar.open}) {
    const std::vector<double> price = reals_of(column);
    Sightings seen(to.table);
    for (std::size_t i = 0; i < price.size(); ++i) {
      if (above(low[i], high[i]) || !(above(price[i], high[i]) || above(low[i], price[i]))) continue;
      seen.add(static_cast<std::int64_t>(i), [&] {
        return fmt::format("{} outside {} .. {}", text::shortest(price[i]), text::shortest(low[i]), text::shortest(high[i]));
      });
    }
    if (!seen.any()) continue;
    to.add(seen.finding({.severity = Severity::warning,
                         .test = "outside_range",
                         .columns = {column->name()},
                         .of = "rows",
                         .what = fmt::format("{} with the price outside low .. high", counted(seen.count(), "row")),
                         .meaning = "a close of another exchange, or a range corrected later",
                         .mend = "correct the file, or leave these rows out"}));
  }
}

void without_range(Findings& to, const BarColumns& bar) {
  if (bar.open == nullptr || bar.close == nullptr) return;
  const std::vector<double> open = reals_of(bar.open), high = reals_of(bar.high), low = reals_of(bar.low), close = reals_of(bar.close);
  Sightings flat(to.table), copied(to.table);
  for (std::size_t i = 0; i < open.size(); ++i) {
    const bool level = open[i] == close[i];
    const auto row = static_cast<std::int64_t>(i);
    if (level && high[i] == low[i] && high[i] == close[i]) flat.add(row, [&] { return text::shortest(close[i]); });
    if (level && high[i] != low[i]) copied.add(row, [&] { return text::shortest(close[i]); });
  }
  // Minutes with one trade are flat by nature; days are not.
  const auto& times = to.table.distinct_times();
  const bool days = times.size() > 2 && (times.back() - times.front()) / static_cast<TimeNs>(times.size() - 1) > 12 * 3'600 * kNsPerSecond;
  if (!days || flat.count() < 5) return;
  to.add(flat.finding({.severity = flat.share() > 0.001 ? Severity::warning : Severity::note,
                       .test = "flat_bars",
                       .columns = {bar.open->name(), bar.high->name(), bar.low->name(), bar.close->name()},
                       .of = "rows",
                       .amount = flat.share(),
                       .what = fmt::format("{} with four equal prices ({}); open equals close in {} more", counted(flat.count(), "row"),
                                           percent(flat.share()), grouped(copied.count())),
                       .meaning = "only the close was known: ranges, gaps and fills at the open say nothing there",
                       .mend = "begin behind them, or use close alone and fill: next_close"}));
}

void volumes(Findings& to) {
  const data::Column* column = to.table.volume();
  if (column == nullptr) return;
  const std::vector<double> volume = column->to_reals();
  Sightings none(to.table), negative(to.table);
  for (std::size_t i = 0; i < volume.size(); ++i) {
    if (volume[i] == 0) none.add(static_cast<std::int64_t>(i));
    if (volume[i] < 0) negative.add(static_cast<std::int64_t>(i), [&] { return text::shortest(volume[i]); });
  }
  if (negative.any())
    to.add(negative.finding({.severity = Severity::warning,
                             .test = "doubtful_values",
                             .columns = {column->name()},
                             .of = "rows",
                             .what = fmt::format("{} below zero", counted(negative.count(), "volume")),
                             .meaning = "a counter that ran over, or a code for something else",
                             .mend = "data.missing"}));
  if (!none.any() || none.count() == to.table.rows()) return;  // all zero: a constant column
  to.add(none.finding({.severity = Severity::warning,
                       .test = "zero_volume",
                       .columns = {column->name()},
                       .of = "rows",
                       .amount = none.share(),
                       .what = fmt::format("{} without a trade ({})", counted(none.count(), "row"), percent(none.share())),
                       .meaning = "the price is a quote or the last one again: no order could be filled",
                       .mend = "leave these rows or entities out; a backtest that trades there is too good"}));
}

void no_prices(Findings& to) {
  for (const data::Column* column : to.table.values()) {
    if (!to.table.is_price(*column)) continue;
    const std::vector<double> price = column->to_reals();
    Sightings seen(to.table);
    std::int64_t zero = 0;
    for (std::size_t i = 0; i < price.size(); ++i) {
      if (!(price[i] <= 0)) continue;
      zero += price[i] == 0 ? 1 : 0;
      seen.add(static_cast<std::int64_t>(i), [&] { return text::shortest(price[i]); });
    }
    if (!seen.any() || seen.share() > 0.2) continue;  // more: it is no price, whatever its name
    to.add(seen.finding({.severity = Severity::warning,
                         .test = "doubtful_values",
                         .columns = {column->name()},
                         .of = "rows",
                         .what = fmt::format("{} are zero, {} below zero", counted(zero, "price"), grouped(seen.count() - zero)),
                         .meaning = "a missing price written as a number",
                         .mend = "data.missing: [\"0\"], or correct the file"}));
  }
}

void adjusted_above(Findings& to) {
  if (to.table.adjusted() == nullptr || to.table.bars().empty() || to.table.bars().front().close == nullptr) return;
  const std::vector<double> adjusted = to.table.adjusted()->to_reals(), close = to.table.bars().front().close->to_reals();
  Sightings seen(to.table);
  for (std::size_t i = 0; i < close.size(); ++i)
    if (above(adjusted[i], close[i]))
      seen.add(static_cast<std::int64_t>(i),
               [&] { return fmt::format("{} above {}", text::shortest(adjusted[i]), text::shortest(close[i])); });
  if (!seen.any()) return;
  to.add(seen.finding({.test = "adjusted_above",
                       .columns = {to.table.adjusted()->name()},
                       .of = "rows",
                       .amount = seen.share(),
                       .what = fmt::format("{} with the adjusted close above the close", counted(seen.count(), "row")),
                       .meaning = "dividends only lower past prices: an adjustment for something else, or of another company",
                       .mend = "look at these entities before using adjusted prices"}));
}

}  // namespace

void check_bars(Findings& to) {
  for (const BarColumns& bar : to.table.bars()) {
    outside_range(to, bar);
    without_range(to, bar);
  }
  volumes(to);
  no_prices(to);
  adjusted_above(to);
  for (const BarColumns& bar : to.table.bars()) {
    std::string names;
    for (const data::Column* column : {bar.open, bar.high, bar.low, bar.close, to.table.volume()})
      if (column != nullptr) names += (names.empty() ? "" : ", ") + column->name();
    to.report.facts.push_back("bars: " + names);
  }
}

}  // namespace assay::quality
