// Inputs that know too much of the target.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "quality/table.hpp"
#include "stats/correlation.hpp"
#include "stats/roc.hpp"

namespace assay::quality {

namespace {

constexpr double kAbsurdAuc = 0.97;          // no honest credit or market input alone comes near
constexpr double kAbsurdCorrelation = 0.98;  // of numbers
constexpr std::size_t kFewest = 50;          // rows; fewer agree by chance
constexpr std::int64_t kFewestOfClass = 10;
constexpr std::int64_t kMostClasses = 20;
constexpr std::size_t kScreened = 50'000;  // rows of a larger table that decide whether all are looked at
constexpr double kSlack = 0.02;            // ten standard errors of an AUC of 0.97 over so many

// The mean target of each level in the other half of the rows: a level seen once cannot betray its own row.
std::vector<double> level_means(const data::Column& column, std::span<const double> target) {
  std::vector<std::map<std::int32_t, std::pair<double, double>>> halves(2);
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (std::isnan(target[i])) continue;
    auto& [level_sum, level_n] = halves[i % 2][column.codes()[i]];
    level_sum += target[i], level_n += 1;
    sum += target[i], n += 1;
  }
  const double mean = n > 0 ? sum / n : 0;
  std::vector<double> out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto& other = halves[1 - i % 2];
    const auto found = other.find(column.codes()[i]);
    out.push_back(found == other.end() ? mean : found->second.first / found->second.second);
  }
  return out;
}

struct Pairs {
  std::vector<double> truth, score;
};
Pairs pairs_of(std::span<const double> target, const std::vector<double>& score) {
  Pairs pairs;
  for (std::size_t i = 0; i < target.size(); ++i)
    if (!std::isnan(target[i]) && !std::isnan(score[i])) pairs.truth.push_back(target[i]), pairs.score.push_back(score[i]);
  return pairs;
}

Finding suspect(const data::Column& column, const std::string& target, double amount, std::size_t rows, std::string what) {
  Finding finding{.severity = Severity::warning,
                  .test = "leak_suspect",
                  .columns = {column.name()},
                  .count = static_cast<std::int64_t>(rows),
                  .of = "rows"};
  finding.amount = amount;
  finding.what = std::move(what);
  finding.meaning = fmt::format("it holds {} itself, or is written down after it is known", target);
  finding.mend = "data.drop, or leave it out of `inputs`, unless it is truly known in time";
  return finding;
}

// Best AUC over the classes, either way round.
double best_auc(const data::Column& column, std::span<const double> target, std::int64_t classes, std::size_t& rows) {
  double best = 0;
  for (std::int64_t c = classes == 2 ? 1 : 0; c < std::min(classes, kMostClasses); ++c) {
    std::vector<double> is_class;
    for (const double y : target) is_class.push_back(std::isnan(y) ? y : y == static_cast<double>(c) ? 1 : 0);
    const Pairs pairs = pairs_of(is_class, column.type() == data::ColumnType::category ? level_means(column, is_class) : column.to_reals());
    const auto positives = std::count(pairs.truth.begin(), pairs.truth.end(), 1.0);
    if (pairs.truth.size() < kFewest || positives < kFewestOfClass ||
        static_cast<std::int64_t>(pairs.truth.size()) - positives < kFewestOfClass)
      continue;
    const double auc = stats::auc(pairs.truth, pairs.score);
    if (std::max(auc, 1 - auc) <= best) continue;
    best = std::max(auc, 1 - auc);
    rows = pairs.truth.size();
  }
  return best;
}

std::optional<Finding> look(const data::Column& column, const std::string& name, std::span<const double> target, std::int64_t classes,
                            double slack) {
  if (classes > 0) {
    std::size_t rows = 0;
    const double auc = best_auc(column, target, classes, rows);
    if (auc < kAbsurdAuc - slack) return std::nullopt;
    return suspect(column, name, auc, rows, fmt::format("alone it orders {} with an AUC of {:.4f}", name, auc));
  }
  const Pairs pairs = pairs_of(target, column.type() == data::ColumnType::category ? level_means(column, target) : column.to_reals());
  if (pairs.truth.size() < kFewest) return std::nullopt;
  const double r = stats::pearson(pairs.truth, pairs.score), ranks = stats::spearman(pairs.truth, pairs.score);
  const double most = std::max(std::isnan(r) ? 0 : std::abs(r), std::isnan(ranks) ? 0 : std::abs(ranks));
  if (most < kAbsurdCorrelation - slack) return std::nullopt;
  return suspect(column, name, most, pairs.truth.size(), fmt::format("its correlation with {} is {:.4f}, of ranks {:.4f}", name, r, ranks));
}

}  // namespace

std::vector<Finding> leaks(std::span<const data::Column> inputs, const std::string& target_name, std::span<const double> target,
                           std::int64_t classes) {
  std::vector<std::int64_t> some;
  std::vector<double> target_of_some;
  if (target.size() > 2 * kScreened)
    for (std::size_t i = 0; i < target.size(); i += target.size() / kScreened) {
      some.push_back(static_cast<std::int64_t>(i));
      target_of_some.push_back(target[i]);
    }
  std::vector<Finding> findings;
  for (const data::Column& column : inputs) {
    if (column.name() == target_name || column.type() == data::ColumnType::timestamp) continue;
    ASSAY_CHECK(column.size() == target.size(), column.name());
    if (!some.empty() && !look(column.taken(some), target_name, target_of_some, classes, kSlack)) continue;
    if (auto finding = look(column, target_name, target, classes, 0)) findings.push_back(std::move(*finding));
  }
  return findings;
}

namespace {

// Differences to the entity's row before, in the table's order; texts stay as they are, as do targets that are classes.
data::Column changes(const Table& table, const data::Column& column) {
  if (!column.is_numeric()) return column.taken(table.order());
  std::vector<double> out;
  for (const Table::Series& series : table.series())
    for (std::size_t i = 0; i < series.rows.size(); ++i)
      out.push_back(i == 0 ? std::numeric_limits<double>::quiet_NaN()
                           : column.number(static_cast<std::size_t>(series.rows[i])) -
                                 column.number(static_cast<std::size_t>(series.rows[i - 1])));
  return data::Column::of_reals(column.name(), std::move(out));
}

// Class numbers of a target with few values, else its numbers; 0 classes: numbers.
std::int64_t classes_of(const data::Column& target, std::vector<double>& y) {
  y = target.to_reals();
  std::vector<double> distinct;
  for (const double v : y)
    if (!std::isnan(v)) distinct.push_back(v);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  const bool classes =
      distinct.size() == 2 || (target.type() == data::ColumnType::category && distinct.size() <= static_cast<std::size_t>(kMostClasses));
  if (!classes) return 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (target.is_missing(i)) y[i] = std::numeric_limits<double>::quiet_NaN();
    if (!std::isnan(y[i])) y[i] = static_cast<double>(std::lower_bound(distinct.begin(), distinct.end(), y[i]) - distinct.begin());
  }
  return static_cast<std::int64_t>(distinct.size());
}

}  // namespace

void check_leaks(Findings& to) {
  const Table& table = to.table;
  if (table.target() == nullptr) return;
  std::vector<double> y;
  const std::int64_t classes = classes_of(*table.target(), y);
  if (classes == 0 && !table.target()->is_numeric()) return;
  std::vector<data::Column> inputs;
  const bool by_change = classes == 0 && table.time() != nullptr;
  for (const data::Column* column : table.values())
    if (column != table.target()) inputs.push_back(by_change ? changes(table, *column) : *column);
  if (by_change) y = changes(table, *table.target()).to_reals();
  for (Finding& finding : leaks(inputs, table.target()->name(), y, classes)) to.add(std::move(finding));
}

}  // namespace assay::quality
