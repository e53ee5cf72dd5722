#include "pipeline/target.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <limits>

#include "base/error.hpp"
#include "base/large_pages.hpp"
#include "base/text.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostClasses = 1000;

// A column's distinct present values in ascending (or level) order, and each row's number among them (-1 = missing).
struct Distinct {
  std::vector<std::string> values;
  std::vector<std::int32_t> codes;
};

Distinct distinct(const data::Column& column) {
  const data::Column category = column.type() == data::ColumnType::category ? column : column.as_category();
  Distinct result;
  result.codes.assign(category.codes().begin(), category.codes().end());
  std::vector<std::int32_t> number(category.levels().size(), -1);
  for (const std::int32_t code : result.codes) {
    if (code >= 0) number[static_cast<std::size_t>(code)] = 0;
  }
  for (std::size_t level = 0; level < number.size(); ++level) {
    if (number[level] < 0) continue;
    number[level] = static_cast<std::int32_t>(result.values.size());
    result.values.push_back(category.levels()[level]);
  }
  for (std::int32_t& code : result.codes) {
    if (code >= 0) code = number[static_cast<std::size_t>(code)];
  }
  return result;
}

std::string listed(const std::vector<std::string>& values) {
  constexpr std::size_t kShown = 8;
  const std::vector<std::string> shown(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, values.size())));
  return text::join(shown, ", ") + (values.size() > kShown ? ", ..." : "");
}

bool same_value(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = text::to_real(a), y = text::to_real(b);
  return x && y && *x == *y;
}

class TargetReader {
 public:
  TargetReader(const config::TargetSpec& spec, const data::Column& column, Diagnostics& diagnostics, std::int64_t horizon)
      : spec_(spec),
        column_(column),
        diagnostics_(diagnostics),
        name_(spec.label            ? "target.label"
              : spec.column.empty() ? "target.expr"
                                    : "`" + spec.column + "`") {
    if (horizon > 0) name_ += fmt::format(" at horizon {}", horizon);
  }

  TargetValues read() {
    if (column_.size() == 0) {
      refuse("the data have no rows", "look at what the source holds");
    } else if (column_.missing_count() == column_.size()) {
      refuse(fmt::format("the target {} is missing in every row", name_), "choose another target");
    } else if (column_.type() == data::ColumnType::timestamp) {
      refuse(fmt::format("the target {} is a time", name_), "make a number or a condition of it with target.expr");
    } else if (spec_.task == config::Task::regression) {
      numbers();
    } else {
      classes();
    }
    return std::move(result_);
  }

 private:
  void refuse(std::string message, std::string mend) {
    const std::string key = spec_.column.empty() ? "target" : "target.column";
    diagnostics_.data_error(spec_.expression_place, std::move(message), std::move(mend), key);
  }

  void numbers() {
    if (column_.type() == data::ColumnType::category) {
      refuse(fmt::format("the target {} is text ({}), which is no regression", name_, listed(distinct(column_).values)),
             "task: binary with `positive`, or task: multiclass");
      return;
    }
    if (column_.type() == data::ColumnType::boolean) {
      refuse(fmt::format("the target {} is true or false, which is no regression", name_), "task: binary");
      return;
    }
    result_.y = column_.to_reals();
    std::replace_if(
        result_.y.begin(), result_.y.end(), [](double y) { return !std::isfinite(y); }, kMissing);
    double least = kMissing, greatest = kMissing;
    for (const double y : result_.y) {
      if (std::isnan(y)) continue;
      least = std::fmin(least, y);
      greatest = std::fmax(greatest, y);
    }
    if (least == greatest)
      refuse(fmt::format("the target {} is {} in every row", name_, text::shortest(least)),
             "choose another target, or rows in which it varies");
  }

  void classes() {
    const bool plain_reals = column_.type() == data::ColumnType::real;
    if (plain_reals && too_many_reals()) return;
    const Distinct found = distinct(column_);
    if (found.values.size() < 2) {
      refuse(fmt::format("the target {} has one class only ({})", name_, listed(found.values)),
             "choose another target, or rows in which it varies");
      return;
    }
    if (spec_.task == config::Task::binary) {
      binary(found);
      return;
    }
    if (found.values.size() > kMostClasses) {
      refuse(fmt::format("the target {} has {} classes", name_, found.values.size()), "task: regression");
      return;
    }
    result_.classes = found.values;
    fill(found, [](std::int32_t code) { return static_cast<double>(code); });
  }

  // A measured quantity has more values than classes could be told apart.
  bool too_many_reals() {
    std::vector<double> values = column_.to_reals();
    values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }), values.end());
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() <= kMostClasses && (values.size() <= 100 || spec_.task == config::Task::multiclass)) return false;
    refuse(fmt::format("the target {} has {} different values, which is no {} task", name_, values.size(), config::to_text(spec_.task)),
           "task: regression, or a target.expr such as `x > 0`");
    return true;
  }

  void binary(const Distinct& found) {
    if (found.values.size() > 2) {
      refuse(fmt::format("the target {} has {} values ({}), a binary task needs two", name_, found.values.size(), listed(found.values)),
             "task: multiclass, or a target.expr such as `x == \"bad\"`");
      return;
    }
    std::int32_t positive = 1;
    if (!spec_.positive.empty()) {
      const auto hit = std::find_if(found.values.begin(), found.values.end(), [&](const auto& v) { return same_value(v, spec_.positive); });
      if (hit == found.values.end()) {
        refuse(fmt::format("positive is `{}`, but the target {} has the values {}", spec_.positive, name_, listed(found.values)),
               fmt::format("positive: {}", found.values.back()));
        return;
      }
      positive = static_cast<std::int32_t>(hit - found.values.begin());
    } else if (column_.type() != data::ColumnType::boolean && !(same_value(found.values[0], "0") && same_value(found.values[1], "1"))) {
      refuse(fmt::format("the target {} has the values {}: which of them is class 1?", name_, listed(found.values)),
             fmt::format("positive: {}", found.values.back()));
      return;
    }
    result_.classes = {found.values[static_cast<std::size_t>(1 - positive)], found.values[static_cast<std::size_t>(positive)]};
    fill(found, [positive](std::int32_t code) { return code == positive ? 1.0 : 0.0; });
  }

  template <class F>
  void fill(const Distinct& found, F number) {
    result_.y.resize(found.codes.size());
    std::transform(found.codes.begin(), found.codes.end(), result_.y.begin(),
                   [&](std::int32_t code) { return code < 0 ? kMissing : number(code); });
  }

  const config::TargetSpec& spec_;
  const data::Column& column_;
  Diagnostics& diagnostics_;
  std::string name_;
  TargetValues result_;
};

// When the row so many rows of the entity ahead is known. Past its last row none is there, and the label has not ended within the data: it
// ends as much later as the last step says.
TimeNs time_ahead(std::span<const TimeNs> known_at, std::span<const std::int64_t> rows, std::size_t at, std::int64_t by) {
  const auto last = static_cast<std::int64_t>(rows.size()) - 1, to = static_cast<std::int64_t>(at) + by;
  const auto time = [&](std::int64_t place) { return known_at[static_cast<std::size_t>(rows[static_cast<std::size_t>(place)])]; };
  if (to <= last) return time(to);
  const TimeNs step = last == 0 ? 1 : time(last) - time(last - 1);
  return time(last) + std::min<TimeNs>(to - last, (std::numeric_limits<TimeNs>::max() - std::max<TimeNs>(0, time(last))) / step) * step;
}

// do_row(row, its entity, that entity's rows, the row's place among them), in the frame's order: an entity's own rows lie far apart in
// memory, those of one time side by side.
template <class DoRow>
void each_in_time(const data::Frame& frame, DoRow do_row) {
  std::vector<std::span<const std::int64_t>> rows;
  for (std::size_t e = 0; e < frame.entity_count(); ++e) rows.push_back(frame.rows_of_entity(static_cast<std::int32_t>(e)));
  std::vector<std::size_t> next(rows.size(), 0);
  const auto entity = frame.entity();
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    const std::size_t e = entity.empty() ? 0 : static_cast<std::size_t>(entity[row]);
    do_row(row, e, rows[e], next[e]++);
  }
}

// The latest label of an entity that has ended, and the place of the first that has not.
struct Latest {
  double y = kMissing;
  std::size_t next = 0;
};

// Whether no entity has a label that ends before an earlier row's: all but those of barriers.
template <class Counts>
bool end_in_order(const data::Frame& frame, std::span<const TimeNs> label_end, Counts counts) {
  std::vector<TimeNs> last(frame.entity_count(), std::numeric_limits<TimeNs>::min());
  bool in_order = true;
  const auto entity = frame.entity();
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    if (!counts(row)) continue;
    TimeNs& before = last[entity.empty() ? 0 : static_cast<std::size_t>(entity[row])];
    in_order = in_order && before <= label_end[row];
    before = label_end[row];
  }
  return in_order;
}

}  // namespace

TargetValues read_target(const config::TargetSpec& spec, const data::Column& column, Diagnostics& diagnostics, std::int64_t horizon) {
  return TargetReader(spec, column, diagnostics, horizon).read();
}

void label_times(Dataset& dataset, const config::TargetSpec& spec, Diagnostics& diagnostics) {
  const data::Frame& frame = dataset.frame;
  const auto known_at = frame.known_at();
  reserve_in_large_pages(dataset.label_start, frame.rows());
  reserve_in_large_pages(dataset.label_end, frame.rows());
  dataset.label_start.assign(frame.rows(), kMissingTime);
  dataset.label_end.assign(frame.rows(), kMissingTime);
  std::int64_t lead = dataset.lead_rows;
  const bool counted = spec.horizon && spec.horizon->is_count();
  if (counted && spec.horizon->count < lead) {
    diagnostics.error(spec.place,
                      fmt::format("the declared horizon is {} rows, but target.expr looks {} rows ahead", spec.horizon->count, lead),
                      fmt::format("horizon: {}, or leave it out: it is derived from the expression", lead), "target.horizon");
    return;
  }
  if (counted) lead = spec.horizon->count;
  const bool spanned = spec.horizon && !counted;
  std::optional<std::pair<std::size_t, TimeNs>> too_short;  // the first row whose label ends later than declared
  each_in_time(frame, [&](std::size_t row, std::size_t, std::span<const std::int64_t> rows, std::size_t place) {
    if (std::isnan(dataset.y[row])) return;
    TimeNs end = time_ahead(known_at, rows, place, lead);
    if (spanned) {
      const TimeNs declared = add(known_at[row], *spec.horizon);
      if (declared < end && !too_short) too_short = {row, end};
      end = declared;
    }
    dataset.label_start[row] = known_at[row];
    dataset.label_end[row] = end;
  });
  if (too_short) {
    const auto& [row, end] = *too_short;
    diagnostics.error(
        spec.place,
        fmt::format("the declared horizon is {}, but the label of {} ends {}", to_text(*spec.horizon), to_iso(known_at[row]), to_iso(end)),
        "declare it longer, or leave it out: it is derived from the expression", "target.horizon");
    return;
  }
  dataset.lead_rows = lead;
}

void keep_common_labels(Dataset& dataset) {
  std::int64_t lost = 0;
  for (std::size_t row = 0; row < dataset.y.size(); ++row) {
    const auto lacks = [row](const HorizonLabels& h) { return std::isnan(h.y[row]); };
    if (std::isnan(dataset.y[row]) || std::none_of(dataset.horizons.begin(), dataset.horizons.end(), lacks)) continue;
    dataset.y[row] = kMissing;
    ++lost;
  }
  if (lost > 0)
    dataset.notes.push_back(
        fmt::format("{} rows have a label at the first horizon but not at a later one: they are neither learned from nor judged", lost));
}

void horizon_times(Dataset& dataset) {
  const data::Frame& frame = dataset.frame;
  const auto known_at = frame.known_at();
  dataset.label_start.assign(frame.rows(), kMissingTime);
  dataset.label_end.assign(frame.rows(), kMissingTime);
  for (HorizonLabels& h : dataset.horizons) {
    h.label_end.assign(frame.rows(), kMissingTime);
    each_in_time(frame, [&](std::size_t row, std::size_t, std::span<const std::int64_t> rows, std::size_t place) {
      if (std::isnan(h.y[row])) return;
      h.label_end[row] = time_ahead(known_at, rows, place, h.lead_rows);
      if (std::isnan(dataset.y[row])) return;
      dataset.label_start[row] = known_at[row];
      const bool later = dataset.label_end[row] == kMissingTime || h.label_end[row] > dataset.label_end[row];
      if (later) dataset.label_end[row] = h.label_end[row];
    });
    h.last_known_target = last_known(frame, h.y, h.label_end, {});
  }
}

Dataset of_horizon(Dataset dataset, std::size_t index) {
  HorizonLabels labels = std::move(dataset.horizons.at(index));
  for (std::size_t row = 0; row < dataset.y.size(); ++row) {
    if (std::isnan(dataset.y[row])) continue;
    dataset.y[row] = labels.y[row];
    dataset.label_end[row] = labels.label_end[row];
  }
  dataset.last_known_target = std::move(labels.last_known_target);
  dataset.lead_rows = labels.lead_rows;
  dataset.horizons.clear();
  return dataset;
}

std::vector<double> last_known(const data::Frame& frame, std::span<const double> y, std::span<const TimeNs> label_end,
                               std::span<const std::uint8_t> hidden) {
  if (!frame.has_time()) return {};
  const auto known_at = frame.known_at();
  const auto counts = [&](std::size_t row) { return !std::isnan(y[row]) && (hidden.empty() || hidden[row] == 0); };
  std::vector<double> result;
  reserve_in_large_pages(result, frame.rows());
  result.resize(frame.rows());
  if (end_in_order(frame, label_end, counts)) {
    std::vector<Latest> latest(frame.entity_count());
    each_in_time(frame, [&](std::size_t row, std::size_t entity, std::span<const std::int64_t> rows, std::size_t place) {
      Latest& mine = latest[entity];
      for (; mine.next < place; ++mine.next) {
        const auto earlier = static_cast<std::size_t>(rows[mine.next]);
        if (!counts(earlier)) continue;
        if (label_end[earlier] > known_at[row]) break;
        mine.y = y[earlier];
      }
      result[row] = mine.y;
    });
    return result;
  }
  struct Running {  // a label that has not ended
    TimeNs end;
    double y;
  };
  struct Known {
    double latest = kMissing;
    std::size_t next = 0;
    std::deque<Running> running;  // by end: most labels end in the order of their rows, a barrier's do not
  };
  std::vector<Known> known(frame.entity_count());
  each_in_time(frame, [&](std::size_t row, std::size_t entity, std::span<const std::int64_t> rows, std::size_t place) {
    Known& mine = known[entity];
    for (; mine.next < place; ++mine.next) {
      const auto earlier = static_cast<std::size_t>(rows[mine.next]);
      if (!counts(earlier)) continue;
      const Running label{label_end[earlier], y[earlier]};
      auto at = mine.running.end();
      while (at != mine.running.begin() && std::prev(at)->end > label.end) --at;
      mine.running.insert(at, label);
    }
    for (; !mine.running.empty() && mine.running.front().end <= known_at[row]; mine.running.pop_front())
      mine.latest = mine.running.front().y;
    result[row] = mine.latest;
  });
  return result;
}

}  // namespace assay::pipeline
