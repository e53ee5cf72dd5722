#include "run/csv_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/column_file.hpp"
#include "data/several_files.hpp"

namespace assay::run {

namespace {

void set_text_form(const config::CsvSpec& csv, data::CsvOptions& options) {
  const auto sign = [](const std::string& text, std::initializer_list<std::pair<const char*, char>> names) {
    for (const auto& [name, one] : names)
      if (text == name) return one;
    return text.size() == 1 ? text.front() : '\0';
  };
  options.delimiter = sign(csv.delimiter, {{"tab", '\t'}, {"\\t", '\t'}, {"blanks", ' '}});
  options.decimal = sign(csv.decimal, {});
  options.thousands = sign(csv.thousands, {{"blank", ' '}});
  options.encoding = csv.encoding;
  options.header = csv.header;
  options.names = csv.names;
  options.numeric = csv.numeric;
  options.skip_lines = static_cast<std::size_t>(csv.skip_lines);
  options.skip_trailer = static_cast<std::size_t>(csv.skip_trailer);
  options.skip_malformed = csv.malformed == "skip";
}

// Takes out of the request what names no column of the file, so that everything else can still be looked at; false where something else
// is wrong. Without a faulty item `columns` would leave out a column that is meant, so all of them are read.
bool leave_out(const std::vector<data::ReadProblem>& problems, data::CsvOptions& options) {
  std::map<std::string, std::set<std::size_t>> faulty;  // list -> items
  for (const data::ReadProblem& problem : problems) {
    const auto parts = text::split(problem.key, '.');
    const auto item = parts.size() == 2 ? text::to_integer(parts[1]) : std::nullopt;
    if (!item) return false;
    faulty[std::string(parts[0])].insert(static_cast<std::size_t>(*item));
  }
  const auto without = [&](std::vector<std::string>& list, const char* key) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!faulty[key].contains(i)) kept.push_back(list[i]);
    list = std::move(kept);
  };
  without(options.drop, "drop");
  without(options.categorical, "categorical");
  without(options.numeric, "numeric");
  if (!faulty["columns"].empty()) options.columns.clear();
  return true;
}

// What the reader says of the experiment's own keys, or of a join's ("joins.rates.").
void tell(const data::ReadError& e, const config::Experiment& experiment, const std::filesystem::path& file, bool one_of_many,
          const std::string& prefix, Diagnostics& diagnostics, const std::function<std::string(const std::string&)>& renamed = {}) {
  for (const data::ReadProblem& problem : e.problems()) {
    std::string key = problem.key.empty() ? "path" : problem.key;
    if (renamed) key = renamed(key);
    key = prefix + key;
    std::string where;
    if (problem.line != 0)
      where = file.filename().string() + ", line " + std::to_string(problem.line) + ": ";
    else if (one_of_many)
      where = file.filename().string() + ": ";
    diagnostics.data_error(place_below_data(experiment, key), where + problem.message, problem.mend, "data." + key);
  }
}

void tell(const Error& e, const config::Experiment& experiment, const std::string& key, Diagnostics& diagnostics) {
  diagnostics.data_error(place_below_data(experiment, key), (e.tried().empty() ? "" : e.tried() + ": ") + e.happened(), e.mend(),
                         "data." + key);
}

// Rules for the files themselves, whose entities may be in their names or in their columns' names.
data::TimeRules rules_of_files(const config::Experiment& experiment) {
  data::TimeRules rules = time_rules(experiment);
  if (experiment.data.tables.wide || experiment.data.tables.entity_from_files) rules.entity_column.clear();
  return rules;
}

std::optional<data::LoadedFrame> load_one(const config::Experiment& experiment, const LoadOptions& options, data::CsvOptions csv,
                                          bool one_of_many, Diagnostics& diagnostics) {
  try {
    return data::load_csv(csv, rules_of_files(experiment), {options.cache_folder}, options.progress);
  } catch (const data::ReadError& e) {
    tell(e, experiment, csv.path, one_of_many, "", diagnostics);
    if (!one_of_many && leave_out(e.problems(), csv)) return load_one(experiment, options, std::move(csv), false, diagnostics);
  } catch (const Error& e) {
    if (e.fault() == Fault::interrupted) throw;
    const std::string what = one_of_many ? csv.path.filename().string() + ": " + e.happened() : e.happened();
    tell(Error(e.fault(), e.tried(), what, e.mend()), experiment, "path", diagnostics);
  }
  return std::nullopt;
}

// Each note once, with the file that it is of, and in how many it is the same.
class FileNotes {
 public:
  void add(const std::filesystem::path& file, const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
      const auto known = std::find_if(all_.begin(), all_.end(), [&](const Seen& seen) { return seen.note == note; });
      if (known != all_.end())
        ++known->files;
      else
        all_.push_back({note, file.filename().string(), 1});
    }
  }
  std::vector<std::string> texts() const {
    constexpr std::size_t kMost = 20;
    std::vector<std::string> out;
    for (const Seen& seen : all_)
      if (out.size() < kMost)
        out.push_back(seen.files == 1 ? seen.first + ": " + seen.note
                                      : fmt::format("{} and {} more: {}", seen.first, seen.files - 1, seen.note));
    if (all_.size() > kMost) out.push_back(fmt::format("and {} more notes of the files", all_.size() - kMost));
    return out;
  }

 private:
  struct Seen {
    std::string note, first;
    std::size_t files;
  };
  std::vector<Seen> all_;
};

std::optional<LoadedData> load_many(const config::Experiment& experiment, const LoadOptions& options, Diagnostics& diagnostics) {
  const std::filesystem::path& pattern = experiment.data.path;
  // A model is asked of a single file whose name still has the form that it was trained with.
  const bool named = data::is_pattern(pattern);
  const std::filesystem::path shape = named ? pattern : std::filesystem::path(experiment.data.path_as_written);
  const auto files = named ? data::files_of(pattern) : std::vector{pattern};
  if (files.empty()) {
    diagnostics.data_error(place_below_data(experiment, "path"), "no file matches '" + experiment.data.path_as_written + "'",
                           "paths are relative to the file they stand in: this is " + pattern.string(), "data.path");
    return std::nullopt;
  }
  std::vector<data::FileTable> tables;
  FileNotes notes;
  Sha256 hash;
  for (const std::filesystem::path& file : files) {
    data::CsvOptions csv = csv_options(experiment);
    csv.path = file;
    auto loaded = load_one(experiment, options, std::move(csv), true, diagnostics);
    if (!loaded) return std::nullopt;
    notes.add(file, loaded->notes);
    hash.add_part(file.filename().string(), loaded->content_hash);
    tables.push_back({file, std::move(loaded->frame)});
  }
  LoadedData out;
  out.notes = notes.texts();
  out.hash = hash.finish_hex();
  out.identity = "csv:" + pattern.lexically_normal().string();
  data::FrameNotes of_table;
  data::TimeRules rules = time_rules(experiment);
  if (experiment.data.tables.wide) rules.entity_column.clear();
  try {
    out.frame = data::one_table(tables, shape, experiment.data.tables.entity_from_files, rules, of_table);
  } catch (const Error& e) {
    tell(e, experiment, "path", diagnostics);
    return std::nullopt;
  }
  out.notes.insert(out.notes.end(), of_table.notes.begin(), of_table.notes.end());
  return out;
}

}  // namespace

Place place_below_data(const config::Experiment& experiment, const std::string& key) {
  const auto& places = experiment.data.key_places;
  for (std::string part = key;; part.resize(part.rfind('.'))) {
    if (const auto found = places.find(part); found != places.end()) return found->second;
    if (part.find('.') == std::string::npos) break;
  }
  if (key.starts_with("time") && experiment.data.time) return experiment.data.time->place;
  if (const auto path = places.find("path"); path != places.end()) return path->second;
  return experiment.data.place;
}

data::TimeRules time_rules(const config::Experiment& experiment) {
  data::TimeRules rules;
  if (const auto& time = experiment.data.time) {
    rules.time_column = time->column;
    rules.stamp = time->stamp == "start" ? data::Stamp::start : data::Stamp::end;
    rules.bar = time->bar;
  }
  rules.entity_column = experiment.data.entity;
  rules.available = experiment.data.available;
  return rules;
}

data::CsvOptions csv_options(const config::Experiment& experiment) {
  const config::DataSpec& spec = experiment.data;
  data::CsvOptions options;
  options.path = spec.path;
  options.columns = spec.columns;
  options.drop = spec.drop;
  options.categorical = spec.categorical;
  options.missing = spec.missing;
  if (spec.time) {
    options.clock_column = spec.time->clock;
    options.time_format = spec.time->format;
    options.zone = spec.time->zone;
  }
  set_text_form(spec.csv, options);
  return options;
}

std::optional<LoadedData> load_files(const config::Experiment& experiment, const LoadOptions& options, Diagnostics& diagnostics) {
  if (data::is_pattern(experiment.data.path) || experiment.data.tables.entity_from_files)
    return load_many(experiment, options, diagnostics);
  auto loaded = load_one(experiment, options, csv_options(experiment), false, diagnostics);
  if (!loaded) return std::nullopt;
  LoadedData out;
  out.frame = std::move(loaded->frame);
  out.hash = std::move(loaded->content_hash);
  out.identity = "csv:" + std::filesystem::weakly_canonical(experiment.data.path).string();
  out.notes = std::move(loaded->notes);
  out.let_go = std::move(loaded->let_go);
  return out;
}

data::CsvOptions csv_options(const config::JoinSpec& join) {
  data::CsvOptions options;
  options.path = join.path;
  options.columns = join.columns;
  options.drop = join.drop;
  options.categorical = join.categorical;
  options.missing = join.missing;
  options.time_format = join.format;
  options.zone = join.zone;
  options.times = {join.column};
  if (!join.known_column.empty() && join.known_column != join.column) options.times.push_back(join.known_column);
  if (!join.entity.empty()) {
    options.categorical.push_back(join.entity);
    if (!join.columns.empty()) options.columns.push_back(join.entity);
  }
  set_text_form(join.csv, options);
  return options;
}

std::optional<LoadedJoin> load_join(const config::Experiment& experiment, const config::JoinSpec& join, const LoadOptions& options,
                                    Diagnostics& diagnostics) {
  const std::string prefix = join.key + ".";
  const data::CsvOptions csv = csv_options(join);
  const auto renamed = [&](const std::string& key) -> std::string {
    if (key == "times.0") return "time.column";
    if (key == "times.1") return "available.column";
    if (key == "categorical." + std::to_string(join.categorical.size()) || key == "columns." + std::to_string(join.columns.size()))
      return "entity";
    return key;
  };
  try {
    data::LoadedFrame loaded = data::load_csv(csv, {}, {options.cache_folder}, options.progress);
    data::KnownRules rules;
    rules.time_column = join.column;
    rules.known_column = join.known_column;
    rules.entity_column = join.entity;
    rules.stamp = join.stamp == "start" ? data::Stamp::start : data::Stamp::end;
    rules.bar = join.bar;
    rules.available = join.available;
    LoadedJoin out;
    out.table = data::join_table(loaded.frame.columns(), rules);
    out.hash = std::move(loaded.content_hash);
    for (const std::string& note : loaded.notes) out.notes.push_back(join.name + ": " + note);
    return out;
  } catch (const data::ReadError& e) {
    tell(e, experiment, join.path, true, prefix, diagnostics, renamed);
  } catch (const Error& e) {
    if (e.fault() == Fault::interrupted) throw;
    tell(Error(e.fault(), e.tried(), join.path.filename().string() + ": " + e.happened(), e.mend()), experiment, prefix + "path",
         diagnostics);
  }
  return std::nullopt;
}

}  // namespace assay::run
