// technical.price_volume_160 against the expression language: the page that documents the outputs gives each as an expression, which is
// computed here and has to agree.
#include <fstream>
#include <sstream>

#include "data/frame.hpp"
#include "indicator.hpp"
#include "pipeline/expression.hpp"

using namespace planted;

namespace {

struct Line {
  std::string name, expression;
};

std::string page() {
  std::ifstream file(SOURCE_ROOT "/docs/indicators.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string with(std::string text, const std::string& mark, const std::string& number) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, mark.size(), number);
  return text;
}

// The rows `| `name` | `expression` | ... |`, with each number in place of its mark.
std::vector<Line> documented() {
  std::vector<Line> lines;
  std::istringstream text(page());
  bool here = false;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("## ", 0) == 0) here = line == "## 160 features of price and volume";
    if (!here || line.rfind("| `", 0) != 0) continue;
    const std::size_t name_end = line.find('`', 3), begin = line.find('`', name_end + 1) + 1, end = line.find('`', begin);
    const Line found{line.substr(3, name_end - 3), line.substr(begin, end - begin)};
    const bool window = found.name.find("{n}") != std::string::npos, lag = found.name.find("{k}") != std::string::npos;
    const std::vector<std::string> numbers = window ? std::vector<std::string>{"5", "10", "20", "60", "120"}
                                             : lag  ? std::vector<std::string>{"1", "2", "3", "4", "5"}
                                                    : std::vector<std::string>{""};
    for (const std::string& number : numbers)
      lines.push_back({with(with(found.name, "{n}", number), "{k}", number), with(with(found.expression, "{n}", number), "{k}", number)});
  }
  return lines;
}

Series evaluated(const assay::data::Frame& frame, const std::string& expression) {
  assay::pipeline::Plan plan(frame, {});
  const std::vector<int> root = {plan.add("", expression, assay::pipeline::Use::feature)};
  const assay::pipeline::ColumnValues values = plan.evaluate(root, 1)[0];
  return {values.begin(), values.end()};
}

// Wandering bars with what real ones have: days without trades, flat days, holes, rounded prices that tie.
Columns bars(std::size_t rows) {
  std::uint64_t state = 11;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 40) / static_cast<double>(1 << 24);
  };
  Columns data;
  double close = 50;
  for (std::size_t t = 0; t < rows; ++t) {
    const bool flat = t % 41 == 7 || (t > 300 && t < 308), hole = t == 450 || t == 451;
    const double open = flat ? close : std::round(100 * close * (0.99 + 0.02 * draw())) / 100;
    close = flat ? close : std::round(100 * open * (0.98 + 0.04 * draw())) / 100;
    const double high = std::max(open, close) + (flat ? 0 : std::round(100 * draw()) / 100);
    const double low = std::min(open, close) - (flat ? 0 : std::round(100 * draw()) / 100);
    data["open"].push_back(hole ? kNaN : open);
    data["high"].push_back(hole ? kNaN : high);
    data["low"].push_back(hole ? kNaN : low);
    data["close"].push_back(hole ? kNaN : close);
    data["volume"].push_back(t == 470 ? kNaN : flat ? 0 : std::round(1e6 * draw()));
  }
  if (rows > 475) data["volume"][475] = kNaN;
  if (rows > 520) data["open"][520] = kNaN;
  return data;
}

assay::data::Frame frame_of(const Columns& data) {
  std::vector<assay::data::Column> columns;
  for (const auto& [name, values] : data) columns.push_back(assay::data::Column::of_reals(name, values));
  assay::data::FrameNotes notes;
  const assay::data::Frame frame = assay::data::Frame::finish(std::move(columns), {}, notes);
  return frame.with({assay::data::Column::of_reals("ret_1", evaluated(frame, "close / lag(close, 1) - 1"))});
}

}  // namespace

TEST_CASE("technical.price_volume_160: each output is what its documented expression gives") {
  const Indicator set("technical.price_volume_160");
  const std::vector<Line> lines = documented();
  std::vector<std::string> names;
  for (const Line& line : lines) names.push_back(line.name);
  std::vector<std::string> sorted = names, outputs = set.outputs();
  std::sort(sorted.begin(), sorted.end());
  std::sort(outputs.begin(), outputs.end());
  REQUIRE(sorted == outputs);
  REQUIRE(outputs.size() == 160);
  REQUIRE(std::unique(outputs.begin(), outputs.end()) == outputs.end());

  const Columns data = bars(700);
  const Columns got = set(data);
  const assay::data::Frame frame = frame_of(data);
  for (const Line& line : lines) {
    const Series wanted = evaluated(frame, line.expression), &values = got.at(line.name);
    std::size_t present = 0;
    for (std::size_t t = 0; t < wanted.size(); ++t) {
      INFO(line.name << " = " << line.expression << ", row " << t << ": " << values[t] << ", by expression " << wanted[t]);
      REQUIRE(std::isnan(values[t]) == std::isnan(wanted[t]));
      if (std::isnan(wanted[t])) continue;
      ++present;
      REQUIRE(std::fabs(values[t] - wanted[t]) <= 1e-10 * (1 + std::fabs(wanted[t])));
    }
    INFO(line.name);
    CHECK(present > 300);
  }
}

TEST_CASE("technical.price_volume_160: the units of price and volume do not matter") {
  const Columns data = bars(400);
  Columns other = data;
  for (auto& [name, values] : other)
    for (double& v : values) v *= name == "volume" ? 1024 : 64;  // exact
  const Indicator set("technical.price_volume_160");
  const Columns one = set(data), two = set(other);
  for (const std::string& output : set.outputs()) {
    for (std::size_t t = 0; t < 400; ++t) {
      INFO(output << " row " << t << ": " << one.at(output)[t] << " " << two.at(output)[t]);
      REQUIRE((same(one.at(output)[t], two.at(output)[t]) ||
               std::fabs(one.at(output)[t] - two.at(output)[t]) <= 1e-12 * std::fabs(one.at(output)[t])));
    }
  }
}

TEST_CASE("technical.price_volume_160: nothing ahead, and no more history than declared, bit for bit ahead") {
  const Columns data = bars(440);
  const Indicator set("technical.price_volume_160");
  CHECK(set.warmup_rows() == 121);
  const Columns whole = set(data), early = set(first_rows(data, 0, 301)), late = set(first_rows(data, 77, 440));
  for (std::size_t o = 0; o < set.outputs().size(); ++o) {
    const std::string& output = set.outputs()[o];
    const std::size_t warmup = set.warmup_of(o);
    INFO(output << ", warm-up " << warmup);
    if (output.rfind("move_volume", 0) != 0) CHECK(!std::isnan(late.at(output)[warmup]));
    CHECK((warmup == 0 || std::isnan(late.at(output)[warmup - 1])));
    for (std::size_t t = 0; t < 301; ++t) REQUIRE(same(whole.at(output)[t], early.at(output)[t]));
    for (std::size_t t = 77 + warmup; t < 440; ++t) {
      const double a = whole.at(output)[t], b = late.at(output)[t - 77];
      REQUIRE((same(a, b) || std::fabs(a - b) <= 1e-10 * (1 + std::fabs(a))));
    }
  }
}

TEST_CASE("docs/indicators.md names every shipped indicator with its parameters, outputs and warm-up") {
  const std::string text = page();
  std::size_t seen = 0;
  for (const assay::plugin::LoadedComponent* component : shipped().components()) {
    const std::string& id = component->spec.id;
    const std::string library = id.substr(0, id.find('.'));
    if (component->spec.kind != "feature" || (library != "technical" && library != "risk" && library != "curve")) continue;
    ++seen;
    INFO(id);
    if (id == "technical.price_volume_160") {
      CHECK(text.find("`" + id + "`") != std::string::npos);
      continue;
    }
    const std::size_t begin = text.find("| `" + id + "` |");
    REQUIRE(begin != std::string::npos);
    const std::string row = text.substr(begin, text.find('\n', begin) - begin);
    for (const auto& param : component->spec.params) {
      if (param.kind == assay::config::ParamKind::column && (id.rfind("technical.", 0) == 0 || param.name == "column")) continue;
      INFO(param.name);
      CHECK(row.find(param.name) != std::string::npos);
    }
    const Params params = id == "risk.beta" ? Params{{"benchmark", value(std::string("index"))}} : Params{};
    const Indicator indicator(id, params);
    for (const std::string& output : indicator.outputs()) {
      INFO(output);
      CHECK((output.empty() || id == "curve.forward" || row.find("`" + output + "`") != std::string::npos));
    }
  }
  CHECK(seen == 25);
  const std::vector<std::pair<const char*, std::int64_t>> warmups = {{"technical.rsi", 14 + 187},
                                                                     {"technical.macd", 218},
                                                                     {"technical.atr", 14 + 187},
                                                                     {"technical.adx", 252},
                                                                     {"technical.keltner", 158}};
  for (const auto& [id, rows] : warmups) {
    INFO(id);
    CHECK(Indicator(id).warmup_rows() == rows);
  }
}
