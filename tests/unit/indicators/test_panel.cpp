// A set of features over a panel, as an experiment computes it: on several threads, a few entities at a time, each value in its row.
#include "data/frame.hpp"
#include "indicator.hpp"
#include "pipeline/plugin_features.hpp"

using namespace planted;

TEST_CASE("a panel's entities are computed by themselves and put back into their rows, bit for bit") {
  constexpr int kEntities = 11, kDays = 900;  // more than a million values: threads
  std::vector<assay::TimeNs> day;
  std::vector<std::int32_t> symbol;
  std::vector<std::string> names;
  Columns data;
  std::vector<Columns> alone(kEntities);
  std::uint64_t state = 3;
  for (int e = 0; e < kEntities; ++e) names.emplace_back(1, static_cast<char>('A' + e));  // in order of the alphabet, as the frame has them
  for (int d = 0; d < kDays; ++d) {
    for (int e = 0; e < kEntities; ++e) {
      if ((d + e) % 13 == 0 || (e == 4 && d > 60)) continue;  // ragged, and one that ends early
      day.push_back(d * assay::kNsPerDay);
      symbol.push_back(e);
      for (const char* name : {"close", "high", "low", "open", "volume"}) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double value = (e + 1) * (name[0] == 'h' ? 12 : name[0] == 'l' ? 8 : 10) + static_cast<double>(state >> 44) / (1 << 20);
        data[name].push_back(value);
        alone[static_cast<std::size_t>(e)][name].push_back(value);
      }
    }
  }
  std::vector<assay::data::Column> columns = {assay::data::Column::of_times("day", day),
                                              assay::data::Column::of_codes("symbol", symbol, names)};
  for (const auto& [name, values] : data) columns.push_back(assay::data::Column::of_reals(name, values));
  assay::data::FrameNotes notes;
  assay::data::TimeRules rules;
  rules.time_column = "day";
  rules.entity_column = "symbol";
  const assay::data::Frame frame = assay::data::Frame::finish(std::move(columns), rules, notes);

  const assay::plugin::ComponentMaker maker;
  const assay::config::ComponentSpec* spec = shipped().find("feature", "technical.price_volume_160");
  REQUIRE(spec != nullptr);
  assay::config::Component component;
  component.id = spec->id;
  for (const auto& param : spec->params) component.params.emplace_back(param.name, param.fallback);
  const assay::pipeline::FeatureColumns got = assay::pipeline::plugin_features(shipped(), maker)(component, frame);

  const Indicator set("technical.price_volume_160");
  REQUIRE(got.names == set.outputs());
  for (int e = 0; e < kEntities; ++e) {
    const Columns wanted = set(alone[static_cast<std::size_t>(e)]);
    const auto rows = frame.rows_of_entity(e);
    for (std::size_t o = 0; o < got.names.size(); ++o) {
      const Series& values = wanted.at(got.names[o]);
      REQUIRE(values.size() == rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO(got.names[o] << " of " << names[static_cast<std::size_t>(e)] << ", row " << i);
        REQUIRE(same(got.values[o][static_cast<std::size_t>(rows[i])], values[i]));
      }
    }
  }
}
