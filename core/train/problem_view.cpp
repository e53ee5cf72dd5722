#include "train/problem_view.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace assay::train {

ProblemView::ProblemView(const LearnerSetup& setup, const Rows& train) {
  for (const pipeline::InputColumn& input : setup.inputs) {
    std::vector<assay_text> levels;
    for (const std::string& level : input.levels) levels.push_back({level.data(), level.size()});
    levels_.push_back(std::move(levels));
    assay_column column{};
    column.struct_size = sizeof column;
    column.kind = static_cast<std::uint32_t>(input.kind);
    column.name = {input.name.data(), input.name.size()};
    column.levels = levels_.back().data();
    column.n_levels = levels_.back().size();
    columns_.push_back(column);
  }
  for (const assay_column& column : columns_) pointers_.push_back(&column);
  problem_.struct_size = sizeof problem_;
  problem_.task = setup.task == config::Task::regression ? ASSAY_TASK_REGRESSION
                  : setup.task == config::Task::binary   ? ASSAY_TASK_BINARY
                                                         : ASSAY_TASK_MULTICLASS;
  problem_.n_inputs = static_cast<std::int64_t>(setup.inputs.size());
  problem_.lookback = train.lookback;
  problem_.n_outputs = setup.outputs;
  problem_.inputs = pointers_.data();
  problem_.class_weight = setup.class_weight.empty() ? nullptr : setup.class_weight.data();
  problem_.levels = setup.levels.empty() ? nullptr : setup.levels.data();
  problem_.n_levels = std::ssize(setup.levels);
  problem_.target_scale = 1;
  problem_.n_horizons = std::max<std::int64_t>(1, std::ssize(setup.horizons));
  center_.assign(static_cast<std::size_t>(problem_.n_horizons), 0);
  scale_.assign(center_.size(), 1);
  if (setup.task == config::Task::regression && !train.y.empty()) set_target(train);
  if (problem_.n_horizons == 1) return;
  problem_.horizon_center = center_.data();
  problem_.horizon_scale = scale_.data();
}

void ProblemView::set_target(const Rows& train) {
  const auto weight_of = [&](std::size_t i) { return train.weight.empty() ? 1.0 : train.weight[i]; };
  for (std::size_t h = 0; h < center_.size(); ++h) {
    const std::span<const double> y = of_horizon(train, static_cast<std::int64_t>(h)).y;
    double total = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < y.size(); ++i) total += weight_of(i), sum += weight_of(i) * y[i];
    if (!(total > 0)) return;
    center_[h] = sum / total;
    for (std::size_t i = 0; i < y.size(); ++i) squares += weight_of(i) * (y[i] - center_[h]) * (y[i] - center_[h]);
    if (squares > 0) scale_[h] = std::sqrt(squares / total);
  }
  problem_.target_center = center_.front();
  problem_.target_scale = scale_.front();
}

}  // namespace assay::train
