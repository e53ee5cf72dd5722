// For authors of metrics. A metric is a plain struct with one of
//   double score(const Scored&[, Call&]) const
//   void score(const Scored&, std::span<double> values[, Call&]) const      several values, named with .values({...}); the first counts
// NaN means undefined on these rows; never make a number up. What it needs is said in ASSAY_PLUGIN:
//   assay::metric<Brier>("classify.brier", "1.0.0", "...").lower_is_better().tasks(assay::Task::binary).probability()
// Use one struct for one metric. Thread rule: score runs on several threads at once.
#pragma once

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

template <class T>
concept ScoresOne = requires(const T& t, const Scored& s) {
  { t.score(s) } -> std::convertible_to<double>;
};
template <class T>
concept ScoresOneWithCall = requires(const T& t, const Scored& s, Call& c) {
  { t.score(s, c) } -> std::convertible_to<double>;
};
template <class T>
concept ScoresMany = requires(const T& t, const Scored& s, std::span<double> v) {
  t.score(s, v);
};
template <class T>
concept ScoresManyWithCall = requires(const T& t, const Scored& s, std::span<double> v, Call& c) {
  t.score(s, v, c);
};

template <class T>
struct MetricTables {
  inline static std::vector<const char*> names{};
  static assay_status score(const void* self, assay_call* raw, const assay_scored* rows, double* values);
  inline static assay_metric_score table{sizeof(assay_metric_score), ASSAY_METRIC_NO_DIRECTION, 7, 0, 1, nullptr, &score};

  static const void* ability(const char* id) {
    const std::string_view name(id);
    if (name == "metric.score/1") return &table;
    if (name == "state/1") return state_table<T>();
    return nullptr;
  }
};
template <class T>
assay_status MetricTables<T>::score(const void* self, assay_call* raw, const assay_scored* rows, double* values) {
  return guard(raw, [&] {
    [[maybe_unused]] Call call(*raw);
    [[maybe_unused]] const std::span<double> all(values, table.n_values);
    const Scored scored(*rows);
    if constexpr (ScoresOne<T>)
      *values = object_of<T>(self).score(scored);
    else if constexpr (ScoresOneWithCall<T>)
      *values = object_of<T>(self).score(scored, call);
    else if constexpr (ScoresMany<T>)
      object_of<T>(self).score(scored, all);
    else
      object_of<T>(self).score(scored, all, call);
  });
}

template <class T>
class MetricDefinition : public DefinitionOf<T, MetricDefinition<T>> {
 public:
  static_assert(ScoresOne<T> || ScoresOneWithCall<T> || ScoresMany<T> || ScoresManyWithCall<T>,
                "a metric needs double score(const assay::Scored&) const");
  using Tables = MetricTables<T>;

  MetricDefinition(const char* id, const char* version, const char* summary)
      : DefinitionOf<T, MetricDefinition<T>>("metric", id, version, summary) {
    this->raw.ability = &Tables::ability;
    this->raw.tasks = Tables::table.tasks;
  }
  MetricDefinition& higher_is_better() { return Tables::table.direction = ASSAY_METRIC_HIGHER_IS_BETTER, *this; }
  MetricDefinition& lower_is_better() { return Tables::table.direction = ASSAY_METRIC_LOWER_IS_BETTER, *this; }
  template <std::same_as<Task>... Tasks>
  MetricDefinition& tasks(Tasks... tasks) {
    return this->raw.tasks = Tables::table.tasks = task_bits(tasks...), *this;
  }
  MetricDefinition& probability() { return needs(ASSAY_METRIC_PROBABILITY); }  // value holds probabilities of classes
  MetricDefinition& decision() { return needs(ASSAY_METRIC_DECISION); }        // uses decision(), hence a threshold
  MetricDefinition& by_date() { return needs(ASSAY_METRIC_BY_DATE); }          // scored date by date, then averaged
  MetricDefinition& naive_scale() { return needs(ASSAY_METRIC_NAIVE_SCALE); }  // uses naive_mae()
  MetricDefinition& last_known() { return needs(ASSAY_METRIC_LAST_KNOWN); }    // uses last_known_target()
  MetricDefinition& quantiles() { return needs(ASSAY_METRIC_QUANTILES); }      // uses levels() and quantile()
  MetricDefinition& values(std::initializer_list<const char*> names) {         // string literals
    Tables::names = names;
    Tables::table.n_values = static_cast<std::uint32_t>(names.size());
    Tables::table.value_names = Tables::names.data();
    return *this;
  }

 private:
  MetricDefinition& needs(unsigned bits) { return Tables::table.needs |= bits, *this; }
};

}  // namespace detail

template <class T>
detail::MetricDefinition<T> metric(const char* id, const char* version, const char* summary) {
  return {id, version, summary};
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
