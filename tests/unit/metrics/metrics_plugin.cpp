#include "metrics_plugin.hpp"

#include <dlfcn.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace metrics_plugin {
namespace {

struct Host {
  std::string reason;
};

assay_call make_call(Host& host) {
  assay_call call{};
  call.struct_size = sizeof(call);
  call.max_threads = 1;
  call.host = &host;
  call.fail = [](assay_call* c, assay_status, assay_text reason) { static_cast<Host*>(c->host)->reason.assign(reason.data, reason.size); };
  call.log = [](assay_call*, int32_t, assay_text) {};
  call.report = [](assay_call*, int64_t, assay_text, double) -> int32_t { return 0; };
  call.stopping = [](assay_call*) -> int32_t { return 0; };
  return call;
}

template <class T>
const T* pointer(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

const assay_plugin& plugin() {
  static const assay_plugin* loaded = [] {
    void* file = dlopen(METRICS_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (file == nullptr) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<const assay_plugin* (*)()>(dlsym(file, "assay_plugin_entry_v1"));
    if (entry == nullptr || entry() == nullptr) throw std::runtime_error("the metrics plugin has no entry");
    return entry();
  }();
  return *loaded;
}

const assay_component& component(std::string_view id) {
  for (std::uint32_t i = 0; i < plugin().n_components; ++i) {
    if (plugin().components[i]->id == id) return *plugin().components[i];
  }
  throw std::out_of_range("no metric " + std::string(id));
}

const assay_metric_score& table(std::string_view id) {
  return *static_cast<const assay_metric_score*>(component(id).ability("metric.score/1"));
}

Setting choice(const char* name, const char* value) {
  assay_value v{};
  v.kind = ASSAY_VALUE_TEXT;
  v.text = {value, std::strlen(value)};
  return {name, v};
}

Setting integer(const char* name, std::int64_t value) {
  assay_value v{};
  v.kind = ASSAY_VALUE_INT;
  v.i64 = value;
  return {name, v};
}

Setting real(const char* name, double value) {
  assay_value v{};
  v.kind = ASSAY_VALUE_REAL;
  v.f64 = value;
  return {name, v};
}

std::vector<double> all_values(std::string_view id, const Rows& rows, const std::vector<Setting>& settings) {
  const auto& described = component(id);
  std::vector<assay_value> values;
  for (std::uint32_t i = 0; i < described.n_params; ++i) values.push_back(*described.params[i]->fallback);
  for (const auto& setting : settings) {
    std::uint32_t at = 0;
    while (at < described.n_params && std::string_view(described.params[at]->name) != setting.name) ++at;
    values.at(at) = setting.value;
  }
  Host host;
  auto call = make_call(host);
  const std::unique_ptr<void, void (*)(void*)> self(described.create(&call, values.data(), described.n_params), described.destroy);
  if (!self) throw std::runtime_error(host.reason);

  assay_scored scored{};
  scored.struct_size = sizeof(scored);
  scored.task = rows.task;
  scored.rows = static_cast<std::int64_t>(rows.truth.size());
  scored.n_classes = rows.classes;
  scored.n_outputs = rows.outputs;
  scored.truth = pointer(rows.truth);
  scored.value = pointer(rows.value);
  scored.decision = pointer(rows.decision);
  scored.weight = pointer(rows.weight);
  scored.time_ns = pointer(rows.time);
  scored.last_known_target = pointer(rows.last_known);
  scored.naive_mae = rows.naive_mae;
  scored.levels = pointer(rows.levels);
  scored.quantile = pointer(rows.quantile);
  scored.n_levels = static_cast<std::int64_t>(rows.levels.size());
  std::vector<double> out(table(id).n_values, -12345.0);
  if (table(id).score(self.get(), &call, &scored, out.data()) != ASSAY_DONE) throw std::runtime_error(host.reason);
  return out;
}

double score(std::string_view id, const Rows& rows, const std::vector<Setting>& settings) { return all_values(id, rows, settings).at(0); }

}  // namespace metrics_plugin
