#include "plugin/sampler.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

Sampler::Sampler(const LoadedComponent& component, const config::Map& given, const assay_space& space, const CallOptions& options)
    : ComponentOwner(component, given, options), space_(&space) {
  ASSAY_CHECK(component.spec.kind == "sampler", component.spec.id);
  table_ = component.ability<assay_sampler_ask_tell>("sampler.ask_tell/1");
  if (table_->ask == nullptr) throw ComponentError(id(), "create", ASSAY_FAILED, "its table has no ask");
  if (table_->start == nullptr) return;
  CallHost host(options);
  host.finish(table_->start(self(), host.raw(), space_), *component_, "start");
}

std::int64_t Sampler::points() const { return table_->points == nullptr ? -1 : table_->points(self(), space_); }

std::vector<double> Sampler::ask(std::int64_t number, const CallOptions& options) const {
  std::vector<double> point(space_->n_ranges, std::nan(""));
  CallHost host(options);
  host.finish(table_->ask(self(), host.raw(), space_, number, point.data()), *component_, "ask");
  for (std::uint32_t i = 0; i < space_->n_ranges; ++i) {
    const assay_range& range = *space_->ranges[i];
    const bool whole = range.kind == ASSAY_RANGE_REAL || point[i] == std::floor(point[i]);
    if (!(point[i] >= range.low && point[i] <= range.high) || !whole)
      throw ComponentError(id(), "ask", ASSAY_FAILED,
                           fmt::format("trial {} has {} for {}, which is outside its range", number, point[i],
                                       std::string_view(range.name.data, range.name.size)));
  }
  return point;
}

void Sampler::tell(const assay_trial& trial, const CallOptions& options) {
  if (table_->tell == nullptr) return;
  CallHost host(options);
  host.finish(table_->tell(self(), host.raw(), space_, &trial), *component_, "tell");
}

}  // namespace assay::plugin
