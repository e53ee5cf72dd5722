// The training loop: epochs, schedule, early stopping on a validation metric, checkpoints. Used by run, once a unit. It decides from
// scores that `score_validation` gives (the host has the labels, the learner has not). Same learner, same plan, same bits, whether it runs
// straight through or goes on from a checkpoint. One thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "train/learner.hpp"

namespace assay::train {

struct EpochRecord {
  std::int64_t epoch = 0;
  double loss = 0, validation = 0;  // validation NaN where there is no early stopping
  double rate = 1;                  // the schedule's factor on the learning rate
};

struct TrainingState {  // the loop's own memory: with the learner's checkpoint all that going on needs
  std::int64_t next_epoch = 0, best_epoch = -1;
  double best = 0;
  double plateau = 1;            // what on_plateau has made of the rate
  std::int64_t stood_still = 0;  // epochs without improvement since it last did
  std::vector<EpochRecord> epochs;
  std::string to_json() const;
  static TrainingState from_json(const std::string& text);  // throws Error(failed)
};

struct TrainingPlan {
  std::int64_t epochs = 10;
  config::TrainSpec::Schedule schedule;
  std::vector<double> rates;  // factors of the epochs in place of the schedule: a refit goes the way that the first training went
  struct Stopping {
    std::string metric;
    int direction = 1;  // +1 higher is better
    std::int64_t patience = 5;
    double min_delta = 0;
  };
  std::optional<Stopping> stopping;
};

struct TrainingHooks {
  Evaluate score_validation;                                                // needed with stopping, and for fits that evaluate
  std::function<void(const TrainingState&, std::int64_t epochs)> progress;  // after each epoch; may be empty
  // After each epoch that is not the last: true asks for a checkpoint. May be empty.
  std::function<bool(const TrainingState&)> wants_checkpoint;
  std::function<void(const TrainingState&, std::vector<std::byte> learner)> put_checkpoint;
  const std::atomic<bool>* cancel = nullptr;  // looked at between epochs; throws Error(interrupted)
};

struct Resume {
  TrainingState state;
  std::vector<std::byte> learner;
};

// The factor on the learning rate in an epoch, but for what on_plateau makes of it. It rises evenly over the first `warm_up` epochs (Goyal
// et al. 2017) and has its own way over the others: constant 1; step halves it after each third; cosine falls to 0 by a half wave
// (Loshchilov & Hutter 2017, without restarts); one_cycle rises from 1/25 by a half wave over 0.3 of them and falls towards 1/250,000,
// which would come an epoch after the last (Smith & Topin 2018, in PyTorch's form).
double schedule_factor(const config::TrainSpec::Schedule& schedule, std::int64_t epoch, std::int64_t epochs);

// Trains and leaves the learner in its best state. validation: inputs for early stopping, count 0 where there are none.
TrainingState train(Learner& learner, const TrainingPlan& plan, const Rows& validation, const TrainingHooks& hooks,
                    const std::optional<Resume>& resume = std::nullopt);

}  // namespace assay::train
