// One search as ask and tell: which values trial n has, whether it has fallen behind, which trial is best. Used by run/, for models and
// strategies alike; it knows nothing of training, threads or files. The lag rule (rules.md 16): trial n is drawn from what trials
// 0 .. n - lag gave, told to the sampler in their order whatever order they ended in, so that the study is the same for any number of
// workers and for one that goes on. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "plugin/component_maker.hpp"
#include "search/pruner.hpp"
#include "search/space.hpp"

namespace assay::search {

struct Trial {
  std::int64_t number = 0;
  std::vector<double> point;
  Values values;
  std::string closed;  // why it need not be run: its branch was stopped; else empty
};

struct Outcome {
  enum class Status { complete, pruned, failed } status = Status::failed;
  double value = 0;           // of a pruned trial: the last intermediate value
  bool crashed = false;       // it took its process with it
  bool was_run = true;        // false: its branch was closed
  std::vector<Step> steps{};  // ascending
};

class Study {
 public:
  // The maker counts during this call only.
  Study(const config::SearchSpec& spec, const plugin::LoadedComponent& sampler, SeedTree seed, const plugin::ComponentMaker& maker = {});

  std::int64_t size() const { return size_; }                 // trials in all: a grid may end before search.trials
  std::int64_t points() const { return sampler_->points(); }  // that the sampler knows; -1: without end
  std::int64_t asked() const { return static_cast<std::int64_t>(trials_.size()); }
  bool can_ask() const;                              // the next trial's predecessors have been told
  bool is_over() const { return asked() >= size_; }  // nothing more to ask
  // The next trial; nothing where the study has come to its end. can_ask() must hold.
  std::optional<Trial> ask();
  void tell(std::int64_t number, Outcome outcome);
  // Whether trial `number`, which has had these values, may be ended now.
  bool falls_behind(std::int64_t number, std::span<const Step> steps) const;

  const Trial& trial(std::int64_t number) const { return trials_.at(static_cast<std::size_t>(number)); }
  const std::optional<Outcome>& outcome(std::int64_t number) const { return outcomes_.at(static_cast<std::size_t>(number)); }
  std::optional<std::int64_t> best() const { return best_; }  // the best complete trial, of equals the first
  const std::string& stopped() const { return stopped_; }     // why it ended before its time; else empty

 private:
  // A setting is a choice that trials have in common (or nothing: all of them). A choice is closed where no trial went well with it and
  // three crashed whose other choices have each gone well in some other trial: a crash that another choice may explain closes nothing.
  struct Setting {
    std::vector<std::int64_t> crashes;
    bool worked = false;
  };
  void learn(std::int64_t number);
  bool has_worked(std::size_t range, double choice) const;
  std::vector<std::int64_t> crashes_of(std::size_t range, double choice) const;  // those that nothing else explains
  bool knows_only_crashes() const;
  std::string closed_branch(std::span<const double> point, const Values& values) const;

  Space space_;
  SeedTree seed_;
  std::unique_ptr<plugin::AnySampler> sampler_;
  std::int64_t lag_, size_;
  bool maximize_;
  std::optional<MedianPruner> pruner_;
  std::vector<Trial> trials_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::optional<std::int64_t> best_;
  std::int64_t known_ = 0;  // trials below were told to the sampler
  Setting all_;
  std::map<std::pair<std::size_t, double>, Setting> settings_;
  std::string stopped_;
};

}  // namespace assay::search
