// A fitted preparation as nodes: what FittedPreparation::transform does to the columns, for rows that come one by one. Used by export_fit.
// Steps that look at other rows than their own cannot be said; they are named with their reason. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "onnx/graph_builder.hpp"
#include "pipeline/prepare.hpp"

namespace assay::onnx {

// Which steps cannot be expressed, and why, a text for each reason; empty: all can.
std::vector<std::string> inexpressible_steps(const pipeline::FittedPreparation& preparation);

// x: the inputs' columns along the last axis. Gives the name of the prepared ones. Every step has to be expressible.
std::string add_preparation(const pipeline::FittedPreparation& preparation, const std::string& x, GraphBuilder& g);

}  // namespace assay::onnx
