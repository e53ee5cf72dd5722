// A well-behaved plugin with one component for each question that the tests ask.
#include <atomic>
#include <new>
#include <stdexcept>
#include <thread>

#include "assay/feature.hpp"
#include "assay/metric.hpp"
#include "assay/model.hpp"

namespace {

// Predicts the weighted mean of what it saw; offers every ability around that.
struct Mean {
  double shift = 0;
  static void params(assay::Params<Mean>& p) { p.real<&Mean::shift>("shift", "Added to the mean").range(-10, 10); }
  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows");
    double sum = 0, all = 0;
    const auto y = batch.y();
    const auto w = batch.weight();
    for (std::int64_t i = 0; i < batch.size(); ++i) {
      const double weight = w.empty() ? 1 : w[i];
      sum += weight * y[i];
      all += weight;
    }
    mean = sum / all;
    call.log("fitted");
    if (call.can_evaluate()) mean += call.evaluate(std::vector<double>(static_cast<std::size_t>(batch.validation_size()), mean));
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    for (std::int64_t i = 0; i < rows.size(); ++i) out(i) = mean + shift;
  }
  void save(assay::Saver& s) const {
    s.put("mean", mean);
    s.put("kind", "mean");
  }
  void load(const assay::Saved& s) {
    if (s.text("kind") != "mean") throw assay::bad_state("this is no mean");
    mean = s.number("mean");
  }
  void importance(std::span<double> out) const {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(i);
  }
  void summary(assay::Saver& s) const { s.put("mean", mean); }
  double mean = 0;
};

// Counts what it is shown, in float.
struct Counter {
  using Scalar = float;
  void begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call) {
    rows = 0;
    inputs = problem.inputs() + batch_size;
    start = call.random().uniform();
  }
  double step(const assay::Batch& batch, const assay::Step& at, assay::Call& call) {
    rows += batch.size();
    call.report(at.step(), "rows", static_cast<double>(rows));
    return static_cast<double>(batch.x<float>()(0, 0)) * at.rate_factor();
  }
  void predict(const assay::Rows& rows_, assay::Out out) const {
    for (std::int64_t i = 0; i < rows_.size(); ++i) out(i) = static_cast<double>(rows) + start;
  }
  void train_save(assay::Saver& s) const { s.put("rows", rows); }
  void train_load(const assay::Problem&, const assay::Saved& s) { rows = s.number("rows"); }
  std::int64_t rows = 0, inputs = 0;
  double start = 0;
};

// Fails in the way that it is told to.
struct Rude {
  enum class How {
    nothing,
    error,
    bad_input,
    std_exception,
    number,
    memory,
    stop,
    stop_unasked,
    fail_quietly,
    host_parallel,
    wait
  } how = How::nothing;
  static void params(assay::Params<Rude>& p) {
    p.choice<&Rude::how>("how", "What goes wrong",
                         {"nothing", "error", "bad_input", "std_exception", "number", "memory", "stop", "stop_unasked", "fail_quietly",
                          "host_parallel", "wait"});
  }
  void configured() const {
    if (how == How::wait) throw assay::bad_input("waiting is not allowed");
  }
  void fit(const assay::Batch&, assay::Call& call) {
    switch (how) {
      case How::error:
        call.fail("as told");
      case How::bad_input:
        throw assay::bad_input("do not like it");
      case How::std_exception:
        throw std::out_of_range("beyond the end");
      case How::number:
        throw 7;
      case How::memory:
        throw std::bad_alloc();
      case How::stop:
        for (int i = 0;; ++i) call.report(i, "turn", i);
      case How::stop_unasked:
        throw assay::Stop{};
      case How::fail_quietly: {
        const char text[] = "said and gone on";
        call.raw().fail(&call.raw(), ASSAY_FAILED, {text, sizeof text - 1});
        return;
      }
      case How::host_parallel: {
        std::atomic<int> sum{0};
        call.parallel(100, [&](std::uint32_t i) { sum += static_cast<int>(i); });
        if (sum != 4950) call.fail("parallel lost a task");
        const auto scratch = call.scratch<double>(1000);
        for (double& v : scratch) v = 1;
        if (reinterpret_cast<std::uintptr_t>(scratch.data()) % 64 != 0) call.fail("scratch memory is not aligned");
        call.parallel(3, [&](std::uint32_t i) {
          if (i == 2) throw std::runtime_error("task 2 broke");
        });
        return;
      }
      default:
        return;
    }
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(0); }
};

struct AllKinds {
  bool flag = true;
  std::int32_t whole = 3;
  float real = 0.5f;
  std::string text = "hello", choice = "b", column = "close";
  std::vector<std::int64_t> layers{64, 32};
  std::vector<double> rates{0.1, 0.2};
  std::vector<std::string> names{"x"}, others{};
  static void params(assay::Params<AllKinds>& p) {
    p.boolean<&AllKinds::flag>("flag", "A flag");
    p.integer<&AllKinds::whole>("whole", "A whole number").range(1, 9).unit("rows");
    p.real<&AllKinds::real>("real", "A real number").range(0, 1).open().log_scale().only_if("flag", true);
    p.text<&AllKinds::text>("text", "A text").not_tunable();
    p.choice<&AllKinds::choice>("choice", "A choice", {"a", "b"});
    p.column<&AllKinds::column>("column", "A column");
    p.integers<&AllKinds::layers>("layers", "Layers").range(1, 4096).items(0, 4).only_if("choice", "b");
    p.reals<&AllKinds::rates>("rates", "Rates");
    p.choices<&AllKinds::names>("names", "Names", {"x", "y"});
    p.columns<&AllKinds::others>("others", "More columns");
  }
  std::vector<std::string> outputs() const { return {"sum", "text_size"}; }
  std::int64_t warmup_rows() const { return whole; }
  void fit(const assay::Frame& frame, std::span<const double> target, assay::Call&) {
    learned = static_cast<double>(frame.rows()) + (target.empty() ? 0 : target[0]);
  }
  void transform(const assay::Frame& frame, assay::Out out) const {
    double sum = flag + whole + static_cast<double>(real) + learned + (choice == "b");
    for (const auto n : layers) sum += static_cast<double>(n);
    for (const auto r : rates) sum += r;
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      out(t, 0) = sum + frame.numbers(0)[t];
      out(t, 1) = static_cast<double>(text.size());
    }
  }
  void save(assay::Saver& s) const { s.put("learned", learned); }
  void load(const assay::Saved& s) { learned = s.number("learned"); }
  double learned = 0;
};

// Outputs with warm-ups of their own; a second column where there is one.
struct TwoPasts {
  std::string column = "close", volume = "volume";
  static void params(assay::Params<TwoPasts>& p) {
    p.column<&TwoPasts::volume>("volume", "May be absent").optional();
    p.column<&TwoPasts::column>("column", "A column");
  }
  std::vector<std::string> outputs() const { return {"short", "long"}; }
  std::int64_t warmup_rows(std::size_t output) const { return output == 0 ? 2 : 9; }
  void transform(const assay::Frame& frame, assay::Out out) const {
    for (std::int64_t t = 0; t < frame.rows(); ++t) {
      out(t, 0) = frame.numbers(1)[t];
      out(t, 1) = frame.has(0) && !volume.empty() ? frame.numbers(0)[t] : volume.empty() && !frame.has(0) ? -1 : -2;
    }
  }
};

struct Counts {
  void score(const assay::Scored& s, std::span<double> values) const {
    values[0] = static_cast<double>(s.size());
    values[1] = s.truth()[0] - s.value()[0];
  }
};

}  // namespace

ASSAY_PLUGIN(
    assay::model<Mean>("test.mean", "1.2.0", "The mean").tasks(assay::Task::regression, assay::Task::binary).baseline(),
    assay::model<Counter>("test.counter", "1.0.0", "Counts rows").accepts_missing().not_concurrent(),
    assay::model<Rude>("test.rude", "1.0.0", "Fails as told").not_deterministic().state_version(3),
    assay::feature<AllKinds>("test.all_kinds", "1.0.0", "Every kind of parameter"),
    assay::feature<TwoPasts>("test.two_pasts", "1.0.0", "Outputs with warm-ups of their own"),
    assay::metric<Counts>("test.counts", "1.0.0", "Counts").higher_is_better().tasks(assay::Task::regression).values({"rows", "gap"}))
