// A feature that learns: the mean label of each level of a column, told to train rows from other rows' labels. It ends its process where
// `dies` says.
#include <assay/cross_fit.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct LevelRate {
  std::string column, dies = "never";

  static void params(assay::Params<LevelRate>& p) {
    p.column<&LevelRate::column>("column", "A category");
    p.choice<&LevelRate::dies>("dies", "What ends its process", {"never", "fit", "transform"});
  }

  struct Total {
    std::vector<double> sum, rows;
  };
  static std::size_t place(const Total& total, std::int32_t code) {
    return code < 0 ? total.sum.size() - 1 : static_cast<std::size_t>(code);
  }

  void fit_transform(const assay::Frame& train, const assay::FitRows& rows, assay::Out out, assay::Call&) {
    if (dies == "fit") std::abort();
    const assay::Column home = train.column(0);
    levels_.clear();
    for (std::size_t l = 0; l < static_cast<std::size_t>(home.level_count()); ++l) levels_.emplace_back(home.level(l));
    const Total empty{std::vector<double>(levels_.size() + 1), std::vector<double>(levels_.size() + 1)};
    const auto codes = train.column(0).codes();
    const auto learn = [&](Total& total, std::int64_t row) {
      const std::size_t at = place(total, codes[row]);
      total.sum[at] += rows.target()[static_cast<std::size_t>(row)];
      total.rows[at] += 1;
    };
    assay::cross_fit(train, rows, empty, learn, [&](const Total& total, std::int64_t row) { out(row) = told(total, codes[row]); });
    learned_ = empty;
    for (std::int64_t row = 0; row < train.rows(); ++row) learn(learned_, row);
  }

  void transform(const assay::Frame& frame, assay::Out out) const {
    if (dies == "transform") std::abort();
    const auto codes = frame.column(0).codes();
    const assay::Column home = frame.column(0);
    for (std::int64_t row = 0; row < frame.rows(); ++row) {
      std::int32_t known = -1;
      for (std::size_t l = 0; codes[row] >= 0 && l < levels_.size(); ++l)
        if (levels_[l] == home.level(static_cast<std::size_t>(codes[row]))) known = static_cast<std::int32_t>(l);
      out(row) = told(learned_, known);
    }
  }

  std::string report() const { return "{\"levels\": " + std::to_string(levels_.size()) + "}"; }

  void save(assay::Saver& saver) const {
    for (std::size_t l = 0; l < levels_.size(); ++l) saver.put(("level" + std::to_string(l)).c_str(), levels_[l]);
    saver.put("sum", learned_.sum);
    saver.put("rows", learned_.rows);
  }
  void load(const assay::Saved& saved) {
    levels_.clear();
    learned_.sum = saved.get<std::vector<double>>("sum");
    learned_.rows = saved.get<std::vector<double>>("rows");
    for (std::size_t l = 0; l + 1 < learned_.sum.size(); ++l) levels_.push_back(saved.text(("level" + std::to_string(l)).c_str()));
  }

 private:
  static double told(const Total& total, std::int32_t code) {
    const std::size_t at = place(total, code);
    return (total.sum[at] + 1) / (total.rows[at] + 2);
  }
  std::vector<std::string> levels_;
  Total learned_;
};

}  // namespace

ASSAY_PLUGIN(assay::feature<LevelRate>("probe.level_rate", "1.0.0", "Mean label of a category's levels"))
