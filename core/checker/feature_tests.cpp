// How a feature behaves: above all that it never looks ahead.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.hpp"
#include "base/random.hpp"
#include "checker/sample_frame.hpp"
#include "checker/sample_training.hpp"
#include "checker/state_tests.hpp"
#include "plugin/feature.hpp"

namespace assay::checker {
namespace {

plugin::Feature make_feature(const Subject& subject) {
  plugin::CallOptions options;
  options.seed = subject.seed;
  return {*subject.component, subject.params, options};
}

std::vector<double> transform(const plugin::Feature& feature, const SampleFrame& frame, bool protect = false) {
  SampleFrameView view(frame);
  if (protect) view.protect();
  std::vector<double> out = feature.transform(view.frame(), {});
  expect(out.size() == static_cast<std::size_t>(frame.rows()) * feature.outputs(), "it gives another number of values than rows x outputs");
  return out;
}

// Labels of two classes, which all that learns from labels takes.
class FitLabels {
 public:
  explicit FitLabels(const std::vector<double>& target) {
    double mean = 0;
    for (const double y : target) mean += y / static_cast<double>(target.size());
    for (std::size_t i = 0; i < target.size(); ++i) {
      label.push_back(target[i] > mean ? 1 : 0);
      fold_.push_back(static_cast<std::int32_t>(i % kFolds));
    }
  }
  // Labels that end `rows` rows later; then there are no folds.
  FitLabels& ending(const std::vector<std::int64_t>& ends) { return ends_ = ends, *this; }
  const assay_fit_rows& raw() const {
    raw_.struct_size = sizeof raw_;
    raw_.task = ASSAY_TASK_BINARY;
    raw_.n_classes = 2;
    raw_.target = label.data();
    raw_.fold = ends_.empty() ? fold_.data() : nullptr;
    raw_.n_folds = ends_.empty() ? static_cast<std::int64_t>(kFolds) : 0;
    raw_.label_end_ns = ends_.empty() ? nullptr : ends_.data();
    return raw_;
  }
  std::vector<double> label;

 private:
  static constexpr std::size_t kFolds = 5;
  std::vector<std::int32_t> fold_;
  std::vector<std::int64_t> ends_;
  mutable assay_fit_rows raw_{};
};

void fit(plugin::Feature& feature, const SampleFrame& frame, std::uint64_t seed, bool protect = false) {
  if (!feature.has_fit()) return;
  SampleFrameView view(frame);
  if (protect) view.protect();
  plugin::CallOptions options;
  options.seed = seed;
  feature.learn(view.frame(), FitLabels(frame.target).raw(), options);
}

// Values of train rows, as the fit of a cross-fitting feature tells them: output by output.
std::vector<double> train_values(const Subject& subject, const SampleFrame& frame, const FitLabels& labels) {
  plugin::Feature feature = make_feature(subject);
  SampleFrameView view(frame);
  plugin::CallOptions options;
  options.seed = subject.seed;
  return feature.learn(view.frame(), labels.raw(), options);
}

// Long enough for the feature's warm-up; numbers, or categories where it refuses numbers.
SampleFrame frame_for(const Subject& subject, std::uint64_t seed, bool holes = false) {
  plugin::Feature feature = make_feature(subject);
  FrameShape shape;
  shape.columns = feature.columns();
  shape.rows = 160 + 2 * std::max<std::int64_t>(0, feature.warmup_rows());
  shape.entities = feature.whole_panel() ? 3 : 1;
  shape.holes = holes;
  SampleFrame numbers = sample_frame(shape, seed);
  try {
    fit(feature, numbers, seed);
    transform(feature, numbers);
    return numbers;
  } catch (const plugin::ComponentError& error) {
    if (error.status() != ASSAY_BAD_INPUT) throw;
  }
  shape.categories = true;
  return sample_frame(shape, seed);
}

plugin::Feature fitted(const Subject& subject, const SampleFrame& frame) {
  plugin::Feature feature = make_feature(subject);
  fit(feature, frame, subject.seed);
  return feature;
}

Outcome transforms(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  const std::vector<double> out = transform(fitted(subject, frame), frame);
  expect(std::any_of(out.begin(), out.end(), [](double v) { return !std::isnan(v); }),
         fmt::format("all {} values are missing (NaN), though no input is", out.size()));
  return {};
}

bool is_same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-9 * (1 + std::abs(a)); }

// What is left of the beginning after the warm-up, in shares of an output's spread: as the audit has it.
constexpr double kFaded = 1e-5;

// Longest run of first rows that are missing in `late`, and are not where the data begin `away` rows earlier.
std::int64_t missing_for_want_of_history(const std::vector<double>& all, const std::vector<double>& late, std::size_t away,
                                         std::size_t entities, std::size_t outputs) {
  std::size_t longest = 0;
  for (std::size_t o = 0; o < outputs; ++o) {
    std::size_t row = 0;  // of the first entity
    const auto at = [&](std::size_t first) { return (first + row * entities) * outputs + o; };
    while (at(0) < late.size() && std::isnan(late[at(0)]) && !std::isnan(all[at(away)])) ++row;
    longest = std::max(longest, row);
  }
  return static_cast<std::int64_t>(longest);
}

double spread_of(const std::vector<double>& out, std::size_t output, std::size_t outputs) {
  double least = 0, most = 0;
  bool any = false;
  for (std::size_t i = output; i < out.size(); i += outputs) {
    if (std::isnan(out[i])) continue;
    least = any ? std::min(least, out[i]) : out[i];
    most = any ? std::max(most, out[i]) : out[i];
    any = true;
  }
  return most - least;
}

Outcome warm_up(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  const plugin::Feature feature = fitted(subject, frame);
  const std::vector<double> out = transform(feature, frame);
  const std::int64_t declared = feature.warmup_rows(), entities = frame.entity_count;
  const std::size_t outputs = feature.outputs();
  const std::int64_t away = std::min<std::int64_t>(37, frame.rows() / entities - declared - 1) * entities;
  const std::vector<double> late = transform(feature, frame.from(away));
  const std::int64_t longest =
      missing_for_want_of_history(out, late, static_cast<std::size_t>(away), static_cast<std::size_t>(entities), outputs);
  expect(longest <= declared, fmt::format("declares a warm-up of {} row(s), but the first {} come out missing", declared, longest));
  for (std::size_t o = 0; o < outputs; ++o) {
    const double little = kFaded * spread_of(out, o, outputs);
    for (std::int64_t row = away + declared * entities; row < frame.rows(); ++row) {
      const double all = out[static_cast<std::size_t>(row) * outputs + o], part = late[static_cast<std::size_t>(row - away) * outputs + o];
      expect(
          is_same(all, part) || std::abs(all - part) <= little,
          fmt::format("declares a warm-up of {} row(s), but {} rows after the beginning of the data the value is {:.6g}, and {:.6g} where "
                      "the data begin {} rows earlier",
                      declared, (row - away) / entities, part, all, away / entities));
    }
  }
  return {};
}

struct Change {
  const char* what;
  void (*apply)(SampleFrame&, std::int64_t after, Random&);  // changes rows after `after` only
};

void one_row(SampleFrame& frame, std::int64_t after, Random&) {
  for (std::int64_t row = after + 1; row <= std::min(frame.rows() - 1, after + frame.entity_count); ++row) frame.multiply(row, 3);
}
void others(SampleFrame& frame, std::int64_t after, Random& random) {
  for (std::int64_t row = after + 1; row < frame.rows(); ++row) frame.multiply(row, 0.5 + random.uniform());
}
void scaled(SampleFrame& frame, std::int64_t after, Random&) {
  for (std::int64_t row = after + 1; row < frame.rows(); ++row) frame.multiply(row, 1000);
}
void missing(SampleFrame& frame, std::int64_t after, Random&) {
  for (std::int64_t row = after + 1; row < frame.rows(); ++row) frame.remove(row);
}

constexpr Change kChanges[] = {{"the next row alone was changed: it looks one row ahead", one_row},
                               {"later rows were scaled: it looks at the whole sample (a mean, a minimum, a scale)", scaled},
                               {"later rows were changed: it looks ahead", others},
                               {"later rows were taken away: it looks ahead", missing}};

void compare_past(const std::vector<double>& before, const std::vector<double>& after, std::int64_t last_row, std::size_t outputs,
                  const char* why, bool holes) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(last_row + 1) * outputs; ++i) {
    const bool far = static_cast<std::int64_t>(i / outputs) + 30 < last_row;
    const char* reason = !far || holes ? why : "even far back: it looks at the whole sample (a mean, a minimum, a scale)";
    expect(is_same(before[i], after[i]),
           fmt::format("looks ahead: the value of row {} moved from {:.6g} to {:.6g} when only rows after {} changed; {}{}", i / outputs,
                       before[i], after[i], last_row, reason,
                       holes ? " (with missing values before the change: it fills them from later ones)" : ""));
  }
}

void look_ahead_in(Subject& subject, const SampleFrame& frame, bool holes) {
  const plugin::Feature feature = fitted(subject, frame);
  const std::vector<double> whole = transform(feature, frame);
  const std::int64_t n = frame.rows(), step = frame.entity_count;
  Random random(SeedTree(subject.seed).child("future"));
  for (const std::int64_t share : {35, 50, 51, 52, 53, 75, 97}) {  // percent; the middle ones end inside a hole
    const std::int64_t last = n * share / 100 / step * step - 1;
    for (const Change& change : kChanges) {
      SampleFrame other = frame;
      change.apply(other, last, random);
      compare_past(whole, transform(feature, other), last, feature.outputs(), change.what, holes);
    }
    compare_past(whole, transform(feature, frame.first(last + 1)), last, feature.outputs(), "later rows were cut off: it looks ahead",
                 holes);
  }
}

Outcome no_look_ahead(Subject& subject) {
  look_ahead_in(subject, frame_for(subject, subject.seed), false);
  look_ahead_in(subject, frame_for(subject, subject.seed, true), true);
  return {};
}

Outcome same_seed(Subject& subject) {
  if (!subject.component->has(ASSAY_DETERMINISTIC)) skip("declares itself not deterministic");
  const SampleFrame frame = frame_for(subject, subject.seed);
  const std::vector<double> first = transform(fitted(subject, frame), frame);
  expect(same_bits(first, transform(fitted(subject, frame), frame)),
         "the same rows and seed give different bits, though it is flagged DETERMINISTIC");
  return {};
}

Outcome few_rows(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  const plugin::Feature feature = fitted(subject, frame);
  for (const std::int64_t rows : {0, 1}) {
    try {
      transform(feature, frame.first(rows));
    } catch (const plugin::ComponentError& error) {
      expect(rows == 0, "a single row is refused: " + error.happened());
    }
  }
  return {};
}

Outcome missing_values(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  const plugin::Feature feature = fitted(subject, frame);
  SampleFrame empty = frame;
  for (std::int64_t row = 0; row < frame.rows(); ++row) empty.remove(row);
  transform(feature, empty);  // whatever comes out; an infinite value is an error of its own
  transform(feature, frame_for(subject, subject.seed, true));
  return {};
}

Outcome input_untouched(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  plugin::Feature feature = make_feature(subject);
  fit(feature, frame, subject.seed, true);
  transform(feature, frame, true);
  return {};
}

Outcome concurrent(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed);
  const plugin::Feature feature = fitted(subject, frame);
  const std::vector<double> alone = transform(feature, frame);
  on_threads(8, [&](unsigned) {
    for (int i = 0; i < 40; ++i) expect(same_bits(transform(feature, frame), alone), "values differ when 8 threads ask at once");
  });
  return {};
}

Outcome refit_forgets(Subject& subject) {
  if (!make_feature(subject).has_fit()) skip("it does not learn");
  const SampleFrame one = frame_for(subject, subject.seed), other = frame_for(subject, subject.seed + 99);
  const std::vector<double> expected = transform(fitted(subject, one), other);
  plugin::Feature used = fitted(subject, other);
  fit(used, one, subject.seed);
  expect(same_bits(transform(used, other), expected), "a second fit remembers the first");
  return {};
}

// The same object asked twice: a feature without fit has nothing to remember.
Outcome keeps_nothing(Subject& subject) {
  const SampleFrame frame = frame_for(subject, subject.seed), other = frame_for(subject, subject.seed + 99);
  const plugin::Feature feature = fitted(subject, frame);
  const std::vector<double> first = transform(feature, frame);
  transform(feature, other);
  expect(same_bits(transform(feature, frame), first), "values depend on what was asked before: transform must keep nothing");
  return {};
}

Outcome own_label(Subject& subject) {
  if (!make_feature(subject).cross_fits()) skip("it does not offer fit_transform");
  const SampleFrame frame = frame_for(subject, subject.seed);
  const auto n = static_cast<std::size_t>(frame.rows());
  const FitLabels labels(frame.target);
  const std::vector<double> before = train_values(subject, frame, labels);
  for (std::size_t row = 3; row < n; row += 41) {
    FitLabels changed = labels;
    changed.label[row] = 1 - changed.label[row];
    const std::vector<double> after = train_values(subject, frame, changed);
    for (std::size_t i = row; i < before.size(); i += n)
      expect(is_same(before[i], after[i]),
             fmt::format("the value of train row {} moved from {:.6g} to {:.6g} when its own label changed: it has to come from other rows",
                         row, before[i], after[i]));
  }
  return {};
}

Outcome past_labels(Subject& subject) {
  if (!make_feature(subject).cross_fits()) skip("it does not offer fit_transform");
  const SampleFrame frame = frame_for(subject, subject.seed);
  SampleFrameView view(frame);
  if (view.frame().time_ns == nullptr) skip("its frame has no time");
  const auto n = static_cast<std::size_t>(frame.rows());
  const std::vector<std::int64_t> time(view.frame().time_ns, view.frame().time_ns + n);
  std::vector<std::int64_t> ends;
  for (std::size_t i = 0; i < n; ++i) ends.push_back(time[std::min(n - 1, i + 5)]);
  FitLabels labels(frame.target);
  const std::vector<double> before = train_values(subject, frame, labels.ending(ends));
  FitLabels changed = labels;
  const std::size_t last = n / 2;
  for (std::size_t i = 0; i < n; ++i)
    if (ends[i] >= time[last]) changed.label[i] = 1 - changed.label[i];
  const std::vector<double> after = train_values(subject, frame, changed);
  for (std::size_t i = 0; i < before.size(); ++i)
    expect(i % n > last || is_same(before[i], after[i]),
           fmt::format("looks ahead: the value of train row {} moved from {:.6g} to {:.6g} when only labels changed that end after it",
                       i % n, before[i], after[i]));
  return {};
}

StateOfKind feature_state() {
  const auto make = [](bool trained) {
    return [trained](Subject& s) {
      const SampleFrame frame = frame_for(s, s.seed);
      auto feature = std::make_shared<plugin::Feature>(make_feature(s));
      if (!feature->has_fit()) skip("it does not learn: there is no state");
      if (trained) fit(*feature, frame, s.seed);
      return Stateful{feature->has_state(), [=] { return feature->save({}); }, [=](const plugin::StateEntries& e) { feature->load(e, {}); },
                      [=] { return transform(*feature, frame); }};
    };
  };
  return {make(true), make(false)};
}

}  // namespace

const std::vector<Test>& feature_tests() {
  static const std::vector<Test> tests = {
      {"feature", "transforms", "it turns rows into values", "param_defaults", transforms},
      {"feature", "quiet", "it prints nothing", "transforms", transforms},
      {"feature", "no_look_ahead", "when later rows change, earlier values stay", "transforms", no_look_ahead},
      {"feature", "warm_up", "after the declared warm-up nothing is missing, nor depends on where the data begin", "no_look_ahead",
       warm_up},
      {"feature", "same_seed_same_bits", "same rows and seed, same bits", "transforms", same_seed},
      {"feature", "keeps_nothing", "what was asked before changes nothing", "transforms", keeps_nothing},
      {"feature", "few_rows", "no row and a single row do no harm", "transforms", few_rows},
      {"feature", "missing_values", "missing inputs do no harm", "transforms", missing_values},
      {"feature", "input_untouched", "it does not write to its inputs", "transforms", input_untouched},
      {"feature", "concurrent_transform", "8 threads may transform at once", "transforms", concurrent},
      {"feature", "refit_forgets", "a second fit forgets the first", "same_seed_same_bits", refit_forgets},
      {"feature", "own_label", "what a train row is told does not depend on its own label", "same_seed_same_bits", own_label},
      {"feature", "past_labels", "with time it is told from labels that ended before it", "own_label", past_labels},
      {"feature", "save_load_same_bits", "saved and loaded, it gives the same bits", "transforms",
       [](Subject& s) { return save_load_same_bits(s, feature_state()); }},
      {"feature", "save_twice_same_bytes", "saving twice gives the same bytes", "transforms",
       [](Subject& s) { return save_twice_same_bytes(s, feature_state()); }},
      {"feature", "broken_state", "empty, cut or random state is an error and no crash", "transforms",
       [](Subject& s) { return broken_state(s, feature_state()); }},
  };
  return tests;
}

}  // namespace assay::checker
