// Leaks in features, labels and forecasts: found by cutting the data or by changing the future, named with their first row.
#include <algorithm>
#include <numeric>

#include "planted_subject.hpp"

using namespace planted;
using audit::Status;

namespace {

Values closes(const data::Frame& frame) { return frame.at("close").to_reals(); }

Values moving(const Values& x, std::int64_t from, std::int64_t to) {  // means over rows t+from .. t+to
  Values out;
  for (std::int64_t t = 0; t < static_cast<std::int64_t>(x.size()); ++t) {
    double sum = 0;
    const bool inside = t + from >= 0 && t + to < static_cast<std::int64_t>(x.size());
    for (std::int64_t i = t + from; inside && i <= t + to; ++i) sum += x[static_cast<std::size_t>(i)];
    out.push_back(inside ? sum / static_cast<double>(to - from + 1) : kMissing);
  }
  return out;
}

Values scaled(const Values& x, bool by_whole_sample) {  // by the mean of all rows, or of those so far
  const double whole = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  Values out;
  double sum = 0;
  for (const double v : x) {
    sum += v;
    out.push_back(v / (by_whole_sample ? whole : sum / static_cast<double>(out.size() + 1)));
  }
  return out;
}

Values filled(Values x, bool backwards) {
  if (backwards) std::reverse(x.begin(), x.end());
  double last = kMissing;
  for (double& v : x) last = v = std::isnan(v) ? last : v;
  if (backwards) std::reverse(x.begin(), x.end());
  return x;
}

struct Leak {
  const char* name;
  std::function<Values(const data::Frame&)> leaking, clean;
};
const std::vector<Leak>& leaks() {
  static const std::vector<Leak> all{
      {"a one-row shift", [](const data::Frame& f) { return moving(closes(f), 1, 1); },
       [](const data::Frame& f) { return moving(closes(f), -1, -1); }},
      {"a centred window", [](const data::Frame& f) { return moving(closes(f), -2, 2); },
       [](const data::Frame& f) { return moving(closes(f), -4, 0); }},
      {"full-sample scaling", [](const data::Frame& f) { return scaled(closes(f), true); },
       [](const data::Frame& f) { return scaled(closes(f), false); }},
      {"backfilled missing values", [](const data::Frame& f) { return filled(f.at("x").to_reals(), true); },
       [](const data::Frame& f) { return filled(f.at("x").to_reals(), false); }},
  };
  return all;
}

std::vector<audit::TestResult> looked(const Audited& audited) {
  audit::Work work = audited.work();
  return audit::look_ahead(*audited.subject, audited.options, audited.seed(), work);
}

}  // namespace

TEST_CASE("Features that read the future are named, and their clean twins are not") {
  for (const Leak& leak : leaks()) {
    INFO(leak.name);
    const auto leaking = over_time();
    leaking->feature(leak.leaking);
    const auto results = looked(*leaking);
    for (const char* test : {"truncation", "perturbation"}) {
      const audit::TestResult& result = named(results, test);
      INFO(told(result));
      REQUIRE(result.status == Status::found);
      REQUIRE(result.findings.size() == 1);
      CHECK(result.findings[0].culprit == "feature `f`");
      CHECK(result.findings[0].count > 0);
    }
    CHECK(named(results, "prepared rows").status != Status::found);  // it would say the same once more

    const auto twin = over_time();
    twin->feature(leak.clean);
    for (const audit::TestResult& result : looked(*twin)) {
      INFO(told(result));
      CHECK(result.status == Status::clean);
    }
  }
}

TEST_CASE("The first row, the value with and without the future, and the amount are told") {
  const auto leaking = over_time();
  leaking->feature([](const data::Frame& f) { return moving(closes(f), 1, 1); });
  const std::vector<audit::Cut> cuts = audit::choose_cuts(*leaking->subject, leaking->options, leaking->seed());
  const auto results = looked(*leaking);
  const audit::Finding& cut = named(results, "truncation").findings.at(0);
  CHECK(cut.count == static_cast<std::int64_t>(cuts.size()));  // the last row before each cut
  CHECK(cut.first.row == cuts.front().rows - 1);
  CHECK(cut.first.time == cuts.front().time);
  CHECK(cut.before == walk().close[static_cast<std::size_t>(cuts.front().rows)]);
  CHECK(std::isnan(cut.after));
  const audit::Finding& noise = named(results, "perturbation").findings.at(0);
  CHECK(noise.first.row == cut.first.row);
  CHECK(noise.amount >= std::abs(noise.before - noise.after));
}

TEST_CASE("What the length of the data hides from the cut, the changed future shows") {
  const auto leaking = over_time();
  const Values all = walk().close;
  const double most = *std::max_element(all.begin(), all.end());
  leaking->feature([most](const data::Frame& f) {  // behaves until prices that were never seen come later
    Values x = closes(f);
    const bool unseen = *std::max_element(x.begin(), x.end()) > 1.2 * most;
    for (double& v : x) v = unseen ? 0 : v;
    return x;
  });
  const auto results = looked(*leaking);
  CHECK(named(results, "truncation").status == Status::clean);
  CHECK(named(results, "perturbation").findings.at(0).culprit == "feature `f`");
}

TEST_CASE("Labels that read further than their interval, or are made from what is there, are found") {
  const auto tampered = [](std::function<void(pipeline::Dataset&)> change) {
    auto out = over_time("lead(close, 5) / close - 1");
    out->subject->compute = [inner = out->subject->compute, change = std::move(change)](const data::Frame& frame) {
      audit::Computed computed = inner(frame);
      change(computed.dataset);
      return computed;
    };
    out->recompute();
    return named(looked(*out), "truncation");
  };
  const audit::TestResult early = tampered([](pipeline::Dataset& d) {
    for (std::size_t row = 0; row < d.y.size(); ++row)
      if (!std::isnan(d.y[row])) d.label_end[row] -= 2 * kNsPerDay;
  });
  INFO(told(early));
  REQUIRE(early.status == Status::found);
  CHECK(early.findings.front().culprit == "the target");
  CHECK(early.findings.front().what.find("further than its interval") != std::string::npos);

  const audit::TestResult filled_in = tampered([](pipeline::Dataset& d) {
    for (double& value : d.y)
      if (std::isnan(value)) value = 0;
  });
  REQUIRE(filled_in.status == Status::found);
  CHECK(filled_in.findings.front().what.find("made from what is there") != std::string::npos);

  CHECK(tampered([](pipeline::Dataset&) {}).status == Status::clean);
}

TEST_CASE("A model that looks at the other test rows of a call is named") {
  const auto leaking = over_time();
  leaking->subject->forecast = [inner = leaking->subject->forecast](const audit::AuditedModel& model, const pipeline::Dataset& dataset,
                                                                    const pipeline::Fold& fold, const pipeline::Folds& all) {
    audit::ModelForecasts out = inner(model, dataset, fold, all);
    if (model.name != "model") return out;
    const double mean = std::accumulate(out.value.begin(), out.value.end(), 0.0) / static_cast<double>(out.value.size());
    for (double& v : out.value) v -= mean;
    return out;
  };
  const auto results = looked(*leaking);
  const audit::TestResult& forecasts = named(results, "forecasts");
  INFO(told(forecasts));
  REQUIRE(forecasts.findings.size() == 1);
  CHECK(forecasts.findings[0].culprit == "model `model`");
  CHECK(named(results, "prepared rows").status == Status::clean);
}

TEST_CASE("Preparation that reads later rows is named") {
  const auto leaking = over_time();
  leaking->assembled([](pipeline::FoldData& data, const pipeline::Dataset&, const pipeline::Fold&) {
    double& first = data.test.x.values.at(0);
    first -= data.test.x.values.at(data.test.x.values.size() - 2);  // the last test row's
  });
  const auto results = looked(*leaking);
  const audit::TestResult& prepared = named(results, "prepared rows");
  INFO(told(prepared));
  REQUIRE(prepared.findings.size() == 1);
  CHECK(prepared.findings[0].culprit == "prepared input `ret`");
}

TEST_CASE("A warm-up that is too short is named; what fades or never ends is noted") {
  const auto tried = [](std::function<Values(const data::Frame&)> make, std::int64_t declared) {
    const auto subject = over_time();
    if (make) subject->feature(std::move(make));
    subject->subject->warmup_rows.at(1) = declared;
    audit::Work work = subject->work();
    return audit::warm_up(*subject->subject, subject->seed(), work);
  };
  CHECK(tried({}, 19).status == Status::clean);
  const audit::TestResult missing = tried({}, 3);
  REQUIRE(missing.status == Status::found);
  CHECK(missing.findings[0].culprit == "feature `f`");
  CHECK(missing.findings[0].count == 16);

  const auto partial = [](const data::Frame& f) {  // a window of 20 that takes what there is
    const Values x = closes(f);
    Values out;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const std::size_t from = t < 19 ? 0 : t - 19;
      out.push_back(std::accumulate(x.begin() + static_cast<std::ptrdiff_t>(from), x.begin() + static_cast<std::ptrdiff_t>(t) + 1, 0.0) /
                    static_cast<double>(t - from + 1));
    }
    return out;
  };
  const audit::TestResult short_one = tried(partial, 5);
  INFO(told(short_one));
  REQUIRE(short_one.status == Status::found);
  CHECK(short_one.findings[0].what.find("reads 14 rows further back") != std::string::npos);
  CHECK(tried(partial, 19).status == Status::clean);

  const auto recursion = [](double keep, double take) {
    return [keep, take](const data::Frame& f) {
      Values x = closes(f);
      for (std::size_t t = 1; t < x.size(); ++t) x[t] = keep * x[t - 1] + take * x[t];
      return x;
    };
  };
  CHECK(tried(recursion(0.9, 0.1), 150).notes.empty());  // faded to nothing
  for (const auto& [keep, take] : {std::pair{0.97, 0.03}, std::pair{0.9, 0.1}, std::pair{1.0, 1.0}}) {
    const audit::TestResult noted = tried(recursion(keep, take), 10);
    INFO(told(noted));
    CHECK(noted.status == Status::clean);
    CHECK(noted.notes.size() == 1);
  }
}
