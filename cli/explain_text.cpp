#include "cli/explain_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.hpp"

namespace assay::cli {

namespace {

constexpr std::size_t kBar = 24, kMostLabel = 40;

struct Line {
  std::string label;
  double value;      // of the bar and the number
  std::string more;  // beside the number
};

double of(const Json& json) { return json.is_number() ? json.get<double>() : std::nan(""); }

// Eighths of a cell, so that small ones still differ.
std::string bar(double share) {
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 8 * kBar));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  return out + kEighths[eighths % 8];
}

std::string cut(const std::string& label) {
  if (text::utf8_length(label) <= kMostLabel) return label;
  std::string out;
  for (const char c : label) {
    if (text::utf8_length(out) + 1 >= kMostLabel && (static_cast<unsigned char>(c) & 0xC0) != 0x80) break;
    out += c;
  }
  return out + "…";
}

// In the order given; the longest bar is the largest size.
std::string lines(std::vector<Line> list, std::size_t top, bool signs, const Console& console) {
  const std::size_t shown = std::min(top, list.size());
  std::size_t label = 0, more = 0;
  double largest = 0, rest = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i >= shown) {
      rest += list[i].value;
      continue;
    }
    list[i].label = cut(list[i].label);
    label = std::max(label, text::utf8_length(list[i].label));
    more = std::max(more, text::utf8_length(list[i].more));
    largest = std::max(largest, std::abs(list[i].value));
  }
  const int places = largest > 0 ? std::clamp(3 - static_cast<int>(std::floor(std::log10(largest))), 0, 8) : 1;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    const Line& line = list[i];
    std::string row = "  " + line.label + std::string(label - text::utf8_length(line.label), ' ');
    row += signs ? fmt::format("  {:>+12.{}f}", line.value, places) : fmt::format("  {:>12.{}f}", line.value, places);
    if (more > 0) row += "  " + line.more + std::string(more - text::utf8_length(line.more), ' ');
    // A drop below zero is chance: no bar.
    row += "  " + bar(largest > 0 && (signs || line.value > 0) ? std::abs(line.value) / largest : 0);
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  if (shown < list.size())
    out += console.dim(
        signs ? fmt::format("  and {} more, together {:+.{}f} (--top {} shows all)\n", list.size() - shown, rest, places, list.size())
              : fmt::format("  and {} more (--top {} shows all)\n", list.size() - shown, list.size()));
  return out;
}

std::string row_title(const Json& row) {
  std::string out = fmt::format("row {}", row.at("row").get<std::int64_t>());
  if (row.contains("entity")) out += ", " + row.at("entity").get<std::string>();
  if (row.contains("known_at")) out += ", " + row.at("known_at").get<std::string>();
  std::vector<std::string> forecast;
  for (const Json& value : row.at("forecast")) {
    const std::string of_class = row.contains("classes") ? row.at("classes").at(forecast.size()).get<std::string>() + " " : "";
    forecast.push_back(fmt::format("{}{:.4g}", of_class, of(value)));
  }
  out += ": forecast " + text::join(forecast, ", ");
  if (row.contains("decision")) out += fmt::format(", decision {}", row.at("decision").get<std::string>());
  return out;
}

// The largest first.
std::string ranked(std::vector<Line> list, std::size_t top, bool signs, const Console& console) {
  std::stable_sort(list.begin(), list.end(), [](const Line& a, const Line& b) { return std::abs(a.value) > std::abs(b.value); });
  return lines(std::move(list), top, signs, console);
}

// All of them, the newest first.
std::string by_lag(std::vector<Line> list, bool signs, const Console& console) {
  const std::size_t all = list.size();
  return console.bold("By time lag, all columns together\n") + lines(std::move(list), all, signs, console);
}

std::string permutation(const Json& json, std::size_t top, const Console& console) {
  std::string out = console.bold(fmt::format("What {} loses when a feature is shuffled\n", json.at("metric").get<std::string>()));
  out += console.dim(fmt::format("{:.4g} on {} test rows; values change places {}; the mean of {} draws and its 95 % interval\n",
                                 of(json.at("value")), json.at("rows").get<std::int64_t>(), json.at("shuffled").get<std::string>(),
                                 json.at("draws").get<std::int64_t>()));
  for (const char* kind : {"features", "lags"}) {
    std::vector<Line> list;
    for (const Json& f : json.at(kind)) {
      const double low = of(f.at("low")), high = of(f.at("high"));
      list.push_back(
          {f.at("name").get<std::string>(), of(f.at("drop")), std::isnan(low) ? "" : fmt::format("[{:.2g}, {:.2g}]", low, high)});
    }
    if (list.empty()) continue;
    out += std::string(kind) == "lags" ? by_lag(std::move(list), false, console) : ranked(std::move(list), top, false, console);
  }
  return out;
}

std::string attributed_row(const Json& row, std::size_t top, const Console& console) {
  std::string out = console.bold(row_title(row) + "\n");
  out += console.dim(fmt::format("{} is {:.4g}; the reference has {:.4g}; the features make the difference\n",
                                 row.at("scale").get<std::string>(), of(row.at("score")), of(row.at("base"))));
  std::vector<Line> list;
  for (const Json& f : row.at("features")) {
    const std::string value = f.at("value").get<std::string>();
    list.push_back({f.at("name").get<std::string>() + (value.empty() ? "" : " = " + value), of(f.at("contribution")),
                    f.contains("error") ? fmt::format("± {:.2g}", 1.96 * of(f.at("error"))) : ""});
  }
  out += ranked(std::move(list), top, true, console);
  if (!row.contains("lags")) return out;
  std::vector<Line> lags;
  for (const Json& l : row.at("lags")) lags.push_back({l.at("name").get<std::string>(), of(l.at("contribution")), ""});
  return out + by_lag(std::move(lags), true, console);
}

std::string attributions(const Json& json, std::size_t top, const Console& console) {
  const bool sampled = json.at("method") == "shapley";
  const std::string kind = sampled ? fmt::format("Shapley values ({})", json.at("kind").get<std::string>())
                                   : fmt::format("Integrated gradients ({} steps)", json.at("steps").get<std::int64_t>());
  std::string out = console.bold(kind) + fmt::format(", against {}\n", json.at("reference").get<std::string>());
  if (!sampled || json.at("largest_gap").get<double>() > 1e-9)
    out +=
        console.dim(fmt::format("The contributions miss the whole difference by {:.2g} at most\n", json.at("largest_gap").get<double>()));
  if (json.at("rows").size() == 1) return out + attributed_row(json.at("rows")[0], top, console);
  out += console.dim(fmt::format("Mean size of a feature's contribution to {}, over {} test rows (--row N shows one)\n",
                                 json.at("rows")[0].at("scale").get<std::string>(), json.at("rows").size()));
  for (const char* part : {"features", "lags"}) {
    if (!json.contains(part)) continue;
    std::vector<Line> list;
    for (const Json& f : json.at(part)) list.push_back({f.at("name").get<std::string>(), of(f.at("size")), ""});
    out += std::string(part) == "lags" ? by_lag(std::move(list), false, console) : ranked(std::move(list), top, false, console);
  }
  return out;
}

double reach(const Json& feature) {
  double low = std::nan(""), high = low;
  for (const Json& mean : feature.at("mean")) {
    low = std::fmin(low, of(mean));
    high = std::fmax(high, of(mean));
  }
  return high - low;
}

// The features whose mean moves most, each a small chart.
std::string dependence(const Json& json, std::size_t top, const Console& console) {
  std::vector<const Json*> list;
  for (const Json& f : json.at("features")) list.push_back(&f);
  std::stable_sort(list.begin(), list.end(), [](const Json* a, const Json* b) { return reach(*a) > reach(*b); });
  std::string out = console.bold("Partial dependence");
  out += fmt::format(": the mean of {} over {} test rows, with one feature set to a value of the train rows{}\n",
                     json.at("scale").get<std::string>(), json.at("rows").size(),
                     json.at("newest_only").get<bool>() ? " at the newest time of each window" : "");
  for (std::size_t i = 0; i < std::min(list.size(), top); ++i) {
    const Json& f = *list[i];
    double low = std::nan(""), high = low;
    std::size_t label = 0;
    for (std::size_t g = 0; g < f.at("mean").size(); ++g) {
      low = std::fmin(low, of(f.at("mean")[g]));
      high = std::fmax(high, of(f.at("mean")[g]));
      label = std::max(label, text::utf8_length(cut(f.at("at")[g].get<std::string>())));
    }
    const double from = json.at("scale").get_ref<const std::string&>().starts_with("the forecast")
                            ? low - 0.1 * (high - low)
                            : 0;  // probabilities are drawn from zero
    out += console.bold(f.at("name").get<std::string>()) + fmt::format(" (moves it by {:.3g})\n", high - low);
    for (std::size_t g = 0; g < f.at("mean").size(); ++g) {
      const std::string at = cut(f.at("at")[g].get<std::string>());
      const double mean = of(f.at("mean")[g]);
      out += fmt::format("  {}{}  {:>10.4g}  {}\n", std::string(label - text::utf8_length(at), ' '), at, mean,
                         bar(high > from ? (mean - from) / (high - from) : 0));
    }
  }
  if (list.size() > top) out += console.dim(fmt::format("  and {} more (--top {} shows all)\n", list.size() - top, list.size()));
  return out;
}

std::string reasons(const Json& json, std::size_t top, const Console& console) {
  std::string out = console.bold(fmt::format("Main reasons towards {}", json.at("adverse").get<std::string>()));
  out += fmt::format(", against {}\n", json.at("reference").get<std::string>());
  const std::size_t shown = std::min(json.at("rows").size(), top);
  for (std::size_t i = 0; i < shown; ++i) {
    const Json& row = json.at("rows")[i];
    out += console.bold(row_title(row) + "\n");
    int number = 0;
    for (const Json& reason : row.at("reasons"))
      out += fmt::format("  {}. {}{}\n", ++number, reason.at("text").get<std::string>(),
                         reason.contains("goes_with")
                             ? fmt::format("  (goes with {}, which is protected)", reason.at("goes_with").get<std::string>())
                             : "");
    if (number == 0) out += "  none: no feature pushes it that way\n";
  }
  if (shown < json.at("rows").size())
    out += console.dim(
        fmt::format("and {} more rows (--top {} shows all, --json has them)\n", json.at("rows").size() - shown, json.at("rows").size()));
  return out;
}

}  // namespace

std::string explanation_text(const Json& json, std::optional<std::size_t> wanted, const Console& console) {
  const auto method = json.at("method").get<std::string>();
  const std::size_t top = wanted.value_or(method == "dependence" ? 4 : 10);
  std::string out;
  if (method == "permutation") out = permutation(json, top, console);
  if (method == "shapley" || method == "gradients") out = attributions(json, top, console);
  if (method == "dependence") out = dependence(json, top, console);
  if (method == "reasons") out = reasons(json, top, console);
  return out;
}

}  // namespace assay::cli
