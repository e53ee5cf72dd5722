// The plugin of networks; each CPU level is a build of its own.
#include "mlp.hpp"

ASSAY_PLUGIN(assay::model<models::NeuralMlp>("neural.mlp", "1.0.0", "Fully connected network")
                 .tasks(assay::Task::regression, assay::Task::binary, assay::Task::multiclass)
                 .takes_weights())
