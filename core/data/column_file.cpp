#include "data/column_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "base/hash.hpp"
#include "data/mapped_file.hpp"

namespace assay::data {
namespace {

// Layout (little-endian): header, columns at multiples of 64 bytes, then a description of the columns, whose place stands in the header.
constexpr std::array<char, 8> kMagic{'A', 'S', 'S', 'A', 'Y', 'C', 'F', '1'};
constexpr std::size_t kAlign = 64;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr bool kCompareSums = false;  // a fuzzer does not guess them, and is to reach what lies behind
#else
constexpr bool kCompareSums = true;
#endif

struct Header {
  std::array<char, 8> magic;
  std::uint64_t file_size, description_at, description_size;
  std::uint64_t checksum;  // of everything behind the header
  std::uint64_t reserved[3];
};
static_assert(sizeof(Header) == kAlign);

// Not against malice: against a disk's and a program's mistakes. Four lanes, so that it runs at memory speed.
std::uint64_t checksum(std::string_view bytes) {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15u;
  std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
  std::size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data() + at, 32);
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = (lanes[i] ^ words[i]) * kPrime, lanes[i] ^= lanes[i] >> 29;
  }
  std::uint64_t sum = bytes.size();
  for (const std::uint64_t lane : lanes) sum = (sum ^ lane) * kPrime, sum ^= sum >> 32;
  for (; at < bytes.size(); ++at) sum = (sum ^ static_cast<unsigned char>(bytes[at])) * kPrime, sum ^= sum >> 32;
  return sum;
}

std::size_t width_of(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return 1;
    case ColumnType::category:
      return 4;
    default:
      return 8;
  }
}

const void* values_of(const Column& column) {
  switch (column.type()) {
    case ColumnType::real:
      return column.reals().data();
    case ColumnType::integer:
      return column.integers().data();
    case ColumnType::boolean:
      return column.booleans().data();
    case ColumnType::category:
      return column.codes().data();
    case ColumnType::timestamp:
      return column.times().data();
  }
  return nullptr;
}

struct OpenFile {
  int fd;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
};

// "Read whole and found right": which file it was, as the system tells (any write to it, or another file in its place, shows), and in
// which run of the machine, so that a power cut or a disk that went bad while off is noticed. Kept beside the file.
std::string state_of(int fd) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) return {};
  std::array<char, 40> boot{};
  const OpenFile id{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (id.fd < 0 || ::read(id.fd, boot.data(), 36) != 36) return {};
  return fmt::format("1 {} {} {} {}.{:09d} {}.{:09d} {}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                     s.st_ctim.tv_sec, s.st_ctim.tv_nsec, boot.data());
}

std::filesystem::path mark_of(const std::filesystem::path& file) { return file.string() + ".whole"; }

// Names that no other writer has, be it a thread of this process or another process.
std::string temporary_beside(const std::filesystem::path& file) {
  static std::atomic<unsigned> number{0};
  return fmt::format("{}.{}.{}.new", file.string(), ::getpid(), number.fetch_add(1));
}

bool is_marked(const std::filesystem::path& file, const std::string& state) {
  const OpenFile mark{::open(mark_of(file).c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 512> text{};
  const ssize_t n = mark.fd < 0 || state.empty() ? 0 : ::read(mark.fd, text.data(), text.size());
  return n > 0 && std::string_view(text.data(), static_cast<std::size_t>(n)) == state;
}

// Only where the file has been left alone for a while: a clock's tick must lie between its last change and the look at it.
void set_mark(const std::filesystem::path& file, int fd, const std::string& state) {
  constexpr std::int64_t kQuietSeconds = 2;
  struct stat s {};
  struct timespec now {};
  if (state.empty() || ::fstat(fd, &s) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec - s.st_ctim.tv_sec < kQuietSeconds)
    return;
  const std::string temporary = temporary_beside(mark_of(file));
  const OpenFile out{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (out.fd < 0) return;  // a folder that may not be written: the file is read whole each time
  std::error_code error;
  if (::write(out.fd, state.data(), state.size()) == static_cast<ssize_t>(state.size()))
    std::filesystem::rename(temporary, mark_of(file), error);
  std::filesystem::remove(temporary, error);
}

class Writer {
 public:
  void number(std::uint64_t value) { text_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    text_ += value;
  }
  void texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const std::string& value : values) text(value);
  }
  const std::string& bytes() const { return text_; }

 private:
  std::string text_;
};

class Parser {  // never past the end: after a fault everything reads as nothing
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}
  bool good() const { return good_; }
  bool at_end() const { return good_ && bytes_.empty(); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    if (const auto part = take(sizeof value); !part.empty()) std::memcpy(&value, part.data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number())); }
  std::vector<std::string> texts() {
    const std::uint64_t count = number();
    std::vector<std::string> values;
    for (std::uint64_t i = 0; i < count && good_; ++i) values.push_back(text());
    return values;
  }

 private:
  std::string_view take(std::uint64_t n) {
    if (!good_ || n > bytes_.size()) {
      good_ = false;
      return {};
    }
    const auto part = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return part;
  }
  std::string_view bytes_;
  bool good_ = true;
};

// Names, types and places of all columns; the values go to `body`.
void describe(const Column& column, std::uint64_t at, Writer& out) {
  out.text(column.name());
  out.number(static_cast<std::uint64_t>(column.type()));
  out.number(column.size());
  out.number(at);
  out.texts(column.type() == ColumnType::category ? column.levels() : std::vector<std::string>());
}

bool read_column(Parser& in, const std::shared_ptr<const MappedFile>& file, std::uint64_t end, bool known_whole, Column& column) {
  std::string name = in.text();
  const std::uint64_t type_number = in.number(), size = in.number(), at = in.number();
  std::vector<std::string> levels = in.texts();
  if (!in.good() || type_number > static_cast<std::uint64_t>(ColumnType::timestamp)) return false;
  const auto type = static_cast<ColumnType>(type_number);
  if (at % kAlign != 0 || at > end || size > (end - at) / width_of(type)) return false;
  const void* const values = file->text().data() + at;
  if (type == ColumnType::category && !known_whole)
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::int32_t code = static_cast<const std::int32_t*>(values)[i];
      if (code != kMissingCode && static_cast<std::uint32_t>(code) >= levels.size()) return false;
    }
  column = Column::borrowed(std::move(name), type, values, size, file, std::move(levels));
  return true;
}

void write_all(int fd, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), 1 << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw Error(Fault::failed, "writing " + file.string(), std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::vector<const Column*> all_columns(const Frame::Parts& parts) {
  std::vector<const Column*> columns{&parts.bar_time, &parts.known_at, &parts.entity, &parts.source_row};
  for (const Column& column : parts.columns) columns.push_back(&column);
  return columns;
}

// The body as pieces, without a second copy of the columns.
std::vector<std::string_view> pieces_of(const LoadedFrame& loaded, const std::string& key, Writer& description) {
  static constexpr std::array<char, kAlign> kZeros{};
  const Frame::Parts& parts = loaded.frame.parts();
  const auto columns = all_columns(parts);
  description.text(key);
  description.text(loaded.content_hash);
  description.texts(loaded.notes);
  description.number(parts.rows);
  description.number(parts.panel ? 1 : 0);
  description.number(columns.size());
  std::vector<std::string_view> pieces;
  std::uint64_t at = sizeof(Header);
  const void* last_values = nullptr;
  std::uint64_t last_at = 0;
  for (const Column* column : columns) {
    const std::size_t bytes = column->size() * width_of(column->type());
    const void* const values = values_of(*column);
    if (bytes != 0 && values == last_values) {  // known_at is often bar_time itself
      describe(*column, last_at, description);
      continue;
    }
    describe(*column, at, description);
    last_values = values;
    last_at = at;
    const std::size_t gap = (kAlign - bytes % kAlign) % kAlign;
    if (bytes != 0) pieces.emplace_back(static_cast<const char*>(values), bytes);
    if (gap != 0) pieces.emplace_back(kZeros.data(), gap);
    at += bytes + gap;
  }
  return pieces;
}

// Raised where the reader or Frame::finish make another frame of the same bytes and options.
constexpr int kReaderVersion = 3;

// What the cached frame depends on: the file as it lies there, how it is to be read, and who reads.
std::string cache_key(const CsvOptions& o, const TimeRules& rules, const std::filesystem::path& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  Sha256 hash;
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    hash.add_part(name, std::to_string(values.size()));
    for (const std::string& value : values) hash.add_part(name, value);
  };
  hash.add_part("reader", std::to_string(kReaderVersion));
  hash.add_part("path", path.string());
  hash.add_part("file", fmt::format("{} {}.{:09d} {} {}", s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ino, s.st_dev));
  hash.add_part("delimiter", std::string(1, o.delimiter));
  list("columns", o.columns);
  list("drop", o.drop);
  list("categorical", o.categorical);
  list("missing", o.missing);
  list("numeric", o.numeric);
  list("names", o.names);
  list("times", o.times);
  hash.add_part("marks", std::string{o.decimal, o.thousands});
  hash.add_part("encoding", o.encoding);
  hash.add_part("lines",
                fmt::format("{} {} {} {}", o.header ? static_cast<int>(*o.header) : -1, o.skip_lines, o.skip_trailer, o.skip_malformed));
  hash.add_part("time", o.time_column);
  hash.add_part("clock", o.clock_column);
  hash.add_part("format", o.time_format);
  hash.add_part("zone", o.zone);
  hash.add_part("entity", o.entity_column);
  const auto span = [](const Span& value) { return fmt::format("{} {} {}", value.months, value.ns, value.count); };
  hash.add_part("rules", fmt::format("{}; {}; {}", rules.stamp == Stamp::start ? "start" : "end", rules.bar ? span(*rules.bar) : "none",
                                     span(rules.available)));
  return hash.finish_hex();
}

// When an entry was last of use: its mark is touched whenever it is opened.
void touch(const std::filesystem::path& file) { ::utimensat(AT_FDCWD, mark_of(file).c_str(), nullptr, 0); }
std::filesystem::file_time_type last_use(const std::filesystem::path& file) {
  std::error_code error;
  const auto marked = std::filesystem::last_write_time(mark_of(file), error);
  return error ? std::filesystem::last_write_time(file, error) : marked;
}

// Entries that were of no use for longest go until the folder is within its limit; `kept` stays. Whoever has one mapped keeps it so. What
// writers left behind that were killed goes after a day.
void trim(const CacheOptions& cache, const std::filesystem::path& kept) {
  struct Entry {
    std::filesystem::file_time_type used;
    std::filesystem::path file;
    std::uintmax_t bytes;
  };
  std::vector<Entry> entries;
  std::uintmax_t total = 0;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(cache.folder, error)) {
    const std::filesystem::path& file = item.path();
    if (file.extension() == ".new" && std::filesystem::file_time_type::clock::now() - item.last_write_time(error) > std::chrono::hours(24))
      std::filesystem::remove(file, error);
    if (file.extension() != ".columns") continue;
    const std::uintmax_t bytes = item.file_size(error);
    if (error) continue;
    entries.push_back({last_use(file), file, bytes});
    total += bytes;
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= cache.limit_bytes) return;
    if (entry.file == kept) continue;
    std::filesystem::remove(entry.file, error);
    std::filesystem::remove(mark_of(entry.file), error);
    total -= entry.bytes;
  }
}

LoadedFrame read_fresh(const CsvOptions& options, const TimeRules& rules, const ReadProgress& progress) {
  CsvTable table = read_csv(options, progress);
  FrameNotes notes{std::move(table.notes)};
  LoadedFrame loaded;
  loaded.frame = Frame::finish(std::move(table.columns), rules, notes);
  loaded.content_hash = std::move(table.content_hash);
  loaded.notes = std::move(notes.notes);
  return loaded;
}

}  // namespace

void write_column_file(const std::filesystem::path& file, const LoadedFrame& loaded, const std::string& key) {
  Writer description;
  auto pieces = pieces_of(loaded, key, description);
  Header header{};
  header.magic = kMagic;
  header.description_at = sizeof header;
  for (const std::string_view piece : pieces) header.description_at += piece.size();
  header.description_size = description.bytes().size();
  header.file_size = header.description_at + header.description_size;
  const std::string temporary = temporary_beside(file);
  try {
    const OpenFile out{::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (out.fd < 0) throw Error(Fault::failed, "writing " + temporary, std::strerror(errno));
    const auto header_bytes = [&] { return std::string_view(reinterpret_cast<const char*>(&header), sizeof header); };
    write_all(out.fd, header_bytes(), file);
    for (const std::string_view piece : pieces) write_all(out.fd, piece, file);
    write_all(out.fd, description.bytes(), file);
    {
      const MappedFile written(temporary);  // the sum is taken over what the file system gives back
      header.checksum = checksum(written.text().substr(sizeof header));
    }
    if (::lseek(out.fd, 0, SEEK_SET) != 0) throw Error(Fault::failed, "writing " + temporary, std::strerror(errno));
    write_all(out.fd, header_bytes(), file);
    if (::fsync(out.fd) != 0) throw Error(Fault::failed, "writing " + temporary, std::strerror(errno));
    std::filesystem::rename(temporary, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

std::optional<LoadedFrame> open_column_file(const std::filesystem::path& file, const std::string& key) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  const OpenFile handle{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  const std::string state = state_of(handle.fd);  // before anything is read
  const auto mapped = std::make_shared<const MappedFile>(file);
  const std::string_view bytes = mapped->text();
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic || header.file_size != bytes.size() || header.description_at < sizeof header ||
      header.description_at > bytes.size() || header.description_size != bytes.size() - header.description_at)
    return std::nullopt;
  const bool known_whole = is_marked(file, state) && state == state_of(handle.fd);  // the second look: not replaced since
  if (kCompareSums && !known_whole && checksum(bytes.substr(sizeof header)) != header.checksum) return std::nullopt;
  Parser in(bytes.substr(header.description_at));
  if (in.text() != key) return std::nullopt;
  LoadedFrame loaded;
  loaded.from_cache = true;
  loaded.content_hash = in.text();
  loaded.notes = in.texts();
  Frame::Parts parts;
  parts.rows = in.number();
  parts.panel = in.number() == 1;
  const std::uint64_t count = in.number();
  if (!in.good() || count < 4) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    Column column;
    if (!read_column(in, mapped, header.description_at, known_whole, column)) return std::nullopt;
    Column* const fixed[] = {&parts.bar_time, &parts.known_at, &parts.entity, &parts.source_row};
    const bool may_be_absent = i < 3;
    if (column.size() != parts.rows && !(may_be_absent && column.size() == 0)) return std::nullopt;
    if (i < 4) {
      if (column.type() != fixed[i]->type()) return std::nullopt;
      *fixed[i] = std::move(column);
    } else {
      parts.columns.push_back(std::move(column));
    }
  }
  if (!in.at_end() || parts.bar_time.size() != parts.known_at.size() || (parts.panel && parts.entity.size() != parts.rows) ||
      (!known_whole && parts.entity.missing_count() != 0))
    return std::nullopt;  // what a frame's index builds on
  if (!known_whole && state == state_of(handle.fd)) set_mark(file, handle.fd, state);
  loaded.frame = Frame::of_parts(std::move(parts));
  loaded.let_go = [mapped] { mapped->let_go(); };
  return loaded;
}

LoadedFrame load_csv(const CsvOptions& given, const TimeRules& rules, const CacheOptions& cache, const ReadProgress& progress) {
  CsvOptions options = given;
  options.time_column = rules.time_column;
  options.entity_column = rules.entity_column;
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(options.path, error);
  const std::string key = cache.folder.empty() || error ? std::string() : cache_key(options, rules, path);
  if (key.empty()) return read_fresh(options, rules, progress);
  const auto file = cache.folder / (key + ".columns");
  std::string trouble;
  try {
    if (auto loaded = open_column_file(file, key)) {
      touch(file);
      return std::move(*loaded);
    }
    if (std::filesystem::exists(file, error)) trouble = "the cached copy of the data was damaged: read again";
  } catch (const Error& e) {
    trouble = "the cached copy of the data could not be opened: " + e.happened();
  }
  LoadedFrame loaded = read_fresh(options, rules, progress);
  // A file that changed while it was read must not be found under its old key.
  if (cache_key(options, rules, path) == key) {
    try {
      std::filesystem::create_directories(cache.folder);
      write_column_file(file, loaded, key);
      trim(cache, file);
      if (auto mapped = open_column_file(file, key)) {  // instead of a copy on the heap
        loaded.frame = std::move(mapped->frame);
        loaded.let_go = std::move(mapped->let_go);
      }
    } catch (const std::exception& e) {
      trouble = std::string("the data could not be kept in the cache: ") + e.what();
    }
  }
  if (!trouble.empty()) loaded.notes.push_back(trouble);
  return loaded;
}

}  // namespace assay::data
