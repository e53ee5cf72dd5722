// Labels made from later prices (target.label): those that are expressions are written as one; the triple barrier is computed here, with an
// end of its own for each row. Used by build_dataset. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.hpp"
#include "data/frame.hpp"

namespace assay::pipeline {

// A label's component in the terms of the expression language.
struct LabelTerms {
  std::int64_t horizon = 1;
  std::vector<std::pair<std::string, std::string>> columns;  // parameter and the column that it names
  std::string value;                                         // of forward_return and direction; empty for the others
  std::string gain;                                          // the return from beginning to end of the horizon
  std::string price, begin, high, low, deviation;            // of triple_barrier; begin: the price that one begins with
};
// horizon: in rows, of a label without one of its own.
LabelTerms terms_of(const config::Component& label, config::Task task, std::int64_t horizon = 0);
bool is_triple_barrier(const config::Component& label);

// What a target is computed from, none where it is a column: an expression for each horizon, or what the triple barrier reads.
struct TargetText {
  std::string text;
  std::int64_t horizon = 0;  // what `horizon` stands for in it; 0: it does not say it
};
std::vector<TargetText> target_texts(const config::TargetSpec& target);

// -1, 0 and 1 are down, flat and up; of a binary task 0 and 1 are the rest and up.
std::vector<std::string> label_classes(config::Task task, const std::vector<std::string>& found);

// What the triple barrier reads: a value for each row of the frame, NaN where there is none.
struct BarrierPrices {
  std::span<const double> price, begin, high, low;
  std::span<const double> deviation;  // of one-row log returns up to the row
};
struct BarrierLabels {
  std::vector<double> side;  // -1 the loss came first, 1 the gain, 0 neither (or, at_end: sign, the return's sign); NaN: no label
  std::vector<double> gain;  // the return at the label's end
  std::vector<TimeNs> ends;  // known_at of the row that touched, or of the last one; kMissingTime without a label
  std::int64_t early = 0;    // labels of rows with fewer than `horizon` rows after them
};
// Lopez de Prado 2018, ch. 3.2 to 3.5, with barriers at begin * (1 +- multiple * deviation * sqrt(horizon)). A label is there once a
// barrier is touched, or `horizon` rows of the entity have passed, all in one stretch (see segments.hpp; empty: there are no holes).
// Missing prices on the way touch nothing. Where one row touches both, the loss came first.
BarrierLabels triple_barrier(const config::Component& label, const data::Frame& frame, const BarrierPrices& prices,
                             std::span<const std::int32_t> stretch);

}  // namespace assay::pipeline
