// Encoders: columns of levels as numbers that are learned from train rows. ordinal: a level's number; target: the mean label of its rows;
// woe: weight of evidence, in bins. The last two never tell a train row from its own label (cross_fit.hpp). transform keeps nothing:
// thread-safe.
#include <algorithm>

#include "assay/cross_fit.hpp"
#include "levels.hpp"
#include "woe.hpp"

namespace assay::features {
namespace {

using Index = std::size_t;
using Row = std::int64_t;

std::string key_of(const char* what, Index column) { return std::string(what) + "_" + std::to_string(column); }

// Parts of a report.
std::string level_told(const std::string& level, double rows) {
  return "{\"level\": " + quoted(level) + ", \"rows\": " + text_of_number(rows);
}
std::string column_told(const std::string& column, const std::string& levels, const std::string& more = "") {
  return quoted(column) + ": {" + more + "\"levels\": [" + levels + "]}";
}

struct Ordinal {
  std::vector<std::string> columns;
  bool by_frequency = false;
  std::vector<std::vector<std::string>> levels;
  std::string told = "{}";

  static void params(Params<Ordinal>& p) {
    p.columns<&Ordinal::columns>("columns", "Columns whose levels become numbers").items(1, 10'000).required();
    p.boolean<&Ordinal::by_frequency>("by_frequency",
                                      "The most frequent level of the train rows is 0; otherwise in the order of the texts, "
                                      "or of the numbers");
  }
  std::vector<std::string> outputs() const { return columns; }

  void fit(const Frame& train, std::span<const double>, Call&) {
    levels.assign(columns.size(), {});
    std::string report;
    for (Index c = 0; c < columns.size(); ++c) {
      const LevelColumn column(train.column(c));
      std::vector<double> count(column.levels.size(), 0);
      for (const int level : column.of_row)
        if (level >= 0) ++count[static_cast<Index>(level)];
      std::vector<Index> order;
      for (Index i = 0; i < count.size(); ++i)
        if (count[i] > 0) order.push_back(i);
      const bool category = train.column(c).kind() == ColumnKind::category;
      std::sort(order.begin(), order.end(), [&](Index a, Index b) {
        if (by_frequency && count[a] != count[b]) return count[a] > count[b];
        return category ? column.levels[a] < column.levels[b] : std::stod(column.levels[a]) < std::stod(column.levels[b]);
      });
      std::vector<double> rows;
      for (const Index i : order) {
        levels[c].push_back(column.levels[i]);
        rows.push_back(count[i]);
      }
      std::string list;
      for (const Index i : listed(rows))
        list += (list.empty() ? "" : ", ") + level_told(levels[c][i], rows[i]) + ", \"number\": " + std::to_string(i) + "}";
      report += (c == 0 ? "" : ", ") + column_told(columns[c], list);
    }
    told = "{" + report + "}";
  }
  std::string report() const { return told; }
  void transform(const Frame& frame, Out out) const {
    for (Index c = 0; c < columns.size(); ++c) {
      const LevelColumn column(frame.column(c));
      std::vector<double> number(column.levels.size(), -1);  // a level that no train row had
      for (Index i = 0; i < number.size() && c < levels.size(); ++i) {
        const auto at = std::find(levels[c].begin(), levels[c].end(), column.levels[i]);
        if (at != levels[c].end()) number[i] = static_cast<double>(at - levels[c].begin());
      }
      const auto values = out.column(static_cast<Row>(c));
      for (Row r = 0; r < frame.rows(); ++r) {
        const int level = column.of_row[static_cast<Index>(r)];
        values[r] = level < 0 ? kMissing : number[static_cast<Index>(level)];
      }
    }
  }
  void save(Saver& s) const {
    for (Index c = 0; c < levels.size(); ++c) s.put_text(key_of("levels", c).c_str(), packed(levels[c]));
  }
  void load(const Saved& s) {
    std::vector<std::vector<std::string>> read;
    for (Index c = 0; c < columns.size(); ++c) read.push_back(unpacked(s.text(key_of("levels", c).c_str())));
    levels = std::move(read);
  }
};

// Labels of some rows, by level; the last entry is of missing values.
struct LevelSums {
  std::vector<double> sum, count;
  double all = 0, rows = 0;
  explicit LevelSums(Index levels = 0) : sum(levels + 1, 0.0), count(levels + 1, 0.0) {}
  Index place(int level) const { return level < 0 ? sum.size() - 1 : static_cast<Index>(level); }
  void learn(int level, double y) {
    sum[place(level)] += y;
    count[place(level)] += 1;
    all += y;
    rows += 1;
  }
  // (sum + smoothing mean) / (count + smoothing), as scikit-learn's TargetEncoder with a number for `smooth`.
  double tell(int level, double smoothing) const {
    if (rows == 0) return kMissing;
    const double mean = all / rows, n = count[place(level)];
    return n == 0 ? mean : (sum[place(level)] + smoothing * mean) / (n + smoothing);
  }
};

struct Target {
  std::vector<std::string> columns;
  double smoothing = 20;
  bool cross_fitting = true;
  std::vector<std::vector<std::string>> levels;
  std::vector<std::vector<double>> means;  // of each level, of missing values, of all
  std::string told = "{}";

  static void params(Params<Target>& p) {
    p.columns<&Target::columns>("columns", "Columns whose levels become the mean of their rows' labels").items(1, 10'000).required();
    p.real<&Target::smoothing>("smoothing", "As many rows with the overall mean are added to each level").range(0, 1e9).unit("rows");
    p.boolean<&Target::cross_fitting>("cross_fitting",
                                      "Tell train rows from other rows' labels; false lets each know its own, which the "
                                      "audit calls a leak");
  }
  std::vector<std::string> outputs() const { return columns; }

  void fit_transform(const Frame& train, const FitRows& rows, Out out, Call&) {
    if (rows.task() == Task::multiclass) throw bad_input("a mean of class numbers says nothing: encode.target takes regression and binary");
    levels.assign(columns.size(), {});
    means.assign(columns.size(), {});
    std::string report;
    for (Index c = 0; c < columns.size(); ++c) report += (c == 0 ? "" : ", ") + fit_column(train, rows, c, out);
    told = "{" + report + "}";
    if (!cross_fitting) transform(train, out);
  }
  // What was learned, for the report.
  std::string fit_column(const Frame& train, const FitRows& rows, Index c, Out out) {
    const LevelColumn column(train.column(c));
    const auto learn = [&](LevelSums& sums, Row row) {
      sums.learn(column.of_row[static_cast<Index>(row)], rows.target()[static_cast<Index>(row)]);
    };
    LevelSums whole(column.levels.size());
    for (Row row = 0; row < train.rows(); ++row) learn(whole, row);
    std::vector<double> count;
    for (Index i = 0; i < column.levels.size(); ++i) {
      if (whole.count[i] == 0) continue;
      levels[c].push_back(column.levels[i]);
      means[c].push_back(whole.tell(static_cast<int>(i), smoothing));
      count.push_back(whole.count[i]);
    }
    means[c].push_back(whole.tell(-1, smoothing));
    means[c].push_back(whole.rows == 0 ? kMissing : whole.all / whole.rows);
    cross_fit(train, rows, LevelSums(column.levels.size()), learn, [&](const LevelSums& sums, Row row) {
      out(row, static_cast<Row>(c)) = sums.tell(column.of_row[static_cast<Index>(row)], smoothing);
    });
    std::string list;
    for (const Index i : listed(count))
      list += (list.empty() ? "" : ", ") + level_told(levels[c][i], count[i]) + ", \"mean\": " + text_of_number(means[c][i]) + "}";
    if (const double missing = whole.count.back(); missing > 0)
      list += (list.empty() ? "" : ", ") + ("{\"missing\": true, \"rows\": " + text_of_number(missing)) +
              ", \"mean\": " + text_of_number(means[c][count.size()]) + "}";
    return column_told(columns[c], list, whole.rows == 0 ? "" : "\"mean\": " + text_of_number(means[c].back()) + ", ");
  }
  std::string report() const { return told; }
  void transform(const Frame& frame, Out out) const {
    for (Index c = 0; c < columns.size(); ++c) {
      const auto values = out.column(static_cast<Row>(c));
      const LevelColumn column(frame.column(c));
      const bool fitted = c < means.size() && means[c].size() >= 2;
      std::vector<double> mean(column.levels.size(), fitted ? means[c].back() : kMissing);
      for (Index i = 0; i < mean.size() && fitted; ++i) {
        const auto at = std::find(levels[c].begin(), levels[c].end(), column.levels[i]);
        if (at != levels[c].end()) mean[i] = means[c][static_cast<Index>(at - levels[c].begin())];
      }
      const double missing = fitted ? means[c][means[c].size() - 2] : kMissing;
      for (Row r = 0; r < frame.rows(); ++r) {
        const int level = column.of_row[static_cast<Index>(r)];
        values[r] = level < 0 ? missing : mean[static_cast<Index>(level)];
      }
    }
  }
  void save(Saver& s) const {
    for (Index c = 0; c < levels.size(); ++c) {
      s.put_text(key_of("levels", c).c_str(), packed(levels[c]));
      s.put(key_of("means", c).c_str(), means[c]);
    }
  }
  void load(const Saved& s) {
    std::vector<std::vector<std::string>> of_levels;
    std::vector<std::vector<double>> of_means;
    for (Index c = 0; c < columns.size(); ++c) {
      of_levels.push_back(unpacked(s.text(key_of("levels", c).c_str())));
      of_means.push_back(s.get<std::vector<double>>(key_of("means", c).c_str()));
      if (of_means.back().size() != of_levels.back().size() + 2) throw bad_state("it has means for other levels");
    }
    levels = std::move(of_levels);
    means = std::move(of_means);
  }
};

}  // namespace
}  // namespace assay::features

ASSAY_PLUGIN(assay::feature<assay::features::Ordinal>("encode.ordinal", "1.0.0", "Levels as numbers, in the order of train rows' levels"),
             assay::feature<assay::features::Target>("encode.target", "1.0.0",
                                                     "Levels as their rows' mean label, cross-fitted on train rows"),
             assay::feature<assay::features::Woe>("encode.woe", "1.0.0", "Weight of evidence in bins, cross-fitted on train rows"))
