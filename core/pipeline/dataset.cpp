#include "pipeline/dataset.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/feature_pass.hpp"
#include "pipeline/target.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::string did_you_mean(std::string_view name, const data::Frame& frame) {
  const std::vector<std::string> names = frame.names();
  const auto near = text::nearest(name, names);
  return near ? fmt::format("did you mean {}?", *near) : "columns: " + text::join(names, ", ");
}

Place place_of(const config::Experiment& experiment, const std::map<std::string, Place>& places, const std::string& key) {
  if (const auto found = places.find(key); found != places.end()) return found->second;
  Place file;
  file.file = experiment.file.string();
  return file;
}

class Builder {
 public:
  Builder(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory, Diagnostics& diagnostics)
      : experiment_(experiment), raw_(frame), diagnostics_(diagnostics), pass_(frame, factory, diagnostics) {}

  Dataset build() {
    for (const config::FeatureSpec& spec : experiment_.features) pass_.add(spec);
    const bool by_expression = experiment_.target.column.empty();
    int target = -1;
    if (by_expression) {
      target = pass_.add_expression("", experiment_.target.expression, Use::target, experiment_.target.expression_place, "target.expr");
    }
    std::vector<int> more;
    if (target >= 0) more.push_back(target);
    std::vector<std::vector<double>> values = pass_.flush(more);
    dataset_.frame = pass_.frame();
    dataset_.features = pass_.names();
    dataset_.lookback = experiment_.inputs.lookback;
    set_positions();
    read_columns();
    if (by_expression && target >= 0) {
      dataset_.target_column = experiment_.target.expression;
      dataset_.lead_rows = pass_.plan().lead_rows(target);
      read_target(expression_column(target, std::move(values[0])));
      note_columns_of_target(target);
    } else if (!by_expression) {
      dataset_.target_column = experiment_.target.column;
      const data::Column* column = find(experiment_.target.column, experiment_.target.expression_place, "target.column");
      if (column != nullptr) {
        read_target(*column);
        check_leaks();
      }
    }
    if (dataset_.y.empty()) dataset_.y.assign(raw_.rows(), kMissing);
    set_times();
    choose_inputs();
    set_warmup();
    return std::move(dataset_);
  }

 private:
  const data::Column* find(const std::string& name, const Place& place, const std::string& key) {
    const data::Column* column = dataset_.frame.find(name);
    if (column == nullptr) {
      diagnostics_.data_error(place, fmt::format("there is no column `{}` in the data", name), did_you_mean(name, dataset_.frame), key);
    }
    return column;
  }

  void set_positions() {
    const data::Frame& frame = dataset_.frame;
    dataset_.position.assign(frame.rows(), 0);
    for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
      std::int64_t at = 0;
      for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) {
        dataset_.position[static_cast<std::size_t>(row)] = at++;
      }
    }
    if (frame.has_time()) set_segments();
  }

  // A new segment wherever an entity lacks a time that other entities have.
  void set_segments() {
    const data::Frame& frame = dataset_.frame;
    const auto times = frame.time_index();
    dataset_.segment.assign(frame.rows(), 0);
    std::int32_t segment = -1;
    std::int64_t holes = 0;
    for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
      std::int32_t before = -2;
      for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) {
        const std::int32_t now = times[static_cast<std::size_t>(row)];
        if (now != before + 1) {
          ++segment;
          if (before >= 0) ++holes;
        }
        before = now;
        dataset_.segment[static_cast<std::size_t>(row)] = segment;
      }
    }
    if (holes > 0) dataset_.notes.push_back(fmt::format("{} holes: times that some entities have and others lack", holes));
  }

  void read_columns() {
    for (std::size_t i = 0; i < experiment_.protected_columns.size(); ++i) {
      const std::string key = fmt::format("protected.{}", i);
      if (find(experiment_.protected_columns[i], place_of(experiment_, experiment_.data.key_places, key), "protected") != nullptr) {
        dataset_.protected_columns.push_back(experiment_.protected_columns[i]);
      }
    }
    for (std::size_t i = 0; i < experiment_.evaluate.segments.size(); ++i) {
      const std::string key = fmt::format("evaluate.segments.{}", i);
      find(experiment_.evaluate.segments[i], place_of(experiment_, experiment_.data.key_places, key), "evaluate.segments");
    }
    if (experiment_.split.group.empty()) return;
    const auto& places = experiment_.split.key_places;
    const Place place = places.contains("group") ? places.at("group") : experiment_.split.place;
    const data::Column* group = find(experiment_.split.group, place, "split.group");
    if (group == nullptr) return;
    if (group->missing_count() > 0) {
      diagnostics_.data_error(place, fmt::format("{} rows have no `{}`, so no group", group->missing_count(), group->name()),
                              "fill them, or drop the rows from the file", "split.group");
      return;
    }
    const data::Column codes = group->type() == data::ColumnType::category ? *group : group->as_category();
    dataset_.group_names = codes.levels();
    dataset_.group.assign(codes.codes().begin(), codes.codes().end());
  }

  data::Column expression_column(int root, std::vector<double> values) const {
    if (pass_.plan().type(root) == ValueType::category) return dataset_.frame.at(pass_.plan().column_name(root));
    if (pass_.plan().type(root) != ValueType::boolean) return data::Column::of_reals(dataset_.target_column, std::move(values));
    std::vector<std::uint8_t> flags;
    for (const double value : values) flags.push_back(std::isnan(value) ? data::kMissingBoolean : static_cast<std::uint8_t>(value));
    return data::Column::of_booleans(dataset_.target_column, std::move(flags));
  }

  void read_target(const data::Column& column) {
    TargetValues target = pipeline::read_target(experiment_.target, column, diagnostics_);
    dataset_.task = experiment_.target.task;
    dataset_.y = std::move(target.y);
    dataset_.classes = std::move(target.classes);
    for (std::string& note : target.notes) dataset_.notes.push_back(std::move(note));
  }

  // Features that read the present value of a target column give the answer away.
  void check_leaks() {
    const std::string& target = experiment_.target.column;
    for (const config::FeatureSpec& spec : experiment_.features) {
      bool reads = false;
      if (spec.component) {
        reads = !raw_.has_time() && std::any_of(spec.component->params.begin(), spec.component->params.end(), [&](const auto& entry) {
          const auto* name = std::get_if<std::string>(&entry.second.data);
          return name != nullptr && *name == target;
        });
      } else if (const auto root = pass_.roots().find(spec.name); root != pass_.roots().end()) {
        const auto latest = pass_.plan().latest_read(root->second, target);
        reads = latest && (*latest >= 0 || !raw_.has_time());
      }
      if (reads) {
        diagnostics_.error(spec.place, fmt::format("feature `{}` reads the target `{}`", spec.name, target),
                           raw_.has_time() ? fmt::format("use earlier values, as in lag({}, 1)", target) : "take the target out of it",
                           "features." + spec.name);
      }
    }
  }

  void note_columns_of_target(int root) {
    if (dataset_.lead_rows > 0) return;
    for (const std::string& name : dataset_.frame.names()) {
      if (pass_.plan().latest_read(root, name)) target_reads_.insert(name);
    }
  }

  void set_times() {
    if (!raw_.has_time()) {
      if (experiment_.target.horizon) {
        diagnostics_.error(experiment_.target.place, "a horizon needs a time column", "take `horizon` out", "target.horizon");
      }
      return;
    }
    label_times(dataset_, experiment_.target, diagnostics_);
    dataset_.last_known_target = last_known(dataset_.frame, dataset_.y, dataset_.label_end, {});
  }

  // Why a column cannot be among the inputs, or nothing.
  std::string barred(const data::Column& column) const {
    const std::string& name = column.name();
    if (name == experiment_.target.column) return "is the target";
    if (target_reads_.contains(name)) return "is what the target is made from";
    const auto& kept = dataset_.protected_columns;
    if (std::find(kept.begin(), kept.end(), name) != kept.end()) return "is protected";
    const auto& dropped = experiment_.data.drop;
    if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) return "is dropped";
    if (experiment_.data.time && name == experiment_.data.time->column) return "is the time";
    if (column.type() == data::ColumnType::timestamp) return "is a time";
    return {};
  }
  bool kept_aside(const data::Column& column) const {
    return column.name() == experiment_.data.entity || column.name() == experiment_.split.group ||
           column.name() == experiment_.data.factor_column || !barred(column).empty();
  }

  void choose_inputs() {
    const config::InputsSpec& inputs = experiment_.inputs;
    if (inputs.features) {
      dataset_.inputs = dataset_.features;
    } else if (inputs.all) {
      for (const data::Column& column : dataset_.frame.columns()) {
        if (!kept_aside(column)) dataset_.inputs.push_back(column.name());
      }
    } else {
      for (std::size_t i = 0; i < inputs.patterns.size(); ++i) {
        match(inputs.patterns[i], i < inputs.pattern_places.size() ? inputs.pattern_places[i] : inputs.place);
      }
    }
    if (dataset_.inputs.empty() && !diagnostics_.has_errors()) {
      diagnostics_.data_error(inputs.place, "no column is left for the model to see", "name inputs, or give features", "inputs");
    }
  }

  void match(const std::string& pattern, const Place& place) {
    if (const data::Column* column = dataset_.frame.find(pattern)) {
      if (const std::string reason = barred(*column); !reason.empty()) {
        diagnostics_.error(place, fmt::format("`{}` cannot be an input: it {}", pattern, reason), "take it out of the inputs", "inputs");
        return;
      }
      add_input(pattern);
      return;
    }
    bool any = false;
    for (const data::Column& column : dataset_.frame.columns()) {
      if (!text::matches(pattern, column.name())) continue;
      any = true;
      if (!kept_aside(column)) add_input(column.name());
    }
    const auto& declared = experiment_.features;  // one that is not there is wrong itself, and has been named
    if (any || std::any_of(declared.begin(), declared.end(), [&](const auto& spec) { return text::matches(pattern, spec.name); })) return;
    diagnostics_.data_error(place, fmt::format("no column is called or matches `{}`", pattern), did_you_mean(pattern, dataset_.frame),
                            "inputs");
  }
  void add_input(const std::string& name) {
    if (std::find(dataset_.inputs.begin(), dataset_.inputs.end(), name) == dataset_.inputs.end()) dataset_.inputs.push_back(name);
  }

  void set_warmup() {
    for (std::size_t i = 0; i < pass_.names().size(); ++i) {
      const bool used = std::find(dataset_.inputs.begin(), dataset_.inputs.end(), pass_.names()[i]) != dataset_.inputs.end();
      if (used) dataset_.warmup_rows = std::max(dataset_.warmup_rows, pass_.warmup_rows()[i]);
    }
  }

  const config::Experiment& experiment_;
  const data::Frame& raw_;
  Diagnostics& diagnostics_;
  FeaturePass pass_;
  Dataset dataset_;
  std::set<std::string> target_reads_;
};

}  // namespace

Dataset build_dataset(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory,
                      Diagnostics& diagnostics) {
  return Builder(experiment, frame, factory, diagnostics).build();
}

}  // namespace assay::pipeline
