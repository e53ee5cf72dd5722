// scale: (x - centre) / width. Learned: centre and width of all train rows, and with `by: entity` those of each entity of `levels` behind
// them; an entity that the train rows lack is scaled by all. With `by: time` nothing is learned, and rolling_standard learns nothing
// either: centre and width are those of the rows of each time, or of the rows before. Where there is no spread the width is 1, so that
// all become 0.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "pipeline/prepare_steps.hpp"
#include "pipeline/trailing.hpp"

namespace assay::pipeline {

namespace {

double scaled(double x, const Spread& spread) { return (x - spread.centre) / (spread.width > 0 ? spread.width : 1); }

void add_spread(const std::string& method, std::vector<double> values, std::vector<double>& learned) {
  const Spread spread = values.empty() ? Spread{} : spread_by(method, std::move(values));
  learned.insert(learned.end(), {spread.centre, spread.width > 0 ? spread.width : 1});
}

void add_entities(const TrainRows& rows, const std::string& method, FittedColumn& entry) {
  const std::vector<double>& values = rows.table.values[index_of(rows.table, entry.name)];
  std::vector<std::vector<double>> of(rows.table.entity_names.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (rows.train[i] != 0 && !std::isnan(values[i])) of[static_cast<std::size_t>(rows.table.entity[i])].push_back(values[i]);
  }
  for (std::size_t e = 0; e < of.size(); ++e) {
    if (of[e].empty()) continue;
    entry.levels.push_back(rows.table.entity_names[e]);
    add_spread(method, std::move(of[e]), entry.learned);
  }
}

void learn_scale(const TrainRows& rows, FittedStep& fitted, std::vector<std::string>& notes) {
  const std::string &method = text_param(fitted.how, "method"), &by = text_param(fitted.how, "by");
  if (by == "time") return;
  learn_each(rows, fitted, [&](const InputColumn& column, const std::vector<double>& values, FittedColumn& entry) {
    if (!values.empty() && !(spread_by(method, values).width > 0))
      notes.push_back(fmt::format("`{}` has no spread in the train rows: it is centred only", column.name));
    add_spread(method, values, entry.learned);
    if (by == "entity") add_entities(rows, method, entry);
  });
}

void scale_by_time(const std::string& method, std::vector<double>& values, const std::vector<TimeNs>& time) {
  for (std::size_t begin = 0; begin < values.size();) {
    std::size_t end = begin;
    while (end < values.size() && time[end] == time[begin]) ++end;
    std::vector<double> here;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isnan(values[i])) here.push_back(values[i]);
    }
    if (!here.empty()) {
      const Spread spread = spread_by(method, std::move(here));
      for (std::size_t i = begin; i < end; ++i) values[i] = scaled(values[i], spread);
    }
    begin = end;
  }
}

// What was learned of each entity of this table, by its name.
std::vector<Spread> spreads_of(const FittedColumn& entry, const InputTable& table) {
  std::map<std::string, Spread> known;
  for (std::size_t e = 0; e < entry.levels.size(); ++e) known[entry.levels[e]] = {entry.learned[2 + 2 * e], entry.learned[3 + 2 * e]};
  std::vector<Spread> spreads;
  for (const std::string& name : table.entity_names) {
    const auto found = known.find(name);
    spreads.push_back(found == known.end() ? Spread{entry.learned[0], entry.learned[1]} : found->second);
  }
  return spreads;
}

void apply_scale(const FittedStep& fitted, InputTable& table) {
  const std::string& by = text_param(fitted.how, "by");
  change_each(fitted, table, [&](const FittedColumn& entry, std::size_t at) {
    std::vector<double>& values = table.values[at];
    if (by == "time") return scale_by_time(text_param(fitted.how, "method"), values, table.time);
    const Spread all{entry.learned[0], entry.learned[1]};
    if (by == "entity" && !table.entity_names.empty()) {
      const std::vector<Spread> spreads = spreads_of(entry, table);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = scaled(values[i], spreads[static_cast<std::size_t>(table.entity[i])]);
    } else {
      for (double& x : values) x = scaled(x, all);
    }
  });
}

void learn_nothing(const TrainRows&, FittedStep&, std::vector<std::string>&) {}

void apply_rolling(const FittedStep& fitted, InputTable& table) {
  const auto window = static_cast<std::int64_t>(number_param(fitted.how, "window"));
  const auto least = static_cast<std::size_t>(number_param(fitted.how, "min_count"));
  change_each(fitted, table, [&](const FittedColumn&, std::size_t at) {
    std::vector<double> out(table.rows(), std::numeric_limits<double>::quiet_NaN());
    walk_windows(table, table.values[at], window - 1, 0, [&](std::size_t row, const std::vector<double>& seen) {
      const double x = table.values[at][row];
      if (!std::isnan(x) && seen.size() >= least) out[row] = scaled(x, spread_by("standard", seen));
    });
    table.values[at] = std::move(out);
  });
}

bool by_time(const config::Component& step) { return text_param(step, "by") == "time"; }
bool always(const config::Component&) { return true; }

constexpr StepKind kKinds[] = {{"scale", takes_numbers, learn_scale, apply_scale, nullptr, by_time},
                               {"rolling_standard", takes_numbers, learn_nothing, apply_rolling, nullptr, always}};

}  // namespace

std::span<const StepKind> scale_steps() { return kKinds; }

}  // namespace assay::pipeline
