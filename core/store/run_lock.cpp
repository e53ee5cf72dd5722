#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "store/store.hpp"

namespace assay::store {

// One byte of a file that stays, by the run's number: a file of its own for each run would have to be removed, and whoever had opened it
// before would then hold a lock on nothing.
std::optional<RunLock> RunLock::acquire(const std::filesystem::path& store_file, RunId id) {
  std::filesystem::path file = store_file;
  file += ".lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw Error(Fault::failed, "locking run " + std::to_string(id), std::strerror(errno), "Is the folder writable?");
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = id;
  byte.l_len = 1;
  if (::fcntl(descriptor, F_OFD_SETLK, &byte) != 0) {
    ::close(descriptor);
    return std::nullopt;
  }
  return RunLock(descriptor);
}

RunLock::RunLock(RunLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

RunLock::~RunLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace assay::store
