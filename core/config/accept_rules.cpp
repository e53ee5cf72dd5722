#include "config/accept_rules.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace assay::config {

namespace {

bool in(const std::vector<std::string>& list, const std::string& name) { return std::find(list.begin(), list.end(), name) != list.end(); }

class AcceptRules {
 public:
  AcceptRules(const Experiment& e, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics)
      : e_(e), checked_(checked), catalogue_(catalogue), diagnostics_(diagnostics) {}
  void all();

 private:
  void check_name(const AcceptSpec& accept, const std::string& whole, bool left);
  // "rmse@1", "rmse@5" and so on where there are several horizons.
  std::vector<std::string> by_horizon(const std::vector<std::string>& metrics) const {
    std::vector<std::string> names;
    for (const std::string& metric : metrics)
      for (const std::int64_t rows : e_.target.horizons) names.push_back(at_horizon(metric, rows));
    return e_.has_horizons() ? names : metrics;
  }

  const Experiment& e_;
  const Checked& checked_;
  const JoinedCatalogue& catalogue_;
  Diagnostics& diagnostics_;
};

// A metric with .low or .high, which may stand after the name of a model or a baseline.
void AcceptRules::check_name(const AcceptSpec& accept, const std::string& whole, bool left) {
  std::string name = whole;
  for (const char* suffix : {".low", ".high"}) {
    if (name.ends_with(suffix)) name.resize(name.size() - std::string_view(suffix).size());
  }
  const auto say = [&](const std::string& message, const std::string& mend) { diagnostics_.error(accept.place, message, mend, "accept"); };
  for (const char* of : {"backtest.", "benchmark."}) {
    if (!name.starts_with(of)) continue;
    const std::string figure = whole.substr(std::string_view(of).size());
    std::vector<std::string> figures;
    for (const BacktestFigure& one : backtest_figures()) figures.emplace_back(one.name);
    if (!e_.backtest && !checked_.is_bad("backtest")) say("'" + whole + "' needs a backtest, and the file has none", "add `backtest:`");
    if (!in(figures, figure)) say("a backtest has no figure '" + figure.substr(0, 60) + "'", "known: " + text::join(figures, ", "));
    return;
  }
  const std::vector<std::string> plain = result_names(e_.evaluate.metrics), baselines = result_names(e_.evaluate.baselines);
  const std::vector<std::string> known = by_horizon(plain);
  if (in(known, name)) return;
  const std::size_t dot = name.rfind('.');
  if (dot != std::string::npos) {
    const std::string owner = name.substr(0, dot), metric = name.substr(dot + 1);
    const bool model =
        e_.has_models_map && std::any_of(e_.models.begin(), e_.models.end(), [&](const auto& m) { return m.first == owner; });
    if ((model || in(baselines, owner)) && in(known, metric)) return;
  }
  if (const std::string metric = name.substr(dot == std::string::npos ? 0 : dot + 1); e_.has_horizons() && in(plain, metric)) {
    const std::string owner = name.substr(0, name.size() - metric.size()), part = whole.substr(name.size());
    say("'" + whole + "' has a value for each of target.horizons",
        "write " + owner + at_horizon(metric, e_.target.horizons.front()) + part);
    return;
  }
  const auto near = name.size() > 60 ? std::nullopt : text::nearest(name, known);
  say(std::string(left ? "" : "the right side must be a number or a metric: ") + "'" + whole + "' is not among evaluate.metrics",
      near ? "did you mean '" + *near + "'?" : "metrics here: " + text::join(known, ", "));
}

void AcceptRules::all() {
  for (const AcceptSpec& raw : e_.accept) {
    const auto parsed = parse_accept(raw.text, raw.place);
    if (!parsed) {
      diagnostics_.error(raw.place, "'" + raw.text.substr(0, 60) + "' is no criterion",
                         "write \"auc.low > 0.7\": a metric, one of > >= < <=, and a number or a metric", "accept");
      continue;
    }
    if (checked_.is_bad("evaluate") || (!e_.is_rule() && e_.evaluate.metrics.empty() && !catalogue_.knows("metric"))) continue;
    check_name(*parsed, parsed->left, true);
    if (!text::to_real(parsed->right)) check_name(*parsed, parsed->right, false);
  }
}

}  // namespace

std::optional<AcceptSpec> parse_accept(const std::string& text, const Place& place) {
  const std::size_t at = text.find_first_of("<>=!");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t end = std::min(text.find_first_not_of("<>=!", at), text.size());
  AcceptSpec accept{text, std::string(text::trim(std::string_view(text).substr(0, at))), text.substr(at, end - at),
                    std::string(text::trim(std::string_view(text).substr(end))), place};
  const auto name = [](const std::string& word) {
    return !word.empty() && word.find_first_of(" \t<>=!,()") == std::string::npos && word.front() != '.' && word.back() != '.';
  };
  const bool op = accept.op == ">" || accept.op == ">=" || accept.op == "<" || accept.op == "<=";
  if (!op || !name(accept.left) || !name(accept.right) || text::to_real(accept.left)) return std::nullopt;
  return accept;
}

void check_accept_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics) {
  AcceptRules(experiment, checked, catalogue, diagnostics).all();
}

}  // namespace assay::config
