// pca: the columns give way to their principal components <prefix>_1, <prefix>_2, ... behind the others. Learned of each column: mean,
// width (1 with `scale: false`), then its weight in each component. Signs are such that each component's largest weight is positive.
#include <fmt/core.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

constexpr std::size_t kMean = 0, kWidth = 1, kWeights = 2;  // places in FittedColumn::learned

// The train rows that have all of the columns, centred and scaled as learned.
Eigen::MatrixXd whole_rows(const TrainRows& rows, const FittedStep& fitted) {
  std::vector<std::size_t> at, whole;
  for (const FittedColumn& entry : fitted.columns) at.push_back(index_of(rows.table, entry.name));
  for (std::size_t i = 0; i < rows.table.rows(); ++i) {
    if (rows.train[i] != 0 && std::none_of(at.begin(), at.end(), [&](std::size_t c) { return std::isnan(rows.table.values[c][i]); }))
      whole.push_back(i);
  }
  Eigen::MatrixXd x(static_cast<Eigen::Index>(whole.size()), static_cast<Eigen::Index>(at.size()));
  for (std::size_t c = 0; c < at.size(); ++c) {
    const std::vector<double>& learned = fitted.columns[c].learned;
    for (std::size_t i = 0; i < whole.size(); ++i)
      x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) =
          (rows.table.values[at[c]][whole[i]] - learned[kMean]) / learned[kWidth];
  }
  return x;
}

// As many as reach the share of the variance, `keep` at most.
Eigen::Index count_of(const config::Component& how, const Eigen::VectorXd& falling) {
  const double wanted = number_param(how, "variance") * falling.sum();
  const auto most = static_cast<Eigen::Index>(number_param(how, "keep"));
  const Eigen::Index all = most == 0 ? falling.size() : std::min(most, falling.size());
  double reached = 0;
  for (Eigen::Index k = 0; k < all; ++k) {
    reached += falling[k];
    if (reached >= wanted * (1 - 1e-12)) return k + 1;
  }
  return all;
}

void learn(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes) {
  if (fitted.columns.empty()) return;
  const bool scale = flag_param(fitted.how, "scale");
  learn_each(rows, fitted, [&](const InputColumn&, const std::vector<double>& values, FittedColumn& entry) {
    const Spread spread = values.empty() ? Spread{} : spread_by("standard", values);
    entry.learned = {spread.centre, scale && spread.width > 0 ? spread.width : 1};
  });
  Eigen::MatrixXd x = whole_rows(rows, fitted);
  if (x.rows() < 2)
    throw Error(Fault::data, "pca", fmt::format("{} train rows have all of the {} inputs", x.rows(), x.cols()),
                "put a `missing` step before it");
  x.rowwise() -= x.colwise().mean().eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved(x.transpose() * x);
  const Eigen::VectorXd falling = solved.eigenvalues().reverse().cwiseMax(0);
  const Eigen::Index count = count_of(fitted.how, falling);
  for (Eigen::Index k = 0; k < count; ++k) {
    const Eigen::VectorXd weights = solved.eigenvectors().col(x.cols() - 1 - k);
    Eigen::Index largest = 0;
    weights.cwiseAbs().maxCoeff(&largest);
    for (Eigen::Index c = 0; c < x.cols(); ++c)
      fitted.columns[static_cast<std::size_t>(c)].learned.push_back(weights[largest] < 0 ? -weights[c] : weights[c]);
  }
  notes.push_back(fmt::format("{} principal components of {} inputs hold {:.1f} % of their variance", count, x.cols(),
                              100 * falling.head(count).sum() / std::max(falling.sum(), 1e-300)));
}

// A row that lacks one of the columns has none of the components.
void apply(const FittedStep& fitted, InputTable& table) {
  if (fitted.columns.empty()) return;
  const std::size_t count = fitted.columns.front().learned.size() - kWeights;
  std::vector<std::vector<double>> made(count, std::vector<double>(table.rows(), 0.0));
  for (const FittedColumn& entry : fitted.columns) {
    const auto at = static_cast<std::ptrdiff_t>(index_of(table, entry.name));
    const std::vector<double>& values = table.values[static_cast<std::size_t>(at)];
    for (std::size_t k = 0; k < count; ++k) {
      const double weight = entry.learned[kWeights + k] / entry.learned[kWidth];
      for (std::size_t i = 0; i < values.size(); ++i) made[k][i] += weight * (values[i] - entry.learned[kMean]);
    }
    table.columns.erase(table.columns.begin() + at);
    table.values.erase(table.values.begin() + at);
  }
  for (std::size_t k = 0; k < count; ++k) {
    table.columns.push_back({fmt::format("{}_{}", text_param(fitted.how, "prefix"), k + 1), InputKind::number, {}});
    table.values.push_back(std::move(made[k]));
  }
}

constexpr StepKind kKinds[] = {{"pca", takes_numbers, learn, apply}};

}  // namespace

std::span<const StepKind> pca_steps() { return kKinds; }

}  // namespace assay::pipeline
