// The life and death of a worker process, each death with its name.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "worker/packed_file.hpp"
#include "worker/worker_process.hpp"

namespace {
using namespace assay::worker;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

WorkerStart quick() {
  WorkerStart start;
  start.program = ASSAY_WORKER_CHILD;
  start.limits.stop_grace = 100ms;
  start.limits.terminate_grace = 100ms;
  return start;
}

WorkerExit end_of(WorkerProcess& worker, const char* what, Patience patience = {}) {
  REQUIRE(worker.send(0, what));
  REQUIRE_FALSE(worker.receive(patience).has_value());
  REQUIRE(worker.ending().has_value());
  REQUIRE_FALSE(worker.is_alive());
  REQUIRE(kill(worker.pid(), 0) != 0);  // gone and buried
  return *worker.ending();
}

TEST_CASE("a worker answers, with its arrays intact and aligned") {
  WorkerProcess worker(quick());
  std::vector<double> numbers(1 << 20);
  std::iota(numbers.begin(), numbers.end(), 0.5);
  const std::vector<std::int32_t> codes = {1, 2, 3};
  const Bytes parts[] = {bytes_of<std::int32_t>(codes), {}, bytes_of<double>(numbers)};
  // Larger than the socket's buffer both ways: the worker sends while the host still might, so neither side may just block.
  REQUIRE(worker.send(7, "echo", parts));
  const auto message = worker.receive();
  REQUIRE(message);
  CHECK(message->type == 8);
  CHECK(message->header == "echo");
  REQUIRE(message->parts.size() == 3);
  CHECK(message->part_as<std::int32_t>(0)[2] == 3);
  CHECK(message->parts[1].empty());
  CHECK(std::equal(numbers.begin(), numbers.end(), message->part_as<double>(2).begin()));
  CHECK(reinterpret_cast<std::uintptr_t>(message->parts[2].data()) % 64 == 0);
  CHECK_THROWS_AS(message->part_as<double>(0), assay::BrokenPromise);

  const WorkerExit& exit = worker.finish();
  CHECK(exit.ending == Ending::exited);
  CHECK(exit.code == 0);
  CHECK_FALSE(worker.send(0, "echo"));
  CHECK_FALSE(worker.receive().has_value());
}

TEST_CASE("a worker inherits nothing but its own five descriptors") {
  const int leaked = memfd_create("leaked", 0);  // a careless library's: not marked close-on-exec
  WorkerProcess worker(quick());
  REQUIRE(worker.send(0, "descriptors"));
  const auto message = worker.receive();
  close(leaked);
  REQUIRE(message);
  CHECK(message->header == "0 1 2 3 4 ");
}

TEST_CASE("each death has its name") {
  WorkerProcess worker(quick());
  SECTION("segmentation fault") {
    const WorkerExit exit = end_of(worker, "segfault");
    CHECK(exit.ending == Ending::crashed);
    CHECK(exit.text == "crashed: segmentation fault (SIGSEGV)");
  }
  SECTION("abort") {
    const WorkerExit exit = end_of(worker, "abort");
    CHECK(exit.ending == Ending::crashed);
    CHECK(exit.signal == SIGABRT);
  }
  SECTION("exit in the middle of a request") {
    const WorkerExit exit = end_of(worker, "exit");
    CHECK(exit.ending == Ending::exited);
    CHECK(exit.text == "exited with code 3");
  }
  SECTION("bytes that are no message: it is not trusted any further") {
    const WorkerExit exit = end_of(worker, "garbage");
    CHECK(exit.ending == Ending::crashed);
    CHECK(exit.text == "crashed: bytes that are no message came over the channel");
  }
  SECTION("hang") {
    const auto began = Clock::now();
    const WorkerExit exit = end_of(worker, "hang", {200ms, nullptr});
    CHECK(exit.ending == Ending::timed_out);
    CHECK(exit.signal == SIGTERM);
    CHECK(Clock::now() - began >= 300ms);
    CHECK(Clock::now() - began < 3s);
  }
  SECTION("hang that ignores SIGTERM") {
    const WorkerExit exit = end_of(worker, "ignore_term", {100ms, nullptr});
    CHECK(exit.ending == Ending::timed_out);
    CHECK(exit.signal == SIGKILL);
  }
  SECTION("cancelled from the host") {
    std::atomic<bool> cancel = false;
    std::thread soon([&] {
      std::this_thread::sleep_for(50ms);
      cancel = true;
    });
    const WorkerExit exit = end_of(worker, "hang", {0ms, &cancel});
    soon.join();
    CHECK(exit.ending == Ending::cancelled);
  }
}

TEST_CASE("memory without end") {
  WorkerStart start = quick();
  start.limits.memory_bytes = std::uint64_t{600} << 20;  // room for the sanitizers' own
  WorkerProcess worker(start);
  const WorkerExit exit = end_of(worker, "eat", {120s, nullptr});
  CHECK(exit.ending == Ending::memory_limit);
  CHECK(exit.text == "used more than its memory limit of 600 MB");
}

TEST_CASE("one that stops when asked keeps its life and its answer") {
  WorkerProcess worker(quick());
  REQUIRE(worker.send(0, "wait_for_stop"));
  auto message = worker.receive({50ms, nullptr});
  REQUIRE(message);
  CHECK(message->header == "stopped");
  CHECK(worker.stop_reason() == Ending::timed_out);
  worker.lower_stop();
  CHECK_FALSE(worker.stop_reason());
  REQUIRE(worker.send(0, "wait_for_stop"));
  std::thread soon([&] {
    std::this_thread::sleep_for(20ms);
    worker.ask_to_stop();
  });
  message = worker.receive();
  soon.join();
  REQUIRE(message);
  CHECK_FALSE(worker.stop_reason());
  CHECK(worker.finish().code == 0);
}

TEST_CASE("what a worker prints is kept, the last lines of it, and never blocks it") {
  WorkerProcess worker(quick());
  REQUIRE(worker.send(0, "chatter"));
  REQUIRE(worker.receive());
  const WorkerExit& exit = worker.finish();
  REQUIRE(exit.log.size() == 50);
  CHECK(exit.log.back() == "no end");
  CHECK(exit.log[48] == "line 99999");
}

TEST_CASE("rows travel as an open file; writing to them kills the worker") {
  const std::vector<double> x = {1.5, 2.5, 3};
  const PackedArray arrays[] = {PackedArray::of<double>("x", x)};
  const Descriptor rows = packed_memory(arrays);
  WorkerProcess worker(quick());
  REQUIRE(worker.send(0, "sum", {}, rows.number()));
  const auto message = worker.receive();
  REQUIRE(message);
  CHECK(message->header == "7.000000");
  REQUIRE(worker.send(0, "write", {}, rows.number()));
  REQUIRE_FALSE(worker.receive().has_value());
  CHECK(worker.ending()->ending == Ending::crashed);
  CHECK(PackedFile::of(rows).values<double>("x")[0] == 1.5);
}

TEST_CASE("a worker dies with its host, even a busy one") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t host = fork();
  if (host == 0) {  // a host that is killed while its worker computes
    WorkerProcess worker(quick());
    worker.send(0, "hang");
    const pid_t pid = worker.pid();
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    for (;;) pause();
  }
  pid_t worker = -1;
  REQUIRE(read(ends[0], &worker, sizeof worker) == sizeof worker);
  close(ends[0]);
  close(ends[1]);
  CHECK(kill(worker, 0) == 0);
  kill(host, SIGKILL);
  waitpid(host, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    std::this_thread::sleep_for(10ms);
    std::FILE* state = std::fopen(("/proc/" + std::to_string(worker) + "/stat").c_str(), "r");
    char letter = 'X';  // a zombie where nobody reaps orphans is as good as gone
    if (state && std::fscanf(state, "%*d %*s %c", &letter) != 1) letter = 'X';
    if (state) std::fclose(state);
    gone = letter == 'X' || letter == 'Z';
  }
  CHECK(gone);
}

TEST_CASE("a program that is not there is an error that names it") {
  WorkerStart start = quick();
  start.program = "/nowhere/assay";
  std::string text;
  try {
    WorkerProcess worker(start);
  } catch (const assay::Error& error) {
    text = error.what();
  }
  CHECK(text.find("/nowhere/assay") != std::string::npos);
}

TEST_CASE("what a start costs", "[.][bench]") {
  constexpr int kStarts = 200;
  const auto began = Clock::now();
  for (int i = 0; i < kStarts; ++i) {
    WorkerProcess worker(quick());
    worker.send(0, "echo");
    worker.receive();
  }
  const auto started = Clock::now();
  WorkerProcess worker(quick());
  for (int i = 0; i < 20000; ++i) {
    worker.send(0, "echo");
    worker.receive();
  }
  const auto spoken = Clock::now();
  using Milli = std::chrono::duration<double, std::milli>;
  const double start_ms = Milli(started - began).count() / kStarts, message_ms = Milli(spoken - started).count() / 20000;
  WARN("start, one message, end: " << start_ms << " ms; one message there and back: " << message_ms << " ms");
}

}  // namespace
