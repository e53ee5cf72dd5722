#include "stats/products.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace assay::stats {

namespace {

constexpr Eigen::Index kBlock = 1024;

Eigen::Index rows_of(std::span<const Column> columns) { return columns.empty() ? 0 : static_cast<Eigen::Index>(columns[0].size()); }

void take(std::span<const Column> columns, Eigen::Index first, Eigen::Index size, Eigen::MatrixXd& block) {
  for (Eigen::Index c = 0; c < block.cols(); ++c)
    block.col(c).head(size) = Eigen::Map<const Eigen::VectorXd>(columns[static_cast<std::size_t>(c)].data() + first, size);
}

}  // namespace

std::vector<double> products(std::span<const Column> columns, std::span<const double> weight) {
  const auto count = static_cast<Eigen::Index>(columns.size());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(count, count), block(kBlock, count);
  for (Eigen::Index first = 0, rows = rows_of(columns); first < rows; first += kBlock) {
    const Eigen::Index size = std::min(kBlock, rows - first);
    take(columns, first, size, block);
    for (Eigen::Index r = 0; r < size && !weight.empty(); ++r) block.row(r) *= std::sqrt(weight[static_cast<std::size_t>(first + r)]);
    sums.selfadjointView<Eigen::Lower>().rankUpdate(block.topRows(size).transpose());
  }
  std::vector<double> out(columns.size() * columns.size());
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j <= i; ++j)
      out[static_cast<std::size_t>(i * count + j)] = out[static_cast<std::size_t>(j * count + i)] = sums(i, j);
  return out;
}

std::vector<double> cross_products(std::span<const Column> a, std::span<const Column> b) {
  const auto lines = static_cast<Eigen::Index>(a.size()), count = static_cast<Eigen::Index>(b.size());
  Eigen::MatrixXd of_a(kBlock, lines), of_b(kBlock, count);
  std::vector<double> out(a.size() * b.size(), 0.0);
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> sums(out.data(), lines, count);
  for (Eigen::Index first = 0, rows = rows_of(a); first < rows; first += kBlock) {
    const Eigen::Index size = std::min(kBlock, rows - first);
    take(a, first, size, of_a);
    take(b, first, size, of_b);
    sums.noalias() += of_a.topRows(size).transpose() * of_b.topRows(size);
  }
  return out;
}

}  // namespace assay::stats
