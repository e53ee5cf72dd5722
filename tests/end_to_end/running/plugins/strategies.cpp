// A strategy that trades on a column of the data: long where its last value is above a number, flat below.
#include "assay/strategy.hpp"

namespace {

struct ByColumn {
  std::string signal;
  double above = 0;

  static void params(assay::Params<ByColumn>& p) {
    p.column<&ByColumn::signal>("signal", "The column");
    p.real<&ByColumn::above>("above", "Long above this");
  }
  void on_bar(assay::Market& market) {
    const assay::History history = market[0];
    const double value = history.feature(0).back();
    const bool wanted = value > above;
    if (wanted != (history.units() > 0)) market.target_weight(0, wanted ? 1 : 0);
  }
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<ByColumn>("probe.by_column", "1.0.0", "Trades on a column"))
