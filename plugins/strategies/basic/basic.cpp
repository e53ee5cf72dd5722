// The plain strategies that others are compared with.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "assay/strategy.hpp"

namespace {

// Which instruments still trade: one that was silent while another had a month of bars is taken for gone (delisted, merged, ended). Nobody
// says so at the time, and a shorter silence may be a holiday or a halt.
class Trading {
 public:
  explicit Trading(const assay::Market& market) : market_(market) {
    constexpr std::size_t kMonth = 21;
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      const auto time = market[i].time_ns();
      if (time.size() > kMonth) silent_since_ = std::max(silent_since_, time[time.size() - 1 - kMonth]);
    }
    for (std::uint32_t i = 0; i < market.instruments(); ++i) count_ += has(i) ? 1 : 0;
  }
  bool has(std::uint32_t instrument) const { return market_[instrument].time_ns().back() > silent_since_; }
  double count() const { return count_; }

 private:
  const assay::Market& market_;
  std::int64_t silent_since_ = std::numeric_limits<std::int64_t>::min();
  double count_ = 0;
};

// Spreads the capital at the first time over the instruments that trade then, in equal shares, and never trades again: by the time that
// others are listed the money is spent.
struct BuyAndHold {
  static void params(assay::Params<BuyAndHold>&) {}
  void on_bar(assay::Market& market) {
    if (std::exchange(bought_, true)) return;
    const Trading trading(market);
    for (std::uint32_t i = 0; i < market.instruments(); ++i)
      if (trading.has(i)) market.target_weight(i, 1 / trading.count());
  }

 private:
  bool bought_ = false;
};

// Equal weights over the instruments that trade, brought back every `rebalance` times. One that has no bar then keeps what it has, and
// where that is more than its share, the others have less: the weights ordered and kept never sum to more than 1.
struct EqualWeight {
  std::int64_t rebalance = 21;
  static void params(assay::Params<EqualWeight>& p) {
    p.integer<&EqualWeight::rebalance>("rebalance", "Times between two rebalancings").range(1, 100'000).unit("bars");
  }
  void on_bar(assay::Market& market) {
    if (market.bar() % rebalance != 0) return;
    double present = 0, kept = 0;
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      const assay::History history = market[i];
      if (history.has_bar())
        ++present;
      else
        kept += std::max(0.0, history.units()) * history.close().back() / market.equity();
    }
    const double weight = std::min(1 / Trading(market).count(), std::max(0.0, 1 - kept) / present);
    for (std::uint32_t i = 0; i < market.instruments(); ++i)
      if (market[i].has_bar()) market.target_weight(i, weight);
  }
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<BuyAndHold>("basic.buy_and_hold", "1.0.0",
                                         "Buys the instruments known at the start, in equal shares, and holds them"),
             assay::strategy<EqualWeight>("basic.equal_weight", "1.0.0", "The same weight in every instrument, rebalanced"))
