#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "plugin/abi_values.hpp"
#include "plugin/registry.hpp"

namespace assay::plugin {
namespace {

using config::ParamKind;
using config::ParamSpec;

[[noreturn]] void refuse(const std::string& who, const std::string& why) {
  throw Error(Fault::failed, who, why, "the plugin's author has to mend this");
}

bool is_name(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

bool is_id(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !is_name(text.substr(0, dot))) return false;
  const std::string_view rest = text.substr(dot + 1);
  return rest.find('.') == std::string_view::npos ? is_name(rest) : is_id(rest);
}

ParamKind kind_of(std::uint32_t kind, const std::string& who) {
  switch (kind) {
    case ASSAY_PARAM_BOOL:
      return ParamKind::boolean;
    case ASSAY_PARAM_INT:
      return ParamKind::integer;
    case ASSAY_PARAM_REAL:
      return ParamKind::real;
    case ASSAY_PARAM_TEXT:
      return ParamKind::text;
    case ASSAY_PARAM_CHOICE:
      return ParamKind::choice;
    case ASSAY_PARAM_COLUMN:
      return ParamKind::column;
    case ASSAY_PARAM_LIST:
      return ParamKind::list;
    case ASSAY_PARAM_COMPONENT:
      return ParamKind::component;
    default:
      refuse(who, fmt::format("its kind {} is none that this Assay knows", kind));
  }
}

bool in_range(const ParamSpec& spec, double value) {
  if (std::isnan(value)) return false;
  return (spec.open_min ? value > spec.min : value >= spec.min) && (spec.open_max ? value < spec.max : value <= spec.max);
}

// What is wrong with a default of this kind, or nothing.
std::string flaw(const ParamSpec& spec, ParamKind kind, const config::Value& value) {
  const auto& data = value.data;
  switch (kind) {
    case ParamKind::boolean:
      return std::holds_alternative<bool>(data) ? "" : "not true or false";
    case ParamKind::integer:
    case ParamKind::real: {
      const bool whole = std::holds_alternative<std::int64_t>(data);
      if (!whole && (kind == ParamKind::integer || !std::holds_alternative<double>(data))) return "of the wrong type";
      return in_range(spec, value.as_real()) ? "" : "outside the range that it declares";
    }
    case ParamKind::choice: {
      if (!std::holds_alternative<std::string>(data)) return "not a text";
      const auto& choices = spec.choices;
      return std::find(choices.begin(), choices.end(), value.as_text()) != choices.end() ? "" : "not one of its choices";
    }
    case ParamKind::text:
    case ParamKind::column:
      return std::holds_alternative<std::string>(data) ? "" : "not a text";
    case ParamKind::list: {
      if (!std::holds_alternative<config::List>(data)) return "not a list";
      const auto& list = value.as_list();
      if (list.size() < spec.min_items || list.size() > spec.max_items) return "of a length that it does not allow";
      for (const auto& item : list)
        if (std::string why = flaw(spec, spec.item_kind, item); !why.empty()) return "a list with an item that is " + why;
      return "";
    }
    case ParamKind::component:
      return std::holds_alternative<config::ComponentValue>(data) ? "" : "not a component";
  }
  return "";
}

ParamSpec describe_param(const assay_param& raw, const std::string& owner, const std::vector<ParamSpec>& earlier) {
  ParamSpec spec;
  if (!covers(raw, raw.only_if_value) || !raw.name || !is_name(raw.name) || std::string_view(raw.name) == "use")
    refuse(owner, "one of its parameters has no usable name (small letters, digits and _; `use` is taken)");
  spec.name = raw.name;
  const std::string who = owner + ", parameter " + spec.name;
  for (const ParamSpec& other : earlier)
    if (other.name == spec.name) refuse(who, "there are two of this name");
  spec.doc = raw.doc ? raw.doc : "";
  spec.unit = raw.unit ? raw.unit : "";
  spec.kind = kind_of(raw.kind, who);
  if (spec.kind == ParamKind::list) spec.item_kind = kind_of(raw.item_kind, who);
  if (spec.kind == ParamKind::list && spec.item_kind == ParamKind::list) refuse(who, "lists of lists are not supported");
  spec.min = raw.min;
  spec.max = raw.max;
  spec.open_min = (raw.flags & ASSAY_PARAM_OPEN_MIN) != 0;
  spec.open_max = (raw.flags & ASSAY_PARAM_OPEN_MAX) != 0;
  spec.log_scale = (raw.flags & ASSAY_PARAM_LOG_SCALE) != 0;
  spec.tunable = (raw.flags & ASSAY_PARAM_NOT_TUNABLE) == 0;
  spec.required = (raw.flags & ASSAY_PARAM_REQUIRED) != 0;
  spec.optional = (raw.flags & ASSAY_PARAM_OPTIONAL) != 0;
  spec.step = raw.step;
  if (std::isnan(raw.min) || std::isnan(raw.max) || raw.min > raw.max) refuse(who, "its range is empty");
  spec.min_items = raw.min_items;
  if (raw.max_items != std::numeric_limits<std::uint32_t>::max()) spec.max_items = raw.max_items;
  for (std::uint32_t i = 0; i < raw.n_choices; ++i) spec.choices.emplace_back(raw.choices[i]);
  if ((spec.kind == ParamKind::choice || (spec.kind == ParamKind::list && spec.item_kind == ParamKind::choice)) && spec.choices.empty())
    refuse(who, "it is a choice without choices");
  if (raw.component_kind) spec.component_kind = raw.component_kind;
  if (!spec.required) {
    if (!raw.fallback) refuse(who, "it has no default and is not required");
    spec.fallback = from_abi(*raw.fallback);
    if (const std::string why = flaw(spec, spec.kind, spec.fallback); !why.empty()) refuse(who, "its default is " + why);
  }
  if (raw.only_if) {
    spec.only_if = raw.only_if;
    bool found = false;
    for (const ParamSpec& other : earlier) found = found || other.name == spec.only_if;
    if (!found || !raw.only_if_value) refuse(who, "its condition names no earlier parameter");
    spec.only_if_value = from_abi(*raw.only_if_value);
  }
  return spec;
}

void require_abilities(const config::ComponentSpec& spec, const std::string& who) {
  auto has = [&](const char* id) { return std::find(spec.abilities.begin(), spec.abilities.end(), id) != spec.abilities.end(); };
  if (spec.kind == "model" && !has("model.predict/1")) refuse(who, "a model that cannot predict (model.predict/1)");
  if (spec.kind == "model" && !has("model.fit/1") && !has("model.step/1"))
    refuse(who, "a model that cannot learn (model.fit/1 or model.step/1)");
  if (spec.kind == "model" && spec.tasks == 0) refuse(who, "a model without a task");
  if (spec.kind == "feature" && !has("feature.transform/1")) refuse(who, "a feature that cannot transform (feature.transform/1)");
  if (spec.kind == "metric" && !has("metric.score/1")) refuse(who, "a metric that cannot score (metric.score/1)");
  if (spec.kind == "strategy" && !has("strategy.events/1")) refuse(who, "a strategy that takes no events (strategy.events/1)");
  if (spec.kind == "sampler" && !has("sampler.ask_tell/1")) refuse(who, "a sampler that cannot be asked (sampler.ask_tell/1)");
}

}  // namespace

config::ComponentSpec describe(const assay_component& raw) {
  config::ComponentSpec spec;
  if (!covers(raw, raw.ability) || !raw.kind || !raw.id || !raw.version || !raw.create || !raw.destroy || !raw.ability)
    refuse("a component", "its table is not complete");
  spec.kind = raw.kind;
  spec.id = raw.id;
  spec.version = raw.version;
  spec.summary = raw.summary ? raw.summary : "";
  const std::string who = spec.kind + " " + spec.id;
  if (!is_name(spec.kind) || !is_id(spec.id)) refuse(who, "an id reads vendor.name, in small letters, digits and _");
  if (spec.version.empty()) refuse(who, "it has no version");
  spec.tasks = raw.tasks;
  spec.baseline = (raw.flags & ASSAY_BASELINE) != 0;
  spec.accepts_missing = (raw.flags & ASSAY_ACCEPTS_MISSING) != 0;
  spec.takes_weights = (raw.flags & ASSAY_TAKES_WEIGHTS) != 0;
  for (const char* id : {"model.fit/1", "model.step/1", "model.predict/1", "model.importance/1", "model.summary/1", "model.gradient/1",
                         "model.prune/1", "model.categories/1", "model.quantiles/1", "model.horizons/1", "train_state/1", "feature.fit/1",
                         "feature.transform/1", "metric.score/1", "strategy.events/1", "sampler.ask_tell/1", "state/1"})
    if (raw.ability(id)) spec.abilities.emplace_back(id);
  for (std::uint32_t i = 0; i < raw.n_params; ++i) spec.params.push_back(describe_param(*raw.params[i], who, spec.params));
  if (const auto* score = static_cast<const assay_metric_score*>(raw.ability("metric.score/1"))) {
    spec.direction = score->direction;
    spec.needs_quantiles = (score->needs & ASSAY_METRIC_QUANTILES) != 0;
    spec.tasks = score->tasks;
  }
  require_abilities(spec, who);
  return spec;
}

}  // namespace assay::plugin
