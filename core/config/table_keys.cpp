#include <algorithm>

#include "config/builtin_components.hpp"
#include "config/table_reader.hpp"

namespace assay::config {

namespace {

using namespace key;

// The keys of a CSV file as a source has them: path, missing, delimiter and the others.
std::vector<KeySpec> file_keys() {
  std::vector<KeySpec> keys;
  for (const ComponentSpec& component : builtin_components())
    if (component.kind == "source" && component.id == "csv")
      for (const ParamSpec& param : component.params) keys.push_back(key_of(param));
  return keys;
}

KeySpec join_key() {
  std::vector<KeySpec> keys = file_keys();
  const std::vector<KeySpec> own{
      object("time", "When each of its rows is",
             {column("column", "The column with the time").needed(), text("format", "strftime pattern of its times; absent: ISO 8601"),
              choice("stamp", "A row is dated by its start or by its end of what it tells of", {"end", "start"}).needed(),
              span("bar", "Length of what a row tells of, 1mo for a month's average; needed with stamp: start"),
              text("zone", "Time zone of the texts, an IANA name").by_default(Value{std::string("UTC")})})
          .needed(),
      either("available",
             "When a row is known: its lag behind the end of what it tells of, 0d for none, or the column with the time of publication. "
             "Nothing is assumed: a value that comes too early knows the future",
             {span({}, "a lag"),
              object({}, "the column that says it", {column("column", "The column with the time at which a row was published").needed()})})
          .needed(),
      column("entity", "The column that tells its entities apart, whose names are those of the data; absent: its values hold for all"),
      columns("columns", "The columns to join (empty: all)"),
      columns("drop", "Columns to leave out"),
      columns("categorical", "Columns to take as categories though they hold numbers"),
      span("max_age", "A value is missing once it has been known for longer; absent: no limit"),
      choice("match", "The last value known, carried on, or each value in the first row that knows it and in no other", {"last", "new"})
          .by_default(Value{std::string("last")}),
      text("prefix", "Put before the names of its columns; absent: nothing"),
  };
  keys.insert(keys.end(), own.begin(), own.end());
  return object({}, "another table", std::move(keys));
}

// A file of its own whose rows are of an entity each.
KeySpec list_key(const char* name, const char* doc, const char* column, std::vector<KeySpec> own) {
  std::vector<KeySpec> keys = file_keys();
  keys.push_back(object("time", "When each of its rows is",
                        {key::column("column", column).needed(), text("format", "strftime pattern of its times; absent: ISO 8601"),
                         text("zone", "Time zone of the texts, an IANA name").by_default(Value{std::string("UTC")})})
                     .needed());
  keys.push_back(key::column("entity", "The column with the entity, named as in the data").needed());
  keys.insert(keys.end(), own.begin(), own.end());
  return object(name, doc, std::move(keys));
}

}  // namespace

std::vector<KeySpec> table_keys() {
  return {
      choice("entity_from", "The entity is in the names of the files: what the last * of `path` stands for; `entity` names the new column",
             {"file_name"}),
      object("wide", "The table has a column for each entity: it becomes a panel, whose `entity` holds the columns' names",
             {text("value", "The name of the new column of values", TextForm::name).needed(),
              columns("columns", "Names and patterns of the columns that are entities (empty: all but the time)"),
              choice("missing", "An empty cell is no row, or a row with a missing value", {"drop", "keep"})
                  .by_default(Value{std::string("drop")})}),
      dictionary("quotes", "Middle prices from pairs of bid and ask, by the names of the new columns",
                 object({}, "a pair of columns",
                        {column("bid", "The column with the bid").needed(), column("ask", "The column with the ask").needed(),
                         text("spread", "Name of a further column, ask less bid; absent: none")})),
      object("resample", "Longer bars, each dated by its end",
             {span("bar", "Length of the new bars: 5min, 1h, 1d, 1w, 1mo").needed(),
              text("zone", "Where days begin and end, an IANA name").by_default(Value{std::string("UTC")}),
              object("session", "When a day begins and ends; rows outside are left out. Absent: at midnight",
                     {text("open", "Time of day, as \"09:30\"").needed(),
                      text("close", "Time of day; where it is not after `open`, that of the next day").needed()}),
              dictionary("aggregate", "How columns are brought together, beside open, high, low, close and volume, which are known",
                         choice({}, "a way", {"first", "last", "min", "max", "sum", "mean", "drop"}))}),
      either("calendar",
             "At which times a panel has rows: at those of any entity, of all of them, or of one; rows that an entity lacks hold missing "
             "values",
             {choice({}, "whose times", {"union", "intersection"}),
              object({}, "one entity's times", {text("entity", "The entity", TextForm::name).needed()})}),
      list(object({}, "rows of an entity",
                  {text("entity", "The name in the data", TextForm::name).needed(),
                   text("from", "The first day of the other company; absent: from the start"),
                   text("to", "Its last day; absent: to the end"), text("as", "Its name; absent: its rows are left out")}),
           "reused", "Names that belonged to several companies, one after another"),
      list_key("delisting", "What an entity that ended paid at last: a last row whose prices are the last close and this return",
               "The column with the time of the last payment",
               {key::column("return", "The column with the return since the last close, a share: -0.3").needed()}),
      list_key("universe", "Lists of members by date: rows of others are neither learned from nor forecast",
               "The column with the date of the list",
               {span("available", "Lag until a list is known, 0d for none").needed(),
                text("member", "Name of the new column, true for members", TextForm::name).by_default(Value{std::string("is_member")})}),
      dictionary("joins", "Other tables, joined as of the time at which their rows are known, by names of your choice", join_key()),
  };
}

bool is_table_key(std::string_view name) {
  static const std::vector<KeySpec> keys = table_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const KeySpec& key) { return key.name == name; });
}

}  // namespace assay::config
