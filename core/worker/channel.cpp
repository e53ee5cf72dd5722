#include "worker/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"

namespace assay::worker {
namespace {

constexpr std::uint32_t kMagic = 0x59535341;  // "ASSY"
constexpr std::size_t kAlign = 64;
constexpr std::size_t kMaxPieces = 1000;  // below IOV_MAX

struct Head {
  std::uint32_t magic = kMagic, type = 0;
  std::uint64_t header_bytes = 0;
  std::uint32_t parts = 0, has_file = 0;
};
static_assert(sizeof(Head) == 24);

constexpr std::uint64_t aligned(std::uint64_t size) { return (size + kAlign - 1) / kAlign * kAlign; }

[[noreturn]] void broken(const std::string& what) { throw Error(Fault::failed, "talk to the other process", what); }

iovec piece(const void* data, std::size_t size) { return {const_cast<void*>(data), size}; }

struct FileMessage {  // room for one descriptor in a control message
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};

  void attach(msghdr& message, int file) {
    message.msg_control = bytes.data();
    message.msg_controllen = bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &file, sizeof file);
  }
};

Descriptor file_in(msghdr& message) {
  Descriptor found;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(control), sizeof number);
    found = Descriptor(number);
  }
  return found;
}

}  // namespace

const void* Message::checked_part(std::size_t index, std::size_t item_size) const {
  ASSAY_CHECK(index < parts.size(), "a message part that the sender did not send");
  ASSAY_CHECK(parts[index].size() % item_size == 0, "a message part whose size is no multiple of its item's");
  return parts[index].data();
}

std::pair<Channel, Channel> Channel::pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) broken(std::strerror(errno));
  return {Channel(Descriptor(ends[0])), Channel(Descriptor(ends[1]))};
}

void Channel::wait_for(short events) {
  if (wait_) return wait_(events);
  pollfd one{socket_.number(), events, 0};
  while (poll(&one, 1, -1) < 0)
    if (errno != EINTR) broken(std::strerror(errno));
}

void Channel::send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts, int file) {
  ASSAY_CHECK(parts.size() <= limits_.parts && header.size() <= limits_.header_bytes, "a message beyond the channel's limits");
  Head head{kMagic, type, header.size(), static_cast<std::uint32_t>(parts.size()), file >= 0 ? 1u : 0u};
  std::vector<std::uint64_t> sizes;
  std::vector<iovec> pieces{piece(&head, sizeof head)};
  for (const Bytes& part : parts) sizes.push_back(part.size());
  pieces.push_back(piece(sizes.data(), sizes.size() * sizeof(std::uint64_t)));
  pieces.push_back(piece(header.data(), header.size()));
  for (const Bytes& part : parts) pieces.push_back(piece(part.data(), part.size()));

  FileMessage control;
  std::size_t first = 0;
  bool file_sent = file < 0;
  while (first < pieces.size()) {
    if (pieces[first].iov_len == 0) {
      ++first;
      continue;
    }
    msghdr message{};
    message.msg_iov = &pieces[first];
    message.msg_iovlen = std::min(pieces.size() - first, kMaxPieces);
    if (!file_sent) control.attach(message, file);
    const ssize_t sent = sendmsg(socket_.number(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK)
        wait_for(POLLOUT);
      else if (errno != EINTR)
        broken(errno == EPIPE || errno == ECONNRESET ? "the other process has gone away" : std::strerror(errno));
      continue;
    }
    file_sent = true;
    for (auto left = static_cast<std::size_t>(sent); left > 0; ++first) {
      const std::size_t taken = std::min(left, pieces[first].iov_len);
      pieces[first].iov_base = static_cast<std::byte*>(pieces[first].iov_base) + taken;
      pieces[first].iov_len -= taken;
      left -= taken;
      if (pieces[first].iov_len > 0) break;
    }
  }
}

bool Channel::read_exactly(void* into, std::size_t size, bool may_end, Descriptor* file) {
  std::size_t done = 0;
  while (done < size) {
    iovec rest = piece(static_cast<std::byte*>(into) + done, size - done);
    FileMessage control;
    msghdr message{};
    message.msg_iov = &rest;
    message.msg_iovlen = 1;
    if (file) {
      message.msg_control = control.bytes.data();
      message.msg_controllen = control.bytes.size();
    }
    const ssize_t got = recvmsg(socket_.number(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got > 0) {
      if (file && message.msg_controllen > 0)
        if (Descriptor found = file_in(message)) *file = std::move(found);
      done += static_cast<std::size_t>(got);
      continue;
    }
    const bool gone = got == 0 || errno == ECONNRESET;
    if (gone && done == 0 && may_end) return false;
    if (gone) broken("the other process went away in the middle of a message");
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      wait_for(POLLIN);
    else if (errno != EINTR)
      broken(std::strerror(errno));
  }
  return true;
}

std::optional<Message> Channel::receive() {
  Head head;
  Message message;
  if (!read_exactly(&head, sizeof head, true, &message.file)) return std::nullopt;
  if (head.magic != kMagic) broken("bytes that are no message came over the channel");
  if (head.header_bytes > limits_.header_bytes || head.parts > limits_.parts) broken("a message beyond the channel's limits came");
  if ((head.has_file != 0) != static_cast<bool>(message.file)) broken("the open file that belongs to a message did not come with it");
  message.type = head.type;

  std::vector<std::uint64_t> sizes(head.parts);
  read_exactly(sizes.data(), sizes.size() * sizeof(std::uint64_t), false, nullptr);
  std::uint64_t total = 0;
  for (const std::uint64_t size : sizes) {
    if (size > limits_.message_bytes || (total += aligned(size)) > limits_.message_bytes)
      broken("a message beyond the channel's limits came");
  }
  message.header.resize(head.header_bytes);
  read_exactly(message.header.data(), message.header.size(), false, nullptr);

  if (head.parts == 0) return message;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kAlign, std::max<std::size_t>(total, kAlign)));
  if (!memory) throw std::bad_alloc();
  message.memory = std::shared_ptr<const std::byte>(memory, [](const std::byte* p) { std::free(const_cast<std::byte*>(p)); });
  std::size_t at = 0;
  for (const std::uint64_t size : sizes) {
    read_exactly(memory + at, size, false, nullptr);
    message.parts.push_back({memory + at, size});
    at += aligned(size);
  }
  return message;
}

}  // namespace assay::worker
