#include "cli/learned_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/text_table.hpp"

namespace assay::cli {

namespace {

constexpr std::size_t kLines = 30;  // of a list; --json has all of it
constexpr std::size_t kCell = 40;   // letters

std::string cell(const Json& value) {
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  std::string text = text::printable(value.is_string() ? value.get<std::string>() : value.is_null() ? "n/a" : value.dump());
  if (text.size() <= kCell) return text;
  std::size_t end = kCell - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole letters only
  return text.substr(0, end) + "...";
}

std::string words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return text::printable(name);
}

bool is_flat(const Json& value) { return !value.is_structured(); }

bool is_list_of_lines(const Json& value) {
  return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), [](const Json& line) {
           return line.is_object() && !line.empty() && std::all_of(line.begin(), line.end(), is_flat);
         });
}

// A list of flat objects as a table: the first member of each names its line, "up to 3" or, where it is true, "missing".
std::string lines_table(const std::string& title, const Json& list, const Console& console) {
  Row names{"  " + title};
  std::vector<std::string> keys;
  std::vector<Row> rows;
  for (const Json& line : list) {
    if (rows.size() == kLines) break;
    auto member = line.begin();
    rows.push_back({"    " + words(member.key()) + (*member == true ? "" : " " + cell(*member))});
    for (++member; member != line.end(); ++member)
      if (std::find(keys.begin(), keys.end(), member.key()) == keys.end()) keys.push_back(member.key());
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const std::string& key : keys) rows[i].push_back(list[i].contains(key) ? cell(list[i][key]) : "");
  for (const std::string& key : keys) names.push_back(words(key));
  rows.insert(rows.begin(), std::move(names));
  if (list.size() > kLines) rows.push_back({fmt::format("    {} more (--json)", list.size() - kLines)});
  return table(rows, 1, 1, console);
}

// Single values by their path in the report, fold by fold; and the lists of the last fold.
class Findings {
 public:
  explicit Findings(const Json& learned) {
    for (const Json& fold : learned) {
      folds_.push_back(fold.at("fold").get<std::int64_t>());
      lists_.clear();
      for (const auto& [feature, report] : fold.at("found").items()) take(words(feature), report, 0);
    }
  }

  std::string text(const Console& console) const {
    std::vector<Row> rows{{"  what features learned"}};
    for (const std::int64_t fold : folds_) rows[0].push_back(fmt::format("fold {}", fold));
    for (const auto& [path, by_fold] : values_) {
      rows.push_back({"    " + path});
      for (const std::int64_t fold : folds_) rows.back().push_back(by_fold.contains(fold) ? by_fold.at(fold) : "");
    }
    std::string out = table(rows, 1, 1, console);
    if (folds_.size() > 1 && !lists_.empty()) out += fmt::format("    lists of fold {}; --json has all\n", folds_.back());
    for (const auto& [path, list] : lists_) out += lines_table(path, list, console);
    return out;
  }

 private:
  using ByFold = std::map<std::int64_t, std::string>;

  void take(const std::string& path, const Json& value, int depth) {
    constexpr int kDeep = 4;
    if (is_list_of_lines(value)) {
      lists_.emplace_back(path, value);
    } else if (value.is_object() && depth < kDeep) {
      const char* between = depth == 0 ? "." : " ";  // the columns are called so
      for (const auto& [key, member] : value.items())
        take(path + between + (depth == 0 ? text::printable(key) : words(key)), member, depth + 1);
    } else {
      put(path, value.is_structured() ? fmt::format("{} entries", value.size()) : cell(value));
    }
  }
  void put(const std::string& path, std::string value) {
    auto at = std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == path; });
    if (at == values_.end()) at = values_.insert(at, {path, {}});
    at->second[folds_.back()] = std::move(value);
  }

  std::vector<std::int64_t> folds_;
  std::vector<std::pair<std::string, ByFold>> values_;  // in order of their first appearance
  std::vector<std::pair<std::string, Json>> lists_;
};

}  // namespace

Json learned_features(const std::vector<store::UnitRecord>& units) {
  std::map<std::int64_t, Json> by_fold;
  for (const store::UnitRecord& unit : units) {
    if (unit.extra.empty() || by_fold.contains(unit.key.fold)) continue;
    Json extra = Json::parse(unit.extra);
    if (extra.contains("features") && !extra["features"].empty()) by_fold.emplace(unit.key.fold, std::move(extra["features"]));
  }
  Json learned = Json::array();
  for (auto& [fold, found] : by_fold) learned.push_back({{"fold", fold + 1}, {"found", std::move(found)}});
  return learned;
}

std::string learned_text(const Json& learned, const Console& console) { return learned.empty() ? "" : Findings(learned).text(console); }

}  // namespace assay::cli
