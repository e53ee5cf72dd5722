// The C view of what is to be learned, as a model gets it with every call. Used by local_learner. It borrows the setup and the names in it,
// and looks at the train rows once, for their targets' mean and deviation. A value that stays where it was made: the view points into it.
// Thread-safe for reading.
#pragma once

#include <span>
#include <vector>

#include "assay/abi.h"
#include "train/learner.hpp"

namespace assay::train {

class ProblemView {
 public:
  ProblemView(const LearnerSetup& setup, const Rows& train);
  ProblemView(const ProblemView&) = delete;
  const assay_problem& raw() const { return problem_; }

 private:
  // Mean and standard deviation of a regression's train targets, weighted where rows are; of several horizons of each.
  void set_target(const Rows& train);

  std::vector<std::vector<assay_text>> levels_;
  std::vector<assay_column> columns_;
  std::vector<const assay_column*> pointers_;
  std::vector<double> center_, scale_;  // of each horizon
  assay_problem problem_{};
};

}  // namespace assay::train
