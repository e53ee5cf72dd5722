// encode.woe: the weight of evidence of bins. Numbers are cut into bins by quantiles or, over fine quantiles, by what tells the classes
// apart best; categories have a bin for each level. Missing and special values have bins of their own. transform keeps nothing:
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "assay/cross_fit.hpp"
#include "bins.hpp"
#include "levels.hpp"

namespace assay::features {

// A column's rows by fine bin: first those of values or levels, then the special ones, then missing.
struct FineColumn {
  bool ordered = true;
  std::vector<double> edges;
  std::vector<std::string> levels;
  std::size_t fine = 0, special = 0;
  std::vector<std::size_t> of_row;
  std::size_t places() const { return fine + special + 1; }
};

struct WoeBin {
  std::vector<std::size_t> fine;
  Counts counts;
};

struct Woe {
  enum class How { optimal, quantile };
  enum class Monotone { none, rising, falling, either };
  std::vector<std::string> columns;
  std::int64_t bins = 6;
  How binning = How::optimal;
  Monotone monotone = Monotone::none;
  double least_share = 0.05, added = 0.5;
  std::vector<double> special;

  static void params(Params<Woe>& p) {
    p.columns<&Woe::columns>("columns", "Columns whose bins become weights of evidence").items(1, 10'000).required();
    p.integer<&Woe::bins>("bins", "Most bins of a column of numbers, beside those of special and missing values").range(1, 30);
    p.choice<&Woe::binning>("binning", "How numbers are cut: where the information value is largest, or into equal numbers of rows",
                            {"optimal", "quantile"});
    p.choice<&Woe::monotone>("monotone", "Whether the share of class 1 has to rise or fall from bin to bin",
                             {"none", "rising", "falling", "either"});
    p.real<&Woe::least_share>("least_share", "Least share of the rows in a bin of numbers").range(0, 0.5);
    p.real<&Woe::added>("added", "Added to both counts of a bin, so that an empty one has a weight too").range(1e-9, 1e6);
    p.reals<&Woe::special>("special", "Values that say something else than a number, such as -999: a bin for each").items(0, 100);
  }
  std::vector<std::string> outputs() const { return columns; }

  // What was learned of one column.
  struct Learned {
    std::vector<double> edges, weights;  // of numbers: upper bounds and a weight more; of levels: a weight each
    std::vector<std::string> levels;
    std::vector<double> others;  // of each special value, then of missing
  };
  std::vector<Learned> learned;
  std::string told = "{}";

  std::size_t special_of(double value) const {
    return static_cast<std::size_t>(std::find(special.begin(), special.end(), value) - special.begin());
  }

  FineColumn fine_of(const Column& column) const {
    FineColumn out;
    out.special = special.size();
    if (column.kind() == ColumnKind::category) {
      const LevelColumn levels(column);
      out.ordered = false;
      out.levels = levels.levels;
      out.fine = levels.levels.size();
      for (const int level : levels.of_row) out.of_row.push_back(level < 0 ? out.places() - 1 : static_cast<std::size_t>(level));
      return out;
    }
    constexpr std::size_t kFine = 40;
    std::vector<double> plain;
    const auto values = column.numbers();
    for (std::int64_t i = 0; i < values.size(); ++i)
      if (!std::isnan(values[i]) && special_of(values[i]) == special.size()) plain.push_back(values[i]);
    out.edges = quantile_edges(std::move(plain), binning == How::quantile ? static_cast<std::size_t>(bins) : kFine);
    out.fine = out.edges.size() + 1;
    for (std::int64_t i = 0; i < values.size(); ++i) out.of_row.push_back(place_of(values[i], out.edges, out.fine));
    return out;
  }
  std::size_t place_of(double value, const std::vector<double>& edges, std::size_t fine) const {
    if (std::isnan(value)) return fine + special.size();
    if (const std::size_t at = special_of(value); at < special.size()) return fine + at;
    return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), value) - edges.begin());
  }

  // For each fine bin the first and the end of the bin that it belongs to.
  std::vector<std::size_t> ends_of(const FineColumn& column, const std::vector<Counts>& counts, const Counts& all) const {
    std::vector<std::size_t> ends;
    for (std::size_t i = 1; i <= column.fine; ++i) ends.push_back(i);
    if (!column.ordered || (binning == How::quantile && monotone == Monotone::none)) return ends;
    std::vector<Counts> fine(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(column.fine));
    Counts plain;
    for (const Counts& c : fine) plain += c;
    Wishes wishes{static_cast<std::size_t>(bins), least_share * plain.rows(), added, Trend::free};
    Joined best;
    const auto attempt = [&](Trend trend) {
      wishes.trend = trend;
      Joined joined = join_bins(fine, all, wishes);
      if (joined.value > best.value) best = std::move(joined);
    };
    if (monotone == Monotone::none) attempt(Trend::free);
    if (monotone == Monotone::rising || monotone == Monotone::either) attempt(Trend::rising);
    if (monotone == Monotone::falling || monotone == Monotone::either) attempt(Trend::falling);
    return best.value < 0 ? std::vector<std::size_t>{column.fine} : best.ends;
  }

  // Counts of rows that were learned; the bins made of them are kept until a twentieth more is known.
  struct Total {
    std::vector<Counts> counts;
    Counts all;
    mutable std::vector<std::size_t> ends;
    mutable double made_of = 0;
  };
  double tell(const FineColumn& column, const Total& total, std::size_t place) const {
    if (total.all.ones == 0 || total.all.zeros == 0) return kMissing;
    if (total.ends.empty() || total.all.rows() >= 1.05 * total.made_of) {
      total.ends = ends_of(column, total.counts, total.all);
      total.made_of = total.all.rows();
    }
    if (place >= column.fine) return weight_of(total.counts[place], total.all, added);
    const auto end = std::upper_bound(total.ends.begin(), total.ends.end(), place);
    Counts bin;
    for (std::size_t i = end == total.ends.begin() ? 0 : *(end - 1); i < *end; ++i) bin += total.counts[i];
    return weight_of(bin, total.all, added);
  }

  void fit_transform(const Frame& train, const FitRows& rows, Out out, Call&) {
    if (rows.task() != Task::binary) throw bad_input("weights of evidence tell two classes apart: encode.woe takes binary tasks");
    learned.clear();
    std::string report;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const FineColumn column = fine_of(train.column(c));
      const auto learn = [&](Total& total, std::int64_t row) {
        const auto r = static_cast<std::size_t>(row);
        const Counts one = rows.target()[r] == 1 ? Counts{0, 1} : Counts{1, 0};
        total.counts[column.of_row[r]] += one;
        total.all += one;
      };
      const Total empty{std::vector<Counts>(column.places()), {}, {}, 0};
      Total whole = empty;
      for (std::int64_t row = 0; row < train.rows(); ++row) learn(whole, row);
      learned.push_back(learned_of(column, whole));
      report += (c == 0 ? "" : ", ") + quoted(columns[c]) + ": " + report_of(column, whole);
      cross_fit(train, rows, empty, learn, [&](const Total& total, std::int64_t row) {
        out(row, static_cast<std::int64_t>(c)) = tell(column, total, column.of_row[static_cast<std::size_t>(row)]);
      });
    }
    told = "{" + report + "}";
  }

  Learned learned_of(const FineColumn& column, const Total& whole) const {
    Learned result;
    result.levels = column.levels;
    for (std::size_t place = column.fine; place < column.places(); ++place) result.others.push_back(tell(column, whole, place));
    if (!column.ordered) {
      for (std::size_t i = 0; i < column.fine; ++i) result.weights.push_back(tell(column, whole, i));
      return result;
    }
    if (result.others.back() != result.others.back()) whole.ends = {column.fine};  // one class only
    for (const std::size_t end : whole.ends.empty() ? ends_of(column, whole.counts, whole.all) : whole.ends) {
      if (end < column.fine) result.edges.push_back(column.edges[end - 1]);
      result.weights.push_back(tell(column, whole, end - 1));
    }
    return result;
  }

  std::string report_of(const FineColumn& column, const Total& whole) const {
    double value = 0;
    std::string text;
    const auto add = [&](const std::string& what, std::size_t begin, std::size_t end, bool shown = true) {
      Counts bin;
      for (std::size_t i = begin; i < end; ++i) bin += whole.counts[i];
      if (bin.rows() == 0 || whole.all.ones == 0 || whole.all.zeros == 0) return;
      value += value_of(bin, whole.all, added);
      if (!shown) return;
      text += (text.empty() ? "" : ", ") + ("{" + what) + ", \"rows\": " + text_of_number(bin.rows()) +
              ", \"ones\": " + text_of_number(bin.ones) + ", \"woe\": " + text_of_number(weight_of(bin, whole.all, added)) + "}";
    };
    if (column.ordered) {
      std::size_t begin = 0;
      for (const std::size_t end : whole.ends) {
        add(end < column.fine ? "\"up_to\": " + text_of_number(column.edges[end - 1]) : std::string("\"above\": true"), begin, end);
        begin = end;
      }
    } else {
      std::vector<double> rows;
      for (std::size_t i = 0; i < column.fine; ++i) rows.push_back(whole.counts[i].rows());
      const std::vector<std::size_t> shown = listed(rows);
      for (std::size_t i = 0; i < column.fine; ++i)
        add("\"level\": " + quoted(column.levels[i]), i, i + 1, std::binary_search(shown.begin(), shown.end(), i));
    }
    for (std::size_t i = 0; i < special.size(); ++i)
      add("\"special\": " + text_of_number(special[i]), column.fine + i, column.fine + i + 1);
    add("\"missing\": true", column.places() - 1, column.places());
    return "{\"iv\": " + text_of_number(value) + ", \"bins\": [" + text + "]}";
  }
  std::string report() const { return told; }

  void transform(const Frame& frame, Out out) const {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto values = out.column(static_cast<std::int64_t>(c));
      if (c >= learned.size()) {
        for (std::int64_t r = 0; r < frame.rows(); ++r) values[r] = kMissing;
      } else if (frame.column(c).kind() == ColumnKind::category) {
        transform_levels(LevelColumn(frame.column(c)), learned[c], values);
      } else {
        const auto numbers = frame.numbers(c);
        const std::size_t fine = learned[c].weights.size();
        for (std::int64_t r = 0; r < frame.rows(); ++r) {
          const std::size_t place = place_of(numbers[r], learned[c].edges, fine);
          values[r] = place < fine ? learned[c].weights[place] : learned[c].others[place - fine];
        }
      }
    }
  }
  void transform_levels(const LevelColumn& column, const Learned& of, const VectorView<double>& values) const {
    std::vector<double> weight(column.levels.size(), 0.0);  // a level that no train row had tells nothing
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const auto at = std::find(of.levels.begin(), of.levels.end(), column.levels[i]);
      if (at != of.levels.end()) weight[i] = of.weights[static_cast<std::size_t>(at - of.levels.begin())];
    }
    for (std::int64_t r = 0; r < values.size(); ++r) {
      const int level = column.of_row[static_cast<std::size_t>(r)];
      values[r] = level < 0 ? of.others.back() : weight[static_cast<std::size_t>(level)];
    }
  }

  void save(Saver& s) const {
    for (std::size_t c = 0; c < learned.size(); ++c) {
      const std::string at = "_" + std::to_string(c);
      s.put(("edges" + at).c_str(), learned[c].edges);
      s.put(("weights" + at).c_str(), learned[c].weights);
      s.put(("others" + at).c_str(), learned[c].others);
      s.put_text(("levels" + at).c_str(), packed(learned[c].levels));
    }
  }
  void load(const Saved& s) {
    std::vector<Learned> read;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string at = "_" + std::to_string(c);
      Learned& one = read.emplace_back();
      one.edges = s.get<std::vector<double>>(("edges" + at).c_str());
      one.weights = s.get<std::vector<double>>(("weights" + at).c_str());
      one.others = s.get<std::vector<double>>(("others" + at).c_str());
      one.levels = unpacked(s.text(("levels" + at).c_str()));
      const std::size_t wanted = one.levels.empty() ? one.edges.size() + 1 : one.levels.size();
      if (one.weights.size() != wanted || one.others.size() != special.size() + 1) throw bad_state("its bins do not fit each other");
    }
    learned = std::move(read);
  }
};

}  // namespace assay::features
