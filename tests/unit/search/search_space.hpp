// The shipped samplers and small search spaces. Used by the tests of this folder.
#pragma once

#include "config/experiment.hpp"
#include "plugin/registry.hpp"
#include "search/study.hpp"

namespace search_test {

using namespace assay;
using Kind = config::SearchRange::Kind;

inline const plugin::LoadedComponent& sampler(const std::string& id) {
  static const plugin::Registry registry([] {
    plugin::SearchPath path;
    path.named = {SAMPLERS_PLUGIN};
    return path;
  }());
  return registry.component("sampler", id);
}

inline config::SearchRange real(const std::string& path, double low, double high, bool log = false, double step = 0) {
  return {path, Kind::real, low, high, step, log, {}, {}};
}
inline config::SearchRange integer(const std::string& path, double low, double high, bool log = false, double step = 1) {
  return {path, Kind::integer, low, high, step, log, {}, {}};
}
inline config::SearchRange choice(const std::string& path, const std::vector<std::string>& choices) {
  return {path, Kind::choice, 0, static_cast<double>(choices.size() - 1), 1, false, choices, {}};
}

inline config::SearchSpec spec_of(const std::string& id, std::vector<config::SearchRange> space, std::int64_t trials = 100) {
  config::SearchSpec spec;
  spec.sampler.id = id;
  spec.space = std::move(space);
  spec.trials = trials;
  spec.lag = 16;
  return spec;
}

inline config::SearchSpec mixed(const std::string& id, std::int64_t trials = 100) {
  return spec_of(id,
                 {real("model.rate", 1e-4, 1e-1, true), integer("model.width", 8, 64), choice("model.kind", {"relu", "tanh", "gelu"}),
                  real("model.drop", 0, 0.5, false, 0.1), integer("train.batch_size", 16, 512, true)},
                 trials);
}

}  // namespace search_test
