// One table in every dialect, run as a user runs it: whatever the file looks like, the experiment's figures are those of the plain file.
#include <zlib.h>

#include <algorithm>
#include <functional>
#include <map>

#include "end_to_end/running/program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

struct Row {
  int day, minute;
  std::string a, b, y, word;
};

std::vector<Row> made_rows() {
  std::vector<Row> rows;
  unsigned state = 12345;
  const auto noise = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / double(1 << 24) - 0.5;
  };
  for (int i = 0; i < 160; ++i) {
    const double a = 4000 * noise(), b = noise();
    char text[3][40];
    std::snprintf(text[0], sizeof text[0], "%.2f", a);
    std::snprintf(text[1], sizeof text[1], "%.4f", b);
    std::snprintf(text[2], sizeof text[2], "%.5f", a / 1000 - 2 * b + 0.1 * noise());
    rows.push_back({i / 4, 15 * (i % 4), text[0], text[1], text[2], i % 3 == 0 ? "Łódź" : "Kraków"});
  }
  return rows;
}

std::string joined(const std::vector<std::string>& cells, const std::string& delimiter, const std::string& end = "\n") {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : delimiter) + cells[i];
  return line + end;
}

std::string stamp(const Row& row, const char* format) {  // %d day of 2020-01, %m minute
  char text[60];
  std::snprintf(text, sizeof text, format, 1 + row.day % 28, 1 + row.day / 28, row.minute);
  return text;
}
std::string iso(const Row& row) {
  char text[40];
  std::snprintf(text, sizeof text, "2020-%02d-%02d 09:%02d", 1 + row.day / 28, 1 + row.day % 28, row.minute);
  return text;
}

std::string with_comma(std::string number) {
  std::replace(number.begin(), number.end(), '.', ',');
  return number;
}

// 1234.50 as 1.234,50 or 1,234.50
std::string grouped(const std::string& number, char mark, char decimal) {
  const std::size_t point = number.find('.'), first = number[0] == '-' ? 1 : 0;
  std::string whole = number.substr(0, point);
  for (std::size_t at = whole.size(); at > first + 3;) whole.insert(at -= 3, 1, mark);
  return whole + decimal + number.substr(point + 1);
}

std::string as_utf16(const std::string& utf8) {
  std::string out = "\xFF\xFE";
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const unsigned code = lead < 0x80 ? lead : (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(utf8[i + 1]) & 0x3Fu);
    i += lead < 0x80 ? 1 : 2;
    out += {static_cast<char>(code & 0xFF), static_cast<char>(code >> 8)};
  }
  return out;
}

std::string in_windows_1250(std::string text) {
  for (const auto& [from, to] : {std::pair{"Ł", "\xA3"}, {"ó", "\xF3"}, {"ź", "\x9F"}})
    for (std::size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, 2, to);
  return text;
}

std::string packed(std::string text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

const std::vector<std::string> kNames{"time", "a", "b", "word", "y"};

std::string table(const std::vector<Row>& rows, const std::string& delimiter,
                  const std::function<std::vector<std::string>(const Row&)>& cells) {
  std::string text = joined(kNames, delimiter);
  for (const Row& row : rows) text += joined(cells(row), delimiter);
  return text;
}

struct Dialect {
  std::string bytes, keys;  // of data:, beside source and path
};

std::map<std::string, Dialect> dialects() {
  std::vector<Row> rows = made_rows();
  const auto plain = [](const Row& r) { return std::vector<std::string>{iso(r), r.a, r.b, r.word, r.y}; };
  const std::string csv = table(rows, ",", plain), body = csv.substr(csv.find('\n') + 1);
  const std::string iso_time = "time: {column: time}";
  const std::string european = table(rows, ";", [](const Row& r) {
    return std::vector<std::string>{stamp(r, "%02d.%02d.2020 09:%02d"), grouped(r.a, '.', ','), with_comma(r.b), r.word, with_comma(r.y)};
  });
  const std::string european_time = "time: {column: time, format: \"%d.%m.%Y %H:%M\"}";
  std::map<std::string, Dialect> all;
  all["plain"] = {csv, iso_time};
  all["marked, with Windows' line ends"] = {"\xEF\xBB\xBF" + replaced(csv, "\n", "\r\n"), iso_time};
  all["carriage returns alone"] = {replaced(csv, "\n", "\r"), iso_time};
  all["packed"] = {packed(csv), iso_time};
  all["tabs"] = {table(rows, "\t", plain), iso_time};
  all["European, found"] = {european, european_time};
  all["European, stated"] = {european, european_time + ", delimiter: \";\", decimal: \",\", thousands: \".\""};
  all["American"] = {table(rows, ",",
                           [](const Row& r) {
                             return std::vector<std::string>{iso(r), '"' + grouped(r.a, ',', '.') + '"', r.b, r.word, r.y};
                           }),
                     iso_time};
  all["thousands as K, shares as %"] = {
      table(rows, ",",
            [](const Row& r) {
              std::string a = std::to_string(std::stod(r.a) / 1000);
              a.resize(a.find('.') + 6);  // two decimals more than three
              const std::string sign = r.b[0] == '-' ? "-" : "";
              const std::string digits = r.b.substr(sign.size() + 2);  // 0.dddd
              return std::vector<std::string>{iso(r), a + "K", sign + digits.substr(0, 2) + "." + digits.substr(2) + "%", r.word, r.y};
            }),
      iso_time};
  all["blanks"] = {replaced(table(rows, "   ",
                                  [](const Row& r) {
                                    return std::vector<std::string>{'"' + iso(r) + '"', r.a, r.b, r.word, r.y};
                                  }),
                            "\n", " \n  "),
                   iso_time + ", delimiter: blanks"};
  all["UTF-16"] = {as_utf16(csv), iso_time};
  all["windows-1250"] = {in_windows_1250(csv), iso_time + ", encoding: windows-1250"};
  all["no header"] = {body, iso_time + ", names: [time, a, b, word, y]"};
  all["lines above and below"] = {"Report, of today\n\n" + csv + "\nSource: nobody\n", iso_time + ", skip_lines: 2, skip_trailer: 1"};
  all["a delimiter at the end"] = {replaced(csv, "\n", ",\n"), iso_time};
  std::string malformed = csv;
  malformed.insert(malformed.find('\n', 500) + 1, "2020-01-05 09:00,1\n2020-01-05 09:00,1,2,w,3,4\n");
  all["malformed lines"] = {malformed, iso_time + ", malformed: skip"};
  all["own missing token"] = {csv + "2020-03-01 09:00,n.a.,0.1,w,n.a.\n", iso_time + ", missing: [n.a.]"};
  std::reverse(rows.begin(), rows.end());
  all["newest first"] = {table(rows, ",", plain), iso_time};
  std::reverse(rows.begin(), rows.end());
  all["date and time apart"] = {replaced(csv, " 09:", ",09:").replace(0, 4, "day,clock"), "time: {column: [day, clock]}"};
  const auto epoch = [&](const char* zeros) {
    return table(rows, ",", [&](const Row& r) {
      return std::vector<std::string>{
          std::to_string(1577836800 + 86400LL * (r.day + (r.day >= 28 ? 3 : 0)) + 9 * 3600 + 60 * r.minute) + zeros, r.a, r.b, r.word, r.y};
    });
  };
  all["epoch seconds"] = {epoch(""), "time: {column: time, format: epoch_s}"};
  all["epoch nanoseconds"] = {epoch("000000000"), "time: {column: time, format: epoch_ns}"};
  all["a zone"] = {replaced(csv, " 09:", " 10:"), "time: {column: time, zone: Europe/Warsaw}"};
  return all;
}

std::string experiment(const std::string& keys) {
  return "assay: 1\nname: dialect\ndata: {source: csv, path: data.csv, " + keys +
         "}\ninputs: [a, b, word]\ntarget: {column: y, task: regression, horizon: 0}\n"
         "split: {use: walk_forward, train: 60, test: 40}\n"
         "prepare: [{use: missing, method: median, columns: [a, b]}, {use: one_hot}, {use: scale, columns: [a, b]}]\n"
         "model: {use: linear.ridge, l2: 0.1}\nevaluate: {metrics: [rmse, mae]}\nresources: {isolation: none}\n";
}

}  // namespace

TEST_CASE("an experiment's figures do not depend on how its file is written") {
  const auto all = dialects();
  const auto run = [](const Dialect& dialect) {
    Folder folder;
    folder.write("data.csv", dialect.bytes);
    folder.write("e.yaml", experiment(dialect.keys));
    const Result r = folder.assay({"run", "e.yaml", "--json"});
    INFO(r.err);
    REQUIRE(r.code == 0);
    return r.json().at("metrics");
  };
  const Json wanted = run(all.at("plain"));
  for (const auto& [name, dialect] : all) {
    if (name == "plain") continue;
    INFO(name << "\n" << dialect.bytes.substr(0, 300));
    CHECK(run(dialect) == wanted);
  }
}
