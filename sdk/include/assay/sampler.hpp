// For authors of samplers: what draws the points of a search. A sampler is a plain struct with
//   void ask(const Space&, std::int64_t number, std::span<double> point, Call&) const     the point of one trial
// and, where it wants them, start(const Space&, Call&) (once, before the first ask; the call's seed is the study's),
// std::int64_t points(const Space&) const (a grid's size; absent: without end) and tell(const Space&, const Trial&) (what came of a trial).
// A point may depend on the space, the call's seed and what was told, and on nothing else. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

class Range {
 public:
  explicit Range(const assay_range& raw) : raw_(&raw) {}
  std::string_view name() const { return {raw_->name.data, raw_->name.size}; }
  bool is_real() const { return raw_->kind == ASSAY_RANGE_REAL; }
  bool is_integer() const { return raw_->kind == ASSAY_RANGE_INT; }
  bool is_choice() const { return raw_->kind == ASSAY_RANGE_CHOICE; }  // values are 0, 1, ... high()
  bool is_log() const { return raw_->log_scale != 0; }
  double low() const { return raw_->low; }
  double high() const { return raw_->high; }
  double step() const { return raw_->step; }  // 0: any value
  // How many values there are; 0: a continuum.
  std::int64_t values() const { return step() > 0 ? static_cast<std::int64_t>((high() - low()) / step() + 1e-9) + 1 : 0; }
  // The value at u in [0, 1): every value of a stepped range has the same share (of the logarithm, with is_log()).
  double at(double u) const;

 private:
  const assay_range* raw_;
};

class Space {
 public:
  explicit Space(const assay_space& raw) : raw_(&raw) {}
  std::uint32_t size() const { return raw_->n_ranges; }
  Range operator[](std::uint32_t index) const { return Range(*raw_->ranges[index]); }
  std::int64_t trials() const { return raw_->trials; }
  bool higher_is_better() const { return raw_->direction == ASSAY_METRIC_HIGHER_IS_BETTER; }

 private:
  const assay_space* raw_;
};

class Trial {
 public:
  Trial(const assay_trial& raw, std::uint32_t n) : raw_(&raw), n_(n) {}
  std::int64_t number() const { return raw_->number; }
  bool complete() const { return raw_->status == ASSAY_TRIAL_COMPLETE; }
  bool pruned() const { return raw_->status == ASSAY_TRIAL_PRUNED; }
  std::span<const double> point() const { return {raw_->point, n_}; }
  double value() const { return raw_->value; }

 private:
  const assay_trial* raw_;
  std::uint32_t n_;
};

inline double Range::at(double u) const {
  if (step() > 0 && !is_log()) {
    const auto k = static_cast<std::int64_t>(u * static_cast<double>(values()));
    return low() + step() * static_cast<double>(std::min(k, values() - 1));
  }
  if (!is_log()) return low() + u * (high() - low());
  // A whole number n owns the logarithms from n - 1/2 to n + 1/2.
  const double half = step() > 0 ? step() / 2 : 0;
  const double from = std::log(low() - half > 0 ? low() - half : low()), to = std::log(high() + half);
  const double value = std::exp(from + u * (to - from));
  const double on_step = step() > 0 ? low() + step() * std::round((value - low()) / step()) : value;
  return std::min(std::max(on_step, low()), low() + (step() > 0 ? step() * static_cast<double>(values() - 1) : high() - low()));
}

namespace detail {

template <class T>
struct SamplerTables {
  static assay_status start(void* self, assay_call* raw, const assay_space* space) {
    return guard(raw, [&] {
      Call call(*raw);
      if constexpr (requires(T & t, const Space& s, Call& c) { t.start(s, c); }) object_of<T>(self).start(Space(*space), call);
    });
  }
  static std::int64_t points([[maybe_unused]] const void* self, [[maybe_unused]] const assay_space* space) noexcept {
    if constexpr (requires(const T& t, const Space& s) { t.points(s); }) return object_of<T>(self).points(Space(*space));
    return -1;
  }
  static assay_status ask(const void* self, assay_call* raw, const assay_space* space, std::int64_t number, double* point) {
    return guard(raw, [&] {
      Call call(*raw);
      object_of<T>(self).ask(Space(*space), number, std::span<double>(point, space->n_ranges), call);
    });
  }
  static assay_status tell(void* self, assay_call* raw, const assay_space* space, const assay_trial* trial) {
    return guard(raw, [&] {
      if constexpr (requires(T & t, const Space& s, const Trial& told) { t.tell(s, told); })
        object_of<T>(self).tell(Space(*space), Trial(*trial, space->n_ranges));
    });
  }

  static const void* ability(const char* id) {
    constexpr bool kStarts = requires(T & t, const Space& s, Call& c) { t.start(s, c); };
    constexpr bool kLearns = requires(T & t, const Space& s, const Trial& told) { t.tell(s, told); };
    static const assay_sampler_ask_tell table{sizeof(assay_sampler_ask_tell), 0, kStarts ? &start : nullptr, &points, &ask,
                                              kLearns ? &tell : nullptr};
    return std::string_view(id) == "sampler.ask_tell/1" ? &table : nullptr;
  }
};

template <class T>
concept Asks = requires(const T& t, const Space& s, std::span<double> point, Call& call) {
  t.ask(s, std::int64_t{}, point, call);
};

template <class T>
class SamplerDefinition : public DefinitionOf<T, SamplerDefinition<T>> {
 public:
  static_assert(Asks<T>, "a sampler needs void ask(const assay::Space&, std::int64_t number, std::span<double> point, assay::Call&) const");
  SamplerDefinition(const char* id, const char* version, const char* summary)
      : DefinitionOf<T, SamplerDefinition<T>>("sampler", id, version, summary) {
    this->raw.ability = &SamplerTables<T>::ability;
  }
};

}  // namespace detail

template <class T>
detail::SamplerDefinition<T> sampler(const char* id, const char* version, const char* summary) {
  return {id, version, summary};
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
