#include "data/several_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

constexpr std::size_t kFaultsNamed = 5;

bool is_pattern_part(const std::string& part) { return part.find_first_of("*?") != std::string::npos; }

std::vector<std::filesystem::path> matching(const std::vector<std::filesystem::path>& folders, const std::string& part, bool is_last) {
  std::vector<std::filesystem::path> out;
  for (const std::filesystem::path& folder : folders) {
    if (!is_pattern_part(part)) {
      if (std::error_code error; std::filesystem::exists(folder / part, error)) out.push_back(folder / part);
      continue;
    }
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string();
      const bool hidden = name.front() == '.' && part.front() != '.';
      if (hidden || !text::matches(part, name)) continue;
      if (is_last ? entry.is_regular_file(error) : entry.is_directory(error)) out.push_back(folder / name);
    }
  }
  return out;
}

void check_same_columns(const std::vector<FileTable>& files) {
  const std::vector<std::string> first = files.front().frame.names();
  std::vector<std::string> faults;
  std::size_t count = 0;
  const auto fault = [&](std::string text) {
    if (++count <= kFaultsNamed) faults.push_back(std::move(text));
  };
  for (const FileTable& file : files) {
    const std::vector<std::string> names = file.frame.names();
    for (const std::string& name : first)
      if (std::find(names.begin(), names.end(), name) == names.end())
        fault(fmt::format("{} has no column '{}'", file.file.filename().string(), name));
    for (const std::string& name : names)
      if (std::find(first.begin(), first.end(), name) == first.end())
        fault(fmt::format("{} has a column '{}' too", file.file.filename().string(), name));
  }
  if (count == 0) return;
  throw Error(Fault::data, "",
              fmt::format("the files do not have the same columns. {} has {}; {}{}", files.front().file.filename().string(),
                          text::join(first, ", "), text::join(faults, "; "), count > kFaultsNamed ? "; ..." : ""),
              "name the columns that all of them have in `columns`, or a pattern that fits files of one kind");
}

// The i-th file's rows begin at starts[i] of the whole.
std::string row_name(std::int64_t row, const std::vector<std::int64_t>& starts, const std::vector<FileTable>& files) {
  const auto next = std::upper_bound(starts.begin(), starts.end(), row);
  const auto at = static_cast<std::size_t>(next - starts.begin()) - 1;
  return fmt::format("{} of {}", row - starts[at] + 1, files[at].file.filename().string());
}

}  // namespace

bool is_pattern(const std::filesystem::path& path) { return is_pattern_part(path.string()); }

std::vector<std::filesystem::path> files_of(const std::filesystem::path& pattern) {
  std::vector<std::filesystem::path> found{pattern.root_path()};
  const std::filesystem::path relative = pattern.relative_path();
  for (auto part = relative.begin(); part != relative.end(); ++part)
    found = matching(found, part->string(), std::next(part) == relative.end());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return found;
}

std::string name_in(const std::filesystem::path& file, const std::filesystem::path& pattern) {
  const std::string name = file.filename().string(), shape = pattern.filename().string();
  const bool one_star = std::count(shape.begin(), shape.end(), '*') == 1 && shape.find('?') == std::string::npos;
  if (one_star && text::matches(shape, name)) {
    const std::size_t before = shape.find('*');
    return name.substr(before, name.size() - (shape.size() - 1));
  }
  return name.substr(0, name.find('.', 1));
}

Frame one_table(const std::vector<FileTable>& files, const std::filesystem::path& pattern, bool entity_from_names, const TimeRules& rules,
                FrameNotes& notes) {
  ASSAY_CHECK(!files.empty(), "no files");
  check_same_columns(files);
  const auto file_name = [&](std::size_t i) { return files[i].file.filename().string(); };
  std::vector<std::int64_t> starts;
  std::int64_t rows = 0;
  for (const FileTable& file : files) {
    starts.push_back(rows);
    rows += static_cast<std::int64_t>(file.frame.rows());
  }
  std::vector<Column> columns;
  for (const std::string& name : files.front().frame.names()) {
    std::vector<const Column*> parts;
    for (const FileTable& file : files) parts.push_back(&file.frame.at(name));
    columns.push_back(stacked(parts, file_name));
  }
  if (entity_from_names) {
    std::vector<std::string> levels;
    std::vector<std::int32_t> codes;
    std::map<std::string, std::string> file_of;
    for (const FileTable& file : files) {
      const std::string entity = name_in(file.file, pattern);
      if (const auto [twin, is_new] = file_of.emplace(entity, file.file.string()); entity.empty() || !is_new)
        throw Error(Fault::data, "",
                    entity.empty() ? fmt::format("the name of {} leaves nothing for the entity", file.file.string())
                                   : fmt::format("{} and {} both give the entity '{}'", twin->second, file.file.string(), entity),
                    "write a pattern whose * stands for the entity alone, as in prices_*.csv");
      codes.resize(codes.size() + file.frame.rows(), static_cast<std::int32_t>(levels.size()));
      levels.push_back(entity);
    }
    for (const Column& column : columns)
      if (column.name() == rules.entity_column)
        throw Error(Fault::data, "", fmt::format("the files have a column '{}' already", column.name()),
                    "remove `entity_from`, or give `entity` another name");
    columns.push_back(Column::of_codes(rules.entity_column, std::move(codes), std::move(levels)));
  }
  std::vector<std::int64_t> source;
  for (std::size_t i = 0; i < files.size(); ++i)
    for (const std::int64_t row : files[i].frame.source_row()) source.push_back(starts[i] + row);
  FrameNotes own;  // that rows of one file lie behind those of another is no news
  Frame frame = Frame::finish(std::move(columns), rules, own,
                              [&](std::int64_t row) { return row_name(source[static_cast<std::size_t>(row)], starts, files); });
  Frame::Parts parts = frame.parts();
  std::vector<std::int64_t> of_file(parts.rows);
  for (std::size_t i = 0; i < parts.rows; ++i) of_file[i] = source[static_cast<std::size_t>(frame.source_row()[i])];
  parts.source_row = Column::of_integers("source_row", std::move(of_file));
  notes.notes.push_back(fmt::format("{} files, {} to {}: {} rows", files.size(), file_name(0), file_name(files.size() - 1), rows));
  return Frame::of_parts(std::move(parts));
}

}  // namespace assay::data
