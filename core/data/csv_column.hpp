// One column of a CSV file while it is being read: it takes cells, widens its type as they demand, and becomes a Column.
// Used by the CSV reader alone; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "data/column.hpp"
#include "data/csv_number.hpp"
#include "data/csv_reader.hpp"
#include "data/csv_time.hpp"
#include "data/number_style.hpp"
#include "data/time_format.hpp"
#include "data/time_zone.hpp"

namespace assay::data {

// Which texts count as missing, and how often each was met.
class MissingTokens {
 public:
  MissingTokens(const std::vector<std::string>& tokens, char decimal);
  bool contains(std::string_view text);  // counts; the empty text is always in
  bool any_number() const { return any_number_; }
  bool begins_with_digit() const {
    return std::any_of(first_byte_ + '0', first_byte_ + '9' + 1, [](bool used) { return used; });
  }
  void add(const MissingTokens& other);  // what another one of the same tokens has met
  std::string summary() const;           // "4,359 cells 'ND'", empty where no token was met

 private:
  std::vector<std::string> tokens_;
  std::vector<std::uint64_t> met_;
  bool first_byte_[256] = {}, any_number_ = false;
};

// What a column needs to know to read its cells.
struct CellReading {
  TimeFormat format;
  TimeZone zone;
  StyleHints numbers;
};

class CsvColumn {
 public:
  enum class State : std::uint8_t { skipped, empty, boolean, integer, real, category, time, reread };

  struct Plan {
    std::string name;
    State state = State::empty;  // skipped, empty (found from the cells), category or time
    bool numeric = false;        // text that is no number is a fault
  };
  CsvColumn(const Plan& plan, std::size_t expected_rows, const CellReading& reading);

  State state() const { return state_; }
  const std::string& name() const { return plan_.name; }

  // The hot path: a number that fills a cell. The row must be the next one.
  bool takes_numbers() const { return state_ == State::integer || state_ == State::real; }
  void take_number(const CsvNumber& number) {
    if (state_ == State::integer) {
      if (number.is_integer) {
        append(number.integer);
        return;
      }
      widen_to_real();
    }
    append(number.is_integer ? static_cast<double>(number.integer) : number.real);  // -0 is 0 before and behind the first fraction
  }

  // The same for a time that fills a cell and is UTC's.
  bool takes_times() const { return state_ == State::time; }
  const char* read_plain_time(const char* p, TimeNs& time) { return plain_times_.read(p, time); }
  void take_time(TimeNs time) { append(time); }

  // Gives `after`, the end of the cell at p. Cells of a column often have one width: where this one has its neighbour's, what comes next is
  // found from that, so that a processor which guesses branches need not wait for this cell to be read.
  const char* behind(const char* p, const char* after) {
    const char* guess = p + last_width_;
    if (guess != after) {
      last_width_ = after - p;
      return after;
    }
    asm("" : "+r"(guess));  // or the compiler, which knows that they are equal, takes `after`
    return guess;
  }

  // Any cell. False: it cannot be read (a time, broken UTF-8, text among numbers); `fault` then says why. A number column that meets text
  // goes to State::reread: the reader walks the file again for it.
  bool take(std::string_view text, MissingTokens& missing, std::int64_t row, std::int64_t line, ReadProblem& fault);
  void take_texts_of(CsvColumn texts);  // a column in State::reread takes over what the second walk gave

  // Takes over what columns of the same plan read from the next pieces of one text, in their order. False, and nothing is changed, where
  // only a walk over the whole text can tell the type (numbers here, words there).
  bool append_all(std::span<CsvColumn* const> pieces);

  Column finish(std::vector<std::string>& notes);

 private:
  template <class T>
  void append(T value) {
    if (size_ == capacity_) grow();
    static_cast<T*>(data_.get())[size_++] = value;
  }
  void grow();
  void become(State state);
  void widen_to_real();
  void append_missing();
  void append_piece(const CsvColumn& piece);
  std::int32_t code_of(const std::string& level);
  bool take_text(std::string_view text, ReadProblem& fault);
  bool take_time(std::string_view text, ReadProblem& fault);
  std::optional<CsvNumber> number_in(std::string_view text, std::string& why) const;
  std::size_t width() const;
  Column finish_category();
  std::optional<Column> finish_styled(std::vector<std::string>& notes, std::string& why);

  Plan plan_;
  State state_;
  const CellReading* reading_;
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> data_;
  std::size_t size_ = 0, capacity_ = 0;
  // times: the last text read, since neighbours are often equal
  std::string last_text_;
  TimeNs last_time_ = kMissingTime;
  PlainTimes plain_times_;
  std::ptrdiff_t last_width_ = 0;
  std::int64_t ambiguous_ = 0;
  // categories; node-based, so that views of the keys stay
  std::unordered_map<std::string, std::int32_t> codes_;
  std::vector<const std::string*> levels_;
  std::int32_t last_code_ = kMissingCode;
  // why numbers became text
  std::int64_t text_row_ = 0, text_line_ = 0;
  std::string first_text_;
};

}  // namespace assay::data
