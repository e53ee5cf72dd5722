// Every way in which two stored runs may differ is told.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "run/revisit.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::run;

namespace {

// Whether a difference is told that contains `text`.
bool told(const std::vector<Difference>& all, const std::string& text) {
  return std::any_of(all.begin(), all.end(), [&](const Difference& d) { return d.what.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("differences of two runs: values, truth, parts, times, and metrics of either alone") {
  const auto file = std::filesystem::temp_directory_path() / ("assay_test_revisit_" + std::to_string(::getpid()) + ".db");
  {
    store::Store store(file, store::Store::Mode::write);
    store::Predictions base;
    base.row = {1, 2};
    base.known_at = {10, 20};
    base.label_end = {11, 21};
    base.truth = {1, 0};
    base.value = {0.5, 0.25};
    const auto run_of = [&](const store::Predictions& predictions, const std::vector<store::MetricRecord>& metrics) {
      const store::RunId id = store.create_run({});
      store::UnitRecord unit;
      unit.key = {"m", 0, 0};
      unit.predictions = {predictions};
      store.put_unit(id, unit);
      store.finish_run(id, store::RunStatus::complete, 1, "{}", "", metrics);
      return id;
    };
    const store::MetricRecord auc{"m", "auc", -1, "pooled", 0.7, 0.6, 0.8, 0}, ks{"m", "ks", -1, "pooled", 0.3, 0.2, 0.4, 0};
    const store::RunId first = run_of(base, {auc, ks});
    CHECK(differences(store, first, run_of(base, {auc, ks})).empty());
    const auto with = [&](auto change) {
      store::Predictions other = base;
      change(other);
      return differences(store, first, run_of(other, {auc, ks}));
    };
    CHECK(told(with([](auto& p) { p.value[1] = 0.26; }), "test: 1 of 2 values differ"));
    CHECK(told(with([](auto& p) { p.truth[0] = 0; }), "test, truth: 1 of 2 values differ"));
    CHECK(told(with([](auto& p) { p.part = "validation"; }), "against validation"));
    CHECK(told(with([](auto& p) { p.label_end[1] = 22; }), "other times"));
    CHECK(told(with([](auto& p) { p.row[1] = 3; }), "other rows"));
    const store::RunId less = run_of(base, {auc});
    CHECK(told(differences(store, first, less), "m ks fold 0: in run 1 only"));
    CHECK(told(differences(store, less, first), "m ks fold 0: in run 1 only"));
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
}
