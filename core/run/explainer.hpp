// What moves a stored model's forecasts, found out on test rows that it never saw and kept in the run: permutation importance, Shapley
// values, integrated gradients, partial dependence, reasons of a decision. Used by `assay explain`. docs/explaining.md says what each means
// and what stands in its JSON. The same bits for any number of threads and in any isolation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/explained_fit.hpp"

namespace assay::run {

struct ExplainRequest {
  FitChoice fit;
  std::vector<std::string> methods;  // of explain_methods(); empty: those that suit the model, the task and what is asked
  std::int64_t row = -1;             // of the source; -1: the test rows in general
  std::int64_t horizon = 0;          // of several, in rows; 0: the first
  std::string metric;                // of permutation; empty: the run's first that has a better side
  std::string class_name;            // whose score and probability; empty: the positive one, or of several the one that was forecast
  std::int64_t rows = 200;           // of attributions and dependence, drawn from the test rows
  std::int64_t background = 100;     // train rows that attributions are measured against
  std::int64_t draws = 10;           // of permutation
  std::int64_t steps = 64;           // of integrated gradients
  unsigned threads = 1;
  bool again = false;  // do not take what is stored
};

const std::vector<std::string>& explain_methods();

// An object for each method, in the order asked for: {"method": ..., ...}. What is new is stored, where the store can be written (else a
// note says so). Nothing where `diagnostics` has errors. Throws Error.
std::optional<std::vector<std::string>> explain(store::Store& store, const ExplainRequest& request, const RunContext& context,
                                                Diagnostics& diagnostics);

}  // namespace assay::run
