// One model on one fold's train rows: the seam between the loop that decides (trainer) and the model that learns, which may live in this
// process (LocalLearner) or in a worker (run/remote_learner). A Learner sees train rows, and inputs without labels for predicting: labels
// of validation and test rows never get here. One thread at a time. Every call throws assay::Error where the model fails.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "pipeline/prepare.hpp"
#include "plugin/graph.hpp"
#include "plugin/model_size.hpp"
#include "train/rows.hpp"

namespace assay::train {

// What is to be learned, beside the rows. A value that travels to a worker.
struct LearnerSetup {
  config::Component model;
  config::Task task = config::Task::regression;
  std::vector<pipeline::InputColumn> inputs;
  std::int64_t outputs = 1;            // 1, the class count, or the number of horizons
  std::vector<std::int64_t> horizons;  // in rows; empty: the target has one, or the model learns it alone
  std::vector<double> class_weight;    // empty: none
  std::vector<double> levels;          // of the quantiles that are asked for, rising; empty: none are
  std::int64_t batch_size = 32;
  bool shuffle = true;
  std::uint64_t seed = 0;  // of this unit: everything random comes from it
  std::uint32_t max_threads = 1;
  std::string schema_hash;  // of `inputs`, kept in the bundle
};

LearnerSetup of_one_horizon(LearnerSetup setup);  // what one of several is learned by alone

struct LearnerTraits {
  bool by_steps = false;         // model.step: the trainer owns epochs
  bool resumable = false;        // train_state: stop and go on, same bits
  bool uses_validation = false;  // model.fit with evaluate(): wants validation inputs during fit
  bool tells_slopes = false;     // model.gradient: slopes() answers
  bool linear = false;           // the same slopes for every row
  bool tells_quantiles = false;  // model.quantiles: quantiles() answers where the setup has levels
  bool prunes = false;           // model.prune: prune() and size() answer
};

// The score of predictions (validation rows x outputs) for a fit that stops early by itself; higher is better. horizon: the one of several
// that the predictions are of, or -1: all of them.
using Evaluate = std::function<double(std::span<const double> predictions, std::int64_t horizon)>;

// How a raw score (abi.h, model.gradient) changes with the inputs of each row.
struct Slopes {
  std::vector<double> score;  // of each row
  std::vector<double> slope;  // rows x Rows::width(), NaN: that input has none
};

// Seconds that a prediction takes a row, on one thread: asked for one row, and for many together. Measured: never the same twice.
struct PredictSpeed {
  double one_row = 0, batch = 0;
};

class Learner {
 public:
  virtual ~Learner() = default;
  virtual LearnerTraits traits() const = 0;
  virtual void begin() = 0;                                                // step models: forget, initial weights
  virtual double epoch(std::int64_t index, double rate_factor) = 0;        // one pass in the order of (seed, index); mean loss
  virtual void fit(const Rows& validation, const Evaluate& evaluate) = 0;  // fit models; without validation rows evaluate is empty
  virtual std::vector<double> predict(const Rows& rows) = 0;               // rows x outputs, row-major
  virtual std::vector<double> quantiles(const Rows& rows) = 0;             // rows x levels of the setup; empty: as it is set up it has none
  virtual void keep_best() = 0;                                            // remembers the present state
  virtual void restore_best() = 0;                                         // further epochs train on from there with a fresh optimiser
  virtual std::vector<std::byte> save(const std::string& note) = 0;        // a model bundle (plugin/state_bundle) that carries `note`
  virtual void load(std::span<const std::byte> bundle) = 0;                // what save() gave, in place of learning: predict() only
  virtual std::vector<std::byte> checkpoint() = 0;                         // train state and what keep_best() remembers
  virtual void resume(std::span<const std::byte> checkpoint) = 0;          // instead of begin()
  virtual std::vector<double> importance() = 0;                            // of each input, >= 0; throws where the model tells none
  virtual std::vector<std::pair<std::string, std::string>> summary() = 0;  // named texts and numbers that the model tells of itself
  virtual plugin::Graph graph() = 0;                                       // what predict() computes; throws where the model does not tell
  virtual void prune(plugin::Pruning method, double share) = 0;            // share of the model as training began
  virtual plugin::ModelSize size(plugin::Pruning method) = 0;
  virtual PredictSpeed predict_speed(const Rows& rows) = 0;          // rows: at least one
  virtual Slopes slopes(const Rows& rows, std::int64_t output) = 0;  // of one output; throws where the model does not tell
};

}  // namespace assay::train
