// Middle prices from bid and ask. Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <string>

#include "data/frame.hpp"

namespace assay::data {

struct QuotePair {
  std::string name, bid, ask, spread;  // name: of the new column (bid + ask) / 2; spread: of ask - bid; empty: none
};

// The frame with the new columns; missing where bid or ask is. Throws Error(data) where a column is absent or no number, or a name is
// taken.
Frame with_middle(const Frame& frame, const QuotePair& pair, FrameNotes& notes);

}  // namespace assay::data
