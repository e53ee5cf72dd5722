#include "plugin/abi_values.hpp"

#include "base/error.hpp"

namespace assay::plugin {

AbiValues::AbiValues(const config::Map& params, const std::vector<config::ParamSpec>& schema) {
  ASSAY_CHECK(params.size() == schema.size(), "parameters come in schema order, all of them");
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const config::ParamSpec& spec = schema[i];
    const config::ParamKind kind = spec.kind == config::ParamKind::list ? spec.item_kind : spec.kind;
    values_.push_back(convert(params[i].second, kind == config::ParamKind::real));
  }
}

const assay_value* AbiValues::pairs(const config::Map& map) {
  std::vector<assay_value> list;
  for (const auto& [name, value] : map) {
    assay_value key{};
    key.kind = ASSAY_VALUE_TEXT;
    key.text = to_abi(name);
    list.push_back(key);
    list.push_back(convert(value, false));
  }
  return items_.emplace_back(std::move(list)).data();
}

assay_value AbiValues::convert(const config::Value& value, bool want_real) {
  assay_value raw{};
  if (const auto* flag = std::get_if<bool>(&value.data)) {
    raw.kind = ASSAY_VALUE_BOOL;
    raw.i64 = *flag ? 1 : 0;
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    raw.kind = want_real ? ASSAY_VALUE_REAL : ASSAY_VALUE_INT;
    if (want_real)
      raw.f64 = static_cast<double>(*whole);
    else
      raw.i64 = *whole;
  } else if (const auto* real = std::get_if<double>(&value.data)) {
    raw.kind = ASSAY_VALUE_REAL;
    raw.f64 = *real;
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    raw.kind = ASSAY_VALUE_TEXT;
    raw.text = to_abi(*text);
  } else if (const auto* list = std::get_if<config::List>(&value.data)) {
    std::vector<assay_value> items;
    for (const config::Value& item : *list) items.push_back(convert(item, want_real));
    raw.kind = ASSAY_VALUE_LIST;
    raw.n = static_cast<std::uint32_t>(items.size());
    raw.items = items_.emplace_back(std::move(items)).data();
  } else if (const auto* map = std::get_if<config::Map>(&value.data)) {
    raw.kind = ASSAY_VALUE_MAP;
    raw.n = static_cast<std::uint32_t>(map->size());
    raw.items = pairs(*map);
  } else if (const auto* component = std::get_if<config::ComponentValue>(&value.data)) {
    raw.kind = ASSAY_VALUE_COMPONENT;
    raw.text = to_abi(component->id);
    raw.n = static_cast<std::uint32_t>(component->params.size());
    raw.items = pairs(component->params);
  }
  return raw;
}

config::Value from_abi(const assay_value& raw, int depth) {
  if (depth > 32) throw Error(Fault::failed, "a plugin's value", "it is nested too deeply");
  auto pairs = [&] {
    config::Map map;
    for (std::uint32_t i = 0; i < raw.n; ++i)
      map.emplace_back(std::string(to_view(raw.items[2 * i].text)), from_abi(raw.items[2 * i + 1], depth + 1));
    return map;
  };
  switch (raw.kind) {
    case ASSAY_VALUE_NONE:
      return {};
    case ASSAY_VALUE_BOOL:
      return {raw.i64 != 0};
    case ASSAY_VALUE_INT:
      return {raw.i64};
    case ASSAY_VALUE_REAL:
      return {raw.f64};
    case ASSAY_VALUE_TEXT:
      return {std::string(to_view(raw.text))};
    case ASSAY_VALUE_LIST: {
      config::List list;
      for (std::uint32_t i = 0; i < raw.n; ++i) list.push_back(from_abi(raw.items[i], depth + 1));
      return {std::move(list)};
    }
    case ASSAY_VALUE_MAP:
      return {pairs()};
    case ASSAY_VALUE_COMPONENT:
      return {config::ComponentValue{std::string(to_view(raw.text)), pairs()}};
    default:
      throw Error(Fault::failed, "a plugin's value", "its kind is none that this Assay knows");
  }
}

}  // namespace assay::plugin
