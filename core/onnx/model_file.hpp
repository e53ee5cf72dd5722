// A graph as the bytes of an ONNX file (IR version 8, operator set 17). Used by export_fit. Writes protobuf by itself: no library of ONNX's
// or protobuf's is needed. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plugin/graph.hpp"

namespace assay::onnx {

// An input or output of the file.
struct Port {
  std::string name;
  std::uint16_t dtype = ASSAY_F64;
  std::vector<std::int64_t> shape;  // below 0: any number of rows, which is called "batch"
  std::string about;                // for readers
};

struct ModelFile {
  std::string name, about, version;  // version: of the program
  Port input;                        // named as the graph's rows()
  std::vector<Port> outputs;         // values of the graph
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Throws Error(failed) where the file would be larger than protobuf's two gigabytes.
std::string file_bytes(const plugin::Graph& graph, const ModelFile& file);

}  // namespace assay::onnx
