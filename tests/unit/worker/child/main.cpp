// The other end of the worker tests: does what each message asks for, bad things included.
#include <dirent.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "worker/packed_file.hpp"
#include "worker/worker_side.hpp"

namespace {
using namespace assay::worker;

std::string open_descriptors() {
  std::string list;
  DIR* folder = opendir("/proc/self/fd");
  for (const dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != dirfd(folder)) list += std::string(entry->d_name) + ' ';
  }
  closedir(folder);
  return list;
}

void eat_memory() {
  for (;;) {
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    volatile auto* piece = static_cast<volatile char*>(std::malloc(kPiece));  // else clang leaves out what nobody reads
    for (std::size_t at = 0; piece && at < kPiece; at += 4096) piece[at] = 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void wait_for_stop(WorkerSide& side) {
  while (!side.stop.is_raised()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  side.channel.send(1, "stopped");
}

void sum_rows(WorkerSide& side, const Message& message) {
  const PackedFile rows = PackedFile::of(message.file);
  double sum = 0;
  for (const double x : rows.values<double>("x")) sum += x;
  side.channel.send(1, std::to_string(sum));
}

void write_to_rows(const Message& message) {
  const PackedFile rows = PackedFile::of(message.file);
  const_cast<double&>(rows.values<double>("x")[0]) = 1;
}

void answer(WorkerSide& side, const Message& message) {
  const std::string& ask = message.header;
  if (ask == "echo") return side.channel.send(message.type + 1, ask, message.parts);
  if (ask == "descriptors") return side.channel.send(1, open_descriptors());
  if (ask == "segfault") std::raise(SIGSEGV);
  if (ask == "abort") std::abort();
  if (ask == "exit") std::exit(3);
  if (ask == "hang") {
    for (volatile bool on = true; on;) {
    }
  }
  if (ask == "ignore_term") {
    std::signal(SIGTERM, SIG_IGN);
    for (;;) pause();
  }
  if (ask == "eat") eat_memory();
  if (ask == "wait_for_stop") wait_for_stop(side);
  if (ask == "sum") sum_rows(side, message);
  if (ask == "write") write_to_rows(message);
  if (ask == "garbage") {
    const char bytes[] = "this is no message, but more than its head";
    if (::write(side.channel.number(), bytes, sizeof bytes) < 0) std::exit(4);
    pause();
  }
  if (ask == "chatter") {
    for (int i = 0; i < 100000; ++i) std::printf("line %d\n", i);
    std::fflush(stdout);
    std::fputs("no end", stderr);
    side.channel.send(1, "said it");
  }
}

}  // namespace

int main() {
  try {
    WorkerSide side = become_worker();
    while (const auto message = side.channel.receive()) answer(side, *message);
    return 0;
  } catch (const assay::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
