// A loop over independent tasks on several threads. Used where each task writes to a place of its own, so that the result is the same for
// any number of threads. Blocks until all is done.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <vector>

namespace assay {

// make() gives each thread a worker of its own; worker(i) is called for every i < count. What a worker throws comes out here.
template <class Make>
void in_parallel(unsigned threads, std::size_t count, const Make& make) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    auto worker = make();
    for (std::size_t i; (i = next.fetch_add(1)) < count;) worker(i);
  };
  std::vector<std::future<void>> others;
  for (std::size_t t = 1; t < std::min<std::size_t>(threads, count); ++t) others.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& other : others) other.get();
}

}  // namespace assay
