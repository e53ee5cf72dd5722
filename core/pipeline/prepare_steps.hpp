// The kinds of preparation and selection steps: what each works on, what it learns from train rows, what it then does to any rows. Each
// kind stands in a steps_*.cpp or selection_*.cpp and is listed in prepare_steps.cpp. Used by prepare, check_preparation and fold_data.
// Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/prepare.hpp"
#include "pipeline/spread.hpp"

namespace assay::pipeline {

// What a step learns from: the flagged rows of the table, and their labels.
struct TrainRows {
  const InputTable& table;
  std::span<const std::uint8_t> train;
  const Labels& labels;
  const InnerFits* inner = nullptr;  // of those that fit on parts of them
};

// A kind of step. `learn` finds an entry with a name for each column that the step works on, and fills it.
struct StepKind {
  const char* id;
  bool (*takes)(const config::Component& step, const InputColumn& column, bool named);
  void (*learn)(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes);
  void (*apply)(const FittedStep& fitted, InputTable& table);
  void (*drop)(const FittedStep& fitted, const InputTable& table, std::span<std::uint8_t> train) = nullptr;  // clears flags of train rows
  bool (*looks_around)(const config::Component& step) = nullptr;  // what it makes of a row depends on other rows
};
const StepKind& step_kind(const config::Component& step);

std::span<const StepKind> missing_steps();              // missing
std::span<const StepKind> outlier_steps();              // outliers, winsorise, hampel
std::span<const StepKind> scale_steps();                // scale, rolling_standard
std::span<const StepKind> shape_steps();                // power, quantile_normal
std::span<const StepKind> pca_steps();                  // pca
std::span<const StepKind> one_hot_steps();              // one_hot
std::span<const StepKind> selection_steps();            // variance, information_value, ...
std::span<const StepKind> joint_selection_steps();      // correlation, vif
std::span<const StepKind> recursive_selection_steps();  // recursive_elimination
std::span<const StepKind> l1_selection_steps();         // l1_path

FittedStep learn_step(const config::Component& step, const TrainRows& rows, std::vector<std::string>& notes);

// A step's parameter, or what it is by default.
const config::Value& param(const config::Component& step, std::string_view name);
const std::string& text_param(const config::Component& step, std::string_view name);
config::Component component_param(const config::Component& step, std::string_view name);
double number_param(const config::Component& step, std::string_view name);
bool flag_param(const config::Component& step, std::string_view name);
std::vector<std::string> patterns_of(const config::Component& step);
// Whether a step may work on a column: named ones, or by default those of the kinds that it is made for.
bool works_on(const config::Component& step, const InputColumn& column);
bool looks_around(const config::Component& step);
bool is_selection(const config::Component& step);
bool takes_numbers(const config::Component& step, const InputColumn& column, bool named);  // StepKind::takes of most: flags only by name

std::size_t index_of(const InputTable& table, const std::string& name);
void add_flag(InputTable& table, std::string name, std::vector<double> values);

// learned(column, its present values in train rows, entry to fill) for each entry.
template <class Learned>
void learn_each(const TrainRows& rows, FittedStep& fitted, const Learned& learned) {
  for (FittedColumn& entry : fitted.columns) {
    const std::size_t at = index_of(rows.table, entry.name);
    learned(rows.table.columns[at], present(rows.table.values[at], rows.train), entry);
  }
}
// changed(entry, index of its column) for each entry.
template <class Change>
void change_each(const FittedStep& fitted, InputTable& table, const Change& change) {
  for (const FittedColumn& column : fitted.columns) change(column, index_of(table, column.name));
}

}  // namespace assay::pipeline
