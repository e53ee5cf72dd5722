/* The stable C boundary between the Assay host and a plugin. C11, depends on <stdint.h> only.
 *
 * Who uses it: the host's core/plugin and the header-only C++ SDK beside this file. Plugin authors in C++ include model.hpp,
 * feature.hpp or metric.hpp instead. What it does not do: own memory. Every pointer is borrowed for the length of one call, unless
 * its comment says otherwise.
 *
 * Growth: append-only. assay_text, assay_value and assay_array are frozen and may be embedded by value. Every other struct starts with
 * struct_size, travels by pointer, and lists of them are arrays of pointers; a reader looks at a member only where struct_size covers it.
 * Abilities are tables fetched by id ("model.fit/1"); a changed table gets a new revision number. New kinds of component (strategy, source,
 * sampler) are new kind strings with new abilities: nothing here changes for them.
 *
 * Errors: functions return assay_status and say the reason with call->fail. No exception, signal handler or ownership crosses.
 */
#ifndef ASSAY_ABI_H
#define ASSAY_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_ABI_MAJOR 0
#define ASSAY_ABI_MINOR 1
#define ASSAY_PLUGIN_MAGIC "assay-plugin-01" /* fifteen characters and the ending zero */

#if defined(_WIN32)
#define ASSAY_EXPORT __declspec(dllexport)
#else
#define ASSAY_EXPORT __attribute__((visibility("default")))
#endif

typedef int32_t assay_status;
enum {
  ASSAY_DONE = 0,
  ASSAY_STOPPED = 1,   /* stopped because the host asked for it */
  ASSAY_BAD_INPUT = 2, /* the data or a parameter cannot be used; the reason is in fail() */
  ASSAY_BAD_STATE = 3, /* saved state that this component cannot read */
  ASSAY_NO_MEMORY = 4,
  ASSAY_FAILED = 5,
  ASSAY_UNSUPPORTED = 6
};

/* ---- frozen value types ------------------------------------------------------------------------------------------------------- */

typedef struct assay_text { /* UTF-8, borrowed, not zero-terminated */
  const char* data;
  uint64_t size;
} assay_text;

/* dtype = DLPack type code * 256 + bits. device_kind is DLPack's (1 = CPU). */
enum {
  ASSAY_I8 = 0x0008,
  ASSAY_I32 = 0x0020,
  ASSAY_I64 = 0x0040,
  ASSAY_U8 = 0x0108,
  ASSAY_U32 = 0x0120,
  ASSAY_U64 = 0x0140,
  ASSAY_F32 = 0x0220,
  ASSAY_F64 = 0x0240,
  ASSAY_BOOL = 0x0608
};
enum { ASSAY_CPU = 1 };
enum { ASSAY_ARRAY_READ_ONLY = 1u };

typedef struct assay_array { /* borrowed strided view */
  uint16_t dtype, rank;
  int32_t device_kind, device_id;
  uint32_t flags;
  int64_t shape[6];
  int64_t stride[6];    /* in elements; overlapping is allowed (lookback windows cost no copy) */
  void* data;           /* null when the array is absent (rank 0) or has no elements */
  const uint8_t* valid; /* Arrow validity bitmap over the first dimension, or null = all valid. In float arrays missing is also NaN */
} assay_array;

typedef struct assay_value assay_value;
typedef struct assay_entry assay_entry;
enum {
  ASSAY_VALUE_NONE = 0,
  ASSAY_VALUE_BOOL = 1, /* i64 is 0 or 1 */
  ASSAY_VALUE_INT = 2,
  ASSAY_VALUE_REAL = 3,
  ASSAY_VALUE_TEXT = 4,
  ASSAY_VALUE_LIST = 5,     /* items: n values */
  ASSAY_VALUE_MAP = 6,      /* items: 2n values, key text then value, in file order */
  ASSAY_VALUE_COMPONENT = 7 /* text is its id; items: 2n values, parameter name then value, in that component's schema order */
};
struct assay_value {
  int32_t kind;
  uint32_t n;
  int64_t i64;
  double f64;
  assay_text text;
  const assay_value* items;
};

/* ---- the host's hand in one call ---------------------------------------------------------------------------------------------- */

typedef struct assay_call assay_call;
struct assay_call { /* dies with the call; use it on the calling thread only, except stopping(), which any thread may ask */
  uint32_t struct_size;
  uint32_t max_threads; /* the component may run at most this many threads, its caller included */
  void* host;
  uint64_t seed; /* all randomness of this call comes from it */
  void (*fail)(assay_call*, assay_status, assay_text reason);
  void (*log)(assay_call*, int32_t level /* 0 debug, 1 note, 2 warning */, assay_text line);
  int32_t (*report)(assay_call*, int64_t step, assay_text metric, double value); /* nonzero: stop now and return ASSAY_STOPPED */
  int32_t (*stopping)(assay_call*);                                              /* nonzero: stop now and return ASSAY_STOPPED */
  void* (*scratch)(assay_call*, uint64_t bytes, uint64_t align);                 /* lives as long as the call; null = no memory */
  assay_status (*parallel)(assay_call*, uint32_t n, assay_status (*task)(void* arg, uint32_t index), void* arg); /* within max_threads */
  /* Offered during model.fit/1 when the fold has validation rows: the score of predictions for them, higher is better.
   * predictions: f64, rank 2, (validation rows x outputs). null when there are none. */
  assay_status (*evaluate)(assay_call*, const assay_array* predictions, double* score);
};

/* ---- parameters --------------------------------------------------------------------------------------------------------------- */

enum {
  ASSAY_PARAM_BOOL = 1,
  ASSAY_PARAM_INT = 2,
  ASSAY_PARAM_REAL = 3,
  ASSAY_PARAM_TEXT = 4,
  ASSAY_PARAM_CHOICE = 5,   /* text, one of choices */
  ASSAY_PARAM_COLUMN = 6,   /* text, a column of the frame that the host hands over */
  ASSAY_PARAM_LIST = 7,     /* of item_kind; min and max bound each item, min_items and max_items the count */
  ASSAY_PARAM_COMPONENT = 8 /* {use: id, ...}; component_kind says of which kind */
};
enum {
  ASSAY_PARAM_LOG_SCALE = 1u,
  ASSAY_PARAM_NOT_TUNABLE = 2u,
  ASSAY_PARAM_REQUIRED = 4u, /* no fallback */
  ASSAY_PARAM_OPEN_MIN = 8u, /* min itself is not allowed */
  ASSAY_PARAM_OPEN_MAX = 16u,
  ASSAY_PARAM_OPTIONAL = 32u /* of COLUMN: the data may lack it. Then its value is "", and its place among a frame's columns is null */
};
typedef struct assay_param {
  uint32_t struct_size, kind, flags, item_kind;
  const char *name, *doc, *unit; /* unit may be null */
  const assay_value* fallback;   /* null with REQUIRED */
  double min, max;               /* -INFINITY / INFINITY when open */
  double step;                   /* 0 = any */
  uint32_t min_items, max_items;
  const char* const* choices;
  uint32_t n_choices;
  const char* component_kind;
  const char* only_if;              /* the name of an earlier parameter, or null */
  const assay_value* only_if_value; /* this parameter counts only where that one has this value */
} assay_param;

/* ---- tables handed to components ---------------------------------------------------------------------------------------------- */

enum { ASSAY_COLUMN_NUMBER = 0, ASSAY_COLUMN_CATEGORY = 1, ASSAY_COLUMN_FLAG = 2 };
typedef struct assay_column {
  uint32_t struct_size, kind;
  assay_text name;
  assay_array values; /* rank 1; NUMBER f64, CATEGORY i32 codes with -1 missing, FLAG f64 0 or 1 */
  const assay_text* levels;
  uint64_t n_levels;
} assay_column;

typedef struct assay_frame { /* rows in time order; of one entity unless the component asked for the whole panel */
  uint32_t struct_size, n_columns;
  int64_t n_rows;
  const assay_column* const* columns;
  const int64_t* time_ns; /* UTC nanoseconds at which each row is known; null in a plain table */
  const int32_t* entity;  /* codes; null where there is one series or a plain table */
} assay_frame;

enum { ASSAY_TASK_REGRESSION = 1, ASSAY_TASK_BINARY = 2, ASSAY_TASK_MULTICLASS = 4 };
typedef struct assay_problem { /* what is to be learned; the same for every call of one fit */
  uint32_t struct_size, task;
  int64_t n_inputs, lookback; /* lookback 0: x has rank 2 (rows x inputs); else rank 3 (rows x lookback x inputs) */
  int64_t n_outputs;          /* columns that predict fills: 1 for regression and binary (P(class 1)), the class count for multiclass */
  const assay_column* const* inputs;  /* names and kinds, values empty */
  const double* class_weight;         /* per class, or null; loss terms are multiplied by it */
  const char* unit;                   /* free text from the file, may be null */
  double target_center, target_scale; /* mean and standard deviation (> 0) of the train targets; 0 and 1 for classes */
  const double* levels;               /* n_levels quantile levels that are asked for: rising, each inside 0..1; null where none are */
  int64_t n_levels;
  int64_t n_horizons; /* regressions with model.horizons/1: how many values are learned for each row, and n_outputs; else 1 */
  const double *horizon_center, *horizon_scale; /* with n_horizons > 1: target_center and target_scale of each horizon; else null */
} assay_problem;

typedef struct assay_batch {
  uint32_t struct_size, reserved;
  int64_t rows;
  const assay_problem* problem;
  assay_array x;               /* in the dtype that the ability's table asks for; rows are dense in the last dimension */
  assay_array y;               /* the same dtype, rank 1; a class is its number 0, 1, ...; with n_horizons > 1 rank 2 (rows x n_horizons) */
  assay_array weight;          /* rank 1, or absent */
  const int64_t* time_ns;      /* known-at times, or null */
  const int64_t* label_end_ns; /* or null */
  const int32_t* entity;       /* or null */
  const int64_t* group;        /* or null */
  const int32_t* segment;      /* lookback windows never cross a change of segment; or null */
  const double* last_known_target; /* the latest target of the same entity whose label ended at or before the row's time, NaN = none yet;
                                      with n_horizons > 1 rows x n_horizons; or null */
  /* Offered in model.fit/1 where the fold has validation rows, for call->evaluate: inputs without labels. rows = 0 otherwise. */
  const assay_array* validation_x;
  const double* validation_last_known_target;
  int64_t validation_rows;
} assay_batch;

/* ---- saved state: named entries, the host writes the container ----------------------------------------------------------------- */

typedef struct assay_state_writer assay_state_writer;
struct assay_state_writer {
  uint32_t struct_size;
  void* host;
  assay_status (*put_array)(assay_state_writer*, const char* name, const assay_array*);
  assay_status (*put_text)(assay_state_writer*, const char* name, assay_text);
};
typedef struct assay_state_reader assay_state_reader;
struct assay_state_reader { /* ASSAY_BAD_STATE where the name is missing */
  uint32_t struct_size;
  void* host;
  assay_status (*get_array)(assay_state_reader*, const char* name, assay_array*); /* contiguous, row-major, borrowed for the call */
  assay_status (*get_text)(assay_state_reader*, const char* name, assay_text*);
};

/* ---- abilities ----------------------------------------------------------------------------------------------------------------- */

typedef struct assay_state { /* "state/1": all that predicting (or transforming) needs */
  uint32_t struct_size;
  assay_status (*save)(const void* self, assay_call*, assay_state_writer*);
  assay_status (*load)(void* self, assay_call*, assay_state_reader*);
} assay_state;

typedef struct assay_train_state { /* "train_state/1": weights and optimiser; after load the next step goes on as if never stopped */
  uint32_t struct_size;
  assay_status (*save)(const void* self, assay_call*, assay_state_writer*);
  assay_status (*load)(void* self, assay_call*, const assay_problem*, assay_state_reader*);
} assay_train_state;

typedef struct assay_model_fit { /* "model.fit/1": all data at once; forgets what an earlier fit learned */
  uint32_t struct_size;
  uint16_t dtype, reserved;
  assay_status (*fit)(void* self, assay_call*, const assay_batch*);
} assay_model_fit;

typedef struct assay_step {
  uint32_t struct_size, reserved;
  int64_t epoch, step; /* 0-based; step counts within the whole training */
  double rate_factor;  /* the schedule's factor on the learning rate */
} assay_step;
typedef struct assay_model_step { /* "model.step/1": the host owns epochs, order, schedule, early stopping and checkpoints */
  uint32_t struct_size;
  uint16_t dtype, reserved;
  assay_status (*begin)(void* self, assay_call*, const assay_problem*, int64_t batch_size); /* forgets; initial weights from call->seed */
  assay_status (*step)(void* self, assay_call*, const assay_batch*, const assay_step*, double* mean_loss);
} assay_model_step;

typedef struct assay_model_predict { /* "model.predict/1": const; from several threads at once with CONCURRENT_PREDICT */
  uint32_t struct_size;
  uint16_t dtype, reserved;
  /* out: f64, rank 2 (rows x n_outputs), writable, never aliases the inputs. rows->y is absent, rows->weight too. */
  assay_status (*predict)(const void* self, assay_call*, const assay_batch* rows, assay_array* out);
} assay_model_predict;

/* "model.quantiles/1": how sure a regression is; const, concurrent as predict is. out: f64, rank 2 (rows x n_levels), writable: along each
 * row the values never fall. Levels rise, each inside 0..1. Refused (ASSAY_UNSUPPORTED) where the model's parameters let it learn none, or
 * where it learned for the problem's levels alone and others are asked for. Never together with n_horizons > 1. */
typedef struct assay_model_quantiles {
  uint32_t struct_size;
  uint16_t dtype, reserved;
  assay_status (*quantiles)(const void* self, assay_call*, const assay_batch* rows, const double* levels, int64_t n_levels,
                            assay_array* out);
} assay_model_quantiles;

/* "model.horizons/1": one fit learns several values for each row, the same quantity so many steps ahead (n_horizons). Without it the host
 * makes a fit for each. */
typedef struct assay_model_horizons {
  uint32_t struct_size;
} assay_model_horizons;

typedef struct assay_model_importance { /* "model.importance/1": one value >= 0 for each input */
  uint32_t struct_size;
  assay_status (*importance)(const void* self, assay_call*, assay_array* out);
} assay_model_importance;

/* "model.categories/1": inputs of kind CATEGORY are learned as categories. Their values in x are level numbers 0, 1 ..., -1 for a level
 * that the fit never saw; without this ability a model takes them for amounts, and the host warns. */
typedef struct assay_model_categories {
  uint32_t struct_size;
} assay_model_categories;

typedef struct assay_model_summary { /* "model.summary/1": named numbers a reader wants to see, coefficients and standard errors say */
  uint32_t struct_size;
  assay_status (*summary)(const void* self, assay_call*, assay_state_writer*);
} assay_model_summary;

/* Takes the nodes of a model's graph, in the order in which they are computed. Values have names of the model's choice: each is given once,
 * and before it is used. "" in the place of an input or output means left out. */
typedef struct assay_graph_writer assay_graph_writer;
struct assay_graph_writer {
  uint32_t struct_size, opset; /* the version of ONNX's default operator set that nodes are read as */
  void* host;
  const assay_problem* problem; /* of the fit that was loaded; without class weights and the target's mean and deviation */
  const char* rows;             /* the inputs' name: (any number of rows x inputs), with a lookback (rows x lookback x inputs); the dtype of
                                 * model.predict/1 */
  assay_status (*constant)(assay_graph_writer*, const char* name, const assay_array*); /* f32 f64 i64 i32 bool; rank 0: a scalar */
  /* attributes: a MAP of INT, REAL, TEXT, or LIST of INT or of REAL; or null */
  assay_status (*node)(assay_graph_writer*, const char* operation, const char* const* inputs, uint32_t n_inputs, const char* const* outputs,
                       uint32_t n_outputs, const assay_value* attributes);
  /* what: "predict" (rows x n_outputs); where it can, "quantiles" (rows x n_levels of the problem) */
  assay_status (*result)(assay_graph_writer*, const char* what, const char* name);
};
typedef struct assay_model_graph { /* "model.graph/1": all that predict computes; a refusal says what cannot be expressed */
  uint32_t struct_size;
  assay_status (*graph)(const void* self, assay_call*, assay_graph_writer*);
} assay_model_graph;

/* "model.gradient/1": how the raw score of one output changes with each input; const, concurrent as predict is. The raw score is the
 * forecast of a regression; of a class, the mean of log(p / p_other) over all other classes, which for two classes is the log-odds. Class
 * weights count as in predict. ASSAY_LINEAR: the slopes are the same for every row. */
typedef struct assay_model_gradient {
  uint32_t struct_size;
  uint16_t dtype, reserved;
  /* output: the regression's column, or the class (binary: 1). score: f64, rank 1 (rows). slope: f64, dense, the shape of rows->x; NaN
   * where an input has no slope (a category's number). */
  assay_status (*gradient)(const void* self, assay_call*, const assay_batch* rows, int64_t output, assay_array* score, assay_array* slope);
} assay_model_gradient;

/* "model.prune/1", for models trained by steps: takes the least of what was learned away, and tells how much there is. A share counts
 * against the model as its training began, so that rising shares go on from each other; a share that is reached already changes nothing, 0
 * never does. What was taken stays away: in later steps, in predict, save and train_state. The host prunes a model that has begun and was
 * stepped, or was given a saved state by load after it began: further steps go on from there, after load with a fresh optimiser. A method
 * that the model does not know, or has nothing to take for, is refused (ASSAY_UNSUPPORTED) by both, with the reason. */
enum {
  ASSAY_PRUNE_WEIGHTS = 0, /* at least that share of the weights becomes zero: the smallest */
  ASSAY_PRUNE_UNITS = 1    /* at least that share of the units (filters, channels) leaves, those of least norm: a smaller model */
};
typedef struct assay_model_size {
  uint32_t struct_size, reserved;
  int64_t parameters, zeros; /* numbers that were learned and are there, and how many of them are zero */
  int64_t prunable, pruned;  /* weights (units) that the method may take, counted as training began, and those that it has taken */
} assay_model_size;
typedef struct assay_model_prune {
  uint32_t struct_size, reserved;
  assay_status (*prune)(void* self, assay_call*, uint32_t method, double share);
  assay_status (*size)(const void* self, assay_call*, uint32_t method, assay_model_size* out);
} assay_model_prune;

enum { ASSAY_FEATURE_WHOLE_PANEL = 1u }; /* hand over all entities at once, rows by (time, entity) */
typedef struct assay_feature_transform { /* "feature.transform/1": row t of the output depends on rows up to t only */
  uint32_t struct_size, flags;
  int64_t (*warmup_rows)(const void* self); /* behind so many first rows of an entity nothing hangs on where the data begin */
  uint32_t (*n_outputs)(const void* self);
  const char* (*output_name)(const void* self, uint32_t index); /* "" for a single output: the column takes the feature's own name */
  /* frame->columns: the COLUMN parameters in schema order. out: f64, rank 2 (rows x n_outputs), NaN = missing. */
  assay_status (*transform)(const void* self, assay_call*, const assay_frame*, assay_array* out);
  int64_t (*output_warmup)(const void* self, uint32_t index); /* of one output; null: warmup_rows holds for each */
} assay_feature_transform;

typedef struct assay_feature_fit { /* "feature.fit/1": learns from the train rows of the fold only */
  uint32_t struct_size;
  assay_status (*fit)(void* self, assay_call*, const assay_frame* train, const assay_array* target /* f64 */);
} assay_feature_fit;

typedef struct assay_fit_rows { /* the train rows' labels */
  uint32_t struct_size, task;
  int64_t n_classes;           /* 0 for regression */
  const double* target;        /* class number or value */
  const int32_t* fold;         /* 0 .. n_folds - 1; null with time */
  const int64_t* label_end_ns; /* null without time */
  int64_t n_folds;
} assay_fit_rows;
/* "feature.fit_transform/1": instead of feature.fit/1 and transform where the train rows' own labels must not be in their values. Learns
 * from all train rows, and gives them values (out: as in transform) that were learned from others: from rows of other folds, or, with time,
 * from labels that ended before the row's own time_ns. */
typedef struct assay_feature_fit_transform {
  uint32_t struct_size;
  assay_status (*fit_transform)(void* self, assay_call*, const assay_frame* train, const assay_fit_rows*, assay_array* out);
} assay_feature_fit_transform;

typedef struct assay_feature_report { /* "feature.report/1": what a fit found, for readers: one text "report", JSON */
  uint32_t struct_size;
  assay_status (*report)(const void* self, assay_call*, assay_state_writer*);
} assay_feature_report;

enum { ASSAY_METRIC_LOWER_IS_BETTER = -1, ASSAY_METRIC_NO_DIRECTION = 0, ASSAY_METRIC_HIGHER_IS_BETTER = 1 };
enum {
  ASSAY_METRIC_PROBABILITY = 1u, /* value holds probabilities of classes */
  ASSAY_METRIC_DECISION = 2u,    /* uses decision, hence a threshold */
  ASSAY_METRIC_BY_DATE = 4u,     /* host calls it once per date and averages (panels) */
  ASSAY_METRIC_NAIVE_SCALE = 8u, /* uses naive_mae */
  ASSAY_METRIC_LAST_KNOWN = 16u, /* uses last_known_target */
  ASSAY_METRIC_QUANTILES = 32u   /* uses quantile: not scored where the model gives none */
};
typedef struct assay_scored {
  uint32_t struct_size, task;
  int64_t rows, n_classes; /* n_classes 0 for regression */
  const double* truth;     /* class number or value; never NaN */
  const double* value;     /* rows x n_outputs, row-major; never NaN */
  int64_t n_outputs;
  const double* decision;          /* class number chosen by the threshold (binary) or by the largest probability; null for regression */
  const double* weight;            /* or null */
  const int64_t* time_ns;          /* or null */
  const int32_t* entity;           /* or null */
  const double* last_known_target; /* or null */
  double naive_mae;                /* in-train mean absolute change of the target from its last known value; NaN = unknown */
  const double* levels;            /* n_levels quantile levels, rising; or null */
  const double* quantile;          /* rows x n_levels, row-major, rising along each row, never NaN; or null */
  int64_t n_levels;
} assay_scored;
typedef struct assay_metric_score { /* "metric.score/1" */
  uint32_t struct_size;
  int32_t direction;
  uint32_t tasks;    /* ASSAY_TASK_* or-ed */
  uint32_t needs;    /* ASSAY_METRIC_* or-ed */
  uint32_t n_values; /* 1, or more for a table such as the confusion matrix; the first is the metric's value */
  const char* const* value_names;
  /* values: n_values doubles. NaN = undefined on these rows (one class only, constant forecast); never a made-up number. */
  assay_status (*score)(const void* self, assay_call*, const assay_scored*, double* values);
} assay_metric_score;

/* ---- strategies: kind "strategy" -------------------------------------------------------------------------------------------------- */

typedef struct assay_history {   /* one instrument's bars up to now; nothing beyond `bars` exists in these arrays */
  uint32_t struct_size, has_bar; /* has_bar: this instrument has a bar at the present time */
  int64_t bars;
  const int64_t* time_ns;
  const double *open, *high, *low, *close, *volume; /* volume may be null */
  const double* const* features; /* n_features arrays of `bars` values: the strategy's COLUMN parameters in schema order; null: not given */
  const double* prediction;      /* the model's out-of-sample forecast known at each bar, NaN = none; null without a model */
  uint32_t n_features, n_outputs; /* n_outputs: columns of prediction (bars x n_outputs) */
  double units, average_price;    /* the present position; average_price NaN when flat */
  assay_text name;
} assay_history;

typedef struct assay_fill {
  uint32_t struct_size, instrument;
  int64_t order, time_ns;
  double units, price, costs;
} assay_fill;

typedef struct assay_market assay_market;
struct assay_market { /* what a strategy sees at one time, and its hand: orders are filled as the experiment's `fill` says */
  /* n_instruments: those that have had a bar up to now, in order of their first bars; it grows as time goes on, numbers stay */
  uint32_t struct_size, n_instruments;
  void* host;
  int64_t now_ns, bar; /* bar: how many times were traded before; on_start: now_ns is the last time before, if any */
  const assay_history* const* instruments;
  double cash, equity; /* equity: at the last known closes */
  /* Each returns the order's number, or -1 after fail() where the order makes no sense. */
  int64_t (*order_units)(assay_market*, uint32_t instrument, double units);    /* buy (> 0) or sell (< 0) that many */
  int64_t (*target_units)(assay_market*, uint32_t instrument, double units);   /* hold that many */
  int64_t (*target_weight)(assay_market*, uint32_t instrument, double weight); /* hold that share of the equity, sized at the fill */
};

typedef struct assay_strategy_events { /* "strategy.events/1": one thread, events in order of time; each function but on_bar may be null */
  uint32_t struct_size, reserved;
  assay_status (*on_start)(void* self, assay_call*, assay_market*);
  assay_status (*on_bar)(void* self, assay_call*, assay_market*);
  assay_status (*on_fill)(void* self, assay_call*, assay_market*, const assay_fill*);
  assay_status (*on_end)(void* self, assay_call*, assay_market*);
} assay_strategy_events;

/* ---- samplers: kind "sampler" ---------------------------------------------------------------------------------------------------------
 */

enum { ASSAY_RANGE_REAL = 1, ASSAY_RANGE_INT = 2, ASSAY_RANGE_CHOICE = 3 };
typedef struct assay_range { /* one searched value of the experiment */
  uint32_t struct_size, kind;
  assay_text name;  /* its dotted path in the file */
  double low, high; /* inclusive; CHOICE: 0 and n_choices - 1 */
  double step;      /* values are low + k * step; 0 = any (REAL); INT has at least 1 */
  uint32_t log_scale, n_choices;
} assay_range;

typedef struct assay_space {
  uint32_t struct_size, n_ranges;
  const assay_range* const* ranges;
  int64_t trials;    /* how many the study asks for */
  int32_t direction; /* ASSAY_METRIC_HIGHER_IS_BETTER or ASSAY_METRIC_LOWER_IS_BETTER */
  uint32_t reserved;
} assay_space;

enum { ASSAY_TRIAL_COMPLETE = 0, ASSAY_TRIAL_PRUNED = 1, ASSAY_TRIAL_FAILED = 2 };
typedef struct assay_trial {
  uint32_t struct_size, status;
  int64_t number;
  const double* point; /* a value for each range: the number itself, or the index of the choice */
  double value;        /* the objective; of a pruned trial its last intermediate value; NaN where it failed */
} assay_trial;

/* "sampler.ask_tell/1": one thread. Trial n's point may depend on the space, call->seed (the host's for this n) and the trials told, and on
 * nothing else: the host tells trials in order of their number, each before the first ask that may know it, so that any number of
 * workers, and a study that goes on after a kill, draw the same points. The space is the same in every call of one object. */
typedef struct assay_sampler_ask_tell {
  uint32_t struct_size, reserved;
  assay_status (*start)(void* self, assay_call*, const assay_space*); /* once, before anything else; may be null */
  int64_t (*points)(const void* self, const assay_space*);            /* a grid's size; -1 = without end; null means that too */
  assay_status (*ask)(const void* self, assay_call*, const assay_space*, int64_t number, double* point /* n_ranges */);
  assay_status (*tell)(void* self, assay_call*, const assay_space*, const assay_trial*); /* may be null: nothing is learned */
} assay_sampler_ask_tell;

/* ---- components and the entry --------------------------------------------------------------------------------------------------- */

enum {
  ASSAY_DETERMINISTIC = 1u, /* same input, seed and CPU variant: same bits */
  ASSAY_CONCURRENT_PREDICT = 2u,
  ASSAY_BASELINE = 4u,        /* a reference forecast: need not learn a linear signal */
  ASSAY_ACCEPTS_MISSING = 8u, /* NaN among the inputs is fine */
  ASSAY_TAKES_WEIGHTS = 16u,  /* models: batch->weight counts in the loss */
  ASSAY_LINEAR = 32u          /* models: raw scores are linear in the inputs; model.gradient tells the slopes */
};
typedef struct assay_component {
  uint32_t struct_size, flags;
  const char *kind, *id, *version, *summary; /* kind: model feature metric strategy source sampler layer; id "vendor.name" */
  uint32_t state_version, n_params;
  uint32_t tasks, reserved; /* models: ASSAY_TASK_* that it can learn */
  const assay_param* const* params;
  void* (*create)(assay_call*, const assay_value* in_schema_order, uint32_t n); /* values are checked; null after fail() */
  void (*destroy)(void*);
  const void* (*ability)(const char* id); /* its table, or null = not offered */
} assay_component;

typedef struct assay_plugin {
  char magic[16];
  uint32_t struct_size, abi_major, abi_minor, needs_minor;
  const char *sdk_version, *build;
  const assay_component* const* components;
  uint32_t n_components, reserved;
} assay_plugin;

/* The only exported symbol. The file also holds a note that the host reads before it loads anything, one string such as
 * "ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=0.1.0 cxx=gcc-12.2 isa=x86-64-v3 features=amx,avx512fp16". */
ASSAY_EXPORT const assay_plugin* assay_plugin_entry_v1(void);

#ifdef __cplusplus
}
#endif
#endif
