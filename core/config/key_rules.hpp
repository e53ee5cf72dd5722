// What the files of rules over several keys share: whether a key is given and sound, where it stands, and mistakes told at its place. Used
// by experiment_rules, split_rules, train_rules and target_rules, each a class of rules derived from it. One thread; borrows all it is
// given.
#pragma once

#include <string>
#include <utility>

#include "base/diagnostic.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

class KeyRules {
 protected:
  // elsewhere: the place of keys that do not stand in the file.
  KeyRules(const Experiment& e, const Checked& checked, Diagnostics& diagnostics, Place elsewhere)
      : e_(e), checked_(checked), diagnostics_(diagnostics), elsewhere_(std::move(elsewhere)) {}

  Place place(const std::string& path) const {
    const Place* at = checked_.place(path);
    return at == nullptr ? elsewhere_ : *at;
  }
  // A key's own place: where its value is a whole map or list, the key is what the caret should show.
  Place key_place(const std::string& path) const {
    const Place* at = checked_.place("/" + path);
    return at == nullptr ? place(path) : *at;
  }
  bool good(const std::string& path) const { return !checked_.is_bad(path); }
  bool given(const std::string& path) const { return checked_.place(path) != nullptr; }
  void error(const std::string& path, std::string message, std::string mend) {
    diagnostics_.error(place(path), std::move(message), std::move(mend), path);
  }
  void error_at_key(const std::string& path, std::string message, std::string mend) {
    diagnostics_.error(key_place(path), std::move(message), std::move(mend), path);
  }

  const Experiment& e_;
  const Checked& checked_;
  Diagnostics& diagnostics_;

 private:
  Place elsewhere_;
};

}  // namespace assay::config
