#include "data/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace assay::data {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, int code, const char* mend = "") {
  throw Error(Fault::data, "reading " + path.string(), std::strerror(code), mend);
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) refuse(path, errno, errno == ENOENT ? "check the path: it is relative to the experiment file" : "");
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) refuse(path, errno);
  if (S_ISDIR(status.st_mode)) refuse(path, EISDIR, "name a file, not a folder");
  if (!S_ISREG(status.st_mode)) throw Error(Fault::data, "reading " + path.string(), "it is not a regular file", "");
  size_ = static_cast<std::size_t>(status.st_size);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  mapped_ = (size_ + kPadding + page - 1) / page * page;
  // Zeroed pages first, so that there is room behind a file that fills its last page; then the file over them.
  void* const base = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) refuse(path, errno);
  data_ = static_cast<char*>(base);
  if (size_ == 0) {
    data_[0] = '\n';
    return;
  }
  if (::mmap(base, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file.fd, 0) == MAP_FAILED) {
    const int code = errno;
    ::munmap(base, mapped_);
    refuse(path, code);
  }
  ::madvise(base, size_, MADV_SEQUENTIAL);
  data_[size_] = '\n';  // a private page: the file stays as it is
}

void MappedFile::let_go() const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (size_ >= page) ::madvise(data_, size_ / page * page, MADV_DONTNEED);  // not the last page, which has the newline of our own
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, mapped_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), mapped_(std::exchange(other.mapped_, 0)) {}

}  // namespace assay::data
