// A model whose parameter says how it ends: what a search must record and pass over.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include "assay/model.hpp"

namespace {

struct Moody {
  std::string mood = "good", flag, log;
  double level = 0;
  double mean = 0;

  static void params(assay::Params<Moody>& p) {
    p.choice<&Moody::mood>("mood", "How it ends", {"good", "throws", "segfaults", "hangs", "eats_memory", "second_try"});
    p.real<&Moody::level>("level", "Added to every forecast").range(-1e6, 1e6);
    p.text<&Moody::flag>("flag", "second_try: the file that says that it is the first");
  }
  void fit(const assay::Batch& batch, assay::Call& call) {
    call.log("in the mood to be " + mood);
    if (mood == "throws") throw std::runtime_error("not in the mood");
    if (mood == "segfaults") *static_cast<volatile int*>(nullptr) = 1;  // NOLINT(clang-analyzer-core.NullDereference): what it is for
    if (mood == "hangs")
      for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
    if (mood == "eats_memory")
      for (std::vector<std::vector<char>> eaten;;) eaten.emplace_back(std::vector<char>(16 << 20, 'x'));
    if (mood == "second_try" && std::filesystem::remove(flag)) std::abort();
    const auto y = batch.y();
    for (std::int64_t i = 0; i < y.size(); ++i) mean += y[i] / static_cast<double>(y.size());
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(mean + level); }
  void save(assay::Saver& saver) const { saver.put("mean", mean); }
  void load(const assay::Saved& saved) { mean = saved.number("mean"); }
};

}  // namespace

ASSAY_PLUGIN(assay::model<Moody>("moody.model", "1.0.0", "Ends as it is told to").tasks(assay::Task::regression))
