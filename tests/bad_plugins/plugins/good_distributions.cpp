// networks that learn a distribution and keep every promise: learned levels, and densities
#include "assay/nn/trained_network.hpp"

namespace nn = assay::nn;

struct SmallNetwork : nn::TrainedNetwork {
  std::vector<nn::LayerSpec> layers(nn::Shape, std::ptrdiff_t outputs) const override {
    return {nn::Flatten{}, nn::Dense{.units = 8, .activation = nn::Activation::tanh}, nn::Dense{.units = outputs}};
  }
};
struct Levels : SmallNetwork {
  Levels() { loss = "quantile", learning_rate = 0.02; }
  static void params(assay::Params<Levels>& p) { nn::training_params<Levels>(p); }
};
struct Gaussian : SmallNetwork {
  Gaussian() { loss = "gaussian", learning_rate = 0.02; }
  static void params(assay::Params<Gaussian>& p) { nn::training_params<Gaussian>(p); }
};
struct StudentT : SmallNetwork {
  StudentT() { loss = "student_t", learning_rate = 0.02; }
  static void params(assay::Params<StudentT>& p) { nn::training_params<StudentT>(p); }
};

ASSAY_PLUGIN(assay::model<Levels>("good.levels", "1.0.0", "Learns quantiles").takes_weights(),
             assay::model<Gaussian>("good.gaussian", "1.0.0", "Learns a normal density").takes_weights(),
             assay::model<StudentT>("good.student_t", "1.0.0", "Learns a Student density").takes_weights())
