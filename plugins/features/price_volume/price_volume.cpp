// technical.price_volume_160: features of price and volume, ready to be used in one line: shapes of a bar, the last days, and 28 figures
// over each of five windows. All are ratios, so instruments of any price compare. docs/indicators.md has each as an expression, which a
// test computes; here what several outputs need is summed once. transform keeps nothing: thread-safe.
#include <string>
#include <vector>

#include "../windows.hpp"

namespace assay::features {
namespace {

constexpr std::array<Rows, 5> kWindows = {5, 10, 20, 60, 120};
constexpr Rows kLags = 5, kVolumeWindow = 20;

constexpr std::array kOfBar = {"gap",          "intraday",     "ret_1",       "range",   "body",
                               "upper_shadow", "lower_shadow", "close_place", "typical", "true_range"};
enum OfBar { gap, intraday, ret_1, range, body, upper_shadow, lower_shadow, close_place, typical, true_range };

constexpr std::array kOfWindow = {"ret",      "mean",     "std",        "slope",       "r2",           "high",          "low",
                                  "place",    "high_age", "low_age",    "decay",       "vol",          "down_vol",      "skew",
                                  "kurt",     "up_share", "rise_share", "best",        "worst",        "auto",          "parkinson",
                                  "mean_gap", "volume",   "volume_std", "move_volume", "price_volume", "signed_volume", "vwap"};
enum OfWindow {
  ret,
  mean,
  deviation,
  slope,
  r2,
  high,
  low,
  place,
  high_age,
  low_age,
  decay,
  vol,
  down_vol,
  skew,
  kurt,
  up_share,
  rise_share,
  best,
  worst,
  auto_correlation,
  parkinson,
  mean_gap,
  volume,
  volume_std,
  move_volume,
  price_volume,
  signed_volume,
  vwap
};
// How far the first row of a window looks back itself.
constexpr Rows rows_before_window(OfWindow figure) {
  switch (figure) {
    case auto_correlation:
      return 2;
    case ret:
    case vol:
    case down_vol:
    case skew:
    case kurt:
    case up_share:
    case rise_share:
    case best:
    case worst:
    case mean_gap:
    case move_volume:
    case signed_volume:
      return 1;
    default:
      return 0;
  }
}

constexpr std::size_t kBars = kOfBar.size(), kFigures = kOfWindow.size();
constexpr std::size_t kOutputs = kBars + 2 * kLags + kFigures * kWindows.size();
static_assert(kOutputs == 160);

// The columns and what is made of them row by row, once for all windows.
struct Table {
  Rows rows;
  Series open, high, low, close, traded;
  Series change, earlier, size, rise, fall_squared, range_squared, gap, typical, signed_traded;

  explicit Table(const Frame& frame)
      : rows(frame.rows()),
        open(series_of(frame, 0)),
        high(series_of(frame, 1)),
        low(series_of(frame, 2)),
        close(series_of(frame, 3)),
        traded(series_of(frame, 4)) {
    const auto each = [&](Series& column, const auto& function) { column = each_row_but_first(rows, function); };
    each(change, [&](Rows t) { return close[at(t)] / close[at(t - 1)] - 1; });
    each(earlier, [&](Rows t) { return change[at(t - 1)]; });
    each(size, [&](Rows t) { return std::fabs(change[at(t)]); });
    each(rise, [&](Rows t) { return greater(change[at(t)], 0); });
    each(gap, [&](Rows t) { return open[at(t)] / close[at(t - 1)] - 1; });
    each(fall_squared, [&](Rows t) {
      const double fall = lesser(change[at(t)], 0);
      return fall * fall;
    });
    each(signed_traded, [&](Rows t) { return (change[at(t)] > 0 ? 1 : change[at(t)] < 0 ? -1 : 0 * change[at(t)]) * traded[at(t)]; });
    typical = each_row(rows, [&](Rows t) { return (high[at(t)] + low[at(t)] + close[at(t)]) / 3; });
    range_squared = each_row(rows, [&](Rows t) {
      const double range = std::log(high[at(t)] / low[at(t)]);
      return range * range;
    });
  }
};

// The outputs of a run of rows. Infinite values and such that are none become missing.
class Sheet {
 public:
  explicit Sheet(Out out) : out_(out) {}
  void set(std::size_t output, Rows row, double value) const {
    out_(row, static_cast<Rows>(output)) = value - value == 0 ? value : kMissing;
  }
  void missing_before(std::size_t output, Rows row) const {
    for (Rows t = 0; t < std::min(row, out_.rows()); ++t) out_(t, static_cast<Rows>(output)) = kMissing;
  }

 private:
  Out out_;
};

// One window's part of a sheet.
class Figures {
 public:
  Figures(const Sheet& sheet, std::size_t window)
      : sheet_(sheet), first_(kBars + 2 * kLags + window * kFigures), rows_(kWindows[window]), n_(static_cast<double>(rows_)) {}
  Rows rows() const { return rows_; }
  double n() const { return n_; }
  void set(OfWindow figure, Rows row, double value) const { sheet_.set(first_ + figure, row, value); }
  void missing_before(Rows row) const {
    for (std::size_t figure = 0; figure < kFigures; ++figure) sheet_.missing_before(first_ + figure, row);
  }

 private:
  const Sheet& sheet_;
  std::size_t first_;
  Rows rows_;
  double n_;
};

// Sum of squared distances from the mean; rounding may leave less than nothing.
double scatter(double squares, double sum, double n) {
  const double value = squares - sum * (sum / n);
  return value < 0 ? 0 : value;
}
double correlation(double xy, double x, double y, double scatter_x, double scatter_y, double n) {
  const double root = std::sqrt(scatter_x) * std::sqrt(scatter_y);
  return root > 0 ? std::clamp((xy - x * (y / n)) / root, -1.0, 1.0) : kMissing;
}

void bars(const Table& d, const Sheet& sheet) {
  for (Rows t = 0; t < d.rows; ++t) {
    const std::size_t i = at(t);
    const double o = d.open[i], h = d.high[i], l = d.low[i], c = d.close[i], before = t > 0 ? d.close[i - 1] : kMissing;
    const double width = h - l;
    const auto share = [width](double part) { return width > 0 ? part / width : 0 * part; };
    sheet.set(gap, t, d.gap[i]);
    sheet.set(intraday, t, c / o - 1);
    sheet.set(ret_1, t, d.change[i]);
    sheet.set(range, t, width / c);
    sheet.set(body, t, std::isnan(width) ? kMissing : share(c - o));
    sheet.set(upper_shadow, t, (h - greater(o, c)) / c);
    sheet.set(lower_shadow, t, (lesser(o, c) - l) / c);
    sheet.set(close_place, t, std::isnan(width) ? kMissing : share(2 * c - h - l));
    sheet.set(typical, t, d.typical[i] / c - 1);
    sheet.set(true_range, t, (greater(h, before) - lesser(l, before)) / before);
  }
}

void lags(const Table& d, const Sheet& sheet) {
  const Series usual = mean_of(d.traded, kVolumeWindow);
  for (Rows k = 1; k <= kLags; ++k) {
    const std::size_t change = kBars + at(k - 1), traded = change + at(kLags);
    sheet.missing_before(change, k);
    sheet.missing_before(traded, k);
    for (Rows t = k; t < d.rows; ++t) {
      sheet.set(change, t, d.change[at(t - k)]);
      sheet.set(traded, t, d.traded[at(t - k)] / usual[at(t)]);
    }
  }
}

// Of the closes: what needs their sum, their squares, and their products with the row's place.
void closes(const Table& d, const Figures& out) {
  const double n = out.n(), places = n * (n * n - 1) / 12;
  const Series& c = d.close;
  const auto terms = [&](Rows t, Rows origin) {
    const double apart = c[at(t)] - c[at(origin)];
    return Sums<3>{apart, apart * apart, apart * static_cast<double>(t - origin)};
  };
  sum_windows(d.rows, out.rows(), terms, [&](Rows t, const Sums<3>& s, Rows origin) {
    const double last = static_cast<double>(t - origin), start = c[at(origin)], price = c[at(t)];
    const double with_place = s[2] - s[0] * (last - (n - 1) / 2), squares = scatter(s[1], s[0], n);
    out.set(mean, t, (start + s[0] / n) / price - 1);
    out.set(deviation, t, std::sqrt(squares / (n - 1)) / price);
    out.set(slope, t, with_place / places / price);
    out.set(r2, t, squares > 0 ? std::min(1.0, with_place * with_place / (places * squares)) : kMissing);
    out.set(decay, t, (start + (s[2] + (n - last) * s[0]) / (n * (n + 1) / 2)) / price - 1);
  });
  for (Rows t = out.rows(); t < d.rows; ++t) out.set(ret, t, c[at(t)] / c[at(t - out.rows())] - 1);
}

// The highest and lowest price with the rows on which they stand: the latest of equals.
struct Extremes {
  double high, low;
  Rows high_row, low_row;
};
void extremes(const Table& d, const Figures& out) {
  const auto make = [&](Rows t, Rows) { return Extremes{d.high[at(t)], d.low[at(t)], t, t}; };
  const auto join = [](const Extremes& a, const Extremes& b) {
    return Extremes{greater(a.high, b.high), lesser(a.low, b.low), a.high > b.high ? a.high_row : b.high_row,
                    a.low < b.low ? a.low_row : b.low_row};
  };
  fold_windows(d.rows, out.rows(), make, join, [&](Rows t, const Extremes& e, Rows) {
    const double c = d.close[at(t)], width = e.high - e.low;
    out.set(high, t, e.high / c - 1);
    out.set(low, t, e.low / c - 1);
    out.set(place, t, width > 0 ? (c - e.low) / width : width <= 0 ? 0.5 + 0 * c : kMissing);
    out.set(high_age, t, std::isnan(e.high) ? kMissing : static_cast<double>(t - e.high_row) / out.n());
    out.set(low_age, t, std::isnan(e.low) ? kMissing : static_cast<double>(t - e.low_row) / out.n());
  });
  range_windows(d.change, d.change, out.rows(), [&](Rows t, const Range& range) {
    out.set(best, t, range.high);
    out.set(worst, t, range.low);
  });
}

// Of the changes from close to close.
void changes(const Table& d, const Figures& out) {
  const double n = out.n();
  const Series& r = d.change;
  const auto terms = [&](Rows t, Rows origin) {
    const std::size_t i = at(t);
    const double a = r[i] - r[at(origin)], aa = a * a;
    return Sums<8>{a, aa, aa * a, aa * aa, d.fall_squared[i], r[i] > 0 ? 1.0 : 0.0, d.rise[i], d.size[i]};
  };
  sum_windows(d.rows, out.rows(), terms, [&](Rows t, const Sums<8>& s, Rows) {
    const double m = s[0] / n, m2 = scatter(s[1], s[0], n);
    const double m3 = s[2] - 3 * m * s[1] + 2 * m * m * s[0];
    const double m4 = s[3] - 4 * m * s[2] + 6 * m * m * s[1] - 3 * m * m * m * s[0];
    out.set(vol, t, std::sqrt(m2 / (n - 1)));
    out.set(skew, t, n * m3 / ((n - 2) * m2) * std::sqrt((n - 1) / m2));
    out.set(kurt, t, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * n * (m4 / (m2 * m2)) - 3 * (n - 1)));
    out.set(down_vol, t, std::sqrt(s[4] / n));
    out.set(up_share, t, s[5] / n + 0 * s[0]);
    out.set(rise_share, t, s[7] > 0 ? s[6] / s[7] : 0.5 + s[7]);
  });
}

// The changes beside those of the row before, the ranges and the gaps.
void neighbours(const Table& d, const Figures& out) {
  const double n = out.n();
  const Series &r = d.change, &before = d.earlier;
  const auto terms = [&](Rows t, Rows origin) {
    const std::size_t i = at(t);
    const double a = r[i] - r[at(origin)], b = before[i] - before[at(origin)];
    return Sums<7>{a, a * a, b, b * b, a * b, d.range_squared[i], d.gap[i]};
  };
  sum_windows(d.rows, out.rows(), terms, [&](Rows t, const Sums<7>& s, Rows) {
    out.set(auto_correlation, t, correlation(s[4], s[0], s[2], scatter(s[1], s[0], n), scatter(s[3], s[2], n), n));
    out.set(parkinson, t, std::sqrt(s[5] / (n * 4 * std::log(2.0))));
    out.set(mean_gap, t, s[6] / n);
  });
}

void volumes(const Table& d, const Figures& out) {
  const double n = out.n();
  const auto terms = [&](Rows t, Rows origin) {
    const std::size_t i = at(t), o = at(origin);
    const double v = d.traded[i] - d.traded[o], size = d.size[i] - d.size[o], price = d.close[i] - d.close[o];
    return Sums<10>{v,     v * v,         size,      size * size,        size * v,
                    price, price * price, price * v, d.signed_traded[i], (d.typical[i] - d.typical[o]) * d.traded[i]};
  };
  sum_windows(d.rows, out.rows(), terms, [&](Rows t, const Sums<10>& s, Rows origin) {
    const double usual = d.traded[at(origin)] + s[0] / n, spread = scatter(s[1], s[0], n);
    out.set(volume, t, d.traded[at(t)] / usual);
    out.set(volume_std, t, std::sqrt(spread / (n - 1)) / usual);
    out.set(move_volume, t, correlation(s[4], s[2], s[0], scatter(s[3], s[2], n), spread, n));
    out.set(price_volume, t, correlation(s[7], s[5], s[0], scatter(s[6], s[5], n), spread, n));
    out.set(signed_volume, t, s[8] / (n * usual));
    out.set(vwap, t, (d.typical[at(origin)] + s[9] / (n * usual)) / d.close[at(t)] - 1);
  });
}

struct PriceVolume {
  std::string open = "open", high = "high", low = "low", close = "close", volume = "volume";

  static void params(Params<PriceVolume>& p) {
    p.column<&PriceVolume::open>("open", "The first price of a row");
    p.column<&PriceVolume::high>("high", "The highest price of a row");
    p.column<&PriceVolume::low>("low", "The lowest price of a row");
    p.column<&PriceVolume::close>("close", "The last price of a row");
    p.column<&PriceVolume::volume>("volume", "What was traded");
  }
  std::vector<std::string> outputs() const {
    std::vector<std::string> names(kOfBar.begin(), kOfBar.end());
    for (Rows k = 1; k <= kLags; ++k) names.push_back("ret_1_lag_" + std::to_string(k));
    for (Rows k = 1; k <= kLags; ++k) names.push_back("volume_lag_" + std::to_string(k));
    for (const Rows window : kWindows)
      for (const char* figure : kOfWindow) names.push_back(std::string(figure) + "_" + std::to_string(window));
    return names;
  }
  Rows warmup_rows(std::size_t output) const {
    if (output < kBars) return output == gap || output == ret_1 || output == true_range ? 1 : 0;
    if (output < kBars + at(kLags)) return static_cast<Rows>(output - kBars) + 2;
    if (output < kBars + 2 * at(kLags)) return kVolumeWindow - 1;
    const std::size_t place = output - kBars - 2 * at(kLags);
    return kWindows[place / kFigures] - 1 + rows_before_window(static_cast<OfWindow>(place % kFigures));
  }

  void transform(const Frame& frame, Out out) const {
    const Table table(frame);
    const Sheet sheet(out);
    bars(table, sheet);
    lags(table, sheet);
    for (std::size_t w = 0; w < kWindows.size(); ++w) {
      const Figures figures(sheet, w);
      figures.missing_before(figures.rows());
      closes(table, figures);
      extremes(table, figures);
      changes(table, figures);
      neighbours(table, figures);
      volumes(table, figures);
    }
  }
};

}  // namespace
}  // namespace assay::features

using namespace assay::features;

ASSAY_PLUGIN(assay::feature<PriceVolume>("technical.price_volume_160", "1.0.0",
                                         "160 features of open, high, low, close and volume, all of them ratios"))
