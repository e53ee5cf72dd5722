// The frame of a benchmark program: work that is checked, ours and a peer's timed in turn, one JSON line for each result.
// Used by bench/<name>.cpp alone (one program each, found by bench/CMakeLists.txt; bench/run starts them and draws the table).
// It decides nothing about what is good: goals are printed beside results. One thread drives it; the work may use more.
//
//   int main(int argc, char** argv) {
//     return assay::bench::program(argc, argv, [](assay::bench::Session& session) {
//       Network network = ...;
//       session.measure({.name = "nn.mlp_step", .unit = "us", .peer = "nn_mlp_step.py", .flops = 395264, .goal = 12}, [&] {
//         const double seconds = assay::bench::time([&] { for (int i = 0; i < 1000; ++i) network.step(); });
//         assay::bench::require(network.loss() < 0.5, "the fit did not learn");
//         return seconds * 1e6 / 1000;
//       });
//     });
//   }
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::bench {

struct Spec {
  std::string name;       // as in the table of goals: "nn.mlp_step"
  std::string unit;       // of what the work returns: "us", "s", "rows/s"
  int threads = 1;        // given to the peer as its second argument
  bool rate = false;      // true: more is better (rows/s)
  std::string peer = {};  // a script in bench/peers, empty: there is none. Started as SCRIPT NAME THREADS
  double flops =
      0;  // floating point operations in one unit of work (a multiply-add is two): prints the share of the peak. Unit must be a time
  double bytes = 0;  // read and written by one unit of work at the least: prints the share of what memory gives. Unit must be a time
  double goal = 0;   // 0: none
  int rounds = 7;    // timed rounds, after one that warms caches and is thrown away
};

// Does the work once (as many inner repeats as it needs, tens of milliseconds are a good length), checks it, returns the figure in
// Spec::unit.
using Work = std::function<double()>;

class Session {
 public:
  Session(std::string filter, int rounds);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Whether the filter (a part of the name, or a glob) wants it: for skipping costly preparation.
  bool wants(std::string_view name) const;
  // Warms up, runs ours and the peer in turn, prints the JSON line. Nothing where the filter does not want it.
  void measure(const Spec& spec, const Work& work);
  // A figure that was measured elsewhere (memory, counts): printed with n = 1.
  void report(const Spec& spec, double value);

  int failures() const { return failures_; }

 private:
  std::string filter_;
  int rounds_;
  int failures_ = 0;
};

// Makes a Session from the command line ([FILTER] [--rounds N]) and runs `body`; an exception is a failed benchmark. Returns main's exit
// code.
int program(int argc, char** argv, const std::function<void(Session&)>& body);

// Throws where the work is not right: a benchmark of wrong results is none.
void require(bool right, std::string_view why);

template <class F>
double time(F&& work) {  // seconds
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The program `assay` of this build, and running it: folder is its working folder and its ASSAY_HOME. Both throw where that fails;
// run_assay also where it does not exit with 0, with what it printed. Returns the seconds from its start to its end.
std::string assay_program();
double run_assay(const std::vector<std::string>& arguments, const std::string& folder);

// Keeps the compiler from dropping a result that nothing reads.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// float32 multiply-adds the machine does at best on that many threads, in 1e9 operations a second (a multiply-add is two), measured now
// with the widest vectors the CPU has. 0 where this CPU is none we know.
double fma_peak_gflops(int threads = 1);

// 1e9 bytes a second that memory gives to that many threads at best, for columns as large as the benchmarks' panels have; measured once.
double memory_peak_gbs(int threads = 1);

}  // namespace assay::bench
