// The tests of an audit, each a function from what is audited to what was found; docs/design/audit.md says what they do. Used by audit.cpp
// and by unit tests. One thread.
#pragma once

#include <string>
#include <vector>

#include "audit/audit.hpp"
#include "base/random.hpp"

namespace assay::audit {

// Counts steps for the progress, and ends the audit when it is cancelled.
class Work {
 public:
  Work(const Options& options, std::int64_t steps) : options_(options), steps_(steps) {}
  void step(const std::string& doing);  // before each; throws Error(interrupted)

 private:
  const Options& options_;
  std::int64_t steps_, done_ = 0;
};

std::string counted(std::size_t n, const std::string& one);  // "1 fold", "2 folds"

// A moment at which the data are cut, and the fold whose test rows it lies in (-1: none).
struct Cut {
  TimeNs time = kMissingTime;
  std::int64_t rows = 0;  // known by then
  std::int64_t fold = -1;
};
std::vector<Cut> choose_cuts(const Subject& subject, const Options& options, SeedTree seed);
// The frame with other values in these rows; times, entities and groups stay. Labels that are classes stay classes.
data::Frame with_noise(const Subject& subject, const data::Frame& frame, const std::vector<std::uint8_t>& changed, SeedTree seed);
std::vector<std::size_t> some_folds(const Subject& subject, std::size_t most);  // evenly over all

std::vector<TestResult> look_ahead(const Subject& subject, const Options& options, SeedTree seed, Work& work);  // four tests
TestResult warm_up(const Subject& subject, SeedTree seed, Work& work);
TestResult preparation(const Subject& subject, SeedTree seed, Work& work);
TestResult own_label(const Subject& subject, SeedTree seed, Work& work);
bool prepares_from_labels(const Subject& subject, SeedTree seed);  // some fold's rows move with the labels of its train rows
TestResult label_probe(const Subject& subject, Work& work);
TestResult publication(const Subject& subject, Work& work);
TestResult table(const Subject& subject, const Options& options, SeedTree seed, Work& work);  // put together again of what was known
TestResult availability(const Subject& subject, Work& work);

// What a choice has seen, and what is then reported as out of sample.
struct Choice {
  std::string name;  // "fold 2"
  std::vector<std::int64_t> seen, reported;
};
std::vector<Choice> choices_of(const Subject& subject);
TestResult intervals(const Subject& subject, const std::vector<Choice>& choices, Work& work);
TestResult orders(const Subject& subject, const Options& options, SeedTree seed, Work& work);  // needs Subject::market
TestResult label_shuffle(const Subject& subject, const Options& options, SeedTree seed, Work& work);

}  // namespace assay::audit
