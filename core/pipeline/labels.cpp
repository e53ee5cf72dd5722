#include "pipeline/labels.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

const config::Value* param(const config::Component& label, const char* name) {
  const config::Value* value = config::find(label.params, name);
  return value == nullptr || value->is_none() ? nullptr : value;
}
std::string text_of(const config::Component& label, const char* name) {
  const config::Value* value = param(label, name);
  return value == nullptr ? "" : value->as_text();
}
std::int64_t count_of(const config::Component& label, const char* name) {
  const config::Value* value = param(label, name);
  ASSAY_CHECK(value != nullptr, "the checker fills in defaults");
  return value->as_int();
}
double number_of(const config::Component& label, const char* name) {
  const config::Value* value = param(label, name);
  ASSAY_CHECK(value != nullptr, "the checker fills in defaults");
  return value->as_real();
}

// A column as an expression writes it.
std::string written(const std::string& column) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const bool plain = !column.empty() && std::isdigit(static_cast<unsigned char>(column.front())) == 0 && column != "row" &&
                     std::all_of(column.begin(), column.end(), letter);
  return plain ? column : "`" + column + "`";
}

std::string deviation_of(const std::string& price, std::int64_t window) {
  return fmt::format("std(log({0} / lag({0}, 1)), {1})", price, window);
}

// One row's way to its label's end.
struct Touch {
  double side = 0, at = kMissing;  // the price there
  std::size_t rows = 0;            // from the row to its end
};

// The part of the way that no hole cuts off.
std::span<const std::int64_t> one_stretch(std::span<const std::int64_t> way, std::span<const std::int32_t> stretch, std::size_t from) {
  if (stretch.empty()) return way;
  const auto end =
      std::find_if(way.begin(), way.end(), [&](std::int64_t row) { return stretch[static_cast<std::size_t>(row)] != stretch[from]; });
  return way.first(static_cast<std::size_t>(end - way.begin()));
}

// way: the rows after the present one, `horizon` of them where there are so many. Without a touch on a shorter way nothing is known yet.
Touch first_touch(const BarrierPrices& prices, std::span<const std::int64_t> way, std::size_t horizon, double upper, double lower) {
  for (std::size_t k = 0; k < way.size(); ++k) {
    const auto row = static_cast<std::size_t>(way[k]);
    if (prices.low[row] <= lower) return {-1, lower, k + 1};
    if (prices.high[row] >= upper) return {1, upper, k + 1};
  }
  if (way.size() < horizon) return {};
  return {0, prices.price[static_cast<std::size_t>(way.back())], way.size()};
}

}  // namespace

bool is_triple_barrier(const config::Component& label) { return label.id == "triple_barrier"; }

LabelTerms terms_of(const config::Component& label, config::Task task, std::int64_t horizon) {
  LabelTerms terms;
  terms.horizon = horizon > 0 ? horizon : count_of(label, "horizon");
  for (const char* name : {"price", "entry", "high", "low"}) {
    if (const std::string column = text_of(label, name); !column.empty()) terms.columns.emplace_back(name, column);
  }
  terms.price = written(text_of(label, "price"));
  const std::string entry = text_of(label, "entry");
  terms.begin = entry.empty() ? terms.price : fmt::format("lead({}, 1)", written(entry));
  const std::string ratio = fmt::format("lead({}, {}) / {}", terms.price, terms.horizon, terms.begin);
  terms.gain = text_of(label, "method") == "log" ? fmt::format("log({})", ratio) : ratio + " - 1";
  if (label.id == "forward_return") terms.value = terms.gain;
  if (label.id == "direction") {
    std::string threshold = text::shortest(number_of(label, "threshold"));
    if (text_of(label, "scale") == "volatility")
      threshold = fmt::format("{} * {} * sqrt({})", threshold, deviation_of(terms.price, count_of(label, "window")), terms.horizon);
    terms.value = task == config::Task::binary ? fmt::format("{} > {}", terms.gain, threshold)
                                               : fmt::format("if({0} > {1}, 1, if({0} < -({1}), -1, 0))", terms.gain, threshold);
  }
  if (is_triple_barrier(label)) {
    const std::string high = text_of(label, "high"), low = text_of(label, "low");
    terms.high = high.empty() ? terms.price : written(high);
    terms.low = low.empty() ? terms.price : written(low);
    terms.deviation = deviation_of(terms.price, count_of(label, "window"));
  }
  return terms;
}

std::vector<TargetText> target_texts(const config::TargetSpec& target) {
  std::vector<TargetText> texts;
  for (const std::int64_t horizon : target.horizons.empty() ? std::vector<std::int64_t>{0} : target.horizons) {
    if (!target.label) {
      if (!target.expression.empty()) texts.push_back({target.expression, horizon});
      continue;
    }
    const LabelTerms terms = terms_of(*target.label, target.task, horizon);
    if (!is_triple_barrier(*target.label))
      texts.push_back({terms.value});
    else
      for (const auto& text : {terms.price, terms.begin, terms.high, terms.low, terms.deviation}) texts.push_back({text});
  }
  return texts;
}

std::vector<std::string> label_classes(config::Task task, const std::vector<std::string>& found) {
  if (task == config::Task::binary) return {"not up", "up"};
  std::vector<std::string> names;
  for (const std::string& value : found) names.emplace_back(value == "-1" ? "down" : value == "0" ? "flat" : "up");
  return names;
}

BarrierLabels triple_barrier(const config::Component& label, const data::Frame& frame, const BarrierPrices& prices,
                             std::span<const std::int32_t> stretch) {
  const auto horizon = static_cast<std::size_t>(count_of(label, "horizon"));
  const double root = std::sqrt(static_cast<double>(horizon));
  const double up = number_of(label, "upper") * root, down = number_of(label, "lower") * root;
  const bool signs = text_of(label, "at_end") == "sign";
  BarrierLabels out;
  out.side.assign(frame.rows(), kMissing);
  out.gain.assign(frame.rows(), kMissing);
  out.ends.assign(frame.rows(), kMissingTime);
  const auto known_at = frame.known_at();
  for (std::size_t e = 0; e < frame.entity_count(); ++e) {
    const std::span<const std::int64_t> rows = frame.rows_of_entity(static_cast<std::int32_t>(e));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      const double begin = prices.begin[row], deviation = prices.deviation[row];
      if (!(begin > 0) || std::isnan(deviation)) continue;
      const std::span<const std::int64_t> way = one_stretch(rows.subspan(i + 1, std::min(horizon, rows.size() - i - 1)), stretch, row);
      const Touch touch = first_touch(prices, way, horizon, begin * (1 + up * deviation), begin * (1 - down * deviation));
      if (std::isnan(touch.at)) continue;
      out.gain[row] = touch.at / begin - 1;
      out.early += way.size() < horizon;
      out.side[row] = touch.side != 0 || !signs ? touch.side : static_cast<double>((out.gain[row] > 0) - (out.gain[row] < 0));
      out.ends[row] = known_at[static_cast<std::size_t>(rows[i + touch.rows])];
    }
  }
  return out;
}

}  // namespace assay::pipeline
