#include "pipeline/block_pass.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/rolling.hpp"
#include "pipeline/rolling_lanes.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

double finite(double value) { return std::fabs(value) <= std::numeric_limits<double>::max() ? value : kMissing; }
double truth(bool value) { return value ? 1.0 : 0.0; }

double floored_modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
double both(double a, double b) {
  if (a == 0 || b == 0) return 0;
  return std::isnan(a) || std::isnan(b) ? kMissing : 1;
}
double either(double a, double b) {
  if (a == 1 || b == 1) return 1;
  return std::isnan(a) || std::isnan(b) ? kMissing : 0;
}
double compared(Op op, double a, double b) {
  switch (op) {
    case Op::equal:
      return truth(a == b);
    case Op::not_equal:
      return truth(a != b);
    case Op::less:
      return truth(a < b);
    case Op::less_equal:
      return truth(a <= b);
    case Op::greater:
      return truth(a > b);
    default:
      return truth(a >= b);
  }
}

// ---- parts of a time in UTC -----------------------------------------------------------------------------------------------------------

std::int64_t floored(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t iso_weekday(std::int64_t days) { return ((days + 3) % 7 + 7) % 7 + 1; }  // 1970-01-01 was a Thursday
// The week's Thursday says to which year it belongs.
std::int64_t iso_week(std::int64_t days) {
  const std::int64_t thursday = days + 4 - iso_weekday(days);
  std::int64_t year = 0;
  unsigned month = 0, day = 0;
  civil_from_days(thursday, year, month, day);
  return (thursday - days_from_civil(year, 1, 1)) / 7 + 1;
}
double calendar(Op op, double time) {
  if (std::isnan(time)) return kMissing;
  const auto ns = static_cast<std::int64_t>(time);
  const std::int64_t days = floored(ns, kNsPerDay), minutes = (ns - days * kNsPerDay) / (60 * kNsPerSecond);
  std::int64_t year = 0;
  unsigned month = 0, day = 0;
  civil_from_days(days, year, month, day);
  switch (op) {
    case Op::year:
      return static_cast<double>(year);
    case Op::quarter:
      return static_cast<double>((month - 1) / 3 + 1);
    case Op::month:
      return month;
    case Op::week:
      return static_cast<double>(iso_week(days));
    case Op::day_of_year:
      return static_cast<double>(days - days_from_civil(year, 1, 1) + 1);
    case Op::day:
      return day;
    case Op::weekday:
      return static_cast<double>(iso_weekday(days));
    case Op::hour:
      return std::floor(static_cast<double>(minutes) / 60);
    default:
      return static_cast<double>(minutes % 60);
  }
}

// Whether the block's values of each time are neighbours in the frame, as they are where no entity lacks a time.
bool are_neighbours(std::span<const Run> block) {
  std::int64_t apart = block.front().rows == nullptr ? 1 : 0;
  for (std::size_t r = 1; r < block.size() && apart == 0; ++r) {
    if (block[r].rows == nullptr || block[r].count != block.front().count) return false;
    const std::int64_t *first = block.front().rows, *rows = block[r].rows;
    for (std::size_t i = 0; i < block[r].count; ++i) apart |= rows[i] - first[i] - static_cast<std::int64_t>(r);
  }
  return apart == 0;
}

}  // namespace

// ---- a block ----------------------------------------------------------------------------------------------------------------------------

BlockPass::BlockPass(const Stage& stage, std::size_t most) : stage_(stage), most_(most), values_(stage.nodes.size()) {}

BlockPass::Layout BlockPass::layout_of(std::span<const Run> block) {
  Layout layout;
  for (const Run& run : block) {
    layout.times = std::max(layout.times, run.count);
    layout.size += run.count;
  }
  const std::size_t room = layout.times * block.size();
  layout.is_side_by_side = block.size() > 1 && room <= layout.size + layout.size / 4;
  if (layout.is_side_by_side) layout.size = room;
  return layout;
}
std::size_t BlockPass::room(std::span<const Run> block) { return layout_of(block).size; }

void BlockPass::run(std::span<const Run> block) {
  block_ = block;
  layout_ = layout_of(block);
  neighbours_ = are_neighbours(block);
  uses_ = stage_.uses;
  for (const int index : stage_.order) {
    const auto i = static_cast<std::size_t>(index);
    const PlanNode& node = stage_.nodes[i];
    if (stage_.sources[i] != nullptr) {
      values_[i] = fresh();
      gather(stage_.sources[i], values_[i].rows);
      continue;
    }
    values_[i] = compute(node);
    if (stage_.sinks[i] != nullptr) scatter(values_[i], stage_.sinks[i]);
    if (uses_[i] == 0) drop(values_[i]);
    for (const int argument : node.arguments) {
      const auto used = static_cast<std::size_t>(argument);
      if (--uses_[used] == 0) drop(values_[used]);
    }
  }
}

BlockPass::Value BlockPass::fresh() {
  if (free_.empty()) {
    memory_.emplace_back(new double[most_]);
    free_.push_back(memory_.back().get());
  }
  Value value;
  value.rows = free_.back();
  free_.pop_back();
  return value;
}
void BlockPass::drop(Value& value) {
  if (value.rows != nullptr) free_.push_back(value.rows);
  value = {};
}
const double* BlockPass::rows_of(Value& value) {
  if (value.rows == nullptr) {
    const double number = value.number;
    value = fresh();
    std::fill_n(value.rows, layout_.size, number);
  }
  return value.rows;
}

// A panel's rows lie time by time: a few rows of each run in turn, so that a line of memory is used whole while it is near, and asked for
// before it is needed, since no processor guesses such strides.
namespace {
constexpr std::size_t kTile = 16;
template <bool kWrites>
void ask_for(std::span<const Run> block, const double* column, std::size_t from) {
  for (const Run* run : {&block.front(), &block.back()}) {
    if (run->rows == nullptr) return;
    for (std::size_t i = from; i < std::min(from + kTile, run->count); ++i) __builtin_prefetch(column + run->rows[i], kWrites ? 1 : 0);
  }
}
}  // namespace

template <bool kWrites, class Move>
void BlockPass::tiles(const double* column, Move move) const {  // move(row of the frame, place in the block)
  const std::size_t step = layout_.is_side_by_side ? block_.size() : 1;
  for (std::size_t from = 0; from < layout_.times; from += kTile) {
    ask_for<kWrites>(block_, column, from + kTile);
    std::size_t begin = 0;
    for (const Run& run : block_) {
      const std::size_t to = std::min(from + kTile, run.count);
      if (run.rows == nullptr) {
        for (std::size_t i = from; i < to; ++i) move(run.first + i, begin + i * step);
      } else {
        for (std::size_t i = from; i < to; ++i) move(static_cast<std::size_t>(run.rows[i]), begin + i * step);
      }
      begin += layout_.is_side_by_side ? 1 : run.count;
    }
  }
}
template <bool kWrites, class Move>
void BlockPass::times(const double* column, Move move) const {  // the same for neighbours, which lie side by side
  constexpr std::size_t kAhead = 16, kLine = 64 / sizeof(double);
  const std::int64_t* rows = block_.front().rows;
  const std::size_t count = layout_.times, lanes = block_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const double* ahead = column + rows[std::min(i + kAhead, count - 1)];
    for (std::size_t r = 0; r < lanes + kLine; r += kLine) __builtin_prefetch(ahead + std::min(r, lanes - 1), kWrites ? 1 : 0);
    const auto row = static_cast<std::size_t>(rows[i]);
    for (std::size_t r = 0; r < lanes; ++r) move(row + r, i * lanes + r);
  }
}

template <bool kWrites, class Move>
void BlockPass::each_row(const double* column, Move move) const {
  neighbours_&& layout_.is_side_by_side ? times<kWrites>(column, move) : tiles<kWrites>(column, move);
}
void BlockPass::gather(const double* from, double* to) const {
  each_row<false>(from, [=](std::size_t row, std::size_t place) { to[place] = finite(from[row]); });
  if (!layout_.is_side_by_side) return;
  for (std::size_t r = 0; r < block_.size(); ++r)  // behind the end of a shorter run
    for (std::size_t i = block_[r].count; i < layout_.times; ++i) to[i * block_.size() + r] = kMissing;
}
void BlockPass::scatter(const Value& value, double* to) const {
  if (value.rows == nullptr) {
    each_row<true>(to, [=](std::size_t row, std::size_t) { to[row] = value.number; });
  } else {
    each_row<true>(to, [to, from = value.rows](std::size_t row, std::size_t place) { to[row] = from[place]; });
  }
}

template <class F>
BlockPass::Value BlockPass::each(const Value& a, F f) {
  if (a.rows == nullptr) return {nullptr, f(a.number)};
  const Value result = fresh();
  const double* in = a.rows;
  double* out = result.rows;
  for (std::size_t i = 0; i < layout_.size; ++i) out[i] = f(in[i]);
  return result;
}
template <class F>
BlockPass::Value BlockPass::pairs(const Value& a, const Value& b, F f) {
  if (b.rows == nullptr) return each(a, [f, y = b.number](double x) { return f(x, y); });
  if (a.rows == nullptr) return each(b, [f, x = a.number](double y) { return f(x, y); });
  const Value result = fresh();
  const double *left = a.rows, *right = b.rows;
  double* out = result.rows;
  for (std::size_t i = 0; i < layout_.size; ++i) out[i] = f(left[i], right[i]);
  return result;
}
template <class F>
BlockPass::Value BlockPass::triples(const Value& a, const Value& b, const Value& c, F f) {
  if (a.rows == nullptr && b.rows == nullptr && c.rows == nullptr) return {nullptr, f(a.number, b.number, c.number)};
  const Value result = fresh();
  const auto at = [](const Value& value, std::size_t i) { return value.rows == nullptr ? value.number : value.rows[i]; };
  for (std::size_t i = 0; i < layout_.size; ++i) result.rows[i] = f(at(a, i), at(b, i), at(c, i));
  return result;
}
template <class F>
BlockPass::Value BlockPass::folded(const PlanNode& node, F f) {
  Value result = pairs(argument(node, 0), argument(node, 1), f);
  for (std::size_t i = 2; i < node.arguments.size(); ++i) {
    const Value next = pairs(result, argument(node, i), f);
    drop(result);
    result = next;
  }
  return result;
}

BlockPass::Value BlockPass::compute(const PlanNode& node) {
  switch (node.op) {
    case Op::constant:
      return {nullptr, node.number};
    case Op::add:
      return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a + b); });
    case Op::subtract:
      return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a - b); });
    case Op::multiply:
      return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a * b); });
    case Op::divide:
      return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a / b); });
    case Op::modulo:
      return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(floored_modulo(a, b)); });
    case Op::negate:
      return each(argument(node, 0), [](double a) { return -a; });
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return comparison(node);
    case Op::logical_and:
      return pairs(argument(node, 0), argument(node, 1), both);
    case Op::logical_or:
      return pairs(argument(node, 0), argument(node, 1), either);
    case Op::logical_not:
      return each(argument(node, 0), [](double a) { return std::isnan(a) ? a : 1 - a; });
    case Op::choose:
      return triples(argument(node, 0), argument(node, 1), argument(node, 2), [](double c, double a, double b) {
        return std::isnan(c) ? c : c != 0 ? a : b;
      });
    default:
      return call(node);
  }
}

BlockPass::Value BlockPass::call(const PlanNode& node) {
  const Value& x = argument(node, 0);
  switch (node.op) {
    case Op::log:
      return each(x, [](double a) { return finite(std::log(a)); });
    case Op::exp:
      return each(x, [](double a) { return finite(std::exp(a)); });
    case Op::abs:
      return each(x, [](double a) { return std::fabs(a); });
    case Op::sqrt:
      return each(x, [](double a) { return std::sqrt(a); });
    case Op::sign:
      return each(x, [](double a) { return std::isnan(a) ? a : truth(a > 0) - truth(a < 0); });
    case Op::pow:
      return pairs(x, argument(node, 1),
                   [](double a, double b) { return std::isnan(a) || std::isnan(b) ? kMissing : finite(std::pow(a, b)); });
    case Op::clip:
      return triples(x, argument(node, 1), argument(node, 2), [](double a, double low, double high) {
        if (std::isnan(a) || !(low <= high)) return kMissing;
        return a < low ? low : a > high ? high : a;
      });
    case Op::least:
      return folded(node, [](double a, double b) { return std::isnan(a) || a < b ? a : b; });
    case Op::greatest:
      return folded(node, [](double a, double b) { return std::isnan(a) || a > b ? a : b; });
    case Op::lag:
      return shifted(node, node.window);
    case Op::lead:
      return shifted(node, -node.window);
    default:
      break;
  }
  if (operator_of(node.op).family == Family::calendar) return each(x, [op = node.op](double time) { return calendar(op, time); });
  return rolled(node);
}

// by > 0: from earlier rows. A constant shifted is missing at the run's edge too.
BlockPass::Value BlockPass::shifted(const PlanNode& node, std::int64_t by) {
  const double* x = rows_of(argument(node, 0));
  const Value result = fresh();
  double* out = result.rows;
  const auto far = static_cast<std::size_t>(std::abs(by));
  const auto shift = [&](std::size_t size, std::size_t lost) {
    lost = std::min(size, lost);
    std::copy_n(by > 0 ? x : x + lost, size - lost, by > 0 ? out + lost : out);
    std::fill_n(by > 0 ? out : out + size - lost, lost, kMissing);
    x += size;
    out += size;
  };
  if (!layout_.is_side_by_side) {
    for (const Run& run : block_) shift(run.count, far);
    return result;
  }
  const std::size_t lanes = block_.size();
  shift(layout_.size, std::min(far, layout_.times) * lanes);
  for (std::size_t r = 0; r < lanes && by < 0; ++r)  // what a shorter run found behind its end
    for (std::size_t i = block_[r].count - std::min(far, block_[r].count); i < block_[r].count; ++i) result.rows[i * lanes + r] = kMissing;
  return result;
}

BlockPass::Value BlockPass::rolled(const PlanNode& node) {
  const double* x = rows_of(argument(node, 0));
  const double* y = node.arguments.size() > 1 ? rows_of(argument(node, 1)) : x;
  const Value result = fresh();
  const Window window = window_of(node);
  if (!layout_.is_side_by_side || !rolls_in_lanes(window)) {
    run_by_run(window, x, y, result.rows);
    return result;
  }
  const auto lanes = static_cast<std::int64_t>(block_.size());
  rolling_lanes(window, {static_cast<std::int64_t>(layout_.times), lanes, {x, lanes}, {y, lanes}, {result.rows, lanes}});
  return result;
}

void BlockPass::run_by_run(const Window& window, const double* x, const double* y, double* out) {
  if (!layout_.is_side_by_side) {
    for (const Run& run : block_) {
      rolling(window, {x, run.count}, {y, run.count}, {out, run.count});
      x += run.count;
      y += run.count;
      out += run.count;
    }
    return;
  }
  const std::size_t lanes = block_.size(), times = layout_.times;
  one_run_.resize(2 * times);
  const std::span<double> in(one_run_.data(), times), rolled(one_run_.data() + times, times);
  for (std::size_t r = 0; r < lanes; ++r) {  // of one argument: what ranks and quantiles have
    for (std::size_t i = 0; i < times; ++i) in[i] = x[i * lanes + r];
    rolling(window, in, in, rolled);
    for (std::size_t i = 0; i < times; ++i) out[i * lanes + r] = rolled[i];
  }
}

BlockPass::Value BlockPass::comparison(const PlanNode& node) {
  for (std::size_t side = 0; side < 2; ++side) {
    if (stage_.nodes[static_cast<std::size_t>(node.arguments[side])].type == ValueType::category) return category(node, side);
  }
  return pairs(argument(node, 0), argument(node, 1),
               [op = node.op](double a, double b) { return std::isnan(a) || std::isnan(b) ? kMissing : compared(op, a, b); });
}

// == and != of a category's codes with text, a number, or another category: by the levels' texts.
BlockPass::Value BlockPass::category(const PlanNode& node, std::size_t mine) {
  const auto index = [&](std::size_t side) { return static_cast<std::size_t>(node.arguments[side]); };
  const auto levels_of = [&](std::size_t side) -> const std::vector<std::string>& {
    ASSAY_CHECK(stage_.categories[index(side)] != nullptr, "only columns are categories");
    return stage_.categories[index(side)]->levels();
  };
  const double hit = truth(node.op == Op::equal), miss = 1 - hit;
  const auto verdict = [&](bool same) { return same ? hit : miss; };
  const auto& levels = levels_of(mine);
  const PlanNode& other = stage_.nodes[index(1 - mine)];
  const Value &codes = argument(node, mine), &others = argument(node, 1 - mine);
  if (other.type == ValueType::text) {
    return each(codes,
                [&](double code) { return std::isnan(code) ? code : verdict(levels[static_cast<std::size_t>(code)] == other.text); });
  }
  if (other.type == ValueType::category) {
    const auto& theirs = levels_of(1 - mine);
    return pairs(codes, others, [&](double a, double b) {
      if (std::isnan(a) || std::isnan(b)) return kMissing;
      return verdict(levels[static_cast<std::size_t>(a)] == theirs[static_cast<std::size_t>(b)]);
    });
  }
  std::vector<double> numbers;
  for (const std::string& level : levels) numbers.push_back(text::to_real(level).value_or(kMissing));
  return pairs(codes, others, [&](double code, double number) {
    return std::isnan(code) || std::isnan(number) ? kMissing : verdict(numbers[static_cast<std::size_t>(code)] == number);
  });
}

}  // namespace assay::pipeline
