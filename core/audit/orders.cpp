// Does a strategy trade on bars that it could not have seen? It trades again over a market whose later bars are taken away: what it ordered
// before, and how that was filled, must stay. Forecasts are drawn, so that no model has to be fitted.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/tests.hpp"
#include "base/error.hpp"
#include "run/backtest_run.hpp"
#include "run/learners.hpp"

namespace assay::audit {

namespace {

constexpr std::size_t kCuts = 6;

class Orders {
 public:
  Orders(const Subject& subject, const Options& options, SeedTree seed, Work& work)
      : subject_(subject), options_(options), seed_(seed), work_(work), frame_(subject.dataset.frame) {}

  TestResult run() {
    TestResult result{"orders", Status::clean, "", {}, {}};
    const run::TimeSpan span = run::test_span(subject_.folds, subject_.dataset);
    forecasts_ = drawn_forecasts();
    work_.step("orders");
    const store::BacktestRecord whole = trade(frame_, span.first, span.last);
    std::size_t cuts = 0, compared = 0;
    for (const Cut& cut : cuts_within(span)) {
      work_.step("orders, later bars cut away");
      std::vector<std::int64_t> rows(static_cast<std::size_t>(cut.rows));
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
      const store::BacktestRecord part = trade(frame_.taken(rows), span.first, cut.time);
      const std::vector<Line> before = lines_until(whole, cut.time), after = lines_until(part, cut.time);
      ++cuts;
      compared += before.size();
      compare(before, after, cut, result);
      if (result.status == Status::found) break;
    }
    result.looked_at =
        fmt::format("the strategy on drawn forecasts, {} orders and fills, later bars cut away at {}", compared, counted(cuts, "time"));
    if (subject_.experiment.is_rule()) result.looked_at.replace(0, 32, "the strategy,");
    if (cuts == 0) result.status = Status::not_run, result.looked_at = "no cut lies between the first traded bar and the last";
    return result;
  }

 private:
  // An order, or a fill of one, as text without numbers that count instruments: fewer of them are known when bars are cut away.
  struct Line {
    TimeNs time = 0;
    std::string text, instrument;
    double amount = 0;
    auto key() const { return std::tie(time, text, instrument); }
    bool operator==(const Line& other) const { return key() == other.key() && amount == other.amount; }
  };

  // One forecast a row that has nothing to do with what comes: of the spread of the labels, or shares.
  std::vector<double> drawn_forecasts() const {
    if (subject_.experiment.is_rule()) return {};
    const std::size_t outputs = outputs_of();
    double n = 0, mean = 0, squares = 0;
    for (const double y : subject_.dataset.y)
      if (!std::isnan(y)) n += 1, mean += y;
    mean = n > 0 ? mean / n : 0;
    for (const double y : subject_.dataset.y)
      if (!std::isnan(y)) squares += (y - mean) * (y - mean);
    Random random(seed_.child("orders"));
    std::vector<double> out(frame_.rows() * outputs);
    const bool numbers = subject_.dataset.task == config::Task::regression;
    for (double& x : out) x = numbers ? mean + std::sqrt(squares / std::max(1.0, n)) * random.normal() : random.uniform();
    for (std::size_t i = 0; !numbers && outputs > 1 && i < out.size(); i += outputs) {
      double sum = 0;
      for (std::size_t k = 0; k < outputs; ++k) sum += out[i + k];
      for (std::size_t k = 0; k < outputs; ++k) out[i + k] /= sum;
    }
    return out;
  }
  std::size_t outputs_of() const {
    return static_cast<std::size_t>(run::outputs_of(subject_.experiment, subject_.dataset.task, subject_.dataset.classes.size()));
  }

  store::BacktestRecord trade(const data::Frame& frame, TimeNs first, TimeNs last) const {
    std::unique_ptr<run::BacktestSession> session = subject_.market(frame);
    const std::size_t outputs = outputs_of();
    if (!forecasts_.empty())
      session = session->with_forecasts(std::span(forecasts_).first(frame.rows() * outputs), static_cast<std::int64_t>(outputs));
    const run::ReplayJob job{{{{}, subject_.experiment.backtest->strategy}}, first, last, seed_.child("strategy").seed(), false};
    return session->run(job).record;
  }

  std::vector<Cut> cuts_within(const run::TimeSpan& span) const {
    std::vector<Cut> within;
    for (const Cut& cut : choose_cuts(subject_, options_, seed_))
      if (cut.time > span.first && cut.time < span.last) within.push_back(cut);
    std::vector<Cut> some;
    for (std::size_t k = 0; k < std::min(kCuts, within.size()); ++k)
      some.push_back(within[within.size() <= kCuts ? k : k * within.size() / kCuts]);
    return some;
  }

  static std::vector<Line> lines_until(const store::BacktestRecord& record, TimeNs last) {
    std::vector<Line> lines;
    for (const auto& order : record.orders)
      if (order.placed <= last)
        lines.push_back({order.placed, "order of " + order.kind, record.instruments[order.instrument], order.wanted});
    for (const auto& fill : record.fills) {
      if (fill.time > last) continue;
      lines.push_back({fill.time, "units filled", record.instruments[fill.instrument], fill.units});
      lines.push_back({fill.time, "price of a fill", record.instruments[fill.instrument], fill.price});
    }
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.key() < b.key(); });
    return lines;
  }

  void compare(const std::vector<Line>& before, const std::vector<Line>& after, const Cut& cut, TestResult& result) const {
    std::int64_t differ = 0;
    const Line* first = nullptr;
    double was = std::nan(""), is = was;
    std::size_t a = 0, b = 0;
    while (a < before.size() || b < after.size()) {
      const bool only_before = b == after.size() || (a < before.size() && before[a].key() < after[b].key());
      const bool only_after = !only_before && (a == before.size() || after[b].key() < before[a].key());
      if (only_before || only_after || before[a].amount != after[b].amount) {
        if (differ++ == 0) {
          first = only_after ? &after[b] : &before[a];
          was = only_after ? was : before[a].amount;
          is = only_before ? is : after[b].amount;
        }
      }
      a += only_after ? 0 : 1;
      b += only_before ? 0 : 1;
    }
    if (differ == 0) return;
    Finding finding{.culprit = fmt::format("strategy `{}`", subject_.experiment.backtest->strategy.id)};
    finding.what = "what it trades hangs on bars that come later: first an " + first->text;
    if (first->text.find("order") != 0) finding.what = "what it trades hangs on bars that come later: first the " + first->text;
    finding.count = differ;
    finding.first = {-1, first->instrument, first->time};
    for (std::size_t row = 0; row < frame_.rows(); ++row) {
      if (frame_.known_at()[row] != first->time) continue;
      if (frame_.entity_names().empty() || frame_.entity_names()[static_cast<std::size_t>(frame_.entity()[row])] == first->instrument) {
        finding.first.row = frame_.source_row()[row];
        break;
      }
    }
    finding.before = was;
    finding.after = is;
    finding.change = "rows after " + to_iso(cut.time) + " cut away";
    finding.mend = "let it look at bars up to the present one only";
    result.findings.push_back(std::move(finding));
    result.status = Status::found;
  }

  const Subject& subject_;
  const Options& options_;
  SeedTree seed_;
  Work& work_;
  const data::Frame& frame_;
  std::vector<double> forecasts_;
};

}  // namespace

TestResult orders(const Subject& subject, const Options& options, SeedTree seed, Work& work) {
  return Orders(subject, options, seed, work).run();
}

}  // namespace assay::audit
