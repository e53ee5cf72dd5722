// What an explanation works on: rows of numbers, which of them belong to which feature, and functions from rows to what a model says of
// them. Used by the methods beside it and by run, which knows models, folds and names. Nothing here knows where rows come from. Values;
// a function belongs to the thread that asked its maker for it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace assay::explain {

struct Rows {
  std::int64_t width = 0;
  std::vector<double> values;  // row-major

  std::int64_t count() const { return width == 0 ? 0 : static_cast<std::int64_t>(values.size()) / width; }
  std::span<const double> row(std::int64_t i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
  }
  void add(std::span<const double> row) { values.insert(values.end(), row.begin(), row.end()); }
};

// A feature as the user named it: the places of a row's numbers that it fills (a category's columns, a column at all times of a window).
// Features share no place; together they need not fill all.
struct Feature {
  std::string name;
  std::vector<std::int64_t> places;
};

// `to` takes over the feature's numbers of `from`.
inline void put(const Feature& feature, std::span<const double> from, std::span<double> to) {
  for (const std::int64_t place : feature.places) to[static_cast<std::size_t>(place)] = from[static_cast<std::size_t>(place)];
}

// One number for each of the rows. of[i]: which of the explained rows the i-th one was made from, whose time, entity and class count.
using Score = std::function<std::vector<double>(const Rows& rows, std::span<const std::int64_t> of)>;
using ScoreMaker = std::function<Score()>;  // one for each thread

// How the score of each row changes with its numbers.
struct Slopes {
  std::vector<double> score;
  std::vector<double> slope;  // rows x width
};
using Slope = std::function<Slopes(const Rows& rows, std::span<const std::int64_t> of)>;
using SlopeMaker = std::function<Slope()>;

struct Work {
  unsigned threads = 1;
  std::function<void(double share)> tick{};  // what is done, 0 to 1; called from any thread, one at a time; may be empty, may throw to stop
};

}  // namespace assay::explain
