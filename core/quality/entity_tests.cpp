// Entities of a panel: rows that they lack, lives that end early, tickers that another company took over.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "quality/calendar.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

constexpr double kLeastBelow = 3.9;   // ln 50: twenty entities may stand close together
constexpr double kFarBelow = 5;       // sigmas of the panel's log turnover
constexpr double kVolumeBreak = 4.6;  // ln 100
constexpr std::size_t kBeside = 20;   // rows on each side of a break
constexpr std::size_t kFewestEntities = 10;
constexpr std::size_t kLongHole = 20;  // times of the panel

// A price to compare levels by: the close, else the first price.
const data::Column* price_of(const Table& table) {
  if (!table.bars().empty() && table.bars().front().close != nullptr) return table.bars().front().close;
  for (const data::Column* column : table.values())
    if (table.is_price(*column)) return column;
  return nullptr;
}

void holes_of_entities(Findings& to, const Calendar& calendar, const data::Column* price) {
  const Table& table = to.table;
  const auto& times = table.distinct_times();
  Sightings lacking(table), reused(table);
  std::int64_t longest = 0;
  for (const Table::Series& series : table.series()) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < series.rows.size(); ++i) {
      const TimeNs time = table.time_of(series.rows[i]);
      const auto here =
          static_cast<std::size_t>(std::lower_bound(times.begin() + static_cast<std::ptrdiff_t>(at), times.end(), time) - times.begin());
      const std::size_t missed = i == 0 ? 0 : here - at - 1;
      at = here;
      if (missed == 0) continue;
      longest = std::max(longest, static_cast<std::int64_t>(missed));
      lacking.add_worst(
          series.rows[i], static_cast<double>(missed),
          [&] {
            return fmt::format("{} since {}", counted(static_cast<std::int64_t>(missed), "row"), to_iso(table.time_of(series.rows[i - 1])));
          },
          static_cast<std::int64_t>(missed));
      if (missed < kLongHole || price == nullptr) continue;
      const double before = price->number(static_cast<std::size_t>(series.rows[i - 1])),
                   after = price->number(static_cast<std::size_t>(series.rows[i]));
      // Twice or half: over a hole of months true prices seldom move so far.
      if (before > 0 && after > 0 && std::abs(std::log(after / before)) > std::log(2.0))
        reused.add(series.rows[i], [&] {
          return fmt::format("{} to {} after {} without rows", text::shortest(before), text::shortest(after),
                             counted(static_cast<std::int64_t>(missed), "time"));
        });
    }
  }
  if (lacking.any())
    to.add(lacking.finding(
        {.severity = calendar.kind != Calendar::Kind::none && longest >= calendar.grave() ? Severity::warning : Severity::note,
         .test = "entity_gaps",
         .columns = {table.entity()->name()},
         .of = "rows",
         .amount = static_cast<double>(longest),
         .what = fmt::format("{} absent between an entity's first and last, at times that others have; the longest hole has {}",
                             counted(lacking.count(), "row"), grouped(longest)),
         .meaning = "days without a trade, or another exchange's holidays",
         .mend = "windows of past rows break there; fetch the rows if they exist"}));
  if (reused.any())
    to.add(reused.finding({.severity = Severity::warning,
                           .test = "reused_ticker",
                           .columns = {table.entity()->name(), price->name()},
                           .of = "holes",
                           .what = fmt::format("{} with another price level behind it", counted(reused.count(), "long hole")),
                           .meaning = "the name was given to another company",
                           .mend = "give the rows behind the hole a name of their own"}));
}

void lives(Findings& to) {
  const Table& table = to.table;
  const auto& times = table.distinct_times();
  Sightings seen(table);
  std::int64_t late = 0, early = 0;
  for (const Table::Series& series : table.series()) {
    const TimeNs first = table.time_of(series.rows.front()), last = table.time_of(series.rows.back());
    // A week of the panel's times is no late listing.
    const bool is_late = times.size() > 10 && first > times[5], is_early = times.size() > 10 && last < times[times.size() - 6];
    late += is_late ? 1 : 0;
    early += is_early ? 1 : 0;
    if (is_late || is_early)
      seen.add_worst(series.rows.front(), -static_cast<double>(series.rows.size()),
                     [&] { return fmt::format("{} rows, {} to {}", series.rows.size(), to_iso(first), to_iso(last)); });
  }
  if (!seen.any()) {
    if (table.series().size() >= kFewestEntities)
      to.report.not_covered.push_back(
          "survivorship: every entity lives from the first to the last time; if the list was made today, those that died are absent");
    return;
  }
  Finding finding = seen.finding({.test = "short_lives", .columns = {table.entity()->name()}, .of = "entities"});
  finding.entities.clear();
  finding.what = fmt::format("{} of {} entities begin late, {} end early; the shortest are listed", grouped(late),
                             grouped(static_cast<std::int64_t>(table.series().size())), grouped(early));
  finding.meaning = "listings and delistings; a name that begins late may be a reused ticker";
  finding.mend = "none needed; a universe as of each date, where there is one";
  to.add(std::move(finding));
}

struct Turnover {
  double middle = 0;         // median log(1 + price * volume)
  double largest_break = 0;  // of the median log volume, and where
  std::int64_t break_row = -1;
};

Turnover turnover_of(const Table::Series& series, const std::vector<double>& price, const std::vector<double>& volume) {
  std::vector<double> money, shares;
  for (const std::int64_t row : series.rows) {
    const auto i = static_cast<std::size_t>(row);
    money.push_back(std::isnan(price[i] * volume[i]) ? 0 : std::log1p(std::max(0.0, price[i] * volume[i])));
    shares.push_back(std::isnan(volume[i]) ? 0 : std::log1p(std::max(0.0, volume[i])));
  }
  Turnover out{median(money)};
  for (std::size_t i = kBeside; i + kBeside <= shares.size(); i += kBeside / 4) {
    const auto at = shares.begin() + static_cast<std::ptrdiff_t>(i);
    const double moved = std::abs(median({at, at + kBeside}) - median({at - kBeside, at}));
    if (moved <= out.largest_break) continue;
    out.largest_break = moved;
    out.break_row = series.rows[i];
  }
  return out;
}

// A ticker taken over by a shell or an over-the-counter stub is hardly traded beside the others; one taken over by another company trades a
// hundred times more or less from one month to the next.
void strange_turnover(Findings& to, const data::Column* price) {
  const Table& table = to.table;
  if (price == nullptr || table.volume() == nullptr || table.series().size() < kFewestEntities) return;
  const std::vector<double> prices = price->to_reals(), volume = table.volume()->to_reals();
  std::vector<Turnover> of;
  std::vector<double> middles;
  for (const Table::Series& series : table.series()) {
    of.push_back(turnover_of(series, prices, volume));
    middles.push_back(of.back().middle);
  }
  const double middle = median(middles);
  for (double& m : middles) m = std::abs(m - middle);
  const double sigma = std::max(0.2, 1.4826 * median(middles));
  Sightings hardly(table), broken(table);
  for (std::size_t s = 0; s < of.size(); ++s) {
    const Table::Series& series = table.series()[s];
    if (middle - of[s].middle > std::max(kLeastBelow, kFarBelow * sigma))
      hardly.add(series.rows.front(),
                 [&] { return fmt::format("{:.1f} sigmas below the median turnover", (middle - of[s].middle) / sigma); });
    if (of[s].largest_break > kVolumeBreak)
      broken.add(of[s].break_row, [&] {
        return fmt::format("volume times {:.0f} or its inverse within {} rows", std::exp(of[s].largest_break), 2 * kBeside);
      });
  }
  for (const auto& [seen, what] : {std::pair{&hardly, "is hardly traded beside the others"},
                                   std::pair{&broken, "trades a hundred times more, or less, from one month to the next"}}) {
    if (!seen->any()) continue;
    to.add(seen->finding(
        {.severity = Severity::warning,
         .test = "reused_ticker",
         .columns = {table.entity()->name(), table.volume()->name()},
         .of = "entities",
         .what = fmt::format("{} of {} entities: each {}", grouped(seen->count()), grouped(static_cast<std::int64_t>(of.size())), what),
         .meaning = "another company under the name, or the stub left after a delisting",
         .mend = "leave these entities out, or give the later company a name of its own"}));
  }
}

}  // namespace

void check_entities(Findings& to, const Calendar& calendar) {
  if (to.table.time() == nullptr || to.table.entity() == nullptr || to.table.series().size() < 2) return;
  const data::Column* price = price_of(to.table);
  holes_of_entities(to, calendar, price);
  lives(to);
  strange_turnover(to, price);
}

}  // namespace assay::quality
