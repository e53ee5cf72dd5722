#include "run/messages.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace assay::run {

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

std::string to_json(const train::LearnerSetup& setup) {
  Json inputs = Json::array();
  for (const pipeline::InputColumn& c : setup.inputs) inputs.push_back({c.name, static_cast<int>(c.kind), c.levels});
  return Json{{"model", setup.model.id},
              {"params", to_json(setup.model.params)},
              {"task", static_cast<int>(setup.task)},
              {"inputs", inputs},
              {"outputs", setup.outputs},
              {"class_weight", setup.class_weight},
              {"batch_size", setup.batch_size},
              {"shuffle", setup.shuffle},
              {"seed", setup.seed},
              {"max_threads", setup.max_threads},
              {"schema_hash", setup.schema_hash}}
      .dump();
}

train::LearnerSetup setup_from_json(const std::string& text) {
  const Json json = Json::parse(text);
  train::LearnerSetup setup;
  setup.model.id = json.at("model").get<std::string>();
  setup.model.params = map_from(json.at("params"));
  setup.task = static_cast<config::Task>(json.at("task").get<int>());
  for (const Json& c : json.at("inputs"))
    setup.inputs.push_back(
        {c.at(0).get<std::string>(), static_cast<pipeline::InputKind>(c.at(1).get<int>()), c.at(2).get<std::vector<std::string>>()});
  setup.outputs = json.at("outputs").get<std::int64_t>();
  setup.class_weight = json.at("class_weight").get<std::vector<double>>();
  setup.batch_size = json.at("batch_size").get<std::int64_t>();
  setup.shuffle = json.at("shuffle").get<bool>();
  setup.seed = json.at("seed").get<std::uint64_t>();
  setup.max_threads = json.at("max_threads").get<std::uint32_t>();
  setup.schema_hash = json.at("schema_hash").get<std::string>();
  return setup;
}

worker::Descriptor pack(const train::Rows& rows) {
  using worker::PackedArray;
  const std::vector<std::int64_t> sizes{rows.count, rows.columns, rows.lookback};
  std::vector<PackedArray> arrays{PackedArray::of<std::int64_t>("sizes", sizes),
                                  PackedArray::of("x", rows.x),
                                  PackedArray::of("window_end", rows.window_end),
                                  PackedArray::of("y", rows.y),
                                  PackedArray::of("time", rows.time),
                                  PackedArray::of("label_end", rows.label_end),
                                  PackedArray::of("entity", rows.entity),
                                  PackedArray::of("segment", rows.segment),
                                  PackedArray::of("group", rows.group),
                                  PackedArray::of("last_known_target", rows.last_known_target)};
  return worker::packed_memory(arrays);
}

train::Rows rows_of(const worker::PackedFile& file) {
  train::Rows rows;
  const auto sizes = file.values<std::int64_t>("sizes");
  ASSAY_CHECK(sizes.size() == 3, "pack() writes three sizes");
  rows.count = sizes[0];
  rows.columns = sizes[1];
  rows.lookback = sizes[2];
  rows.x = file.values<double>("x");
  rows.window_end = file.values<std::int64_t>("window_end");
  rows.y = file.values<double>("y");
  rows.time = file.values<TimeNs>("time");
  rows.label_end = file.values<TimeNs>("label_end");
  rows.entity = file.values<std::int32_t>("entity");
  rows.segment = file.values<std::int32_t>("segment");
  rows.group = file.values<std::int64_t>("group");
  rows.last_known_target = file.values<double>("last_known_target");
  return rows;
}

}  // namespace assay::run
