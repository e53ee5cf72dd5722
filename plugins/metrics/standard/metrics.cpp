// The metrics that ship with Assay, one plugin file. What each means in corner cases: docs/metrics.md.
#include <assay/metric.hpp>

#include "classification.hpp"
#include "quantile.hpp"
#include "regression.hpp"

using assay::Task;

// clang-format off
ASSAY_PLUGIN(
    assay::metric<metrics::Accuracy>("metric.accuracy", "1.0.0",
        "Share of rows decided rightly").higher_is_better().tasks(Task::binary, Task::multiclass).decision(),
    assay::metric<metrics::Precision>("metric.precision", "1.0.0",
        "Share of the rows decided positive that are positive; undefined where none is decided positive")
        .higher_is_better().tasks(Task::binary, Task::multiclass).decision(),
    assay::metric<metrics::Recall>("metric.recall", "1.0.0",
        "Share of the positive rows that are decided positive; undefined without positive rows")
        .higher_is_better().tasks(Task::binary, Task::multiclass).decision(),
    assay::metric<metrics::F1>("metric.f1", "1.0.0",
        "Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); undefined where nothing is positive and nothing is decided so")
        .higher_is_better().tasks(Task::binary, Task::multiclass).decision(),
    assay::metric<metrics::Confusion>("metric.confusion", "1.0.0",
        "Counts (or weights) of right and wrong decisions, class 1 positive")
        .values({metrics::Confusion::kNames[0], metrics::Confusion::kNames[1], metrics::Confusion::kNames[2], metrics::Confusion::kNames[3]})
        .tasks(Task::binary).decision(),
    assay::metric<metrics::Auc>("metric.auc", "1.0.0",
        "Area under the ROC curve: a positive row scores above a negative one, equal scores counted half; undefined with one class")
        .higher_is_better().tasks(Task::binary, Task::multiclass).probability(),
    assay::metric<metrics::Gini>("metric.gini", "1.0.0",
        "2 AUC - 1 (accuracy ratio); undefined with one class").higher_is_better().tasks(Task::binary).probability(),
    assay::metric<metrics::Ks>("metric.ks", "1.0.0",
        "Largest distance between the score distributions of the two classes; undefined with one class")
        .higher_is_better().tasks(Task::binary).probability(),
    assay::metric<metrics::Brier>("metric.brier", "1.0.0",
        "Mean squared error of the probability (0 to 1); with more classes summed over them (0 to 2)")
        .lower_is_better().tasks(Task::binary, Task::multiclass).probability(),
    assay::metric<metrics::LogLoss>("metric.log_loss", "1.0.0",
        "Mean of -log of the probability given to what happened")
        .lower_is_better().tasks(Task::binary, Task::multiclass).probability(),
    assay::metric<metrics::Mse>("metric.mse", "1.0.0",
        "Mean squared error").lower_is_better().tasks(Task::regression),
    assay::metric<metrics::Rmse>("metric.rmse", "1.0.0",
        "Root of the mean squared error").lower_is_better().tasks(Task::regression),
    assay::metric<metrics::Mae>("metric.mae", "1.0.0",
        "Mean absolute error").lower_is_better().tasks(Task::regression),
    assay::metric<metrics::Bias>("metric.bias", "1.0.0",
        "Mean of forecast minus outcome: above 0 the forecast is too high").tasks(Task::regression),
    assay::metric<metrics::Mase>("metric.mase", "1.0.0",
        "Mean absolute error over that of the no-change forecast on the train rows; below 1 beats it; undefined where that is 0 or unknown")
        .lower_is_better().tasks(Task::regression).naive_scale(),
    assay::metric<metrics::Smape>("metric.smape", "1.0.0",
        "Mean of 2 |error| / (|outcome| + |forecast|), 0 to 2; a row with both zero counts 0").lower_is_better().tasks(Task::regression),
    assay::metric<metrics::R2>("metric.r2", "1.0.0",
        "1 - squared error over that of these rows' own mean; undefined where the outcome is constant")
        .higher_is_better().tasks(Task::regression),
    assay::metric<metrics::DirectionalAccuracy>("metric.directional_accuracy", "1.0.0",
        "Share of moves whose direction was forecast; rows without a move are left out, a forecast of no move counts half")
        .higher_is_better().tasks(Task::regression).last_known(),
    assay::metric<metrics::Ic>("metric.ic", "1.0.0",
        "Information coefficient: correlation of forecast and outcome, in a panel date by date and averaged; undefined for a constant forecast")
        .higher_is_better().tasks(Task::regression).by_date(),
    assay::metric<metrics::RankIc>("metric.rank_ic", "1.0.0",
        "Rank correlation of forecast and outcome (Spearman, midranks), in a panel date by date and averaged; undefined for a constant forecast")
        .higher_is_better().tasks(Task::regression).by_date(),
    assay::metric<metrics::Icir>("metric.icir", "1.0.0",
        "Mean over dates of the IC divided by its standard deviation (not annualised); undefined below two dates")
        .higher_is_better().tasks(Task::regression),
    assay::metric<metrics::Pinball>("metric.pinball", "1.0.0",
        "Mean pinball loss over the levels of evaluate.quantiles").lower_is_better().tasks(Task::regression).quantiles(),
    assay::metric<metrics::Crps>("metric.crps", "1.0.0",
        "Continuous ranked probability score as the levels show it: twice their pinball losses, each weighted by its share of the levels")
        .lower_is_better().tasks(Task::regression).quantiles(),
    assay::metric<metrics::QuantileCalibrationError>("metric.quantile_calibration_error", "1.0.0",
        "Mean distance between a level and the share of outcomes at or below its forecast").lower_is_better().tasks(Task::regression).quantiles(),
    assay::metric<metrics::IntervalCoverage>("metric.interval_coverage", "1.0.0",
        "Share of outcomes inside the interval between two levels: right where it is their distance").tasks(Task::regression).quantiles(),
    assay::metric<metrics::IntervalWidth>("metric.interval_width", "1.0.0",
        "Mean width of that interval, in the target's unit: narrow says nothing without its coverage").tasks(Task::regression).quantiles(),
    assay::metric<metrics::IntervalScore>("metric.interval_score", "1.0.0",
        "Width of that interval, and for each outcome outside its distance over the share that was to lie there (Gneiting and Raftery 2007)")
        .lower_is_better().tasks(Task::regression).quantiles())
// clang-format on
