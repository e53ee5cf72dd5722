// For authors of strategies. A strategy is a plain struct with
//   void on_bar(Market&[, Call&])                         once for each time, when the bars of that time are known
// and, where it wants them, on_start(Market&), on_fill(Market&, const Fill&), on_end(Market&). It sees bars up to now and nothing else;
// what it orders is filled as the experiment's `fill` says. It keeps whatever it needs between bars in its members. Thread rule: one
// thread.
#pragma once

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// One instrument's bars up to now, oldest first.
class History {
 public:
  explicit History(const assay_history& raw) : raw_(&raw) {}
  bool has_bar() const { return raw_->has_bar != 0; }  // it has a bar at the present time
  std::int64_t bars() const { return raw_->bars; }
  std::span<const std::int64_t> time_ns() const { return {raw_->time_ns, size()}; }
  std::span<const double> open() const { return {raw_->open, size()}; }
  std::span<const double> high() const { return {raw_->high, size()}; }
  std::span<const double> low() const { return {raw_->low, size()}; }
  std::span<const double> close() const { return {raw_->close, size()}; }
  std::span<const double> volume() const { return {raw_->volume, raw_->volume != nullptr ? size() : 0}; }
  // The column that the index-th COLUMN parameter names, at each bar; empty where that parameter was not given.
  std::span<const double> feature(std::uint32_t index) const {
    const double* values = index < raw_->n_features ? raw_->features[index] : nullptr;
    return {values, values != nullptr ? size() : 0};
  }
  // The model's out-of-sample forecast at each bar (class 1's probability, or the value), NaN = none; empty without a model. Of several
  // horizons a bar has outputs() of them side by side, the first horizon's first.
  std::span<const double> prediction() const { return {raw_->prediction, raw_->prediction != nullptr ? size() * raw_->n_outputs : 0}; }
  double forecast(std::uint32_t output = 0) const {  // the newest bar's
    return output < outputs() && size() > 0 ? raw_->prediction[(size() - 1) * outputs() + output] : kMissing;
  }
  std::uint32_t outputs() const { return raw_->prediction != nullptr ? raw_->n_outputs : 0; }  // 0: no model forecasts here
  double units() const { return raw_->units; }                                                 // held now; negative: short
  double average_price() const { return raw_->average_price; }
  std::string_view name() const { return {raw_->name.data, raw_->name.size}; }

 private:
  std::size_t size() const { return static_cast<std::size_t>(raw_->bars); }
  const assay_history* raw_;
};

struct Fill {
  std::uint32_t instrument;
  std::int64_t order, time_ns;
  double units, price, costs;
};

class Market {
 public:
  explicit Market(assay_market& raw) : raw_(&raw) {}
  // Those that have had a bar up to now, in order of their first bars: it grows as others are listed (0 in on_start before any bar), and an
  // instrument keeps its number.
  std::uint32_t instruments() const { return raw_->n_instruments; }
  History operator[](std::uint32_t instrument) const { return History(*raw_->instruments[instrument]); }
  std::int64_t now_ns() const { return raw_->now_ns; }
  std::int64_t bar() const { return raw_->bar; }  // times traded before this one, 0 at first
  double cash() const { return raw_->cash; }
  double equity() const { return raw_->equity; }  // at the last known closes

  // The order's number. Throws assay::Error where the order makes no sense (not a number, no such instrument, over a million times the
  // account).
  std::int64_t order_units(std::uint32_t instrument, double units) { return placed(raw_->order_units(raw_, instrument, units)); }
  std::int64_t target_units(std::uint32_t instrument, double units) { return placed(raw_->target_units(raw_, instrument, units)); }
  std::int64_t target_weight(std::uint32_t instrument, double weight) { return placed(raw_->target_weight(raw_, instrument, weight)); }

 private:
  static std::int64_t placed(std::int64_t number) {
    if (number < 0) throw Error("an order names no such instrument, or its size is not a number or over a million times the account");
    return number;
  }
  assay_market* raw_;
};

namespace detail {

template <class T>
concept TakesBars = requires(T& t, Market& m) {
  t.on_bar(m);
}
|| requires(T& t, Market& m, Call& c) { t.on_bar(m, c); };

template <class T>
struct StrategyTables {
  static assay_status on_start(void* self, assay_call* raw, assay_market* market) {
    return guard(raw, [&] {
      Market view(*market);
      if constexpr (requires(T & t) { t.on_start(view); }) object_of<T>(self).on_start(view);
    });
  }
  static assay_status on_bar(void* self, assay_call* raw, assay_market* market) {
    return guard(raw, [&] {
      Market view(*market);
      if constexpr (requires(T & t, Call & c) { t.on_bar(view, c); }) {
        Call call(*raw);
        object_of<T>(self).on_bar(view, call);
      } else {
        object_of<T>(self).on_bar(view);
      }
    });
  }
  static assay_status on_fill(void* self, assay_call* raw, assay_market* market, const assay_fill* fill) {
    return guard(raw, [&] {
      Market view(*market);
      const Fill told{fill->instrument, fill->order, fill->time_ns, fill->units, fill->price, fill->costs};
      if constexpr (requires(T & t) { t.on_fill(view, told); }) object_of<T>(self).on_fill(view, told);
    });
  }
  static assay_status on_end(void* self, assay_call* raw, assay_market* market) {
    return guard(raw, [&] {
      Market view(*market);
      if constexpr (requires(T & t) { t.on_end(view); }) object_of<T>(self).on_end(view);
    });
  }

  static const void* ability(const char* id) {
    constexpr bool kStarts = requires(T & t, Market & m) { t.on_start(m); };
    constexpr bool kFills = requires(T & t, Market & m, const Fill& f) { t.on_fill(m, f); };
    constexpr bool kEnds = requires(T & t, Market & m) { t.on_end(m); };
    static const assay_strategy_events table{
        sizeof(assay_strategy_events), 0, kStarts ? &on_start : nullptr, &on_bar, kFills ? &on_fill : nullptr, kEnds ? &on_end : nullptr};
    return std::string_view(id) == "strategy.events/1" ? &table : nullptr;
  }
};

template <class T>
class StrategyDefinition : public DefinitionOf<T, StrategyDefinition<T>> {
 public:
  static_assert(TakesBars<T>, "a strategy needs void on_bar(assay::Market&)");
  StrategyDefinition(const char* id, const char* version, const char* summary)
      : DefinitionOf<T, StrategyDefinition<T>>("strategy", id, version, summary) {
    this->raw.ability = &StrategyTables<T>::ability;
  }
};

}  // namespace detail

template <class T>
detail::StrategyDefinition<T> strategy(const char* id, const char* version, const char* summary) {
  return {id, version, summary};
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
