// Promises that hold on average: how near to the best possible, how often something is found where there is nothing, how often an interval
// covers the truth. Bounds are 99.9 % binomial ones: a sound build fails one run in a thousand, a broken one nearly always.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/simulate_credit.hpp"
#include "data/simulate_market.hpp"
#include "program.hpp"
#include "stats/bootstrap.hpp"
#include "stats/correlation.hpp"
#include "stats/distributions.hpp"
#include "stats/mean_interval.hpp"
#include "support/catch.hpp"

using namespace figures_test;

namespace {

// The largest and smallest counts that chance at `rate` gives with probability 0.999.
int most(int runs, double rate) {
  int k = 0;
  while (assay::stats::binomial_cdf(k, runs, rate) < 0.999) ++k;
  return k;
}
int least(int runs, double rate) {
  int k = 0;
  while (assay::stats::binomial_cdf(k, runs, rate) < 0.001) ++k;
  return k;
}

bool any_better(const Json& model) {
  const Json& tests = model.at("comparisons");
  return std::any_of(tests.begin(), tests.end(), [](const Json& c) { return c.at("better").get<bool>(); });
}

struct Alarms {
  int better = 0, above = 0, below = 0;  // verdicts; rank IC intervals wholly above or below zero
  void count(const Json& model) {
    better += any_better(model);
    const Json& ic = model.at("metrics").at("rank_ic");
    above += ic.at("low").get<double>() > 0;
    below += ic.at("high").get<double>() < 0;
  }
};

struct Found {
  Alarms ridge, network;
};

Found found_in(int runs, const std::string& more) {
  const Program assay;
  Found out;
  for (int seed = 1; seed <= runs; ++seed) {
    const Json run = assay.run(FIGURES "/nothing_to_find.yaml", "--set data.seed=" + std::to_string(seed) + more);
    out.ridge.count(run.at("models").at("ridge"));
    out.network.count(run.at("models").at("network"));
  }
  return out;
}

// Rank ICs by date of a forecast that never changes: momentum, across the entities of each date.
std::vector<double> rank_ics(const assay::data::MarketOptions& options) {
  const assay::data::SimulatedMarket market = assay::data::simulate_market(options);
  const auto momentum = market.frame.at("momentum").reals(), close = market.frame.at("close").reals();
  const auto entities = static_cast<std::size_t>(options.entities), last = static_cast<std::size_t>(options.days - 1);
  std::vector<double> out, next_return(entities);
  for (std::size_t d = 0; d < last; ++d) {
    const std::size_t row = d * entities;
    for (std::size_t e = 0; e < entities; ++e) next_return[e] = close[row + entities + e] / close[row + e] - 1;
    out.push_back(assay::stats::spearman(std::span(momentum).subspan(row, entities), next_return));
  }
  return out;
}

}  // namespace

TEST_CASE("Where nothing can be forecast, nothing is found more often than chance allows") {
  const int runs = is_nightly() ? 200 : 24;
  const auto windows = GENERATE(as<std::string>(), "", " --set split.expanding=true");  // Diebold-Mariano; Clark-West
  const Found found = found_in(runs, windows);
  for (const auto& [name, model] : {std::pair{"ridge", found.ridge}, std::pair{"network", found.network}}) {
    INFO(name << ", windows:" << windows << " better " << model.better << ", above " << model.above << ", below " << model.below << " of "
              << runs);
    CHECK(model.better <= most(runs, 0.05));
    // The 95 % interval of the mean rank IC misses the true 0 on either side one time in forty. That it is not too wide either needs
    // more draws than runs of the program: the next case.
    CHECK(model.above <= most(runs, 0.025));
    CHECK(model.below <= most(runs, 0.025));
  }
}

TEST_CASE("The 95 % interval of a mean rank IC covers the truth as often as it says") {
  const double signal = GENERATE(0.0, 0.1);
  const int runs = is_nightly() ? 4'000 : 1'000;
  assay::data::MarketOptions options;
  options.entities = 8;
  options.days = 280;
  options.signal = signal;
  double truth = 0;  // the mean over markets that no interval is made of; without signal it is 0
  if (signal > 0) {
    const int markets = 2'000;
    for (int market = 0; market < markets; ++market) {
      options.seed = std::uint64_t{1'000'000} + static_cast<std::uint64_t>(market);
      for (const double ic : rank_ics(options)) truth += ic / static_cast<double>(markets * (options.days - 1));
    }
    CHECK(truth > 0.1);
  }
  int above = 0, below = 0;
  for (int seed = 1; seed <= runs; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const auto interval = assay::stats::interval_of_mean(rank_ics(options), 1, 0.95);
    above += interval.low > truth;
    below += interval.high < truth;
  }
  INFO("signal " << signal << ", truth " << truth << ": " << above << " above, " << below << " below of " << runs);
  CHECK(above + below <= most(runs, 0.06));  // ICs of slow features are dependent: a point less than the name is allowed
  CHECK(above + below >= least(runs, 0.04));
  CHECK(above <= most(runs, 0.035));
  CHECK(below <= most(runs, 0.035));
}

TEST_CASE("Where a tenth of the variance can be forecast, it is found") {
  const Found found = found_in(4, " --set data.signal=0.1");
  CHECK(found.ridge.better == 4);
  CHECK(found.network.better == 4);
  CHECK(found.ridge.above == 4);
}

TEST_CASE("On simulated credit the network comes within 0.01 of the best possible AUC") {
  const Program assay;
  std::vector<double> short_of;
  for (int seed = 1; seed <= (is_nightly() ? 10 : 2); ++seed) {
    const Json run = assay.run(experiment("credit_risk/simulated"), "--set data.seed=" + std::to_string(seed));
    // On the labels that were drawn: the model's AUC and the best one share their luck.
    short_of.push_back(run.at("best_possible").at("auc").get<double>() - value(run.at("models").at("network").at("metrics"), "auc"));
    CHECK(short_of.back() < 0.01);
    CHECK(std::abs(run.at("best_possible").at("expected_auc").get<double>() - run.at("best_possible").at("auc").get<double>()) < 0.03);
  }
}

TEST_CASE("The 95 % interval of an AUC covers the true AUC as often as it says") {
  assay::data::CreditOptions population;
  population.rows = 400'000;
  population.seed = 1'000'000;
  const double truth = assay::data::simulate_credit(population).best_auc;
  const int runs = is_nightly() ? 400 : 100;
  int missed = 0;
  for (int seed = 1; seed <= runs; ++seed) {
    assay::data::CreditOptions options;
    options.rows = 1'000;
    options.seed = static_cast<std::uint64_t>(seed);
    const assay::data::SimulatedCredit sample = assay::data::simulate_credit(options);
    const auto& labels = sample.frame.at("default").integers();
    const std::vector<double> label(labels.begin(), labels.end());
    assay::stats::BootstrapOptions bootstrap;
    bootstrap.replicates = 400;
    bootstrap.seed = options.seed;
    const auto interval = assay::stats::bootstrap_auc(assay::stats::Resampler::rows(options.rows), label, sample.probability, bootstrap);
    missed += interval.low > truth || interval.high < truth;
  }
  INFO(missed << " of " << runs << " intervals missed the true AUC " << truth);
  CHECK(missed <= most(runs, 0.06));  // a percentile interval of 1,000 rows is allowed a point less than its name
  CHECK(missed >= least(runs, 0.04));
}
