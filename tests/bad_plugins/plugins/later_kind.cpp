// holds a component of a kind that this Assay does not know, beside a metric that is as it should be
#include <assay/metric.hpp>

#include "squared.hpp"

namespace {
struct Crossing {};

// What a later SDK will offer: another kind, with abilities of its own.
struct Pricer : assay::detail::DefinitionOf<Crossing, Pricer> {
  Pricer() : DefinitionOf("pricer", "bad.crossing", "1.0.0", "Of a kind to come") {
    raw.ability = [](const char*) -> const void* { return nullptr; };
  }
};
}  // namespace

ASSAY_PLUGIN(assay::metric<Squared>("good.squared", "1.0.0", "Mean squared error").lower_is_better().tasks(assay::Task::regression),
             Pricer())
