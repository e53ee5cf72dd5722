// Names that no message should blame anybody for using, so that one mistake is told once. Kept by the pass over features and by the
// dataset, read by whatever looks up columns. A value.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace assay::pipeline {

// Features that are wrong themselves, which has been said: whoever names one of them is not to blame.
class Doubtful {
 public:
  void add(std::string name) { names_.push_back(std::move(name)); }
  bool holds(std::string_view column) const {  // a feature's column, or one of several: macd, macd.signal
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return column.starts_with(name) && (column.size() == name.size() || column[name.size()] == '.');
    });
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace assay::pipeline
