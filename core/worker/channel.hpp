// Framed messages over a socket between the host and a worker: a type, a header text (JSON by habit, not read here), binary parts and,
// where wanted, one open file. Used on both sides. It knows nothing of what the messages mean. One thread sends at a time and one receives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/descriptor.hpp"

namespace assay::worker {

using Bytes = std::span<const std::byte>;

template <class T>
Bytes bytes_of(std::span<const T> values) {
  return std::as_bytes(values);
}

struct Message {
  std::uint32_t type = 0;
  std::string header;
  std::vector<Bytes> parts;  // each starts on a 64-byte boundary inside `memory`
  Descriptor file;           // an open file that came along, or none

  // A part as values of T; a broken promise where its size is no multiple of T's.
  template <class T>
  std::span<const T> part_as(std::size_t index) const {
    return {static_cast<const T*>(checked_part(index, sizeof(T))), parts[index].size() / sizeof(T)};
  }

  std::shared_ptr<const std::byte> memory;  // keeps the parts alive

 private:
  const void* checked_part(std::size_t index, std::size_t item_size) const;
};

struct ChannelLimits {
  std::uint64_t header_bytes = std::uint64_t{64} << 20;
  std::uint64_t message_bytes = std::uint64_t{8} << 30;
  std::uint32_t parts = 4096;
};

class Channel {
 public:
  // Called where an operation would block, with POLLIN or POLLOUT; returns once it is worth trying again, and may throw to give up (the
  // channel is then in the middle of a message and must not be used again). Without one the channel just waits.
  using Wait = std::function<void(short events)>;

  Channel() = default;
  explicit Channel(Descriptor socket, ChannelLimits limits = {}) : socket_(std::move(socket)), limits_(limits) {}
  static std::pair<Channel, Channel> pair();

  // The parts go out from where they lie, without a copy. Throws Error (failed) where the other side is gone.
  void send(std::uint32_t type, std::string_view header, std::span<const Bytes> parts = {}, int file = -1);
  // The next message; nothing where the other side closed between messages. Throws Error (failed) on a cut or malformed message.
  std::optional<Message> receive();

  int number() const { return socket_.number(); }
  bool is_open() const { return static_cast<bool>(socket_); }
  void close() { socket_.close(); }
  void set_wait(Wait wait) { wait_ = std::move(wait); }
  Descriptor release() { return std::move(socket_); }

 private:
  void wait_for(short events);
  bool read_exactly(void* into, std::size_t size, bool may_end, Descriptor* file);

  Descriptor socket_;
  ChannelLimits limits_;
  Wait wait_;
};

}  // namespace assay::worker
