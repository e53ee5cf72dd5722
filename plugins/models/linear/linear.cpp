// The plugin of linear models in double precision.
#include "logistic.hpp"
#include "ridge.hpp"

ASSAY_PLUGIN(
    assay::model<models::Ridge>("linear.ridge", "1.0.0", "Linear regression with an L2 penalty, closed form").takes_weights().linear(),
    assay::model<models::Logistic>("linear.logistic", "1.0.0", "Logistic regression, converged, with standard errors")
        .tasks(assay::Task::binary, assay::Task::multiclass)
        .takes_weights()
        .linear())
