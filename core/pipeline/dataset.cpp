#include "pipeline/dataset.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/large_pages.hpp"
#include "base/text.hpp"
#include "pipeline/feature_pass.hpp"
#include "pipeline/labels.hpp"
#include "pipeline/segments.hpp"
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
      : experiment_(experiment), raw_(frame), diagnostics_(diagnostics), pass_(frame, factory, diagnostics, experiment.data.bar()) {}

  Dataset build() {
    dataset_.task = experiment_.target.task;
    for (const config::FeatureSpec& spec : experiment_.features) pass_.add(spec);
    if (!experiment_.has_target()) return without_target();
    const std::vector<int> roots = target_roots();
    std::vector<ColumnValues> values = pass_.flush(roots);
    dataset_.frame = pass_.frame();
    dataset_.features = pass_.names();
    dataset_.doubtful = pass_.doubtful();
    dataset_.fitted = pass_.fitted();
    dataset_.lookback = experiment_.inputs.lookback;
    set_positions();
    read_columns();
    if (!roots.empty()) {
      if (experiment_.target.label && is_triple_barrier(*experiment_.target.label))
        read_barriers(values);
      else if (experiment_.has_horizons())
        read_horizons(roots, std::move(values));
      else
        read_expression(roots[0], std::move(values[0]));
      note_return();
    } else if (!experiment_.target.column.empty()) {
      dataset_.target_column = experiment_.target.column;
      const data::Column* column = find(experiment_.target.column, experiment_.target.expression_place, "target.column");
      if (column != nullptr) {
        read_target(*column);
        note_columns_of_target(-1);
      }
    }
    const bool is_read = !dataset_.y.empty();
    if (!is_read) label_all();
    if (is_read) keep_members();
    if (is_read && !dataset_.horizons.empty()) keep_common_labels(dataset_);
    set_times(is_read);
    note_answers();
    choose_inputs();
    check_inputs();
    set_warmup();
    return std::move(dataset_);
  }

 private:
  // What the target is computed from. None where it is a column, or wrong.
  std::vector<int> target_roots() {
    const config::TargetSpec& target = experiment_.target;
    if (target.label && !label_columns(terms_of(*target.label, target.task, first_horizon()))) return {};
    std::vector<int> roots;
    for (const auto& [text, horizon] : target_texts(target)) {
      const char* key = target.label ? "target.label" : "target.expr";
      roots.push_back(pass_.add_expression("", text, Use::target, target.expression_place, key, horizon));
      if (roots.back() < 0) return {};  // and wrong in the same way for the other horizons
    }
    return roots;
  }
  std::int64_t first_horizon() const { return experiment_.has_horizons() ? experiment_.target.horizons.front() : 0; }
  bool label_columns(const LabelTerms& terms) {
    bool sound = true;
    for (const auto& [name, column] : terms.columns) {
      const std::string key = "target.label." + name;
      const Place place = experiment_.places.contains(key) ? experiment_.places.at(key) : experiment_.target.expression_place;
      const data::Column* raw = raw_.find(column);
      const bool known = raw != nullptr || pass_.plan().knows(column);
      if (!known && !pass_.doubtful().holds(column))
        diagnostics_.data_error(place, fmt::format("there is no column `{}` in the data", column), did_you_mean(column, raw_), key);
      if (raw != nullptr && !raw->is_numeric())
        diagnostics_.data_error(place, fmt::format("`{}` holds {}, and a label needs prices", column, data::to_text(raw->type())), "", key);
      sound = sound && known && (raw == nullptr || raw->is_numeric());
    }
    return sound;
  }

  void read_expression(int root, ColumnValues values) {
    dataset_.target_column = target_text();
    dataset_.lead_rows = pass_.plan().lead_rows(root);
    read_target(expression_column(root, std::move(values)));
    note_columns_of_target(root);
  }

  // The same expression for each horizon: a root and values for each.
  void read_horizons(const std::vector<int>& roots, std::vector<ColumnValues> values) {
    dataset_.target_column = target_text();
    for (std::size_t h = 0; h < roots.size(); ++h) {
      HorizonLabels labels;
      labels.rows = experiment_.target.horizons[h];
      labels.lead_rows = pass_.plan().lead_rows(roots[h]);
      dataset_.lead_rows = std::max(dataset_.lead_rows, labels.lead_rows);
      TargetValues read =
          pipeline::read_target(experiment_.target, expression_column(roots[h], std::move(values[h])), diagnostics_, labels.rows);
      if (read.y.empty()) return dataset_.horizons.clear();
      labels.y = std::move(read.y);
      dataset_.horizons.push_back(std::move(labels));
    }
    dataset_.y = dataset_.horizons.front().y;
    for (const int root : roots)
      if (dataset_.lead_rows == 0) merge(target_reads_, pass_.plan().reads(root));
  }

  // values: of price, begin, high, low and deviation.
  void read_barriers(const std::vector<ColumnValues>& values) {
    const config::Component& label = *experiment_.target.label;
    dataset_.target_column = target_text();
    dataset_.lead_rows = terms_of(label, dataset_.task).horizon;
    BarrierLabels labels = triple_barrier(label, dataset_.frame, {values[0], values[1], values[2], values[3], values[4]},
                                          stretches(dataset_.frame, experiment_.data.bar()));
    barrier_ends_ = std::move(labels.ends);
    if (labels.early > 0)
      dataset_.notes.push_back(
          fmt::format("{} rows have fewer than {} rows after them, and a label only because a barrier was touched before", labels.early,
                      dataset_.lead_rows));
    if (dataset_.task == config::Task::regression) {
      read_target(data::Column::of_reals(dataset_.target_column, std::move(labels.gain)));
    } else if (dataset_.task == config::Task::multiclass) {
      read_target(data::Column::of_reals(dataset_.target_column, std::move(labels.side)));
    } else {
      std::vector<std::uint8_t> up;
      for (const double side : labels.side) up.push_back(std::isnan(side) ? data::kMissingBoolean : static_cast<std::uint8_t>(side == 1));
      read_target(data::Column::of_booleans(dataset_.target_column, std::move(up)));
    }
  }

  // As the ledger names it.
  std::string target_text() const {
    const config::TargetSpec& target = experiment_.target;
    return target.label ? config::to_text(config::Value{config::ComponentValue{target.label->id, target.label->params}})
                        : target.expression;
  }
  void note_return() {
    if (!raw_.has_time()) return;
    const config::TargetSpec& target = experiment_.target;
    const std::string gain = target.label ? terms_of(*target.label, target.task, first_horizon()).gain : target.expression;
    for (std::string& note : notes_of_returns(experiment_, gain)) dataset_.notes.push_back(std::move(note));
  }

  // Rows outside of the universe have no label: they are neither learned from nor forecast, but are there for their features' windows.
  void keep_members() {
    const data::Column* const member = experiment_.data.tables.universe ? dataset_.frame.find(experiment_.data.tables.member) : nullptr;
    if (member == nullptr) return;
    for (std::size_t row = 0; row < dataset_.y.size(); ++row) {
      if (member->number(row) != 0) continue;
      dataset_.y[row] = kMissing;
      for (HorizonLabels& h : dataset_.horizons) h.y[row] = kMissing;
    }
  }

  // A strategy without a model: nothing is forecast, and every row is known at its own time.
  Dataset without_target() {
    pass_.flush({});
    dataset_.frame = pass_.frame();
    dataset_.features = pass_.names();
    dataset_.doubtful = pass_.doubtful();
    dataset_.fitted = pass_.fitted();
    set_positions();
    read_columns();
    label_all();
    dataset_.last_known_target.assign(raw_.rows(), kMissing);
    return std::move(dataset_);
  }

  // Every row has a label, known at its own time.
  void label_all() {
    dataset_.y.assign(raw_.rows(), 0.0);
    const auto known_at = dataset_.frame.known_at();
    dataset_.label_start.assign(known_at.begin(), known_at.end());
    dataset_.label_end = dataset_.label_start;
  }

  const data::Column* find(const std::string& name, const Place& place, const std::string& key) {
    const data::Column* column = dataset_.frame.find(name);
    if (column == nullptr && !dataset_.doubtful.holds(name)) {
      diagnostics_.data_error(place, fmt::format("there is no column `{}` in the data", name), did_you_mean(name, dataset_.frame), key);
    }
    return column;
  }

  void set_positions() {
    const data::Frame& frame = dataset_.frame;
    const auto entity = frame.entity();
    std::vector<std::int64_t> next(std::max<std::size_t>(1, frame.entity_count()), 0);
    reserve_in_large_pages(dataset_.position, frame.rows());
    dataset_.position.resize(frame.rows());
    for (std::size_t row = 0; row < frame.rows(); ++row)
      dataset_.position[row] = next[entity.empty() ? 0 : static_cast<std::size_t>(entity[row])]++;
    if (frame.has_time()) dataset_.segment = segments(frame, experiment_.data.bar(), dataset_.notes);
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
    read_weights();
    if (experiment_.split.use == "by_entity") {
      dataset_.group_names = dataset_.frame.entity_names();
      dataset_.group.assign(dataset_.frame.entity().begin(), dataset_.frame.entity().end());
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

  void read_weights() {
    const std::string key = "train.sample_weight.column", name = weight_column();
    if (name.empty()) return;
    const Place place = place_of(experiment_, experiment_.places, key);
    const data::Column* column = find(name, place, key);
    if (column == nullptr) return;
    if (!column->is_numeric()) {
      diagnostics_.data_error(place, fmt::format("`{}` holds {}, and a weight is a number", name, data::to_text(column->type())), "", key);
      return;
    }
    const std::vector<double> weight = column->to_reals();
    const auto bad = std::count_if(weight.begin(), weight.end(), [](double w) { return !(w >= 0 && std::isfinite(w)); });
    if (bad > 0)
      diagnostics_.data_error(place, fmt::format("{} rows have a weight in `{}` that is missing or negative", bad, name),
                              "give each a weight of 0 or more", key);
  }

  data::Column expression_column(int root, ColumnValues values) const {
    if (pass_.plan().type(root) == ValueType::category) return dataset_.frame.at(pass_.plan().column_name(root));
    if (pass_.plan().type(root) != ValueType::boolean) return data::Column::of_large(dataset_.target_column, std::move(values));
    std::vector<std::uint8_t> flags;
    for (const double value : values) flags.push_back(std::isnan(value) ? data::kMissingBoolean : static_cast<std::uint8_t>(value));
    return data::Column::of_booleans(dataset_.target_column, std::move(flags));
  }

  void read_target(const data::Column& column) {
    TargetValues target = pipeline::read_target(experiment_.target, column, diagnostics_);
    dataset_.y = std::move(target.y);
    dataset_.classes = std::move(target.classes);
    if (experiment_.target.label && !dataset_.classes.empty()) dataset_.classes = label_classes(dataset_.task, dataset_.classes);
    for (std::string& note : target.notes) dataset_.notes.push_back(std::move(note));
    const std::size_t weights = experiment_.train.class_weight.size(), classes = dataset_.classes.size();
    if (weights == 0 || classes == 0 || weights == classes) return;
    diagnostics_.error(place_of(experiment_, experiment_.places, "train.class_weight"),
                       fmt::format("{} class weights, while the target has {} classes", weights, classes),
                       "write one weight for each, in this order: " + text::join(dataset_.classes, ", "), "train.class_weight");
  }

  // The columns whose values are the answer: the target column, or all that an expression without lead is made from.
  void note_columns_of_target(int root) {
    if (root < 0)
      target_reads_ = {{experiment_.target.column, 0}};
    else if (dataset_.lead_rows == 0)
      target_reads_ = pass_.plan().reads(root);
  }

  void note_answers() {
    dataset_.answers = target_reads_;
    for (const auto& [feature, root] : pass_.roots())
      for (const auto& [column, latest] : pass_.plan().reads(root))
        if (const auto answer = target_reads_.find(column); answer != target_reads_.end()) {
          const std::int64_t from = answer->second - latest;
          const auto [at, fresh] = dataset_.answers.try_emplace(feature, from);
          if (!fresh) at->second = std::min(at->second, from);
        }
  }

  const config::FeatureSpec* spec_of(const std::string& column) const {
    for (const config::FeatureSpec& spec : experiment_.features) {
      if (spec.name == column || column.starts_with(spec.name + ".")) return &spec;
    }
    return nullptr;
  }
  void check_inputs() {
    for (const std::string& input : dataset_.inputs) {
      const auto root = pass_.roots().find(input);
      const config::FeatureSpec* spec = spec_of(input);
      if (root == pass_.roots().end() || spec == nullptr) continue;
      const Reads reads = pass_.plan().reads(root->second);
      check_protected(input, *spec, reads);
      for (const auto& [column, latest] : reads) {
        if (const auto answer = target_reads_.find(column); answer != target_reads_.end() && leaks(latest, answer->second)) {
          refuse_leak(input, *spec, column, latest);
        }
      }
    }
  }

  void check_protected(const std::string& input, const config::FeatureSpec& spec, const Reads& reads) {
    for (const std::string& column : dataset_.protected_columns) {
      if (!reads.contains(column)) continue;
      diagnostics_.error(spec.place, fmt::format("feature `{}` reads `{}`, which is protected", input, column),
                         "take the feature out of the inputs, or the column out of `protected`", "features." + spec.name);
    }
  }

  // A value of the target's columns is known once its label has ended, and no feature may read it before. `answer` is the latest row at
  // which the target itself reads the column.
  bool leaks(std::int64_t latest, std::int64_t answer) const {
    if (!raw_.has_time() || latest >= answer) return true;
    if (!experiment_.target.horizon || experiment_.target.horizon->is_count()) return latest - answer + dataset_.lead_rows > 0;
    const auto known_at = dataset_.frame.known_at();
    for (std::size_t entity = 0; entity < dataset_.frame.entity_count(); ++entity) {
      const auto rows = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(entity));
      for (auto i = static_cast<std::size_t>(answer - latest); i < rows.size(); ++i) {
        const TimeNs ends = dataset_.label_end[static_cast<std::size_t>(rows[i - static_cast<std::size_t>(answer - latest)])];
        if (ends != kMissingTime && ends > known_at[static_cast<std::size_t>(rows[i])]) return true;
      }
    }
    return false;
  }

  void refuse_leak(const std::string& input, const config::FeatureSpec& spec, const std::string& column, std::int64_t latest) {
    const bool is_target = column == experiment_.target.column;
    std::string message =
        fmt::format("feature `{}` reads {} `{}`", input, is_target ? "the target" : "what the target is made from,", column);
    std::string mend = is_target ? "take the target out of it" : "take it out of the feature, or the feature out of the inputs";
    if (raw_.has_time()) {
      const auto& horizon = experiment_.target.horizon;
      const std::string known = horizon && !horizon->is_zero() ? fmt::format("only {} after its row", to_text_of(*horizon)) : "at its row";
      message += fmt::format(" of {}, while its value is known {}",
                             latest == 0 ? "the present row" : fmt::format("{} rows before", -latest), known);
      const bool counted = !horizon || horizon->is_count() || horizon->is_zero();
      mend = counted ? fmt::format("use earlier values, as in lag({}, {})", column, std::max<std::int64_t>(1, dataset_.lead_rows))
                     : fmt::format("use earlier values: lag({}, n) with n rows that are never closer than {}", column, to_text(*horizon));
    }
    diagnostics_.error(spec.place, std::move(message), std::move(mend), "features." + spec.name);
  }
  static std::string to_text_of(const Span& span) { return span.is_count() ? fmt::format("{} rows", span.count) : to_text(span); }

  void set_times(bool target_is_read) {
    if (!raw_.has_time()) {
      if (experiment_.target.horizon) {
        diagnostics_.error(experiment_.target.place, "a horizon needs a time column", "take `horizon` out", "target.horizon");
      }
      return;
    }
    if (!target_is_read) return;
    if (!experiment_.target.column.empty() && !experiment_.target.horizon) {
      diagnostics_.error(experiment_.target.place, "with time, a target column does not say when its values are known",
                         "add `horizon`: 5 (rows) or 7d for labels that end so much later, 0 for values known at their own row's time",
                         "target.horizon");
      return;
    }
    if (!experiment_.target.horizon && dataset_.lead_rows == 0 && experiment_.target.column.empty())
      diagnostics_.warning(experiment_.target.expression_place,
                           "the target has neither lead() nor a horizon: it counts as known at its own row's time",
                           "Add `horizon` where its values come later, or horizon: 0 to say so", "target.expr");
    if (!dataset_.horizons.empty())
      horizon_times(dataset_);
    else if (barrier_ends_.empty())
      label_times(dataset_, experiment_.target, diagnostics_);
    else
      take_barrier_ends();
    dataset_.last_known_target = last_known(dataset_.frame, dataset_.y, dataset_.label_end, {});
  }

  void take_barrier_ends() {
    const auto known_at = dataset_.frame.known_at();
    dataset_.label_start.assign(known_at.begin(), known_at.end());
    for (std::size_t row = 0; row < dataset_.y.size(); ++row) {
      if (std::isnan(dataset_.y[row])) barrier_ends_[row] = dataset_.label_start[row] = kMissingTime;
    }
    dataset_.label_end = std::move(barrier_ends_);
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
  std::string weight_column() const { return experiment_.train.sample_weight ? experiment_.train.sample_weight->column : std::string(); }
  bool kept_aside(const data::Column& column) const {
    return column.name() == experiment_.data.entity || column.name() == experiment_.split.group ||
           column.name() == experiment_.split.column || column.name() == weight_column() ||
           column.name() == experiment_.data.factor_column ||
           (experiment_.data.tables.universe && column.name() == experiment_.data.tables.member) || !barred(column).empty();
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
    if (dataset_.inputs.empty() && dataset_.doubtful.names().empty() && !diagnostics_.has_errors()) {
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
    const auto& doubtful = dataset_.doubtful.names();
    const bool meant = dataset_.doubtful.holds(pattern) ||
                       std::any_of(doubtful.begin(), doubtful.end(), [&](const std::string& name) { return text::matches(pattern, name); });
    if (any || meant) return;
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
  Reads target_reads_;
  std::vector<TimeNs> barrier_ends_;  // of the triple barrier's labels; else empty
};

}  // namespace

Dataset build_dataset(const config::Experiment& experiment, const data::Frame& frame, const FeatureFactory& factory,
                      Diagnostics& diagnostics) {
  return Builder(experiment, frame, factory, diagnostics).build();
}

}  // namespace assay::pipeline
