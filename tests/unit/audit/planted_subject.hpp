// A small experiment on a random walk (600 days) or a table (600 rows), whose steps tests wrap to plant a leak. The twin of each leak is
// the same wrap without it.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "audit/tests.hpp"
#include "config/experiment_reader.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace planted {

using namespace assay;
inline const double kMissing = std::nan("");
using Values = std::vector<double>;

struct Walk {
  Values close, x;
};
inline Walk walk(std::size_t days = 600) {
  Random random(7);
  Walk out;
  double level = 100;
  for (std::size_t d = 0; d < days; ++d) {
    level *= std::exp(0.01 * random.normal());
    out.close.push_back(level);
    out.x.push_back(random.uniform() < 0.1 ? kMissing : random.normal());
  }
  return out;
}

// Days from 2020 on; further columns beside close and x.
inline std::string csv(const Walk& walk, const std::vector<std::pair<std::string, Values>>& more = {}) {
  std::string text = "day,close,x";
  for (const auto& [name, values] : more) text += "," + name;
  for (std::size_t d = 0; d < walk.close.size(); ++d) {
    const auto cell = [](double v) { return std::isnan(v) ? std::string() : fmt::format("{:.17g}", v); };
    text += "\n" + to_iso(1'577'836'800 * kNsPerSecond + static_cast<std::int64_t>(d) * kNsPerDay) + "," + cell(walk.close[d]) + "," +
            cell(walk.x[d]);
    for (const auto& [name, values] : more) text += "," + cell(values[d]);
  }
  return text + "\n";
}

struct Audited {
  TemporaryFolder folder;
  config::Experiment experiment;
  std::unique_ptr<audit::Subject> subject;
  audit::Options options;

  SeedTree seed() const { return SeedTree(1); }
  audit::Work work() const { return audit::Work(options, 1); }
  void recompute() { subject->dataset = subject->compute(subject->raw).dataset; }

  // The feature `f` (an expression in the file) gets the values that `make` gives for the frame's rows.
  void feature(std::function<Values(const data::Frame&)> make) {
    subject->compute = [inner = subject->compute, make = std::move(make)](const data::Frame& frame) {
      audit::Computed out = inner(frame);
      const std::vector<std::string> old{"f"};
      out.dataset.frame = out.dataset.frame.without(old).with({data::Column::of_reals("f", make(frame))});
      return out;
    };
    recompute();
  }
  void assembled(std::function<void(pipeline::FoldData&, const pipeline::Dataset&, const pipeline::Fold&)> change) {
    subject->assemble = [inner = subject->assemble, change = std::move(change)](const pipeline::Dataset& dataset,
                                                                                const pipeline::Fold& fold, const pipeline::Folds& all) {
      pipeline::FoldData out = inner(dataset, fold, all);
      change(out, dataset, fold);
      return out;
    };
  }
};

inline std::unique_ptr<Audited> audited(const std::string& data, const std::string& file) {
  auto out = std::make_unique<Audited>();
  std::ofstream(out->folder.path / "data.csv") << data;
  const auto path = out->folder.path / "experiment.yaml";
  std::ofstream(path) << "assay: 1\nname: planted\nseed: 3\nresources: {isolation: none}\n" << file;
  config::ReadOptions options;
  options.catalogue = &build_plugins();
  Diagnostics diagnostics;
  auto experiment = config::read_experiment(path, options, diagnostics);
  std::optional<run::ExperimentData> prepared;
  if (experiment) prepared = run::prepare_data(*experiment, build_plugins(), {}, diagnostics);
  std::string problems;
  for (const Diagnostic& d : diagnostics.items()) problems += d.message + "\n";
  INFO(problems);
  REQUIRE(prepared);
  out->experiment = std::move(*experiment);
  out->subject =
      std::make_unique<audit::Subject>(audit::subject_of(out->experiment, build_plugins(), *prepared, "/proc/self/exe", nullptr));
  return out;
}

inline std::unique_ptr<Audited> over_time(const std::string& target = "lead(close, 1) / close - 1",
                                          const std::vector<std::pair<std::string, Values>>& more = {},
                                          const std::string& inputs = "[ret, f]",
                                          const std::string& split = "{use: walk_forward, train: 200, test: 80}") {
  return audited(csv(walk(), more),
                 "data: {source: csv, path: data.csv, time: {column: day}}\n"
                 "features: {ret: \"close / lag(close, 1) - 1\", f: \"mean(close, 20) / close\"}\ninputs: " +
                     inputs + "\ntarget: {expr: \"" + target + "\", task: regression}\nsplit: " + split +
                     "\nprepare: [{use: missing, method: mean}, {use: scale, method: standard}]\nmodel: {use: linear.ridge}\n"
                     "evaluate: {metrics: [rmse], baselines: [no_change]}\n");
}

inline const audit::TestResult& named(const std::vector<audit::TestResult>& results, const std::string& test) {
  for (const audit::TestResult& result : results)
    if (result.test == test) return result;
  FAIL("there is no test " + test);
  return results.front();
}

inline std::string told(const audit::TestResult& result) {
  std::string text = result.test + ": " + result.looked_at + "\n";
  for (const audit::Finding& f : result.findings)
    text += fmt::format("{}: {} ({} values, row {}, {} -> {}, amount {}) {}\n", f.culprit, f.what, f.count, f.first.row, f.before, f.after,
                        f.amount, f.change);
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace planted
