// The keys of the experiment file, declared once.
#include "config/key_spec.hpp"
#include "config/table_reader.hpp"

namespace assay::config {

namespace {

using namespace key;

Value number(std::int64_t value) { return Value{value}; }
Value word(const char* value) { return Value{std::string(value)}; }

KeySpec data_key() {
  KeySpec data = component("data", "The table that the experiment works on", "source");
  data.use_key = "source";
  data.fallback = word("csv");
  data.required = true;
  data.inside = {
      object("time", "When each row is",
             {either("column", "The column with the time; or two, the date's and the time of day's",
                     {column({}, "one column"),
                      list(column({}, "a column"), {}, "the column with the date and the one with the time of day").items(2, 2)})
                  .needed(),
              text("format", "strftime pattern of its texts; absent: ISO 8601"),
              choice("stamp", "A bar is dated by its start or by its end", {"end", "start"}).by_default(word("end")),
              span("bar", "Length of a bar; needed with stamp: start"),
              text("zone", "Time zone of the texts, an IANA name").by_default(word("UTC"))}),
      column("entity", "The column that tells instruments or customers apart; absent: one series, or a plain table"),
      columns("columns", "The columns to read (empty: all)"),
      columns("drop", "Columns to leave out"),
      columns("categorical", "Columns to take as categories though they hold numbers"),
      object("adjustment", "Which prices these are",
             {choice("kind", "Unadjusted, adjusted for splits, or for splits and dividends", {"raw", "split", "total"})
                  .by_default(word("raw")),
              column("factor_column",
                     "The column with the adjustment factor: prices are raw in the file, and adjusted by it as of each row's own time"),
              choice("factors", "Each row's factor of all events, or a factor in the row of each event alone", {"cumulative", "events"})
                  .by_default(word("cumulative")),
              columns("prices", "The columns that are adjusted (empty: open, high, low and close, in any case)"),
              column("volume", "A column that is divided by the factor, with kind: split; absent: none")}),
      span("available", "Lag until a row is known").by_default(word("0d")),
      boolean("point_in_time", "The values are those known at the time, not later revisions").by_default(Value{true}),
  };
  for (KeySpec& key : table_keys()) data.inside.push_back(std::move(key));
  return data;
}

KeySpec target_key() {
  return object("target", "What is to be forecast: `column`, `expr` or `label` (needed with a model)",
                {column("column", "The column to forecast"),
                 text("expr", "An expression to forecast; lead(x, n) looks n rows ahead", TextForm::expression),
                 component("label", "A label made from later prices", "label"),
                 choice("task", "What kind of forecast", {"regression", "binary", "multiclass"}).needed(),
                 text("positive", "The value that counts as class 1, where the two values are not 0 and 1", TextForm::scalar),
                 span("horizon",
                      "Span that a label reaches ahead: at least the expression's largest lead; needed with time and `column` (0 = known "
                      "at its row's own time)"),
                 list(integer({}, "rows").range(1, 100'000), "horizons",
                      "Forecast at several horizons in one run, in rows, rising: the expression says `horizon` where each of them "
                      "goes, as in lead(close, horizon) / close - 1, or the label is forward_return without a horizon of its own "
                      "(empty: one horizon)")
                     .items(0, 64)
                     .fixed()});
}

KeySpec split_key() {
  KeySpec split = component("split", "Which rows train, validate and test (needed with a model)", "split");
  split.inside = {
      column("group", "Rows with the same value stay together"),
      span("embargo", "Rows left out after a test block"),
      span("final_test", "A span after all folds, sealed until `assay reveal RUN`"),
      text("allow_shuffled_time", "The reason why a shuffled split is right though there is time"),
  };
  return split;
}

KeySpec network_pruning_key() {
  KeySpec share = real({}, "a share").range(0, 1);
  share.open_max = true;
  return object(
      "network_pruning",
      "After training takes the least of a network away and trains the rest further, once for each share; the result is a curve over "
      "shares, and one of them becomes the model",
      {choice("method",
              "magnitude: the smallest weights of each layer become zero; units: the units or filters of least norm leave each "
              "layer, and the network is smaller",
              {"magnitude", "units"})
           .needed(),
       list(share, "sparsity",
            "Shares to take away, rising; each begins from the trained network. 0: further training alone, to compare with")
           .items(1, 32)
           .needed(),
       integer("fine_tune_epochs", "Epochs of further training for each share").range(0, 1'000'000).by_default(number(3)),
       choice("schedule",
              "How the share rises over the first half of these epochs: quickly, then slowly (Zhu and Gupta 2017), evenly, or at "
              "once before the first",
              {"cubic", "linear", "one_shot"})
           .by_default(word("cubic")),
       real("rate_factor", "Learning rate of these epochs as a share of the model's own").above(0, 10).by_default(Value{1.0}),
       object("choose", "Which share becomes the model: the largest whose validation score is nearly the best (none taken away counts too)",
              {text("metric", "The metric on validation rows").needed(),
               real("tolerance", "How far from the best score, in the metric's unit").range(0, 1e9).by_default(Value{0.0})})});
}

KeySpec train_key() {
  return object(
             "train", "The host's part of training",
             {integer("epochs", "Passes over the train rows, for models trained in steps").range(1, 1'000'000).by_default(number(10)),
              integer("batch_size", "Rows in a step").range(1, 1e9).by_default(number(32)),
              integer("repeats", "Fits with different seeds; the result is their mean and spread")
                  .range(1, 1000)
                  .by_default(number(1))
                  .fixed(),
              object("early_stopping", "Stop when validation no longer improves, and keep the best state",
                     {text("metric", "The metric that is watched").needed(),
                      integer("patience", "Epochs without improvement to wait").range(1, 1'000'000).by_default(number(5)),
                      real("min_delta", "Improvements up to this count as none").range(0, 1e9).by_default(Value{0.0})}),
              choice("schedule",
                     "How the learning rate moves over the epochs; step: half as large after each third; cosine: half a wave down to 0; "
                     "one_cycle: up from a 25th, then down to nothing (Smith and Topin 2018); on_plateau: smaller where validation stands "
                     "still",
                     {"constant", "step", "cosine", "one_cycle", "on_plateau"})
                  .by_default(word("constant")),
              integer("warm_up", "Epochs in which the learning rate first rises evenly to its full value")
                  .range(0, 1'000'000)
                  .by_default(number(0)),
              real("plateau_factor", "What on_plateau multiplies the rate by")
                  .between(0, 1)
                  .by_default(Value{0.5})
                  .where("schedule", "on_plateau"),
              integer("plateau_patience", "Epochs without improvement that on_plateau lets pass")
                  .range(0, 1'000'000)
                  .by_default(number(3))
                  .where("schedule", "on_plateau"),
              choice("refit", "Fit again on train and validation rows with the epochs found", {"none", "train_and_validation"})
                  .by_default(word("none")),
              boolean("shuffle", "Draw the order of the train rows anew each epoch").by_default(Value{true}),
              either("class_weight", "Weights of the classes in the loss; absent: all 1",
                     {choice({}, "in inverse proportion to their share", {"balanced"}),
                      list(real({}, "a weight").above(0, 1e9), {}, "one weight a class").items(2, 1000)}),
              object("sample_weight", "What train rows weigh in the loss; the product of what is asked for, with a mean of 1",
                     {boolean("uniqueness", "A row whose label overlaps those of others weighs less").by_default(Value{false}),
                      real("decay",
                           "Weight of the oldest train rows, the newest having 1, in a straight line between; below 0: that share of the "
                           "oldest weighs nothing")
                          .above(-1, 1)
                          .by_default(Value{1.0}),
                      span("half_life", "Age at which a row weighs half; absent: no such decay"),
                      column("column", "A weight in the data; no input")}),
              object("resample", "Draws train rows anew by class; forecasts are brought back to the shares before",
                     {choice("method", "Leave rows of frequent classes out, or draw those of rare ones more often", {"under", "over"})
                          .needed(),
                      real("ratio", "Rows of a rarer class for each one of the most frequent: at least this many")
                          .above(0, 1)
                          .by_default(Value{1.0})}),
              network_pruning_key()})
      .always_there();
}

KeySpec evaluate_key() {
  KeySpec metric = component({}, "a metric", "metric"), model = component({}, "a reference model", "model");
  metric.short_form = model.short_form = true;
  return object(
             "evaluate", "How forecasts are judged",
             {list(metric, "metrics", "Metrics to compute, one at least (absent: the usual ones of the task)").by_default({}),
              list(model, "baselines", "Models to compare with (absent: the usual ones of the task)").by_default({}),
              either(
                  "threshold", "From which probability on class 1 is decided",
                  {real({}, "a fixed threshold").range(0, 1),
                   object({}, "chosen where a metric is best",
                          {choice("rows", "On which rows", {"train", "validation"}).by_default(word("train")),
                           choice("by",
                                  "What to maximise: F1, the share of right decisions, or sensitivity + specificity - 1 (the KS distance)",
                                  {"f1", "accuracy", "youden"})
                               .by_default(word("f1"))})})
                  .by_default(Value{0.5}),
              list(real({}, "a level").between(0, 1), "quantiles",
                   "Levels of the quantiles that models of a number are asked for, rising: 0.95 is the value that the outcome is to stay "
                   "at or below in 95 of 100 cases (empty: none)")
                  .items(0, 99),
              columns("segments", "Columns by whose values metrics are also shown"),
              real("confidence", "Coverage of intervals").between(0, 1).by_default(Value{0.95}),
              object(
                  "held_windows",
                  "Errors over windows of many rows, all windows of the test rows: the forecast for a window's first row is held for all "
                  "of its rows",
                  {list(integer({}, "rows").range(1, 1'000'000), "steps", "How many rows a window has; each its own figures").needed(),
                   choice("unit", "Errors in deviations of the train rows' targets, of each entity, or in the target's own unit",
                          {"train_deviation", "target"})
                       .by_default(word("train_deviation")),
                   integer("drop_last_batch_of",
                           "Only for figures to compare with published ones: windows are counted in batches of so many, and the last "
                           "batch is left out where it is not full (absent: every window counts)")
                       .range(1, 1'000'000)})})
      .always_there();
}

KeySpec resources_key() {
  return object("resources", "How the machine is used; never changes a result",
                {integer("workers", "Fits at the same time").range(1, 4096).by_default(number(1)),
                 integer("threads_per_worker", "Threads in each fit").range(1, 4096).by_default(number(1)),
                 choice("isolation", "Fits in worker processes, in threads of the program, or one after another in the program",
                        {"process", "thread", "none"})
                     .by_default(word("process")),
                 span("timeout", "Time for one fit, with isolation: process; absent: no limit"),
                 text("memory",
                      "Memory for one worker, with isolation: process; looked at every 20 ms, so that a worker may pass it for a moment; "
                      "absent: no limit",
                      TextForm::bytes),
                 integer("retries", "Further tries of a fit that crashed or ran out of time").range(0, 100).by_default(number(0))})
      .always_there()
      .without_result();
}

KeySpec inputs_key() {
  const KeySpec names =
      list(text({}, "a name or a pattern such as PAY_*"), {}, "names and patterns of columns and features").items(1, 1'000'000);
  const KeySpec some = choice({}, "every column, or the features only", {"all", "features"});
  return either("inputs", "What the model sees (absent: features where the file has some, else all)",
                {some, names,
                 object({}, "columns, and how many rows of them",
                        {either("columns", "What the model sees", {some, names}),
                         integer("lookback", "Rows of history in each input; 0: plain rows").range(0, 100'000).by_default(number(0))})});
}

KeySpec search_key() {
  KeySpec search = component("search", "A search over values of this file; each trial is judged on validation rows", "sampler");
  const KeySpec choice_item =
      either({}, "a value", {text({}, "a value", TextForm::scalar), list(text({}, "an item", TextForm::scalar), {}, "a list")});
  search.inside = {
      integer("trials", "Points to try (in each fold with scope: per_fold)").range(1, 10'000'000).by_default(number(100)),
      object("objective", "What is sought",
             {text("metric", "A metric, or backtest.sharpe and its like").needed(),
              choice("rows", "Whose rows it is computed on; test rows never choose anything", {"validation", "train", "test"})
                  .by_default(word("validation")),
              choice("goal", "Absent: the metric's own better side", {"maximize", "minimize"})})
          .needed(),
      component("pruner", "Ends trials early that fall behind", "pruner"),
      choice("scope",
             "A choice for each fold from its own validation rows, or one for all, scored on split.final_test alone (absent: once where "
             "the split has final_test)",
             {"per_fold", "once"}),
      integer("lag", "A trial is drawn from what trials up to this many before it gave; the same study for any number of workers")
          .range(1, 1'000'000)
          .by_default(number(16)),
      dictionary("space", "What is searched: dotted paths of values in this file, each with min and max or with choices",
                 object({}, "a range",
                        {real("min", "Smallest value"), real("max", "Largest value"), real("step", "Distance of values").above(0, 1e300),
                         choice("scale", "How values are spread", {"linear", "log"}).by_default(word("linear")),
                         list(choice_item, "choices", "Values to choose from").items(0, 100'000)}))
          .needed(),
  };
  return search;
}

KeySpec trial_key() {
  return object("trial", "What makes this file one trial of a search; written by assay",
                {integer("study", "The fold that it chooses for, from 0; -1: all").range(-1, 1e9).needed(),
                 integer("number", "Its number; with `study` the path of its seeds").range(0, 1e9).needed(),
                 text("metric", "The objective, on validation rows").needed(), text("model", "Which of `models` is judged"),
                 integer("stop_at", "The step at which it was ended; -1: it was not").range(-1, 1e9).by_default(number(-1)),
                 text("data", "Hash of the data that it was run on")});
}

KeySpec backtest_key() {
  return object(
      "backtest", "A strategy that trades on the forecasts, or on a rule where the file has no model",
      {component("strategy", "What trades", "strategy").needed(),
       choice("fill",
              "When an order made on a bar is filled: at the next bar's open or close, or at this very close (optimistic, and flagged)",
              {"next_open", "next_close", "same_close"})
           .needed(),
       real("capital", "Cash at the start").above(0, 1e15).by_default(Value{1'000'000.0}),
       choice("units", "Whether parts of a unit can be held; whole ones are rounded towards zero", {"fractional", "whole"})
           .by_default(word("fractional")),
       object("costs", "What a fill costs",
              {real("commission_bps", "Of the traded value").in_unit("basis points").range(0, 10'000).by_default(Value{0.0}),
               real("commission_per_trade", "For each fill").in_unit("currency").range(0, 1e9).by_default(Value{0.0}),
               real("commission_minimum", "At least so much for each fill").in_unit("currency").range(0, 1e9).by_default(Value{0.0}),
               real("slippage_bps", "Worse than the market's price, of the traded value; taken from cash")
                   .in_unit("basis points")
                   .range(0, 10'000)
                   .by_default(Value{0.0})})
           .always_there(),
       component("benchmark", "A strategy to stand beside (absent: buy and hold, for panels all instruments in equal shares)", "strategy"),
       object("annualise", "How figures are brought to a year",
              {real("periods", "Bars in a year").above(0, 1e9).by_default(Value{252.0}),
               real("risk_free", "The interest rate of cash in a year, as a share").between(-1, 10).by_default(Value{0.0})})
           .always_there(),
       object("prices", "Which columns are the prices",
              {column("open", "Opening price").by_default(word("open")), column("high", "Highest price").by_default(word("high")),
               column("low", "Lowest price").by_default(word("low")), column("close", "Closing price").by_default(word("close")),
               column("volume", "Traded volume; may be absent from the data").by_default(word("volume"))})
           .always_there(),
       object("compatibility", "Habits of other programs, for figures to compare with theirs",
              {boolean("settle_at_last_open",
                       "What is open at the end is closed at the last bar's open; an instrument without that bar stays open")
                   .by_default(Value{false})})
           .always_there(),
       text("model", "Which of `models` trades")});
}

}  // namespace

const KeySpec& experiment_keys() {
  static const KeySpec keys = [] {
    KeySpec feature = component({}, "a feature plugin", "feature");
    return object(
        {}, "An experiment file",
        {integer("assay", "Version of the file's format").range(1, 1).needed(),
         text("extends", "Another experiment file whose keys hold where this one is silent", TextForm::path).without_result(),
         text("name", "What the run is called (absent: the file's name)", TextForm::name).without_result(),
         integer("seed", "All randomness comes from it").range(0, 9e18).by_default(number(0)),
         list(text({}, "a path", TextForm::path), "plugins", "Plugin files or folders, besides those on the search path"),
         data_key(),
         dictionary("features", "New columns, each an expression or a feature plugin; later ones may use earlier ones",
                    either({}, "a column", {text({}, "over columns and earlier features", TextForm::expression), feature})),
         inputs_key(),
         target_key(),
         columns("protected", "Columns kept out of the fit and used for the fairness table"),
         split_key(),
         list(component({}, "a step", "step"), "prepare", "Steps in order, each fitted on the train rows of the fold only"),
         list(component({}, "a selection", "selection"), "select",
              "What the model sees of the prepared inputs: selections in order, each made anew from the train rows of the fold"),
         component("model", "The model", "model"),
         dictionary("models", "Several models by name, run on the same splits and compared", component({}, "a model", "model")),
         train_key(),
         evaluate_key(),
         list(text({}, "a criterion such as \"auc.low > 0.7\""), "accept", "Criteria for the verdict; exit code 5 where one is not met"),
         integer("prior_trials", "Configurations tried before this file, for the ledger").range(0, 1e9).by_default(number(0)),
         resources_key(),
         search_key(),
         trial_key(),
         backtest_key(),
         later("report", "A report in HTML", "the report")});
  }();
  return keys;
}

}  // namespace assay::config
