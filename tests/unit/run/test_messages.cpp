// What travels to a worker comes out as it went in: every kind of value, infinities, NaN payloads, 64-bit seeds.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "run/messages.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::run;

namespace {

train::LearnerSetup back(const train::LearnerSetup& setup) { return setup_from_json(to_json(setup)); }

}  // namespace

TEST_CASE("a setup survives the journey") {
  train::LearnerSetup setup;
  setup.model.id = "vendor.model";
  const config::Map inner{{"use", {std::int64_t{1}}}, {"z", {std::string("ü \"quoted\" \n")}}, {"a", {false}}};
  setup.model.params = {
      {"none", {}},
      {"flag", {true}},
      {"count", {std::numeric_limits<std::int64_t>::min()}},
      {"rate", {0.1}},
      {"tiny", {std::numeric_limits<double>::denorm_min()}},
      {"minus_zero", {-0.0}},
      {"limit", {std::numeric_limits<double>::infinity()}},
      {"below", {-std::numeric_limits<double>::infinity()}},
      {"text", {std::string("a\0b", 3)}},
      {"list", {config::List{{std::int64_t{1}}, {2.5}, {std::string("x")}, {config::List{}}, {config::List{{std::string("deep")}}}}}},
      {"map", {inner}},
      {"model", {config::ComponentValue{"linear.ridge", {{"l2", {1e-3}}, {"again", {config::ComponentValue{"x.y", {}}}}}}}},
      {"empty", {config::Map{}}},
  };
  setup.task = config::Task::multiclass;
  setup.inputs = {{"a", pipeline::InputKind::number, {}}, {"ß", pipeline::InputKind::category, {"", "x y", "\xc3\xa9"}}};
  setup.outputs = 7;
  setup.class_weight = {0.1, 1.0 / 3, 1e300};
  setup.levels = {0.05, 1.0 / 3, 0.5};
  setup.batch_size = 1'000'000'007;
  setup.shuffle = false;
  setup.seed = std::numeric_limits<std::uint64_t>::max();
  setup.max_threads = 12;
  setup.schema_hash = "abc";
  const train::LearnerSetup got = back(setup);
  CHECK(got.model.id == setup.model.id);
  CHECK(got.model.params == setup.model.params);
  CHECK(std::signbit(config::find(got.model.params, "minus_zero")->as_real()));
  CHECK(got.task == setup.task);
  CHECK(got.inputs == setup.inputs);
  CHECK(got.outputs == 7);
  CHECK(got.class_weight == setup.class_weight);
  CHECK(got.levels == setup.levels);
  CHECK(got.batch_size == setup.batch_size);
  CHECK_FALSE(got.shuffle);
  CHECK(got.seed == setup.seed);
  CHECK(got.max_threads == 12);
  CHECK(got.schema_hash == "abc");
}

TEST_CASE("the very bits of a NaN") {
  const double odd = std::bit_cast<double>(std::uint64_t{0xfff8'0000'dead'beef});
  train::LearnerSetup setup;
  setup.model.params = {{"nan", {odd}}};
  CHECK(std::bit_cast<std::uint64_t>(back(setup).model.params[0].second.as_real()) == 0xfff8'0000'dead'beef);
}

TEST_CASE("rows packed and mapped again are the same rows; what is absent stays absent") {
  std::vector<double> x(12), y{1, 2, std::nan("")}, known{0.5, -0.0, std::nan("")};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i) / 7;
  const std::vector<std::int64_t> window{1, 2, 5}, group{4, 4, 9};
  const std::vector<TimeNs> time{1, 2, 3}, end{2, 3, 4};
  const std::vector<std::int32_t> entity{0, 0, 1}, segment{0, 1, 1};
  train::Rows rows;
  rows.count = 3;
  rows.columns = 2;
  rows.lookback = 2;
  rows.x = x;
  rows.window_end = window;
  rows.y = y;
  rows.time = time;
  rows.label_end = end;
  rows.entity = entity;
  rows.segment = segment;
  rows.group = group;
  rows.last_known_target = known;
  const std::vector<double> weight{0.5, 0, 2.5};
  rows.weight = weight;
  const worker::PackedFile file = worker::PackedFile::of(pack(rows));
  const train::Rows got = rows_of(file);
  const auto same = [](auto a, auto b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0; };
  CHECK(got.count == 3);
  CHECK(got.columns == 2);
  CHECK(got.lookback == 2);
  CHECK(same(got.x, rows.x));
  CHECK(same(got.window_end, rows.window_end));
  CHECK(same(got.y, rows.y));
  CHECK(same(got.time, rows.time));
  CHECK(same(got.label_end, rows.label_end));
  CHECK(same(got.entity, rows.entity));
  CHECK(same(got.segment, rows.segment));
  CHECK(same(got.group, rows.group));
  CHECK(same(got.last_known_target, rows.last_known_target));
  CHECK(same(got.weight, rows.weight));
  CHECK(got.x.data() != rows.x.data());

  const worker::PackedFile blind = worker::PackedFile::of(pack(train::without_labels(rows)));
  CHECK(rows_of(blind).y.empty());
  CHECK(rows_of(blind).label_end.empty());
  CHECK(rows_of(blind).weight.empty());
  CHECK(rows_of(blind).last_known_target.size() == 3);

  std::vector<double> gathered(8);
  const std::int64_t which[] = {2, 0};
  train::gather(got, which, gathered.data());  // windows end at rows 5 and 1
  CHECK(gathered == std::vector<double>{x[8], x[9], x[10], x[11], x[0], x[1], x[2], x[3]});
}

TEST_CASE("nothing at all can be packed too") {
  const worker::PackedFile file = worker::PackedFile::of(pack({}));
  CHECK(rows_of(file).count == 0);
  CHECK(rows_of(file).x.empty());
}

TEST_CASE("a graph survives the journey") {
  plugin::Graph graph("rows");
  const float numbers[] = {0.1F, std::numeric_limits<float>::quiet_NaN(), -0.0F};
  const auto bytes = std::as_bytes(std::span<const float>(numbers));
  graph.add(plugin::GraphConstant{"w", ASSAY_F32, {3, 1}, {bytes.begin(), bytes.end()}});
  graph.add(plugin::GraphConstant{"none", ASSAY_F64, {0}, {}});
  graph.add(plugin::GraphConstant{"scalar", ASSAY_I64, {}, std::vector<std::byte>(8, std::byte{7})});
  graph.add(plugin::GraphNode{"LSTM",
                              {"rows", "w", "", "scalar"},
                              {"", "last"},
                              {{"hidden_size", {std::int64_t{4}}}, {"direction", {std::string("forward")}}, {"alpha", {0.1}}}});
  graph.set_result("predict", "last");
  const std::vector<std::byte> sent = numbers_of(graph);
  const plugin::Graph got = graph_from(to_text(graph), sent);
  CHECK(got.rows() == "rows");
  CHECK(got.constants() == graph.constants());
  CHECK(got.nodes() == graph.nodes());
  CHECK(got.results() == graph.results());
  CHECK_THROWS_AS(graph_from(to_text(graph), std::span(sent).first(sent.size() - 1)), Error);
}
