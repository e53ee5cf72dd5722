#include "run/model_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "run/learners.hpp"
#include "run/messages.hpp"
#include "run/remote_components.hpp"
#include "train/scorer.hpp"
#include "train/trainer.hpp"

namespace assay::run {

namespace {

class ModelJudge final : public pipeline::InputJudge {
 public:
  ModelJudge(const config::Experiment& experiment, const plugin::Registry& registry, std::filesystem::path program,
             const std::atomic<bool>* cancel)
      : experiment_(experiment),
        registry_(registry),
        program_(std::move(program)),
        cancel_(cancel),
        maker_(component_maker(experiment.resources, program_, cancel)) {}

  bool accepts_missing(const config::Component& model) const override { return of(model).has(ASSAY_ACCEPTS_MISSING); }

  bool wants_held_out(const config::Component& model) const override {
    const auto& abilities = of(model).spec.abilities;
    return experiment_.train.early_stopping && std::find(abilities.begin(), abilities.end(), "model.step/1") != abilities.end();
  }

  pipeline::Judgement judge(const pipeline::Question& question, const std::vector<pipeline::InputColumn>& inputs, pipeline::FoldPart train,
                            const pipeline::FoldPart& held_out) const override {
    const train::LearnerSetup setup =
        train::of_one_horizon(learner_setup(experiment_, question.model, question.task, question.classes, inputs, train.y, question.seed));
    const auto learner = learner_on(setup, train);
    fit(*learner, setup, question.classes, held_out);
    pipeline::Judgement judgement;
    if (held_out.rows() > 0) judgement.score = score(*learner, setup, held_out);
    if (!question.importance) return judgement;
    judgement.importance =
        question.permutations == 0 ? learner->importance() : permuted(*learner, setup, held_out, question.permutations, judgement.score);
    return judgement;
  }

 private:
  const plugin::LoadedComponent& of(const config::Component& model) const { return registry_.component("model", model.id); }

  std::unique_ptr<train::Learner> learner_on(const train::LearnerSetup& setup, pipeline::FoldPart& train) const {
    const plugin::LoadedComponent& component = of(setup.model);
    if (experiment_.resources.isolation == "process") {
      const worker::Descriptor packed = pack(train::rows_of(train));
      train.x = {};
      return worker_learner(setup, component, packed, worker_options(experiment_.resources, program_, cancel_));
    }
    plugin::CallOptions options;
    options.stop = cancel_;
    return local_learner(setup, component, train::rows_of(train), std::move(options));
  }

  void fit(train::Learner& learner, const train::LearnerSetup& setup, std::size_t classes, const pipeline::FoldPart& held_out) const {
    const config::TrainSpec& spec = experiment_.train;
    train::TrainingPlan plan;
    plan.epochs = spec.epochs;
    plan.schedule = spec.schedule;
    train::TrainingHooks hooks;
    hooks.cancel = cancel_;
    std::optional<train::Scorer> stopping;
    if (spec.early_stopping && held_out.rows() > 0) {
      stopping.emplace(spec.early_stopping->metric, maker_->metric(registry_.component("metric", spec.early_stopping->metric), {}),
                       setup.task, static_cast<std::int64_t>(classes));
      plan.stopping = {spec.early_stopping->metric, stopping->direction() < 0 ? -1 : 1, spec.early_stopping->patience,
                       spec.early_stopping->min_delta};
      const double sign = learner.traits().by_steps || stopping->direction() >= 0 ? 1 : -1;
      hooks.score_validation = [&stopping, &setup, &held_out, sign](std::span<const double> forecasts, std::int64_t) {
        train::ForecastSet set = forecast_set(held_out, {forecasts.begin(), forecasts.end()}, setup.outputs, std::nan(""));
        train::decide(set, setup.task, 0.5);
        return sign * stopping->value(set);
      };
    }
    train::train(learner, plan, train::rows_of(held_out), hooks);
  }

  static double score(train::Learner& learner, const train::LearnerSetup& setup, const pipeline::FoldPart& part) {
    const double value = forecast_score(part.y, learner.predict(train::rows_of(part)), setup.outputs, setup.task);
    if (!std::isnan(value)) return value;
    throw Error(Fault::failed, fmt::format("asking {} what its inputs are worth", setup.model.id), "it gave forecasts that are no numbers");
  }

  // What the score loses, on average, when one input's values are dealt out anew (Breiman, Machine Learning 45, 2001).
  static std::vector<double> permuted(train::Learner& learner, const train::LearnerSetup& setup, const pipeline::FoldPart& held_out,
                                      std::int64_t times, double whole) {
    std::vector<double> loss;
    pipeline::FoldPart dealt = held_out;
    const auto columns = static_cast<std::size_t>(held_out.x.columns), rows = static_cast<std::size_t>(held_out.x.rows);
    for (std::size_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (std::int64_t k = 0; k < times; ++k) {
        std::vector<double> values(rows);
        for (std::size_t r = 0; r < rows; ++r) values[r] = held_out.x.values[r * columns + c];
        Random random(SeedTree(setup.seed).child("permutation").child(setup.inputs[c].name).child(static_cast<std::uint64_t>(k)));
        random.shuffle(std::span(values));
        for (std::size_t r = 0; r < rows; ++r) dealt.x.values[r * columns + c] = values[r];
        sum += whole - score(learner, setup, dealt);
      }
      for (std::size_t r = 0; r < rows; ++r) dealt.x.values[r * columns + c] = held_out.x.values[r * columns + c];
      loss.push_back(sum / static_cast<double>(times));
    }
    return loss;
  }

  const config::Experiment& experiment_;
  const plugin::Registry& registry_;
  std::filesystem::path program_;
  const std::atomic<bool>* cancel_;
  std::unique_ptr<const plugin::ComponentMaker> maker_;
};

class IndifferentJudge final : public pipeline::InputJudge {
 public:
  bool accepts_missing(const config::Component&) const override { return true; }
  bool wants_held_out(const config::Component&) const override { return false; }
  pipeline::Judgement judge(const pipeline::Question&, const std::vector<pipeline::InputColumn>& inputs, pipeline::FoldPart,
                            const pipeline::FoldPart&) const override {
    return {std::vector<double>(inputs.size(), 0.0), 0};
  }
};

}  // namespace

std::unique_ptr<const pipeline::InputJudge> model_judge(const config::Experiment& experiment, const plugin::Registry& registry,
                                                        const std::filesystem::path& program, const std::atomic<bool>* cancel) {
  return std::make_unique<ModelJudge>(experiment, registry, program, cancel);
}

const pipeline::InputJudge& indifferent_judge() {
  static const IndifferentJudge judge;
  return judge;
}

bool selects_by_model(const config::Experiment& experiment) {
  return std::any_of(experiment.select.begin(), experiment.select.end(), [](const config::Component& one) {
    return std::any_of(one.params.begin(), one.params.end(),
                       [](const auto& param) { return std::holds_alternative<config::ComponentValue>(param.second.data); });
  });
}

double forecast_score(std::span<const double> truth, std::span<const double> forecasts, std::int64_t outputs, config::Task task) {
  constexpr double kLeast = 1e-15;  // no single row decides alone
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (task == config::Task::regression) {
      sum -= (truth[i] - forecasts[i]) * (truth[i] - forecasts[i]);
      continue;
    }
    const double p = outputs == 1 ? (truth[i] == 1 ? forecasts[i] : 1 - forecasts[i])
                                  : forecasts[i * static_cast<std::size_t>(outputs) + static_cast<std::size_t>(truth[i])];
    sum += std::isnan(p) ? p : std::log(std::clamp(p, kLeast, 1.0));
  }
  return sum / static_cast<double>(truth.size());
}

}  // namespace assay::run
