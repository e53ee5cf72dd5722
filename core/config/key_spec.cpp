#include "config/key_spec.hpp"

#include <cmath>

#include "base/text.hpp"

namespace assay::config {

namespace key {

namespace {
KeySpec value(std::string name, std::string doc, ParamKind kind) {
  KeySpec spec;
  spec.name = std::move(name);
  spec.doc = std::move(doc);
  spec.kind = kind;
  return spec;
}
KeySpec shaped(std::string name, std::string doc, ParamKind kind, Shape shape, std::vector<KeySpec> inside) {
  KeySpec spec = value(std::move(name), std::move(doc), kind);
  spec.shape = shape;
  spec.inside = std::move(inside);
  return spec;
}
}  // namespace

KeySpec boolean(std::string name, std::string doc) { return value(std::move(name), std::move(doc), ParamKind::boolean); }
KeySpec integer(std::string name, std::string doc) { return value(std::move(name), std::move(doc), ParamKind::integer); }
KeySpec real(std::string name, std::string doc) { return value(std::move(name), std::move(doc), ParamKind::real); }
KeySpec text(std::string name, std::string doc, TextForm form) {
  KeySpec spec = value(std::move(name), std::move(doc), ParamKind::text);
  spec.form = form;
  return spec;
}
KeySpec span(std::string name, std::string doc) { return text(std::move(name), std::move(doc), TextForm::span); }
KeySpec column(std::string name, std::string doc) { return value(std::move(name), std::move(doc), ParamKind::column); }
KeySpec choice(std::string name, std::string doc, std::vector<std::string> choices) {
  KeySpec spec = value(std::move(name), std::move(doc), ParamKind::choice);
  spec.choices = std::move(choices);
  return spec;
}
KeySpec component(std::string name, std::string doc, std::string kind) {
  KeySpec spec = shaped(std::move(name), std::move(doc), ParamKind::component, Shape::component, {});
  spec.component_kind = std::move(kind);
  return spec;
}
KeySpec list(const KeySpec& item, std::string name, std::string doc) {
  KeySpec spec = shaped(std::move(name), std::move(doc), ParamKind::list, Shape::list, {item});
  spec.item_kind = item.kind;
  spec.form = item.form;
  spec.min = item.min, spec.max = item.max, spec.open_min = item.open_min, spec.open_max = item.open_max;
  spec.choices = item.choices;
  spec.component_kind = item.component_kind;
  spec.fallback = Value{List{}};
  return spec;
}
KeySpec columns(std::string name, std::string doc) { return list(column({}, "a column"), std::move(name), std::move(doc)); }
KeySpec object(std::string name, std::string doc, std::vector<KeySpec> keys) {
  return shaped(std::move(name), std::move(doc), ParamKind::text, Shape::object, std::move(keys));
}
KeySpec dictionary(std::string name, std::string doc, KeySpec item) {
  return shaped(std::move(name), std::move(doc), ParamKind::text, Shape::dictionary, {std::move(item)});
}
KeySpec either(std::string name, std::string doc, std::vector<KeySpec> alternatives) {
  return shaped(std::move(name), std::move(doc), ParamKind::text, Shape::either, std::move(alternatives));
}
KeySpec later(std::string name, std::string doc, std::string missing) {
  KeySpec spec = object(std::move(name), std::move(doc), {});
  spec.comes_later = std::move(missing);
  return spec;
}

}  // namespace key

KeySpec key_of(const ParamSpec& param) {
  KeySpec spec;
  static_cast<ParamSpec&>(spec) = param;
  if (param.kind == ParamKind::component) spec.shape = Shape::component;
  if (param.kind != ParamKind::list) return spec;
  spec.shape = Shape::list;
  KeySpec item;
  item.kind = param.item_kind;
  item.form = param.form;
  item.min = param.min, item.max = param.max, item.open_min = param.open_min, item.open_max = param.open_max;
  item.step = param.step;
  item.choices = param.choices;
  item.component_kind = param.component_kind;
  item.doc = param.doc;
  if (item.kind == ParamKind::component) item.shape = Shape::component;
  spec.inside.push_back(std::move(item));
  return spec;
}

namespace {

std::string text_form(TextForm form) {
  switch (form) {
    case TextForm::any:
      return "a text";
    case TextForm::name:
      return "a text that is not empty";
    case TextForm::span:
      return "a span such as 3y, 6mo, 10d, 4h, 10min, or a plain count";
    case TextForm::share_or_span:
      return "a share between 0 and 1, or a span such as 6mo, or a plain count";
    case TextForm::expression:
      return "an expression";
    case TextForm::path:
      return "a path";
    case TextForm::bytes:
      return "an amount of memory such as 512MB or 2GB";
    case TextForm::scalar:
      return "a plain value";
  }
  return {};
}

std::string value_text(const KeySpec& key) {
  switch (key.kind) {
    case ParamKind::boolean:
      return "true or false";
    case ParamKind::integer:
      return "a whole number";
    case ParamKind::real:
      return "a number";
    case ParamKind::text:
      return text_form(key.form);
    case ParamKind::choice:
      return key.choices.size() == 1 ? key.choices.front() : "one of " + text::join(key.choices, ", ");
    case ParamKind::column:
      return "a column's name";
    case ParamKind::list:
      return "a list";
    case ParamKind::component:
      return "a " + key.component_kind;
  }
  return {};
}

std::string number_text(const KeySpec& key, double value) {
  if (key.kind == ParamKind::integer && std::abs(value) < 9.2e18) return std::to_string(static_cast<std::int64_t>(value));
  return text::shortest(value);
}

}  // namespace

std::string kind_text(const KeySpec& key) {
  switch (key.shape) {
    case Shape::value:
      return value_text(key);
    case Shape::component:
      return "a " + key.component_kind + " {" + key.use_key + ": name, ...}" + (key.short_form ? " or its name alone" : "");
    case Shape::list:
      return "a list, each item " + kind_text(key.inside.front());
    case Shape::object:
      return "a map of keys";
    case Shape::dictionary:
      return "a map from names to " + kind_text(key.inside.front());
    case Shape::either: {
      std::vector<std::string> parts;
      for (const KeySpec& alternative : key.inside) parts.push_back(kind_text(alternative));
      return text::join(parts, ", or ");
    }
  }
  return {};
}

std::string range_text(const KeySpec& key) {
  if (key.shape != Shape::value || (key.kind != ParamKind::integer && key.kind != ParamKind::real)) return {};
  const bool low = std::isfinite(key.min), high = std::isfinite(key.max);
  std::string text;
  if (low && high && key.min == key.max) {
    text = number_text(key, key.min);
  } else if (low && high && !key.open_min && !key.open_max) {
    text = "from " + number_text(key, key.min) + " to " + number_text(key, key.max);
  } else {
    if (low) text = (key.open_min ? "above " : "at least ") + number_text(key, key.min);
    if (low && high) text += " and ";
    if (high) text += (key.open_max ? "below " : "at most ") + number_text(key, key.max);
  }
  if (key.step > 0) text += (text.empty() ? "in steps of " : ", in steps of ") + number_text(key, key.step);
  return text;
}

std::string about(const KeySpec& key) {
  std::string text = key.doc;
  std::string facts = kind_text(key);
  if (const std::string range = range_text(key); !range.empty()) facts += " " + range;
  if (!key.unit.empty()) facts += ", in " + key.unit;
  const List* list = std::get_if<List>(&key.fallback.data);
  if (!key.fallback.is_none() && !(list != nullptr && list->empty())) facts += ", default " + to_text(key.fallback);
  return text + (text.empty() ? "" : ": ") + facts;
}

}  // namespace assay::config
