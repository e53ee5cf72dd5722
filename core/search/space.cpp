#include "search/space.hpp"

#include <fmt/format.h>

namespace assay::search {

Space::Space(const config::SearchSpec& spec) : ranges_(spec.space) {
  for (const config::SearchRange& range : ranges_) {
    using Kind = config::SearchRange::Kind;
    assay_range raw{};
    raw.struct_size = sizeof raw;
    raw.kind = range.kind == Kind::real ? ASSAY_RANGE_REAL : range.kind == Kind::integer ? ASSAY_RANGE_INT : ASSAY_RANGE_CHOICE;
    raw.name = {range.path.data(), range.path.size()};
    raw.low = range.low;
    raw.high = range.high;
    raw.step = range.step;
    raw.log_scale = range.log ? 1 : 0;
    raw.n_choices = static_cast<std::uint32_t>(range.choices.size());
    raw_ranges_.push_back(raw);
  }
  for (const assay_range& raw : raw_ranges_) pointers_.push_back(&raw);
  raw_.struct_size = sizeof raw_;
  raw_.n_ranges = static_cast<std::uint32_t>(pointers_.size());
  raw_.ranges = pointers_.data();
  raw_.trials = spec.trials;
  raw_.direction = spec.maximize ? ASSAY_METRIC_HIGHER_IS_BETTER : ASSAY_METRIC_LOWER_IS_BETTER;
}

Values Space::values(std::span<const double> point) const {
  Values out;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    const config::SearchRange& range = ranges_[i];
    std::string text;
    switch (range.kind) {
      case config::SearchRange::Kind::real:
        text = config::to_text(config::Value{point[i]});
        break;
      case config::SearchRange::Kind::integer:
        text = fmt::format("{}", static_cast<std::int64_t>(point[i]));
        break;
      case config::SearchRange::Kind::choice:
        text = range.choices[static_cast<std::size_t>(point[i])];
        break;
    }
    out.emplace_back(range.path, std::move(text));
  }
  return out;
}

}  // namespace assay::search
