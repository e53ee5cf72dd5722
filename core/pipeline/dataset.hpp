// An experiment's data ready to be split: features computed, target and label intervals, what each row may know of earlier labels, the
// model's inputs by name. Used by run (once per experiment) and by predict (features only). It fits nothing: that is prepare's, per fold.
// Values, thread-safe for reading.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "data/frame.hpp"
#include "pipeline/doubtful.hpp"

namespace assay::plugin {
class AnyFeature;
}

namespace assay::pipeline {

using FeatureMaker = std::function<std::unique_ptr<plugin::AnyFeature>()>;
// One feature plugin applied to all rows; made by plugin_features() over the registry, or by a test.
struct FeatureColumns {
  std::vector<std::int64_t> warmup_rows;    // of each output
  std::vector<std::string> names;           // "" = the feature's own name; else the column is called <feature>.<name>
  std::vector<std::vector<double>> values;  // one a name, a value a row of the frame
  std::vector<std::string> columns = {};    // what it reads, no later than the present row
  FeatureMaker make = {};                   // of one that learns from train rows: there are no values yet
};

// A feature that each fold fits on its train rows. The frame has its columns, all missing.
struct FittedFeature {
  std::string name;
  std::vector<std::string> outputs;  // the columns' names
  FeatureMaker make;
};
using FeatureFactory = std::function<FeatureColumns(const config::Component&, const data::Frame&)>;  // throws Error

struct ComputedFeatures {
  data::Frame frame;                      // the given one with the features as further columns
  std::vector<std::string> names;         // of the added columns, in file order
  std::vector<std::int64_t> warmup_rows;  // of each
  std::vector<FittedFeature> fitted;      // those whose columns are empty still
};
// Expressions and plugins in file order; each may use earlier ones. Mistakes become diagnostics; a faulty feature is left out.
ComputedFeatures compute_features(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory,
                                  Diagnostics& diagnostics);

// The labels of one of target.horizons: the same quantity so many rows ahead. Rows near the end have a label here and none at a later
// horizon: they are not learned from, but what was last known at this horizon is theirs.
struct HorizonLabels {
  std::int64_t rows = 0;                  // as the file says
  std::int64_t lead_rows = 0;             // its label ends this many rows of the entity later
  std::vector<double> y;                  // NaN = no label
  std::vector<TimeNs> label_end;          // kMissingTime where there is no label
  std::vector<double> last_known_target;  // of this horizon, by its own labels' ends
};

struct Dataset {
  data::Frame frame;  // raw columns and features
  config::Task task = config::Task::regression;
  std::vector<std::string> classes;  // class number -> text; empty for regression. binary: {negative, positive}
  std::vector<std::string> inputs;   // columns that the model sees, before preparation
  std::vector<std::string> protected_columns;
  std::vector<std::string> features;  // the computed columns
  std::string target_column;          // the column's name, or the expression
  std::int64_t lookback = 0;
  std::int64_t warmup_rows = 0;  // longest of the inputs'
  std::int64_t lead_rows = 0;    // of the target: the label ends this many rows of the entity later; of several horizons the last end

  std::vector<double> y;                       // value or class number; NaN = no label
  std::vector<TimeNs> label_start, label_end;  // closed intervals; kMissingTime where there is no label; empty without time
  std::vector<double> last_known_target;       // NaN = none yet; empty without time
  // Empty: the target has one horizon. Else y is the first one's, where there are labels of all, and label_end is the latest of all: what
  // must not touch a label (purging, weights by overlap, what a step may know of it) hangs on that.
  std::vector<HorizonLabels> horizons;
  std::vector<std::int64_t> group;  // code of split.group; empty without
  std::vector<std::string> group_names;
  std::vector<std::int32_t> segment;   // windows never cross a change of it (segments.hpp says what a hole is); empty without time
  std::vector<std::int64_t> position;  // of the row within its entity, from 0
  std::vector<std::string> notes;
  std::vector<FittedFeature> fitted;  // what makes them must live as long as they are fitted
  Doubtful doubtful;                  // features that are missing from the frame, since they are wrong
  // Columns and features that tell a row's own answer, each with the row, from the present one, from which on it does: 0 for the target
  // column, 1 for a feature that is its lag(x, 1).
  std::map<std::string, std::int64_t, std::less<>> answers;

  std::int64_t rows() const { return static_cast<std::int64_t>(y.size()); }
  std::int64_t horizon_count() const { return horizons.empty() ? 1 : static_cast<std::int64_t>(horizons.size()); }
  bool has_time() const { return frame.has_time(); }
};

// Everything data-dependent is checked here: unknown columns with the nearest name, the target among the inputs, a text target without
// `positive`, a horizon shorter than the expression looks ahead, an all-missing target, one class only, and so on. With errors in
// `diagnostics` nothing may be learned from the result, but it can be checked further: what is faulty is left out, and in a faulty target's
// place every row has a label.
Dataset build_dataset(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory,
                      Diagnostics& diagnostics);

// With the labels of one of several horizons alone, for the rows that have a label of all.
Dataset of_horizon(Dataset dataset, std::size_t index);

// For each row the earlier label of the same entity that ended last, of those that ended at or before the row's known_at (of two that
// ended together the later row's). Labels of rows with
// hidden[row] != 0 are not seen (hidden may be empty).
std::vector<double> last_known(const data::Frame& frame, std::span<const double> y, std::span<const TimeNs> label_end,
                               std::span<const std::uint8_t> hidden);

// Where in the file an expression's mistake stands: inside the scalar where that is a plain or quoted single line, else the scalar.
Place inside(const Place& scalar, std::string_view expression, std::int64_t offset, std::int64_t length);

}  // namespace assay::pipeline
