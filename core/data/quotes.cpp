#include "data/quotes.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "data/column_tools.hpp"

namespace assay::data {

Frame with_middle(const Frame& frame, const QuotePair& pair, FrameNotes& notes) {
  const std::string what = fmt::format("the middle price '{}'", pair.name);
  const std::vector<double> bid = numbers_of(frame.at(pair.bid), what), ask = numbers_of(frame.at(pair.ask), what);
  std::vector<double> middle(bid.size()), spread(bid.size());
  std::size_t crossed = 0;
  for (std::size_t row = 0; row < bid.size(); ++row) {
    middle[row] = (bid[row] + ask[row]) / 2;
    spread[row] = ask[row] - bid[row];
    crossed += spread[row] < 0 ? 1 : 0;
  }
  std::vector<Column> more{Column::of_reals(pair.name, std::move(middle))};
  if (!pair.spread.empty()) more.push_back(Column::of_reals(pair.spread, std::move(spread)));
  for (const Column& column : more)
    if (frame.find(column.name()) != nullptr || (&column != &more.front() && column.name() == pair.name))
      throw Error(Fault::data, "", fmt::format("there is a column '{}' already", column.name()), "give the new one another name");
  if (crossed != 0)
    notes.notes.push_back(fmt::format("{}: the ask '{}' lies below the bid '{}' in {} rows", pair.name, pair.ask, pair.bid, crossed));
  return frame.with(std::move(more));
}

}  // namespace assay::data
