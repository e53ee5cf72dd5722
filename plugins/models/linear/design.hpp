// The inputs of a linear model, centred and scaled for conditioning, handed out in blocks of rows: [1, z_1 ... z_p] with
// z_j = (x_j - centre_j) / scale_j over the columns that count. Used by ridge.hpp and logistic.hpp while fitting; it lives no longer than
// the call. Constant columns are left out, and on request those that are a combination of earlier ones (as R's glm does). One thread.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "../flat_rows.hpp"
#include "assay/eigen.hpp"
#include "assay/model.hpp"

namespace models {

using Eigen::Index;
using Block = assay::RowMajor<double>;

class Design {
 public:
  static constexpr Index kBlock = 512;

  explicit Design(const assay::Batch& batch)
      : rows_(batch), weight_(batch.weight()), buffer_(static_cast<std::size_t>(rows_.is_direct() ? 0 : kBlock * rows_.width())) {
    if (rows_.size() == 0) throw assay::bad_input("there are no train rows");
    measure();
  }

  Index rows() const { return rows_.size(); }
  Index width() const { return rows_.width(); }                        // columns of x
  Index size() const { return static_cast<Index>(kept_.size()) + 1; }  // columns of a block: the intercept and those that count
  const std::vector<Index>& kept() const { return kept_; }
  double centre(Index kept) const { return centre_[kept_[static_cast<std::size_t>(kept)]]; }
  double scale(Index kept) const { return scale_[kept_[static_cast<std::size_t>(kept)]]; }
  const Eigen::VectorXd& spread() const { return scale_; }  // of the columns of x
  double weight(Index row) const { return weight_.empty() ? 1.0 : weight_[row]; }
  double total_weight() const { return total_; }

  // body(first row, block of rows): in order, the same blocks every time.
  template <class F>
  void each_block(F&& body) {
    block_.resize(kBlock, size());
    for (Index first = 0; first < rows(); first += kBlock) {
      const Index count = std::min(kBlock, rows() - first);
      const auto x = rows_.take(first, count, buffer_.data());
      for (Index r = 0; r < count; ++r) {
        block_(r, 0) = 1;
        for (Index j = 0; j + 1 < size(); ++j) block_(r, j + 1) = (x(r, kept_[static_cast<std::size_t>(j)]) - centre(j)) / scale(j);
      }
      body(first, block_.topRows(count));
    }
  }

  // Leaves out every column that is a linear combination of earlier ones. Returns how many. Cholesky's pivots of the correlation matrix
  // tell: what is left of a column's unit variance after the earlier ones; below 1e-10 it is nothing but rounding.
  Index drop_combinations() {
    const Index p = size() - 1;
    Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(p + 1, p + 1);
    each_block([&](Index first, const auto& block) {
      Block weighted = block;
      for (Index r = 0; r < weighted.rows(); ++r) weighted.row(r) *= weight(first + r) / total_;
      gram.noalias() += block.transpose() * weighted;
    });
    std::vector<Index> independent;
    std::vector<Eigen::VectorXd> lines;  // of the factor, over the independent columns
    for (Index j = 0; j < p; ++j) {
      Eigen::VectorXd line(static_cast<Index>(independent.size()));
      for (Index k = 0; k < line.size(); ++k) {
        const auto& other = lines[static_cast<std::size_t>(k)];
        line[k] = (gram(j + 1, independent[static_cast<std::size_t>(k)] + 1) - line.head(k).dot(other.head(k))) / other[k];
      }
      const double pivot = gram(j + 1, j + 1) - line.squaredNorm();
      if (pivot < 1e-10) continue;
      line.conservativeResize(line.size() + 1);
      line[line.size() - 1] = std::sqrt(pivot);
      lines.push_back(std::move(line));
      independent.push_back(j);
    }
    std::vector<Index> kept;
    for (const Index j : independent) kept.push_back(kept_[static_cast<std::size_t>(j)]);
    const Index dropped = static_cast<Index>(kept_.size() - kept.size());
    kept_ = std::move(kept);
    return dropped;
  }

 private:
  // Two passes: the mean, then the deviation about it.
  void measure() {
    centre_ = scale_ = Eigen::VectorXd::Zero(width());
    for (Index r = 0; r < rows(); ++r) {
      if (!(weight(r) >= 0)) throw assay::bad_input("a row weight is negative or missing");
      total_ += weight(r);
    }
    if (!(total_ > 0)) throw assay::bad_input("there are no train rows with a positive weight");
    each_line([&](Index row, const auto& line) { centre_ += weight(row) / total_ * line; });
    if (!centre_.allFinite()) throw assay::bad_input("an input is missing or infinite: a linear model needs every cell (prepare: missing)");
    each_line([&](Index row, const auto& line) { scale_ += weight(row) / total_ * (line - centre_).cwiseAbs2(); });
    scale_ = scale_.cwiseSqrt();
    for (Index j = 0; j < width(); ++j)
      if (scale_[j] > 1e-12 * (std::abs(centre_[j]) + 1e-300)) kept_.push_back(j);
  }
  template <class F>
  void each_line(F&& body) {
    for (Index first = 0; first < rows(); first += kBlock) {
      const auto x = rows_.take(first, std::min(kBlock, rows() - first), buffer_.data());
      for (Index r = 0; r < x.rows(); ++r) body(first + r, Eigen::Map<const Eigen::VectorXd>(x.row(r).data(), width()));
    }
  }

  FlatRows<double> rows_;
  assay::VectorView<const double> weight_;
  std::vector<double> buffer_;
  Block block_;
  Eigen::VectorXd centre_, scale_;
  std::vector<Index> kept_;
  double total_ = 0;
};

// What each input is worth: the length of its row of weights, in deviations of its train rows, summed over the steps of a window.
inline void add_up(const Eigen::VectorXd& spread, const Eigen::MatrixXd& weights, std::span<double> out) {
  if (spread.size() != weights.rows() || out.empty() || spread.size() % static_cast<Index>(out.size()) != 0)
    throw assay::bad_input("the model has been fitted to another number of inputs");
  std::fill(out.begin(), out.end(), 0.0);
  for (Index j = 0; j < spread.size(); ++j) out[static_cast<std::size_t>(j) % out.size()] += spread[j] * weights.row(j).norm();
}

inline std::string count_of(Index n, const char* one, const char* many) { return std::to_string(n) + ' ' + (n == 1 ? one : many); }

// Says which columns got no coefficient of their own.
inline void tell_of_dropped(const Design& design, Index combinations, const assay::Call& call) {
  const Index constant = design.width() - static_cast<Index>(design.kept().size()) - combinations;
  if (constant > 0) call.warn(count_of(constant, "input is", "inputs are") + " constant in the train rows: coefficient 0");
  if (combinations > 0)
    call.warn(count_of(combinations, "input is", "inputs are") +
              " a linear combination of earlier ones: coefficient 0 (l2 > 0 shares it out)");
}

}  // namespace models
