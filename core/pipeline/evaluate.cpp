// A plan's columns. What an entity's own rows suffice for is computed for a few entities at a time (block_pass.hpp); a function across
// entities needs whole columns and so ends a stage: its arguments are kept, and what is built on it belongs to the next stage.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "pipeline/block_pass.hpp"
#include "pipeline/cross_section.hpp"
#include "pipeline/expression.hpp"
#include "pipeline/rolling_lanes.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBlockRows = 80'000;  // of a handful of columns that the second cache holds
constexpr std::size_t kTimesPerTask = 64;   // cross-sections that a thread takes at once
constexpr int kAlways = std::numeric_limits<int>::max();

double finite(double value) { return std::isfinite(value) ? value : kMissing; }

}  // namespace

class PlanRunner {
 public:
  PlanRunner(const Plan& plan, unsigned threads) : plan_(plan), frame_(plan.frame_), size_(frame_.rows()), threads_(threads) {
    for (std::size_t entity = 0; entity < frame_.entity_count(); ++entity) add_runs(static_cast<std::int32_t>(entity));
    // Runs that begin at one time are mostly as long as each other, and so go side by side.
    std::stable_sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.first < b.first; });
    is_complete_ = plan.segments_.empty() && frame_.entity_count() > 1 && frame_.is_complete();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (blocks_.empty() || blocks_.back().rows >= kBlockRows) blocks_.push_back({i, i, 0});
      blocks_.back().end = i + 1;
      blocks_.back().rows += runs_[i].count;
    }
    for (const Block& block : blocks_) most_ = std::max(most_, BlockPass::room(runs_of(block)));
  }

  std::vector<ColumnValues> run(std::span<const int> roots) {
    find_stages(roots);
    kept_.resize(nodes().size());
    for (int stage = 0; stage <= last_stage_; ++stage) {
      if (stage > 0) run_cross_sections(stage);
      run_blocks(stage);
      for (std::size_t i = 0; i < nodes().size(); ++i) {
        if (kept_until_[i] == stage) kept_[i] = {};
      }
    }
    std::vector<ColumnValues> result;
    for (std::size_t k = 0; k < roots.size(); ++k) {
      const bool again = std::find(roots.begin() + static_cast<std::ptrdiff_t>(k) + 1, roots.end(), roots[k]) != roots.end();
      result.push_back(result_of(Plan::at(roots[k]), again));
    }
    return result;
  }

 private:
  struct Block {
    std::size_t begin, end;  // runs
    std::size_t rows;
  };
  std::span<const Run> runs_of(const Block& block) const { return std::span(runs_).subspan(block.begin, block.end - block.begin); }
  const std::vector<PlanNode>& nodes() const { return plan_.nodes_; }
  static bool is_read(const PlanNode& node) { return node.op == Op::column || node.op == Op::row || node.op == Op::row_time; }
  static bool is_leaf(const PlanNode& node) { return is_read(node) || node.op == Op::constant; }
  static bool is_across(const PlanNode& node) { return !is_leaf(node) && operator_of(node.op).family == Family::cross_section; }

  void add_runs(std::int32_t entity) {
    const auto rows = frame_.rows_of_entity(entity);
    const bool whole = frame_.entity_count() <= 1;  // its rows are those of the frame
    const auto& segments = plan_.segments_;
    for (std::size_t begin = 0; begin < rows.size();) {
      std::size_t end = segments.empty() ? rows.size() : begin + 1;
      while (end < rows.size() && segments[static_cast<std::size_t>(rows[end])] == segments[static_cast<std::size_t>(rows[begin])]) ++end;
      runs_.push_back({whole ? nullptr : rows.data() + begin, begin, end - begin});
      begin = end;
    }
  }

  void find_stages(std::span<const int> roots) {
    const std::size_t count = nodes().size();
    needed_.assign(count, 0);
    stage_.assign(count, 0);
    kept_until_.assign(count, -1);
    for (const int root : roots) {
      needed_[Plan::at(root)] = 1;
      kept_until_[Plan::at(root)] = kAlways;
    }
    for (std::size_t i = count; i-- > 0;) {
      for (const int argument : nodes()[i].arguments) needed_[Plan::at(argument)] |= needed_[i];
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (needed_[i] == 0) continue;
      const bool across = is_across(nodes()[i]);
      for (const int argument : nodes()[i].arguments) stage_[i] = std::max(stage_[i], stage_[Plan::at(argument)] + (across ? 1 : 0));
      for (const int argument : nodes()[i].arguments) {
        int& until = kept_until_[Plan::at(argument)];
        if (across || is_across(nodes()[Plan::at(argument)]) || stage_[Plan::at(argument)] < stage_[i]) until = std::max(until, stage_[i]);
      }
      last_stage_ = std::max(last_stage_, stage_[i]);
    }
  }

  // A column that is read, in the frame's order; those that are not stored as reals are converted once.
  const double* source(std::size_t i) {
    const PlanNode& node = nodes()[i];
    if (!is_read(node)) return kept_[i].data();
    if (converted_.empty()) converted_.resize(nodes().size());
    const data::Column* column = node.op == Op::column ? plan_.column(node.text) : nullptr;
    if (column != nullptr && column->type() == data::ColumnType::real) return column->reals().data();
    ColumnValues& values = converted_[i];
    if (!values.empty()) return values.data();
    if (node.op == Op::row) {
      const auto rows = frame_.source_row();
      values.resize(size_);
      std::transform(rows.begin(), rows.end(), values.begin(), [](std::int64_t row) { return static_cast<double>(row); });
    } else if (column != nullptr && column->type() != data::ColumnType::timestamp) {
      const std::vector<double> reals = column->to_reals();
      values.assign(reals.begin(), reals.end());
    } else {
      const auto times = column == nullptr ? frame_.bar_time() : column->times();
      values.resize(size_);
      std::transform(times.begin(), times.end(), values.begin(),
                     [](TimeNs time) { return time == kMissingTime ? kMissing : static_cast<double>(time); });
    }
    return values.data();
  }

  void run_blocks(int number) {
    const std::size_t count = nodes().size();
    Stage stage{nodes(),
                {},
                std::vector<int>(count, 0),
                std::vector<const double*>(count, nullptr),
                std::vector<double*>(count, nullptr),
                std::vector<const data::Column*>(count, nullptr)};
    std::vector<std::uint8_t> wanted(count, 0);
    for (std::size_t i = count; i-- > 0;) {
      const PlanNode& node = nodes()[i];
      const bool computed = needed_[i] != 0 && stage_[i] == number && !is_leaf(node) && !is_across(node);
      if (!computed) continue;
      wanted[i] = 1;
      for (const int argument : node.arguments) {
        if (nodes()[Plan::at(argument)].type == ValueType::text) continue;
        wanted[Plan::at(argument)] = 1;
        ++stage.uses[Plan::at(argument)];
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (wanted[i] == 0) continue;
      const PlanNode& node = nodes()[i];
      stage.order.push_back(static_cast<int>(i));
      if (node.type == ValueType::category && node.op == Op::column) stage.categories[i] = plan_.column(node.text);
      const bool computed = node.op == Op::constant || (!is_leaf(node) && !is_across(node) && stage_[i] == number);
      if (!computed) {
        stage.sources[i] = source(i);
      } else if (kept_until_[i] >= 0 && !is_leaf(node)) {
        kept_[i].resize(size_);
        stage.sinks[i] = kept_[i].data();
      }
    }
    if (is_complete_) roll_whole_columns(stage);
    if (stage.order.empty()) return;
    in_parallel(threads_, blocks_.size(),
                [&] { return [&, pass = BlockPass(stage, most_)](std::size_t b) mutable { pass.run(runs_of(blocks_[b])); }; });
  }

  // Rolling functions of columns that lie in memory, whose results are kept: where no entity lacks a time, they are computed where both
  // lie, over as many entities at a time as there are threads for. Then they are columns as others are.
  void roll_whole_columns(Stage& stage) {
    std::vector<std::size_t> rolled;
    for (const int index : stage.order) {
      const auto i = static_cast<std::size_t>(index);
      const PlanNode& node = nodes()[i];
      const auto lies = [&](int argument) { return stage.sources[Plan::at(argument)] != nullptr; };
      if (stage.sources[i] == nullptr && stage.sinks[i] != nullptr && operator_of(node.op).family == Family::rolling &&
          rolls_in_lanes(window_of(node)) && std::all_of(node.arguments.begin(), node.arguments.end(), lies))
        rolled.push_back(i);
    }
    if (rolled.empty()) return;
    const std::size_t lanes = frame_.entity_count(), most = std::max<std::size_t>(2, (lanes + threads_ - 1) / threads_);
    const std::size_t parts = std::max<std::size_t>(1, lanes / most);
    in_parallel(threads_, rolled.size() * parts, [&] {
      return [&](std::size_t task) {
        roll_lanes(stage, rolled[task / parts], lanes * (task % parts) / parts, lanes * (task % parts + 1) / parts);
      };
    });
    for (const std::size_t i : rolled) {
      for (const int argument : nodes()[i].arguments) --stage.uses[Plan::at(argument)];
      stage.sources[i] = std::exchange(stage.sinks[i], nullptr);
    }
    std::erase_if(stage.order, [&](int i) { return stage.sources[Plan::at(i)] != nullptr && stage.uses[Plan::at(i)] == 0; });
  }
  void roll_lanes(const Stage& stage, std::size_t i, std::size_t first, std::size_t end) const {
    const PlanNode& node = nodes()[i];
    const auto all = static_cast<std::int64_t>(frame_.entity_count());
    const auto column = [&](int argument) { return LaneTable<const double>{stage.sources[Plan::at(argument)] + first, all}; };
    rolling_lanes(window_of(node), {static_cast<std::int64_t>(size_) / all,
                                    static_cast<std::int64_t>(end - first),
                                    column(node.arguments.front()),
                                    column(node.arguments.back()),
                                    {stage.sinks[i] + first, all}});
  }

  // Rows of one time follow each other in the frame.
  void find_times() {
    const auto index = frame_.time_index();
    for (std::size_t i = 0; i < size_; ++i) {
      if (i == 0 || index[i] != index[i - 1]) times_.push_back(i);
    }
    times_.push_back(size_);
  }
  void run_cross_sections(int number) {
    if (times_.empty()) find_times();
    for (std::size_t i = 0; i < nodes().size(); ++i) {
      const PlanNode& node = nodes()[i];
      if (needed_[i] == 0 || stage_[i] != number || !is_across(node)) continue;
      const ColumnValues x = whole(Plan::at(node.arguments[0]));
      const ColumnValues by = node.arguments.size() > 1 ? whole(Plan::at(node.arguments[1])) : ColumnValues(size_);
      std::size_t categories = 0;
      if (node.arguments.size() > 1 && nodes()[Plan::at(node.arguments[1])].type == ValueType::category)
        categories = plan_.column(nodes()[Plan::at(node.arguments[1])].text)->levels().size();
      kept_[i].resize(size_);
      const std::size_t tasks = (times_.size() + kTimesPerTask - 2) / kTimesPerTask;
      in_parallel(threads_, tasks, [&] {
        return [&, section = CrossSection()](std::size_t task) mutable {
          const std::size_t last = std::min(times_.size() - 1, (task + 1) * kTimesPerTask);
          for (std::size_t t = task * kTimesPerTask; t < last; ++t) {
            const std::size_t begin = times_[t], rows = times_[t + 1] - begin;
            section.compute(node.op, std::span(x).subspan(begin, rows), std::span(by).subspan(begin, rows), categories, node.number,
                            std::span(kept_[i]).subspan(begin, rows));
          }
        };
      });
    }
  }

  // A node's column in the frame's order.
  ColumnValues whole(std::size_t i) {
    if (nodes()[i].op == Op::constant) return ColumnValues(size_, nodes()[i].number);
    const double* from = source(i);
    ColumnValues values(size_);
    std::transform(from, from + size_, values.begin(), finite);
    return values;
  }
  ColumnValues result_of(std::size_t i, bool needed_again) {
    if (is_leaf(nodes()[i]) || needed_again) return whole(i);
    return std::move(kept_[i]);
  }

  const Plan& plan_;
  const data::Frame& frame_;
  std::size_t size_;
  unsigned threads_;
  std::vector<Run> runs_;
  std::vector<Block> blocks_;
  std::size_t most_ = 0;  // room of a block
  bool is_complete_ = false;
  int last_stage_ = 0;
  std::vector<std::uint8_t> needed_;
  std::vector<int> stage_;       // of each node: functions across entities below it, on the longest way
  std::vector<int> kept_until_;  // the last stage that reads its column; -1: none, it lives in blocks alone
  std::vector<ColumnValues> kept_, converted_;
  std::vector<std::size_t> times_;  // the first row of each, and the end
};

std::vector<ColumnValues> Plan::evaluate(std::span<const int> roots, unsigned threads) { return PlanRunner(*this, threads).run(roots); }

}  // namespace assay::pipeline
