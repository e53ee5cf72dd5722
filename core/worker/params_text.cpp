#include <bit>
#include <nlohmann/json.hpp>

#include "worker/tasks.hpp"

namespace assay::worker {
namespace {

using Json = nlohmann::ordered_json;
using config::Value;

Json to_json(const Value& value);

Json to_json(const config::Map& map) {
  Json json = Json::array();  // pairs, so that the order of parameters is kept whatever their names
  for (const auto& [name, item] : map) json.push_back({name, to_json(item)});
  return json;
}

Json to_json(const Value& value) {
  const std::size_t kind = value.data.index();
  Json data;
  if (const auto* b = std::get_if<bool>(&value.data)) data = *b;
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) data = *i;
  if (const auto* r = std::get_if<double>(&value.data)) data = std::to_string(std::bit_cast<std::uint64_t>(*r));  // bits: inf and nan too
  if (const auto* t = std::get_if<std::string>(&value.data)) data = *t;
  if (const auto* list = std::get_if<config::List>(&value.data)) {
    data = Json::array();
    for (const Value& item : *list) data.push_back(to_json(item));
  }
  if (const auto* map = std::get_if<config::Map>(&value.data)) data = to_json(*map);
  if (const auto* c = std::get_if<config::ComponentValue>(&value.data)) data = {c->id, to_json(c->params)};
  return {kind, data};
}

Value value_from(const Json& json);

config::Map map_from(const Json& json) {
  config::Map map;
  for (const Json& pair : json) map.emplace_back(pair.at(0).get<std::string>(), value_from(pair.at(1)));
  return map;
}

Value value_from(const Json& json) {
  const Json& data = json.at(1);
  switch (json.at(0).get<std::size_t>()) {
    case 1:
      return {data.get<bool>()};
    case 2:
      return {data.get<std::int64_t>()};
    case 3:
      return {std::bit_cast<double>(static_cast<std::uint64_t>(std::stoull(data.get<std::string>())))};
    case 4:
      return {data.get<std::string>()};
    case 5: {
      config::List list;
      for (const Json& item : data) list.push_back(value_from(item));
      return {std::move(list)};
    }
    case 6:
      return {map_from(data)};
    case 7:
      return {config::ComponentValue{data.at(0).get<std::string>(), map_from(data.at(1))}};
    default:
      return {};
  }
}

}  // namespace

std::string params_to_text(const config::Map& params) { return to_json(params).dump(); }

config::Map params_from_text(std::string_view text) { return map_from(Json::parse(text)); }

}  // namespace assay::worker
