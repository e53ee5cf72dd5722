// Promises that hold on average: how near to the best possible, how often something is found where there is nothing, how often an interval
// covers the truth. Bounds are 99.9 % binomial ones: a sound build fails one run in a thousand, a broken one nearly always.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "data/simulate_credit.hpp"
#include "program.hpp"
#include "stats/bootstrap.hpp"
#include "stats/distributions.hpp"
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
  int ridge = 0, network = 0, above = 0, below = 0;  // verdicts; rank IC intervals (of the ridge) wholly above or below zero
};

Alarms alarms(int runs, const std::string& more) {
  const Program assay;
  Alarms out;
  for (int seed = 1; seed <= runs; ++seed) {
    const Json run = assay.run(FIGURES "/nothing_to_find.yaml", "--set data.seed=" + std::to_string(seed) + more);
    const Json &ridge = run.at("models").at("ridge"), &network = run.at("models").at("network");
    out.ridge += any_better(ridge);
    out.network += any_better(network);
    const Json& ic = ridge.at("metrics").at("rank_ic");
    out.above += ic.at("low").get<double>() > 0;
    out.below += ic.at("high").get<double>() < 0;
  }
  return out;
}

}  // namespace

TEST_CASE("Where nothing can be forecast, nothing is found more often than chance allows") {
  const int runs = is_nightly() ? 200 : 24;
  const auto windows = GENERATE(as<std::string>(), "", " --set split.expanding=true");  // Diebold-Mariano; Clark-West
  const Alarms found = alarms(runs, windows);
  INFO("windows:" << windows << " ridge " << found.ridge << ", network " << found.network << ", above " << found.above << ", below "
                  << found.below << " of " << runs);
  CHECK(found.ridge <= most(runs, 0.05));
  CHECK(found.network <= most(runs, 0.05));
  // The 95 % interval of the mean rank IC misses the true 0 on either side one time in forty.
  CHECK(found.above <= most(runs, 0.025));
  CHECK(found.below <= most(runs, 0.025));
  CHECK(found.above + found.below >= least(runs, 0.05));
}

TEST_CASE("Where a tenth of the variance can be forecast, it is found") {
  const Alarms found = alarms(4, " --set data.signal=0.1");
  CHECK(found.ridge == 4);
  CHECK(found.network == 4);
  CHECK(found.above == 4);
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
