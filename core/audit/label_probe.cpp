// Each input alone against the target: copies, leads and encodings of it. Sealed rows are not looked at.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "audit/compare.hpp"
#include "audit/tests.hpp"
#include "quality/check_data.hpp"
#include "stats/correlation.hpp"

namespace assay::audit {

namespace {

constexpr double kAbsurd = 0.9, kDoubtful = 0.5;  // correlation of what is left of input and label
constexpr std::size_t kFewest = 50;               // rows
constexpr std::int64_t kFewestChanges = 20;
constexpr std::size_t kFewestSteps = 30;
constexpr double kNearer = 0.1;  // of a level's standard error
constexpr std::size_t kFewestLevels = 5;
constexpr std::size_t kMostLags = 32, kRowsALag = 16, kMostRows = 20'000;  // of through_lags()

// Takes 1 and the controls out of v by least squares (Gram-Schmidt on the controls, which are changed too).
void take_out(std::vector<double>& v, const std::vector<std::vector<double>>& basis) {
  for (const std::vector<double>& b : basis) {
    double vb = 0, bb = 0;
    for (std::size_t i = 0; i < v.size(); ++i) vb += v[i] * b[i], bb += b[i] * b[i];
    for (std::size_t i = 0; i < v.size() && bb > 0; ++i) v[i] -= vb / bb * b[i];
  }
}
double squares(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return sum;
}
// What the controls do not explain; empty where they explain all.
std::vector<double> residual(std::vector<double> v, const std::vector<std::vector<double>>& basis) {
  take_out(v, {basis.front()});
  const double before = squares(v);
  take_out(v, basis);
  take_out(v, basis);  // once more, for rounding
  if (!(squares(v) > 1e-10 * before)) v.clear();
  return v;
}
std::vector<std::vector<double>> orthogonal(std::vector<std::vector<double>> controls, std::size_t n) {
  std::vector<std::vector<double>> basis{std::vector<double>(n, 1)};
  for (std::vector<double>& c : controls) {
    std::vector<double> left = residual(std::move(c), basis);
    if (!left.empty()) basis.push_back(std::move(left));
  }
  return basis;
}

class Probe {
 public:
  // dataset: the subject's, or one horizon of it.
  Probe(const Subject& subject, const pipeline::Dataset& dataset) : subject_(subject), dataset_(dataset), y_(dataset.y) {
    if (subject.folds.sealed)
      for (const std::int64_t row : subject.folds.sealed->test) y_[static_cast<std::size_t>(row)] = std::nan("");
  }

  TestResult run() {
    TestResult result{"label probe", Status::clean, "", {}, {}};
    dataset_.has_time() ? over_time() : whole_table();
    encodings();
    const auto rows = static_cast<double>(std::count_if(y_.begin(), y_.end(), [](double y) { return !std::isnan(y); }));
    result.looked_at = fmt::format("{}, each alone; noise of {:.0f} rows gives a correlation of up to {:.3f}",
                                   counted(dataset_.inputs.size(), "input"), rows, rows > 16 ? 4 / std::sqrt(rows) : 1);
    result.findings = std::move(findings_);
    result.notes = std::move(notes_);
    if (!result.findings.empty()) result.status = Status::found;
    return result;
  }

 private:
  bool found(const std::string& culprit) const {
    return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& f) { return f.culprit == culprit; });
  }
  static std::string culprit_of(const std::string& input) { return fmt::format("input `{}`", input); }
  void add(const std::string& input, std::string what, std::int64_t count, std::int64_t first, double amount) {
    if (found(culprit_of(input))) return;
    Finding finding{.culprit = culprit_of(input)};
    finding.what = std::move(what);
    finding.count = count;
    finding.first = where_of(dataset_, first);
    finding.amount = amount;
    finding.mend = "leave it out of `inputs`, unless its values are truly known at the row's time";
    findings_.push_back(std::move(finding));
  }
  static std::string look_at(const std::string& input, const std::string& what) {
    return fmt::format("input `{}`: {}; look at how it was made", input, what);
  }
  std::int64_t first_label() const {
    const auto at = std::find_if(y_.begin(), y_.end(), [](double y) { return !std::isnan(y); });
    return at == y_.end() ? 0 : at - y_.begin();
  }

  void whole_table() {
    std::vector<data::Column> inputs;
    for (const std::string& name : dataset_.inputs) inputs.push_back(dataset_.frame.at(name));
    for (const quality::Finding& f : quality::leaks(inputs, dataset_.target_column, y_, static_cast<std::int64_t>(dataset_.classes.size())))
      add(f.columns.front(), f.what, f.count, first_label(), f.amount);
  }

  void over_time() {
    for (const std::string& name : dataset_.inputs) {
      const data::Column& column = dataset_.frame.at(name);
      if (!column.is_numeric()) continue;
      const std::vector<double> x = column.to_reals();
      equals_running_label(name, x);
      if (dataset_.classes.size() <= 2)
        tells_of(name, x, y_, dataset_.last_known_target);
      else
        for (std::size_t k = 0; k < dataset_.classes.size(); ++k)
          tells_of(name, x, is_class(y_, k), is_class(dataset_.last_known_target, k));
    }
    if (dataset_.classes.size() <= 2)
      for (const std::string& name : read_columns()) knows_its_period(name, subject_.raw.at(name).to_reals());
  }
  // Raw columns that inputs are made from, and inputs that are raw columns.
  std::vector<std::string> read_columns() const {
    std::set<std::string> names(dataset_.inputs.begin(), dataset_.inputs.end());
    for (const config::FeatureSpec& feature : subject_.experiment.features) names.merge(names_read(feature));
    std::vector<std::string> out;
    for (const std::string& name : names)
      if (const data::Column* column = subject_.raw.find(name); column != nullptr && column->is_numeric()) out.push_back(name);
    return out;
  }

  // A column that moves in steps (a daily value beside hourly rows): what each step brings, against the labels until the next step. Values
  // shown at the beginning of the period that they sum up know them all.
  void knows_its_period(const std::string& name, const std::vector<double>& x) {
    std::vector<double> brought, brought_before, sum, last, known;
    std::vector<std::int64_t> used;
    std::size_t steps = 0, rows_seen = 0;
    for (std::size_t e = 0; e < dataset_.frame.entity_count(); ++e) {
      const auto rows = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(e));
      const std::vector<std::size_t> at = steps_of(x, rows);
      steps += at.size(), rows_seen += rows.size();
      for (std::size_t j = 2; j + 1 < at.size(); ++j) {
        const auto value = [&](std::size_t step) { return x[static_cast<std::size_t>(rows[at[step]])]; };
        const auto lead = static_cast<std::size_t>(std::max<std::int64_t>(1, dataset_.lead_rows));
        double labels = 0;
        for (std::size_t i = at[j]; i < at[j + 1]; i += lead) labels += y_[static_cast<std::size_t>(rows[i])];
        const double end = y_[static_cast<std::size_t>(rows[at[j + 1] - 1])];
        const double before = dataset_.last_known_target[static_cast<std::size_t>(rows[at[j]])];
        if (std::isnan(labels + end + before)) continue;
        brought.push_back(value(j) - value(j - 1));
        brought_before.push_back(value(j - 1) - value(j - 2));
        sum.push_back(labels);
        last.push_back(end);
        known.push_back(before);
        used.push_back(rows[at[j]]);
      }
    }
    if (used.size() < kFewestSteps || 3 * steps > rows_seen) return;
    const auto basis = orthogonal({std::move(known), std::move(brought_before)}, used.size());
    const std::vector<double> a = residual(std::move(brought), basis);
    for (std::vector<double>* future : {&sum, &last}) {
      const std::vector<double> b = residual(std::move(*future), basis);
      if (a.empty() || b.empty()) continue;
      const double most = strongest(a, b);
      if (most < kDoubtful) continue;
      const std::string what =
          fmt::format("it moves in steps, and what a step brings correlates with the labels until the next step: {:.4f}", most);
      if (most < kAbsurd)
        notes_.push_back(look_at(name, what));
      else
        add(name, what, static_cast<std::int64_t>(used.size()), *std::min_element(used.begin(), used.end()), most);
      return;
    }
  }
  static std::vector<std::size_t> steps_of(const std::vector<double>& x, std::span<const std::int64_t> rows) {
    std::vector<std::size_t> out;
    double last = std::nan("");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double value = x[static_cast<std::size_t>(rows[i])];
      if (std::isnan(value) || value == last) continue;
      out.push_back(i);
      last = value;
    }
    return out;
  }
  static double strongest(const std::vector<double>& a, const std::vector<double>& b) {
    const double r = stats::pearson(a, b), ranks = stats::spearman(a, b);
    return std::max(std::isnan(r) ? 0 : std::abs(r), std::isnan(ranks) ? 0 : std::abs(ranks));
  }

  static std::vector<double> is_class(std::vector<double> values, std::size_t k) {
    for (double& v : values)
      if (!std::isnan(v)) v = v == static_cast<double>(k) ? 1 : 0;
    return values;
  }

  // The input is the label of a row so many rows away, at a time when that label has not ended. Rows at which labels change tell it from
  // series that move little.
  void equals_running_label(const std::string& name, const std::vector<double>& x) {
    const std::int64_t most = std::max<std::int64_t>(5, 2 * dataset_.lead_rows);
    const auto known_at = dataset_.frame.known_at();
    for (std::int64_t away = -most; away <= most; ++away) {
      std::int64_t same = 0, changes = 0, first = -1;
      for (std::size_t e = 0; e < dataset_.frame.entity_count(); ++e) {
        const auto rows = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(e));
        const auto n = static_cast<std::int64_t>(rows.size());
        for (std::int64_t i = std::max<std::int64_t>(0, 1 - away); i < n && i + away < n; ++i) {
          const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
          const auto label = static_cast<std::size_t>(rows[static_cast<std::size_t>(i + away)]);
          const auto earlier = static_cast<std::size_t>(rows[static_cast<std::size_t>(i + away - 1)]);
          if (std::isnan(x[row]) || std::isnan(y_[label]) || std::isnan(y_[earlier]) || y_[label] == y_[earlier]) continue;
          if (dataset_.label_end[label] <= known_at[row]) continue;
          ++changes;
          if (std::abs(x[row] - y_[label]) > 1e-9 * std::abs(y_[label])) continue;
          if (same++ == 0) first = static_cast<std::int64_t>(row);
        }
      }
      if (changes < kFewestChanges || static_cast<double>(same) < 0.99 * static_cast<double>(changes)) continue;
      const std::string which = away == 0 ? "its own row" : fmt::format("the row {} {}", std::abs(away), away < 0 ? "before" : "later");
      add(name, fmt::format("it equals the label of {}, which has not ended at the row's time", which), same, first,
          static_cast<double>(same) / static_cast<double>(changes));
      return;
    }
  }

  void tells_of(const std::string& name, const std::vector<double>& x, const std::vector<double>& y,
                const std::vector<double>& last_label) {
    left_over(name, x, y, last_label);
    if (!found(culprit_of(name)) && dataset_.lead_rows > 0) through_lags(name, x, y, last_label);
  }

  // A window that reaches beyond the row need not show it in its newest value alone: of a centred mean of five returns what is new is the
  // return two rows ahead, and the next one stands in the value of the row before. So: how much of the label do the input's last values
  // tell together, beyond what the last known labels do?
  void through_lags(const std::string& name, const std::vector<double>& x, const std::vector<double>& y,
                    const std::vector<double>& last_label) {
    const std::size_t lags = std::min(kMostLags, y.size() / kRowsALag);
    std::vector<std::pair<std::int32_t, std::size_t>> usable;  // entity, place
    for (std::size_t e = 0; e < dataset_.frame.entity_count(); ++e) {
      const auto rows = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(e));
      std::size_t whole = 0;  // so many rows in a line have an input and an earlier label
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<std::size_t>(rows[i]);
        whole = std::isnan(x[row] + last_label[row]) ? 0 : whole + 1;
        if (whole > lags && !std::isnan(y[row])) usable.emplace_back(static_cast<std::int32_t>(e), i);
      }
    }
    if (usable.size() < kFewest || usable.size() < 2 * kRowsALag || lags < 2) return;
    const std::size_t apart = (usable.size() + kMostRows - 1) / kMostRows, n = (usable.size() + apart - 1) / apart;
    std::vector<std::vector<double>> inputs(lags + 1, std::vector<double>(n)), labels = inputs;
    std::vector<double> label(n);
    for (std::size_t k = 0; k < n; ++k) {
      const auto [entity, place] = usable[k * apart];
      const auto rows = dataset_.frame.rows_of_entity(entity);
      label[k] = y[static_cast<std::size_t>(rows[place])];
      for (std::size_t lag = 0; lag <= lags; ++lag) {
        const auto row = static_cast<std::size_t>(rows[place - lag]);
        inputs[lag][k] = x[row];
        labels[lag][k] = last_label[row];
      }
    }
    auto basis = orthogonal(std::move(labels), n);
    const std::vector<double> fresh = residual(std::move(label), basis);
    if (fresh.empty()) return;
    const std::size_t known = basis.size();
    for (std::vector<double>& input : inputs)
      if (std::vector<double> left = residual(std::move(input), basis); !left.empty()) basis.push_back(std::move(left));
    if (n < 2 * basis.size()) return;
    const std::vector<double> rest = residual(fresh, basis);
    const double unexplained = rest.empty() ? 0 : squares(rest) / squares(fresh);
    const double adjusted = unexplained * static_cast<double>(n - known) / static_cast<double>(n - basis.size());
    const double most = std::sqrt(std::max(0.0, 1 - adjusted));
    const std::string what =
        fmt::format("its last {} values together tell what is new in the label: multiple correlation {:.4f}", lags + 1, most);
    const auto [entity, place] = usable.front();
    if (most >= kAbsurd)
      add(name, what, static_cast<std::int64_t>(usable.size()), dataset_.frame.rows_of_entity(entity)[place], most);
    else if (most >= kDoubtful)
      notes_.push_back(look_at(name, what));
  }

  // The correlation of input and label once the last known label and the input's own last value are taken out of both: an honest series
  // forecasts itself by these two.
  void left_over(const std::string& name, const std::vector<double>& x, const std::vector<double>& y,
                 const std::vector<double>& last_label) {
    std::vector<double> input, label, earlier_label, earlier_input;
    std::vector<std::int64_t> used;
    for (std::size_t e = 0; e < dataset_.frame.entity_count(); ++e) {
      const auto rows = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(e));
      for (std::size_t i = 1; i < rows.size(); ++i) {
        const auto row = static_cast<std::size_t>(rows[i]), before = static_cast<std::size_t>(rows[i - 1]);
        if (std::isnan(x[row]) || std::isnan(x[before]) || std::isnan(y[row]) || std::isnan(last_label[row])) continue;
        input.push_back(x[row]);
        earlier_input.push_back(x[before]);
        label.push_back(y[row]);
        earlier_label.push_back(last_label[row]);
        used.push_back(rows[i]);
      }
    }
    if (used.size() < kFewest) return;
    const auto basis = orthogonal({std::move(earlier_label), std::move(earlier_input)}, used.size());
    const std::vector<double> a = residual(std::move(input), basis), b = residual(std::move(label), basis);
    if (a.empty() || b.empty()) return;
    const double most = strongest(a, b);
    const std::string what = fmt::format("what is new in it correlates with what is new in the label: {:.4f}", most);
    const bool nowcast = dataset_.lead_rows == 0;  // the label is as old as the input: they may well belong together
    if (most >= kAbsurd && !nowcast)
      add(name, what, static_cast<std::int64_t>(used.size()), *std::min_element(used.begin(), used.end()), most);
    else if (most >= kDoubtful && !found(culprit_of(name)))
      notes_.push_back(look_at(name, what));
  }

  // The input is a function of a category, and that function is the target's mean over the very rows that it stands in.
  void encodings() {
    for (const data::Column& category : dataset_.frame.columns()) {
      if (category.type() != data::ColumnType::category && category.type() != data::ColumnType::integer) continue;
      for (const std::string& name : dataset_.inputs) {
        const data::Column& input = dataset_.frame.at(name);
        if (input.type() == data::ColumnType::real && input.name() != category.name()) encoding(name, input, category);
      }
    }
  }
  void encoding(const std::string& name, const data::Column& input, const data::Column& category) {
    struct Level {
      double value = 0, n = 0, sum = 0, squares = 0;
    };
    std::map<double, Level> levels;
    for (std::size_t row = 0; row < y_.size(); ++row) {
      const double x = input.number(row), code = category.number(row);
      if (std::isnan(x) || std::isnan(code)) continue;
      const auto [at, is_new] = levels.try_emplace(code, Level{x});
      if (!is_new && std::abs(at->second.value - x) > 1e-9 * std::abs(x)) return;
      if (std::isnan(y_[row])) continue;
      at->second.n += 1;
      at->second.sum += y_[row];
      at->second.squares += y_[row] * y_[row];
    }
    double n = 0, sum = 0, all = 0;
    for (const auto& [code, level] : levels) n += level.n, sum += level.sum, all += level.squares;
    if (levels.size() < kFewestLevels || n < static_cast<double>(kFewest) || n < 2 * static_cast<double>(levels.size())) return;
    const double mean = sum / n, variance = all / n - mean * mean;
    double best = INFINITY;
    for (const double smoothing : {0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
      double off = 0, weight = 0;
      for (const auto& [code, level] : levels) {
        if (level.n == 0) continue;
        const double encoded = (level.sum + smoothing * mean) / (level.n + smoothing);
        const double error = std::sqrt(variance * level.n) / (level.n + smoothing);
        off += std::pow((level.value - encoded) / error, 2);
        weight += 1;
      }
      best = std::min(best, std::sqrt(off / weight));
    }
    if (best >= kNearer) return;
    add(name, fmt::format("it is the target's mean by `{}` over all rows, each row's own label among them", category.name()),
        static_cast<std::int64_t>(n), first_label(), best);
  }

  const Subject& subject_;
  const pipeline::Dataset& dataset_;
  std::vector<double> y_;
  std::vector<Finding> findings_;
  std::vector<std::string> notes_;
};

}  // namespace

TestResult label_probe(const Subject& subject, Work& work) {
  work.step("label probe");
  if (!subject.experiment.has_target()) return {"label probe", Status::not_run, "there is no target", {}, {}};
  const pipeline::Dataset& whole = subject.dataset;
  if (whole.horizons.empty()) return Probe(subject, whole).run();
  TestResult result;
  for (std::size_t h = 0; h < whole.horizons.size(); ++h) {
    TestResult one = Probe(subject, pipeline::of_horizon(whole, h)).run();
    const std::string at = fmt::format("at horizon {}: ", whole.horizons[h].rows);
    for (Finding& finding : one.findings) finding.what = at + finding.what;
    for (std::string& note : one.notes) note = at + note;
    if (h == 0) {
      result = std::move(one);
      continue;
    }
    for (Finding& finding : one.findings) {  // of an input the horizon that it tells most of
      const auto told = std::find_if(result.findings.begin(), result.findings.end(),
                                     [&](const Finding& other) { return other.culprit == finding.culprit; });
      if (told == result.findings.end())
        result.findings.push_back(std::move(finding));
      else if (finding.amount > told->amount)
        *told = std::move(finding);
    }
    result.notes.insert(result.notes.end(), one.notes.begin(), one.notes.end());
    if (one.status == Status::found) result.status = one.status;
  }
  return result;
}

}  // namespace assay::audit
