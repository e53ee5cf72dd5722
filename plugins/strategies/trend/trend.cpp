// trend.sma_cross: two moving averages of the close. It trades on the bar on which they cross: long when the fast one comes to lie above
// the slow one, short (or flat) when it comes to lie below.
#include <algorithm>
#include <vector>

#include "assay/strategy.hpp"

namespace {

// A running sum, summed anew every 256 bars so that rounding does not pile up. Its bits depend on the closes alone, not on the bar on which
// one began to look.
class RunningMean {
 public:
  explicit RunningMean(std::int64_t window) : window_(window) {}
  // After the last of these closes became known; all before it have been taken in.
  void add(std::span<const double> close) {
    const auto bars = static_cast<std::int64_t>(close.size());
    const auto at = [&](std::int64_t bar) { return close[static_cast<std::size_t>(bar)]; };
    if (bars % 256 == 0) {
      sum_ = 0;
      for (std::int64_t i = std::max<std::int64_t>(0, bars - window_); i < bars; ++i) sum_ += at(i);
      return;
    }
    sum_ += at(bars - 1);
    if (bars > window_) sum_ -= at(bars - 1 - window_);
  }
  double value() const { return sum_ / static_cast<double>(window_); }

 private:
  std::int64_t window_;
  double sum_ = 0;
};

struct SmaCross {
  std::int64_t fast = 10, slow = 30;
  bool allow_short = true, at_once = false;
  double weight = 1;

  static void params(assay::Params<SmaCross>& p) {
    p.integer<&SmaCross::fast>("fast", "Bars of the fast mean").range(1, 10'000).unit("bars");
    p.integer<&SmaCross::slow>("slow", "Bars of the slow mean").range(2, 10'000).unit("bars");
    p.boolean<&SmaCross::allow_short>("short", "Go short below; otherwise flat");
    p.boolean<&SmaCross::at_once>("at_once", "Take the side that the means show at the start, without waiting for them to cross");
    p.real<&SmaCross::weight>("weight", "Share of the equity in all, spread evenly over the instruments").range(0, 10);
  }
  void on_start(assay::Market& market) {
    if (fast >= slow) throw assay::bad_input("fast has to be shorter than slow");
    means_.clear();
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      Means& means = means_.emplace_back(Means{RunningMean(fast), RunningMean(slow)});
      const std::span<const double> past = market[i].close();
      for (std::size_t bars = std::max<std::size_t>(1, past.size() / 256 * 256); bars <= past.size(); ++bars) side(means, past.first(bars));
      if (at_once) means.side = 0;
    }
  }

  void on_bar(assay::Market& market) {
    const std::uint32_t known = market.instruments();
    means_.resize(known, Means{RunningMean(fast), RunningMean(slow)});
    for (std::uint32_t i = 0; i < known; ++i) {
      const assay::History history = market[i];
      if (!history.has_bar()) continue;
      Means& means = means_[i];
      const int before = means.side, now = side(means, history.close());
      const bool trades = now != before && (before != 0 || at_once);
      if (trades) means.taken = now > 0 ? 1 : allow_short ? -1 : 0;
      const bool sized = means.taken == 0 || means.among == known;  // its share becomes smaller when others are listed
      if (!trades && sized) continue;
      means.among = known;
      market.target_weight(i, means.taken * weight / known);
    }
  }

 private:
  struct Means {
    RunningMean fast, slow;
    int side = 0;             // +1 fast above slow, -1 below, 0 not known yet
    int taken = 0;            // by an order
    std::uint32_t among = 0;  // instruments that shared the weight then
  };
  // With the last close; where the means are equal, the side stays.
  int side(Means& means, std::span<const double> close) const {
    means.fast.add(close);
    means.slow.add(close);
    if (static_cast<std::int64_t>(close.size()) < slow) return means.side;
    const double difference = means.fast.value() - means.slow.value();
    if (difference != 0) means.side = difference > 0 ? 1 : -1;
    return means.side;
  }

  std::vector<Means> means_;
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<SmaCross>("trend.sma_cross", "1.0.0", "Two moving averages of the close: long above, short or flat below"))
