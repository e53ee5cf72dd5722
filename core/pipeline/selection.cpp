#include "pipeline/selection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::pipeline {

bool takes_plain(const config::Component&, const InputColumn& column, bool) { return column.kind != InputKind::category; }
bool takes_all(const config::Component&, const InputColumn&, bool) { return true; }

void keep_chosen(const FittedStep& fitted, InputTable& table) {
  for (const FittedColumn& entry : fitted.columns) {
    if (entry.learned[kStays] != 0) continue;
    const auto at = static_cast<std::ptrdiff_t>(index_of(table, entry.name));
    table.columns.erase(table.columns.begin() + at);
    table.values.erase(table.values.begin() + at);
  }
}

void settle(FittedStep& fitted, double least, std::size_t most) {
  std::vector<std::size_t> order(fitted.columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return !(fitted.columns[i].learned[kScore] >= least); });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return fitted.columns[a].learned[kScore] > fitted.columns[b].learned[kScore]; });
  if (most > 0 && order.size() > most) order.resize(most);
  for (FittedColumn& entry : fitted.columns) entry.learned[kStays] = 0;
  for (const std::size_t i : order) fitted.columns[i].learned[kStays] = 1;
}

void keep_one(FittedStep& fitted, std::vector<std::string>& notes) {
  FittedColumn* best = nullptr;
  for (FittedColumn& entry : fitted.columns) {
    if (entry.learned[kStays] != 0) return;
    const double score = entry.learned[kScore];
    if (best == nullptr || std::isnan(best->learned[kScore]) || score > best->learned[kScore]) best = &entry;
  }
  if (best == nullptr) return;
  best->learned[kStays] = 1;
  notes.push_back(fmt::format("{} would leave no input: `{}`, the best of them, stays", fitted.how.id, best->name));
}

std::vector<double> train_values(const TrainRows& rows, const std::string& name) {
  const std::vector<double>& all = rows.table.values[index_of(rows.table, name)];
  std::vector<double> values;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (rows.train[i] != 0) values.push_back(all[i]);
  }
  return values;
}

std::vector<double> train_labels(const TrainRows& rows) {
  std::vector<double> y;
  for (std::size_t i = 0; i < rows.labels.y.size(); ++i) {
    if (rows.train[i] != 0) y.push_back(rows.labels.y[i]);
  }
  return y;
}

std::vector<int> classes_by_quantile(const std::vector<double>& values, std::size_t classes) {
  std::vector<double> sorted;
  for (const double x : values) {
    if (!std::isnan(x)) sorted.push_back(x);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> edges;
  for (std::size_t k = 1; k < classes && !sorted.empty(); ++k)
    edges.push_back(quantile_of(sorted, static_cast<double>(k) / static_cast<double>(classes)));
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::vector<int> result;
  for (const double x : values)
    result.push_back(std::isnan(x) ? -1 : static_cast<int>(std::lower_bound(edges.begin(), edges.end(), x) - edges.begin()));
  return result;
}

std::vector<int> classes_of(const InputColumn& column, const std::vector<double>& values, std::size_t classes) {
  if (column.kind == InputKind::number) {
    std::vector<int> result = classes_by_quantile(values, classes);
    for (int& c : result) c += 1;  // the missing ones come first
    return result;
  }
  std::vector<double> levels = values;
  std::erase_if(levels, [](double x) { return std::isnan(x); });
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  std::vector<int> result;
  for (const double x : values)
    result.push_back(std::isnan(x) ? 0 : 1 + static_cast<int>(std::lower_bound(levels.begin(), levels.end(), x) - levels.begin()));
  return result;
}

std::vector<std::vector<double>> cross_table(const std::vector<int>& a, const std::vector<int>& b) {
  const auto size = [](const std::vector<int>& classes) {
    return classes.empty() ? std::size_t{0} : static_cast<std::size_t>(std::max(0, *std::max_element(classes.begin(), classes.end()) + 1));
  };
  std::vector<std::vector<double>> counts(size(a), std::vector<double>(size(b), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] >= 0 && b[i] >= 0) counts[static_cast<std::size_t>(a[i])][static_cast<std::size_t>(b[i])] += 1;
  }
  return counts;
}

}  // namespace assay::pipeline
