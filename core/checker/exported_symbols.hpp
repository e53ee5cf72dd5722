// The names that a shared library shows to the world, read from its dynamic symbol table (ELF, 64 bit). Used by the checker's `exports`
// test. Runs no code of the file; any bytes may come. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::checker {

// Defined, visible symbols, without those that the linker makes itself (_init, _end ...). Throws Error (data) where the bytes are no such
// file.
std::vector<std::string> exported_symbols(std::string_view bytes);

// Of the C++ standard library: template code that a compiler emitted into this file.
bool is_standard_library(std::string_view mangled);

}  // namespace assay::checker
