// Preparation steps against the columns that they will meet: each step is followed by the columns that it leaves.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

class ColumnsOnTheWay {
 public:
  ColumnsOnTheWay(std::span<const InputColumn> inputs, const Doubtful& doubtful) : columns_(inputs.begin(), inputs.end()) {
    for (const std::string& name : doubtful.names()) {
      for (const char* end : {"", "_missing", "_outlier"}) perhaps_.push_back(name + end);
      for (const char* middle : {".", "="}) beginnings_.push_back(name + middle);
    }
  }

  // Whether a column that is there, or may be, has such a name.
  bool has(const std::string& pattern) const {
    const std::string fixed = pattern.substr(0, pattern.find_first_of("*?"));  // what each matching name begins with
    const auto may_match = [&](const std::string& beginning) {
      return fixed.starts_with(beginning) || (fixed.size() < pattern.size() && beginning.starts_with(fixed));
    };
    const auto matches = [&](const std::string& name) { return text::matches(pattern, name); };
    return matches_column(pattern) || std::any_of(perhaps_.begin(), perhaps_.end(), matches) ||
           std::any_of(beginnings_.begin(), beginnings_.end(), may_match);
  }
  bool matches_column(const std::string& pattern) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](const InputColumn& c) { return text::matches(pattern, c.name); });
  }
  bool usable(const config::Component& step, const std::string& pattern) const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const InputColumn& c) { return text::matches(pattern, c.name) && works_on(step, c); });
  }

  void after(const config::Component& step) {
    if (step.id == "pca") beginnings_.push_back(text_param(step, "prefix") + "_");  // how many there are is not known here
    std::vector<InputColumn> left;
    for (InputColumn& column : columns_) {
      const std::string name = column.name;
      if (!works_on(step, column)) {
        left.push_back(std::move(column));
      } else if (step.id == "pca") {
        continue;
      } else if (step.id == "one_hot") {
        for (const std::string& level : column.levels) left.push_back({name + "=" + level, InputKind::flag, {}});
        if (column.kind != InputKind::category) beginnings_.push_back(name + "=");  // a number's values are not known here
      } else {
        left.push_back(std::move(column));
        if (step.id == "missing" && flag_param(step, "indicator")) left.push_back({name + "_missing", InputKind::flag, {}});
        if ((step.id == "outliers" || step.id == "hampel") && text_param(step, "action") == "mark")
          left.push_back({name + "_outlier", InputKind::flag, {}});
      }
    }
    columns_ = std::move(left);
  }

  std::string mend(const std::string& pattern) const {
    if (has(pattern + "=*")) return fmt::format("one_hot has made columns of it: name {}=*", pattern);
    constexpr std::size_t kShown = 40;  // a category may have made thousands
    std::vector<std::string> names;
    for (const InputColumn& column : columns_) names.push_back(column.name);
    if (const auto near = text::nearest(pattern, names)) return fmt::format("did you mean {}?", *near);
    if (names.empty()) return {};
    const bool all = names.size() <= kShown;
    names.resize(std::min(names.size(), kShown));
    return "inputs: " + text::join(names, ", ") + (all ? "" : ", ...");
  }

 private:
  std::vector<InputColumn> columns_;
  std::vector<std::string> perhaps_;     // names that faulty features would have given
  std::vector<std::string> beginnings_;  // of names that cannot be told whole
};

}  // namespace

void check_preparation(const std::vector<config::Component>& steps, const std::vector<config::Component>& select,
                       std::span<const InputColumn> inputs, const Doubtful& doubtful, bool has_time, Diagnostics& diagnostics) {
  ColumnsOnTheWay columns(inputs, doubtful);
  for (std::size_t i = 0; i < steps.size() + select.size(); ++i) {
    const bool prepares = i < steps.size();
    const config::Component& step = prepares ? steps[i] : select[i - steps.size()];
    const std::string key = prepares ? fmt::format("prepare.{}", i) : fmt::format("select.{}", i - steps.size());
    if (has_time && step.id == "missing" && text_param(step, "method") == "interpolate") {
      diagnostics.error(step.place, "interpolation between rows uses the future, and these data have a time column", "method: forward_fill",
                        key + ".method");
    }
    if (!has_time && step.id == "scale" && text_param(step, "by") == "time") {
      diagnostics.error(step.place, "scaling by time needs a time column", "by: all", key + ".by");
    }
    if (!has_time && step.id == "rolling_standard") {
      diagnostics.error(step.place, "rolling_standard needs a time column", "use scale", key);
    }
    for (const std::string& pattern : patterns_of(step)) {
      if (columns.usable(step, pattern)) continue;
      if (columns.matches_column(pattern)) {
        diagnostics.data_error(step.place, fmt::format("{} cannot work on `{}`, a category", step.id, pattern), "put one_hot before it",
                               key + ".columns");
      } else if (!columns.has(pattern)) {
        diagnostics.data_error(step.place, fmt::format("no input is called or matches `{}`", pattern), columns.mend(pattern),
                               key + ".columns");
      }
    }
    columns.after(step);
  }
}

}  // namespace assay::pipeline
