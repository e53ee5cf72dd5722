#include "run/stage.hpp"

#include <cmath>

namespace assay::run {

double Replayed::figure(std::string_view name) const {
  for (const store::BacktestRecord::Figure& figure : record.figures)
    if (figure.name == name) return figure.value;
  return std::nan("");
}

std::vector<double> Replayed::returns(double capital) const {
  std::vector<double> out;
  double before = capital;
  for (const double now : record.equity) {
    out.push_back(before > 0 ? now / before - 1 : 0);
    before = now;
  }
  return out;
}

}  // namespace assay::run
