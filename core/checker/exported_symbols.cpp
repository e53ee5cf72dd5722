#include "checker/exported_symbols.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/error.hpp"

namespace assay::checker {
namespace {

[[noreturn]] void unreadable(const char* what) { throw Error(Fault::data, "read the exported symbols", what); }

template <class T>
T read_at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) unreadable("the file is cut off");
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string text_at(std::string_view bytes, const Elf64_Shdr& strings, std::uint32_t offset) {
  if (offset >= strings.sh_size || strings.sh_offset > bytes.size() || strings.sh_size > bytes.size() - strings.sh_offset)
    unreadable("a name lies beyond the file's end");
  const std::string_view table = bytes.substr(strings.sh_offset, strings.sh_size);
  const std::string_view rest = table.substr(offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

bool is_exported(const Elf64_Sym& symbol) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info), visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

bool is_linkers_own(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOwn = {"_init", "_fini", "_end", "_edata", "__bss_start", ""};
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

}  // namespace

std::vector<std::string> exported_symbols(std::string_view bytes) {
  const auto head = read_at<Elf64_Ehdr>(bytes, 0);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64) unreadable("this is no 64-bit ELF file");
  const auto section = [&](std::uint64_t index) {
    if (index >= head.e_shnum || head.e_shoff > bytes.size()) unreadable("its section table is broken");
    return read_at<Elf64_Shdr>(bytes, head.e_shoff + index * sizeof(Elf64_Shdr));
  };
  std::optional<Elf64_Shdr> symbols;
  for (std::uint64_t i = 0; i < head.e_shnum && !symbols; ++i)
    if (const Elf64_Shdr found = section(i); found.sh_type == SHT_DYNSYM) symbols = found;
  if (!symbols) unreadable("it has no dynamic symbol table");
  const Elf64_Shdr strings = section(symbols->sh_link);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < symbols->sh_size / sizeof(Elf64_Sym); ++i) {
    const auto symbol = read_at<Elf64_Sym>(bytes, symbols->sh_offset + i * sizeof(Elf64_Sym));
    if (!is_exported(symbol)) continue;
    std::string name = text_at(bytes, strings, symbol.st_name);
    if (!is_linkers_own(name)) names.push_back(std::move(name));
  }
  return names;
}

bool is_standard_library(std::string_view mangled) {
  if (mangled.substr(0, 2) != "_Z") return false;
  mangled.remove_prefix(2);
  for (const std::string_view prefix : {"TV", "TI", "TS", "TT", "GV", "GR"})  // vtables, type information, guards
    if (mangled.substr(0, 2) == prefix) {
      mangled.remove_prefix(2);
      break;
    }
  while (!mangled.empty() &&
         (mangled[0] == 'Z' || mangled[0] == 'N' || mangled[0] == 'K' || mangled[0] == 'V' || mangled[0] == 'R' || mangled[0] == 'O'))
    mangled.remove_prefix(1);
  if (mangled.substr(0, 10) == "9__gnu_cxx") return true;
  return mangled.size() > 1 && mangled[0] == 'S' && std::string_view("tabsiod").find(mangled[1]) != std::string_view::npos;
}

}  // namespace assay::checker
