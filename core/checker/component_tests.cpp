// What holds for every component of whatever kind: abilities and parameters.
#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "checker/subject.hpp"
#include "plugin/component_owner.hpp"

namespace assay::checker {
namespace {

using config::ParamKind;
using config::ParamSpec;
using config::Value;
constexpr int kRandomSettings = 50;

Outcome abilities(Subject& subject) {
  const assay_component& raw = *subject.component->raw;
  for (const char* unknown : {"no.such/1", "", "model.fit/999", "model.fit"})
    expect(raw.ability(unknown) == nullptr, fmt::format("claims the ability '{}', which does not exist", unknown));
  const std::string& kind = subject.spec().kind;
  const auto offers = [&](const char* id) { return raw.ability(id) != nullptr; };
  if (kind == "model") {
    expect(offers("model.fit/1") || offers("model.step/1"), "offers neither model.fit/1 nor model.step/1");
    expect(offers("model.predict/1"), "does not offer model.predict/1");
  }
  if (kind == "feature") expect(offers("feature.transform/1"), "does not offer feature.transform/1");
  if (kind == "metric") expect(offers("metric.score/1"), "does not offer metric.score/1");
  return {};
}

struct Created : plugin::ComponentOwner {  // what its protected parts are for
  using ComponentOwner::ComponentOwner;
};

void create(const Subject& subject, const config::Map& params, const std::string& what) {
  try {
    plugin::CallOptions options;
    options.seed = subject.seed;
    const Created created(*subject.component, params, options);
  } catch (const Error& error) {
    fail(fmt::format("{} is refused, though it is in the declared range: {}", what, error.happened()));
  }
}

std::string shown(const config::Map& params) {
  std::string text;
  for (const auto& [name, value] : params) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", name, config::to_text(value));
  return text;
}

Outcome defaults(Subject& subject) {
  for (const ParamSpec& param : subject.spec().params) {
    expect(!param.doc.empty(), fmt::format("the parameter '{}' has no doc text", param.name));
    if (param.required || (param.kind != ParamKind::real && param.kind != ParamKind::integer)) continue;
    const double value = param.fallback.as_real();
    const bool low = param.open_min ? value > param.min : value >= param.min,
               high = param.open_max ? value < param.max : value <= param.max;
    expect(low && high, fmt::format("the default {} of '{}' is out of its own range", value, param.name));
  }
  create(subject, subject.params, "the default setting");
  return {};
}

config::Map with(config::Map params, const std::string& name, const Value& value) {
  for (auto& [key, old] : params)
    if (key == name) old = value;
  return params;
}

// Out of line: g++ 12 sees uninitialised members in variants that are moved right after they are made.
template <class T>
[[gnu::noinline]] void add_value(std::vector<Value>& values, T value) {
  values.emplace_back();
  values.back().data = std::move(value);
}

// What an item of a list may be; its default is the first item of the list's.
ParamSpec item_of(const ParamSpec& list) {
  ParamSpec item = list;
  item.kind = list.item_kind;
  item.fallback = Value{};
  if (!list.fallback.is_none() && !list.fallback.as_list().empty()) item.fallback = list.fallback.as_list().front();
  return item;
}

Value list_of(const Value& item, std::size_t count) {
  Value list;
  list.data = config::List(count, item);
  return list;
}

std::vector<Value> edges(const ParamSpec& param);

// The shortest and the longest list (64 items will do), and lists of each edge of an item.
std::vector<Value> list_edges(const ParamSpec& param) {
  const ParamSpec item = item_of(param);
  const std::size_t most = std::min<std::size_t>(param.max_items, 64);
  std::vector<Value> values;
  if (param.min_items == 0) values.push_back(list_of(Value{}, 0));
  for (const Value& edge : edges(item)) values.push_back(list_of(edge, std::max<std::size_t>(1, param.min_items)));
  if (!item.fallback.is_none()) values.push_back(list_of(item.fallback, most));
  return values;
}

// The edges of what a parameter may be.
std::vector<Value> edges(const ParamSpec& param) {
  std::vector<Value> values;
  const bool low = std::isfinite(param.min), high = std::isfinite(param.max);
  const double width = low && high ? param.max - param.min : 1;
  if (param.kind == ParamKind::real) {
    if (low) add_value(values, param.open_min ? param.min + 1e-9 * width : param.min);
    if (high) add_value(values, param.open_max ? param.max - 1e-9 * width : param.max);
  } else if (param.kind == ParamKind::integer) {
    if (low && param.min > -9e18) add_value(values, static_cast<std::int64_t>(param.min) + (param.open_min ? 1 : 0));
    if (high && param.max < 9e18) add_value(values, static_cast<std::int64_t>(param.max) - (param.open_max ? 1 : 0));
  } else if (param.kind == ParamKind::boolean) {
    add_value(values, false);
    add_value(values, true);
  } else if (param.kind == ParamKind::choice) {
    for (const std::string& choice : param.choices) add_value(values, choice);
  } else if (param.kind == ParamKind::list) {
    values = list_edges(param);
  }
  return values;
}

Outcome bounds(Subject& subject) {
  int tried = 0;
  for (const ParamSpec& param : subject.spec().params)
    for (const Value& value : edges(param)) {
      const std::string what = fmt::format("{}: {}", param.name, config::to_text(value));
      create(subject, with(subject.params, param.name, value), what);
      ++tried;
    }
  return {Status::pass, tried == 0 ? "no parameter has bounds" : fmt::format("{} settings", tried)};
}

double random_real(const ParamSpec& param, Random& random) {
  const double around = param.fallback.is_none() ? 1 : param.fallback.as_real();
  const double low = std::isfinite(param.min) ? param.min : around - 10 * (1 + std::abs(around));
  const double high = std::isfinite(param.max) ? param.max : std::max(low, around) + 10 * (1 + std::abs(around));
  const double share = random.uniform() * 0.98 + 0.01;  // inside open bounds too
  if (param.log_scale && low > 0) return low * std::pow(high / low, share);
  return low + (high - low) * share;
}

Value random_value(const ParamSpec& param, const Value& otherwise, Random& random) {
  switch (param.kind) {
    case ParamKind::boolean:
      return Value{random.below(2) == 1};
    case ParamKind::integer: {
      const double value = std::round(random_real(param, random));
      const double low = param.min + (param.open_min ? 1 : 0), high = param.max - (param.open_max ? 1 : 0);
      return Value{static_cast<std::int64_t>(std::min(std::max(value, low), high))};
    }
    case ParamKind::real:
      return Value{random_real(param, random)};
    case ParamKind::choice:
      return param.choices.empty() ? otherwise : Value{param.choices[random.below(param.choices.size())]};
    case ParamKind::list: {
      const ParamSpec item = item_of(param);
      if (item.kind == ParamKind::text || item.kind == ParamKind::column || item.kind == ParamKind::component) return otherwise;
      const std::size_t fewest = param.min_items, most = std::min<std::size_t>(param.max_items, fewest + 5);
      Value list = list_of(Value{}, fewest + random.below(most - fewest + 1));
      for (Value& value : std::get<config::List>(list.data)) value = random_value(item, item.fallback, random);
      return list;
    }
    default:
      return otherwise;
  }
}

Outcome random_settings(Subject& subject) {
  if (subject.spec().params.empty()) return {Status::pass, "no parameters"};
  Random random(SeedTree(subject.seed).child("settings"));
  for (int i = 0; i < kRandomSettings; ++i) {
    config::Map params = subject.params;
    for (std::size_t p = 0; p < params.size(); ++p) params[p].second = random_value(subject.spec().params[p], params[p].second, random);
    create(subject, params, shown(params));
  }
  return {};
}

}  // namespace

const std::vector<Test>& component_tests() {
  static const std::vector<Test> tests = {
      {"component", "abilities", "it offers what its kind needs, and nothing that does not exist", "loads", abilities},
      {"component", "param_defaults", "defaults are in range, and it can be created with them", "abilities", defaults},
      {"component", "param_bounds", "it can be created at every bound of every parameter", "param_defaults", bounds},
      {"component", "param_random", "it can be created at 50 random settings", "param_defaults", random_settings},
  };
  return tests;
}

}  // namespace assay::checker
