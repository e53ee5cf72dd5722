// technical.rsi: Wilder's relative strength index (J. W. Wilder, "New Concepts in Technical Trading Systems", 1978). The first averages are
// plain means over `window` changes, later ones his smoothing, avg = (avg (window - 1) + new) / window. Thread-safe: transform keeps
// nothing.
#include <cmath>
#include <cstdint>
#include <string>

#include "assay/feature.hpp"

namespace {

// The averages of rises and falls, row by row.
class WilderAverages {
 public:
  explicit WilderAverages(std::int64_t window) : window_(static_cast<double>(window)), needed_(window) {}

  void add(double change) {
    const double rise = change > 0 ? change : 0, fall = change < 0 ? -change : 0;
    const bool warming = seen_ < needed_;
    if (warming) ++seen_;
    rise_ = warming ? rise_ + rise / window_ : (rise_ * (window_ - 1) + rise) / window_;
    fall_ = warming ? fall_ + fall / window_ : (fall_ * (window_ - 1) + fall) / window_;
  }
  void forget() {
    rise_ = fall_ = 0;
    seen_ = 0;
  }
  // 100 rise / (rise + fall), which is 100 - 100 / (1 + rise / fall) and needs no case for fall = 0. Prices that never moved are neither
  // strong nor weak: 50.
  double rsi() const {
    if (seen_ < needed_) return assay::kMissing;
    return rise_ + fall_ > 0 ? 100 * rise_ / (rise_ + fall_) : 50;
  }

 private:
  double window_, rise_ = 0, fall_ = 0;
  std::int64_t needed_, seen_ = 0;
};

struct Rsi {
  std::string column = "close";
  std::int64_t window = 14;

  static void params(assay::Params<Rsi>& p) {
    p.column<&Rsi::column>("column", "The price that rises and falls");
    p.integer<&Rsi::window>("window", "Number of changes that the averages look back on").range(1, 10'000).unit("rows");
  }
  std::int64_t warmup_rows() const { return window; }

  // A missing price breaks the chain: the averages begin anew behind it.
  void transform(const assay::Frame& frame, assay::Out out) const {
    const auto price = frame.numbers(0);
    WilderAverages averages(window);
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      const double change = t > 0 ? price[t] - price[t - 1] : assay::kMissing;
      if (std::isfinite(change))
        averages.add(change);
      else
        averages.forget();
      out(t) = averages.rsi();
    }
  }
};

}  // namespace

ASSAY_PLUGIN(assay::feature<Rsi>("technical.rsi", "1.0.0", "Relative strength index with Wilder's smoothing, 0 to 100"))
