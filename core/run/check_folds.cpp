#include "run/check_folds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "pipeline/fold_data.hpp"
#include "run/model_judge.hpp"

namespace assay::run {

namespace {

Place place_of(const config::Experiment& experiment, const std::string& key) {
  if (key == "split") return experiment.split.place;
  for (const auto& [list, steps] : {std::pair("prepare.", &experiment.prepare), std::pair("select.", &experiment.select)}) {
    if (!key.starts_with(list)) continue;
    return steps->at(static_cast<std::size_t>(text::to_integer(key.substr(key.find('.') + 1)).value_or(0))).place;
  }
  return experiment.inputs.place.line != 0 ? experiment.inputs.place : experiment.data.place;
}

struct Told {
  std::string message, mend;
  std::size_t folds = 0;
};

// The newest train rows alone: enough to show that something is left to learn from, at a small part of the cost.
pipeline::Fold newest_of(const pipeline::Fold& fold) {
  constexpr std::ptrdiff_t kRows = 4096;
  pipeline::Fold few;
  few.train.assign(fold.train.end() - std::min(kRows, std::ssize(fold.train)), fold.train.end());
  return few;
}

// What a run would throw. Where the newest rows can be prepared, all can.
std::optional<pipeline::PreparationError> trouble_in(const pipeline::Fold& fold, const config::Experiment& experiment,
                                                     const ExperimentData& data, bool accepts_missing) {
  const auto prepare = [&](const pipeline::Fold& rows) {
    pipeline::assemble_fold(data.dataset, rows, data.folds,
                            {experiment.prepare, experiment.select, accepts_missing, &indifferent_judge(), experiment.seed});
  };
  try {
    prepare(newest_of(fold));
    return std::nullopt;
  } catch (const pipeline::PreparationError&) {
  }
  try {
    prepare(fold);
    return std::nullopt;
  } catch (const pipeline::PreparationError& error) {
    return error;
  }
}

// The one class of these rows; nothing where they hold more, or none.
std::optional<std::string> only_class(const std::vector<std::int64_t>& rows, const pipeline::Dataset& dataset) {
  std::optional<double> only;
  for (const std::int64_t row : rows) {
    const double y = dataset.y[static_cast<std::size_t>(row)];
    if (std::isnan(y)) continue;
    if (only && *only != y) return std::nullopt;
    only = y;
  }
  if (!only) return std::nullopt;
  return dataset.classes.at(static_cast<std::size_t>(*only));
}

// Train rows of one class teach nothing; test rows of one class leave metrics of ranks without a value.
void check_classes(const config::Experiment& experiment, const ExperimentData& data, Diagnostics& diagnostics) {
  if (data.dataset.classes.empty()) return;
  const std::vector<pipeline::Fold>& folds = data.folds.folds;
  std::vector<std::string> train, test;
  std::vector<std::size_t> train_in, test_in;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    if (auto one = only_class(folds[f].train, data.dataset)) train.push_back(std::move(*one)), train_in.push_back(f);
    if (auto one = only_class(folds[f].test, data.dataset)) test.push_back(std::move(*one)), test_in.push_back(f);
  }
  const auto message = [&](const char* part, const std::vector<std::string>& classes, const std::vector<std::size_t>& in) {
    const std::string where = folds.size() == 1 ? "" : fmt::format("fold {} of {}: ", in[0] + 1, folds.size());
    const std::string more = in.size() == 1 ? "" : fmt::format(" (the same in {} more fold{})", in.size() - 1, in.size() == 2 ? "" : "s");
    return fmt::format("{}all {} rows are of class `{}`{}", where, part, classes[0], more);
  };
  if (!train.empty())
    diagnostics.data_error(experiment.split.place, message("train", train, train_in) + ": there is nothing to tell apart",
                           "choose a split whose train rows hold each class", "split");
  if (!test.empty())
    diagnostics.warning(experiment.split.place, message("test", test, test_in) + ": auc and its like have no value there",
                        "choose a split whose test rows hold each class", "split");
}

}  // namespace

void check_folds(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
                 Diagnostics& diagnostics) {
  if (experiment.is_rule()) return;
  // A model that takes missing values learns from rows that others must leave out.
  const bool all_accept_missing = std::all_of(experiment.models.begin(), experiment.models.end(), [&](const auto& model) {
    return registry.component("model", model.second.id).has(ASSAY_ACCEPTS_MISSING);
  });
  const std::vector<pipeline::Fold>& folds = data.folds.folds;
  std::map<std::string, Told> told;  // by key: the first fold speaks for all that have the same trouble
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const auto error = trouble_in(folds[f], experiment, data, all_accept_missing);
    if (!error) continue;
    Told& entry = told[error->key()];
    if (entry.folds++ > 0) continue;
    const std::string where = folds.size() == 1 ? "" : fmt::format("fold {} of {}: ", f + 1, folds.size());
    entry.message = where + (error->tried().starts_with("preparing") ? "" : error->tried() + ": ") + error->happened();
    entry.mend = error->mend();
  }
  for (const auto& [key, entry] : told) {
    const std::string others =
        entry.folds == 1 ? "" : fmt::format(" (and in {} more fold{})", entry.folds - 1, entry.folds == 2 ? "" : "s");
    diagnostics.data_error(place_of(experiment, key), entry.message + others, entry.mend, key);
  }
  check_classes(experiment, data, diagnostics);
  if (data.loaded.let_go) data.loaded.let_go();
}

}  // namespace assay::run
