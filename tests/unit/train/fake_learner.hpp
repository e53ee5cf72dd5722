// A learner whose "weights" are one number that the test's script moves epoch by epoch: what the training loop decides can be seen from
// outside. It counts what it was asked.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "train/learner.hpp"

namespace train_test {

struct FakeLearner : assay::train::Learner {
  bool by_steps = true, resumable = true, uses_validation = false;
  double state = -1, best = -1;  // the epoch whose weights are held
  double mixed = 0;              // depends on the whole history and on the rates: what a wrong resume would change
  std::vector<double> rates;
  std::vector<double> losses;  // by epoch; 1 / (epoch + 1) where absent
  int begins = 0, keeps = 0, restores = 0, fits = 0, resumes = 0;
  assay::train::Rows fit_validation;
  bool fit_could_evaluate = false;

  assay::train::LearnerTraits traits() const override { return {by_steps, resumable, uses_validation}; }
  void begin() override {
    ++begins;
    state = best = -1;
    mixed = 0;
  }
  double epoch(std::int64_t index, double rate) override {
    rates.push_back(rate);
    state = static_cast<double>(index);
    mixed = mixed * 1.000001 + rate / (state + 3);
    return static_cast<std::size_t>(index) < losses.size() ? losses[static_cast<std::size_t>(index)] : 1 / (state + 1);
  }
  void fit(const assay::train::Rows& validation, const assay::train::Evaluate& evaluate) override {
    ++fits;
    fit_validation = validation;
    fit_could_evaluate = static_cast<bool>(evaluate);
  }
  std::vector<double> predict(const assay::train::Rows& rows) override {
    return std::vector<double>(static_cast<std::size_t>(rows.count), state);
  }
  std::vector<double> quantiles(const assay::train::Rows&) override { return {}; }
  void keep_best() override {
    ++keeps;
    best = state;
  }
  void restore_best() override {
    ++restores;
    state = best;
  }
  std::vector<std::byte> save(const std::string&) override { return {}; }
  void load(std::span<const std::byte>) override {}
  std::vector<std::byte> checkpoint() override {
    const double numbers[] = {state, best, mixed};
    std::vector<std::byte> bytes(sizeof numbers);
    std::memcpy(bytes.data(), numbers, sizeof numbers);
    return bytes;
  }
  void resume(std::span<const std::byte> bytes) override {
    ++resumes;
    double numbers[3];
    std::memcpy(numbers, bytes.data(), sizeof numbers);
    state = numbers[0];
    best = numbers[1];
    mixed = numbers[2];
  }
  std::vector<std::pair<std::string, std::string>> summary() override { return {}; }
  std::vector<double> importance() override { return {}; }
  assay::plugin::Graph graph() override { return assay::plugin::Graph("rows"); }
  assay::train::Slopes slopes(const assay::train::Rows&, std::int64_t) override { return {}; }
  void prune(assay::plugin::Pruning, double) override {}
  assay::plugin::ModelSize size(assay::plugin::Pruning) override { return {}; }
  assay::train::PredictSpeed predict_speed(const assay::train::Rows&) override { return {}; }
};

}  // namespace train_test
