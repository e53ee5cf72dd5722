// What each preparation step learns from train rows, and what it then does to any rows. Used by prepare.cpp only. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pipeline/prepare.hpp"

namespace assay::pipeline {

// `train` flags the rows to learn from. Notes are added where nothing could be learned.
FittedStep learn_step(const config::Component& step, const InputTable& table, std::span<const std::uint8_t> train,
                      std::vector<std::string>& notes);
// Clears the flags of train rows that the step drops (missing: drop, outliers: drop), seen before it is applied.
void drop_rows(const FittedStep& step, const InputTable& table, std::span<std::uint8_t> train);
void apply_step(const FittedStep& step, InputTable& table);

// A step's parameter, or what it is by default.
std::string text_param(const config::Component& step, const std::string& name, const std::string& fallback);
bool flag_param(const config::Component& step, const std::string& name);
std::vector<std::string> patterns_of(const config::Component& step);
// Whether a step may work on a column: named ones, or by default those of the kinds that it is made for.
bool works_on(const config::Component& step, const InputColumn& column);

}  // namespace assay::pipeline
