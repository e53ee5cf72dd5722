// The plugin of networks; each CPU level is a build of its own.
#include "architectures.hpp"

namespace {

template <class Model>
auto network(const char* id, const char* summary) {
  return assay::model<Model>(id, "2.0.0", summary)
      .tasks(assay::Task::regression, assay::Task::binary, assay::Task::multiclass)
      .takes_weights();
}

}  // namespace

ASSAY_PLUGIN(network<models::NeuralMlp>("neural.mlp", "Fully connected network"),
             network<models::NeuralCnn>("neural.cnn", "Convolutional network over the times of a window, or over columns"),
             network<models::NeuralTcn>("neural.tcn", "Temporal convolutional network: causal blocks of growing reach"),
             network<models::NeuralRecurrent<models::nn::Lstm>>("neural.lstm", "Recurrent network of LSTM cells"),
             network<models::NeuralRecurrent<models::nn::Gru>>("neural.gru", "Recurrent network of GRU cells"))
