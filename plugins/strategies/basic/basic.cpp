// The plain strategies that others are compared with.
#include <vector>

#include "assay/strategy.hpp"

namespace {

// Spreads the capital over the instruments as they appear, in equal shares, and never trades again.
struct BuyAndHold {
  static void params(assay::Params<BuyAndHold>&) {}
  void on_start(assay::Market& market) { bought_.assign(market.instruments(), false); }
  void on_bar(assay::Market& market) {
    if (left_ == 0) return;
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      if (bought_[i] || !market[i].has_bar()) continue;
      bought_[i] = true;
      market.target_weight(i, 1.0 / market.instruments());
    }
    left_ = 0;
    for (const bool bought : bought_) left_ += bought ? 0 : 1;
  }

 private:
  std::vector<bool> bought_;
  std::size_t left_ = 1;
};

// Equal weights over the instruments that have a bar, brought back every `rebalance` times. One that has no bar then keeps what it has.
struct EqualWeight {
  std::int64_t rebalance = 21;
  static void params(assay::Params<EqualWeight>& p) {
    p.integer<&EqualWeight::rebalance>("rebalance", "Times between two rebalancings").range(1, 100'000).unit("bars");
  }
  void on_bar(assay::Market& market) {
    if (market.bar() % rebalance != 0) return;
    std::uint32_t present = 0;
    for (std::uint32_t i = 0; i < market.instruments(); ++i) present += market[i].has_bar() ? 1 : 0;
    for (std::uint32_t i = 0; i < market.instruments(); ++i)
      if (market[i].has_bar()) market.target_weight(i, 1.0 / present);
  }
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<BuyAndHold>("basic.buy_and_hold", "1.0.0", "Buys each instrument once, in equal shares, and holds it"),
             assay::strategy<EqualWeight>("basic.equal_weight", "1.0.0", "The same weight in every instrument, rebalanced"))
