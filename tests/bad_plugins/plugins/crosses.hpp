// A well-behaved strategy: long while the close is above its mean. The bad strategies derive from it and break one promise each.
#pragma once

#include <assay/strategy.hpp>

struct Crosses {
  std::int64_t window = 10;

  template <class T>
  static void declare(assay::Params<T>& p) {
    p.template integer<&T::window>("window", "Bars of the mean").range(1, 200);
  }
  static void params(assay::Params<Crosses>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      const assay::History h = market[i];
      if (!h.has_bar() || h.bars() < window) continue;
      double mean = 0;
      for (const double close : h.close().last(static_cast<std::size_t>(window))) mean += close / static_cast<double>(window);
      const bool above = h.close().back() > mean;
      if (above != (h.units() > 0)) market.target_weight(i, above ? 0.3 : 0.0);
    }
  }
};
