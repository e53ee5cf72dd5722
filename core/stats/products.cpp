#include "stats/products.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace assay::stats {

std::vector<double> products(std::span<const Column> columns, std::span<const double> weight) {
  constexpr Eigen::Index kBlock = 1024;
  const auto count = static_cast<Eigen::Index>(columns.size());
  const Eigen::Index rows = columns.empty() ? 0 : static_cast<Eigen::Index>(columns[0].size());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(count, count);
  Eigen::MatrixXd block(kBlock, count);
  for (Eigen::Index first = 0; first < rows; first += kBlock) {
    const Eigen::Index size = std::min(kBlock, rows - first);
    for (Eigen::Index c = 0; c < count; ++c) {
      const double* from = columns[static_cast<std::size_t>(c)].data() + first;
      block.col(c).head(size) = Eigen::Map<const Eigen::VectorXd>(from, size);
      if (weight.empty()) continue;
      for (Eigen::Index r = 0; r < size; ++r) block(r, c) *= std::sqrt(weight[static_cast<std::size_t>(first + r)]);
    }
    sums.selfadjointView<Eigen::Lower>().rankUpdate(block.topRows(size).transpose());
  }
  std::vector<double> out(columns.size() * columns.size());
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j <= i; ++j)
      out[static_cast<std::size_t>(i * count + j)] = out[static_cast<std::size_t>(j * count + i)] = sums(i, j);
  return out;
}

}  // namespace assay::stats
