// fit prints to stdout
#include <unistd.h>

#include <cstdio>

#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    std::puts("hello from inside the fit");
    std::fflush(stdout);
    constexpr char kBare[] = "hello past the C library\n";
    (void)!write(STDOUT_FILENO, kBare, sizeof kBare - 1);
    Linear::fit(batch, call);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.prints", "1.0.0", "fit prints to stdout"))
