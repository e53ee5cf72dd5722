#include "run/remote_learner.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

std::vector<std::byte> bytes_of_part(const worker::Message& message) {
  if (message.parts.empty()) return {};
  return {message.parts[0].begin(), message.parts[0].end()};
}

}  // namespace

RemoteLearner::RemoteLearner(const train::LearnerSetup& setup, const std::filesystem::path& plugin, const worker::Descriptor& train_rows,
                             const worker::ConversationOptions& options)
    : conversation_(setup.model.id, options) {
  const Json header{{"plugin", plugin.string()}, {"setup", to_json(setup)}};
  const Json traits = Json::parse(ask(Request::setup, header.dump(), {}, train_rows.number()).header);
  const auto is = [&](const char* name) { return traits.at(name).get<bool>(); };
  traits_ = {is("by_steps"), is("resumable"), is("uses_validation"), is("tells_slopes"), is("linear"), is("tells_quantiles"), is("prunes")};
}

worker::Message RemoteLearner::ask(Request request, std::string_view header, std::span<const worker::Bytes> parts, int file,
                                   const worker::Conversation::Aside& aside) {
  return conversation_.ask(static_cast<std::uint32_t>(request), header, parts, file, aside);
}

void RemoteLearner::begin() { ask(Request::begin); }

double RemoteLearner::epoch(std::int64_t index, double rate_factor) {
  const worker::Message done = ask(Request::epoch, Json{{"index", index}, {"rate_factor", rate_factor}}.dump());
  return done.part_as<double>(0)[0];
}

void RemoteLearner::fit(const train::Rows& validation, const train::Evaluate& evaluate) {
  if (!evaluate) {
    ask(Request::fit);
    return;
  }
  const worker::Descriptor rows = pack(train::without_labels(validation));
  ask(Request::fit, "{}", {}, rows.number(), [&](const worker::Message& asked) {
    ASSAY_CHECK(asked.type == kEvaluate, "a fit asks for scores only");
    const double score = evaluate(asked.part_as<double>(0), Json::parse(asked.header).at("horizon").get<std::int64_t>());
    const std::array<worker::Bytes, 1> answer{worker::bytes_of(std::span<const double>(&score, 1))};
    conversation_.send(static_cast<std::uint32_t>(Request::score), "{}", answer);
  });
}

std::vector<double> RemoteLearner::predict(const train::Rows& rows) {
  const worker::Descriptor packed = pack(train::without_labels(rows));
  const worker::Message done = ask(Request::predict, "{}", {}, packed.number());
  const auto values = done.part_as<double>(0);
  return {values.begin(), values.end()};
}

std::vector<double> RemoteLearner::quantiles(const train::Rows& rows) {
  const worker::Descriptor packed = pack(train::without_labels(rows));
  const worker::Message done = ask(Request::quantiles, "{}", {}, packed.number());
  const auto values = done.part_as<double>(0);
  return {values.begin(), values.end()};
}

void RemoteLearner::keep_best() { ask(Request::keep_best); }
void RemoteLearner::restore_best() { ask(Request::restore_best); }
std::vector<std::byte> RemoteLearner::save(const std::string& note) { return bytes_of_part(ask(Request::save, note)); }

void RemoteLearner::load(std::span<const std::byte> bundle) {
  const std::array<worker::Bytes, 1> parts{bundle};
  ask(Request::load, "{}", parts);
}

std::vector<std::byte> RemoteLearner::checkpoint() { return bytes_of_part(ask(Request::checkpoint)); }

void RemoteLearner::resume(std::span<const std::byte> checkpoint) {
  const std::array<worker::Bytes, 1> parts{checkpoint};
  ask(Request::resume, "{}", parts);
}

std::vector<double> RemoteLearner::importance() {
  const worker::Message done = ask(Request::importance);
  const auto values = done.part_as<double>(0);
  return {values.begin(), values.end()};
}

std::vector<std::pair<std::string, std::string>> RemoteLearner::summary() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Json& pair : Json::parse(ask(Request::summary).header)) out.emplace_back(pair.at(0), pair.at(1));
  return out;
}

plugin::Graph RemoteLearner::graph() {
  const worker::Message told = ask(Request::graph);
  return graph_from(told.header, told.parts.empty() ? worker::Bytes() : told.parts[0]);
}

void RemoteLearner::prune(plugin::Pruning method, double share) {
  ask(Request::prune, Json{{"method", static_cast<std::uint32_t>(method)}, {"share", share}}.dump());
}

plugin::ModelSize RemoteLearner::size(plugin::Pruning method) {
  const worker::Message told = ask(Request::size, Json{{"method", static_cast<std::uint32_t>(method)}}.dump());
  const auto n = told.part_as<std::int64_t>(0);
  return {n[0], n[1], n[2], n[3]};
}

train::PredictSpeed RemoteLearner::predict_speed(const train::Rows& rows) {
  const worker::Descriptor packed = pack(train::without_labels(rows));
  const worker::Message told = ask(Request::predict_speed, "{}", {}, packed.number());
  const auto seconds = told.part_as<double>(0);
  return {seconds[0], seconds[1]};
}

train::Slopes RemoteLearner::slopes(const train::Rows& rows, std::int64_t output) {
  const worker::Descriptor packed = pack(train::without_labels(rows));
  const worker::Message done = ask(Request::slopes, Json{{"output", output}}.dump(), {}, packed.number());
  const auto score = done.part_as<double>(0), slope = done.part_as<double>(1);
  return {{score.begin(), score.end()}, {slope.begin(), slope.end()}};
}

}  // namespace assay::run
