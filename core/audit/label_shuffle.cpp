// With labels that have nothing to do with the rows no model may show skill. A ridge on the run's own folds stands for all models: its
// matrix is factorised once for a fold, and a draw is then a product. On request the experiment's own models are fitted, few times.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "audit/compare.hpp"
#include "audit/tests.hpp"
#include "base/error.hpp"
#include "stats/correlation.hpp"
#include "train/rows.hpp"

namespace assay::audit {

namespace {

constexpr std::int64_t kWidest = 300, kMostRows = 20'000, kDrawsOfSlowSteps = 20, kProgress = 10;
constexpr std::size_t kFolds = 6, kFoldsOfModels = 3;
constexpr double kPenalty = 1e-3, kLeastSkill = 0.05, kErrors = 5;
constexpr std::int64_t kFewestStretches = 20;

std::vector<std::int64_t> evenly(std::int64_t n, std::int64_t most) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < std::min(n, most); ++i) out.push_back(n <= most ? i : i * n / most);
  return out;
}

class FoldRidge {
 public:
  explicit FoldRidge(const pipeline::FoldData& fold) {
    const auto train = evenly(fold.train.rows(), kMostRows), test = evenly(fold.test.rows(), kMostRows);
    for (const std::int64_t i : train) train_row_.push_back(fold.train.row[static_cast<std::size_t>(i)]);
    for (const std::int64_t i : test) test_row_.push_back(fold.test.row[static_cast<std::size_t>(i)]);
    train_ = matrix(fold.train, train);
    test_ = matrix(fold.test, test);
    standardise();
    Eigen::MatrixXd gram = train_.transpose() * train_;
    gram.diagonal().array() += kPenalty * static_cast<double>(train_.rows());
    solver_.compute(gram);
  }

  std::vector<double> forecast(const std::vector<double>& y) const {
    Eigen::VectorXd labels(train_.rows());
    for (Eigen::Index i = 0; i < labels.size(); ++i) labels[i] = y[static_cast<std::size_t>(train_row_[static_cast<std::size_t>(i)])];
    labels.array() -= labels.mean();
    const Eigen::VectorXd weights = solver_.solve(train_.transpose() * labels);
    const Eigen::VectorXd out = test_ * weights;
    return {out.data(), out.data() + out.size()};
  }
  const std::vector<std::int64_t>& test_row() const { return test_row_; }
  bool usable() const { return train_.rows() > 1 && test_.rows() > 2 && train_.cols() > 0; }

 private:
  // The last kWidest numbers of each row: with lookback the latest ones.
  static Eigen::MatrixXd matrix(const pipeline::FoldPart& part, const std::vector<std::int64_t>& which) {
    const train::Rows rows = train::rows_of(part);
    const std::int64_t width = std::min(rows.width(), kWidest);
    Eigen::MatrixXd out(static_cast<Eigen::Index>(which.size()), width);
    std::vector<double> one(static_cast<std::size_t>(rows.width()));
    for (std::size_t i = 0; i < which.size(); ++i) {
      train::gather(rows, std::span(&which[i], 1), one.data());
      for (std::int64_t k = 0; k < width; ++k)
        out(static_cast<Eigen::Index>(i), k) = one[static_cast<std::size_t>(rows.width() - width + k)];
    }
    return out;
  }
  // Zero mean and unit variance of the train rows; missing is the mean.
  void standardise() {
    for (Eigen::Index c = 0; c < train_.cols(); ++c) {
      double n = 0, sum = 0, squares = 0;
      for (const double x : train_.col(c))
        if (!std::isnan(x)) n += 1, sum += x;
      const double mean = n > 0 ? sum / n : 0;
      for (const double x : train_.col(c))
        if (!std::isnan(x)) squares += (x - mean) * (x - mean);
      const double spread = squares > 0 ? std::sqrt(squares / n) : 1;
      const auto scale = [&](double x) { return std::isnan(x) ? 0 : (x - mean) / spread; };
      for (double& x : train_.col(c)) x = scale(x);
      for (double& x : test_.col(c)) x = scale(x);
    }
  }

  std::vector<std::int64_t> train_row_, test_row_;
  Eigen::MatrixXd train_, test_;
  Eigen::LDLT<Eigen::MatrixXd> solver_;
};

enum class Kind { over_all, within_dates, by_stretches };

class Shuffle {
 public:
  Shuffle(const Subject& subject, const Options& options, SeedTree seed, Work& work)
      : subject_(subject), options_(options), seed_(seed), work_(work), dataset_(subject.dataset) {
    const data::Frame& frame = dataset_.frame;
    const bool wide = frame.has_time() && frame.rows() >= 3 * frame.distinct_times().size();
    kind_ = !frame.has_time() ? Kind::over_all : wide ? Kind::within_dates : Kind::by_stretches;
    truth_ = open_labels();
    frequent_ = most_frequent();
  }

  TestResult run() {
    TestResult result{"label shuffle", Status::clean, "", {}, {}};
    const std::int64_t stretches =
        kind_ == Kind::by_stretches ? static_cast<std::int64_t>(dataset_.frame.distinct_times().size()) / stretch() : 0;
    if (kind_ == Kind::by_stretches && stretches < kFewestStretches) {
      result.status = Status::not_run;
      result.looked_at = fmt::format("the data have {} stretches of labels only, too few to put into another order", stretches);
      return result;
    }
    work_.step("label shuffle");
    if (options_.own_models) {
      for (const AuditedModel& model : subject_.models) {
        if (is_baseline(model)) continue;
        try {
          draw_and_judge(result, "model `" + model.name + "`", stretches, [&](const auto& y) { return skill_of(model, y); });
        } catch (const Error& error) {
          if (error.fault() == Fault::interrupted) throw;
          result.notes.push_back(fmt::format("model `{}` was not shuffled: {}", model.name, error.what()));
        }
      }
      return result;
    }
    by_labels_ = prepares_from_labels(subject_, seed_);
    if (!by_labels_) prepare(dataset_);
    draw_and_judge(result, "a ridge", stretches, [this](const auto& y) { return skill(y); });
    return result;
  }

 private:
  template <class Skill>
  void draw_and_judge(TestResult& result, const std::string& who, std::int64_t stretches, const Skill& skill_of_labels) {
    const std::int64_t draws = by_labels_ || options_.own_models ? std::min(options_.draws, kDrawsOfSlowSteps) : options_.draws;
    const double real = skill_of_labels(truth_);
    std::vector<double> skills;
    for (std::int64_t d = 0; d < draws; ++d) {
      if (d % std::max<std::int64_t>(1, draws / kProgress) == 0) work_.step(fmt::format("label shuffle, draw {} of {}", d + 1, draws));
      const double one = skill_of_labels(shuffled(static_cast<std::uint64_t>(d)));
      if (!std::isnan(one)) skills.push_back(one);
    }
    judge(result, who, real, skills, kind_ == Kind::by_stretches ? stretches : draws);
  }

  // Sealed labels stay out.
  std::vector<double> open_labels() const {
    std::vector<double> y = dataset_.y;
    if (subject_.folds.sealed)
      for (const std::int64_t row : subject_.folds.sealed->test) y[static_cast<std::size_t>(row)] = std::nan("");
    return y;
  }
  std::size_t most_frequent() const {
    std::vector<std::int64_t> count(std::max<std::size_t>(1, dataset_.classes.size()), 0);
    for (const double v : truth_)
      if (!std::isnan(v) && !dataset_.classes.empty()) ++count[static_cast<std::size_t>(v)];
    return static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
  }
  // Labels as numbers: their values, or of more than two classes whether they are the most frequent.
  std::vector<double> numbers(std::vector<double> y) const {
    if (dataset_.classes.size() <= 2) return y;
    for (double& v : y)
      if (!std::isnan(v)) v = v == static_cast<double>(frequent_) ? 1 : 0;
    return y;
  }
  bool is_baseline(const AuditedModel& model) const {
    const auto& models = subject_.experiment.models;
    return std::none_of(models.begin(), models.end(), [&](const auto& one) { return one.first == model.name; });
  }

  // Long beside the labels' horizon, so that most labels keep their neighbours; at most a hundred in all, so that slow regimes stay apart.
  std::int64_t stretch() const {
    const auto times = static_cast<std::int64_t>(dataset_.frame.distinct_times().size());
    return std::max({std::int64_t{20}, 4 * std::max<std::int64_t>(1, dataset_.lead_rows), times / 100});
  }

  // Places 0 .. n-1 in another order: stretches of half to one and a half of the usual length, none of which stays where it was (one cycle
  // through all: Sattolo 1986). One shift for all would keep the phase between seasons of inputs and labels, which can be forecast.
  std::vector<std::size_t> in_other_stretches(std::size_t n, Random& random) const {
    const auto length = static_cast<std::uint64_t>(stretch());
    std::vector<std::pair<std::size_t, std::size_t>> parts;  // begin, end
    for (std::size_t begin = 0; begin < n;) {
      const std::size_t end = std::min<std::size_t>(n, begin + length / 2 + random.below(length + 1));
      parts.emplace_back(begin, end);
      begin = end;
    }
    for (std::size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[random.below(i - 1)]);
    std::vector<std::size_t> out;
    for (const auto& [begin, end] : parts)
      for (std::size_t at = begin; at < end; ++at) out.push_back(at);
    return out;
  }

  std::vector<double> shuffled(std::uint64_t draw) const {
    Random random(seed_.child("shuffle").child(draw));
    std::vector<double> out = truth_;
    const auto permute = [&](const std::vector<std::int64_t>& rows) {
      std::vector<double> values;
      for (const std::int64_t row : rows) values.push_back(truth_[static_cast<std::size_t>(row)]);
      random.shuffle(std::span(values));
      for (std::size_t i = 0; i < rows.size(); ++i) out[static_cast<std::size_t>(rows[i])] = values[i];
    };
    const auto labelled = [&](auto begin, auto end) {
      std::vector<std::int64_t> rows;
      for (auto at = begin; at != end; ++at)
        if (!std::isnan(truth_[static_cast<std::size_t>(*at)])) rows.push_back(*at);
      return rows;
    };
    std::vector<std::int64_t> all(truth_.size());
    std::iota(all.begin(), all.end(), 0);
    if (kind_ == Kind::over_all) {
      permute(labelled(all.begin(), all.end()));
    } else if (kind_ == Kind::within_dates) {
      const auto times = dataset_.frame.time_index();
      for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        while (end < all.size() && times[end] == times[begin]) ++end;
        permute(labelled(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)));
      }
    } else {
      for (std::size_t e = 0; e < dataset_.frame.entity_count(); ++e) {
        const auto of_entity = dataset_.frame.rows_of_entity(static_cast<std::int32_t>(e));
        const std::vector<std::int64_t> rows = labelled(of_entity.begin(), of_entity.end());
        const std::vector<std::size_t> from = in_other_stretches(rows.size(), random);
        for (std::size_t i = 0; i < rows.size(); ++i)
          out[static_cast<std::size_t>(rows[i])] = truth_[static_cast<std::size_t>(rows[from[i]])];
      }
    }
    return out;
  }

  void prepare(const pipeline::Dataset& dataset) {
    folds_.clear();
    for (const std::size_t f : some_folds(subject_, kFolds)) {
      FoldRidge ridge(subject_.assemble(dataset, subject_.folds.folds[f], subject_.folds));
      if (ridge.usable()) folds_.push_back(std::move(ridge));
    }
  }

  pipeline::Dataset with_labels(const std::vector<double>& labels) const {
    pipeline::Dataset dataset = dataset_;
    dataset.y = labels;
    for (pipeline::HorizonLabels& h : dataset.horizons) h.y = labels;  // the first horizon's everywhere: its column is looked at
    return dataset;
  }

  // The same by one of the experiment's models, fitted as a run fits it.
  double skill_of(const AuditedModel& model, const std::vector<double>& labels) const {
    const pipeline::Dataset dataset = with_labels(labels);
    const std::vector<double> y = numbers(labels);
    double sum = 0, n = 0;
    for (const std::size_t f : some_folds(subject_, kFoldsOfModels)) {
      const ModelForecasts made = subject_.forecast(model, dataset, subject_.folds.folds[f], subject_.folds);
      std::vector<double> forecast;
      std::vector<std::int64_t> row;
      for (std::size_t i = 0; i < made.row.size(); ++i) {
        const auto outputs = static_cast<std::size_t>(made.outputs);
        const double value = made.value[i * outputs + (dataset_.task == config::Task::multiclass ? frequent_ : 0)];
        if (!std::isnan(value)) forecast.push_back(value), row.push_back(made.row[i]);
      }
      const double one = rank_correlation(forecast, y, row);
      if (!std::isnan(one)) sum += one, n += 1;
    }
    return n > 0 ? sum / n : std::nan("");
  }

  // Rank correlation of forecast and label over test rows, by date in a panel; the mean over folds.
  double skill(const std::vector<double>& labels) {
    if (by_labels_) prepare(with_labels(labels));
    const std::vector<double> y = numbers(labels);
    double sum = 0, n = 0;
    for (const FoldRidge& fold : folds_) {
      const std::vector<double> forecast = fold.forecast(y);
      const double one = rank_correlation(forecast, y, fold.test_row());
      if (std::isnan(one)) continue;
      sum += one;
      n += 1;
    }
    return n > 0 ? sum / n : std::nan("");
  }
  double rank_correlation(const std::vector<double>& forecast, const std::vector<double>& y, const std::vector<std::int64_t>& rows) const {
    std::vector<double> a, b;
    double sum = 0, n = 0;
    const auto close = [&] {
      const double r = a.size() >= 3 ? stats::spearman(a, b) : std::nan("");
      if (!std::isnan(r)) sum += r, n += 1;
      a.clear(), b.clear();
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      if (kind_ == Kind::within_dates && i > 0 &&
          dataset_.frame.time_index()[row] != dataset_.frame.time_index()[static_cast<std::size_t>(rows[i - 1])])
        close();
      if (std::isnan(y[row])) continue;
      a.push_back(forecast[i]);
      b.push_back(y[row]);
    }
    close();
    return n > 0 ? sum / n : std::nan("");
  }

  void judge(TestResult& result, const std::string& who, double real, const std::vector<double>& skills, std::int64_t independent) const {
    static constexpr const char* kHow[] = {"permuted over the table", "permuted within dates", "put into another order by stretches"};
    const auto n = static_cast<double>(skills.size());
    if (skills.size() < 2) {
      if (result.looked_at.empty()) result.status = Status::not_run;
      result.looked_at += (result.looked_at.empty() ? "" : "; ") + who + ": no skill could be computed: too few rows, or constant labels";
      return;
    }
    const double mean = std::accumulate(skills.begin(), skills.end(), 0.0) / n;
    double squares = 0;
    for (const double s : skills) squares += (s - mean) * (s - mean);
    const double spread = std::sqrt(squares / (n - 1));
    const double error = spread / std::sqrt(std::min(n, static_cast<double>(independent)));
    const auto above = static_cast<double>(std::count_if(skills.begin(), skills.end(), [&](double s) { return s >= real; }));
    const std::size_t folds = options_.own_models ? some_folds(subject_, kFoldsOfModels).size() : folds_.size();
    if (result.status == Status::not_run) result.status = Status::clean;
    result.looked_at +=
        (result.looked_at.empty() ? "" : "; ") +
        fmt::format("{} on {}, labels {}, {} draws: rank correlation {:.4f} +- {:.4f}, with the true labels {:.4f} (p = {:.3g})", who,
                    counted(folds, "fold"), kHow[static_cast<int>(kind_)], skills.size(), mean, spread, real, (above + 1) / (n + 1));
    if (mean < kLeastSkill || mean < kErrors * error) return;
    Finding finding{.culprit = options_.own_models ? who + ", or the folds and their preparation" : "the folds and their preparation"};
    finding.what = "forecasts of labels that have nothing to do with their rows show skill";
    finding.count = static_cast<std::int64_t>(skills.size());
    finding.before = real;
    finding.after = mean;
    finding.amount = mean;
    finding.change = fmt::format("labels {}", kHow[static_cast<int>(kind_)]);
    finding.mend = "look for rows that are in train and test, and for steps fitted on test labels";
    result.findings.push_back(std::move(finding));
    result.status = Status::found;
  }

  const Subject& subject_;
  const Options& options_;
  SeedTree seed_;
  Work& work_;
  const pipeline::Dataset& dataset_;
  Kind kind_ = Kind::over_all;
  std::vector<double> truth_;
  std::size_t frequent_ = 0;
  std::vector<FoldRidge> folds_;
  bool by_labels_ = false;
};

}  // namespace

TestResult label_shuffle(const Subject& subject, const Options& options, SeedTree seed, Work& work) {
  return Shuffle(subject, options, seed, work).run();
}

}  // namespace assay::audit
