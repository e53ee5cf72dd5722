#include "plugin/state_bundle.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

// Layout, little-endian: 16 bytes magic, u64 header length, 32 bytes SHA-256 of all that follows, the JSON header, and each entry's bytes
// at a multiple of 64. The header says where every entry lies and how long the file is.
namespace assay::plugin {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view kMagic = "ASSAY-BUNDLE-01\n";
constexpr std::size_t kAlign = 64, kPrefix = 16 + 8 + 32;
constexpr int kDeepest = 32;

std::size_t aligned(std::size_t offset) { return (offset + kAlign - 1) / kAlign * kAlign; }

// JSON has no infinity and no marked component: both become small objects.
Json to_json(const config::Value& value) {
  auto pairs = [](const config::Map& map) {
    Json list = Json::array();
    for (const auto& [name, item] : map) list.push_back(Json::array({name, to_json(item)}));
    return list;
  };
  const auto& data = value.data;
  if (const auto* flag = std::get_if<bool>(&data)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&data)) return *whole;
  if (const auto* real = std::get_if<double>(&data)) return std::isfinite(*real) ? Json(*real) : Json{{"real", text::shortest(*real)}};
  if (const auto* text = std::get_if<std::string>(&data)) return *text;
  if (const auto* map = std::get_if<config::Map>(&data)) return Json{{"map", pairs(*map)}};
  if (const auto* component = std::get_if<config::ComponentValue>(&data))
    return Json{{"use", component->id}, {"params", pairs(component->params)}};
  if (const auto* list = std::get_if<config::List>(&data)) {
    Json items = Json::array();
    for (const config::Value& item : *list) items.push_back(to_json(item));
    return items;
  }
  return nullptr;
}

config::Value from_json(const Json& json, int depth);

config::Map pairs_from(const Json& json, int depth) {
  config::Map map;
  for (const Json& pair : json) map.emplace_back(pair.at(0).get<std::string>(), from_json(pair.at(1), depth + 1));
  return map;
}

config::Value from_json(const Json& json, int depth) {
  if (depth > kDeepest) throw std::out_of_range("values are nested too deeply");
  if (json.is_null()) return {};
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_float()) return {json.get<double>()};
  if (json.is_number()) return {json.get<std::int64_t>()};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    config::List list;
    for (const Json& item : json) list.push_back(from_json(item, depth + 1));
    return {std::move(list)};
  }
  if (json.contains("map")) return {pairs_from(json.at("map"), depth)};
  if (json.contains("use")) return {config::ComponentValue{json.at("use").get<std::string>(), pairs_from(json.at("params"), depth)}};
  const auto text = json.at("real").get<std::string>();
  return {text == "nan" ? std::nan("") : text == "inf" ? INFINITY : -INFINITY};
}

Json header_of(const StateBundle& bundle, std::size_t& data_size) {
  Json header{{"format", 1},
              {"component", bundle.component_id},
              {"version", bundle.component_version},
              {"state_version", bundle.state_version},
              {"abi", bundle.abi},
              {"params", to_json({bundle.params})},
              {"columns_hash", bundle.columns_hash},
              {"seed", bundle.seed},
              {"note", bundle.note}};
  Json entries = Json::array();
  std::size_t offset = 0;  // counted from where the data begin
  for (const StateEntry& entry : bundle.state.items()) {
    const std::size_t bytes = entry.is_text ? entry.text.size() : entry.bytes.size();
    entries.push_back({{"name", entry.name},
                       {"type", entry.is_text ? "text" : dtype_name(entry.dtype)},
                       {"shape", entry.shape},
                       {"at", offset},
                       {"bytes", bytes}});
    offset = aligned(offset + bytes);
  }
  data_size = offset;
  header["entries"] = std::move(entries);
  header["data_bytes"] = data_size;
  return header;
}

std::uint16_t dtype_from(const std::string& name) {
  for (const std::uint16_t dtype : {ASSAY_I8, ASSAY_I32, ASSAY_I64, ASSAY_U8, ASSAY_U32, ASSAY_U64, ASSAY_F32, ASSAY_F64, ASSAY_BOOL})
    if (name == dtype_name(dtype)) return dtype;
  throw std::out_of_range("an entry has the unknown type " + name);
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

StateEntries read_entries(const Json& header, std::string_view data) {
  StateEntries state;
  if (header.at("data_bytes").get<std::uint64_t>() != data.size()) throw std::out_of_range("its length is not what its header says");
  for (const Json& item : header.at("entries")) {
    StateEntry entry;
    entry.name = item.at("name").get<std::string>();
    const auto type = item.at("type").get<std::string>();
    const auto at = item.at("at").get<std::uint64_t>(), bytes = item.at("bytes").get<std::uint64_t>();
    if (at % kAlign != 0 || at > data.size() || bytes > data.size() - at)
      throw std::out_of_range(fmt::format("the entry '{}' lies outside the file", entry.name));
    const std::string_view content = data.substr(at, bytes);
    entry.is_text = type == "text";
    if (entry.is_text)
      entry.text = std::string(content);
    else {
      entry.dtype = dtype_from(type);
      entry.shape = item.at("shape").get<std::vector<std::int64_t>>();
      entry.bytes.assign(as_bytes(content).begin(), as_bytes(content).end());
    }
    state.put(std::move(entry));  // checks name, shape and length
  }
  return state;
}

StateBundle from_header(const Json& header, std::string_view data) {
  if (header.at("format").get<int>() != 1) throw std::out_of_range("it was written by a newer assay");
  StateBundle bundle;
  bundle.component_id = header.at("component").get<std::string>();
  bundle.component_version = header.at("version").get<std::string>();
  bundle.state_version = header.at("state_version").get<std::uint32_t>();
  bundle.abi = header.at("abi").get<std::string>();
  config::Value params = from_json(header.at("params"), 0);
  if (auto* component = std::get_if<config::ComponentValue>(&params.data))
    bundle.params = std::move(*component);
  else
    throw std::out_of_range("its parameters are not a component's");
  bundle.columns_hash = header.at("columns_hash").get<std::string>();
  bundle.seed = header.at("seed").get<std::uint64_t>();
  bundle.note = header.at("note").get<std::string>();
  bundle.state = read_entries(header, data);
  return bundle;
}

[[noreturn]] void fail_writing(const std::filesystem::path& path, const std::string& what) {
  throw Error(Fault::failed, "writing " + path.string(), what + ": " + std::strerror(errno));
}

// Closes (and on failure removes) what it opened.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target),
        path_(target.string() + fmt::format(".{}.tmp", ::getpid())),
        fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail_writing(path_, "cannot create it");
  }
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!done_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) fail_writing(path_, "cannot write");
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void publish() {
    if (::fsync(fd_) != 0) fail_writing(path_, "fsync");
    ::close(std::exchange(fd_, -1));
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail_writing(target_, "rename");
    done_ = true;
    const auto folder = target_.has_parent_path() ? target_.parent_path() : std::filesystem::path(".");
    if (const int dir = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); dir >= 0) {
      ::fsync(dir);  // the new name survives a power cut too; some file systems refuse, and the file is whole either way
      ::close(dir);
    }
  }

 private:
  std::filesystem::path target_, path_;
  int fd_;
  bool done_ = false;
};

}  // namespace

std::string bundle_bytes(const StateBundle& bundle) {
  std::size_t data_size = 0;
  std::string header;
  try {
    header = header_of(bundle, data_size).dump();
  } catch (const nlohmann::json::exception&) {  // a name or note that is not UTF-8
    throw Error(Fault::failed, "saving " + bundle.component_id, "a name, parameter or note is not valid UTF-8");
  }
  const std::size_t data_at = aligned(kPrefix + header.size());
  std::string bytes(data_at + data_size, '\0');
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  const std::uint64_t header_size = header.size();
  for (unsigned i = 0; i < 8; ++i) bytes[16 + i] = static_cast<char>(header_size >> (8 * i));
  std::memcpy(bytes.data() + kPrefix, header.data(), header.size());
  std::size_t at = data_at;
  for (const StateEntry& entry : bundle.state.items()) {
    const std::size_t size = entry.is_text ? entry.text.size() : entry.bytes.size();
    if (size > 0) std::memcpy(bytes.data() + at, entry.is_text ? static_cast<const void*>(entry.text.data()) : entry.bytes.data(), size);
    at = aligned(at + size);
  }
  Sha256 sha;
  sha.add(std::string_view(bytes).substr(0, 24));
  sha.add(std::string_view(bytes).substr(kPrefix));
  const auto digest = sha.finish();
  std::memcpy(bytes.data() + 24, digest.data(), digest.size());
  return bytes;
}

StateBundle parse_bundle(std::string_view bytes, const std::string& name) {
  auto refuse = [&](const std::string& why) {
    return Error(Fault::data, "reading the model bundle " + name, why, "restore the file from a backup, or run the experiment again");
  };
  if (bytes.substr(0, kMagic.size()) != kMagic.substr(0, bytes.size())) throw refuse("it is not a model bundle");
  if (bytes.size() < kPrefix) throw refuse(fmt::format("it is cut off: only {} bytes are left", bytes.size()));
  std::uint64_t header_size = 0;
  for (unsigned i = 0; i < 8; ++i) header_size |= std::uint64_t{static_cast<unsigned char>(bytes[16 + i])} << (8 * i);
  if (header_size > bytes.size() - kPrefix || aligned(kPrefix + header_size) > bytes.size())
    throw refuse("it is cut off: its header says it is longer than it is");
  Sha256 sha;
  sha.add(bytes.substr(0, 24));
  sha.add(bytes.substr(kPrefix));
  if (std::memcmp(sha.finish().data(), bytes.data() + 24, 32) != 0) throw refuse("it is damaged or cut off: the checksum does not agree");
  try {
    return from_header(Json::parse(bytes.substr(kPrefix, header_size)), bytes.substr(aligned(kPrefix + header_size)));
  } catch (const Error& e) {
    throw refuse(e.tried() + ": " + e.happened());
  } catch (const std::exception& e) {
    throw refuse(std::string("its header cannot be used: ") + e.what());
  }
}

std::string write_bundle(const std::filesystem::path& path, const StateBundle& bundle) {
  const std::string bytes = bundle_bytes(bundle);
  TemporaryFile file(path);
  file.write(bytes);
  file.publish();
  return sha256_hex(bytes);
}

StateBundle read_bundle(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(error ? 0 : size, '\0');
  if (error || !file || !file.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw Error(Fault::data, "reading the model bundle " + path.string(), "the file cannot be opened or read");
  return parse_bundle(bytes, path.string());
}

}  // namespace assay::plugin
