// Five features and the target over a panel of 500 entities x 5,000 days, from the frame to a Dataset, and (pipeline.panel_5) on to folds
// and the arrays that a model takes. Expressions run on several threads, the rest on one.
// links: assay::pipeline assay::data
#include <cmath>

#include "data/simulate_market.hpp"
#include "harness.hpp"
#include "pipeline/fold_data.hpp"

using namespace assay;

namespace {

config::Experiment experiment() {
  config::Experiment out;
  const auto feature = [&](const char* name, const char* text) {
    config::FeatureSpec spec;
    spec.name = name;
    spec.expression = text;
    out.features.push_back(spec);
  };
  feature("ret", "close / lag(close, 1) - 1");
  feature("mom", "close / lag(close, 60) - 1");
  feature("vol", "std(ret, 20)");
  feature("mean_60", "mean(close, 60) / close - 1");
  feature("top", "close / max(close, 20)");
  out.inputs.features = true;
  out.inputs.all = false;
  out.target.expression = "lead(close, 1) / close - 1";
  out.target.task = config::Task::regression;
  out.split.use = "holdout";
  out.split.test_fraction = 0.2;
  config::Component scale;
  scale.id = "scale";
  scale.params = {{"method", {std::string("standard")}}};
  out.prepare.push_back(scale);
  return out;
}

void check(const pipeline::Dataset& dataset) {  // by the definition, on one row in the middle
  const auto& frame = dataset.frame;
  const auto rows = frame.rows_of_entity(7);
  const auto close = frame.at("close").reals(), ret = frame.at("ret").reals(), vol = frame.at("vol").reals();
  const auto at = [&](std::size_t day) { return static_cast<std::size_t>(rows[day]); };
  double mean = 0, squares = 0;
  for (std::size_t d = 981; d <= 1000; ++d) mean += ret[at(d)] / 20;
  for (std::size_t d = 981; d <= 1000; ++d) squares += (ret[at(d)] - mean) * (ret[at(d)] - mean);
  bench::require(std::fabs(vol[at(1000)] - std::sqrt(squares / 19)) < 1e-12, "the deviation of 20 returns differs");
  bench::require(std::fabs(dataset.y[at(1000)] - (close[at(1001)] / close[at(1000)] - 1)) < 1e-15, "the target differs");
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("features.panel_5") && !session.wants("pipeline.panel_5")) return;
    data::MarketOptions options;
    options.entities = 500;
    options.days = 5'000;
    const data::Frame frame = data::simulate_market(options).frame;
    const config::Experiment what = experiment();
    const pipeline::FeatureFactory none;
    const auto dataset_of = [&](Diagnostics& diagnostics) {
      return pipeline::build_dataset(what, data::Frame::of_parts(frame.parts()), none, diagnostics);  // with an index of its own
    };
    session.measure({.name = "features.panel_5", .unit = "s", .peer = "features_panel.py", .rounds = 5}, [&] {
      Diagnostics diagnostics;
      pipeline::Dataset dataset;
      const double seconds = bench::time([&] { dataset = dataset_of(diagnostics); });
      bench::require(!diagnostics.has_errors(), "the experiment is not sound");
      check(dataset);
      return seconds;
    });
    session.measure({.name = "pipeline.panel_5", .unit = "s", .goal = 1, .rounds = 5}, [&] {
      Diagnostics diagnostics;
      pipeline::FoldData fold;
      const double seconds = bench::time([&] {
        const pipeline::Dataset dataset = dataset_of(diagnostics);
        const pipeline::Folds folds = pipeline::make_folds(what.split, dataset, SeedTree(1).child("split"), "", diagnostics);
        bench::require(!diagnostics.has_errors(), "the experiment is not sound");
        fold = pipeline::assemble_fold(dataset, folds.folds[0], folds, {what.prepare, what.select, false});
      });
      bench::require(fold.train.rows() > 1'900'000 && fold.train.x.columns == 5 && fold.test.rows() > 450'000, "rows are lost");
      return seconds;
    });
  });
}
