// The declaration of one key of the experiment file: what ParamSpec says of a parameter, and the shapes that a file has beyond those.
// Declared once in experiment_keys.cpp and builtin_components.cpp; the checker, the JSON schema and the reference page all read it.
// Values, thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/component_spec.hpp"

namespace assay::config {

// value: one scalar of ParamSpec::kind; component: {use: id, parameters...}; dictionary: names of the user's choice; either: the first
// alternative that fits what stands there.
enum class Shape { value, component, list, object, dictionary, either };

struct KeySpec : ParamSpec {
  Shape shape = Shape::value;
  std::vector<KeySpec> inside;  // object: its keys; component: keys beside its parameters; list, dictionary: the item; either: alternatives
  std::string use_key = "use";  // component: the key that names it
  bool short_form = false;      // component: the id alone stands for {use: id}
  bool always = false;          // object: checked, and filled with defaults, also where the file has none
  bool changes_results = true;  // else not in Experiment::resolved
  std::string comes_later;      // known, but not built: what is missing

  KeySpec range(double low, double high) const {
    return changed([&](KeySpec& k) { k.min = low, k.max = high; });
  }
  KeySpec above(double low, double high) const {
    return changed([&](KeySpec& k) { k.min = low, k.max = high, k.open_min = true; });
  }
  KeySpec between(double low, double high) const {
    return changed([&](KeySpec& k) { k.min = low, k.max = high, k.open_min = k.open_max = true; });
  }
  KeySpec by_default(Value value) const {
    return changed([&](KeySpec& k) { k.fallback = std::move(value); });
  }
  KeySpec needed() const {
    return changed([](KeySpec& k) { k.required = true; });
  }
  KeySpec in_unit(std::string text) const {
    return changed([&](KeySpec& k) { k.unit = std::move(text); });
  }
  KeySpec items(std::size_t low, std::size_t high) const {
    return changed([&](KeySpec& k) { k.min_items = low, k.max_items = high; });
  }
  KeySpec where(std::string other, const char* value) const {
    return changed([&](KeySpec& k) { k.only_if = std::move(other), k.only_if_value = Value{std::string(value)}; });
  }
  KeySpec fixed() const {
    return changed([](KeySpec& k) { k.tunable = false; });
  }
  KeySpec always_there() const {
    return changed([](KeySpec& k) { k.always = true; });
  }
  KeySpec without_result() const {
    return changed([](KeySpec& k) { k.changes_results = false; });
  }

 private:
  template <class Change>
  KeySpec changed(Change change) const {
    KeySpec copy = *this;
    change(copy);
    return copy;
  }
};

namespace key {
KeySpec boolean(std::string name, std::string doc);
KeySpec integer(std::string name, std::string doc);
KeySpec real(std::string name, std::string doc);
KeySpec text(std::string name, std::string doc, TextForm form = TextForm::any);
KeySpec span(std::string name, std::string doc);
KeySpec column(std::string name, std::string doc);
KeySpec choice(std::string name, std::string doc, std::vector<std::string> choices);
KeySpec component(std::string name, std::string doc, std::string kind);
KeySpec list(const KeySpec& item, std::string name, std::string doc);  // an empty list by default
KeySpec columns(std::string name, std::string doc);                    // a list of columns
KeySpec object(std::string name, std::string doc, std::vector<KeySpec> keys);
KeySpec dictionary(std::string name, std::string doc, KeySpec item);
KeySpec either(std::string name, std::string doc, std::vector<KeySpec> alternatives);
KeySpec later(std::string name, std::string doc, std::string missing);
}  // namespace key

KeySpec key_of(const ParamSpec& param);  // a component's parameter as a key

// "a whole number from 1 to 100000 (default 10)": for messages, the schema and the reference page.
std::string kind_text(const KeySpec& key);
std::string range_text(const KeySpec& key);  // empty where anything goes
std::string about(const KeySpec& key);       // the doc text, then kind, range, unit and default

const KeySpec& experiment_keys();  // the whole file

}  // namespace assay::config
