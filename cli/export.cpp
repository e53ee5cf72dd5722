// `assay export RUN --onnx FILE`: a stored model as a file that other programs run.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "onnx/export_fit.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp help() {
  return {
      "assay export RUN --onnx FILE [options]",
      "Writes one fit of a run as an ONNX file (operator set 17), with the preparation of its inputs inside: it takes the columns as they\n"
      "are before the preparation, in float64, and gives what `assay predict` gives. Which fit: as `assay predict` chooses.\n"
      "What ONNX cannot say is refused with its reason. What the file holds: docs/export.md.\n"
      "Exit codes: 0 done, 1 the command line is wrong or something cannot be expressed, 3 the model failed.",
      "assay export last --onnx model.onnx",
      {{"onnx", "FILE", "the file to be written", false},
       model_option(),
       fold_option(),
       repeat_option(),
       store_option(),
       plugins_option(),
       json_option()},
      1,
      1};
}

// Whole or not at all: readers never see half a file.
void write_whole(const std::filesystem::path& file, const std::string& bytes) {
  const std::filesystem::path half = file.string() + ".part";
  std::error_code error;
  {
    std::ofstream stream(half, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush()) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) std::filesystem::rename(half, file, error);
  if (!error) return;
  std::error_code ignored;
  std::filesystem::remove(half, ignored);
  throw Error(Fault::failed, "writing " + file.string(), "the disk refused it",
              "Look at the folder: does it exist, and may you write there?");
}

std::string input_shape(const onnx::ExportedFit& fit) {
  return fit.lookback > 0 ? fmt::format("batch x {} x {}", fit.lookback, fit.inputs.size()) : fmt::format("batch x {}", fit.inputs.size());
}

std::string text_of(const onnx::ExportedFit& fit, const std::string& file) {
  std::vector<std::string> names;
  for (const pipeline::InputColumn& input : fit.inputs) names.push_back(input.name);
  constexpr std::size_t kShown = 12;
  const std::size_t hidden = names.size() > kShown ? names.size() - kShown : 0;
  if (hidden > 0) names.resize(kShown);
  std::string out =
      fmt::format("{}: {} ({}), fold {}, repeat {}\n", file, fit.key.model, fit.component, fit.key.fold + 1, fit.key.repeat + 1);
  out += fmt::format("  {:<9} {} float64: {}{}\n", onnx::kInput, input_shape(fit), text::join(names, ", "),
                     hidden > 0 ? fmt::format(" and {} more", hidden) : "");
  out += fmt::format("  {:<9} batch x {} float64{}\n", onnx::kOutput, fit.outputs,
                     fit.classes.empty() ? ""
                     : fit.outputs == 1  ? fmt::format(": probability of {}", fit.classes[1])
                                         : fmt::format(": probabilities of {}", text::join(fit.classes, ", ")));
  out += fmt::format("  {} nodes, {} numbers in the model, {} bytes\n", fit.nodes, fit.numbers, fit.bytes.size());
  return out;
}

std::string json_text(const onnx::ExportedFit& fit, const std::string& file) {
  Json shape = Json::array({"batch"});
  if (fit.lookback > 0) shape.push_back(fit.lookback);
  shape.push_back(fit.inputs.size());
  Json metadata = Json::object();
  for (const auto& [key, value] : fit.metadata) metadata[key] = value;
  return Json{{"file", file},
              {"model", fit.key.model},
              {"fold", fit.key.fold + 1},
              {"repeat", fit.key.repeat + 1},
              {"input", {{"name", onnx::kInput}, {"type", "float64"}, {"shape", shape}}},
              {"output", {{"name", onnx::kOutput}, {"type", "float64"}, {"shape", {"batch", fit.outputs}}}},
              {"nodes", fit.nodes},
              {"numbers", fit.numbers},
              {"bytes", fit.bytes.size()},
              {"metadata", metadata}}
             .dump(-1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const auto file = arguments.value("onnx");
  if (!file) throw Error(Fault::usage, "", "--onnx is missing: the file to be written", "Usage: " + help().usage);
  const std::filesystem::path place = store_file(arguments.value("store"));
  const store::Store store(place, store::Store::Mode::read);
  onnx::ExportRequest request{fit_choice(store, arguments), ASSAY_VERSION};
  const auto plugins = registry_of(store.run(request.fit.run), arguments);
  const onnx::ExportedFit exported = onnx::export_fit(store, request, run_context(*plugins, place, console));
  write_whole(*file, exported.bytes);
  console.end_progress();
  for (const std::string& note : exported.notes) console.say("note: " + note);
  console.out(console.json() ? json_text(exported, *file) : text_of(exported, *file));
  return 0;
}

}  // namespace

Verb export_verb() { return {"export", "write a stored model as an ONNX file", &help, &run}; }

}  // namespace assay::cli
