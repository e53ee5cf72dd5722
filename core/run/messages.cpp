#include "run/messages.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "worker/tasks.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string to_json(const train::LearnerSetup& setup) {
  Json inputs = Json::array();
  for (const pipeline::InputColumn& c : setup.inputs) inputs.push_back({c.name, static_cast<int>(c.kind), c.levels});
  return Json{{"model", setup.model.id},
              {"params", worker::params_to_text(setup.model.params)},
              {"task", static_cast<int>(setup.task)},
              {"inputs", inputs},
              {"outputs", setup.outputs},
              {"horizons", setup.horizons},
              {"class_weight", setup.class_weight},
              {"levels", setup.levels},
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
  setup.model.params = worker::params_from_text(json.at("params").get<std::string>());
  setup.task = static_cast<config::Task>(json.at("task").get<int>());
  for (const Json& c : json.at("inputs"))
    setup.inputs.push_back(
        {c.at(0).get<std::string>(), static_cast<pipeline::InputKind>(c.at(1).get<int>()), c.at(2).get<std::vector<std::string>>()});
  setup.outputs = json.at("outputs").get<std::int64_t>();
  setup.horizons = json.at("horizons").get<std::vector<std::int64_t>>();
  setup.class_weight = json.at("class_weight").get<std::vector<double>>();
  setup.levels = json.at("levels").get<std::vector<double>>();
  setup.batch_size = json.at("batch_size").get<std::int64_t>();
  setup.shuffle = json.at("shuffle").get<bool>();
  setup.seed = json.at("seed").get<std::uint64_t>();
  setup.max_threads = json.at("max_threads").get<std::uint32_t>();
  setup.schema_hash = json.at("schema_hash").get<std::string>();
  return setup;
}

worker::Descriptor pack(const train::Rows& rows) {
  using worker::PackedArray;
  const std::vector<std::int64_t> sizes{rows.count, rows.columns, rows.lookback, rows.horizons};
  std::vector<PackedArray> arrays{PackedArray::of<std::int64_t>("sizes", sizes),
                                  PackedArray::of("x", rows.x),
                                  PackedArray::of("window_end", rows.window_end),
                                  PackedArray::of("y", rows.y),
                                  PackedArray::of("time", rows.time),
                                  PackedArray::of("label_end", rows.label_end),
                                  PackedArray::of("entity", rows.entity),
                                  PackedArray::of("segment", rows.segment),
                                  PackedArray::of("group", rows.group),
                                  PackedArray::of("last_known_target", rows.last_known_target),
                                  PackedArray::of("weight", rows.weight)};
  return worker::packed_memory(arrays);
}

train::Rows rows_of(const worker::PackedFile& file) {
  train::Rows rows;
  const auto sizes = file.values<std::int64_t>("sizes");
  ASSAY_CHECK(sizes.size() == 4, "pack() writes four sizes");
  rows.count = sizes[0];
  rows.columns = sizes[1];
  rows.lookback = sizes[2];
  rows.horizons = sizes[3];
  rows.x = file.values<double>("x");
  rows.window_end = file.values<std::int64_t>("window_end");
  rows.y = file.values<double>("y");
  rows.time = file.values<TimeNs>("time");
  rows.label_end = file.values<TimeNs>("label_end");
  rows.entity = file.values<std::int32_t>("entity");
  rows.segment = file.values<std::int32_t>("segment");
  rows.group = file.values<std::int64_t>("group");
  rows.last_known_target = file.values<double>("last_known_target");
  rows.weight = file.values<double>("weight");
  return rows;
}

std::string to_text(const plugin::Graph& graph) {
  Json constants = Json::array(), nodes = Json::array(), results = Json::array();
  for (const plugin::GraphConstant& c : graph.constants()) constants.push_back({c.name, c.dtype, c.shape, c.bytes.size()});
  for (const plugin::GraphNode& n : graph.nodes())
    nodes.push_back({n.operation, n.inputs, n.outputs, worker::params_to_text(n.attributes)});
  for (const auto& [what, name] : graph.results()) results.push_back({what, name});
  return Json{{"rows", graph.rows()}, {"constants", constants}, {"nodes", nodes}, {"results", results}}.dump();
}

std::vector<std::byte> numbers_of(const plugin::Graph& graph) {
  std::vector<std::byte> out;
  for (const plugin::GraphConstant& c : graph.constants()) out.insert(out.end(), c.bytes.begin(), c.bytes.end());
  return out;
}

plugin::Graph graph_from(std::string_view text, std::span<const std::byte> numbers) {
  const Json json = Json::parse(text);
  plugin::Graph graph(json.at("rows").get<std::string>());
  for (const Json& c : json.at("constants")) {
    const auto size = c.at(3).get<std::size_t>();
    if (size > numbers.size()) throw Error(Fault::failed, "reading a graph", "its constants are cut short");
    plugin::GraphConstant constant{c.at(0).get<std::string>(), c.at(1).get<std::uint16_t>(), c.at(2).get<std::vector<std::int64_t>>(), {}};
    constant.bytes.assign(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(size));
    numbers = numbers.subspan(size);
    graph.add(std::move(constant));
  }
  const auto names = [](const Json& list) { return list.get<std::vector<std::string>>(); };
  for (const Json& n : json.at("nodes"))
    graph.add(plugin::GraphNode{n.at(0).get<std::string>(), names(n.at(1)), names(n.at(2)),
                                worker::params_from_text(n.at(3).get<std::string>())});
  for (const Json& r : json.at("results")) graph.set_result(r.at(0).get<std::string>(), r.at(1).get<std::string>());
  return graph;
}

}  // namespace assay::run
