// What a fold's preparation has seen: rows that it may not see, and labels of its own rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "audit/compare.hpp"
#include "audit/tests.hpp"
#include "pipeline/fitted_features.hpp"

namespace assay::audit {

namespace {

constexpr std::size_t kFolds = 6, kLabelFolds = 2;
constexpr std::uint64_t kSingleLabels = 12;

double other_label(const pipeline::Dataset& dataset, double y) {
  const auto classes = static_cast<double>(dataset.classes.size());
  return classes > 0 ? std::fmod(y + 1, classes) : -3 * y + 1;
}

// Values and labels of these rows are others; of a dataset, so that features stay what they are.
pipeline::Dataset with_other_rows(const Subject& subject, const std::vector<std::uint8_t>& changed, SeedTree seed) {
  pipeline::Dataset out = subject.dataset;
  out.frame = with_noise(subject, out.frame, changed, seed);
  const auto change = [&](std::vector<double>& y) {
    for (std::size_t row = 0; row < y.size(); ++row)
      if (changed[row] != 0 && !std::isnan(y[row])) y[row] = other_label(out, y[row]);
  };
  change(out.y);
  for (pipeline::HorizonLabels& h : out.horizons) change(h.y);
  return out;
}

// The labels of the fold's train rows, in another order.
pipeline::Dataset with_shuffled_labels(const Subject& subject, const pipeline::Fold& fold, SeedTree seed) {
  pipeline::Dataset out = subject.dataset;
  std::vector<double> labels;
  for (const std::int64_t row : fold.train) labels.push_back(out.y[static_cast<std::size_t>(row)]);
  Random(seed).shuffle(std::span(labels));
  for (std::size_t i = 0; i < labels.size(); ++i) out.y[static_cast<std::size_t>(fold.train[i])] = labels[i];
  return out;
}

struct Moved {
  std::string input;
  double before = 0, after = 0;
};

// The first prepared input of a train row that differs. The rows of both are the same ones; a selection, which may look at labels, may have
// left other inputs in each.
std::optional<Moved> moved_input(const pipeline::FoldData& a, const pipeline::FoldData& b, std::size_t at) {
  if (a.train.lookback > 0) return std::nullopt;
  const double* before = a.train.x.row(static_cast<std::int64_t>(at));
  const double* after = b.train.x.row(static_cast<std::int64_t>(at));
  for (std::size_t c = 0; c < a.inputs.size(); ++c)
    for (std::size_t d = 0; d < b.inputs.size(); ++d)
      if (a.inputs[c].name == b.inputs[d].name && !is_same(before[c], after[d])) return Moved{a.inputs[c].name, before[c], after[d]};
  return std::nullopt;
}

bool same_inputs(const pipeline::FoldPart& a, const pipeline::FoldPart& b) {
  return a.row == b.row && std::equal(a.x.values.begin(), a.x.values.end(), b.x.values.begin(), b.x.values.end(), is_same);
}

}  // namespace

TestResult preparation(const Subject& subject, SeedTree seed, Work& work) {
  Differences differences(subject.dataset);
  const std::vector<std::size_t> folds = some_folds(subject, kFolds);
  for (const std::size_t f : folds) {
    work.step(fmt::format("preparation of fold {}", f + 1));
    const pipeline::Fold& fold = subject.folds.folds[f];
    const pipeline::FoldData full = subject.assemble(subject.dataset, fold, subject.folds);
    const std::vector<std::int64_t> sealed = subject.folds.sealed ? subject.folds.sealed->test : std::vector<std::int64_t>{};
    const auto compare = [&](const std::vector<std::vector<std::int64_t>>& hidden, bool validation, const std::string& what) {
      std::vector<std::uint8_t> changed(subject.dataset.y.size(), 0);
      for (const auto& set : hidden)
        for (const std::int64_t row : set) changed[static_cast<std::size_t>(row)] = 1;
      const pipeline::Dataset other = with_other_rows(subject, changed, seed.child("preparation").child(f).child(validation));
      compare_folds({subject, full, subject.assemble(other, fold, subject.folds), validation, false, changed,
                     fmt::format("{} of fold {} changed", what, f + 1)},
                    differences);
    };
    compare({fold.validation, fold.test, sealed}, false, "validation and test rows");
    if (!fold.validation.empty()) compare({fold.test, sealed}, true, "test rows");
  }
  TestResult result{"preparation",
                    Status::clean,
                    "validation and test rows changed in " + counted(folds.size(), "fold"),
                    differences.findings("fit it on the fold's train rows only"),
                    {}};
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

bool prepares_from_labels(const Subject& subject, SeedTree seed) {
  const std::vector<std::size_t> folds = some_folds(subject, kLabelFolds);
  return std::any_of(folds.begin(), folds.end(), [&](std::size_t f) {
    const pipeline::Fold& fold = subject.folds.folds[f];
    const pipeline::FoldData a = subject.assemble(subject.dataset, fold, subject.folds);
    const pipeline::FoldData b = subject.assemble(with_shuffled_labels(subject, fold, seed.child("labels").child(f)), fold, subject.folds);
    return !same_inputs(a.train, b.train) || a.preparation.to_json() != b.preparation.to_json();
  });
}

// The fitted features' columns as the fold's fit tells them.
data::Frame with_features(const Subject& subject, const pipeline::Dataset& dataset, const pipeline::Fold& fold) {
  std::vector<pipeline::FeatureState> learned;
  return pipeline::fit_features(dataset, fold.train, pipeline::feature_seed(subject.experiment.seed), learned);
}

// The first fitted column that tells a row something else.
std::optional<Moved> moved_feature(const pipeline::Dataset& dataset, const data::Frame& a, const data::Frame& b, std::int64_t row) {
  for (const pipeline::FittedFeature& feature : dataset.fitted)
    for (const std::string& name : feature.outputs) {
      const double before = a.at(name).number(static_cast<std::size_t>(row)), after = b.at(name).number(static_cast<std::size_t>(row));
      if (!is_same(before, after)) return Moved{name, before, after};
    }
  return std::nullopt;
}

TestResult own_label(const Subject& subject, SeedTree seed, Work& work) {
  TestResult result{"own label", Status::clean, "", {}, {}};
  work.step("own label");
  if (!prepares_from_labels(subject, seed)) {
    result.looked_at = "no step learns from labels: shuffled train labels change nothing";
    return result;
  }
  Differences differences(subject.dataset);
  Random random(seed.child("own_label"));
  for (const std::size_t f : some_folds(subject, kLabelFolds)) {
    const pipeline::Fold& fold = subject.folds.folds[f];
    // A feature may move with a row's own label by what scales it: features are looked at before the steps, the steps with features as
    // they are.
    pipeline::Dataset encoded = subject.dataset;
    encoded.frame = with_features(subject, subject.dataset, fold);
    encoded.fitted.clear();
    const pipeline::FoldData full = subject.assemble(encoded, fold, subject.folds);
    for (std::uint64_t k = 0; k < kSingleLabels && full.train.rows() > 0; ++k) {
      const std::size_t at = random.below(static_cast<std::uint64_t>(full.train.rows()));
      const std::int64_t row = full.train.row[at];
      pipeline::Dataset changed = encoded;
      double& label = changed.y[static_cast<std::size_t>(row)];
      label = other_label(changed, label);
      const pipeline::FoldData other = subject.assemble(changed, fold, subject.folds);
      pipeline::Dataset again = subject.dataset;
      again.y = changed.y;
      const std::optional<Moved> told = moved_feature(again, encoded.frame, with_features(subject, again, fold), row);
      if (!told && other.train.row != full.train.row) continue;
      const std::optional<Moved> moved = told ? told : moved_input(full, other, at);
      if (!moved) continue;
      differences.add(0, fmt::format("{} `{}`", told ? "feature" : "prepared input", moved->input),
                      "it changes with the label of its own row", fmt::format("one train label of fold {} changed", f + 1), row,
                      moved->before, moved->after);
    }
  }
  result.looked_at =
      fmt::format("{} single train labels changed in each of {}", kSingleLabels, counted(some_folds(subject, kLabelFolds).size(), "fold"));
  result.findings = differences.findings("encode by cross-fitting: each row from other rows' labels, with time from ended ones only");
  if (!result.findings.empty()) result.status = Status::found;
  return result;
}

}  // namespace assay::audit
