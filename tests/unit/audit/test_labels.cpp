// Leaks around labels: preparation that has seen them, inputs that are made from them, folds and choices that overlap.
#include <map>

#include "planted_subject.hpp"

using namespace planted;
using audit::Status;

namespace {

template <class Test>
audit::TestResult tried_on(const Audited& audited, const Test& test) {
  audit::Work work = audited.work();
  return test(*audited.subject, audited.seed(), work);
}
audit::TestResult probed(const Audited& audited) {
  audit::Work work = audited.work();
  return audit::label_probe(*audited.subject, work);
}
audit::TestResult shuffled(const Audited& audited) {
  audit::Work work = audited.work();
  return audit::label_shuffle(*audited.subject, audited.options, audited.seed(), work);
}

// 600 customers in 60 towns; the default rate differs by town. `encoded` is one more column.
struct Customers {
  std::vector<int> town, bad;
  Values x;
};
Customers customers() {
  Random random(11);
  Customers out;
  for (int i = 0; i < 600; ++i) {
    out.town.push_back(static_cast<int>(random.below(60)));
    out.x.push_back(random.normal());
    out.bad.push_back(random.uniform() < 0.2 + 0.01 * (out.town.back() % 30) + (out.x.back() > 1 ? 0.2 : 0) ? 1 : 0);
  }
  return out;
}
std::unique_ptr<Audited> table(const std::function<double(const Customers&, std::size_t)>& encoded) {
  const Customers all = customers();
  std::string text = "town,x,e,bad\n";
  for (std::size_t i = 0; i < all.x.size(); ++i)
    text += fmt::format("t{},{:.17g},{:.17g},{}\n", all.town[i], all.x[i], encoded(all, i), all.bad[i]);
  return audited(text,
                 "data: {source: csv, path: data.csv}\ninputs: [x, e]\ntarget: {column: bad, task: binary}\n"
                 "split: {use: k_fold, folds: 4}\nprepare: [{use: scale, method: standard}]\nmodel: {use: linear.logistic}\n"
                 "evaluate: {metrics: [auc], baselines: [prior]}\n");
}
double noise_of(const Customers& all, std::size_t i) { return all.x[(i * 7 + 3) % all.x.size()]; }

// The town's share of bad ones, of rows that `counts` takes for row i.
template <class Counts>
double share(const Customers& all, std::size_t i, const Counts& counts) {
  double n = 0, bad = 0;
  for (std::size_t j = 0; j < all.bad.size(); ++j)
    if (all.town[j] == all.town[i] && counts(j)) n += 1, bad += all.bad[j];
  return n > 0 ? bad / n : 0.35;
}

// Train rows' first input becomes the mean label of train rows with the same whole part of it; cross-fitted: of rows of other fifths.
void encode(pipeline::FoldData& data, bool cross_fitted) {
  auto& part = data.train;
  std::map<std::int64_t, std::array<std::array<double, 2>, 5>> sums;
  const auto group = [&](std::int64_t i) { return static_cast<std::int64_t>(std::floor(part.x.row(i)[0] * 2)); };
  for (std::int64_t i = 0; i < part.rows(); ++i) {
    auto& sum = sums[group(i)][static_cast<std::size_t>(i % 5)];
    sum[0] += part.y[static_cast<std::size_t>(i)], sum[1] += 1;
  }
  Values encoded;
  for (std::int64_t i = 0; i < part.rows(); ++i) {
    double sum = 0, n = 0;
    for (std::int64_t k = 0; k < 5; ++k) {
      if (cross_fitted && k == i % 5) continue;
      sum += sums[group(i)][static_cast<std::size_t>(k)][0], n += sums[group(i)][static_cast<std::size_t>(k)][1];
    }
    encoded.push_back(n > 0 ? sum / n : 0);
  }
  for (std::int64_t i = 0; i < part.rows(); ++i) part.x.row(i)[0] = encoded[static_cast<std::size_t>(i)];
}

}  // namespace

TEST_CASE("Preparation fitted beyond the train rows is named by its step") {
  const auto twin = over_time();
  CHECK(tried_on(*twin, audit::preparation).status == Status::clean);
  const auto leaking = over_time();
  leaking->subject->assemble = [inner = leaking->subject->assemble](const pipeline::Dataset& dataset, const pipeline::Fold& fold,
                                                                    const pipeline::Folds& all) {
    pipeline::Fold whole{fold.train, {}, {}, "", 0, 0};
    whole.train.insert(whole.train.end(), fold.test.begin(), fold.test.end());
    pipeline::FoldData out = inner(dataset, fold, all);
    out.preparation = inner(dataset, whole, {}).preparation;
    return out;
  };
  const audit::TestResult result = tried_on(*leaking, audit::preparation);
  INFO(told(result));
  REQUIRE(result.status == Status::found);
  CHECK(result.findings.back().culprit == "prepare.1 (scale)");
}

TEST_CASE("Target encoding without cross-fitting is found, with it is not") {
  for (const bool cross_fitted : {false, true}) {
    const auto subject = table(noise_of);
    subject->assembled(
        [cross_fitted](pipeline::FoldData& data, const pipeline::Dataset&, const pipeline::Fold&) { encode(data, cross_fitted); });
    CHECK(audit::prepares_from_labels(*subject->subject, subject->seed()));
    const audit::TestResult result = tried_on(*subject, audit::own_label);
    INFO(told(result));
    CHECK((result.status == Status::found) == !cross_fitted);
    if (!cross_fitted) CHECK(result.findings.at(0).culprit == "prepared input `x`");
  }
  const auto without = table(noise_of);
  CHECK_FALSE(audit::prepares_from_labels(*without->subject, without->seed()));
  CHECK(tried_on(*without, audit::own_label).status == Status::clean);
}

TEST_CASE("Which inputs a selection keeps may hang on a single label; what they hold does not") {
  const auto subject = table(noise_of);
  subject->assembled([](pipeline::FoldData& data, const pipeline::Dataset&, const pipeline::Fold&) {
    double bad = 0;
    for (std::size_t i = 0; i < data.train.y.size(); i += 2) bad += data.train.y[i];
    if (std::fmod(bad, 2) == 0) return;
    std::swap(data.inputs[0], data.inputs[1]);
    for (std::int64_t i = 0; i < data.train.x.rows; ++i) std::swap(data.train.x.row(i)[0], data.train.x.row(i)[1]);
  });
  CHECK(audit::prepares_from_labels(*subject->subject, subject->seed()));
  const audit::TestResult result = tried_on(*subject, audit::own_label);
  INFO(told(result));
  CHECK(result.status == Status::clean);
}

TEST_CASE("A target encoding in a column of the file is found where each row's own label is in it") {
  const auto found = [](const std::function<double(const Customers&, std::size_t)>& encoded) { return probed(*table(encoded)); };
  const audit::TestResult all = found([](const Customers& c, std::size_t i) { return share(c, i, [](std::size_t) { return true; }); });
  INFO(told(all));
  REQUIRE(all.findings.size() == 1);
  CHECK(all.findings[0].culprit == "input `e`");
  CHECK(all.findings[0].what.find("mean by `town`") != std::string::npos);
  CHECK(found([](const Customers& c, std::size_t i) { return share(c, i, [i](std::size_t j) { return j % 5 != i % 5; }); }).status ==
        Status::clean);  // cross-fitted
  CHECK(found([](const Customers& c, std::size_t i) { return 0.2 + 0.01 * (c.town[i] % 30); }).status ==
        Status::clean);  // of another sample
  CHECK(found(noise_of).status == Status::clean);
}

TEST_CASE("A copy of the target in a table is found, a strong honest input is not") {
  const audit::TestResult copy = probed(*table([](const Customers& c, std::size_t i) { return c.bad[i] + 0.1 * c.x[i]; }));
  REQUIRE(copy.findings.size() == 1);
  CHECK(copy.findings[0].culprit == "input `e`");
  CHECK(probed(*table([](const Customers& c, std::size_t i) { return c.bad[i] + 1.0 * c.x[(i * 7 + 3) % 600]; })).status == Status::clean);
}

TEST_CASE("Columns of the file that know the next day are found; trailing ones and persistent labels are not") {
  const Values close = walk().close;
  const auto column = [&](const std::function<double(std::size_t)>& at, std::size_t before, std::size_t after) {
    Values out;
    for (std::size_t t = 0; t < close.size(); ++t) out.push_back(t < before || t + after >= close.size() ? kMissing : at(t));
    return out;
  };
  const auto tried = [&](const Values& values, const std::string& target = "lead(close, 1) / close - 1") {
    return probed(*over_time(target, {{"e", values}}, "[ret, f, e]"));
  };
  const audit::TestResult shifted = tried(column([&](std::size_t t) { return close[t + 1] / close[t] - 1; }, 0, 1));
  INFO(told(shifted));
  REQUIRE(shifted.findings.size() == 1);
  CHECK(shifted.findings[0].culprit == "input `e`");
  CHECK(shifted.findings[0].what.find("equals the label of its own row") != std::string::npos);
  const audit::TestResult centred = tried(column([&](std::size_t t) { return (close[t - 1] + close[t] + close[t + 1]) / close[t]; }, 1, 1));
  INFO(told(centred));
  REQUIRE(centred.findings.size() == 1);
  CHECK(tried(column([&](std::size_t t) { return (close[t - 2] + close[t - 1] + close[t]) / close[t]; }, 2, 0)).status == Status::clean);
  // Wider windows show the next day only together with the column's earlier values.
  const auto mean = [&](std::size_t t, std::size_t back, std::size_t ahead, bool of_returns) {
    double sum = 0;
    for (std::size_t i = t - back; i <= t + ahead; ++i) sum += of_returns ? close[i] / close[i - 1] - 1 : close[i] / close[t];
    return sum / static_cast<double>(back + ahead + 1);
  };
  for (const std::size_t half : {2, 5}) {
    for (const bool of_returns : {true, false}) {
      INFO(half << " rows to each side, " << of_returns);
      const audit::TestResult wide = tried(column([&](std::size_t t) { return mean(t, half, half, of_returns); }, half + 1, half));
      INFO(told(wide));
      REQUIRE(wide.findings.size() == 1);
      CHECK(wide.findings[0].culprit == "input `e`");
      const audit::TestResult trailing = tried(column([&](std::size_t t) { return mean(t, 2 * half, 0, of_returns); }, 2 * half + 1, 0));
      INFO(told(trailing));
      CHECK(trailing.status == Status::clean);
      CHECK(trailing.notes.empty());
    }
  }
  // A level forecasts itself.
  CHECK(tried(column([&](std::size_t t) { return close[t]; }, 0, 0), "lead(close, 1)").status == Status::clean);

  const auto five = [&](std::size_t t) { return close[t + 5] / close[t] - 1; };
  const audit::TestResult overlapping = tried(column([&](std::size_t t) { return five(t - 1); }, 1, 4), "lead(close, 5) / close - 1");
  INFO(told(overlapping));
  REQUIRE(overlapping.findings.size() == 1);
  CHECK(overlapping.findings[0].what.find("the row 1 before") != std::string::npos);
  const audit::TestResult ended = tried(column([&](std::size_t t) { return five(t - 5); }, 5, 0), "lead(close, 5) / close - 1");
  INFO(told(ended));
  CHECK(ended.status == Status::clean);
}

TEST_CASE("A last known label that overlaps the present one is found") {
  const auto subject = over_time("lead(close, 5) / close - 1");
  audit::Work work = subject->work();
  CHECK(audit::availability(*subject->subject, work).status == Status::clean);
  pipeline::Dataset& dataset = subject->subject->dataset;
  for (std::size_t row = 1; row < dataset.y.size(); ++row) dataset.last_known_target[row] = dataset.y[row - 1];
  const audit::TestResult result = audit::availability(*subject->subject, work);
  INFO(told(result));
  REQUIRE(result.status == Status::found);
  CHECK(result.findings[0].culprit == "the last known label");
  CHECK(result.findings[0].first.row == 1);
}

TEST_CASE("Train labels that touch test rows, and one choice over pooled folds, are found") {
  const auto subject =
      over_time("lead(close, 5) / close - 1", {}, "[ret, f]", "{use: walk_forward, train: 200, validation: 60, test: 60, step: 60}");
  audit::Work work = subject->work();
  pipeline::Folds& folds = subject->subject->folds;
  std::vector<audit::Choice> by_fold, pooled{{"the choice for all folds", {}, {}}};
  for (const pipeline::Fold& fold : folds.folds) {
    by_fold.push_back({"the choice for a fold", fold.validation, fold.test});
    pooled[0].seen.insert(pooled[0].seen.end(), fold.validation.begin(), fold.validation.end());
    pooled[0].reported.insert(pooled[0].reported.end(), fold.test.begin(), fold.test.end());
  }
  CHECK(audit::choices_of(*subject->subject).empty());  // no search
  CHECK(audit::intervals(*subject->subject, by_fold, work).status == Status::clean);
  const audit::TestResult once = audit::intervals(*subject->subject, pooled, work);
  INFO(told(once));
  REQUIRE(once.findings.size() == 1);
  CHECK(once.findings[0].culprit == "the choice for all folds");

  const std::int64_t last = folds.folds[1].train.back();
  folds.folds[1].train.push_back(last + 1);  // purged before: its label ends among the validation rows
  const audit::TestResult purge = audit::intervals(*subject->subject, {}, work);
  INFO(told(purge));
  REQUIRE(purge.findings.size() == 1);
  CHECK(purge.findings[0].culprit == "fold 2");
  CHECK(purge.findings[0].count == 1);
  CHECK(purge.findings[0].first.row == last + 1);
}

TEST_CASE("A customer in train and test at once is found") {
  const Customers all = customers();
  std::string text = "town,x,bad\n";
  for (std::size_t i = 0; i < all.x.size(); ++i) text += fmt::format("t{},{:.17g},{}\n", all.town[i], all.x[i], all.bad[i]);
  const auto subject = audited(text,
                               "data: {source: csv, path: data.csv}\ninputs: [x]\ntarget: {column: bad, task: binary}\n"
                               "split: {use: k_fold, folds: 4, group: town}\nmodel: {use: linear.logistic}\nevaluate: {metrics: [auc]}\n");
  audit::Work work = subject->work();
  CHECK(audit::intervals(*subject->subject, {}, work).status == Status::clean);
  pipeline::Fold& fold = subject->subject->folds.folds[1];
  fold.test.erase(fold.test.begin());
  fold.train.insert(fold.train.begin(), fold.test.front());
  fold.test.erase(fold.test.begin());
  const audit::TestResult result = audit::intervals(*subject->subject, {}, work);
  INFO(told(result));
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].culprit == "fold 2");
  CHECK(result.findings[0].what.find("split.group") != std::string::npos);
}

TEST_CASE("Skill vanishes with shuffled labels, unless an input has seen them") {
  for (const bool leaks : {false, true}) {
    for (const bool timed : {false, true}) {
      const auto subject = timed ? over_time() : table(noise_of);
      if (leaks)
        subject->assembled([](pipeline::FoldData& data, const pipeline::Dataset& dataset, const pipeline::Fold&) {
          for (pipeline::FoldPart* part : {&data.train, &data.test})
            for (std::int64_t i = 0; i < part->rows(); ++i)
              part->x.row(i)[0] = dataset.y[static_cast<std::size_t>(part->row[static_cast<std::size_t>(i)])];
        });
      const audit::TestResult result = shuffled(*subject);
      INFO(told(result));
      CHECK(result.status == (leaks ? Status::found : Status::clean));
      CHECK(told(result) == told(shuffled(*subject)));
    }
  }
}

TEST_CASE("Skill vanishes for the experiment's own models too, unless one has seen its test labels") {
  for (const bool leaks : {false, true}) {
    for (const bool timed : {false, true}) {
      const auto subject = timed ? over_time() : table(noise_of);
      subject->options.own_models = true;
      if (leaks)
        subject->subject->forecast = [](const audit::AuditedModel&, const pipeline::Dataset& dataset, const pipeline::Fold& fold,
                                        const pipeline::Folds&) {
          audit::ModelForecasts out{fold.test, {}, 1};
          for (const std::int64_t row : fold.test) out.value.push_back(dataset.y[static_cast<std::size_t>(row)]);
          return out;
        };
      const audit::TestResult result = shuffled(*subject);
      INFO(told(result));
      CHECK(result.status == (leaks ? Status::found : Status::clean));
      CHECK_THAT(result.looked_at, Catch::StartsWith("model `") && Catch::Contains("20 draws"));
    }
  }
}
