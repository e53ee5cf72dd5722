// Functions over all entities' values at one time. Used by the expression plan; its header has the rules for missing values and ties.
// Missing is NaN. One object, which keeps its memory from time to time, belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/expression.hpp"

namespace assay::pipeline {

class CrossSection {
 public:
  // x, by and out: the values at that time; by is read by cs_neutralize alone: codes of categories (0 .. categories - 1), or numbers where
  // categories is 0. groups: of cs_quantile.
  void compute(Op op, std::span<const double> x, std::span<const double> by, std::size_t categories, double groups, std::span<double> out);

 private:
  void ranks(std::span<const double> x, std::span<double> out);  // from 1 on; missing stays missing. Sets count_
  void take_out_categories(std::span<const double> x, std::span<const double> by, std::size_t categories, std::span<double> out);

  struct Entry {
    double value;
    std::size_t row;
  };
  struct Mean {
    double origin = 0, sum = 0, count = 0;
    void add(double x) {
      if (count == 0) origin = x;
      sum += x - origin;
      ++count;
    }
    double value() const { return origin + sum / count; }
  };
  static Mean mean_of(std::span<const double> x);
  static void take_out_line(std::span<const double> x, std::span<const double> by, std::span<double> out);

  std::vector<Entry> sorted_;
  std::vector<Mean> means_;
  double count_ = 0;
};

}  // namespace assay::pipeline
