#include "checker/subject.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.hpp"

namespace assay::checker {
namespace {

using config::ParamKind;
using config::ParamSpec;
using config::Value;

double inside(const ParamSpec& param) {
  const bool low = param.min > -1e300, high = param.max < 1e300;
  return low && high ? param.min + (param.max - param.min) / 2 : low ? param.min + 1 : high ? param.max - 1 : 1;
}

std::optional<Value> made_up(const ParamSpec& param, ParamKind kind, std::size_t index) {
  switch (kind) {
    case ParamKind::boolean:
      return Value{false};
    case ParamKind::integer:
      return Value{static_cast<std::int64_t>(inside(param))};
    case ParamKind::real:
      return Value{inside(param)};
    case ParamKind::text:
      return Value{std::string("text")};
    case ParamKind::choice:
      return param.choices.empty() ? std::nullopt : std::optional<Value>(Value{param.choices.front()});
    case ParamKind::column:
      return Value{"x" + std::to_string(index)};
    case ParamKind::list: {
      config::List items;
      const std::size_t count = std::max<std::size_t>(param.min_items, std::min<std::size_t>(param.max_items, 2));
      for (std::size_t i = 0; i < count; ++i) {
        auto item = made_up(param, param.item_kind, index + i);
        if (!item) return std::nullopt;
        items.push_back(std::move(*item));
      }
      return Value{std::move(items)};
    }
    case ParamKind::component:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void fail(std::string text) { throw Found{{Status::fail, std::move(text)}}; }
void warn(std::string text) { throw Found{{Status::warn, std::move(text)}}; }
void skip(std::string text) { throw Found{{Status::skip, std::move(text)}}; }
void expect(bool holds, const std::string& otherwise) {
  if (!holds) fail(otherwise);
}

std::unique_ptr<plugin::Registry> load_alone(const std::filesystem::path& file) {
  plugin::SearchPath path;
  path.named = {file};
  auto registry = std::make_unique<plugin::Registry>(std::move(path));
  registry->load();
  return registry;
}

std::vector<const Test*> all_tests() {
  std::vector<const Test*> all;
  for (const auto* tests :
       {&file_tests(), &component_tests(), &model_tests(), &feature_tests(), &metric_tests(), &strategy_tests(), &sampler_tests()})
    for (const Test& test : *tests) all.push_back(&test);
  return all;
}

void on_threads(unsigned threads, const std::function<void(unsigned)>& body) {
  std::exception_ptr first;
  std::mutex mutex;
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
    });
  for (std::thread& thread : running) thread.join();
  if (first) std::rethrow_exception(first);
}

std::optional<config::Map> made_up_params(const config::ComponentSpec& spec, std::string& why) {
  config::Map params;
  std::size_t columns = 0;
  for (const ParamSpec& param : spec.params) {
    if (!param.required) {
      params.emplace_back(param.name, param.fallback);
      continue;
    }
    auto value = made_up(param, param.kind, columns);
    if (param.kind == ParamKind::column) ++columns;
    if (param.kind == ParamKind::list && param.item_kind == ParamKind::column && value) columns += value->as_list().size();
    if (!value) {
      why = "its parameter '" + param.name + "' needs another component, which the checker cannot make up";
      return std::nullopt;
    }
    params.emplace_back(param.name, std::move(*value));
  }
  return params;
}

}  // namespace assay::checker
