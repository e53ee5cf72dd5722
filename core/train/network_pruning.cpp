#include "train/network_pruning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace assay::train {

namespace {

using Json = nlohmann::ordered_json;

void throw_if_cancelled(const PruningHooks& hooks) {
  if (hooks.cancel != nullptr && hooks.cancel->load(std::memory_order_relaxed))
    throw Error(Fault::interrupted, "pruning", "it was interrupted");
}

std::vector<std::byte> taken(std::span<const std::byte>& from, std::size_t size) {
  if (from.size() < size) throw Error(Fault::failed, "reading a checkpoint", "it is cut short");
  std::vector<std::byte> out(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(size));
  from = from.subspan(size);
  return out;
}

// The epochs of one share, and its result.
void train_level(Learner& learner, const PruningPlan& plan, const PruningHooks& hooks, PruningState& state) {
  const std::size_t level = state.levels.size();
  const double sparsity = plan.sparsity[level - 1];
  if (plan.fine_tune_epochs == 0) learner.prune(plan.method, sparsity);
  while (state.next_epoch < plan.fine_tune_epochs) {
    throw_if_cancelled(hooks);
    const double share = share_at(plan.schedule, sparsity, state.next_epoch, plan.fine_tune_epochs);
    if (state.next_epoch == 0 || share != share_at(plan.schedule, sparsity, state.next_epoch - 1, plan.fine_tune_epochs))
      learner.prune(plan.method, share);
    const double loss = learner.epoch(plan.first_epoch + state.next_epoch, plan.rate_factor);
    if (!std::isfinite(loss))
      throw Error(Fault::failed, fmt::format("training the network pruned by {}, epoch {}", sparsity, state.next_epoch + 1),
                  "the loss is no longer a number", "A smaller train.network_pruning.rate_factor usually mends that");
    state.losses.push_back(loss);
    ++state.next_epoch;
    if (hooks.progress) hooks.progress(level, state.next_epoch);
    if (hooks.wants_checkpoint && hooks.wants_checkpoint()) hooks.put_checkpoint(state, learner.checkpoint());
  }
  state.levels.push_back({sparsity, learner.size(plan.method), std::move(state.losses), learner.save("")});
  state.next_epoch = 0;
  state.losses.clear();
}

}  // namespace

std::string PruningState::to_json() const {
  Json list = Json::array();
  for (const PrunedLevel& l : levels)
    list.push_back({l.sparsity, l.size.parameters, l.size.zeros, l.size.prunable, l.size.pruned, l.losses, l.bundle.size()});
  return Json{{"levels", list}, {"next_epoch", next_epoch}, {"losses", losses}}.dump();
}

std::vector<std::byte> PruningState::bytes(std::span<const std::byte> learner) const {
  std::vector<std::byte> out;
  for (const PrunedLevel& l : levels) out.insert(out.end(), l.bundle.begin(), l.bundle.end());
  out.insert(out.end(), learner.begin(), learner.end());
  return out;
}

PruningState::Read PruningState::read(const std::string& text, std::span<const std::byte> bytes) {
  try {
    const Json json = Json::parse(text);
    Read out;
    for (const Json& l : json.at("levels")) {
      const auto n = [&](std::size_t i) { return l.at(i).get<std::int64_t>(); };
      out.state.levels.push_back(
          {l.at(0).get<double>(), {n(1), n(2), n(3), n(4)}, l.at(5).get<std::vector<double>>(), taken(bytes, l.at(6).get<std::size_t>())});
    }
    out.state.next_epoch = json.at("next_epoch").get<std::int64_t>();
    out.state.losses = json.at("losses").get<std::vector<double>>();
    out.learner = taken(bytes, bytes.size());
    return out;
  } catch (const Json::exception& e) {
    throw Error(Fault::failed, "reading a checkpoint", e.what());
  }
}

double share_at(const std::string& schedule, double sparsity, std::int64_t epoch, std::int64_t epochs) {
  const std::int64_t raises = schedule == "one_shot" ? 1 : (epochs + 1) / 2;
  if (epoch + 1 >= raises) return sparsity;
  const double t = static_cast<double>(epoch + 1) / static_cast<double>(raises), left = 1 - t;
  if (schedule == "linear") return sparsity * t;
  ASSAY_CHECK(schedule == "cubic", "the reader lets known schedules through only");
  return sparsity * (1 - left * left * left);
}

std::vector<PrunedLevel> prune_levels(Learner& learner, const PruningPlan& plan, const PruningHooks& hooks,
                                      std::optional<PruningState::Read> resume) {
  PruningState state;
  if (resume) {
    state = std::move(resume->state);
    learner.resume(resume->learner);
  } else {
    learner.keep_best();
    state.levels.push_back({0, learner.size(plan.method), {}, learner.save("")});
  }
  while (state.levels.size() <= plan.sparsity.size()) {
    if (state.next_epoch == 0) learner.restore_best();
    train_level(learner, plan, hooks, state);
  }
  return std::move(state.levels);
}

std::size_t sparsest_within(std::span<const double> scores, int direction, double tolerance) {
  double best = -INFINITY;
  for (const double s : scores)
    if (!std::isnan(s)) best = std::max(best, s * direction);
  for (std::size_t k = scores.size(); k-- > 0;)
    if (!std::isnan(scores[k]) && scores[k] * direction >= best - tolerance) return k;
  throw Error(Fault::failed, "choosing how much of the network is pruned", "the metric is undefined on the validation rows",
              "Choose another metric in train.network_pruning.choose, or larger validation rows");
}

}  // namespace assay::train
