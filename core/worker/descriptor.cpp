#include "worker/descriptor.hpp"

#include <unistd.h>

namespace assay::worker {

void Descriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

}  // namespace assay::worker
