// From prepared columns back to the inputs that they were made from.
#include <cmath>
#include <limits>

#include "pipeline/origins.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::pipeline;

namespace {

config::Component step(const char* id, config::Map params = {}) {
  config::Component out;
  out.id = id;
  out.params = std::move(params);
  return out;
}

config::Value words(std::vector<std::string> list) {
  config::List items;
  for (std::string& word : list) items.push_back(config::Value{std::move(word)});
  return config::Value{std::move(items)};
}

InputTable table() {
  InputTable t;
  t.columns = {{"A", InputKind::number, {}},
               {"A_B", InputKind::number, {}},
               {"C", InputKind::category, {"x", "y", "z"}},
               {"D", InputKind::number, {}}};
  for (int i = 0; i < 40; ++i) {
    t.row.push_back(i);
    t.entity.push_back(0);
    t.position.push_back(i);
  }
  t.values.resize(4);
  for (int i = 0; i < 40; ++i) {
    const double missing = std::numeric_limits<double>::quiet_NaN();
    t.values[0].push_back(i % 7 == 0 ? missing : std::sin(i));
    t.values[1].push_back(i % 5 == 0 ? missing : std::cos(2.0 * i));
    t.values[2].push_back(i % 3);
    t.values[3].push_back(std::sin(3.0 * i));
  }
  return t;
}

std::map<std::string, std::vector<std::size_t>> origins_by_name(const std::vector<config::Component>& steps) {
  const std::vector<std::uint8_t> train(40, 1);
  const PreparationResult fitted = fit_preparation(steps, table(), train);
  const auto from = origins(fitted.fitted);
  REQUIRE(from.size() == fitted.fitted.outputs().size());
  std::map<std::string, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < from.size(); ++i) out[fitted.fitted.outputs()[i].name] = from[i];
  return out;
}

using Places = std::vector<std::size_t>;

}  // namespace

TEST_CASE("flags, dummies and scaled columns belong to the input that they were made from, whatever it is called") {
  const auto from =
      origins_by_name({step("missing", {{"method", config::Value{std::string("median")}}, {"indicator", config::Value{true}}}),
                       step("one_hot"), step("scale")});
  CHECK(from.at("A") == Places{0});
  CHECK(from.at("A_missing") == Places{0});
  CHECK(from.at("A_B") == Places{1});
  CHECK(from.at("A_B_missing") == Places{1});
  for (const char* level : {"C=x", "C=y", "C=z"}) CHECK(from.at(level) == Places{2});
  CHECK(from.at("D") == Places{3});
  CHECK(from.size() == 8);
}

TEST_CASE("components belong to all that went into them, what was made of them too") {
  const auto from =
      origins_by_name({step("missing", {{"method", config::Value{std::string("median")}}}),
                       step("pca", {{"columns", words({"A", "D"})}, {"prefix", config::Value{std::string("pc")}}}), step("scale")});
  CHECK(from.at("pc_1") == Places{0, 3});
  CHECK(from.at("A_B") == Places{1});
  CHECK(from.at("C") == Places{2});
}

TEST_CASE("steps that look at other rows are told from those that do not") {
  const std::vector<std::uint8_t> train(40, 1);
  const auto looks = [&](const std::vector<config::Component>& steps) {
    return looks_around(fit_preparation(steps, table(), train).fitted);
  };
  CHECK_FALSE(looks({step("missing", {{"method", config::Value{std::string("median")}}}), step("scale")}));
  CHECK(looks({step("missing", {{"method", config::Value{std::string("forward_fill")}}})}));
}
