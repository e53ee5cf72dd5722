#include "pipeline/cross_section.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

double finite(double value) { return std::isfinite(value) ? value : kMissing; }

}  // namespace

void CrossSection::compute(Op op, std::span<const double> x, std::span<const double> by, std::size_t categories, double groups,
                           std::span<double> out) {
  switch (op) {
    case Op::cs_rank:
      ranks(x, out);
      for (double& rank : out) rank /= count_;
      return;
    case Op::cs_quantile:
      ranks(x, out);
      for (double& rank : out) rank = std::floor(groups * (rank - 0.5) / count_) + 1;
      return;
    case Op::cs_demean:
    case Op::cs_zscore: {
      const Mean total = mean_of(x);
      const double mean = total.value();
      double squares = 0;
      for (const double value : x) squares += std::isnan(value) ? 0 : (value - mean) * (value - mean);
      const double unit = op == Op::cs_demean ? 1 : std::sqrt(squares / (total.count - 1));
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = finite((x[i] - mean) / unit);
      return;
    }
    case Op::cs_neutralize:
      return categories > 0 ? take_out_categories(x, by, categories, out) : take_out_line(x, by, out);
    default:
      ASSAY_CHECK(false, "a cross-section got an operator that is none");
  }
}

CrossSection::Mean CrossSection::mean_of(std::span<const double> x) {
  Mean mean;
  for (const double value : x) {
    if (!std::isnan(value)) mean.add(value);
  }
  return mean;
}

void CrossSection::ranks(std::span<const double> x, std::span<double> out) {
  sorted_.clear();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i])) {
      out[i] = kMissing;
    } else {
      sorted_.push_back({x[i], i});
    }
  }
  std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) { return a.value < b.value; });
  count_ = static_cast<double>(sorted_.size());
  for (std::size_t i = 0; i < sorted_.size();) {
    std::size_t end = i + 1;
    while (end < sorted_.size() && sorted_[end].value == sorted_[i].value) ++end;
    const double rank = (static_cast<double>(i + 1) + static_cast<double>(end)) / 2;
    for (; i < end; ++i) out[sorted_[i].row] = rank;
  }
}

void CrossSection::take_out_categories(std::span<const double> x, std::span<const double> by, std::size_t categories,
                                       std::span<double> out) {
  means_.assign(categories, {});
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isnan(x[i]) && !std::isnan(by[i])) means_[static_cast<std::size_t>(by[i])].add(x[i]);
  }
  for (std::size_t i = 0; i < x.size(); ++i)
    out[i] = std::isnan(x[i]) || std::isnan(by[i]) ? kMissing : finite(x[i] - means_[static_cast<std::size_t>(by[i])].value());
}

void CrossSection::take_out_line(std::span<const double> x, std::span<const double> by, std::span<double> out) {
  Mean of_x, of_by;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(by[i])) continue;
    of_x.add(x[i]);
    of_by.add(by[i]);
  }
  const double mean_x = of_x.value(), mean_by = of_by.value();
  double together = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(by[i])) continue;
    together += (x[i] - mean_x) * (by[i] - mean_by);
    squares += (by[i] - mean_by) * (by[i] - mean_by);
  }
  const double slope = squares > 0 ? together / squares : 0;  // equal for all: there is nothing to take out but the mean
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = finite(x[i] - mean_x - slope * (by[i] - mean_by));
}

}  // namespace assay::pipeline
