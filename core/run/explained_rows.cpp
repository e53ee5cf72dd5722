#include "run/explained_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "run/summary.hpp"
#include "stats/correlation.hpp"

namespace assay::run {

namespace {

constexpr double kClose = 0.8;     // a rank correlation from which two inputs share what they are worth
constexpr double kGoesWith = 0.5;  // an association from which an input tells much of a protected column
constexpr std::int64_t kComparedRows = 2000;
constexpr std::size_t kMostPairs = 5;

Error fault(const ExplainedFit& fit, Fault kind, const std::string& happened, const std::string& mend) {
  return {kind, fmt::format("explaining run {}", fit.fit().run.id), happened, mend};
}

Places spaced_train_rows(const ExplainedFit& fit) {
  Places out;
  const std::int64_t all = fit.train().rows(), step = std::max<std::int64_t>(1, all / kComparedRows);
  for (std::int64_t i = 0; i < all; i += step) out.push_back(i);
  return out;
}

struct Values {
  bool category = false;
  std::vector<double> values;  // numbers or codes; NaN: missing
};

// Cramer's V: the root of chi square over its largest possible value.
double association_of_categories(std::span<const double> a, std::span<const double> b) {
  std::map<double, double> of_a, of_b;
  std::map<std::pair<double, double>, double> both;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++of_a[a[i]];
    ++of_b[b[i]];
    ++both[{a[i], b[i]}];
  }
  const auto n = static_cast<double>(a.size());
  double sum = 0;  // of observed^2 / expected: chi square is that less n
  for (const auto& [pair, count] : both) sum += count * count * n / (of_a[pair.first] * of_b[pair.second]);
  const auto least = static_cast<double>(std::min(of_a.size(), of_b.size())) - 1;
  return least > 0 ? std::sqrt(std::max(0.0, sum - n) / (n * least)) : 0;
}

// How far a category tells a number's rank: the root of the share of the ranks' variance that lies between categories.
double correlation_ratio(std::span<const double> category, const std::vector<double>& ranks) {
  std::map<double, std::pair<double, double>> groups;  // count, sum
  double mean = 0, total = 0, between = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    groups[category[i]].first += 1;
    groups[category[i]].second += ranks[i];
    mean += ranks[i] / static_cast<double>(ranks.size());
  }
  for (const double r : ranks) total += (r - mean) * (r - mean);
  for (const auto& [value, group] : groups) between += group.first * std::pow(group.second / group.first - mean, 2);
  return total > 0 ? std::sqrt(between / total) : 0;
}

// 0 to 1, over rows where both are known.
double association(const Values& a, const Values& b) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (std::isnan(a.values[i]) || std::isnan(b.values[i])) continue;
    x.push_back(a.values[i]);
    y.push_back(b.values[i]);
  }
  if (x.size() < 3) return 0;
  if (a.category && b.category) return association_of_categories(x, y);
  if (a.category) return correlation_ratio(x, stats::midranks(y));
  if (b.category) return correlation_ratio(y, stats::midranks(x));
  return std::abs(stats::spearman(x, y));
}

}  // namespace

std::vector<std::int64_t> own_numbers(std::size_t count) {
  std::vector<std::int64_t> out(count);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

Places drawn_places(std::int64_t all, std::int64_t count, const SeedTree& seed) {
  Places places = own_numbers(static_cast<std::size_t>(all));
  if (all <= count) return places;
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i)
    std::swap(places[static_cast<std::size_t>(i)],
              places[static_cast<std::size_t>(i) + static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(all - i)))]);
  places.resize(static_cast<std::size_t>(count));
  std::sort(places.begin(), places.end());
  return places;
}

std::int64_t place_of(const ExplainedFit& fit, std::int64_t source_row) {
  const auto source = fit.dataset().frame.source_row();
  const std::vector<std::int64_t>& rows = fit.test().row;
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](std::int64_t r) { return source[static_cast<std::size_t>(r)] == source_row; });
  if (found == rows.end())
    throw fault(fit, Fault::usage, fmt::format("row {} is no forecast test row of fold {}", source_row, fit.fit().key.fold + 1),
                "Leave out --fold: the fold that forecast the row is then found");
  return found - rows.begin();
}

std::vector<std::int64_t> source_rows(const ExplainedFit& fit, const Places& which) {
  std::vector<std::int64_t> out;
  for (const std::int64_t i : which)
    out.push_back(fit.dataset().frame.source_row()[static_cast<std::size_t>(fit.test().row[static_cast<std::size_t>(i)])]);
  return out;
}

std::vector<double> column_means(const explain::Rows& rows) {
  std::vector<double> mean(static_cast<std::size_t>(rows.width));
  for (std::int64_t r = 0; r < rows.count(); ++r)
    for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += rows.row(r)[p];
  for (double& m : mean) m /= static_cast<double>(rows.count());
  return mean;
}

std::int64_t most_frequent(const std::vector<std::int64_t>& values) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t v : values) ++counts[v];
  return std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

std::int64_t class_number(const ExplainedFit& fit, const std::string& name) {
  const std::vector<std::string>& classes = fit.fit().classes;
  if (name.empty()) return -1;
  if (classes.empty()) throw fault(fit, Fault::usage, "it forecasts a value, no classes", "Leave out --class");
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found != classes.end()) return found - classes.begin();
  const auto near = text::nearest(name, classes);
  throw fault(fit, Fault::usage, fmt::format("there is no class '{}'", name),
              near ? fmt::format("Did you mean '{}'?", *near) : "The classes are " + text::join(classes, ", "));
}

std::string decision_of(const ExplainedFit& fit, std::span<const double> forecast) {
  const std::vector<std::string>& classes = fit.fit().classes;
  if (forecast.size() == 1) return classes[forecast[0] >= fit.fit().threshold ? 1 : 0];
  return classes[static_cast<std::size_t>(std::max_element(forecast.begin(), forecast.end()) - forecast.begin())];
}

Places train_of_class(const ExplainedFit& fit, std::int64_t number) {
  Places out;
  for (std::int64_t i = 0; i < fit.train().rows(); ++i)
    if (fit.train().y[static_cast<std::size_t>(i)] == static_cast<double>(number)) out.push_back(i);
  return out;
}

std::string typical_text(const ExplainedFit& fit, std::size_t feature, const Places& train) {
  std::vector<std::pair<double, std::int64_t>> numbers;
  std::map<std::string, std::int64_t> words;
  for (const std::int64_t i : train) {
    if (const auto number = fit.number_of(feature, false, i))
      numbers.emplace_back(*number, i);
    else
      ++words[fit.text_of(feature, false, i)];
  }
  if (!numbers.empty()) {
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>((numbers.size() - 1) / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    return fit.text_of(feature, false, middle->second);
  }
  return std::max_element(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

std::vector<std::string> goes_with_protected(const ExplainedFit& fit) {
  const std::vector<std::string>& columns = fit.dataset().protected_columns;
  std::vector<std::string> out(fit.features().size());
  if (columns.empty()) return out;
  const Places sample = spaced_train_rows(fit);
  std::vector<std::int64_t> rows;
  for (const std::int64_t i : sample) rows.push_back(fit.train().row[static_cast<std::size_t>(i)]);
  std::vector<std::int64_t> sorted = rows;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const pipeline::InputTable table = pipeline::take_inputs(fit.dataset().frame, columns, sorted);
  for (std::size_t f = 0; f < out.size(); ++f) {
    Values own{fit.is_category(f), {}};
    for (const std::int64_t i : sample) own.values.push_back(fit.code_of(f, false, i));
    double strongest = kGoesWith;
    for (std::size_t p = 0; p < columns.size(); ++p) {
      Values other{table.columns[p].kind == pipeline::InputKind::category, {}};
      for (const std::int64_t row : rows)
        other.values.push_back(
            table.values[p][static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), row) - sorted.begin())]);
      const double strength = association(own, other);
      if (!(strength >= strongest)) continue;
      strongest = strength;
      out[f] = columns[p];
    }
  }
  return out;
}

Places judged_places(const ExplainedFit& fit, std::int64_t most, const SeedTree& seed) {
  const std::int64_t all = fit.test().rows();
  if (!fit.dataset().has_time() || all <= most) return drawn_places(all, most, seed);
  Places last = own_numbers(static_cast<std::size_t>(all));
  last.erase(last.begin(), last.end() - static_cast<std::ptrdiff_t>(most));
  return last;
}

train::Scorer scorer_named(const ExplainedFit& fit, const std::string& name, const plugin::ComponentMaker& maker) {
  std::vector<std::string> names;
  for (train::Scorer& scorer : scorers_of(fit.experiment(), fit.dataset(), fit.context().registry, maker)) {
    if (scorer.is_table() || scorer.direction() == 0 || scorer.needs_quantiles()) continue;  // rows are changed, point forecasts asked for
    if (name.empty() || scorer.name() == name) return std::move(scorer);
    names.push_back(scorer.name());
  }
  if (names.empty())
    throw fault(fit, Fault::usage, "none of its metrics of point forecasts has a better side, so nothing can be said to fall",
                "Name another in evaluate.metrics");
  const auto near = text::nearest(name, names);
  throw fault(fit, Fault::usage, fmt::format("the run has no metric '{}' of point forecasts with a better side", name),
              near ? fmt::format("Did you mean '{}'?", *near) : "It has " + text::join(names, ", "));
}

Shuffling shuffling_of(const ExplainedFit& fit, const Places& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  if (!fit.dataset().has_time())
    return {"among all test rows", [count](const SeedTree& seed) { return explain::donors_within(count, {}, Random(seed)); }};
  std::vector<std::int64_t> dates;
  std::map<std::int64_t, std::int64_t> size;
  for (const std::int64_t i : rows) ++size[dates.emplace_back(fit.test().time[static_cast<std::size_t>(i)])];
  std::int64_t alone = 0;
  for (const auto& [date, members] : size) alone += members == 1 ? 1 : 0;
  if (2 * alone < count)
    return {"among the test rows of each date",
            [count, dates](const SeedTree& seed) { return explain::donors_within(count, dates, Random(seed)); }};
  const auto root = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::int64_t length =
      std::clamp(std::max({horizon_of(fit.dataset()), fit.lookback(), root}), std::int64_t{1}, std::max<std::int64_t>(1, count / 2));
  return {fmt::format("in stretches of {} rows that change places", length),
          [count, length](const SeedTree& seed) { return explain::donors_by_stretches(count, length, Random(seed)); }};
}

Grid grid_of(const ExplainedFit& fit, std::size_t feature, std::int64_t numbers, std::int64_t levels) {
  Grid grid;
  std::vector<std::pair<double, std::int64_t>> known;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> words;  // count, first place
  for (std::int64_t i = 0; i < fit.train().rows(); ++i) {
    if (const auto number = fit.number_of(feature, false, i)) {
      known.emplace_back(*number, i);
    } else if (fit.is_category(feature)) {
      auto& [count, first] = words.try_emplace(fit.text_of(feature, false, i), 0, i).first->second;
      ++count;
    }
  }
  std::sort(known.begin(), known.end());
  for (std::int64_t g = 0; g < numbers && !known.empty(); ++g) {
    const auto at =
        static_cast<std::size_t>((static_cast<double>(g) + 0.5) / static_cast<double>(numbers) * static_cast<double>(known.size()));
    const auto& [value, place] = known[std::min(at, known.size() - 1)];
    if (!grid.train.empty() && value == *fit.number_of(feature, false, grid.train.back())) continue;
    grid.train.push_back(place);
    grid.text.push_back(fit.text_of(feature, false, place));
  }
  std::vector<std::pair<std::int64_t, std::string>> frequent;
  for (const auto& [word, entry] : words) frequent.emplace_back(-entry.first, word);
  std::sort(frequent.begin(), frequent.end());
  for (const auto& [count, word] : frequent) {
    if (static_cast<std::int64_t>(grid.train.size()) == levels) break;
    grid.train.push_back(words.at(word).second);
    grid.text.push_back(word);
  }
  return grid;
}

std::vector<std::string> warnings_of(const ExplainedFit& fit) {
  const Places sample = spaced_train_rows(fit);
  const std::size_t n = fit.features().size();
  std::vector<std::vector<double>> ranks(n);
  for (std::size_t f = 0; f < n; ++f) {
    std::vector<double> values;
    for (const std::int64_t i : sample)
      if (const auto number = fit.number_of(f, false, i)) values.push_back(*number);
    if (values.size() == sample.size()) ranks[f] = stats::midranks(values);
  }
  std::vector<std::pair<double, std::string>> pairs;
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a + 1; b < n; ++b) {
      if (ranks[a].empty() || ranks[b].empty()) continue;
      const double r = stats::pearson(ranks[a], ranks[b]);
      if (std::abs(r) >= kClose)
        pairs.emplace_back(-std::abs(r), fmt::format("{} and {} ({:.2f})", fit.features()[a].name, fit.features()[b].name, r));
    }
  if (pairs.empty()) return {};
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(kMostPairs, pairs.size()); ++i) named.push_back(pairs[i].second);
  const std::string more = pairs.size() > kMostPairs ? fmt::format(", and {} more pairs", pairs.size() - kMostPairs) : "";
  return {
      fmt::format("inputs that go together (rank correlation): {}{}. They share what they are worth, and changing one alone makes rows "
                  "that hardly occur",
                  text::join(named, ", "), more)};
}

void check_forecasts(const store::Store& store, const ExplainedFit& fit, const RunContext& context) {
  const Places all = own_numbers(static_cast<std::size_t>(fit.test().rows()));
  const std::vector<double> now = fit.forecasts(all)()(fit.test_rows(all), all);
  const std::vector<std::int64_t> rows = source_rows(fit, all);
  std::map<std::int64_t, std::size_t> at;
  for (std::size_t i = 0; i < rows.size(); ++i) at[rows[i]] = i;
  double largest = 0, size = 0;
  for (const store::Predictions& p : store.predictions(fit.fit().run.id, fit.fit().key)) {
    if (p.part != "test") continue;
    const auto n = static_cast<std::size_t>(p.outputs), columns = static_cast<std::size_t>(fit.fit().outputs);
    const std::size_t first = fit.horizon_at(p.horizon);
    for (std::size_t i = 0; i < p.row.size(); ++i) {
      const auto found = at.find(p.row[i]);
      for (std::size_t k = 0; found != at.end() && k < n; ++k) {
        if (std::isnan(p.value[i * n + k])) continue;
        largest = std::max(largest, std::abs(p.value[i * n + k] - now[found->second * columns + first + k]));
        size = std::max(size, std::abs(p.value[i * n + k]));
      }
    }
  }
  if (largest == 0) return;
  if (largest > 1e-3 * size)
    throw fault(fit, Fault::failed, fmt::format("its forecasts come out differently today (by up to {:.3g})", largest),
                "Run the experiment again with this build of assay");
  if (context.note) context.note(fmt::format("forecasts differ from the stored ones by up to {:.2g}: another build or processor", largest));
}

}  // namespace assay::run
