// Preparation steps and the selection of inputs, fitted on a fold's train rows only and then applied to any rows. Used by fold_data,
// by `assay predict` and by exports. No step drops validation or test rows. With time every step is causal. Serialisable as
// JSON, so that a stored model can be used without the data. Values; a fitted preparation is thread-safe for reading.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/error.hpp"
#include "config/experiment.hpp"
#include "data/frame.hpp"
#include "pipeline/doubtful.hpp"

namespace assay::pipeline {

enum class InputKind : std::uint8_t { number, category, flag };  // the values of ASSAY_COLUMN_*
struct InputColumn {
  std::string name;
  InputKind kind = InputKind::number;
  std::vector<std::string> levels;  // category
  friend bool operator==(const InputColumn&, const InputColumn&) = default;
};

inline constexpr double kUnknownLevel = -1;  // a category's value that the fit never saw; missing is NaN

// Columns of the rows that may be seen, in the frame's order. Categories are codes.
struct InputTable {
  std::vector<InputColumn> columns;
  std::vector<std::vector<double>> values;  // by column
  std::vector<std::int64_t> row;            // of the frame
  std::vector<std::int32_t> entity;         // one a row; 0 without entities
  std::vector<std::string> entity_names;    // by its number in `entity`; empty without entities
  std::vector<std::int64_t> position;       // within the entity, counting all rows of the frame: limits count rows that are not here too
  std::vector<TimeNs> time;                 // known_at; empty without time
  std::size_t rows() const { return row.size(); }
};
std::vector<InputColumn> input_columns(const data::Frame& frame, std::span<const std::string> names);
// Throws Error(data) where a column is absent. Timestamps cannot be inputs (Error). rows ascending.
InputTable take_inputs(const data::Frame& frame, std::span<const std::string> names, std::span<const std::int64_t> rows);
// The same for a stored model: levels are brought to the schema's by their text.
InputTable take_inputs(const data::Frame& frame, std::span<const InputColumn> schema, std::span<const std::int64_t> rows);

struct Matrix {  // row-major, dense
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values;
  double* row(std::int64_t index) { return values.data() + index * columns; }
  const double* row(std::int64_t index) const { return values.data() + index * columns; }
};

// What one step learned of one column. What the numbers mean is told where the step's kind stands (steps_*.cpp, selection_*.cpp).
struct FittedColumn {
  std::string name;
  std::vector<double> learned;
  std::vector<std::string> levels;
};
struct FittedStep {
  config::Component how;  // the step as the file has it
  std::vector<FittedColumn> columns;
};

// What selection learns from beside the inputs.
struct Labels {
  std::vector<double> y;  // one a row of the table, NaN for all but train rows; empty: there are none
  config::Task task = config::Task::regression;
};

class InnerFits;  // input_judge.hpp

class FittedPreparation {
 public:
  const std::vector<InputColumn>& inputs() const { return inputs_; }    // what it takes
  const std::vector<InputColumn>& outputs() const { return outputs_; }  // what it gives
  const std::vector<FittedStep>& steps() const { return steps_; }
  const std::vector<std::string>& dropped() const { return dropped_; }  // of the inputs: nothing but missing in the train rows

  // Every row of the table; rows with what is left missing stay, as NaN.
  Matrix transform(const InputTable& table) const;
  void apply(InputTable& table) const;  // the same in place, for tables too large for a second copy

  bool selects() const;                       // there are selections among the steps
  std::vector<std::string> left_out() const;  // what they dropped

  std::string to_json() const;
  static FittedPreparation from_json(const std::string& text);  // throws Error(data)

 private:
  friend class PreparationFit;
  std::vector<InputColumn> inputs_, outputs_;
  std::vector<std::string> dropped_;  // taken out before the first step
  void check_inputs(const InputTable& table) const;
  std::vector<FittedStep> steps_;
};

// The table as a matrix; columns are let go as they are copied, keys (row, entity, ...) stay in the table.
Matrix to_matrix(InputTable& table);

// What the rows of a fold contradict, and the key of the experiment file that is at fault ("inputs", "prepare.2", "select.0").
class PreparationError : public Error {
 public:
  PreparationError(std::string key, const Error& what) : Error(what), key_(std::move(key)) {}
  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

struct PreparationResult {
  FittedPreparation fitted;
  InputTable table;                // all rows, prepared
  std::vector<std::uint8_t> kept;  // a flag for each row of the table: a train row that no step dropped
  std::vector<std::string> notes;  // "column AGE is constant in train: not scaled"
};
// Fits the steps in order, those that select after those that prepare, each on what the steps before made of the train rows (is_train,
// one a row of `table`). The other rows of the table serve as history only. Throws PreparationError where nothing is left to fit on.
// inner: needed where a selection fits on parts of the train rows.
PreparationResult fit_preparation(const std::vector<config::Component>& steps, InputTable table, std::span<const std::uint8_t> is_train,
                                  const std::vector<config::Component>& select = {}, const Labels& labels = {},
                                  const InnerFits* inner = nullptr);

// What can be checked once the columns are known: patterns that match none of those that stand before their step, interpolation with
// time, scaling by time without time. `doubtful`: inputs that are missing here, for which no pattern is to blame.
void check_preparation(const std::vector<config::Component>& steps, const std::vector<config::Component>& select,
                       std::span<const InputColumn> inputs, const Doubtful& doubtful, bool has_time, Diagnostics& diagnostics);

}  // namespace assay::pipeline
