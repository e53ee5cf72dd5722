#include "cli/session.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/compose.hpp"
#include "cli/place.hpp"
#include "config/experiment_reader.hpp"
#include "config/experiment_rules.hpp"
#include "run/identity.hpp"
#include "store/store.hpp"

namespace assay::cli {

namespace {

std::atomic<bool> interrupt_flag{false};

extern "C" void on_interrupt(int) {
  if (interrupt_flag.exchange(true)) std::_Exit(static_cast<int>(Fault::interrupted));  // what is stored can be gone on with
}

}  // namespace

const std::atomic<bool>& interrupted() { return interrupt_flag; }

void catch_interrupts() {
  std::signal(SIGINT, &on_interrupt);
  std::signal(SIGTERM, &on_interrupt);
}

OpenedExperiment open_experiment(const std::filesystem::path& file, const Arguments& arguments, Diagnostics& diagnostics) {
  OpenedExperiment out;
  config::ReadOptions options;
  options.sets = arguments.values("set");
  // A first reading without a catalogue tells which plugins the file names.
  Diagnostics first;
  const auto sketch = config::read_experiment(file, options, first);
  std::vector<std::filesystem::path> named;
  if (sketch) named.assign(sketch->plugins.begin(), sketch->plugins.end());
  out.registry = std::make_unique<plugin::Registry>(search_path(std::move(named), arguments.value("plugins"), arguments.value("isa")));
  options.catalogue = out.registry.get();
  options.sources = &out.sources;
  options.sketch = &out.sketch;
  out.experiment = config::read_experiment(file, options, diagnostics);
  for (const auto& [name, text] : out.sources) out.original += (out.sources.size() > 1 ? "# " + name + "\n" : "") + text;
  return out;
}

void override_resources(config::Experiment& experiment, const Arguments& arguments, Diagnostics& diagnostics) {
  if (const auto workers = arguments.integer("workers", 1)) experiment.resources.workers = *workers;
  if (const auto isolation = arguments.value("isolation")) {
    if (*isolation != "process" && *isolation != "thread" && *isolation != "none")
      throw Error(Fault::usage, "", fmt::format("--isolation takes process, thread or none, not '{}'", *isolation));
    experiment.resources.isolation = *isolation;
  }
  config::warn_of_limits(experiment, diagnostics);
}

std::unique_ptr<plugin::Registry> registry_of(const store::RunRecord& run, const Arguments& arguments) {
  const config::Experiment sketch =
      config::experiment_from_resolved(run.resolved, std::filesystem::path(run.file).parent_path(), run.name, nullptr);
  return std::make_unique<plugin::Registry>(
      search_path({sketch.plugins.begin(), sketch.plugins.end()}, arguments.value("plugins"), arguments.value("isa")));
}

run::FitChoice fit_choice(const store::Store& store, const Arguments& arguments) {
  return {store.resolve(arguments.plain()[0]), arguments.value("model").value_or(""), arguments.integer("fold", 1).value_or(0) - 1,
          arguments.integer("repeat", 1).value_or(1) - 1};
}

run::RunContext run_context(const plugin::Registry& registry, const std::filesystem::path& store, Console& console) {
  run::RunContext context{registry, store, ledger_file(), cache_folder(), "/proc/self/exe", &now, &interrupted(), {}, {}, {}, 2};
  context.backtest = &backtest_stage();
  // Not in --help: tests that stop a run in the middle want a checkpoint after every epoch.
  if (const char* seconds = std::getenv("ASSAY_CHECKPOINT_SECONDS"))
    context.checkpoint_seconds = text::to_real(seconds).value_or(context.checkpoint_seconds);
  context.progress = [&console](const run::Progress& progress) { console.progress(progress); };
  context.note = [&console](const std::string& line) { console.say(line); };
  context.reading = [&console](std::uint64_t done, std::uint64_t total) {
    console.reading(done, total);
    return !interrupted().load();
  };
  return context;
}

void keep_look(const std::string& kind, const config::Experiment& experiment, const std::string& data_hash, const std::string& json,
               const Arguments& arguments, Console& console) try {
  const std::filesystem::path file = store_file(arguments.value("store"));
  if (!std::filesystem::exists(file)) return;
  store::Store(file, store::Store::Mode::change).put_look(run::question_of(experiment.resolved, data_hash), {kind, now(), json});
} catch (const Error& error) {
  console.say(std::string("the report is not kept: ") + error.what());
}

Option set_option() { return {"set", "K=V", "override a value of the file: --set model.hidden=128", true}; }
Option plugins_option() { return {"plugins", "DIR", "look for plugins there too (a file or a folder)", false}; }
Option isa_option() { return {"isa", "LEVEL", "force a plugin variant: x86-64-v2, -v3, -v4 or plain", false}; }
Option store_option() { return {"store", "DB", "the store (default: $ASSAY_STORE, else ./assay.db)", false}; }
Option json_option() { return {"json", "", "one JSON value on stdout, nothing else", false}; }
Option model_option() { return {"model", "NAME", "which model of the run (default: its first)", false}; }
Option fold_option() { return {"fold", "N", "the model of which fold, from 1 (default: the last)", false}; }
Option repeat_option() { return {"repeat", "N", "which repeat, from 1 (default: 1)", false}; }

}  // namespace assay::cli
