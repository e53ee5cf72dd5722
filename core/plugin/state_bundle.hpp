// A trained model as one file of data: a JSON header (who made it, with what), the arrays (64-byte aligned), a SHA-256 checksum. Written
// with a temporary file, fsync and rename. Reading runs no code from the file and checks every length: a cut or changed file is an
// Error (data) that names what is wrong. Free functions, thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/value.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {

struct StateBundle {
  std::string component_id, component_version;
  std::uint32_t state_version = 1;
  config::ComponentValue params;  // id and parameters as given to create
  std::string columns_hash;       // of the input columns' names and kinds
  std::uint64_t seed = 0;
  std::string abi;   // "0.1": the ABI of the host that wrote it
  std::string note;  // free text: run, fold, model; JSON if the writer likes
  StateEntries state;
};

// Throws Error (failed) where the disk says no. The file appears whole or not at all. Returns its SHA-256 in hex.
std::string write_bundle(const std::filesystem::path& path, const StateBundle& bundle);
StateBundle read_bundle(const std::filesystem::path& path);

std::string bundle_bytes(const StateBundle& bundle);
StateBundle parse_bundle(std::string_view bytes, const std::string& name);  // name: for messages

}  // namespace assay::plugin
