#include "plugin/state_entries.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "plugin/abi_values.hpp"

namespace assay::plugin {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(Fault::failed, fmt::format("the state entry '{}'", name), why);
}

// Elements in row-major order, whatever the strides. put_array has seen to it that rank is 6 at most; the compiler is told once more.
void pack(const assay_array& array, std::size_t size, unsigned axis, const std::byte* from, std::byte*& to) {
  for (std::int64_t i = 0; i < array.shape[axis]; ++i, from += array.stride[axis] * static_cast<std::int64_t>(size)) {
    if (axis + 1u < array.rank && axis + 1u < std::size(array.shape)) {
      pack(array, size, axis + 1, from, to);
      continue;
    }
    std::memcpy(to, from, size);
    to += size;
  }
}

}  // namespace

std::size_t item_size(std::uint16_t dtype) {
  switch (dtype) {
    case ASSAY_I8:
    case ASSAY_U8:
    case ASSAY_BOOL:
      return 1;
    case ASSAY_I32:
    case ASSAY_U32:
    case ASSAY_F32:
      return 4;
    case ASSAY_I64:
    case ASSAY_U64:
    case ASSAY_F64:
      return 8;
    default:
      return 0;
  }
}

const char* dtype_name(std::uint16_t dtype) {
  switch (dtype) {
    case ASSAY_I8:
      return "i8";
    case ASSAY_I32:
      return "i32";
    case ASSAY_I64:
      return "i64";
    case ASSAY_U8:
      return "u8";
    case ASSAY_U32:
      return "u32";
    case ASSAY_U64:
      return "u64";
    case ASSAY_F32:
      return "f32";
    case ASSAY_F64:
      return "f64";
    case ASSAY_BOOL:
      return "bool";
    default:
      return "?";
  }
}

assay_array StateEntry::view() const {
  assay_array array{};
  array.dtype = dtype;
  array.rank = static_cast<std::uint16_t>(shape.size());
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) {
    array.shape[i] = shape[i];
    array.stride[i] = stride;
  }
  array.data = const_cast<std::byte*>(bytes.data());  // READ_ONLY says that nobody writes
  return array;
}

std::span<const double> StateEntry::reals() const {
  if (is_text || dtype != ASSAY_F64) throw Error(Fault::data, fmt::format("the state entry '{}'", name), "it is no array of f64");
  return {reinterpret_cast<const double*>(bytes.data()), bytes.size() / sizeof(double)};
}

void StateEntries::put(StateEntry entry) {
  if (entry.name.empty() || entry.name.size() > 1000) refuse(entry.name, "a name has 1 to 1000 bytes");
  if (find(entry.name)) refuse(entry.name, "it was put twice");
  if (!entry.is_text) {
    const std::size_t size = item_size(entry.dtype);
    if (size == 0) refuse(entry.name, fmt::format("its dtype {:#06x} is not known", entry.dtype));
    if (entry.shape.empty() || entry.shape.size() > 6) refuse(entry.name, "an array has rank 1 to 6");
    std::uint64_t bytes = size;
    for (const std::int64_t extent : entry.shape)
      if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes))
        refuse(entry.name, "its shape makes no sense");
    if (bytes != entry.bytes.size()) refuse(entry.name, "its shape and its length do not agree");
  }
  items_.push_back(std::move(entry));
}

void StateEntries::put_array(std::string name, const assay_array& array) {
  StateEntry entry{std::move(name), false, {}, array.dtype, {}, {}};
  const std::size_t size = item_size(array.dtype);
  if (array.rank == 0 || array.rank > 6 || size == 0 || array.device_kind != ASSAY_CPU || array.valid)
    refuse(entry.name, "only plain arrays of rank 1 to 6 in main memory can be saved");
  std::uint64_t count = 1;
  for (unsigned i = 0; i < array.rank; ++i) {
    entry.shape.push_back(array.shape[i]);
    if (array.shape[i] < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(array.shape[i]), &count) ||
        count > (std::uint64_t{1} << 46))
      refuse(entry.name, "its shape makes no sense");
  }
  if (count > 0 && !array.data) refuse(entry.name, "it has no data");
  entry.bytes.resize(count * size);
  std::byte* to = entry.bytes.data();
  if (count > 0) pack(array, size, 0, static_cast<const std::byte*>(array.data), to);
  put(std::move(entry));
}

void StateEntries::put_text(std::string name, std::string_view text) { put({std::move(name), true, std::string(text), 0, {}, {}}); }

const StateEntry* StateEntries::find(std::string_view name) const {
  for (const StateEntry& entry : items_)
    if (entry.name == name) return &entry;
  return nullptr;
}

std::size_t StateEntries::byte_size() const {
  std::size_t size = 0;
  for (const StateEntry& entry : items_) size += entry.bytes.size() + entry.text.size();
  return size;
}

std::string StateEntries::hash() const {
  Sha256 sha;
  for (const StateEntry& entry : items_) {
    std::string kind = entry.is_text ? "text" : dtype_name(entry.dtype);
    for (const std::int64_t extent : entry.shape) kind += fmt::format(" {}", extent);
    sha.add_part("name", entry.name);
    sha.add_part("kind", kind);
    sha.add_part("content", entry.is_text ? std::string_view(entry.text)
                                          : std::string_view(reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size()));
  }
  return sha.finish_hex();
}

StateWriter::StateWriter(StateEntries& entries) : table_{{}, &entries, {}} {
  auto put = [](assay_state_writer* raw, const char* name, auto&& what) noexcept -> assay_status {
    Table& table = *static_cast<Table*>(raw->host);
    try {
      what(*table.entries, std::string(name ? name : ""));
      return ASSAY_DONE;
    } catch (const Error& e) {
      table.error = e.tried() + ": " + e.happened();
    } catch (const std::bad_alloc&) {
      return ASSAY_NO_MEMORY;
    } catch (const std::exception& e) {
      table.error = e.what();
    }
    return ASSAY_BAD_INPUT;
  };
  static const auto kPut = put;
  table_.raw.struct_size = sizeof(assay_state_writer);
  table_.raw.host = &table_;
  table_.raw.put_array = [](assay_state_writer* raw, const char* name, const assay_array* array) {
    return kPut(raw, name, [&](StateEntries& e, std::string n) { e.put_array(std::move(n), *array); });
  };
  table_.raw.put_text = [](assay_state_writer* raw, const char* name, assay_text text) {
    return kPut(raw, name, [&](StateEntries& e, std::string n) { e.put_text(std::move(n), to_view(text)); });
  };
}

StateReader::StateReader(const StateEntries& entries) : raw_{} {
  raw_.struct_size = sizeof(assay_state_reader);
  raw_.host = const_cast<StateEntries*>(&entries);  // only read below
  raw_.get_array = [](assay_state_reader* raw, const char* name, assay_array* array) -> assay_status {
    const StateEntry* entry = static_cast<const StateEntries*>(raw->host)->find(name ? name : "");
    if (!entry || entry->is_text) return ASSAY_BAD_STATE;
    *array = entry->view();
    return ASSAY_DONE;
  };
  raw_.get_text = [](assay_state_reader* raw, const char* name, assay_text* text) -> assay_status {
    const StateEntry* entry = static_cast<const StateEntries*>(raw->host)->find(name ? name : "");
    if (!entry || !entry->is_text) return ASSAY_BAD_STATE;
    *text = to_abi(entry->text);
    return ASSAY_DONE;
  };
}

}  // namespace assay::plugin
