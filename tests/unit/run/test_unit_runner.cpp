// Whatever is thrown while one unit runs, it is that unit's failure, on record, and no other's.
#include <new>
#include <stdexcept>

#include "base/error.hpp"
#include "run/fold_shelf.hpp"
#include "run/unit_runner.hpp"
#include "support/catch.hpp"
#include "unit/run/small_experiment.hpp"

using namespace assay;
using namespace assay::run;

namespace {

// The record of one fit during which `thrown` comes out of the host's own code.
template <class Thrown>
store::UnitRecord record_of(const Thrown& thrown) {
  const auto p = small_experiment::prepared("split: {use: holdout, test: 0.5}\ntrain: {epochs: 2}\nresources: {isolation: none}\n",
                                            "{use: neural.mlp, hidden: [2]}");
  FoldShelf shelf(p.experiment, p.data, build_plugins(), {}, nullptr);
  UnitJob job{{"model", 0, 0}, p.experiment.models.front().second, shelf.take(0, false, false), {}, false, {}};
  UnitContext context{p.experiment, p.data.dataset, build_plugins(), {}, false, {}, {}, {}, {}};
  context.progress = [&](std::int64_t, std::int64_t, const TrainingSpeed&) { throw thrown; };
  context.checkpoint = [] { return std::nullopt; };
  context.put_checkpoint = [](const store::Checkpoint&) {};
  return run_unit(job, context);
}

}  // namespace

TEST_CASE("any exception makes a failed unit with its text") {
  const store::UnitRecord invalid = record_of(std::invalid_argument("no such thing"));
  CHECK(invalid.status == store::UnitStatus::failed);
  CHECK_THAT(invalid.error, Catch::Contains("neural.mlp") && Catch::Contains("no such thing"));
  CHECK(invalid.predictions.empty());
  CHECK(record_of(std::bad_alloc()).status == store::UnitStatus::out_of_memory);
  CHECK(record_of(BrokenPromise("a promise")).error.find("a promise") != std::string::npos);
  CHECK(record_of(17).status == store::UnitStatus::failed);
  CHECK(record_of(Error(Fault::failed, "trying", "it broke")).status == store::UnitStatus::failed);
  CHECK_THROWS_AS(record_of(Error(Fault::interrupted, "", "stop")), Error);
}
