// Looks through its own process for numbers that it must not see. Each planted double is 0x5A17C0DEBA, a byte that says what it is, and a
// row number. The plugin holds only the pattern's complement, so that it never finds itself.
#include <assay/metric.hpp>
#include <assay/model.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

enum Planted { train_x, train_y, validation_x, validation_y, test_x, test_y, kinds };
constexpr const char* kNames[] = {"train inputs", "train labels", "validation inputs", "validation labels", "test inputs", "test labels"};
volatile std::uint64_t complement = 0xA5E83F2145;  // ~0x5A17C0DEBA, 40 bits

using Counts = std::array<std::int64_t, kinds>;

void count_words(const std::vector<unsigned char>& bytes, std::size_t size, Counts& counts) {
  for (std::size_t at = 0; at + 8 <= size; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((~word >> 24) != complement) continue;
    const auto kind = (word >> 16) & 0xff;
    if (kind < kinds) ++counts[kind];
  }
}

Counts scan() {
  Counts counts{};
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (!maps || memory < 0) throw assay::Error("the probe cannot look at its own memory");
  std::vector<unsigned char> bytes(std::size_t{1} << 20);
  char line[512];
  while (std::fgets(line, sizeof line, maps)) {
    unsigned long long first = 0, last = 0;
    char rights[8] = {};
    if (std::sscanf(line, "%llx-%llx %7s", &first, &last, rights) != 3 || rights[0] != 'r' || std::strstr(line, "[v")) continue;
    if ((last - first) >> 35 != 0) continue;  // a sanitizer's shadow: terabytes, in which no number lies
    while (first < last) {
      const auto wanted = static_cast<std::size_t>(last - first < bytes.size() ? last - first : bytes.size());
      const ssize_t got = ::pread(memory, bytes.data(), wanted, static_cast<off_t>(first));
      if (got <= 0) break;
      count_words(bytes, static_cast<std::size_t>(got), counts);
      first += static_cast<unsigned long long>(got);
    }
  }
  std::memset(bytes.data(), 0, bytes.size());
  std::fclose(maps);
  ::close(memory);
  return counts;
}

void none_of(const Counts& counts, std::initializer_list<Planted> hidden, const char* when) {
  for (const Planted kind : hidden)
    if (counts[kind] > 0)
      throw assay::Error(std::string(when) + " sees " + std::to_string(counts[kind]) + " numbers of the " + kNames[kind]);
}

void some_of(const Counts& counts, std::initializer_list<Planted> shown, const char* when) {
  for (const Planted kind : shown)
    if (counts[kind] == 0) throw assay::Error(std::string(when) + " does not see the " + kNames[kind] + ": the probe is blind");
}

void predict_zero(const assay::Rows& rows, assay::Out out) {
  for (std::int64_t r = 0; r < rows.size(); ++r) out(r) = 0;
}

}  // namespace

// Trained by steps, with early stopping: validation inputs come between the epochs.
struct SteppedProbe {
  mutable std::int64_t predictions = 0;
  std::int64_t steps = 0;
  void begin(const assay::Problem&, std::int64_t, assay::Call&) {}
  double step(const assay::Batch&, assay::Call&) {
    const Counts counts = scan();
    some_of(counts, {train_x, train_y}, "a step");
    none_of(counts, {validation_y, test_x, test_y}, "a step");
    if (steps++ == 0) none_of(counts, {validation_x}, "the first step");
    return 1;
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    const Counts counts = scan();
    if (predictions++ == 0) some_of(counts, {validation_x}, "the first forecast");
    none_of(counts, {validation_y, test_y}, "a forecast");
    predict_zero(rows, out);
  }
  void save(assay::Saver& saver) const {
    none_of(scan(), {validation_y, test_x, test_y}, "saving");
    saver.put("steps", std::vector<double>{static_cast<double>(steps)});
  }
  void load(const assay::Saved&) {}
};

struct FittedProbe {
  void fit(const assay::Batch&, assay::Call&) {
    const Counts counts = scan();
    some_of(counts, {train_x, train_y}, "the fit");
    none_of(counts, {validation_x, validation_y, test_x, test_y}, "the fit");
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    none_of(scan(), {validation_y, test_y}, "a forecast");
    predict_zero(rows, out);
  }
  void save(assay::Saver& saver) const {
    none_of(scan(), {validation_x, validation_y, test_x, test_y}, "saving");
    saver.put("nothing", std::vector<double>{0});
  }
  void load(const assay::Saved&) {}
};

// Finds the test inputs in its memory while it forecasts them: shows that the scan would see them.
struct SeesTest {
  void fit(const assay::Batch&, assay::Call&) {}
  void predict(const assay::Rows& rows, assay::Out out) const {
    none_of(scan(), {test_x}, "a forecast");
    predict_zero(rows, out);
  }
};

// Fails the first time that it is used after a file was laid down, and works the second time: for retries.
struct SecondTry {
  std::string flag;
  static void params(assay::Params<SecondTry>& p) { p.text<&SecondTry::flag>("flag", "A file that the first try removes"); }
  void fit(const assay::Batch&, assay::Call&) {
    if (::unlink(flag.c_str()) == 0) ::_exit(9);
  }
  void predict(const assay::Rows& rows, assay::Out out) const { predict_zero(rows, out); }
};

// Says of each row with how many it came.
struct CountsRows {
  void fit(const assay::Batch&, assay::Call&) {}
  void predict(const assay::Rows&, assay::Out out) const {
    for (std::int64_t r = 0; r < out.rows(); ++r) out(r) = static_cast<double>(out.rows());
  }
};

// Works, until it meets an input above a million.
struct DreadsHeights {
  void fit(const assay::Batch&, assay::Call&) {}
  void predict(const assay::Rows& rows, assay::Out out) const {
    const auto x = rows.x();
    for (std::int64_t r = 0; r < rows.size(); ++r) {
      if (x(r, 0) > 1e6) std::abort();
      out(r) = x(r, 0);
    }
  }
  void save(assay::Saver& saver) const { saver.put("nothing", std::vector<double>{0}); }
  void load(const assay::Saved&) {}
};

// Trained by steps, and cannot be kept.
struct Forgets {
  void begin(const assay::Problem&, std::int64_t, assay::Call&) {}
  double step(const assay::Batch&, assay::Call&) { return 0; }
  void predict(const assay::Rows& rows, assay::Out out) const { predict_zero(rows, out); }
};

// Tells what it was to begin on, and does not.
struct NeverBegins {
  bool dies = false;
  static void params(assay::Params<NeverBegins>& p) { p.boolean<&NeverBegins::dies>("dies", "It takes its process along"); }
  void begin(const assay::Problem& problem, std::int64_t batch, assay::Call&) {
    if (dies) std::abort();
    std::string weights;
    for (const double w : problem.class_weight()) weights += " " + std::to_string(static_cast<int>(w));
    throw assay::bad_input("\033[31mnot\033[0m with " + std::to_string(problem.inputs()) + " inputs, " + std::to_string(problem.outputs()) +
                           " outputs, batches of " + std::to_string(batch) + " and weights" + weights);
  }
  double step(const assay::Batch&, assay::Call&) { return 0; }
  void predict(const assay::Rows& rows, assay::Out out) const { predict_zero(rows, out); }
};

// How far the outermost quantiles lie apart: what a foreign metric sees of them.
struct Width {
  double score(const assay::Scored& rows) const {
    const auto last = static_cast<std::int64_t>(rows.levels().size()) - 1;
    double sum = 0;
    for (std::int64_t r = 0; r < rows.size(); ++r) sum += rows.quantile(r, last) - rows.quantile(r, 0);
    return rows.size() == 0 ? assay::kMissing : sum / static_cast<double>(rows.size());
  }
};

ASSAY_PLUGIN(assay::model<SteppedProbe>("probe.stepped", "1.0.0", "Looks for hidden rows at every step"),
             assay::model<FittedProbe>("probe.fitted", "1.0.0", "Looks for hidden rows during its fit"),
             assay::model<SeesTest>("probe.sees_test", "1.0.0", "Looks for test inputs when they are there"),
             assay::model<SecondTry>("probe.second_try", "1.0.0", "Dies once, then works"),
             assay::model<CountsRows>("probe.counts_rows", "1.0.0", "Forecasts how many rows came together"),
             assay::model<DreadsHeights>("probe.dreads_heights", "1.0.0", "Gives its input back, and dies of great ones"),
             assay::model<Forgets>("probe.forgets", "1.0.0", "Trained by steps, saves nothing"),
             assay::model<NeverBegins>("probe.never_begins", "1.0.0", "Says what it is asked to learn, and refuses")
                 .tasks(assay::Task::regression, assay::Task::binary),
             assay::metric<Width>("probe.width", "1.0.0", "Distance of the outermost quantiles").tasks(assay::Task::regression).quantiles())
