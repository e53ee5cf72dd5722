#include "checker/protocol.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace assay::checker {
namespace {

using Json = nlohmann::ordered_json;
constexpr auto kReplace = Json::error_handler_t::replace;  // a plugin's text may be any bytes

template <class Read>
auto parsed(const std::string& text, Read read) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    throw Error(Fault::failed, "read what the checker's other process said", error.what());
  }
}

}  // namespace

std::string write_request(const TestRequest& r) {
  return Json{{"file", r.file}, {"test", r.test}, {"test_kind", r.test_kind}, {"kind", r.kind}, {"id", r.id}, {"seed", r.seed}}.dump(
      -1, ' ', false, kReplace);
}

TestRequest read_request(const std::string& text) {
  return parsed(text, [](const Json& j) {
    return TestRequest{j.at("file"), j.at("test"), j.at("test_kind"), j.at("kind"), j.at("id"), j.at("seed")};
  });
}

std::string write_answer(const TestAnswer& answer) {
  Json components = Json::array();
  for (const ComponentName& name : answer.components) components.push_back({{"kind", name.kind}, {"id", name.id}});
  return Json{{"status", static_cast<int>(answer.status)}, {"text", answer.text}, {"components", components}}.dump(-1, ' ', false,
                                                                                                                   kReplace);
}

TestAnswer read_answer(const std::string& text) {
  return parsed(text, [](const Json& j) {
    TestAnswer answer;
    const int status = j.at("status");
    if (status < 0 || status > static_cast<int>(Status::skip))
      throw Error(Fault::failed, "read a test's outcome", "it has no known status");
    answer.status = static_cast<Status>(status);
    answer.text = j.at("text");
    for (const Json& name : j.at("components")) answer.components.push_back({name.at("kind"), name.at("id")});
    return answer;
  });
}

}  // namespace assay::checker
