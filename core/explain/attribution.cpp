#include "explain/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/parallel.hpp"

namespace assay::explain {

namespace {

std::span<double> part(std::vector<double>& values, std::int64_t i, std::size_t width) {
  return std::span(values).subspan(static_cast<std::size_t>(i) * width, width);
}

Attributions empty_for(std::size_t rows, std::size_t features) {
  Attributions out;
  out.score.resize(rows);
  out.base.resize(rows);
  out.gap.resize(rows);
  out.value.resize(rows * features);
  return out;
}

void close(Attributions& out, std::int64_t row, std::size_t features) {
  const auto values = part(out.value, row, features);
  const auto i = static_cast<std::size_t>(row);
  out.gap[i] = out.score[i] - out.base[i] - std::accumulate(values.begin(), values.end(), 0.0);
}

// One background row: features change in the drawn order, then in the reverse one. The mean of both gains of each feature into `gain`.
class Passes {
 public:
  Passes(std::span<const Feature> features, std::int64_t width) : features_(features) { points_.width = width; }

  void draw(std::span<const double> row, std::span<const double> from, Random random) {
    std::vector<std::size_t> order(features_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    random.shuffle(std::span(order));
    walk(row, from, order);
    std::reverse(order.begin(), order.end());
    walk(row, from, order);
  }

  // For the background rows drawn since, gains of each feature (drawn x features) and their starts' scores.
  void measure(const Score& score, std::int64_t of, std::vector<double>& gains, std::vector<double>& starts) {
    const std::vector<std::int64_t> all_of(static_cast<std::size_t>(points_.count()), of);
    const std::vector<double> value = score(points_, all_of);
    const std::size_t n = features_.size(), drawn = orders_.size() / 2;
    gains.assign(drawn * n, 0.0);
    starts.assign(drawn, 0.0);
    for (std::size_t k = 0; k < orders_.size(); ++k) {
      const double* const at = value.data() + k * (n + 1);
      for (std::size_t s = 0; s < n; ++s) gains[k / 2 * n + orders_[k][s]] += (at[s + 1] - at[s]) / 2;
      starts[k / 2] += at[0] / 2;
    }
    end_ = value.empty() ? 0 : value[n];
  }
  double end() const { return end_; }  // the row's own score

 private:
  void walk(std::span<const double> row, std::span<const double> from, const std::vector<std::size_t>& order) {
    std::vector<double> now(row.begin(), row.end());  // places of no feature stay the row's own
    for (const Feature& feature : features_) put(feature, from, now);
    points_.add(now);
    for (const std::size_t f : order) {
      put(features_[f], row, now);
      points_.add(now);
    }
    orders_.push_back(order);
  }

  std::span<const Feature> features_;
  Rows points_;
  std::vector<std::vector<std::size_t>> orders_;
  double end_ = 0;
};

// The parts of a work that is shared by threads, counted as they are done.
class Count {
 public:
  Count(const Work& work, std::size_t total) : work_(work), total_(total) {}
  void done() {
    if (!work_.tick) return;
    const std::lock_guard lock(mutex_);
    work_.tick(static_cast<double>(++done_) / static_cast<double>(total_));
  }

 private:
  const Work& work_;
  std::size_t total_, done_ = 0;
  std::mutex mutex_;
};

constexpr std::int64_t kTogether = 10;  // background rows that one call of the score takes

}  // namespace

Attributions linear_shapley(const Rows& rows, std::span<const double> score, std::span<const double> slope, std::span<const double> mean,
                            std::span<const Feature> features) {
  Attributions out = empty_for(static_cast<std::size_t>(rows.count()), features.size());
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const std::span<const double> row = rows.row(r);
    double moved = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
      double sum = 0;
      for (const std::int64_t place : features[f].places) {
        const auto p = static_cast<std::size_t>(place);
        sum += slope[p] * (row[p] - mean[p]);
      }
      moved += part(out.value, r, features.size())[f] = sum;
    }
    out.score[static_cast<std::size_t>(r)] = score[static_cast<std::size_t>(r)];
    out.base[static_cast<std::size_t>(r)] = score[static_cast<std::size_t>(r)] - moved;
    close(out, r, features.size());
  }
  return out;
}

Attributions sampled_shapley(const Rows& rows, const Rows& background, std::span<const Feature> features, std::span<const std::int64_t> ids,
                             const SeedTree& seed, const ScoreMaker& maker, const Work& work) {
  const std::int64_t drawn = background.count(), parts = (drawn + kTogether - 1) / kTogether;
  const std::size_t n = features.size();
  Attributions out = empty_for(static_cast<std::size_t>(rows.count()), n);
  out.error.resize(out.value.size());
  std::vector<std::vector<double>> gains(static_cast<std::size_t>(rows.count() * parts)), starts(gains.size());
  Count count(work, gains.size());
  in_parallel(work.threads, gains.size(), [&] {
    return [&, score = maker()](std::size_t task) {
      const auto r = static_cast<std::int64_t>(task) / parts, first = static_cast<std::int64_t>(task) % parts * kTogether;
      Passes passes(features, rows.width);
      for (std::int64_t b = first; b < std::min(drawn, first + kTogether); ++b)
        passes.draw(rows.row(r), background.row(b),
                    Random(seed.child(static_cast<std::uint64_t>(ids[static_cast<std::size_t>(r)])).child(static_cast<std::uint64_t>(b))));
      passes.measure(score, r, gains[task], starts[task]);
      if (first == 0) out.score[static_cast<std::size_t>(r)] = passes.end();
      count.done();
    };
  });
  for (std::int64_t r = 0; r < rows.count(); ++r) {
    const auto value = part(out.value, r, n), error = part(out.error, r, n);
    const auto all = static_cast<double>(drawn);
    const auto each = [&](const auto& use) {
      for (std::int64_t p = 0; p < parts; ++p) {
        const auto task = static_cast<std::size_t>(r * parts + p);
        for (std::size_t b = 0; b < starts[task].size(); ++b) use(std::span(gains[task]).subspan(b * n, n), starts[task][b]);
      }
    };
    double base = 0;
    each([&](std::span<const double> gain, double start) {
      for (std::size_t f = 0; f < n; ++f) value[f] += gain[f] / all;
      base += start / all;
    });
    each([&](std::span<const double> gain, double) {
      for (std::size_t f = 0; f < n; ++f) error[f] += (gain[f] - value[f]) * (gain[f] - value[f]);
    });
    for (double& e : error) e = drawn > 1 ? std::sqrt(e / (all - 1) / all) : std::nan("");
    out.base[static_cast<std::size_t>(r)] = base;
    close(out, r, n);
  }
  return out;
}

Attributions integrated_gradients(const Rows& rows, std::span<const double> baseline, std::span<const Feature> features, int steps,
                                  const SlopeMaker& maker, const Work& work, std::vector<double>* by_place) {
  const std::size_t n = features.size();
  const auto width = static_cast<std::size_t>(rows.width);
  Attributions out = empty_for(static_cast<std::size_t>(rows.count()), n);
  std::vector<double> places(static_cast<std::size_t>(rows.count()) * width, 0.0);
  Count count(work, static_cast<std::size_t>(rows.count()));
  in_parallel(work.threads, static_cast<std::size_t>(rows.count()), [&] {
    return [&, slope = maker()](std::size_t task) {
      const auto r = static_cast<std::int64_t>(task);
      const std::span<const double> row = rows.row(r);
      Rows points;  // the way, then both of its ends
      points.width = rows.width;
      const auto add = [&](double share) {
        for (std::size_t p = 0; p < width; ++p) points.values.push_back(baseline[p] + share * (row[p] - baseline[p]));
      };
      for (int s = 0; s < steps; ++s) add((s + 0.5) / steps);
      points.add(row);
      points.add(baseline);
      const std::vector<std::int64_t> of(static_cast<std::size_t>(points.count()), r);
      const Slopes told = slope(points, of);
      const auto own = part(places, r, width);
      for (std::size_t s = 0; s < static_cast<std::size_t>(steps); ++s)
        for (std::size_t p = 0; p < width; ++p) own[p] += told.slope[s * width + p] / steps;
      for (std::size_t p = 0; p < width; ++p) own[p] *= row[p] - baseline[p];
      out.score[task] = told.score[static_cast<std::size_t>(steps)];
      out.base[task] = told.score[static_cast<std::size_t>(steps) + 1];
      const auto value = part(out.value, r, n);
      for (std::size_t f = 0; f < n; ++f)
        for (const std::int64_t place : features[f].places) value[f] += own[static_cast<std::size_t>(place)];
      close(out, r, n);
      count.done();
    };
  });
  if (by_place != nullptr) *by_place = std::move(places);
  return out;
}

std::vector<std::size_t> pushes(std::span<const double> value) {
  std::vector<std::size_t> order;
  for (std::size_t f = 0; f < value.size(); ++f)
    if (value[f] > 0) order.push_back(f);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return value[a] > value[b]; });
  return order;
}

}  // namespace assay::explain
