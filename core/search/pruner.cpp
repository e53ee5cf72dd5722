#include "search/pruner.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.hpp"

namespace assay::search {

namespace {

std::optional<double> value_at(const std::vector<Step>& steps, std::int64_t step) {
  const auto at = std::lower_bound(steps.begin(), steps.end(), step, [](const Step& s, std::int64_t n) { return s.step < n; });
  if (at == steps.end() || at->step != step) return std::nullopt;
  return at->value;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace

MedianPruner MedianPruner::of(const config::Component& component, bool maximize) {
  ASSAY_CHECK(component.id == "median", "the reader lets known pruners through only");
  MedianPruner pruner;
  pruner.maximize = maximize;
  if (const config::Value* warmup = config::find(component.params, "warmup")) pruner.warmup = warmup->as_int();
  if (const config::Value* trials = config::find(component.params, "min_trials")) pruner.min_trials = trials->as_int();
  return pruner;
}

bool MedianPruner::falls_behind(std::span<const Step> mine, std::span<const std::vector<Step>* const> complete) const {
  if (mine.empty() || mine.back().step < warmup) return false;
  std::int64_t reached = 0;
  std::vector<double> others;
  for (const std::vector<Step>* steps : complete) {
    const auto value = value_at(*steps, mine.back().step);
    if (!value) continue;
    ++reached;
    if (!std::isnan(*value)) others.push_back(*value);
  }
  if (reached < min_trials || others.empty()) return false;
  double best = std::nan("");
  for (const Step& step : mine)
    if (!std::isnan(step.value) && (std::isnan(best) || (maximize ? step.value > best : step.value < best))) best = step.value;
  if (std::isnan(best)) return true;
  return maximize ? best < median(std::move(others)) : best > median(std::move(others));
}

}  // namespace assay::search
