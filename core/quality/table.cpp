#include "quality/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.hpp"

namespace assay::quality {

namespace {

// Words of a name: "Adj Close", "adj_close" and "AdjClose" are all "adj close".
std::string words_of(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool begins = upper && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if ((begins || !letter) && !out.empty() && out.back() != ' ') out += ' ';
    if (letter) out += upper ? static_cast<char>(c + 32) : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool has_word(const std::string& words, std::string_view word) {
  return (" " + words + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

const data::Column* column_named(std::span<const data::Column> columns, const std::string& name) {
  if (name.empty()) return nullptr;
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const data::Column& c) { return c.name() == name; });
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string grouped(std::int64_t n) {
  std::string digits = std::to_string(n);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > (n < 0 ? 1 : 0); place -= 3)
    digits.insert(static_cast<std::size_t>(place), 1, ',');
  return digits;
}

std::string counted(std::int64_t n, std::string_view one) { return fmt::format("{} {}{}", grouped(n), one, n == 1 ? "" : "s"); }

std::string percent(double share) {
  const double value = 100 * share;
  if (value != 0 && value < 0.01) return "under 0.01 %";
  return fmt::format("{:.{}f} %", value, value < 10 ? 2 : 1);
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Table::Table(std::span<const data::Column> columns, const Roles& roles)
    : columns_(columns),
      rows_(columns.empty() ? 0 : static_cast<std::int64_t>(columns.front().size())),
      time_(column_named(columns, roles.time)),
      entity_(column_named(columns, roles.entity)),
      target_(column_named(columns, roles.target)),
      categorical_(roles.categorical) {
  if (time_ != nullptr && time_->type() != data::ColumnType::timestamp) time_ = nullptr;
  if (entity_ != nullptr) entity_codes_ = entity_->type() == data::ColumnType::category ? *entity_ : entity_->as_category();
  find_bars(roles);
  put_in_order();
}

void Table::find_bars(const Roles& roles) {
  const auto numeric = [](const data::Column* c) { return c != nullptr && c->is_numeric() ? c : nullptr; };
  std::map<std::string, BarColumns> groups;
  for (const data::Column& column : columns_) {
    if (!column.is_numeric()) continue;
    const std::string words = words_of(column.name());
    const std::size_t cut = words.rfind(' ') == std::string::npos ? 0 : words.rfind(' ') + 1;
    const std::string prefix = words.substr(0, cut), last = words.substr(cut);
    if (last == "close" && (has_word(words, "adj") || has_word(words, "adjusted"))) adjusted_ = &column;
    if (volume_ == nullptr && (words == "volume" || words == "vol")) volume_ = &column;
    BarColumns& group = groups[prefix];
    group.prefix = prefix;
    if (last == "open") group.open = &column;
    if (last == "high") group.high = &column;
    if (last == "low") group.low = &column;
    if (last == "close") group.close = &column;
  }
  if (const auto* named = numeric(column_named(columns_, roles.volume))) volume_ = named;
  BarColumns stated{"", numeric(column_named(columns_, roles.open)), numeric(column_named(columns_, roles.high)),
                    numeric(column_named(columns_, roles.low)), numeric(column_named(columns_, roles.close))};
  if (stated.high != nullptr && stated.low != nullptr) groups[""] = stated;
  for (const auto& [prefix, group] : groups)
    if (group.high != nullptr && group.low != nullptr) bars_.push_back(group);
  if (adjusted_ != nullptr && adjusted_ == (bars_.empty() ? nullptr : bars_.front().close)) adjusted_ = nullptr;
}

void Table::put_in_order() {
  if (time_ == nullptr) return;
  const auto times = time_->times();
  const std::size_t entities = entity_ == nullptr ? 1 : entity_codes_.levels().size();
  std::vector<std::vector<std::int64_t>> of(entities);
  for (std::int64_t row = 0; row < rows_; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const std::int32_t code = entity_ == nullptr ? 0 : entity_codes_.codes()[i];
    if (times[i] != kMissingTime && code >= 0) of[static_cast<std::size_t>(code)].push_back(row);
  }
  const auto at = [&](std::int64_t row) { return times[static_cast<std::size_t>(row)]; };
  const auto before = [&](std::int64_t a, std::int64_t b) { return at(a) < at(b); };
  order_.reserve(static_cast<std::size_t>(rows_));
  std::vector<std::size_t> starts;
  for (auto& rows : of) {
    if (!std::is_sorted(rows.begin(), rows.end(), before)) std::stable_sort(rows.begin(), rows.end(), before);
    starts.push_back(order_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) (i > 0 && at(rows[i]) == at(rows[i - 1]) ? doubled_ : order_).push_back(rows[i]);
  }
  starts.push_back(order_.size());
  std::sort(doubled_.begin(), doubled_.end());
  for (std::size_t e = 0; e < entities; ++e)
    if (starts[e + 1] > starts[e])
      series_.push_back({static_cast<std::int32_t>(e), std::span(order_).subspan(starts[e], starts[e + 1] - starts[e])});
  for (const std::int64_t row : order_) distinct_.push_back(at(row));
  if (series_.size() > 1) std::sort(distinct_.begin(), distinct_.end());
  distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
}

bool Table::is_price(const data::Column& column) const {
  for (const BarColumns& bar : bars_)
    if (&column == bar.open || &column == bar.high || &column == bar.low || &column == bar.close) return true;
  const std::string words = words_of(column.name());
  for (const char* word : {"price", "close", "open", "high", "low", "nav", "bid", "ask", "mid", "settle"})
    if (has_word(words, word) && column.is_numeric() && !has_word(words, "size")) return true;
  return false;
}

bool Table::is_text_by_wish(const data::Column& column) const {
  return std::find(categorical_.begin(), categorical_.end(), column.name()) != categorical_.end();
}

std::vector<const data::Column*> Table::values() const {
  std::vector<const data::Column*> out;
  for (const data::Column& column : columns_)
    if (&column != time_ && &column != entity_) out.push_back(&column);
  return out;
}

TimeNs Table::time_of(std::int64_t row) const { return time_ == nullptr ? kMissingTime : time_->times()[static_cast<std::size_t>(row)]; }
std::string Table::entity_of(std::int64_t row) const { return entity_ == nullptr ? "" : entity_->text(static_cast<std::size_t>(row)); }
Example Table::example(std::int64_t row, std::string value) const { return {row, entity_of(row), time_of(row), std::move(value)}; }

void Sightings::count_entity(std::int64_t row, std::int64_t count) {
  count_ += count;
  if (table_.entity() == nullptr) return;
  const data::Column& column = *table_.entity();
  const auto i = static_cast<std::size_t>(row);
  const std::int32_t code = column.type() == data::ColumnType::category ? column.codes()[i]
                            : column.is_missing(i)                      ? -1
                                                                        : static_cast<std::int32_t>(column.number(i));
  if (code >= 0) by_entity_[code] += count;
}

void Sightings::add(std::int64_t row, const std::function<std::string()>& value, std::int64_t count) {
  count_entity(row, count);
  // The first by row, whatever the order in which they come.
  if (examples_.size() == kExamples && examples_.back().second.row < row) return;
  examples_.emplace_back(0, table_.example(row, value ? value() : ""));
  std::stable_sort(examples_.begin(), examples_.end(), [](const auto& a, const auto& b) { return a.second.row < b.second.row; });
  if (examples_.size() > kExamples) examples_.pop_back();
}

void Sightings::add_worst(std::int64_t row, double weight, const std::function<std::string()>& value, std::int64_t count) {
  count_entity(row, count);
  worst_ = std::max(worst_, weight);
  if (examples_.size() == kExamples && examples_.back().first >= weight) return;
  examples_.emplace_back(weight, table_.example(row, value()));
  std::stable_sort(examples_.begin(), examples_.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (examples_.size() > kExamples) examples_.pop_back();
}

double Sightings::share() const { return table_.rows() == 0 ? 0 : static_cast<double>(count_) / static_cast<double>(table_.rows()); }

Finding Sightings::finding(Finding words) const {
  words.count = count_;
  for (const auto& [weight, example] : examples_) words.examples.push_back(example);
  words.entity_count = static_cast<std::int64_t>(by_entity_.size());
  std::vector<std::pair<std::int32_t, std::int64_t>> most(by_entity_.begin(), by_entity_.end());
  std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (most.size() > kExamples) most.resize(kExamples);
  const data::Column* column = table_.entity();
  for (const auto& [code, n] : most)
    words.entities.emplace_back(
        column->type() == data::ColumnType::category ? column->levels()[static_cast<std::size_t>(code)] : std::to_string(code), n);
  return words;
}

}  // namespace assay::quality
