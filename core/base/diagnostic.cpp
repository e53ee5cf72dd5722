#include "base/diagnostic.hpp"

#include <algorithm>

namespace assay {

void Diagnostics::error(Place place, std::string message, std::string mend, std::string key, std::string doc) {
  add({Severity::error, std::move(place), std::move(key), std::move(message), std::move(doc), std::move(mend), 1});
}

void Diagnostics::data_error(Place place, std::string message, std::string mend, std::string key, std::string doc) {
  add({Severity::error, std::move(place), std::move(key), std::move(message), std::move(doc), std::move(mend), 2});
}

void Diagnostics::warning(Place place, std::string message, std::string mend, std::string key) {
  add({Severity::warning, std::move(place), std::move(key), std::move(message), {}, std::move(mend), 0});
}

void Diagnostics::note(Place place, std::string message, std::string mend, std::string key) {
  add({Severity::note, std::move(place), std::move(key), std::move(message), {}, std::move(mend), 0});
}

bool Diagnostics::has_errors() const {
  return std::any_of(items_.begin(), items_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
}

int Diagnostics::exit_code() const {
  int code = 0;
  for (const Diagnostic& d : items_) {
    if (d.severity != Severity::error) continue;
    if (d.exit_code == 1) return 1;
    code = d.exit_code;
  }
  return code;
}

}  // namespace assay
