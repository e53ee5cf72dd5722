// What the selections share: train values side by side, classes of values, and who stays. Learned of each input that is judged: its score,
// and 1 where it stays. Used by selection_*.cpp only. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

inline constexpr std::size_t kScore = 0, kStays = 1;  // places in FittedColumn::learned

bool takes_plain(const config::Component& step, const InputColumn& column, bool named);  // all but categories
bool takes_all(const config::Component& step, const InputColumn& column, bool named);
void keep_chosen(const FittedStep& fitted, InputTable& table);  // StepKind::apply of every selection

// Those whose score is at least `least` stay, of them the best `most` (0: all of them); of equals the earlier ones.
void settle(FittedStep& fitted, double least, std::size_t most);

// Where none stays the best one does, with a note: a fold in which chance favours no input must not end a run.
void keep_one(FittedStep& fitted, std::vector<std::string>& notes);

std::vector<double> train_values(const TrainRows& rows, const std::string& name);  // of flagged rows, missing ones too
std::vector<double> train_labels(const TrainRows& rows);

// The number of each value's class, by quantiles of those that are there; equal values are never parted. Missing ones are -1.
std::vector<int> classes_by_quantile(const std::vector<double>& values, std::size_t classes);
// The same for an input of any kind: categories and flags are classes themselves, and missing values are one more.
std::vector<int> classes_of(const InputColumn& column, const std::vector<double>& values, std::size_t classes);
// counts[a][b] of rows with class a of one and b of the other; negative classes are left out.
std::vector<std::vector<double>> cross_table(const std::vector<int>& a, const std::vector<int>& b);

}  // namespace assay::pipeline
