// What a selection asks where only a model can tell what an input is worth. The pipeline knows no models: run answers through InputJudge
// (run/model_judge), and fold_data stands between, which makes the rows. Used by selection_*.cpp. Values and interfaces; implementations
// are thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "pipeline/prepare.hpp"

namespace assay::pipeline {

struct FoldPart;

struct Judgement {
  std::vector<double> importance;                           // one an input, larger is better; empty where it was not asked for
  double score = std::numeric_limits<double>::quiet_NaN();  // of the forecasts of the held-out rows, larger is better
};

struct Question {
  const config::Component& model;
  std::uint64_t seed = 0;
  bool importance = true;
  std::int64_t permutations = 0;  // importance: how often each input is dealt out anew over the held-out rows; 0: the model says itself
  config::Task task = config::Task::regression;
  std::size_t classes = 0;  // of all rows, whether the train rows hold them or not; 0 for regression
};

class InputJudge {
 public:
  virtual ~InputJudge() = default;
  virtual bool accepts_missing(const config::Component& model) const = 0;  // it takes NaN among its inputs
  virtual bool wants_held_out(const config::Component& model) const = 0;   // it stops early, by rows that it does not learn from
  // Fits on `train`. held_out has no rows where nothing was held out; then there is no score. Throws where the model fails.
  virtual Judgement judge(const Question& question, const std::vector<InputColumn>& inputs, FoldPart train,
                          const FoldPart& held_out) const = 0;
};

// The fold's train rows, parted once more.
struct InnerRows {
  std::vector<std::uint8_t> train, held_out;  // flags of the table's rows
};

// The fold that a selection is made in.
class InnerFits {
 public:
  virtual ~InnerFits() = default;
  // Some of the rows flagged in `among` are held out: the last ones where there is time, else drawn; labels and groups of the others do
  // not touch theirs. Throws Error(data) where that leaves nothing on one side.
  virtual InnerRows hold_out(const InputTable& table, std::span<const std::uint8_t> among, double share, std::uint64_t seed) const = 0;
  virtual Judgement judge(const Question& question, InputTable table, const InnerRows& rows) const = 0;
  virtual const InputJudge& models() const = 0;
};

}  // namespace assay::pipeline
