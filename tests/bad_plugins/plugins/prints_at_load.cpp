// prints to stdout before its entry is called
#include <unistd.h>

#include <cstdio>

#include "linear.hpp"

namespace {

struct AtLoad {
  AtLoad() {
    std::puts("hello from a static object");
    std::fflush(stdout);
    constexpr char kBare[] = "hello past the C library\n";
    (void)!write(STDOUT_FILENO, kBare, sizeof kBare - 1);
  }
} at_load;

}  // namespace

ASSAY_PLUGIN(assay::model<Linear>("bad.prints_at_load", "1.0.0", "prints to stdout before its entry is called"))
