#include "run/stage.hpp"

#include <cmath>

namespace assay::run {

double Replayed::figure(std::string_view name) const {
  for (const store::BacktestRecord::Figure& figure : record.figures)
    if (figure.name == name) return figure.value;
  return std::nan("");
}

std::vector<double> Replayed::returns() const {
  std::vector<double> out;
  for (std::size_t i = 1; i < record.equity.size(); ++i) out.push_back(record.equity[i] / record.equity[i - 1] - 1);
  return out;
}

}  // namespace assay::run
