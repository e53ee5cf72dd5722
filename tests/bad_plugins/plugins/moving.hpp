// A well-behaved feature: the mean of the last n values. The bad features derive from it and break one promise each.
#pragma once

#include <assay/feature.hpp>

#include <cmath>
#include <cstdint>
#include <string>

struct Moving {
  std::string input;
  std::int64_t n = 5;

  template <class T>
  static void declare(assay::Params<T>& p) {
    p.template column<&T::input>("input", "The column to average");
    p.template integer<&T::n>("n", "Rows in a mean").range(1, 1000);
  }
  static void params(assay::Params<Moving>& p) { declare(p); }
  std::int64_t warmup_rows() const { return n - 1; }
  void transform(const assay::Frame& frame, assay::Out out) const {
    const auto x = frame.numbers(0);
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      double sum = t + 1 < n ? assay::kMissing : 0;
      for (std::int64_t i = t + 1 - n; i <= t && t + 1 >= n; ++i) sum += x[i];
      out(t) = sum / static_cast<double>(n);
    }
  }
};
