// Values along time: stale runs, bad ticks, jumps that look like splits, other jumps, stretches that were interpolated.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

constexpr double kSigma = 1.4826;    // of a normal, from the median of absolute values
constexpr double kSpikeSigmas = 12;  // a change and its return, in up to kUsualRows rows
constexpr double kUsualRows = 5'000;
constexpr double kJumpSigmas = 8;        // a change that stays
constexpr double kLeastJump = 0.405;     // ln 1.5: smaller ones are news more often than mistakes
constexpr double kAnyJump = 1.1;         // ln 3: told however wild the series is
constexpr double kLeastSplit = 0.38;     // ln 3/2 with a margin: crashes of a quarter meet 4:3 and 5:4 too often
constexpr std::size_t kVolumeRows = 20;  // on each side of a split; news raise volume for days, a split for good
constexpr std::size_t kLeastRows = 30;   // fewer changes have no scale
constexpr std::size_t kNeighbours = 20;  // rows on each side that say how wild the days are

// One entity's values that are there, and where they stand.
struct Path {
  std::vector<double> x, level, change;  // level: log or as it is; change[i] = level[i] - level[i - 1]
  std::vector<std::int64_t> rows;
  double sigma = 0;
  bool log = false;
};

double sigma_of(const std::vector<double>& change) {
  std::vector<double> sizes;
  for (std::size_t i = 1; i < change.size(); ++i)
    if (change[i] != 0) sizes.push_back(std::abs(change[i]));
  return kSigma * median(std::move(sizes));
}

// How wild the wilder side of the neighbourhood is; what is tested itself is left out. One side, since wild days begin at once.
double local_sigma(const Path& path, std::size_t at, std::size_t width) {
  std::vector<double> before, after;
  for (std::size_t i = at > kNeighbours ? at - kNeighbours : 1; i < at; ++i) before.push_back(std::abs(path.change[i]));
  for (std::size_t i = at + width + 1; i < std::min(path.change.size(), at + width + kNeighbours); ++i)
    after.push_back(std::abs(path.change[i]));
  double sigma = path.sigma;
  for (std::vector<double>* side : {&before, &after})
    if (side->size() >= kNeighbours / 2) sigma = std::max(sigma, kSigma * median(std::move(*side)));
  return sigma;
}

// Half a unit of the last decimal in which a column is written, with a little for binary fractions.
double half_unit(const std::vector<double>& values) {
  double unit = 1;
  for (int decimals = 0; decimals < 9; ++decimals, unit /= 10) {
    const bool fits = std::all_of(values.begin(), values.end(), [&](double v) {
      return std::isnan(v) || std::abs(v / unit - std::round(v / unit)) < 1e-6 * std::max(1.0, std::abs(v / unit) * 1e-6);
    });
    if (fits) return 0.51 * unit;
  }
  return unit;
}

// Prices are compared by ratios, as are columns that never come near zero (the last decimal must be under 5 % of the least value: a rate of
// 0.02 that becomes 0.04 has hardly moved); else by differences.
Path make_path(std::span<const double> values, std::span<const std::int64_t> rows, bool is_price, double unit) {
  Path path;
  for (const std::int64_t row : rows) {
    const double v = values[static_cast<std::size_t>(row)];
    if (std::isnan(v)) continue;
    path.x.push_back(v);
    path.rows.push_back(row);
  }
  const auto changes = [&] {
    path.change.assign(path.level.size(), 0);
    for (std::size_t i = 1; i < path.level.size(); ++i) path.change[i] = path.level[i] - path.level[i - 1];
    path.sigma = sigma_of(path.change);
  };
  if (path.x.size() < kLeastRows) return path;
  const double least = *std::min_element(path.x.begin(), path.x.end());
  if (least > 0 && (is_price || least > 20 * unit)) {
    for (const double v : path.x) path.level.push_back(std::log(v));
    changes();
    path.log = is_price || path.sigma < 0.05;
    if (path.log) return path;
  }
  path.level = path.x;
  changes();
  return path;
}

// Does it move like a level (a price, a rate), not like noise around one? Only then a change that returns is strange.
bool is_level(const Path& path) {
  std::vector<double> some;  // a few hundred tell how far it wanders
  for (std::size_t i = 0; i < path.level.size(); i += path.level.size() / 500 + 1) some.push_back(path.level[i]);
  const double middle = median(some);
  for (double& v : some) v = std::abs(v - middle);
  return path.sigma > 0 && path.sigma < 0.5 * kSigma * median(std::move(some));
}

std::string change_text(const Path& path, std::size_t at) {
  return fmt::format("{} to {}", text::shortest(path.x[at - 1]), text::shortest(path.x[at]));
}

struct SeriesTest {
  SeriesTest(const Table& table, const data::Column& tested) : column(tested), stale(table), spikes(table), splits(table), jumps(table) {}
  const data::Column& column;
  bool is_price = false;
  bool is_edge = false;                // of a bar whose close speaks for it
  std::vector<double> values, volume;  // by row; volume empty where there is none
  Sightings stale, spikes, splits, jumps;
  std::int64_t levels = 0;  // entities whose values are levels
};

// A run of equal values twice as long as the longest that chance makes in one of a thousand such series (calm days follow calm days). How
// often a value is repeated is measured on the number of runs, so that one long run does not excuse itself.
void find_stale(SeriesTest& test, const Path& path) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < path.x.size(); ++i)
    if (i == 0 || path.x[i] != path.x[i - 1]) starts.push_back(i);
  if (path.x.size() < kLeastRows || (starts.size() < 20 && !test.is_price)) return;
  starts.push_back(path.x.size());
  double repeated = 0;
  for (std::size_t r = 0; r + 1 < starts.size(); ++r) repeated += starts[r + 1] - starts[r] > 1 ? 1 : 0;
  double p = std::max(0.01, repeated / static_cast<double>(starts.size() - 1));
  if (test.is_price) p = std::min(p, 0.5);  // a price that more often stands than moves is stale
  if (p > 0.95) return;
  const double expected = 1 + std::log(0.001 / static_cast<double>(path.x.size())) / std::log(p);
  const auto least = static_cast<std::size_t>(std::max(5.0, std::ceil((test.is_price ? 2 : 2.5) * expected)));
  for (std::size_t r = 0; r + 1 < starts.size(); ++r) {
    const std::size_t length = starts[r + 1] - starts[r];
    if (length < least || (path.x[starts[r]] == 0 && !test.is_price)) continue;
    test.stale.add_worst(
        path.rows[starts[r]], static_cast<double>(length),
        [&] { return fmt::format("{} for {} rows", text::shortest(path.x[starts[r]]), length); }, static_cast<std::int64_t>(length));
  }
}

// Tails of returns fall with about the third power, so the largest of n honest ones grows with its root: minutes need more than days.
double spike_sigmas(std::size_t rows) { return kSpikeSigmas * std::cbrt(std::max(1.0, static_cast<double>(rows) / kUsualRows)); }

// The number of rows (1 to 3) after which a change is taken back; 0: it stays.
std::size_t returns_after(const Path& path, std::size_t at) {
  const double change = path.change[at];
  for (std::size_t width = 1; width <= 3 && at + width < path.level.size(); ++width) {
    const double left = path.level[at + width] - path.level[at - 1];
    const double back = path.change[at + width];
    if (std::abs(left) < 0.2 * std::abs(change) && back * change < 0 && std::abs(back) > 0.6 * std::abs(change)) return width;
  }
  return 0;
}

constexpr std::array<std::pair<double, const char*>, 12> kRatios{{{2, "2:1"},
                                                                  {3, "3:1"},
                                                                  {4, "4:1"},
                                                                  {5, "5:1"},
                                                                  {6, "6:1"},
                                                                  {7, "7:1"},
                                                                  {8, "8:1"},
                                                                  {10, "10:1"},
                                                                  {15, "15:1"},
                                                                  {20, "20:1"},
                                                                  {50, "50:1"},
                                                                  {1.5, "3:2"}}};

const char* split_ratio(double change, double sigma) {
  for (const auto& [ratio, name] : kRatios)
    if (std::abs(std::abs(change) - std::log(ratio)) < 0.015 + std::min(0.02, sigma)) return name;
  return nullptr;
}

// Did the volume change by about the inverse, over some rows on each side? -1 unknown.
int volume_agrees(const SeriesTest& test, const Path& path, std::size_t at) {
  if (test.volume.empty()) return -1;
  std::vector<double> before, after;
  for (std::size_t i = at > kVolumeRows ? at - kVolumeRows : 0; i < std::min(path.rows.size(), at + kVolumeRows); ++i) {
    const double v = test.volume[static_cast<std::size_t>(path.rows[i])];
    if (v > 0) (i < at ? before : after).push_back(v);
  }
  if (before.size() < 5 || after.size() < 5) return -1;
  const double ratio = std::log(median(std::move(after)) / median(std::move(before)));
  return std::abs(ratio + path.change[at]) < 0.5 * std::abs(path.change[at]) ? 1 : 0;
}

void find_jump(SeriesTest& test, const Path& path, std::size_t at, double sigma) {
  const double change = path.change[at];
  const char* ratio = std::abs(change) > std::max(kLeastSplit, 8 * sigma) ? split_ratio(change, sigma) : nullptr;
  const int volume = ratio == nullptr ? -1 : volume_agrees(test, path, at);
  // Small ratios are met by chance: they need the volume's word.
  if (ratio != nullptr && (volume == 1 || (volume == -1 && std::abs(change) > 0.6) || std::abs(change) > 1.3))
    test.splits.add(path.rows[at],
                    [&] { return fmt::format("{}, {}{}", change_text(path, at), ratio, volume == 1 ? ", volume the other way" : ""); });
  else if (std::abs(change) > std::max(kLeastJump, std::min(kAnyJump, kJumpSigmas * sigma)))
    test.jumps.add(path.rows[at], [&] { return change_text(path, at); });
}

void find_moves(SeriesTest& test, const Path& path) {
  if (path.x.size() < kLeastRows || !is_level(path)) return;
  ++test.levels;
  const bool jumps = path.log && !test.is_edge;
  for (std::size_t i = 1; i < path.change.size(); ++i) {
    const double size = std::abs(path.change[i]);
    if (size < 8 * path.sigma) continue;
    const std::size_t width = returns_after(path, i);
    const double sigma = local_sigma(path, i, width);
    if (width > 0) {
      if (size > spike_sigmas(path.x.size()) * sigma)
        test.spikes.add(path.rows[i], [&] { return fmt::format("{} to {}", change_text(path, i), text::shortest(path.x[i + width])); });
      i += width;
      continue;
    }
    if (jumps) find_jump(test, path, i, sigma);
  }
}

void tell(Findings& to, const SeriesTest& test) {
  const std::vector<std::string> column{test.column.name()};
  const auto add = [&](const Sightings& seen, Finding words) {
    if (!seen.any()) return;
    words.columns = column;
    words.amount = seen.worst() > 0 ? seen.worst() : words.amount;
    to.add(seen.finding(std::move(words)));
  };
  // Where spikes are usual they are how the column is, not what is wrong with it.
  if (test.spikes.share() < 0.005)
    add(test.spikes, {.severity = Severity::warning,
                      .test = "bad_ticks",
                      .of = "rows",
                      .what = fmt::format("{} at least {:.0f} times the usual change away, and back", counted(test.spikes.count(), "value"),
                                          kSpikeSigmas),
                      .meaning = "a typing mistake, a decimal point lost, a trade far from the market",
                      .mend = "look at the rows; prepare: {use: outliers, ...}, or correct the file"});
  add(test.splits, {.severity = Severity::warning,
                    .test = "splits",
                    .of = "rows",
                    .what = fmt::format("{} by the ratio of a split", counted(test.splits.count(), "jump")),
                    .meaning = "prices not adjusted for a split, or another company under this name",
                    .mend = "use adjusted prices (data.adjustment), or mend the rows before"});
  add(test.jumps, {.severity = Severity::warning,
                   .test = "jumps",
                   .of = "rows",
                   .what = fmt::format("{} by half or more that stay, {:.0f} times the usual change or more",
                                       counted(test.jumps.count(), "jump"), kJumpSigmas),
                   .meaning = "another company or unit from here on, a series joined from two, or true news",
                   .mend = "look at the rows; cut the series there if it is another one"});
  add(test.stale, {.severity = Severity::warning,
                   .test = "stale",
                   .of = "rows",
                   .what = fmt::format("{} in runs of one value, the longest of {}", counted(test.stale.count(), "row"),
                                       counted(static_cast<std::int64_t>(test.stale.worst()), "row")),
                   .meaning = "a feed that stopped, filled forward, a halted market, a pegged rate",
                   .mend = "treat these rows as missing; nothing could be traded at such a price"});
}

bool has_many_values(const std::vector<double>& values) {
  const std::size_t stride = std::max<std::size_t>(1, values.size() / 4096);
  std::vector<double> sample;
  for (std::size_t i = 0; i < values.size(); i += stride)
    if (!std::isnan(values[i])) sample.push_back(values[i]);
  std::sort(sample.begin(), sample.end());
  return std::unique(sample.begin(), sample.end()) - sample.begin() > 20;
}

// A column that over a stretch is the mean of the two beside it, to the digit in which it is written, was interpolated there.
struct Numbers {
  const data::Column* column;
  std::vector<double> values;
};

void find_interpolated(Findings& to, const Numbers& left, const Numbers& middle, const Numbers& right) {
  const std::vector<double>&a = left.values, &b = middle.values, &c = right.values;
  Sightings seen(to.table);
  const double tolerance = half_unit(b);
  std::int64_t compared = 0, agreeing = 0;
  struct Run {
    std::int64_t row, length;
  };
  std::vector<Run> found;
  for (const Table::Series& series : to.table.series()) {
    Run run{0, 0};
    for (const std::int64_t row : series.rows) {
      const auto i = static_cast<std::size_t>(row);
      if (std::isnan(a[i]) || std::isnan(b[i]) || std::isnan(c[i])) continue;
      const bool agrees = std::abs(b[i] - (a[i] + c[i]) / 2) < tolerance && a[i] != c[i];  // equal neighbours say nothing
      ++compared;
      agreeing += agrees ? 1 : 0;
      if (agrees && run.length++ == 0) run.row = row;
      if (!agrees && run.length > 0) found.push_back(std::exchange(run, {0, 0}));
    }
    if (run.length > 0) found.push_back(run);
  }
  if (compared < 100 || agreeing < 30) return;
  std::int64_t outside = 0;
  for (const Run& run : found) outside += run.length < 30 ? run.length : 0;
  const double p = std::max(0.05, static_cast<double>(outside) / static_cast<double>(compared));
  const double least = std::max(60.0, 2 * (1 + std::log(0.001 / static_cast<double>(compared)) / std::log(p)));
  if (p > 0.5) return;
  for (const Run& run : found)
    if (static_cast<double>(run.length) >= least)
      seen.add_worst(
          run.row, static_cast<double>(run.length), [&] { return fmt::format("for {} rows", run.length); }, run.length);
  if (!seen.any()) return;
  to.add(seen.finding({.severity = Severity::warning,
                       .test = "interpolated",
                       .columns = {middle.column->name()},
                       .of = "rows",
                       .amount = seen.worst(),
                       .what = fmt::format("{} are the mean of {} and {} to the last digit; elsewhere {} are", counted(seen.count(), "row"),
                                           left.column->name(), right.column->name(),
                                           percent(static_cast<double>(agreeing - seen.count()) /
                                                   static_cast<double>(std::max<std::int64_t>(1, compared - seen.count())))),
                       .meaning = "not measured but made up from its neighbours",
                       .mend = "leave the column or these years out (data.drop)"}));
}

}  // namespace

void check_series(Findings& to) {
  const Table& table = to.table;
  if (table.time() == nullptr) return;
  std::vector<Numbers> numbers;  // three at a time
  for (const data::Column* column : table.values()) {
    if (column == table.volume() || (column->type() != data::ColumnType::real && column->type() != data::ColumnType::integer)) continue;
    SeriesTest test(table, *column);
    test.values = column->to_reals();
    if (!has_many_values(test.values)) continue;
    test.is_price = table.is_price(*column);
    const double unit = 2 * half_unit(test.values);
    if (table.volume() != nullptr) test.volume = table.volume()->to_reals();
    // A bar's close speaks for the four; its high and low spike in real markets too.
    for (const BarColumns& bar : table.bars())
      test.is_edge |= bar.close != nullptr && (column == bar.open || column == bar.high || column == bar.low);
    for (const Table::Series& series : table.series()) {
      const Path path = make_path(test.values, series.rows, test.is_price, unit);
      if (!test.is_edge) find_stale(test, path);
      find_moves(test, path);
    }
    tell(to, test);
    numbers.push_back({column, std::move(test.values)});
    if (numbers.size() == 4) numbers.erase(numbers.begin());
    if (numbers.size() == 3) find_interpolated(to, numbers[0], numbers[1], numbers[2]);
  }
}

}  // namespace assay::quality
