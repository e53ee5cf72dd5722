#include "explain/importance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>

#include "base/parallel.hpp"
#include "stats/distributions.hpp"

namespace assay::explain {

namespace {

std::vector<std::int64_t> each_itself(std::int64_t rows) {
  std::vector<std::int64_t> of(static_cast<std::size_t>(rows));
  std::iota(of.begin(), of.end(), 0);
  return of;
}

// work(tool, i) for every i < count on several threads, each with a tool of its own.
template <class Make, class Do>
void shared_out(const Work& work, std::size_t count, const Make& make, const Do& job) {
  std::mutex mutex;
  std::size_t done = 0;
  in_parallel(work.threads, count, [&] {
    return [&, tool = make()](std::size_t i) {
      job(tool, i);
      if (!work.tick) return;
      const std::lock_guard lock(mutex);
      work.tick(static_cast<double>(++done) / static_cast<double>(count));
    };
  });
}

}  // namespace

Importance permutation_importance(const Rows& rows, std::span<const Feature> features, std::span<const std::vector<std::int64_t>> donors,
                                  const ForecastMaker& maker, const Judge& judge, const Work& work) {
  const std::vector<std::int64_t> of = each_itself(rows.count());
  Importance out;
  out.whole = judge(maker()(rows, of));
  out.drops.assign(features.size(), std::vector<double>(donors.size()));
  shared_out(work, features.size() * donors.size(), maker, [&](const Forecast& forecast, std::size_t task) {
    const std::size_t f = task / donors.size(), draw = task % donors.size();
    Rows shuffled = rows;
    for (std::int64_t r = 0; r < rows.count(); ++r)
      put(features[f], rows.row(donors[draw][static_cast<std::size_t>(r)]),
          std::span(shuffled.values).subspan(static_cast<std::size_t>(r * rows.width), static_cast<std::size_t>(rows.width)));
    out.drops[f][draw] = out.whole - judge(forecast(shuffled, of));
  });
  return out;
}

Drop summary_of(std::span<const double> drops, double confidence) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(drops.size());
  Drop out{std::accumulate(drops.begin(), drops.end(), 0.0) / n, kNaN, kNaN, kNaN};
  if (drops.size() < 2) return out;
  double squares = 0;
  for (const double d : drops) squares += (d - out.mean) * (d - out.mean);
  out.deviation = std::sqrt(squares / (n - 1));
  const double half = stats::student_t_quantile(0.5 + confidence / 2, n - 1) * out.deviation / std::sqrt(n);
  out.low = out.mean - half;
  out.high = out.mean + half;
  return out;
}

std::vector<std::int64_t> donors_within(std::int64_t rows, std::span<const std::int64_t> keys, Random random) {
  std::map<std::int64_t, std::vector<std::int64_t>> together;
  for (std::int64_t r = 0; r < rows; ++r) together[keys.empty() ? 0 : keys[static_cast<std::size_t>(r)]].push_back(r);
  std::vector<std::int64_t> donor(static_cast<std::size_t>(rows));
  for (const auto& [key, members] : together) {
    std::vector<std::int64_t> shuffled = members;
    random.shuffle(std::span(shuffled));
    for (std::size_t i = 0; i < members.size(); ++i) donor[static_cast<std::size_t>(members[i])] = shuffled[i];
  }
  return donor;
}

std::vector<std::int64_t> donors_by_stretches(std::int64_t rows, std::int64_t length, Random random) {
  std::vector<std::int64_t> stretch(static_cast<std::size_t>((rows + length - 1) / length));
  std::iota(stretch.begin(), stretch.end(), 0);
  random.shuffle(std::span(stretch));
  std::vector<std::int64_t> donor;
  for (const std::int64_t s : stretch)
    for (std::int64_t r = s * length; r < std::min(rows, (s + 1) * length); ++r) donor.push_back(r);
  return donor;
}

Dependence partial_dependence(const Rows& rows, const Feature& feature, const Rows& grid, const ScoreMaker& maker, const Work& work) {
  const std::vector<std::int64_t> of = each_itself(rows.count());
  Dependence out;
  out.curve.resize(static_cast<std::size_t>(grid.count()));
  shared_out(work, out.curve.size(), maker, [&](const Score& score, std::size_t g) {
    Rows changed = rows;
    for (std::int64_t r = 0; r < rows.count(); ++r)
      put(feature, grid.row(static_cast<std::int64_t>(g)),
          std::span(changed.values).subspan(static_cast<std::size_t>(r * rows.width), static_cast<std::size_t>(rows.width)));
    out.curve[g] = score(changed, of);
  });
  for (const std::vector<double>& curve : out.curve)
    out.mean.push_back(std::accumulate(curve.begin(), curve.end(), 0.0) / static_cast<double>(rows.count()));
  return out;
}

}  // namespace assay::explain
