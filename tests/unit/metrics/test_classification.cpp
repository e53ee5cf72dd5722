// Reference values: tests/unit/stats/oracle.py, part metrics (scikit-learn 1.2.1), and hand-worked corner cases.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "metrics_plugin.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace metrics_plugin;
using Values = std::vector<double>;

namespace {

Rows credit() {
  const auto d = test_data::binary_table(120, 1);
  Rows rows{.truth = d.truth, .value = d.a};
  for (auto& p : rows.value) {
    p = 0.02 + 0.96 * p;
    rows.decision.push_back(p >= 0.5 ? 1 : 0);
  }
  return rows;
}

Rows three_classes() {
  test_data::Numbers u(17);
  Rows rows{.task = ASSAY_TASK_MULTICLASS, .classes = 3, .outputs = 3};
  for (int i = 0; i < 90; ++i) {
    const double k = std::floor(3 * u());
    double raw[3], sum = 0;
    for (int c = 0; c < 3; ++c) sum += raw[c] = 0.2 + std::floor(5 * u()) + (c == k ? 2 : 0);
    for (const double r : raw) rows.value.push_back(r / sum);
    rows.truth.push_back(k);
    rows.decision.push_back(static_cast<double>(std::max_element(raw, raw + 3) - raw));
  }
  return rows;
}

struct Expected {
  const char* id;
  double value, weighted;
};

}  // namespace

TEST_CASE("binary metrics agree with scikit-learn, weighted and not") {
  auto rows = credit();
  const auto weight = test_data::binary_table(120, 1).weight;
  for (const auto& e : {Expected{"metric.accuracy", 0.6416666666666667, 0.6214285714285714},
                        {"metric.precision", 0.5862068965517241, 0.562962962962963},
                        {"metric.recall", 0.6415094339622641, 0.6178861788617886},
                        {"metric.f1", 0.6126126126126126, 0.5891472868217054},
                        {"metric.auc", 0.7116305266122219, 0.6977888250220081},
                        {"metric.gini", 2 * 0.7116305266122219 - 1, 2 * 0.6977888250220081 - 1},
                        {"metric.ks", 0.38552520416784003, 0.40008285433172797},
                        {"metric.brier", 0.2215232, 0.22734125714285713},
                        {"metric.log_loss", 0.6372438277275077, 0.6552085794649912}}) {
    INFO(e.id);
    rows.weight.clear();
    CHECK(score(e.id, rows) == Approx(e.value).epsilon(1e-12));
    rows.weight = weight;
    CHECK(score(e.id, rows) == Approx(e.weighted).epsilon(1e-12));
  }
}

TEST_CASE("the confusion table") {
  auto rows = credit();
  CHECK(all_values("metric.confusion", rows) == Values{34, 24, 19, 43});
  rows.weight = test_data::binary_table(120, 1).weight;
  CHECK(all_values("metric.confusion", rows) == Values{76, 59, 47, 98});
  const auto& names = table("metric.confusion");
  REQUIRE(names.n_values == 4);
  CHECK(names.value_names[0] == std::string("true_positives"));
  CHECK(names.value_names[3] == std::string("true_negatives"));
}

TEST_CASE("multiclass averages agree with scikit-learn") {
  const auto rows = three_classes();
  struct Row {
    const char* average;
    double precision, recall, f1, auc;
  };
  for (const auto& e : {Row{"macro", 0.7993055555555556, 0.8139057711287725, 0.8016863310980957, 0.9105680071667135},
                        Row{"weighted", 0.8074305555555555, 0.8, 0.7989776381933242, 0.9069622331947711},
                        Row{"micro", 0.8, 0.8, 0.8, 0.8980246913580248}}) {
    INFO(e.average);
    const std::vector<Setting> average{choice("average", e.average)};
    CHECK(score("metric.precision", rows, average) == Approx(e.precision).epsilon(1e-12));
    CHECK(score("metric.recall", rows, average) == Approx(e.recall).epsilon(1e-12));
    CHECK(score("metric.f1", rows, average) == Approx(e.f1).epsilon(1e-12));
    CHECK(score("metric.auc", rows, average) == Approx(e.auc).epsilon(1e-12));
  }
  CHECK(score("metric.precision", rows) == score("metric.precision", rows, {choice("average", "macro")}));
  CHECK(score("metric.accuracy", rows) == Approx(0.8));
  CHECK(score("metric.brier", rows) == Approx(0.4280359030215245).epsilon(1e-12));
  CHECK(score("metric.log_loss", rows) == Approx(0.7172709757826033).epsilon(1e-12));
}

TEST_CASE("a class that is decided but never occurs, and one that occurs but is never decided") {
  auto rows = three_classes();
  for (auto& t : rows.truth) t = t == 2 ? 1 : t;
  for (auto& d : rows.decision) d = d == 1 ? 0 : d;
  CHECK(score("metric.precision", rows) == Approx(0.15053763440860216).epsilon(1e-12));
  CHECK(score("metric.recall", rows) == Approx(0.3010752688172043).epsilon(1e-12));
  CHECK(score("metric.f1", rows) == Approx(0.2007168458781362).epsilon(1e-12));
  CHECK(!std::isnan(score("metric.auc", rows)));  // over the two classes that occur
}

TEST_CASE("what one class alone cannot show is undefined") {
  const Rows only_positive{.truth = {1, 1, 1}, .value = {0.2, 0.7, 0.9}, .decision = {0, 1, 1}};
  for (const auto* id : {"metric.auc", "metric.gini", "metric.ks"}) CHECK(std::isnan(score(id, only_positive)));
  CHECK(score("metric.recall", only_positive) == Approx(2.0 / 3));
  CHECK(score("metric.precision", only_positive) == 1);
  const Rows never_decided{.truth = {0, 1, 0}, .value = {0.2, 0.3, 0.1}, .decision = {0, 0, 0}};
  CHECK(std::isnan(score("metric.precision", never_decided)));
  CHECK(score("metric.recall", never_decided) == 0);
  CHECK(score("metric.f1", never_decided) == 0);
  const Rows nothing_positive{.truth = {0, 0}, .value = {0.2, 0.3}, .decision = {0, 0}};
  CHECK(std::isnan(score("metric.recall", nothing_positive)));
  CHECK(std::isnan(score("metric.f1", nothing_positive)));
  CHECK(score("metric.accuracy", nothing_positive) == 1);
  auto one_of_three = three_classes();
  std::fill(one_of_three.truth.begin(), one_of_three.truth.end(), 1.0);
  CHECK(std::isnan(score("metric.auc", one_of_three)));
}

TEST_CASE("a constant score orders nothing: AUC 0.5, KS 0") {
  const Rows rows{.truth = {0, 1, 0, 1}, .value = {0.3, 0.3, 0.3, 0.3}};
  CHECK(score("metric.auc", rows) == 0.5);
  CHECK(score("metric.gini", rows) == 0);
  CHECK(score("metric.ks", rows) == 0);
}

TEST_CASE("a certainty that fails costs -log(clip), not infinity") {
  const Rows rows{.truth = {0, 1}, .value = {1, 1}};
  CHECK(score("metric.log_loss", rows) == Approx(-std::log(1e-15) / 2).epsilon(1e-2));
  CHECK(score("metric.log_loss", rows, {real("clip", 0.01)}) == Approx((-std::log(0.01) - std::log(0.99)) / 2));
  CHECK(score("metric.brier", rows) == 0.5);
}

TEST_CASE("metrics of decisions refuse rows without them") {
  const Rows rows{.truth = {0, 1}, .value = {0.3, 0.6}};
  for (const auto* id : {"metric.accuracy", "metric.precision", "metric.recall", "metric.f1", "metric.confusion"}) {
    std::string reason;
    try {
      score(id, rows);
    } catch (const std::runtime_error& refusal) {
      reason = refusal.what();
    }
    CHECK(reason.find("needs decisions") != std::string::npos);
    CHECK((table(id).needs & ASSAY_METRIC_DECISION) != 0);
  }
}
