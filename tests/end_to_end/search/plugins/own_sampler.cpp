// A sampler that learns from what it is told, and that ends its process at a trial of choice.
#include <csignal>
#include <limits>
#include <vector>

#include "assay/sampler.hpp"

namespace {

// Every second point lies near the best one so far.
struct Near {
  std::int64_t dies_at = -1;
  bool refuses = false;

  static void params(assay::Params<Near>& p) {
    p.integer<&Near::dies_at>("dies_at", "Trial at whose draw the process ends").range(-1, 1000);
    p.boolean<&Near::refuses>("refuses", "Throw there instead");
  }
  void start(const assay::Space&, assay::Call& call) { shift_ = 0.1 * call.random().uniform(); }
  void ask(const assay::Space& space, std::int64_t number, std::span<double> point, assay::Call& call) const {
    if (number == dies_at && refuses) throw assay::bad_input("no more of this");
    if (number == dies_at) std::raise(SIGSEGV);
    assay::Random random = call.random();
    for (std::uint32_t i = 0; i < space.size(); ++i) {
      const double drawn = random.uniform();
      point[i] = number % 2 == 0 || best_.empty() ? space[i].at(drawn) : std::min(space[i].high(), best_[i] + shift_ * drawn);
    }
  }
  void tell(const assay::Space& space, const assay::Trial& trial) {
    const double value = space.higher_is_better() ? -trial.value() : trial.value();
    if (!trial.complete() || !(value < lowest_)) return;
    lowest_ = value;
    best_.assign(trial.point().begin(), trial.point().end());
  }

 private:
  double shift_ = 0, lowest_ = std::numeric_limits<double>::infinity();
  std::vector<double> best_;
};

}  // namespace

ASSAY_PLUGIN(assay::sampler<Near>("own.near", "1.0.0", "Draws near the best trial so far"))
