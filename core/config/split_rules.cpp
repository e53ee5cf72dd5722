#include "config/split_rules.hpp"

#include <iterator>
#include <string>
#include <utility>

#include "config/key_rules.hpp"

namespace assay::config {

namespace {

class SplitRules : KeyRules {
 public:
  SplitRules(const Experiment& e, const Checked& checked, Known time, Diagnostics& diagnostics)
      : KeyRules(e, checked, diagnostics, e.split.place), time_(time) {}

  void all() {
    if (!given("split") || !good("split")) return;
    kind();
    spans();
    held_windows();
  }

 private:
  void kind();
  void by_group();
  void combinatorial();
  void by_column();
  void spans();
  void held_windows();

  Known time_;
};

void SplitRules::held_windows() {
  const std::string path = "evaluate.held_windows";
  if (!e_.evaluate.held_windows || !good(path)) return;
  if (time_ == Known::no)
    error_at_key(path, "windows of rows need time, and this is a plain table", "remove it, or name data.time");
  else if (e_.split.use != "holdout")
    error_at_key(path, "windows are held over the test rows of one fold, and split.use is " + e_.split.use, "use holdout");
  if (given("target.task") && good("target") && e_.target.task != Task::regression)
    error_at_key(path, std::string("a held forecast is a number, and target.task is ") + to_text(e_.target.task), "remove it");
  if (e_.evaluate.held_windows->steps.empty()) error(path + ".steps", "no length of windows is given", "write steps: [96, 192]");
}

void SplitRules::kind() {
  const SplitSpec& split = e_.split;
  const bool over_time = split.use == "walk_forward" || split.use == "purged_k_fold" || split.use == "combinatorial_purged";
  if (over_time && time_ == Known::no)
    error_at_key("split.use", split.use + " needs time, and this is a plain table",
                 "name data.time, or use holdout, stratified, k_fold or by_rule");
  if (split.use == "stratified" && given("target.task") && good("target") && e_.target.task == Task::regression)
    error_at_key("split.use", "stratified needs classes, and target.task is regression", "use holdout or k_fold");
  const bool groups = split.use == "by_group" || split.use == "by_entity";
  const bool draws =
      split.use == "stratified" || ((split.use == "holdout" || split.use == "k_fold") && split.shuffle) || (groups && !split.test);
  if (groups) by_group();
  if (split.use == "combinatorial_purged") combinatorial();
  if (split.use == "by_column") by_column();
  if (time_ == Known::yes && draws && !groups && split.allow_shuffled_time.empty()) {
    const std::string path = given("split.shuffle") ? "split.shuffle" : "split.use";
    error_at_key(path, "a shuffled split puts rows into train that lie after test rows",
                 "use walk_forward, or say why it is right: allow_shuffled_time: \"reason\"");
  }
  if (given("split.allow_shuffled_time") && !draws)
    diagnostics_.warning(key_place("split.allow_shuffled_time"), "nothing is shuffled here: the reason is not needed", "remove it",
                         "split.allow_shuffled_time");
  if (split.use == "walk_forward" && split.embargo && !split.embargo->is_zero())
    diagnostics_.note(place("split.embargo"), "in walk_forward no train rows follow a test block, so the embargo changes nothing",
                      "remove it", "split.embargo");
}

// Groups or entities that are drawn meet others' labels at the same times.
void SplitRules::by_group() {
  const SplitSpec& split = e_.split;
  if (split.use == "by_group" && split.group.empty() && good("split.group"))
    error_at_key("split.use", "by_group needs the column that tells groups apart", "add `group: COLUMN`");
  if (split.use == "by_entity" && has_entities(e_) == Known::no)
    error_at_key("split.use", "by_entity needs data.entity", "name the column, or use by_group with `group: COLUMN`");
  if (split.use == "by_entity" && !split.group.empty())
    error("split.group", "by_entity keeps entities whole, and `group` names other units", "remove it, or use by_group");
  if (time_ == Known::yes && !split.test && split.allow_shuffled_time.empty())
    error_at_key("split.use", split.use + " trains on what others did at the times that it tests",
                 "cut by time too, as in `test: 1y`, or say why it is right: allow_shuffled_time: \"reason\"");
  if (split.test && time_ == Known::no) error("split.test", "a last span needs time, and this is a plain table", "remove it");
  if (split.final_test && (split.use == "by_entity" || split.test))
    error("split.final_test", "a final test is a span of time, and each group has rows in it: none is left to train on", "remove it");
}

void SplitRules::combinatorial() {
  constexpr double kMostFolds = 1000;
  const SplitSpec& split = e_.split;
  if (!good("split.groups") || !good("split.test_groups")) return;
  if (split.test_groups >= split.groups) {
    error_at_key(given("split.test_groups") ? "split.test_groups" : "split.groups",
                 std::to_string(split.test_groups) + " of " + std::to_string(split.groups) + " groups are tested: none is left to train on",
                 "make test_groups smaller than groups");
    return;
  }
  double folds = 1;
  for (std::int64_t i = 1; i <= split.test_groups; ++i)
    folds *= static_cast<double>(split.groups - split.test_groups + i) / static_cast<double>(i);
  if (folds > kMostFolds + 0.5)
    error_at_key(
        given("split.groups") ? "split.groups" : "split.test_groups",
        "choosing " + std::to_string(split.test_groups) + " of " + std::to_string(split.groups) + " groups makes more than 1000 folds",
        "take fewer groups: 6 with 2 make 15 folds");
}

void SplitRules::by_column() {
  const SplitSpec& split = e_.split;
  const std::pair<const char*, const std::string*> values[] = {
      {"test", &split.test_value}, {"validation", &split.validation_value}, {"train", &split.train_value}};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!values[i].second->empty() && *values[i].second == *values[j].second)
        error(std::string("split.") + values[i].first, "'" + *values[i].second + "' stands for " + values[j].first + " rows already",
              "give each set a value of its own");
    }
  }
}

void SplitRules::spans() {
  const SplitSpec& split = e_.split;
  const std::pair<const char*, const std::optional<Span>*> spans[] = {{"train", &split.train},     {"validation", &split.validation},
                                                                      {"test", &split.test},       {"step", &split.step},
                                                                      {"embargo", &split.embargo}, {"final_test", &split.final_test}};
  for (const auto& [key, span] : spans) {
    const std::string path = std::string("split.") + key;
    if (!span->has_value() || !given(path)) continue;
    if ((*span)->is_zero() && std::string_view(key) != "embargo")
      error(path, "'" + path + "' is zero: the span holds no rows", "leave the key out for none");
    if (!(*span)->is_count() && !(*span)->is_zero() && time_ == Known::no)
      error(path, "a span of time needs time, and this is a plain table", "write a count of rows, or name data.time");
  }
  if (split.test_fraction.value_or(0) + split.validation_fraction.value_or(0) >= 1)
    error(given("split.validation") ? "split.validation" : "split.test", "test and validation shares leave no train rows",
          "make them smaller: together below 1");
}

}  // namespace

void check_split_rules(const Experiment& experiment, const Checked& checked, Known time, Diagnostics& diagnostics) {
  SplitRules(experiment, checked, time, diagnostics).all();
}

}  // namespace assay::config
