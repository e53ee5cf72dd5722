// The plain strategies that others are compared with.
#include <algorithm>
#include <utility>

#include "assay/strategy.hpp"

namespace {

// Spreads the capital at the first time over the instruments known then, in equal shares, and never trades again: by the time that others
// are listed the money is spent.
struct BuyAndHold {
  static void params(assay::Params<BuyAndHold>&) {}
  void on_bar(assay::Market& market) {
    if (std::exchange(bought_, true)) return;
    for (std::uint32_t i = 0; i < market.instruments(); ++i) market.target_weight(i, 1.0 / market.instruments());
  }

 private:
  bool bought_ = false;
};

// Equal weights over the instruments known so far, brought back every `rebalance` times. One that has no bar then keeps what it has, and
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
    const double weight = std::min(1.0 / market.instruments(), std::max(0.0, 1 - kept) / present);
    for (std::uint32_t i = 0; i < market.instruments(); ++i)
      if (market[i].has_bar()) market.target_weight(i, weight);
  }
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<BuyAndHold>("basic.buy_and_hold", "1.0.0",
                                         "Buys the instruments known at the start, in equal shares, and holds them"),
             assay::strategy<EqualWeight>("basic.equal_weight", "1.0.0", "The same weight in every instrument, rebalanced"))
