// Features of a yield curve, row by row: level, slope and curvature, forward rates, the factors of Nelson and Siegel. Formulas and sources:
// docs/indicators.md. transform keeps nothing: thread-safe.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nelson_siegel.hpp"
#include "yields.hpp"

namespace assay::features {
namespace {

// The three figures that Diebold and Li (2006) compare the factors with.
struct Shape {
  std::string short_yield = "DGS3MO", medium_yield = "DGS2", long_yield = "DGS10";

  static void params(Params<Shape>& p) {
    p.column<&Shape::short_yield>("short", "A short yield, of three months say");
    p.column<&Shape::medium_yield>("medium", "A medium yield, of two years say");
    p.column<&Shape::long_yield>("long", "A long yield, of ten years say");
  }
  std::vector<std::string> outputs() const { return {"level", "slope", "curvature"}; }

  void transform(const Frame& frame, Out out) const {
    const Series near = series_of(frame, 0), middle = series_of(frame, 1), far = series_of(frame, 2);
    put(far, out, 0);
    put(each_row(frame.rows(), [&](Rows t) { return far[at(t)] - near[at(t)]; }), out, 1);
    put(each_row(frame.rows(), [&](Rows t) { return (middle[at(t)] - near[at(t)]) - (far[at(t)] - middle[at(t)]); }), out, 2);
  }
};

enum class Quoted { par, continuous, annual, semiannual };

// Log of the price today of 1 to be paid in so many years.
double log_discount(Quoted quoted, double yield, double years) {
  if (quoted == Quoted::continuous) return -yield * years;
  return quoted == Quoted::annual ? -years * std::log1p(yield) : -2 * years * std::log1p(yield / 2);
}
double rate_between(Quoted quoted, double log_growth, double years) {
  if (quoted == Quoted::continuous) return log_growth / years;
  return quoted == Quoted::annual ? std::expm1(log_growth / years) : 2 * std::expm1(log_growth / (2 * years));
}

// From yields of bonds at par with a coupon each half year; between two maturities the yield goes straight.
class ParCurve {
 public:
  ParCurve(const std::vector<double>& years, const std::vector<double>& yields) : years_(years), yields_(yields) {
    double sum = 0;
    for (std::size_t k = 1; static_cast<double>(k) / 2 <= years.back(); ++k) {
      const double half = yield_at(static_cast<double>(k) / 2) / 2;
      discount_.push_back((1 - half * sum) / (1 + half));
      sum += discount_.back();
    }
  }
  double log_discount_at(double years) const {
    if (years <= 0.5) return log_discount(Quoted::semiannual, yield_at(years), years);
    return std::log(discount_[static_cast<std::size_t>(std::lround(2 * years)) - 1]);
  }

 private:
  double yield_at(double years) const {
    const auto above = std::lower_bound(years_.begin(), years_.end(), years);
    if (above == years_.begin()) return yields_.front();
    if (above == years_.end()) return yields_.back();
    const auto i = static_cast<std::size_t>(above - years_.begin());
    const double share = (years - years_[i - 1]) / (years_[i] - years_[i - 1]);
    return yields_[i - 1] + share * (yields_[i] - yields_[i - 1]);
  }
  const std::vector<double>&years_, &yields_;
  std::vector<double> discount_;  // of each half year
};

struct Forward : Maturities {
  Quoted quoted = Quoted::par;

  static void params(Params<Forward>& p) {
    maturity_params(p);
    p.choice<&Forward::quoted>("yields", "par: of bonds at par with half-yearly coupons; else zero-coupon yields, so compounded",
                               {"par", "continuous", "annual", "semiannual"});
  }
  // Named after the yields between which they lie.
  std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < columns.size(); ++i) names.push_back(columns[i - 1] + "_" + columns[i]);
    return names;
  }

  void transform(const Frame& frame, Out out) const {
    const std::vector<double> all = years(2);
    if (quoted == Quoted::par) {
      for (const double m : all)
        if (m > 0.5 && std::fabs(2 * m - std::round(2 * m)) > 1e-9)
          throw bad_input("par yields beyond half a year need maturities of whole half years: coupons fall on them");
    }
    std::vector<Series> columns_of;
    for (std::size_t c = 0; c < all.size(); ++c) columns_of.push_back(series_of(frame, c));
    for (Rows t = 0; t < frame.rows(); ++t) {
      std::vector<double> maturity, yield;
      for (std::size_t c = 0; c < all.size(); ++c) {
        if (std::isnan(columns_of[c][at(t)])) continue;
        maturity.push_back(all[c]);
        yield.push_back(columns_of[c][at(t)] / 100);
      }
      Series log_price(all.size(), kMissing);
      if (!maturity.empty()) fill(log_price, all, maturity, yield);
      for (std::size_t c = 1; c < all.size(); ++c) {
        const double rate = 100 * rate_between(quoted, log_price[c - 1] - log_price[c], all[c] - all[c - 1]);
        out(t, static_cast<Rows>(c) - 1) = std::isfinite(rate) ? rate : kMissing;
      }
    }
  }

 private:
  // Where a yield is there.
  void fill(Series& log_price, const std::vector<double>& all, const std::vector<double>& maturity,
            const std::vector<double>& yield) const {
    const ParCurve par(maturity, yield);
    for (std::size_t c = 0, known = 0; c < all.size() && known < maturity.size(); ++c) {
      if (maturity[known] != all[c]) continue;
      log_price[c] = quoted == Quoted::par ? par.log_discount_at(all[c]) : log_discount(quoted, yield[known], all[c]);
      ++known;
    }
  }
};

struct NelsonSiegel : Maturities {
  bool fitted = false;
  double decay = 0.7308, least = 0.1, most = 3;

  static void params(Params<NelsonSiegel>& p) {
    maturity_params(p);
    p.boolean<&NelsonSiegel::fitted>("fit_decay", "Find each row's decay too");
    p.real<&NelsonSiegel::decay>("decay", "How fast the slope's loading falls, per year; 0.7308 puts the hump at 30 months")
        .range(1e-3, 100)
        .only_if("fit_decay", false);
    p.real<&NelsonSiegel::least>("decay_least", "Least decay that is tried").range(1e-3, 100).only_if("fit_decay", true);
    p.real<&NelsonSiegel::most>("decay_most", "Greatest decay that is tried").range(1e-3, 100).only_if("fit_decay", true);
  }
  std::vector<std::string> outputs() const { return {"level", "slope", "curvature", "decay", "error"}; }

  // A row needs as many yields as it has factors, and one more.
  void transform(const Frame& frame, Out out) const {
    const std::size_t need = fitted ? 5 : 4;
    const std::vector<double> all = years(need);
    if (fitted && !(least < most)) throw bad_input("`decay_least` has to be less than `decay_most`");
    std::vector<Series> columns_of;
    for (std::size_t c = 0; c < all.size(); ++c) columns_of.push_back(series_of(frame, c));
    for (Rows t = 0; t < frame.rows(); ++t) {
      std::vector<double> maturity, yield;
      for (std::size_t c = 0; c < all.size(); ++c) {
        if (std::isnan(columns_of[c][at(t)])) continue;
        maturity.push_back(all[c]);
        yield.push_back(columns_of[c][at(t)]);
      }
      CurveFit fit;
      if (maturity.size() >= need) fit = fitted ? fit_decay(least, most, maturity, yield) : fit_at(decay, maturity, yield);
      const double error = std::sqrt(fit.squares / static_cast<double>(maturity.size()));
      const double values[] = {fit.factors[0], fit.factors[1], fit.factors[2], fit.decay, error};
      for (Rows k = 0; k < 5; ++k) out(t, k) = fit.sound ? values[k] : kMissing;
    }
  }
};

}  // namespace
}  // namespace assay::features

using namespace assay::features;

ASSAY_PLUGIN(assay::feature<Shape>("curve.shape", "1.0.0", "Level, slope and curvature of a yield curve from three yields"),
             assay::feature<Forward>("curve.forward", "1.0.0", "Forward rates between neighbouring maturities"),
             assay::feature<NelsonSiegel>("curve.nelson_siegel", "1.0.0", "Factors of Nelson and Siegel, fitted row by row"))
