// Quantiles of what was seen in the train rows, at the levels that the problem asks for: what models say of their own uncertainty that
// learned nothing else about it. Used by the baselines and linear.ridge. The definition is numpy's default (Hyndman and Fan's type 7):
// linear between the sorted values, which stand at 0, 1 / (n - 1), ... 1. With weights each value stands in the middle of its weight, the
// first at 0 and the last at 1; equal weights give the same. Const once learned; thread-safe then.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "assay/model.hpp"

namespace models {

struct Weighted {
  double value = 0, weight = 1;
};

// seen: sorted by value, all weights above 0, at least one. level: 0..1.
inline double empirical_quantile(std::span<const Weighted> seen, std::span<const double> place, double level) {
  const auto above = std::upper_bound(place.begin(), place.end(), level);
  if (above == place.begin()) return seen.front().value;
  if (above == place.end()) return seen.back().value;
  const auto k = static_cast<std::size_t>(above - place.begin());
  const double share = (level - place[k - 1]) / (place[k] - place[k - 1]);
  return std::min(seen[k].value, seen[k - 1].value + share * (seen[k].value - seen[k - 1].value));  // rounding may not pass the next
}

inline std::vector<double> empirical_quantiles(std::vector<Weighted> seen, std::span<const double> levels) {
  std::erase_if(seen, [](const Weighted& one) { return !(one.weight > 0); });
  if (seen.empty()) throw assay::bad_input("there are no train rows with a positive weight");
  for (const Weighted& one : seen)
    if (!std::isfinite(one.value)) throw assay::bad_input("a target is missing or infinite");
  std::sort(seen.begin(), seen.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  const double first = seen.front().weight / 2, last = seen.back().weight / 2;
  std::vector<double> place;
  double before = 0;
  for (const Weighted& one : seen) {
    place.push_back(before + one.weight / 2 - first);
    before += one.weight;
  }
  const double whole = before - first - last;
  for (double& p : place) p = whole > 0 ? p / whole : 0;
  std::vector<double> out;
  for (const double level : levels) out.push_back(empirical_quantile(seen, place, level));
  return out;
}

// What a model keeps of its errors: their quantiles at the problem's levels. Nothing where no levels are asked for.
class ErrorQuantiles {
 public:
  void learn(std::span<const double> levels, std::vector<Weighted> errors) {
    levels_.assign(levels.begin(), levels.end());
    values_ = levels.empty() ? std::vector<double>() : empirical_quantiles(std::move(errors), levels);
  }
  // Around a forecast.
  void put(double forecast, assay::Out out, std::int64_t row) const {
    for (std::size_t k = 0; k < values_.size(); ++k) out(row, static_cast<std::int64_t>(k)) = forecast + values_[k];
  }
  const std::vector<double>& values() const { return values_; }
  void expect(std::span<const double> levels) const {
    if (!std::equal(levels.begin(), levels.end(), levels_.begin(), levels_.end()))
      throw assay::Error("it was fitted for other levels of quantiles, and keeps those alone", ASSAY_UNSUPPORTED);
  }
  void save(assay::Saver& saver, const std::string& name = "errors") const {
    if (levels_.empty()) return;  // a state from before there were quantiles is the same
    saver.put((name + "_levels").c_str(), levels_);
    saver.put((name + "_quantiles").c_str(), values_);
  }
  static ErrorQuantiles loaded(const assay::Saved& saved, const std::string& name = "errors") {
    ErrorQuantiles out;
    if (!saved.has((name + "_levels").c_str())) return out;
    out.levels_ = saved.get<std::vector<double>>((name + "_levels").c_str());
    out.values_ = saved.get<std::vector<double>>((name + "_quantiles").c_str());
    if (out.levels_.size() != out.values_.size() || !std::is_sorted(out.values_.begin(), out.values_.end()))
      throw assay::bad_state("the saved quantiles make no sense");
    return out;
  }

 private:
  std::vector<double> levels_, values_;
};

}  // namespace models
