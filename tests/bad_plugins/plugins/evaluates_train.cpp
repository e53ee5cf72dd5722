// asks for the score of its train rows, where validation rows are on offer
#include "linear.hpp"

struct EvaluatesTrain : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    Linear::fit(batch, call);
    if (call.can_evaluate()) call.evaluate(std::vector<double>(static_cast<std::size_t>(batch.size()), 0.5));
  }
};

ASSAY_PLUGIN(assay::model<EvaluatesTrain>("bad.evaluates_train", "1.0.0", "Asks for the score of its train rows"))
