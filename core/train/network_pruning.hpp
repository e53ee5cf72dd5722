// Network pruning after training: for each share of weights or units that is to go, the trained network loses it, by a schedule, and is
// trained further; and which of the results becomes the model. Used by run, once a unit. The loop knows no labels: scores of validation
// rows come from the caller. Same learner, same plan, same bits, straight through or from a checkpoint; a share's result does not depend on
// which other shares there are. One thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "train/learner.hpp"

namespace assay::train {

struct PruningPlan {
  plugin::Pruning method = plugin::Pruning::weights;
  std::vector<double> sparsity;  // rising
  std::int64_t fine_tune_epochs = 3;
  std::string schedule = "cubic";  // cubic | linear | one_shot
  double rate_factor = 1;
  std::int64_t first_epoch = 0;  // what further epochs are numbered from: the order of rows comes from it
};

// One share's network.
struct PrunedLevel {
  double sparsity = 0;            // asked for
  plugin::ModelSize size;         // what it came to
  std::vector<double> losses;     // of the further epochs
  std::vector<std::byte> bundle;  // its state, without a note
};

struct PruningState {               // with the learner's checkpoint all that going on needs
  std::vector<PrunedLevel> levels;  // that are done; the first is the network as trained
  std::int64_t next_epoch = 0;      // of the level after them
  std::vector<double> losses;       // of its epochs so far
  // In the bytes the bundles stand one after another, and behind them the learner's checkpoint.
  std::string to_json() const;
  std::vector<std::byte> bytes(std::span<const std::byte> learner) const;
  struct Read;
  static Read read(const std::string& json, std::span<const std::byte> bytes);  // throws Error(failed)
};
struct PruningState::Read {
  PruningState state;
  std::vector<std::byte> learner;
};

struct PruningHooks {
  std::function<void(std::size_t level, std::int64_t epoch)> progress;  // after each epoch, of level 1, 2 ...; may be empty
  std::function<bool()> wants_checkpoint;                               // after each epoch; may be empty
  std::function<void(const PruningState&, std::vector<std::byte> learner)> put_checkpoint;
  const std::atomic<bool>* cancel = nullptr;  // looked at between epochs; throws Error(interrupted)
};

// The share that is gone after the raise at the beginning of a further epoch (0, 1 ...) of `epochs`, which is `sparsity` from the middle of
// them on. cubic: s (1 - (1 - t)^3), Zhu and Gupta (2017), equation 1, from nothing at t = 0 to s at t = 1.
double share_at(const std::string& schedule, double sparsity, std::int64_t epoch, std::int64_t epochs);

// The network as trained, then each share's. The learner holds the trained network, or goes on with what `resume` has; afterwards it holds
// the last share's.
std::vector<PrunedLevel> prune_levels(Learner& learner, const PruningPlan& plan, const PruningHooks& hooks,
                                      std::optional<PruningState::Read> resume = std::nullopt);

// The last level whose score is not worse than the best by more than the tolerance; scores that are undefined (NaN) count as none. Throws
// Error(failed) where all are. direction: +1 higher is better.
std::size_t sparsest_within(std::span<const double> scores, int direction, double tolerance);

}  // namespace assay::train
