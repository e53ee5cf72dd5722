#include "data/csv_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <utility>

#include "base/large_pages.hpp"
#include "base/text.hpp"
#include "data/encoding.hpp"

namespace assay::data {
namespace {

constexpr std::size_t kQuoted = 40;  // characters of a cell shown in a message

std::string shown(std::string_view text) {
  std::string cut(text.substr(0, kQuoted));
  while (!cut.empty() && text::first_invalid_utf8(cut)) cut.pop_back();
  for (char& c : cut)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return cut.size() < text.size() ? cut + "..." : cut;
}

std::optional<bool> to_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

}  // namespace

MissingTokens::MissingTokens(const std::vector<std::string>& tokens, char decimal) : tokens_(tokens) {
  std::erase(tokens_, std::string());
  met_.assign(tokens_.size(), 0);
  for (const std::string& token : tokens_) {
    first_byte_[static_cast<unsigned char>(token[0])] = true;
    CsvNumber number;
    any_number_ = any_number_ || whole_number(token, number, decimal);
  }
}

bool MissingTokens::contains(std::string_view text) {
  if (text.empty()) return true;
  if (!first_byte_[static_cast<unsigned char>(text[0])]) return false;
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    if (tokens_[i] == text) {
      ++met_[i];
      return true;
    }
  return false;
}

void MissingTokens::add(const MissingTokens& other) {
  for (std::size_t i = 0; i < met_.size(); ++i) met_[i] += other.met_[i];
}

std::string MissingTokens::summary() const {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    if (met_[i] != 0) parts.push_back(fmt::format("'{}' in {} {}", tokens_[i], met_[i], met_[i] == 1 ? "cell" : "cells"));
  return text::join(parts, ", ");
}

CsvColumn::CsvColumn(const Plan& plan, std::size_t expected_rows, const CellReading& reading)
    : plan_(plan), state_(State::empty), reading_(&reading), capacity_(std::max<std::size_t>(expected_rows, 16)) {
  become(plan.state);
}

std::size_t CsvColumn::width() const {
  switch (state_) {
    case State::boolean:
      return 1;
    case State::category:
      return 4;
    case State::integer:
    case State::real:
    case State::time:
      return 8;
    default:
      return 0;
  }
}

// Room for the state's type; the rows so far are all missing.
void CsvColumn::become(State state) {
  state_ = state;
  if (width() == 0) return;
  data_.reset(std::malloc(capacity_ * width()));
  if (data_ == nullptr) throw std::bad_alloc();
  ask_for_large_pages(data_.get(), capacity_ / 17 * 16 * width());  // less the slack of an estimate (expected_rows), which stays untouched
  const std::size_t rows = std::exchange(size_, 0);
  for (std::size_t i = 0; i < rows; ++i) append_missing();
}

void CsvColumn::grow() {
  capacity_ += capacity_ / 2;
  void* const larger = std::realloc(data_.get(), capacity_ * width());
  if (larger == nullptr) throw std::bad_alloc();
  static_cast<void>(data_.release());
  data_.reset(larger);
}

void CsvColumn::widen_to_real() {
  const auto* const from = static_cast<const std::int64_t*>(data_.get());
  auto* const to = static_cast<double*>(data_.get());
  for (std::size_t i = 0; i < size_; ++i)
    to[i] = from[i] == kMissingInteger ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(from[i]);
  state_ = State::real;
}

void CsvColumn::append_missing() {
  switch (state_) {
    case State::boolean:
      append(kMissingBoolean);
      break;
    case State::integer:
      append(kMissingInteger);
      break;
    case State::real:
      append(std::numeric_limits<double>::quiet_NaN());
      break;
    case State::category:
      append(kMissingCode);
      break;
    case State::time:
      append(kMissingTime);
      break;
    default:
      ++size_;
  }
}

bool CsvColumn::take(std::string_view text, MissingTokens& missing, std::int64_t row, std::int64_t line, ReadProblem& fault) {
  if (missing.contains(text)) {
    append_missing();
    return true;
  }
  if (state_ == State::time) return take_time(text, fault);
  if (state_ == State::category) return take_text(text, fault);
  std::string why;
  if (const auto number = state_ == State::boolean ? std::nullopt : number_in(text, why)) {
    if (state_ == State::empty) become(number->is_integer ? State::integer : State::real);
    take_number(*number);
    return true;
  }
  if (plan_.numeric) {
    fault.key = "numeric";
    fault.message = fmt::format("'{}' in column '{}' is no number", shown(text), name());
    fault.mend = why.empty() ? "add it to `missing` if it stands for a missing value" : why;
    return false;
  }
  const auto flag = to_boolean(text);
  if (flag && state_ == State::empty) become(State::boolean);
  if (flag && state_ == State::boolean) {
    append(static_cast<std::uint8_t>(*flag));
    return true;
  }
  if (state_ == State::empty) {
    become(State::category);
    return take_text(text, fault);
  }
  text_row_ = row;
  text_line_ = line;
  first_text_ = shown(text);
  data_.reset();
  state_ = State::reread;
  return true;
}

std::optional<CsvNumber> CsvColumn::number_in(std::string_view text, std::string& why) const {
  const StyleHints& hints = reading_->numbers;
  CsvNumber number;
  if (whole_number(text, number, hints.style.decimal)) return number;
  if (plan_.numeric) return read_styled_cell(text, hints, why);
  if (hints.style.thousands == '\0') return std::nullopt;
  const auto styled = read_styled(text, hints.style);
  return styled && styled->suffix == '\0' ? std::optional(styled->number) : std::nullopt;
}

void CsvColumn::take_texts_of(CsvColumn texts) {
  texts.plan_ = plan_;
  texts.reading_ = reading_;
  texts.text_row_ = text_row_;
  texts.text_line_ = text_line_;
  texts.first_text_ = std::move(first_text_);
  *this = std::move(texts);
}

bool CsvColumn::take_text(std::string_view text, ReadProblem& fault) {
  if (last_code_ != kMissingCode && *levels_[static_cast<std::size_t>(last_code_)] == text) {
    append(last_code_);
    return true;
  }
  const auto [place, is_new] = codes_.try_emplace(std::string(text), static_cast<std::int32_t>(levels_.size()));
  if (is_new) {
    levels_.push_back(&place->first);
    if (text::first_invalid_utf8(text)) {
      fault.key = "encoding";
      fault.message = fmt::format("column '{}' holds text that is not UTF-8", name());
      fault.mend = mend_encoding(text);
      return false;
    }
  }
  last_code_ = place->second;
  append(last_code_);
  return true;
}

bool CsvColumn::take_time(std::string_view text, ReadProblem& fault) {
  if (text == last_text_) {
    append(last_time_);
    return true;
  }
  const auto parsed = reading_->format.parse(text);
  if (!parsed) {
    fault.key = "time.format";
    fault.message = fmt::format("'{}' in column '{}' is no time of the stated format", shown(text), name());
    const auto guesses = guess_time_formats(text);
    fault.mend =
        guesses.empty() ? "state the `format` of the times" : fmt::format("state the format: \"{}\"", text::join(guesses, "\" or \""));
    return false;
  }
  TimeNs time = parsed->time;
  if (!parsed->is_absolute && !reading_->zone.is_utc()) {
    const auto utc = reading_->zone.to_utc(time);
    if (!utc) {
      fault.key = "time.zone";
      fault.message =
          fmt::format("'{}' in column '{}' is a time that the zone's clock skips (daylight saving begins)", shown(text), name());
      fault.mend = "check `zone`: perhaps the times are UTC";
      return false;
    }
    ambiguous_ += reading_->zone.is_ambiguous(time) ? 1 : 0;
    time = *utc;
  }
  last_text_.assign(text);
  last_time_ = time;
  append(time);
  return true;
}

bool CsvColumn::append_all(std::span<CsvColumn* const> pieces) {
  State state = state_;
  std::size_t rows = 0;
  for (const CsvColumn* piece : pieces) {
    rows += piece->size_;
    const State found = piece->state_;
    if (found == State::reread) return false;
    if (found == state || found == State::empty) continue;
    const bool numbers = (state == State::integer || state == State::real) && piece->takes_numbers();
    if (state != State::empty && !numbers) return false;
    state = numbers ? State::real : found;
  }
  if (state == State::skipped) return true;
  if (state_ == State::empty) {
    capacity_ = std::max(capacity_, size_ + rows);
    if (state != State::empty) become(state);
  } else if (state_ != state) {
    widen_to_real();
  }
  while (capacity_ < size_ + rows) grow();
  for (const CsvColumn* piece : pieces) append_piece(*piece);
  return true;
}

void CsvColumn::append_piece(const CsvColumn& piece) {
  ambiguous_ += piece.ambiguous_;
  if (piece.state_ == State::empty && state_ != State::empty) {
    for (std::size_t i = 0; i < piece.size_; ++i) append_missing();
    return;
  }
  if (state_ == State::real && piece.state_ == State::integer) {
    const auto* const from = static_cast<const std::int64_t*>(piece.data_.get());
    for (std::size_t i = 0; i < piece.size_; ++i)
      append(from[i] == kMissingInteger ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(from[i]));
    return;
  }
  if (state_ == State::category) {
    std::vector<std::int32_t> codes;
    for (const std::string* level : piece.levels_) codes.push_back(code_of(*level));
    const auto* const from = static_cast<const std::int32_t*>(piece.data_.get());
    for (std::size_t i = 0; i < piece.size_; ++i) append(from[i] == kMissingCode ? kMissingCode : codes[static_cast<std::size_t>(from[i])]);
    return;
  }
  if (width() != 0 && piece.size_ != 0)
    std::memcpy(static_cast<char*>(data_.get()) + size_ * width(), piece.data_.get(), piece.size_ * width());
  size_ += piece.size_;
}

std::int32_t CsvColumn::code_of(const std::string& level) {
  const auto [place, is_new] = codes_.try_emplace(level, static_cast<std::int32_t>(levels_.size()));
  if (is_new) levels_.push_back(&place->first);
  return place->second;
}

// Levels in ascending order (as numbers where all are), so that codes do not depend on the order of rows.
Column CsvColumn::finish_category() {
  const std::size_t n = levels_.size();
  std::vector<double> values(n);
  bool numeric = true;
  for (std::size_t i = 0; i < n && numeric; ++i) {
    CsvNumber number;
    numeric = whole_number(*levels_[i], number, reading_->numbers.style.decimal);
    values[i] = number.real;
  }
  std::vector<std::int32_t> order(n), renumbered(n);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    const auto x = static_cast<std::size_t>(a), y = static_cast<std::size_t>(b);
    if (numeric && values[x] != values[y]) return values[x] < values[y];
    return *levels_[x] < *levels_[y];
  });
  std::vector<std::string> names(n);
  for (std::size_t i = 0; i < n; ++i) {
    names[i] = *levels_[static_cast<std::size_t>(order[i])];
    renumbered[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
  }
  auto* const codes = static_cast<std::int32_t*>(data_.get());
  for (std::size_t i = 0; i < size_; ++i)
    if (codes[i] != kMissingCode) codes[i] = renumbered[static_cast<std::size_t>(codes[i])];
  const std::shared_ptr<const void> owner(data_.release(), Free());
  return Column::borrowed(name(), ColumnType::category, owner.get(), size_, owner, std::move(names));
}

// Numbers that no cell showed to be such: "1.2M" in all of them, say.
std::optional<Column> CsvColumn::finish_styled(std::vector<std::string>& notes, std::string& why) {
  std::vector<std::string> texts;
  for (const std::string* level : levels_) texts.push_back(*level);
  const auto styled = read_styled_column(texts, reading_->numbers, why);
  if (!styled) return std::nullopt;
  const bool integers = std::all_of(styled->numbers.begin(), styled->numbers.end(), [](const CsvNumber& n) { return n.is_integer; });
  const auto* const codes = static_cast<const std::int32_t*>(data_.get());
  std::vector<std::int64_t> whole(integers ? size_ : 0, kMissingInteger);
  std::vector<double> reals(integers ? 0 : size_, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < size_; ++i) {
    if (codes[i] == kMissingCode) continue;
    const CsvNumber& number = styled->numbers[static_cast<std::size_t>(codes[i])];
    if (integers)
      whole[i] = number.integer;
    else
      reals[i] = number.real;
  }
  notes.push_back(fmt::format("column '{}': {}", name(), styled->note));
  return integers ? Column::of_integers(name(), std::move(whole)) : Column::of_reals(name(), std::move(reals));
}

Column CsvColumn::finish(std::vector<std::string>& notes) {
  if (state_ == State::empty) {
    notes.push_back(fmt::format("column '{}' has no values at all: it counts as real, all missing", name()));
    become(State::real);
  }
  if (ambiguous_ != 0)
    notes.push_back(fmt::format("column '{}': {} times stand in the hour that daylight saving shows twice; the first one is taken", name(),
                                ambiguous_));
  if (state_ == State::category && plan_.state != State::category) {
    std::string why;
    if (auto column = finish_styled(notes, why)) return std::move(*column);
    if (text_row_ != 0)
      notes.push_back(fmt::format("column '{}' is text, not numbers, because of '{}' in row {} (line {}){}{}", name(), first_text_,
                                  text_row_, text_line_, why.empty() ? "" : "; ", why));
    else if (!why.empty())
      notes.push_back(fmt::format("column '{}' is text, as '{}': {}", name(), *levels_.front(), why));
  }
  if (size_ < capacity_ && size_ != 0) {
    capacity_ = size_;
    if (void* const smaller = std::realloc(data_.get(), size_ * width())) {
      static_cast<void>(data_.release());
      data_.reset(smaller);
    }
  }
  ColumnType type = ColumnType::real;
  switch (state_) {
    case State::category:
      return finish_category();
    case State::boolean:
      type = ColumnType::boolean;
      break;
    case State::integer:
      type = ColumnType::integer;
      break;
    case State::time:
      type = ColumnType::timestamp;
      break;
    default:
      break;
  }
  const std::shared_ptr<const void> owner(data_.release(), Free());
  return Column::borrowed(name(), type, owner.get(), size_, owner);
}

}  // namespace assay::data
