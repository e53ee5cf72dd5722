// Names of several companies, adjusted prices, last returns and members of a universe.
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "data/corporate_actions.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TimeNs at(const char* text) { return *parse_iso(text); }

bool same(std::span<const double> found, const std::vector<double>& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](double a, double b) { return std::abs(a - b) < 1e-12 || (std::isnan(a) && std::isnan(b)); });
}

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::data);
    return e.happened() + " | " + e.mend();
  }
  FAIL("accepted");
  return {};
}

TimeRules rules() {
  TimeRules out;
  out.time_column = "t";
  out.entity_column = "e";
  return out;
}

// a on four days, b on three: its split of 2 for 1 on the 3rd, as cumulative factor (as of today) and as event.
Frame prices() {
  FrameNotes notes;
  return Frame::finish({Column::of_times("t", {at("2020-01-01"), at("2020-01-02"), at("2020-01-03"), at("2020-01-04"), at("2020-01-01"),
                                               at("2020-01-02"), at("2020-01-03")}),
                        Column::of_codes("e", {0, 0, 0, 0, 1, 1, 1}, {"a", "b"}), Column::of_reals("Close", {1, 2, 3, 4, 100, 102, 52}),
                        Column::of_integers("volume", {10, 10, 10, 10, 5, 5, 10}),
                        Column::of_reals("cumulative", {1, 1, 1, 1, 0.5, 0.5, 1}), Column::of_reals("event", {kNan, 1, 1, 1, 7, kNan, 2})},
                       rules(), notes);
}

JoinTable list_of(std::vector<TimeNs> t, std::vector<std::int32_t> e, std::vector<std::string> levels, std::vector<Column> more = {}) {
  KnownRules known;
  known.time_column = "t";
  known.entity_column = "e";
  std::vector<Column> columns{Column::of_times("t", std::move(t)), Column::of_codes("e", std::move(e), std::move(levels))};
  for (Column& column : more) columns.push_back(std::move(column));
  return join_table(columns, known);
}

}  // namespace

TEST_CASE("a name that went to another company is two entities") {
  FrameNotes notes;
  const Frame apart = with_names_apart(prices(), {{"a", at("2020-01-03"), std::nullopt, "a (new)"}}, rules(), notes);
  CHECK(apart.entity_names() == std::vector<std::string>{"a", "a (new)", "b"});
  CHECK(apart.rows_of_entity(0).size() == 2);
  CHECK(apart.rows_of_entity(1).size() == 2);
  CHECK_THAT(notes.notes.back(), Contains("2 rows of 'a' are another company's: 'a (new)'"));
  const Frame gone = with_names_apart(prices(), {{"a", std::nullopt, at("2020-01-01"), ""}, {"b", at("2020-01-02"), at("2020-01-02"), ""}},
                                      rules(), notes);
  CHECK(gone.rows() == 5);
  CHECK_THAT(refusal([&] {
               with_names_apart(prices(), {{"c", at("2020-01-01"), std::nullopt, ""}}, rules(), notes);
             }),
             Contains("no entity 'c'"));
  CHECK_THAT(refusal([&] {
               with_names_apart(prices(), {{"a", at("2020-01-03"), std::nullopt, "b"}}, rules(), notes);
             }),
             Contains("an entity 'b' already"));
  CHECK_THAT(refusal([&] {
               with_names_apart(prices(), {{"a", at("2021-01-03"), std::nullopt, "x"}}, rules(), notes);
             }),
             Contains("no row in that span"));
}

TEST_CASE("prices are adjusted as of their own time") {
  FrameNotes notes;
  // b: 100, 102, then 52 after two for one: as of the first row 104.
  for (const bool events : {false, true}) {
    const Frame out = adjusted(prices(), {events ? "event" : "cumulative", events, {}, "volume"}, notes);
    CHECK(same(out.at("Close").reals(), {1, 100, 2, 102, 3, 104, 4}));
    CHECK(same(out.at("volume").reals(), {10, 5, 10, 5, 10, 5, 10}));
    CHECK_THAT(notes.notes.back(), Contains("1 events, each counted from its own row on"));
  }
  CHECK(same(adjusted(prices(), {"cumulative", false, {"Close"}, ""}, notes).at("volume").to_reals(), {10, 5, 10, 5, 10, 10, 10}));
  // Without the last day nothing before it is different: no later event is known.
  const Frame all = prices();
  const std::vector<std::int64_t> early{0, 1, 2, 3};
  const Frame before = adjusted(all.taken(early), {"cumulative", false, {}, ""}, notes);
  const Frame whole = adjusted(all, {"cumulative", false, {}, ""}, notes);
  for (std::size_t row = 0; row < before.rows(); ++row) CHECK(before.at("Close").reals()[row] == whole.at("Close").reals()[row]);
  const Frame zero = all.with({Column::of_reals("bad", {1, 1, 0, 1, 1, 1, 1})});
  CHECK_THAT(refusal([&] { adjusted(zero, {"bad", false, {}, ""}, notes); }), Contains("the factor in 'bad' is 0 in row"));
  CHECK_THAT(refusal([&] { adjusted(all, {"factor", false, {}, ""}, notes); }), Contains("no column 'factor'"));
}

TEST_CASE("an entity that ended pays a last return") {
  FrameNotes notes;
  const JoinTable ends = list_of({at("2020-01-06"), at("2020-01-02"), at("2020-01-07")}, {0, 1, 2}, {"b", "a", "gone"},
                                 {Column::of_reals("r", {-0.25, 0.1, 0.2})});
  const Frame out = with_delistings(prices(), ends, "r", rules(), notes);
  REQUIRE(out.rows() == 8);
  CHECK(out.at("Close").reals().back() == 39);
  CHECK(out.at("e").text(7) == "b");
  CHECK(to_iso(out.known_at().back()) == "2020-01-06");
  CHECK(out.at("volume").is_missing(7));
  CHECK_THAT(notes.notes.back(), Contains("1 entities end with a last return; 1 still have rows") && Contains("1 are not in the data"));
  CHECK_THAT(refusal([&] {
               with_delistings(prices(), list_of({at("2020-01-06")}, {0}, {"b"}, {Column::of_reals("r", {-25})}), "r", rules(), notes);
             }),
             Contains("the last return of 'b' is -25"));
  CHECK_THAT(refusal([&] { with_delistings(prices(), ends, "dlret", rules(), notes); }), Contains("no column 'dlret'"));
}

TEST_CASE("members are those of the newest list") {
  FrameNotes notes;
  // On the 2nd a alone, on the 3rd b and c; known at once.
  const JoinTable lists = list_of({at("2020-01-02"), at("2020-01-03"), at("2020-01-03")}, {0, 1, 2}, {"a", "b", "c"});
  // rows: a 1, b 1, a 2, b 2, a 3, b 3, a 4
  CHECK(members(prices(), lists, notes) == std::vector<std::uint8_t>{0, 0, 1, 0, 0, 1, 0});
  CHECK_THAT(notes.notes.back(), Contains("2 of 7 rows are of members; 0 of 2 entities never are in a list"));
}
