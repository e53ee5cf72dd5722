#include "worker/stop_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "base/error.hpp"

namespace assay::worker {
namespace {
constexpr std::size_t kPage = 4096;
}

StopPage::StopPage(Descriptor file) : file_(std::move(file)) {
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file_.number(), 0);
  if (page == MAP_FAILED) throw Error(Fault::failed, "map the stop flag", std::strerror(errno));
  flag_ = static_cast<Flag*>(page);  // the file's zeroes are the flag's first value
}

StopPage StopPage::create() {
  Descriptor file(memfd_create("assay-stop", MFD_CLOEXEC));
  if (!file || ftruncate(file.number(), kPage) != 0) throw Error(Fault::failed, "make the stop flag", std::strerror(errno));
  return StopPage(std::move(file));
}

StopPage StopPage::map(int file) { return StopPage(Descriptor(file)); }

StopPage::StopPage(StopPage&& other) noexcept : file_(std::move(other.file_)), flag_(std::exchange(other.flag_, nullptr)) {}

StopPage& StopPage::operator=(StopPage&& other) noexcept {
  file_ = std::move(other.file_);
  std::swap(flag_, other.flag_);
  return *this;
}

StopPage::~StopPage() {
  if (flag_) munmap(flag_, kPage);
}

}  // namespace assay::worker
