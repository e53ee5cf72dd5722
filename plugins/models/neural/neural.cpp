// The plugin of networks; each CPU level is a build of its own.
#include "architectures.hpp"
#include "sequential.hpp"

namespace {

template <class Model>
auto network(const char* id, const char* summary) {
  return assay::model<Model>(id, "2.0.0", summary)
      .tasks(assay::Task::regression, assay::Task::binary, assay::Task::multiclass)
      .takes_weights();
}

template <class Part>
auto layer(const char* id, const char* summary) {
  return assay::part<Part>("layer", id, "1.0.0", summary);
}

}  // namespace

ASSAY_PLUGIN(network<models::NeuralMlp>("neural.mlp", "Fully connected network"),
             network<models::NeuralCnn>("neural.cnn", "Convolutional network over the times of a window, or over columns"),
             network<models::NeuralTcn>("neural.tcn", "Temporal convolutional network: causal blocks of growing reach"),
             network<models::NeuralRecurrent<models::nn::Lstm>>("neural.lstm", "Recurrent network of LSTM cells"),
             network<models::NeuralRecurrent<models::nn::Gru>>("neural.gru", "Recurrent network of GRU cells"),
             network<models::NeuralSequential>("neural.sequential", "The layers that the file lists, one above the other"),
             layer<models::DensePart>("layer.dense", "Fully connected, at each time alike"),
             layer<models::Conv1dPart>("layer.conv1d", "Convolution over times"),
             layer<models::PoolPart>("layer.pool", "Largest or mean value of neighbouring times"),
             layer<models::GlobalPoolPart>("layer.global_pool", "Largest or mean value of all times"),
             layer<models::RecurrentPart<models::nn::Lstm>>("layer.lstm", "LSTM cells over times"),
             layer<models::RecurrentPart<models::nn::Gru>>("layer.gru", "GRU cells over times"),
             layer<models::DropoutPart>("layer.dropout", "Drops values at random in training"),
             layer<models::BatchNormPart>("layer.batch_norm", "Each feature standardised over the batch (Ioffe and Szegedy 2015)"),
             layer<models::LayerNormPart>("layer.layer_norm", "Each row's features standardised (Ba et al. 2016)"),
             layer<models::ActivationPart>("layer.activation", "An activation by itself"),
             layer<models::FlattenPart>("layer.flatten", "All times side by side"),
             layer<models::LastPart>("layer.last", "The newest time"),
             layer<models::ResidualPart>("layer.residual", "What came in, and beside it what other layers make of it, added up"),
             layer<models::TcnBlockPart>("layer.tcn_block", "Two causal convolutions around a shortcut (Bai et al. 2018)"))
