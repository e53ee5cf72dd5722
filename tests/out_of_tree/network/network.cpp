// my.network: a stranger's network over the installed nn. It learns twice, here and in twin.cpp, one of which is compiled with
// -march=native, and refuses to go on where the two do not agree or share their code.
#include <assay/model.hpp>

#include <cmath>

#include "training.hpp"
#include "twin.hpp"

struct Network {
  using Scalar = float;

  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    const auto x = batch.x<float>();
    std::vector<float> rows, y;
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      rows.insert(rows.end(), x.row(r).begin(), x.row(r).end());
      y.push_back(batch.y<float>()[r]);
    }
    network = trained(rows.data(), y.data(), x.rows(), x.cols(), call.seed());
    compare(rows, y, call);
    call.report(0, "rows", static_cast<double>(x.rows()));
  }

  void predict(const assay::Rows& rows, assay::Out out) const {
    const auto x = rows.x<float>();
    if (!network.planned() || x.cols() != network.in().features) throw assay::bad_input("fitted on other inputs, or not at all");
    for (std::int64_t r = 0; r < x.rows(); ++r) out(r) = 1 / (1 + std::exp(-static_cast<double>(logits(network, x.row(r).data(), 1)[0])));
  }

 private:
  void compare(const std::vector<float>& rows, const std::vector<float>& y, assay::Call& call) const {
    if (ASSAY_TEST_WIDER && twin_lanes() == nn::kLanes<float>) throw assay::Error("the linker took one build's code for the other's");
    std::vector<float> theirs(y.size());
    const auto size = static_cast<std::int64_t>(y.size());
    twin_logits(rows.data(), y.data(), size, network.in().features, call.seed(), theirs.data());
    const std::vector<float> ours = logits(network, rows.data(), size);
    for (std::size_t i = 0; i < y.size(); ++i)
      if (!(std::abs(ours[i] - theirs[i]) <= 1e-3F)) throw assay::Error("the builds disagree in row " + std::to_string(i));
  }

  nn::Network<float> network;
};

ASSAY_PLUGIN(assay::model<Network>("my.network", "0.1.0", "A small network over the installed nn").tasks(assay::Task::binary))
