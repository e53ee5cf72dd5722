// Several horizons in one data set: each is what it would be alone, all are learned on the same rows, and what must not touch a label
// keeps away from the longest.
#include <cmath>
#include <cstring>
#include <set>

#include "pipeline/checked_expression.hpp"
#include "pipeline/fold_data.hpp"
#include "pipeline/train_weights.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;

namespace {

config::Experiment experiment(const std::string& expression, std::vector<std::int64_t> horizons = {}) {
  config::Experiment e;
  e.inputs.features = true;
  config::FeatureSpec feature;
  feature.name = "f";
  feature.expression = "mean(x, 3)";
  e.features = {feature};
  e.target.expression = expression;
  e.target.horizons = std::move(horizons);
  e.data.time = config::DataSpec::Time{};
  e.data.time->column = "day";
  e.data.entity = "symbol";
  return e;
}

Dataset built(const config::Experiment& e, const data::Frame& frame) {
  Diagnostics diagnostics;
  Dataset dataset = build_dataset(e, frame, {}, diagnostics);
  for (const Diagnostic& item : diagnostics.items())
    if (item.severity == Severity::error) FAIL(item.message);
  return dataset;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

data::Frame holed_panel() {
  return planted::panel(90, 3, 7,
                        [](std::int64_t day, int entity) { return (entity == 1 && day > 30 && day < 35) || (entity == 2 && day < 8); });
}

}  // namespace

TEST_CASE("each horizon has the labels that it would have alone, and rows count where all have one") {
  const data::Frame frame = holed_panel();
  const std::vector<std::int64_t> horizons{1, 4, 11};
  const Dataset all = built(experiment("lead(y, horizon) / y - lag(x, horizon)", horizons), frame);
  REQUIRE(all.horizons.size() == 3);
  CHECK(all.lead_rows == 11);
  std::vector<Dataset> alone;
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    const std::string n = std::to_string(horizons[h]);
    alone.push_back(built(experiment("lead(y, " + n + ") / y - lag(x, " + n + ")"), frame));
    const HorizonLabels& labels = all.horizons[h];
    CHECK(labels.rows == horizons[h]);
    CHECK(labels.lead_rows == horizons[h]);
    CHECK(same_bits(labels.y, alone[h].y));
    CHECK(labels.label_end == alone[h].label_end);
    CHECK(same_bits(labels.last_known_target, alone[h].last_known_target));
  }
  std::size_t with_labels = 0, left_out = 0;
  for (std::size_t row = 0; row < all.y.size(); ++row) {
    const bool whole = !std::isnan(alone[0].y[row]) && !std::isnan(alone[1].y[row]) && !std::isnan(alone[2].y[row]);
    REQUIRE(std::isnan(all.y[row]) == !whole);
    REQUIRE(all.label_end[row] == (whole ? alone[2].label_end[row] : kMissingTime));
    if (whole) REQUIRE(all.y[row] == alone[0].y[row]);
    with_labels += whole ? 1 : 0;
    left_out += !whole && !std::isnan(alone[0].y[row]) ? 1 : 0;
  }
  CHECK(with_labels > 100);
  REQUIRE(left_out > 10);
  REQUIRE_FALSE(all.notes.empty());
  CHECK(std::any_of(all.notes.begin(), all.notes.end(), [&](const std::string& note) {
    return note.starts_with(std::to_string(left_out) + " rows have a label at the first horizon but not at a later one");
  }));
}

TEST_CASE("a forward return without a horizon of its own is the expression at each") {
  const data::Frame frame = holed_panel();
  config::Experiment e = experiment("", {2, 6});
  config::Component label;
  label.id = "forward_return";
  label.params = {{"horizon", {}},
                  {"price", config::Value{std::string("y")}},
                  {"entry", config::Value{std::string("x")}},
                  {"method", config::Value{std::string("simple")}}};
  e.target.label = label;
  const Dataset by_label = built(e, frame), by_text = built(experiment("lead(y, horizon) / lead(x, 1) - 1", {2, 6}), frame);
  REQUIRE(by_label.horizons.size() == 2);
  for (std::size_t h = 0; h < 2; ++h) {
    CHECK(same_bits(by_label.horizons[h].y, by_text.horizons[h].y));
    CHECK(by_label.horizons[h].label_end == by_text.horizons[h].label_end);
  }
}

TEST_CASE("no label of any horizon touches a later set, and weights count the longest overlap") {
  const data::Frame frame = planted::panel(120, 2, 5);
  const Dataset all = built(experiment("lead(y, horizon) - y", {1, 9}), frame), longest = built(experiment("lead(y, 9) - y"), frame);
  config::SplitSpec split;
  split.use = "walk_forward";
  split.train = parse_span("40");
  split.validation = parse_span("12");
  split.test = parse_span("20");
  split.step = parse_span("20");
  Diagnostics diagnostics;
  const Folds folds = make_folds(split, all, SeedTree(1), "", diagnostics),
              alone = make_folds(split, longest, SeedTree(1), "", diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  REQUIRE(folds.folds.size() == alone.folds.size());
  REQUIRE(folds.folds.size() >= 2);
  for (std::size_t f = 0; f < folds.folds.size(); ++f) {
    const Fold& fold = folds.folds[f];
    CHECK(fold.train == alone.folds[f].train);
    CHECK(fold.validation == alone.folds[f].validation);
    CHECK(fold.test == alone.folds[f].test);
    const TimeNs validation = frame.known_at()[static_cast<std::size_t>(fold.validation.front())];
    const TimeNs test = frame.known_at()[static_cast<std::size_t>(fold.test.front())];
    for (const HorizonLabels& h : all.horizons) {
      for (const std::int64_t row : fold.train) REQUIRE(h.label_end[static_cast<std::size_t>(row)] < validation);
      for (const std::int64_t row : fold.validation) REQUIRE(h.label_end[static_cast<std::size_t>(row)] < test);
    }
    CHECK(same_bits(average_uniqueness(all, fold.train), average_uniqueness(longest, fold.train)));
  }
}

TEST_CASE("a fold has a block for each horizon, as a fold of that horizon alone on the same rows") {
  const data::Frame frame = planted::panel(120, 2, 5);
  const Dataset all = built(experiment("lead(y, horizon) - y", {1, 9}), frame);
  config::SplitSpec split;
  split.test = parse_span("30");
  split.validation = parse_span("10");
  Diagnostics diagnostics;
  const Folds folds = make_folds(split, all, SeedTree(1), "", diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  const FoldData fold = assemble_fold(all, folds.folds[0], folds, {{}, {}, false});
  REQUIRE(fold.naive_mae.size() == 2);
  for (std::size_t h = 0; h < 2; ++h) {
    const Dataset alone = built(experiment(h == 0 ? "lead(y, 1) - y" : "lead(y, 9) - y"), frame);
    const FoldData own = assemble_fold(alone, folds.folds[0], folds, {{}, {}, false});
    CHECK(fold.naive_mae[h] == own.naive_mae[0]);
    for (const auto& [parts, part] :
         {std::pair(&fold.train, &own.train), std::pair(&fold.validation, &own.validation), std::pair(&fold.test, &own.test)}) {
      REQUIRE(parts->horizons == 2);
      REQUIRE(parts->row == part->row);
      const auto block = [&, at = h * parts->row.size(), n = static_cast<std::ptrdiff_t>(parts->row.size())](const auto& values) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(at);
        return std::decay_t<decltype(values)>(first, first + n);
      };
      CHECK(same_bits(block(parts->y), part->y));
      CHECK(block(parts->label_end) == part->label_end);
      CHECK(same_bits(block(parts->last_known_target), part->last_known_target));
    }
  }
  FoldPart first = fold.train;
  keep_first_horizon(first);
  CHECK(first.horizons == 1);
  CHECK(first.y.size() == first.row.size());
  CHECK(first.y.front() == fold.train.y.front());
}

TEST_CASE("an expression says where its horizons go") {
  CHECK(says_horizon(parse_expression("lead(y, horizon) - y", Use::target, 5)));
  CHECK_THROWS_WITH(parse_expression("lead(y, 5) - `horizon`", Use::target, 5),
                    "the target has `horizons`, and its expression is the same for each of them");
  CHECK_THROWS_WITH(parse_expression("lead(y, horizon)", Use::target),
                    "`horizon` stands for each of target.horizons, and the target has none");
  CHECK(names_in(parse_expression("horizon + 1", Use::feature)) == std::vector<std::string>{"horizon"});  // a column like any other
  Diagnostics diagnostics;
  build_dataset(experiment("lead(y, 5) - y", {1, 5}), planted::panel(40, 1, 1), {}, diagnostics);
  REQUIRE(diagnostics.has_errors());
  CHECK(diagnostics.items()[0].message == "the target has `horizons`, and its expression is the same for each of them");
  Diagnostics constant;
  build_dataset(experiment("lead(y, horizon) / lead(y, 2)", {2, 5}), planted::panel(40, 1, 1), {}, constant);
  REQUIRE(constant.has_errors());
  CHECK(constant.items()[0].message == "the target target.expr at horizon 2 is 1 in every row");
}
