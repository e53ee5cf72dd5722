// Truncation and perturbation: what is known by t may not depend on what comes later.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "audit/compare.hpp"
#include "audit/tests.hpp"
#include "base/error.hpp"

namespace assay::audit {

namespace {

constexpr std::size_t kFolds = 3, kHoles = 6;

std::int64_t rows_by(const Subject& subject, TimeNs time) {
  const auto known_at = subject.dataset.frame.known_at();
  return std::upper_bound(known_at.begin(), known_at.end(), time) - known_at.begin();
}

// All labels that the fold learns from or chooses by have ended by then.
bool has_learned_by(const Subject& subject, const pipeline::Fold& fold, TimeNs time) {
  const auto ended = [&](const std::vector<std::int64_t>& rows) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](std::int64_t row) { return subject.dataset.label_end[static_cast<std::size_t>(row)] <= time; });
  };
  return ended(fold.train) && ended(fold.validation);
}

pipeline::Fold cut_fold(const pipeline::Fold& fold, std::int64_t rows) {
  pipeline::Fold out = fold;
  for (auto* set : {&out.train, &out.validation, &out.test}) set->erase(std::lower_bound(set->begin(), set->end(), rows), set->end());
  return out;
}

class LookAhead {
 public:
  LookAhead(const Subject& subject, const Options& options, SeedTree seed, Work& work)
      : subject_(subject),
        options_(options),
        seed_(seed),
        work_(work),
        by_cut_(subject.dataset),
        by_noise_(subject.dataset),
        prepared_(subject.dataset),
        forecast_(subject.dataset) {}

  std::vector<TestResult> run() {
    const bool timed = subject_.dataset.has_time();
    cuts_ = choose_cuts(subject_, options_, seed_);
    timed ? over_time() : over_folds();
    const std::string features = counted(subject_.dataset.features.size(), "feature") + " and the target";
    const std::string mend = timed ? "compute it from the present row and earlier ones only" : "compute it from its own row only";
    TestResult cut{"truncation", Status::clean, fmt::format("{}, the data cut at {}", features, counted(cuts_.size(), "time")),
                   by_cut_.findings(mend), troubles_[0]};
    TestResult noise{
        "perturbation", Status::clean,
        timed ? fmt::format("{}, later values replaced at {}", features, counted(cuts_.size(), "time"))
              : fmt::format("{}, test rows' values replaced in {}", features, counted(some_folds(subject_, kFolds).size(), "fold")),
        by_noise_.findings(mend), troubles_[1]};
    TestResult prepared{
        "prepared rows", Status::clean, counted(folds_, "preparation") + " of folds from changed data", prepared_.findings(""), {}};
    TestResult forecasts{"forecasts", Status::clean, counted(fits_, "fit") + " of models to changed data",
                         forecast_.findings("forecast each row from its own inputs"), fit_notes_};
    const std::string backward = subject_.models.empty() ? "there are no models" : "no fold ends its train rows before its test rows";
    if (!timed) not_run(cut, "a plain table has no time at which it could be cut");
    if (folds_ == 0) not_run(prepared, inputs_differ_ ? "the features differ already" : backward);
    if (fits_ == 0)
      not_run(forecasts, inputs_differ_ || !prepared_.empty() ? "the inputs differ already"
                         : fit_notes_.empty()                 ? backward
                                                              : "no model could be fitted");
    std::vector<TestResult> out{std::move(cut), std::move(noise), std::move(prepared), std::move(forecasts)};
    for (TestResult& result : out) {
      if (!result.findings.empty()) result.status = Status::found;
      blame_first(result.findings);
    }
    return out;
  }

 private:
  // A feature made from one that leaks leaks too: the mend is there.
  void blame_first(std::vector<Finding>& findings) const {
    const auto culprit = [](const std::string& name) { return fmt::format("feature `{}`", name); };
    for (const config::FeatureSpec& feature : subject_.experiment.features) {
      const auto own = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.culprit == culprit(feature.name); });
      if (own == findings.end()) continue;
      for (const std::string& name : names_read(feature))
        if (std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.culprit == culprit(name); }))
          own->mend = fmt::format("mend `{}` first, which it reads", name);
    }
  }

  static void not_run(TestResult& result, std::string why) {
    result.status = Status::not_run;
    result.looked_at = std::move(why);
  }

  void over_time() {
    for (std::size_t c = 0; c < cuts_.size(); ++c) {
      const Cut& cut = cuts_[c];
      std::vector<std::int64_t> rows(static_cast<std::size_t>(cut.rows));
      std::iota(rows.begin(), rows.end(), 0);
      std::vector<std::uint8_t> later(subject_.raw.rows(), 1);
      std::fill_n(later.begin(), cut.rows, std::uint8_t{0});
      work_.step(fmt::format("truncation at {}", to_iso(cut.time)));
      const Computed before = subject_.compute(subject_.raw.taken(rows));
      look(before, later, cut, true, fmt::format("rows after {} cut away", to_iso(cut.time)));
      work_.step(fmt::format("perturbation after {}", to_iso(cut.time)));
      const Computed changed = subject_.compute(with_noise(subject_, subject_.raw, later, seed_.child("noise").child(c)));
      look(changed, later, cut, false, fmt::format("values after {} replaced", to_iso(cut.time)));
    }
  }

  // A plain table: nothing of any row may depend on test rows beside it.
  void over_folds() {
    for (const std::size_t f : some_folds(subject_, kFolds)) {
      work_.step(fmt::format("perturbation of fold {}", f + 1));
      const pipeline::Fold& fold = subject_.folds.folds[f];
      std::vector<std::uint8_t> changed(subject_.raw.rows(), 0);
      for (std::size_t i = 0; i < fold.test.size(); i += 2) changed[static_cast<std::size_t>(fold.test[i])] = 1;
      const Computed other = subject_.compute(with_noise(subject_, subject_.raw, changed, seed_.child("noise").child(f)));
      look(other, changed, {kMissingTime, 0, static_cast<std::int64_t>(f)}, false,
           fmt::format("values of every other test row of fold {} replaced", f + 1));
    }
  }

  // changed: rows that are gone or have other values; all others are looked at.
  void look(const Computed& other, const std::vector<std::uint8_t>& changed, const Cut& cut, bool is_cut, const std::string& change) {
    std::vector<std::int64_t> rows;
    for (std::size_t row = 0; row < changed.size(); ++row)
      if (changed[row] == 0) rows.push_back(static_cast<std::int64_t>(row));
    Differences& to = is_cut ? by_cut_ : by_noise_;
    for (const std::string& trouble : other.troubles) note(troubles_[is_cut ? 0 : 1], change + ": " + trouble);
    const Comparison comparison{subject_, other, rows, cut.time, is_cut, change};
    compare_features(comparison, to);
    compare_labels(comparison, to);
    inputs_differ_ |= !to.empty();
    if (cut.fold < 0 || !to.empty() || !other.has_labels || subject_.models.empty()) return;
    if (other.dataset.classes != subject_.dataset.classes) return;  // a class is not there yet: all others have other numbers
    const pipeline::Fold& fold = subject_.folds.folds[static_cast<std::size_t>(cut.fold)];
    pipeline::Folds all;
    all.sealed = subject_.folds.sealed;
    if (is_cut && all.sealed) *all.sealed = cut_fold(*all.sealed, cut.rows);
    const pipeline::Fold seen = is_cut ? cut_fold(fold, cut.rows) : fold;
    const pipeline::FoldData full = subject_.assemble(subject_.dataset, fold, subject_.folds);
    compare_folds({subject_, full, subject_.assemble(other.dataset, seen, all), true, true, changed, change}, prepared_);
    ++folds_;
    if (prepared_.empty()) fit_models(other, fold, seen, all, changed, change);
  }

  void fit_models(const Computed& other, const pipeline::Fold& fold, const pipeline::Fold& seen, const pipeline::Folds& all,
                  const std::vector<std::uint8_t>& changed, const std::string& change) {
    for (std::size_t m = 0; m < subject_.models.size(); ++m) {
      const AuditedModel& model = subject_.models[m];
      if (model.by_steps && !options_.full) {
        note(fit_notes_, fmt::format("model `{}` is trained by steps: fitted with --full only", model.name));
        continue;
      }
      try {
        const ModelForecasts a = subject_.forecast(model, subject_.dataset, fold, subject_.folds);
        const ModelForecasts b = subject_.forecast(model, other.dataset, seen, all);
        ++fits_;
        const auto outputs = static_cast<std::size_t>(a.outputs);
        for (std::size_t i = 0; i < b.row.size(); ++i)
          for (std::size_t k = 0; k < outputs; ++k)
            if (changed[static_cast<std::size_t>(b.row[i])] == 0 && !is_same(a.value[i * outputs + k], b.value[i * outputs + k]))
              forecast_.add(m, fmt::format("model `{}`", model.name), "its forecasts change when other test rows change", change, b.row[i],
                            a.value[i * outputs + k], b.value[i * outputs + k]);
      } catch (const Error& error) {
        if (error.fault() == Fault::interrupted) throw;
        note(fit_notes_, fmt::format("model `{}`: {}", model.name, error.what()));
      }
    }
  }

  static void note(std::vector<std::string>& notes, std::string text) {
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(std::move(text));
  }

  const Subject& subject_;
  const Options& options_;
  SeedTree seed_;
  Work& work_;
  std::vector<Cut> cuts_;
  Differences by_cut_, by_noise_, prepared_, forecast_;
  std::vector<std::string> troubles_[2], fit_notes_;
  std::size_t folds_ = 0, fits_ = 0;
  bool inputs_differ_ = false;
};

// Times at which a column has no value, one for each column: who fills it from later rows betrays himself only there.
std::vector<TimeNs> holes(const data::Frame& frame, SeedTree seed) {
  std::vector<TimeNs> out;
  for (std::size_t c = 0; c < frame.columns().size() && out.size() < kHoles; ++c) {
    const data::Column& column = frame.columns()[c];
    std::vector<std::size_t> missing;
    for (std::size_t row = frame.rows() / 10; row < frame.rows() - frame.rows() / 10; ++row)
      if (column.is_missing(row)) missing.push_back(row);
    if (!missing.empty()) out.push_back(frame.known_at()[missing[Random(seed.child(c)).below(missing.size())]]);
  }
  return out;
}

}  // namespace

std::vector<std::size_t> some_folds(const Subject& subject, std::size_t most) {
  const std::size_t n = subject.folds.folds.size();
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::min(n, most); ++i) out.push_back(n <= most ? i : i * (n - 1) / (most - 1));
  return out;
}

std::vector<Cut> choose_cuts(const Subject& subject, const Options& options, SeedTree seed) {
  std::vector<Cut> cuts;
  const pipeline::Dataset& dataset = subject.dataset;
  if (!dataset.has_time()) return cuts;
  const auto known_at = dataset.frame.known_at();
  const auto times = dataset.frame.distinct_times();
  Random random(seed.child("cuts"));
  const auto add = [&](TimeNs time, std::int64_t fold) {
    const std::int64_t rows = rows_by(subject, time);
    if (rows > 0 && rows < dataset.rows()) cuts.push_back({time, rows, fold});
  };
  for (const std::size_t f : some_folds(subject, kFolds)) {
    const pipeline::Fold& fold = subject.folds.folds[f];
    if (fold.test.empty()) continue;
    const auto first = std::lower_bound(times.begin(), times.end(), known_at[static_cast<std::size_t>(fold.test.front())]);
    if (first != times.begin()) add(*(first - 1), -1);
    // Somewhere in the middle half of the test rows: some of them are known, some are not.
    const std::size_t at = fold.test.size() / 4 + random.below(fold.test.size() / 2 + 1);
    const TimeNs time = known_at[static_cast<std::size_t>(fold.test[std::min(at, fold.test.size() - 1)])];
    add(time, has_learned_by(subject, fold, time) ? static_cast<std::int64_t>(f) : -1);
  }
  for (std::int64_t i = 0; i < options.random_cuts && times.size() > 4; ++i)
    add(times[times.size() / 10 + random.below(times.size() - times.size() / 5)], -1);
  for (const TimeNs time : holes(subject.raw, seed.child("holes"))) add(time, -1);
  std::stable_sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) { return a.time < b.time; });
  return cuts;
}

namespace {

// The column that names the entity, whatever the source calls it.
bool is_entity(const data::Column& column, const data::Frame& frame) {
  return column.type() == data::ColumnType::category && !frame.entity().empty() && column.levels() == frame.entity_names() &&
         std::equal(column.codes().begin(), column.codes().end(), frame.entity().begin(), frame.entity().end());
}

data::Column noisy(const data::Column& column, const std::vector<std::uint8_t>& changed, bool stretch, Random& random) {
  const std::size_t n = column.size();
  const auto replaced = [&](auto values, const auto& change) {
    const auto original = values;
    for (std::size_t i = 0; i < n; ++i)
      if (changed[i] != 0) values[i] = change(original[random.below(n)]);
    return values;
  };
  const auto same = [](auto value) { return value; };
  switch (column.type()) {
    case data::ColumnType::real: {
      const auto values = column.reals();
      return data::Column::of_reals(column.name(), replaced(std::vector<double>(values.begin(), values.end()),
                                                            [&](double x) { return stretch ? x * (1.5 + random.uniform()) : x; }));
    }
    case data::ColumnType::integer: {
      const auto values = column.integers();
      return data::Column::of_integers(column.name(), replaced(std::vector<std::int64_t>(values.begin(), values.end()), same));
    }
    case data::ColumnType::boolean: {
      const auto values = column.booleans();
      return data::Column::of_booleans(column.name(), replaced(std::vector<std::uint8_t>(values.begin(), values.end()), same));
    }
    case data::ColumnType::category: {
      const auto values = column.codes();
      return data::Column::of_codes(column.name(), replaced(std::vector<std::int32_t>(values.begin(), values.end()), same),
                                    column.levels());
    }
    case data::ColumnType::timestamp:
      break;
  }
  return column;
}

}  // namespace

data::Frame with_noise(const Subject& subject, const data::Frame& frame, const std::vector<std::uint8_t>& changed, SeedTree seed) {
  const config::Experiment& experiment = subject.experiment;
  data::Frame::Parts parts = frame.parts();
  for (std::size_t c = 0; c < parts.columns.size(); ++c) {
    data::Column& column = parts.columns[c];
    const std::string& name = column.name();
    if (name == experiment.split.group || is_entity(column, frame)) continue;
    Random random(seed.child(c));
    column = noisy(column, changed, name != experiment.target.column || experiment.target.task == config::Task::regression, random);
  }
  return data::Frame::of_parts(std::move(parts));
}

std::vector<TestResult> look_ahead(const Subject& subject, const Options& options, SeedTree seed, Work& work) {
  return LookAhead(subject, options, seed, work).run();
}

}  // namespace assay::audit
