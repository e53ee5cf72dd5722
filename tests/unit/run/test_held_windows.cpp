// Errors over windows with a held forecast, against the definition.
#include <cmath>
#include <limits>

#include "run/held_windows.hpp"
#include "support/catch.hpp"

using namespace assay;
using run::held_windows;

namespace {

// Two entities at times 0..times-1; the first `train` times train. Row = 2 * time + entity.
struct Case {
  pipeline::Dataset dataset;
  train::ForecastSet test;
  std::vector<std::int64_t> train_rows;
};

Case made(std::int64_t times, std::int64_t train) {
  Case out;
  std::vector<TimeNs> t;
  std::vector<std::int32_t> e;
  for (std::int64_t i = 0; i < times; ++i)
    for (std::int32_t entity = 0; entity < 2; ++entity) {
      t.push_back(i * kNsPerDay);
      e.push_back(entity);
      out.dataset.y.push_back(static_cast<double>((i * i * (entity + 3)) % 17));
      const auto row = static_cast<std::int64_t>(t.size()) - 1;
      if (i < train) {
        out.train_rows.push_back(row);
        continue;
      }
      out.test.row.push_back(row);
      out.test.truth.push_back(out.dataset.y.back());
      out.test.value.push_back(static_cast<double>((i * 7 + entity) % 5));
      out.test.time.push_back(t.back());
      out.test.entity.push_back(entity);
    }
  data::TimeRules rules;
  rules.time_column = "t", rules.entity_column = "e";
  data::FrameNotes notes;
  out.dataset.frame = data::Frame::finish({data::Column::of_times("t", t), data::Column::of_codes("e", e, {"a", "b"})}, rules, notes);
  return out;
}

double deviation(const Case& c, std::int64_t entity) {
  double mean = 0, sum = 0, n = 0;
  for (const std::int64_t row : c.train_rows)
    if (row % 2 == entity) mean += c.dataset.y[static_cast<std::size_t>(row)], n += 1;
  for (const std::int64_t row : c.train_rows)
    if (row % 2 == entity) sum += std::pow(c.dataset.y[static_cast<std::size_t>(row)] - mean / n, 2);
  return std::sqrt(sum / n);
}

}  // namespace

TEST_CASE("held windows are what their definition says") {
  const Case c = made(40, 12);
  for (const bool in_deviations : {true, false}) {
    config::HeldWindows how;
    how.steps = {1, 5, 28, 29};
    how.in_train_deviations = in_deviations;
    const auto found = held_windows(c.test, c.dataset, c.train_rows, how);
    REQUIRE(found.size() == 4);
    for (std::size_t k = 0; k < 3; ++k) {
      const std::int64_t steps = how.steps[k];
      double squares = 0, absolutes = 0, n = 0;
      for (std::int64_t first = 0; first + steps <= 28; ++first)
        for (std::int64_t step = 0; step < steps; ++step)
          for (std::int64_t entity = 0; entity < 2; ++entity) {
            const auto at = [&](std::int64_t time) { return static_cast<std::size_t>(2 * time + entity); };
            const double error = (c.test.truth[at(first + step)] - c.test.value[at(first)]) / (in_deviations ? deviation(c, entity) : 1);
            squares += error * error, absolutes += std::abs(error), n += 1;
          }
      CHECK(found[k].windows == 28 - steps + 1);
      CHECK(found[k].mse == Approx(squares / n).epsilon(1e-12));
      CHECK(found[k].mae == Approx(absolutes / n).epsilon(1e-12));
    }
    CHECK(found[3].windows == 0);
    CHECK(std::isnan(found[3].mse));
    how.drop_last_batch_of = 10;
    const auto batches = held_windows(c.test, c.dataset, c.train_rows, how);
    CHECK(batches[1].windows == 20);
    CHECK(batches[1].left_out == 4);
    CHECK(batches[1].mse != found[1].mse);
  }
}

TEST_CASE("a row without a forecast begins no window of its entity") {
  Case c = made(40, 12);
  config::HeldWindows how;
  how.steps = {3};
  how.in_train_deviations = false;
  // Entity a without its first row, b without its last: the others' errors are all that is left.
  Case fewer = c;
  for (auto* values : {&fewer.test.truth, &fewer.test.value}) values->erase(values->begin()), values->pop_back();
  fewer.test.time.erase(fewer.test.time.begin()), fewer.test.time.pop_back();
  fewer.test.entity.erase(fewer.test.entity.begin()), fewer.test.entity.pop_back();
  Case marked = c;
  marked.test.value.front() = std::numeric_limits<double>::quiet_NaN();
  marked.test.truth.front() = marked.test.truth.back() = std::numeric_limits<double>::quiet_NaN();
  const auto a = held_windows(fewer.test, c.dataset, c.train_rows, how), b = held_windows(marked.test, c.dataset, c.train_rows, how);
  CHECK(a[0].windows == 26);
  CHECK(a[0].mse == b[0].mse);
  CHECK(a[0].mse != held_windows(c.test, c.dataset, c.train_rows, how)[0].mse);
}
