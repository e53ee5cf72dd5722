// fit takes memory without end
#include "linear.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) {
    std::vector<char*> pieces;
    for (;;) {
      constexpr std::size_t kPiece = std::size_t{4} << 20;
      auto* piece = static_cast<char*>(std::malloc(kPiece));
      if (!piece) continue;
      std::memset(piece, 1, kPiece);
      pieces.push_back(piece);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.eats_memory", "1.0.0", "fit takes memory without end"))
