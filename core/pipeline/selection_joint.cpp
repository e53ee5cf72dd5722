// Inputs judged by each other: correlation (score: the largest with an input that stays), vif (the factor when it was last computed).
#include <fmt/core.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "pipeline/selection.hpp"
#include "stats/correlation.hpp"
#include "stats/products.hpp"

namespace assay::pipeline {

namespace {

using Columns = std::vector<std::vector<double>>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Centred and of length 1, so that products are correlations; empty where values are missing or all the same.
std::vector<double> unit_length(const std::vector<double>& values) {
  if (values.empty() || std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); })) return {};
  const Spread spread = spread_by("standard", values);
  if (!(spread.width > 0)) return {};
  std::vector<double> unit = values;
  const double length = spread.width * std::sqrt(static_cast<double>(values.size()));
  for (double& x : unit) x = (x - spread.centre) / length;
  return unit;
}

// Over the rows where both are there; NaN where it is undefined.
double paired_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    x.push_back(a[i]);
    y.push_back(b[i]);
  }
  return x.size() < 2 ? kNaN : stats::pearson(x, y);
}

// Which pairs of inputs go together: all that lack nothing at once, the others over the rows that both have.
class Correlations {
 public:
  Correlations(Columns columns, bool by_rank) : columns_(std::move(columns)), by_rank_(by_rank), place_(columns_.size(), -1) {
    std::vector<std::vector<double>> units;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      std::vector<double> unit = is_whole(c) ? unit_length(by_rank ? stats::midranks(columns_[c]) : columns_[c]) : std::vector<double>{};
      if (unit.empty()) continue;
      place_[c] = static_cast<std::ptrdiff_t>(units.size());
      units.push_back(std::move(unit));
    }
    count_ = units.size();
    whole_ = stats::products(std::vector<stats::Column>(units.begin(), units.end()));
    if (units.size() < columns_.size()) by_rank ? sort_all() : multiply_all();
  }

  double of(std::size_t a, std::size_t b) const {  // NaN where it is undefined
    if (place_[a] >= 0 && place_[b] >= 0) return whole_[static_cast<std::size_t>(place_[a]) * count_ + static_cast<std::size_t>(place_[b])];
    return by_rank_ ? of_ranks(a, b) : of_sums(a, b);
  }

 private:
  bool is_whole(std::size_t c) const {
    return std::none_of(columns_[c].begin(), columns_[c].end(), [](double x) { return std::isnan(x); });
  }

  // Each column less its mean, zero where it is missing; where it is there; its squares: products of these give the sums over the rows
  // that two columns share.
  void multiply_all() {
    Columns values = columns_, there = columns_, squares = columns_;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      std::vector<double> known;
      std::copy_if(columns_[c].begin(), columns_[c].end(), std::back_inserter(known), [](double x) { return !std::isnan(x); });
      const Spread spread = known.empty() ? Spread{} : spread_by("standard", known);
      const double width = spread.width > 0 ? spread.width : 1;
      for (std::size_t i = 0; i < values[c].size(); ++i) {
        const bool is_there = !std::isnan(columns_[c][i]);
        there[c][i] = is_there;
        values[c][i] = is_there ? (columns_[c][i] - spread.centre) / width : 0;
        squares[c][i] = values[c][i] * values[c][i];
      }
    }
    const std::vector<stats::Column> x(values.begin(), values.end()), m(there.begin(), there.end()), xx(squares.begin(), squares.end());
    shared_ = stats::products(m);
    cross_ = stats::products(x);
    sums_ = stats::cross_products(x, m);
    squares_ = stats::cross_products(xx, m);
  }
  double of_sums(std::size_t a, std::size_t b) const {
    const std::size_t count = columns_.size(), ab = a * count + b, ba = b * count + a;
    const double n = shared_[ab];
    if (n < 2) return kNaN;
    const double of_a = squares_[ab] - sums_[ab] * sums_[ab] / n, of_b = squares_[ba] - sums_[ba] * sums_[ba] / n;
    constexpr double kRounding =
        1e-9;  // a column that hardly varies where the other is there: its deviations are not to be had by differences
    if (of_a < kRounding * squares_[ab] || of_b < kRounding * squares_[ba]) return paired_correlation(columns_[a], columns_[b]);
    return std::clamp((cross_[ab] - sums_[ab] * sums_[ba] / n) / std::sqrt(of_a * of_b), -1.0, 1.0);
  }

  void sort_all() {
    for (const std::vector<double>& column : columns_) {
      order_.emplace_back();
      for (std::size_t i = 0; i < column.size(); ++i)
        if (!std::isnan(column[i])) order_.back().push_back(static_cast<std::uint32_t>(i));
      std::stable_sort(order_.back().begin(), order_.back().end(), [&](std::uint32_t i, std::uint32_t j) { return column[i] < column[j]; });
    }
  }
  // Ranks among the rows that the other has too, from the order of all: no pair is sorted again. Less their mean.
  double ranks_among(std::size_t of, std::size_t other, std::vector<double>& ranks) const {
    double count = 0;
    const auto& column = columns_[of];
    std::vector<std::uint32_t> equal;
    const auto settle_equal = [&] {
      for (const std::uint32_t i : equal) ranks[i] = count + (static_cast<double>(equal.size()) + 1) / 2;
      count += static_cast<double>(equal.size());
      equal.clear();
    };
    for (const std::uint32_t i : order_[of]) {
      if (std::isnan(columns_[other][i])) continue;
      if (!equal.empty() && column[equal.front()] != column[i]) settle_equal();
      equal.push_back(i);
    }
    settle_equal();
    return count;
  }
  double of_ranks(std::size_t a, std::size_t b) const {
    std::vector<double> of_a(columns_[a].size(), 0.0), of_b(columns_[b].size(), 0.0);
    const double n = ranks_among(a, b, of_a);
    ranks_among(b, a, of_b);
    if (n < 2) return kNaN;
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < of_a.size(); ++i) {
      if (of_a[i] == 0) continue;  // ranks begin at 1
      const double x = of_a[i] - (n + 1) / 2, y = of_b[i] - (n + 1) / 2;
      aa += x * x, bb += y * y, ab += x * y;
    }
    return aa > 0 && bb > 0 ? std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0) : kNaN;
  }

  Columns columns_;
  bool by_rank_;
  std::vector<std::ptrdiff_t> place_;  // among those that lack nothing; -1: it lacks some, or never varies
  std::size_t count_ = 0;
  std::vector<double> whole_, shared_, cross_, sums_, squares_;
  std::vector<std::vector<std::uint32_t>> order_;
};

Columns judged_columns(const TrainRows& rows, const FittedStep& fitted) {
  Columns columns;
  for (const FittedColumn& entry : fitted.columns) columns.push_back(train_values(rows, entry.name));
  return columns;
}

void learn_correlation(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  const double most = number_param(fitted.how, "max_abs");
  const Correlations correlations(judged_columns(rows, fitted), text_param(fitted.how, "method") == "spearman");
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < fitted.columns.size(); ++c) {
    double largest = 0;
    for (const std::size_t k : kept) {
      const double r = std::fabs(correlations.of(c, k));
      if (r > largest) largest = r;  // never NaN
    }
    const bool stays = !(largest > most);
    fitted.columns[c].learned = {largest, stays ? 1.0 : 0.0};
    if (stays) kept.push_back(c);
  }
}

// The judged columns over the train rows that have all of them.
Columns whole_rows(const TrainRows& rows, const FittedStep& fitted) {
  Columns columns = judged_columns(rows, fitted);
  if (columns.empty()) return columns;
  std::vector<std::uint8_t> whole(columns[0].size(), 1);
  for (const auto& column : columns)
    for (std::size_t i = 0; i < column.size(); ++i) whole[i] &= static_cast<std::uint8_t>(!std::isnan(column[i]));
  const auto taken = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), std::uint8_t{1}));
  for (auto& column : columns) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < column.size(); ++i)
      if (whole[i] != 0) column[at++] = column[i];
    column.resize(taken);
  }
  if (taken <= columns.size())
    throw Error(Fault::data, "judging how inputs explain each other",
                fmt::format("{} train rows have all of the {} inputs", taken, columns.size()), "put a `missing` step before it");
  return columns;
}

// Columns that those before them determine, as far as rounding lets one see, are told of at once: their matrix has no inverse. What is
// left of a column's variance after those before it is a pivot of Cholesky's.
std::vector<std::size_t> independent(const Eigen::MatrixXd& correlations) {
  constexpr double kNothingLeft = 1e-10;
  std::vector<std::size_t> left;
  const Eigen::Index size = correlations.rows();
  Eigen::MatrixXd lines(size, size);  // of the factor, a column for each that is left
  for (Eigen::Index j = 0; j < size; ++j) {
    const auto count = static_cast<Eigen::Index>(left.size());
    Eigen::VectorXd line(count);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto other = static_cast<Eigen::Index>(left[static_cast<std::size_t>(k)]);
      line[k] = (correlations(j, other) - line.head(k).dot(lines.col(k).head(k))) / lines(k, k);
    }
    const double rest = correlations(j, j) - line.squaredNorm();
    if (rest < kNothingLeft) continue;
    lines.col(count).head(count) = line;
    lines(count, count) = std::sqrt(rest);
    left.push_back(static_cast<std::size_t>(j));
  }
  return left;
}

// The matrix without one of its rows and columns.
Eigen::MatrixXd without(const Eigen::MatrixXd& matrix, Eigen::Index gone) {
  const Eigen::Index size = matrix.rows() - 1, after = size - gone;
  Eigen::MatrixXd smaller(size, size);
  smaller.topLeftCorner(gone, gone) = matrix.topLeftCorner(gone, gone);
  smaller.topRightCorner(gone, after) = matrix.topRightCorner(gone, after);
  smaller.bottomLeftCorner(after, gone) = matrix.bottomLeftCorner(after, gone);
  smaller.bottomRightCorner(after, after) = matrix.bottomRightCorner(after, after);
  return smaller;
}

void learn_vif(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>&) {
  constexpr int kUpdates = 16;  // then the inverse is made anew, so that rounding does not add up
  const double most = number_param(fitted.how, "max");
  for (FittedColumn& entry : fitted.columns) entry.learned = {kInfinity, 0};
  std::vector<std::size_t> left;
  Columns units;
  for (std::size_t c = 0; auto& column : whole_rows(rows, fitted)) {
    if (auto unit = unit_length(column); !unit.empty()) left.push_back(c), units.push_back(std::move(unit));  // else the mean explains it
    ++c;
  }
  const auto count = static_cast<Eigen::Index>(units.size());
  std::vector<double> sums = stats::products(std::vector<stats::Column>(units.begin(), units.end()));
  const Eigen::Map<const Eigen::MatrixXd> all(sums.data(), count, count);
  const std::vector<std::size_t> own = independent(all);
  Eigen::MatrixXd correlations(own.size(), own.size());
  for (std::size_t i = 0; i < own.size(); ++i)
    for (std::size_t j = 0; j < own.size(); ++j)
      correlations(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          i == j ? 1 : all(static_cast<Eigen::Index>(own[i]), static_cast<Eigen::Index>(own[j]));
  for (std::size_t k = 0; k < own.size(); ++k) left[k] = left[own[k]];
  left.resize(own.size());
  Eigen::MatrixXd inverse;
  for (int round = 0; !left.empty(); ++round) {
    if (round % kUpdates == 0) inverse = correlations.llt().solve(Eigen::MatrixXd::Identity(correlations.rows(), correlations.rows()));
    std::size_t worst = 0;
    const auto factor = [&](std::size_t k) { return inverse(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(k)); };
    for (std::size_t k = 0; k < left.size(); ++k) {
      fitted.columns[left[k]].learned = {factor(k), 1};
      if (factor(k) >= factor(worst)) worst = k;  // of equals the later one
    }
    if (!(factor(worst) > most)) return;
    fitted.columns[left[worst]].learned[kStays] = 0;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(worst));
    const auto gone = static_cast<Eigen::Index>(worst);
    const Eigen::VectorXd column = inverse.col(gone);
    inverse = without(inverse - column * column.transpose() / column[gone], gone);
    correlations = without(correlations, gone);
  }
}

constexpr StepKind kKinds[] = {{"correlation", takes_plain, learn_correlation, keep_chosen}, {"vif", takes_plain, learn_vif, keep_chosen}};

}  // namespace

std::span<const StepKind> joint_selection_steps() { return kKinds; }

}  // namespace assay::pipeline
