#include "config/builtin_components.hpp"

#include <algorithm>

#include "config/experiment.hpp"
#include "config/key_spec.hpp"

namespace assay::config {

namespace {

ComponentSpec make(const char* kind, const char* id, const char* summary, const std::vector<KeySpec>& keys) {
  ComponentSpec spec;
  spec.kind = kind;
  spec.id = id;
  spec.version = "1.0.0";
  spec.summary = summary;
  spec.params.assign(keys.begin(), keys.end());
  return spec;
}

KeySpec chosen(const char* name, const char* doc, std::vector<std::string> choices) {
  std::string first = choices.front();
  return key::choice(name, doc, std::move(choices)).by_default(Value{std::move(first)});
}

constexpr unsigned kRegression = 1u << static_cast<unsigned>(Task::regression), kBinary = 1u << static_cast<unsigned>(Task::binary),
                   kMulticlass = 1u << static_cast<unsigned>(Task::multiclass);

std::vector<ComponentSpec> sources() {
  using namespace key;
  return {
      make(
          "source", "csv", "A table in a text file, plain or gzip",
          {text("path", "The file, relative to the experiment file", TextForm::path).needed(),
           list(text({}, "a token", TextForm::scalar), "missing",
                "Cell texts that mean a missing value, besides the empty cell (empty: NA, NaN, null and their like)"),
           text("delimiter", "What stands between cells: one character, `tab`, or `blanks` for any number of them (absent: found)",
                TextForm::scalar),
           choice("decimal", "What stands before the decimals (absent: found)", {".", ","}),
           choice("thousands", "What stands between groups of three digits (absent: found in columns where nothing else fits)",
                  {",", ".", "'", "blank"}),
           columns("numeric", "Columns that must hold numbers, 1.2M and 5% among them: other text is an error with its row").by_default({}),
           text("encoding",
                "The file's encoding, a name that iconv knows: latin-1, windows-1250, shift_jis (absent: UTF-8, or as its "
                "byte-order mark says)"),
           boolean("header", "Whether the first line holds the names (absent: it does, unless `names` are given)"),
           list(text({}, "a name", TextForm::scalar), "names", "The names of all columns; with header: true instead of those in the file")
               .by_default({}),
           integer("skip_lines", "Lines above the table (absent: none)").range(0, 1'000'000),
           integer("skip_trailer", "Lines below the table (absent: none)").range(0, 1'000'000),
           choice("malformed", "A line with too many or too few cells, or a broken quote: an error, or skipped and counted (absent: error)",
                  {"error", "skip"})}),
      make(
          "source", "sim.credit", "Simulated loans whose default probabilities are known, and with them the best possible AUC",
          {integer("rows", "Customers").range(10, 100'000'000).by_default(Value{std::int64_t{30'000}}),
           real("default_rate", "Mean true probability of default").range(0.001, 0.999).by_default(Value{0.22}),
           real("nonlinearity", "0: the log-odds are linear in the columns; 1: a network gains clearly").range(0, 3).by_default(Value{1.0}),
           real("signal", "Scale of the log-odds; 0: nothing can be found").range(0, 5).by_default(Value{1.0}),
           real("missing", "Share of missing cells in income, employment_years and debt_to_income").range(0, 0.9).by_default(Value{0.0}),
           integer("seed", "Seed of the simulation, apart from the experiment's").range(0, 9e15).by_default(Value{std::int64_t{1}})}),
      make("source", "sim.market", "A simulated panel of prices with a known predictable part, volatility clustering and regimes",
           {integer("entities", "Instruments").range(1, 100'000).by_default(Value{std::int64_t{20}}),
            integer("days", "Trading days").range(2, 1'000'000).by_default(Value{std::int64_t{2'500}}),
            real("signal", "Share of the variance of the next day's return that can be foreseen; 0: nothing can be found")
                .range(0, 0.9)
                .by_default(Value{0.02}),
            real("correlation", "Correlation of the unpredictable parts across instruments").range(0, 0.99).by_default(Value{0.3}),
            text("start", "The first day").by_default(Value{std::string("2010-01-04")}),
            integer("seed", "Seed of the simulation, apart from the experiment's").range(0, 9e15).by_default(Value{std::int64_t{1}})}),
  };
}

std::vector<ComponentSpec> steps() {
  using namespace key;
  const KeySpec which = columns("columns", "Names and patterns of the inputs it works on (empty: all that it can)");
  return {
      make("step", "missing", "Fills missing values, or drops train rows that have some",
           {chosen("method", "What stands in for a missing value",
                   {"median", "mean", "most_frequent", "constant", "forward_fill", "interpolate", "drop"}),
            real("value", "The constant").by_default(Value{0.0}).where("method", "constant"),
            integer("limit", "Rows over which a value is carried on at most; 0: no limit")
                .range(0, 1'000'000)
                .by_default(Value{std::int64_t{0}})
                .where("method", "forward_fill"),
            boolean("indicator", "Adds a 0/1 column that tells where values were missing").by_default(Value{false}), which}),
      make("step", "outliers", "Tames values far from the middle of the train rows",
           {chosen(
                "method",
                "How distance is measured: standard deviations, quartile ranges beyond the quartiles, or scaled median absolute deviations",
                {"mad", "z_score", "iqr"}),
            real("threshold", "Distance beyond which a value is an outlier").above(0, 1e6).by_default(Value{5.0}),
            chosen("action", "Clip to the limit, drop the train row, or mark in a 0/1 column", {"clip", "drop", "mark"}), which}),
      make("step", "scale", "Brings inputs to one scale",
           {chosen("method", "Mean and deviation, smallest and largest, or median and quartile range", {"standard", "min_max", "robust"}),
            chosen("by", "Over all train rows, those of each entity, or across the entities of one time", {"all", "entity", "time"}),
            which}),
      make("step", "winsorise", "Clips to quantiles of the train rows",
           {real("lower", "Quantile below which values are raised to it").range(0, 1).by_default(Value{0.01}),
            real("upper", "Quantile above which values are lowered to it").range(0, 1).by_default(Value{0.99}), which}),
      make("step", "hampel", "Tames values far from the median of the rows around them; with time those are the rows before",
           {integer("window", "Rows of the entity, the row itself among them").range(3, 100'000).by_default(Value{std::int64_t{21}}),
            real("threshold", "Distance from the median, in scaled median absolute deviations, beyond which a value is an outlier")
                .above(0, 1e6)
                .by_default(Value{3.0}),
            chosen("action", "Take the median, clip to the limit, or mark in a 0/1 column", {"median", "clip", "mark"}), which}),
      make("step", "power", "Brings the train rows close to a normal distribution by a power, whose exponent is the likeliest",
           {chosen("method", "For any values, or for positive ones", {"yeo_johnson", "box_cox"}), which}),
      make("step", "quantile_normal", "Maps the quantiles of the train rows to those of the standard normal distribution",
           {integer("quantiles", "How many are kept at most").range(2, 1'000'000).by_default(Value{std::int64_t{1'000}}), which}),
      make("step", "rolling_standard", "Less the mean of the last rows, divided by their deviation; needs time",
           {integer("window", "Rows of the entity, the row itself among them").range(2, 100'000).by_default(Value{std::int64_t{252}}),
            integer("min_count", "Values that must be there; with fewer the result is missing")
                .range(2, 100'000)
                .by_default(Value{std::int64_t{20}}),
            which}),
      make("step", "pca", "Puts principal components in the place of inputs: sums of them that do not go with each other, the widest first",
           {real("variance", "Share of the inputs' variance that the components must hold").above(0, 1).by_default(Value{1.0}),
            integer("keep", "How many components there are at most; 0: no limit").range(0, 1'000'000).by_default(Value{std::int64_t{0}}),
            boolean("scale", "Each input is divided by its deviation first, so that no unit decides").by_default(Value{true}),
            text("prefix", "Beginning of the components' names: pca_1, pca_2, ...", TextForm::name).by_default(Value{std::string("pca")}),
            which}),
      make("step", "one_hot", "Turns categories into 0/1 columns, one for each value seen in the train rows",
           {chosen("drop", "Leave out the first value's column, which the others imply", {"none", "first"}), which}),
  };
}

std::vector<ComponentSpec> selections() {
  using namespace key;
  const KeySpec which = columns("columns", "Names and patterns of the inputs it judges (empty: all that it can); the others stay");
  const KeySpec keep = integer("keep", "How many of those it judges stay at most, the best; 0: no limit")
                           .range(0, 1'000'000)
                           .by_default(Value{std::int64_t{0}});
  const KeySpec bins =
      integer("bins", "Classes of equal size into which numbers are put").range(2, 1'000).by_default(Value{std::int64_t{10}});
  const KeySpec holdout =
      real("holdout",
           "Share of the train rows that is held out, where something is judged on rows that were not learned from: the last ones "
           "with time, else drawn; purged by label intervals")
          .between(0, 0.9)
          .by_default(Value{0.25});
  const KeySpec seed = integer("seed", "Of what is drawn, beside the file's own seed").range(0, 9e15).by_default(Value{std::int64_t{0}});
  return {
      make("selection", "variance", "Drops inputs whose train rows hardly vary",
           {real("above", "The variance that an input must exceed").range(0, 1e300).by_default(Value{0.0}), which}),
      make(
          "selection", "correlation", "Of two inputs that say the same, drops the later one",
          {chosen("method", "Of the values, or of their ranks", {"pearson", "spearman"}),
           real("max_abs", "Correlation, without its sign, that an input may have with one that stays").range(0, 1).by_default(Value{0.95}),
           which}),
      make("selection", "vif", "Drops inputs that the others explain, the worst first",
           {real("max", "Variance inflation factor that may stay: 1 / (1 - R2) of an input on the others")
                .range(1, 1e12)
                .by_default(Value{10.0}),
            which}),
      make("selection", "information_value", "Keeps inputs that tell two classes apart",
           {real("min", "Information value that an input must reach").range(0, 1e6).by_default(Value{0.02}), bins, keep, which}),
      make("selection", "mutual_information", "Keeps inputs that say something of the target, in whatever shape",
           {real("min", "Mutual information, in nats, that an input must reach").range(0, 1e6).by_default(Value{0.0}), bins, keep, which}),
      make("selection", "f_test", "Keeps inputs whose means differ between classes, or that go with a number in a straight line",
           {real("level", "The p-value may not exceed it").range(0, 1).by_default(Value{0.05}), keep, which}),
      make(
          "selection", "recursive_elimination", "Fits a model, drops the inputs that it needs least, and so on",
          {component("model", "The model that judges; it sees the inputs that this selection does not judge, too", "model").needed(),
           integer("keep", "How many of those it judges stay; 0: as many as score best on the held-out rows")
               .range(0, 1'000'000)
               .by_default(Value{std::int64_t{0}}),
           real("step", "How many leave at once; below 1: this share of those that are left, at least one")
               .above(0, 1e6)
               .by_default(Value{0.1}),
           chosen("importance", "What the model says of itself, or what its score loses when an input is dealt out anew over held-out rows",
                  {"own", "permutation"}),
           integer("permutations", "How often each input is dealt out anew")
               .range(1, 1'000)
               .by_default(Value{std::int64_t{5}})
               .where("importance", "permutation"),
           holdout, seed, which}),
      make("selection", "l1_path", "Keeps the inputs that a linear or logistic model with a falling L1 penalty takes up first",
           {integer("keep", "How many stay, in the order in which they come in; 0: those of the penalty that is best on held-out rows")
                .range(0, 1'000'000)
                .by_default(Value{std::int64_t{0}}),
            integer("penalties", "How many are tried").range(2, 10'000).by_default(Value{std::int64_t{50}}),
            real("ratio", "The smallest penalty, as a share of the one from which on no input is left")
                .between(0, 1)
                .by_default(Value{0.001}),
            holdout, seed, which}),
  };
}

std::vector<ComponentSpec> labels() {
  using namespace key;
  const KeySpec rows = integer("horizon", "Rows of the entity until the label ends").range(1, 100'000), horizon = rows.needed();
  KeySpec by_target = rows;
  by_target.doc += "; absent: each of target.horizons";
  const KeySpec price = column("price", "The price").by_default(Value{std::string("close")});
  const KeySpec entry =
      column("entry", "A column whose price in the next row is what one begins with, as `open`; absent: `price` in the row itself");
  const KeySpec method = chosen("method", "end / beginning - 1, or its logarithm", {"simple", "log"});
  const KeySpec window =
      integer("window", "Rows of the trailing deviation of one-row log returns").range(2, 100'000).by_default(Value{std::int64_t{20}});
  std::vector<ComponentSpec> all{
      make("label", "forward_return", "The return over the next rows", {by_target, price, entry, method}),
      make("label", "direction", "Down, flat or up: the return over the next rows against a threshold; binary: up or not",
           {horizon, price, entry, method,
            real("threshold", "A return beyond it is up, below its negative down").range(0, 1e6).by_default(Value{0.0}),
            chosen("scale", "The threshold is a return, or in trailing deviations times the root of the horizon", {"fixed", "volatility"}),
            window.where("scale", "volatility")}),
      make("label", "triple_barrier",
           "Which comes first: a gain, a loss, or the end of the horizon (flat); the label ends there. Binary: the gain or not; "
           "regression: the "
           "return at that end",
           {horizon, price, entry,
            real("upper", "The gain, in trailing deviations times the root of the horizon").above(0, 1e6).by_default(Value{1.0}),
            real("lower", "The loss, likewise").above(0, 1e6).by_default(Value{1.0}), window,
            column("high", "Highest price of a row, which may touch the gain; absent: `price`"),
            column("low", "Lowest price of a row, which may touch the loss (first, where both are touched); absent: `price`"),
            chosen("at_end", "What a row is that touches neither: flat, or down or up by its return", {"flat", "sign"})})};
  all[0].tasks = kRegression;
  all[1].tasks = kBinary | kMulticlass;
  all[2].tasks = kRegression | kBinary | kMulticlass;
  return all;
}

std::vector<ComponentSpec> splits() {
  using namespace key;
  const KeySpec share = real("validation", "Share of the train rows kept for validation; absent: none").between(0, 1);
  const KeySpec folds = integer("folds", "Folds").range(2, 1000).by_default(Value{std::int64_t{5}});
  const KeySpec last = span("test", "With time: the last span; the fold's own are tested in it, the others train before it");
  const KeySpec part = text("validation", "Rows before the test rows kept for validation; absent: none", TextForm::share_or_span);
  return {
      make("split", "holdout", "One train part and one test part; with time the test part comes last",
           {text("test", "Test rows", TextForm::share_or_span).by_default(Value{0.2}), part,
            span("train", "Train rows; absent: all that are left"),
            boolean("shuffle", "Draw the rows at random; by default so in plain tables and not with time")}),
      make("split", "stratified", "One random train and test part with the classes in equal shares",
           {real("test", "Share of test rows").between(0, 1).by_default(Value{0.2}), share}),
      make("split", "k_fold", "Each row is a test row of one of k folds",
           {folds, share, boolean("shuffle", "Draw the folds at random; by default so in plain tables and not with time")}),
      make("split", "purged_k_fold", "Blocks of time, each tested by a fit on the rows before and behind it", {folds, share}),
      make("split", "combinatorial_purged",
           "Groups of time, and every choice of some of them tested: several forecasts for each row, put together to paths",
           {integer("groups", "Groups of equal size").range(2, 100).by_default(Value{std::int64_t{6}}),
            integer("test_groups", "How many of them a fold tests").range(1, 99).by_default(Value{std::int64_t{2}}), share}),
      make("split", "by_group", "Each of the groups that `group` names is tested in one of k folds, and in no other set of it",
           {folds, last, share}),
      make("split", "by_entity", "Each entity is tested in one of k folds, and in no other set of it", {folds, last, share}),
      make("split", "by_rule", "An expression says which rows are test rows",
           {text("test", "True for test rows, over columns and `row` (0-based, in file order)", TextForm::expression).needed(),
            text("validation", "True for validation rows; absent: none", TextForm::expression),
            text("train", "True for train rows; absent: all others", TextForm::expression)}),
      make("split", "by_column", "A column says which rows train, validate and test",
           {column("column", "The column; no input").needed(), text("test", "Its value in test rows", TextForm::scalar).needed(),
            text("validation", "Its value in validation rows; absent: none", TextForm::scalar),
            text("train", "Its value in train rows; absent: any other", TextForm::scalar)}),
      make("split", "walk_forward", "Train on a span, test on the next one, move on",
           {span("train", "Length of the train span").needed(), span("validation", "Length of the validation span after it; absent: none"),
            span("test", "Length of the test span").needed(), span("step", "How far each fold moves on; absent: the test span"),
            boolean("expanding", "Train spans keep their start and grow").by_default(Value{false})}),
  };
}

std::vector<ComponentSpec> pruners() {
  using namespace key;
  return {make(
      "pruner", "median", "Ends a trial whose value at a step is worse than the median of earlier trials at that step",
      {integer("warmup", "Steps (epochs, then folds) that every trial may take").range(0, 1'000'000).by_default(Value{std::int64_t{0}}),
       integer("min_trials", "Earlier trials that must have reached the step").range(1, 1'000'000).by_default(Value{std::int64_t{5}})})};
}

}  // namespace

std::span<const ComponentSpec> builtin_components() {
  static const std::vector<ComponentSpec> all = [] {
    std::vector<ComponentSpec> list = sources();
    for (auto&& part : {steps(), selections(), labels(), splits(), pruners()}) list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

bool is_builtin_kind(std::string_view kind) {
  return kind == "source" || kind == "step" || kind == "label" || kind == "selection" || kind == "split" || kind == "pruner";
}

const ComponentSpec* find_component(std::span<const ComponentSpec* const> components, std::string_view id) {
  const ComponentSpec* by_short_name = nullptr;
  int short_names = 0;
  for (const ComponentSpec* spec : components) {
    if (spec->id == id) return spec;
    const std::size_t dot = spec->id.rfind('.');
    if (dot == std::string::npos || std::string_view(spec->id).substr(dot + 1) != id) continue;
    by_short_name = spec;
    ++short_names;
  }
  return short_names == 1 ? by_short_name : nullptr;
}

std::vector<const ComponentSpec*> JoinedCatalogue::all(std::string_view kind) const {
  std::vector<const ComponentSpec*> found;
  for (const ComponentSpec& spec : builtin_components()) {
    if (spec.kind == kind) found.push_back(&spec);
  }
  if (plugins_ == nullptr) return found;
  for (const ComponentSpec* spec : plugins_->all(kind)) found.push_back(spec);
  return found;
}

const ComponentSpec* JoinedCatalogue::find(std::string_view kind, std::string_view id) const {
  for (const ComponentSpec& spec : builtin_components()) {
    if (spec.kind == kind && spec.id == id) return &spec;
  }
  if (is_builtin_kind(kind)) {
    const auto components = all(kind);
    return find_component(components, id);
  }
  return plugins_ == nullptr ? nullptr : plugins_->find(kind, id);
}

}  // namespace assay::config
