#include "config/table_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/experiment_rules.hpp"
#include "config/map_reading.hpp"

namespace assay::config {

namespace {

Value* slot(Map& map, std::string_view key) {
  const auto found = std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == key; });
  return found == map.end() || found->second.is_none() ? nullptr : &found->second;
}

JoinSpec read_join(const std::string& name, const std::string& key, Map& map, const FindPath& find_path, const WritePath& write_path) {
  JoinSpec join;
  join.name = name;
  join.key = key;
  if (Value* path = slot(map, "path")) {
    join.path_as_written = path->as_text();
    join.path = find_path(join.path_as_written, "data." + key + ".path");
    *path = Value{write_path(join.path_as_written, join.path)};
  }
  const Map& time = map_of(find(map, "time"));
  join.column = text_at(time, "column");
  join.format = text_at(time, "format");
  join.stamp = text_at(time, "stamp");
  take(time, "zone", join.zone);
  take(time, "bar", join.bar);
  std::optional<Span> lag;
  const Value* available = find(map, "available");
  if (available != nullptr && std::holds_alternative<Map>(available->data))
    join.known_column = text_at(map_of(available), "column");
  else
    take(map, "available", lag);
  join.available = lag.value_or(Span{});
  join.entity = text_at(map, "entity");
  take(map, "columns", join.columns);
  take(map, "drop", join.drop);
  take(map, "categorical", join.categorical);
  take(map, "missing", join.missing);
  join.csv = csv_keys(map);
  take(map, "max_age", join.max_age);
  join.only_new = text_at(map, "match") == "new";
  join.prefix = text_at(map, "prefix");
  return join;
}

ResampleSpec read_resample(const Map& map) {
  ResampleSpec out;
  std::optional<Span> bar;
  take(map, "bar", bar);
  out.bar = bar.value_or(Span{});
  take(map, "zone", out.zone);
  const Map& session = map_of(find(map, "session"));
  out.open = text_at(session, "open");
  out.close = text_at(session, "close");
  for (const auto& [name, how] : map_of(find(map, "aggregate"))) out.aggregate.emplace_back(name, how.as_text());
  return out;
}

void read_actions(Map& data, const FindPath& find_path, const WritePath& write_path, TablesSpec& out) {
  List reused;
  take(data, "reused", reused);
  for (const Value& item : reused)
    out.reused.push_back(
        {text_at(map_of(&item), "entity"), text_at(map_of(&item), "from"), text_at(map_of(&item), "to"), text_at(map_of(&item), "as")});
  const Map& adjustment = map_of(find(data, "adjustment"));
  out.factors_are_events = text_at(adjustment, "factors") == "events";
  take(adjustment, "prices", out.adjusted_prices);
  out.adjusted_volume = text_at(adjustment, "volume");
  const auto file = [&](const char* key) -> std::optional<JoinSpec> {
    Value* value = slot(data, key);
    auto* map = value == nullptr ? nullptr : std::get_if<Map>(&value->data);
    if (map == nullptr) return std::nullopt;
    JoinSpec spec = read_join(key, key, *map, find_path, write_path);
    spec.stamp = "end";
    return spec;
  };
  out.delisting = file("delisting");
  out.universe = file("universe");
  if (out.delisting) out.last_return = text_at(map_of(find(data, "delisting")), "return");
  if (out.universe) out.member = text_at(map_of(find(data, "universe")), "member");
}

class TableRules {
 public:
  TableRules(const Experiment& e, const Checked& checked, Diagnostics& diagnostics)
      : e_(e), tables_(e.data.tables), checked_(checked), diagnostics_(diagnostics) {}

  void all() {
    const bool time_is_sound = good("data.time") && good("data.source");
    const bool timeless = time_is_sound && has_time(e_) == Known::no, single = good("data.entity") && has_entities(e_) == Known::no;
    for (const char* key : {"wide", "resample", "joins", "calendar"}) {
      const std::string path = std::string("data.") + key;
      if (timeless && given(path)) error_at_key(path, "'" + path + "' needs time, and this is a plain table", "name data.time");
    }
    for (const char* key : {"entity_from", "wide", "resample", "calendar"}) {
      const std::string path = std::string("data.") + key;
      if (given(path) && good("data.source") && e_.data.source != "csv")
        error_at_key(path, "'" + path + "' goes with files, and " + e_.data.source + " has none", "remove it");
    }
    files(single);
    wide(single);
    if (!tables_.calendar.empty() && single)
      error_at_key("data.calendar", "a calendar brings entities together, and there is one series", "remove it, or name data.entity");
    for (const QuoteSpec& quote : tables_.quotes)
      if (quote.bid == quote.ask && good("data.quotes." + quote.name))
        error("data.quotes." + quote.name + ".ask", "bid and ask are the same column", "name the other");
    if (tables_.resample && good("data.resample")) resample(*tables_.resample);
    for (const JoinSpec& join : tables_.joins) this->join(join, single);
    actions(single);
  }

 private:
  bool good(const std::string& path) const { return !checked_.is_bad(path); }
  bool given(const std::string& path) const { return checked_.place(path) != nullptr; }
  Place place(const std::string& path) const {
    const Place* at = checked_.place(path);
    return at == nullptr ? e_.data.place : *at;
  }
  void error(const std::string& path, std::string message, std::string mend) {
    diagnostics_.error(place(path), std::move(message), std::move(mend), path);
  }
  void error_at_key(const std::string& path, std::string message, std::string mend) {
    const Place* at = checked_.place("/" + path);
    diagnostics_.error(at == nullptr ? place(path) : *at, std::move(message), std::move(mend), path);
  }
  bool is_length(const Span& span) const { return !span.is_count() && !span.is_zero(); }

  void files(bool single) {
    if (!tables_.entity_from_files || !good("data.entity_from")) return;
    const std::string path = "data.entity_from";
    if (e_.data.source != "csv") return;
    if (single)
      error_at_key(path, "the entities from the files' names need a column", "name it: entity: symbol");
    else if (e_.data.path_as_written.find_first_of("*?") == std::string::npos && good("data.path"))
      error(path, "'data.path' is one file, whose name tells no entities apart", "write a pattern, as in path: prices/*.csv");
  }

  void wide(bool single) {
    if (!tables_.wide || !good("data.wide")) return;
    if (single && e_.data.source == "csv")
      error_at_key("data.wide", "the names of a wide table's columns need a column of their own", "name it: entity: currency");
    if (tables_.entity_from_files)
      error_at_key("data.wide", "the entity is in the files' names and in the columns' names", "keep `wide` or `entity_from`");
    if (tables_.wide->value == e_.data.entity && !e_.data.entity.empty())
      error("data.wide.value", "values and entities have the same name", "give `value` another");
  }

  void resample(const ResampleSpec& spec) {
    if (!is_length(spec.bar) && given("data.resample.bar"))
      error("data.resample.bar", "a bar's length is a time", "write 5min, 1h, 1d, 1w or 1mo");
    if (spec.bar.months == 0 && spec.bar.ns > kNsPerDay && spec.bar.ns != 7 * kNsPerDay)
      error("data.resample.bar", "bars of " + assay::to_text(spec.bar) + " begin on no fixed day", "use 1d, 1w, or months");
    for (const auto& [key, text] : {std::pair{"open", &spec.open}, std::pair{"close", &spec.close}}) {
      const std::string path = std::string("data.resample.session.") + key;
      const bool sound = text->empty() || (text->size() == 5 && parse_iso("2000-01-01 " + *text)) || *text == "24:00";
      if (!sound && good(path)) error(path, "'" + *text + "' is no time of day", "write it as \"09:30\"");
    }
  }

  void actions(bool single) {
    for (const char* key : {"reused", "delisting", "universe"}) {
      const std::string path = std::string("data.") + key;
      if (std::string_view(key) == "reused" && tables_.reused.empty()) continue;  // an empty list stands in every resolved text
      if (given("/" + path) && good(path) && single)
        error_at_key(path, "'" + path + "' is of entities, and there is one series", "remove it, or name data.entity");
      if (given("/" + path) && good("data.source") && e_.data.source != "csv")
        error_at_key(path, "'" + path + "' goes with files, and " + e_.data.source + " has none", "remove it");
    }
    for (std::size_t i = 0; i < tables_.reused.size(); ++i) {
      const std::string path = "data.reused." + std::to_string(i);
      if (!good(path)) continue;
      for (const auto& [key, text] : {std::pair{".from", &tables_.reused[i].from}, std::pair{".to", &tables_.reused[i].to}})
        if (!text->empty() && !parse_iso(*text)) error(path + key, "'" + *text + "' is no date", "write it as 2020-01-31");
      if (tables_.reused[i].from.empty() && tables_.reused[i].to.empty())
        error(path, "it is not said which of the rows are another company's", "add from: or to: with a date");
    }
    if (tables_.universe && tables_.universe->available.is_count()) error("data.universe.available", "a lag is a time", "write 0d or 1d");
    if (tables_.universe && e_.is_rule() && !checked_.incomplete)
      error_at_key("data.universe", "members are what a model learns from and forecasts, and there is no model",
                   "remove it, or add `model:`");
    const bool factors = !e_.data.factor_column.empty();
    for (const char* key : {"factors", "prices", "volume"}) {
      const std::string path = std::string("data.adjustment.") + key;
      const bool set = std::string_view(key) == "factors"  ? tables_.factors_are_events
                       : std::string_view(key) == "prices" ? !tables_.adjusted_prices.empty()
                                                           : !tables_.adjusted_volume.empty();
      if (set && !factors && good("data.adjustment")) error(path, "'" + path + "' goes with a factor", "name it: factor_column: ...");
    }
    if (factors && !tables_.adjusted_volume.empty() && e_.data.adjustment_kind == "total" && good("data.adjustment"))
      error("data.adjustment.volume", "a dividend changes no volume: its factor is no split's",
            "use kind: split, or leave the volume as it is");
  }

  void join(const JoinSpec& join, bool single) {
    const std::string path = "data.joins." + join.name;
    if (!join.entity.empty() && single)
      error(path + ".entity", "a join by entity needs entities in the data",
            "name data.entity, or leave it out: the values then hold for all");
    if (join.stamp == "start" && !join.bar && join.known_column.empty() && good(path + ".time"))
      error(path + ".time.stamp", "stamp: start needs 'bar', to know when a row's period has ended",
            "add bar: 1mo, or whatever its length is");
    if (join.bar && !is_length(*join.bar)) error(path + ".time.bar", "a bar's length is a time", "write 1mo, 1d or 1h");
    if (join.available.is_count()) error(path + ".available", "a lag is a time", "write 0d, 45d or 1mo");
    if (join.max_age && !is_length(*join.max_age)) error(path + ".max_age", "an age is a time", "write 90d or 1y");
    const auto own = [&](const std::string& column, const std::string& key) {
      if (!column.empty() && std::find(join.drop.begin(), join.drop.end(), column) != join.drop.end())
        error(path + "." + key, "the column '" + column + "' is dropped by '" + path + ".drop'", "take it out of there");
    };
    own(join.column, "time.column");
    own(join.entity, "entity");
    own(join.known_column, "available.column");
  }

  const Experiment& e_;
  const TablesSpec& tables_;
  const Checked& checked_;
  Diagnostics& diagnostics_;
};

}  // namespace

CsvSpec csv_keys(const Map& map) {
  CsvSpec csv;
  take(map, "delimiter", csv.delimiter);
  take(map, "decimal", csv.decimal);
  take(map, "thousands", csv.thousands);
  take(map, "encoding", csv.encoding);
  if (const Value* header = find(map, "header"); header != nullptr && !header->is_none()) csv.header = std::get<bool>(header->data);
  take(map, "names", csv.names);
  take(map, "numeric", csv.numeric);
  take(map, "skip_lines", csv.skip_lines);
  take(map, "skip_trailer", csv.skip_trailer);
  take(map, "malformed", csv.malformed);
  return csv;
}

TablesSpec read_tables(Map& data, const FindPath& find_path, const WritePath& write_path) {
  TablesSpec out;
  out.entity_from_files = text_at(data, "entity_from") == "file_name";
  if (const Value* wide = slot(data, "wide")) {
    out.wide = WideSpec{};
    out.wide->value = text_at(map_of(wide), "value");
    take(map_of(wide), "columns", out.wide->columns);
    out.wide->keep_missing = text_at(map_of(wide), "missing") == "keep";
  }
  for (const auto& [name, quote] : map_of(find(data, "quotes")))
    out.quotes.push_back({name, text_at(map_of(&quote), "bid"), text_at(map_of(&quote), "ask"), text_at(map_of(&quote), "spread")});
  if (const Value* resample = slot(data, "resample")) out.resample = read_resample(map_of(resample));
  if (const Value* calendar = slot(data, "calendar")) {
    const auto* whose = std::get_if<std::string>(&calendar->data);
    out.calendar = whose != nullptr ? *whose : "entity";
    if (whose == nullptr) out.calendar_entity = text_at(map_of(calendar), "entity");
  }
  if (Value* joins = slot(data, "joins"))
    if (auto* map = std::get_if<Map>(&joins->data))
      for (auto& [name, join] : *map)
        if (auto* keys = std::get_if<Map>(&join.data)) out.joins.push_back(read_join(name, "joins." + name, *keys, find_path, write_path));
  read_actions(data, find_path, write_path, out);
  return out;
}

void check_table_rules(const Experiment& experiment, const Checked& checked, Diagnostics& diagnostics) {
  TableRules(experiment, checked, diagnostics).all();
}

}  // namespace assay::config
