#include "cli/fits_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/text_table.hpp"
#include "stats/distributions.hpp"

namespace assay::cli {

namespace {

// What a model tells of itself: weights of its inputs as a table, where it tells them, and the rest as it stands.
class FitSummary {
 public:
  explicit FitSummary(Json extra) : summary_(std::move(extra["summary"])) {
    if (extra.contains("inputs")) terms_ = extra.at("inputs").get<std::vector<std::string>>();
    const std::vector<double> weights = numbers("coefficients"), intercept = numbers("intercept");
    if (terms_.empty() || weights.empty()) return;
    terms_.insert(terms_.begin(), "intercept");
    weights_ = intercept;
    weights_.insert(weights_.end(), weights.begin(), weights.end());
    errors_ = numbers("standard_errors");
    tabled_ = weights_.size() % terms_.size() == 0 && errors_.size() == weights_.size() &&
              (intercept.empty() || weights_.size() == terms_.size());
  }

  std::string text(const Console& console) const {
    std::string out = tabled_ ? weights_table(console) : "";
    for (const Json& pair : summary_) {
      const auto name = pair.at(0).get<std::string>();
      if (!tabled_ || (name != "intercept" && name != "coefficients" && name != "standard_errors"))
        out += fmt::format("    {}: {}\n", text::printable(name), text::printable(pair.at(1).get<std::string>()));
    }
    return out;
  }

 private:
  std::vector<double> numbers(const std::string& name) const {
    std::vector<double> out;
    for (const Json& pair : summary_) {
      if (pair.at(0) != name) continue;
      const auto words = pair.at(1).get<std::string>();
      for (const std::string_view word : text::split(words, ' '))
        out.push_back(text::to_real(word).value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return out;
  }

  std::string weights_table(const Console& console) const {
    const std::size_t outputs = weights_.size() / terms_.size();
    const bool any_error = std::any_of(errors_.begin(), errors_.end(), [](double e) { return !std::isnan(e); });
    std::vector<Row> rows{{"  input", "coefficient"}};
    if (any_error) rows[0].insert(rows[0].end(), {"standard error", "z", "p"});
    for (std::size_t i = 0; i < weights_.size(); ++i) {  // one input's weights for all outputs lie side by side
      const std::string output = outputs == 1 ? "" : fmt::format(", output {}", i % outputs + 1);
      rows.push_back({"  " + terms_[i / outputs] + output, fmt::format("{:.6g}", weights_[i])});
      if (!any_error || std::isnan(errors_[i])) continue;
      const double z = weights_[i] / errors_[i];
      rows.back().insert(rows.back().end(),
                         {fmt::format("{:.6g}", errors_[i]), fmt::format("{:.4f}", z), fmt::format("{:.3g}", stats::normal_two_sided(z))});
    }
    return table(rows, 1, 1, console);
  }

  Json summary_;
  std::vector<std::string> terms_;  // "intercept", then the inputs
  std::vector<double> weights_, errors_;
  bool tabled_ = false;
};

}  // namespace

std::string fits_text(const std::vector<store::UnitRecord>& units, const Console& console) {
  std::string out;
  for (const store::UnitRecord& unit : units) {
    out += fmt::format("  {}, fold {}, repeat {}: {}, {:.2f} s", unit.key.model, unit.key.fold + 1, unit.key.repeat + 1,
                       to_text(unit.status), unit.seconds);
    if (unit.best_epoch >= 0) out += fmt::format(", epoch {}", unit.best_epoch + 1);
    out += "\n";
    if (!unit.error.empty()) out += "    " + text::printable(unit.error) + "\n";
    if (!unit.log.empty()) {
      for (const std::string_view line : text::split(text::trim(unit.log), '\n')) out += "    | " + text::printable(line) + "\n";
    }
    if (!unit.extra.empty()) out += FitSummary(Json::parse(unit.extra)).text(console);
  }
  return out;
}

}  // namespace assay::cli
