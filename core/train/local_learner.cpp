#include "train/local_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "train/byte_parts.hpp"
#include "train/horizon_learner.hpp"

namespace assay::train {

namespace {

constexpr std::int64_t kPredictChunk = 256;  // fixed: every call has as many rows, whoever asks for however many (rules.md 15)

template <class Scalar>
constexpr std::uint16_t dtype() {
  return sizeof(Scalar) == 4 ? ASSAY_F32 : ASSAY_F64;
}

assay_array array_of(void* data, std::uint16_t type, std::initializer_list<std::int64_t> shape, std::uint32_t flags) {
  assay_array array{};
  array.dtype = type;
  array.rank = static_cast<std::uint16_t>(shape.size());
  array.device_kind = ASSAY_CPU;
  array.flags = flags;
  std::copy(shape.begin(), shape.end(), array.shape);
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    array.stride[d] = stride;
    stride *= array.shape[d];
  }
  array.data = data;
  return array;
}

assay_array inputs_array(const void* data, std::uint16_t type, std::int64_t rows, const Rows& from) {
  void* place = const_cast<void*>(data);  // the C view has one pointer type; READ_ONLY says what holds
  return from.lookback == 0 ? array_of(place, type, {rows, from.columns}, ASSAY_ARRAY_READ_ONLY)
                            : array_of(place, type, {rows, from.lookback, from.columns}, ASSAY_ARRAY_READ_ONLY);
}

// Rank 1, or rows x horizons.
assay_array targets_array(void* data, std::uint16_t type, std::int64_t rows, std::int64_t horizons) {
  return horizons == 1 ? array_of(data, type, {rows}, ASSAY_ARRAY_READ_ONLY)
                       : array_of(data, type, {rows, horizons}, ASSAY_ARRAY_READ_ONLY);
}

std::vector<std::int64_t> all_rows(const Rows& rows) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows.count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Of one horizon as it lies there; else in `storage`. Null where the data have none.
const double* known_side_by_side(const Rows& rows, std::vector<double>& storage) {
  if (rows.horizons == 1 || rows.last_known_target.empty()) return rows.last_known_target.empty() ? nullptr : rows.last_known_target.data();
  side_by_side(rows.last_known_target, rows.count, all_rows(rows), storage);
  return storage.data();
}

// When the last of a row's labels ends; empty where a row has one.
std::vector<TimeNs> last_ends(const Rows& rows) {
  if (rows.horizons == 1 || rows.label_end.empty()) return {};
  const auto count = static_cast<std::size_t>(rows.count);
  std::vector<TimeNs> last(rows.label_end.begin(), rows.label_end.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = count; i < rows.label_end.size(); ++i) last[i % count] = std::max(last[i % count], rows.label_end[i]);
  return last;
}

// Null where the data have none.
template <class Values>
auto start_of(const Values& values) {
  return values.empty() ? nullptr : values.data();
}

template <class T, class Out>
void pick(std::span<const T> from_values, std::span<const std::int64_t> which, std::vector<Out>& out) {
  out.clear();
  if (from_values.empty()) return;
  for (const std::int64_t r : which) out.push_back(static_cast<Out>(from_values[static_cast<std::size_t>(r)]));
}

assay_batch empty_batch(const assay_problem& problem, std::int64_t rows) {
  assay_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = rows;
  batch.problem = &problem;
  return batch;
}

// The numbers of a summary's array, whatever their type.
std::string numbers_text(const plugin::StateEntry& entry) {
  std::vector<std::string> numbers;
  const auto each = [&]<class T>(T) {
    for (std::size_t at = 0; at + sizeof(T) <= entry.bytes.size(); at += sizeof(T)) {
      T value;
      std::memcpy(&value, entry.bytes.data() + at, sizeof value);
      if constexpr (std::is_floating_point_v<T>)
        numbers.push_back(text::shortest(value));
      else
        numbers.push_back(std::to_string(value));
    }
  };
  switch (entry.dtype) {
    case ASSAY_F64:
      each(double{});
      break;
    case ASSAY_F32:
      each(float{});
      break;
    case ASSAY_I64:
      each(std::int64_t{});
      break;
    case ASSAY_I32:
      each(std::int32_t{});
      break;
    default:
      return fmt::format("{} bytes", entry.bytes.size());
  }
  return text::join(numbers, " ");
}

}  // namespace

LearnerSetup of_one_horizon(LearnerSetup setup) {
  if (!setup.horizons.empty()) setup.outputs = 1;
  setup.horizons.clear();
  return setup;
}

bool learns_horizons(const plugin::LoadedComponent& model) {
  const auto& abilities = model.spec.abilities;
  return std::find(abilities.begin(), abilities.end(), "model.horizons/1") != abilities.end();
}

std::unique_ptr<Learner> learner_here(const plugin::LoadedComponent& component, const LearnerSetup& setup, const Rows& train,
                                      const plugin::CallOptions& base) {
  if (setup.horizons.empty() || learns_horizons(component)) return std::make_unique<LocalLearner>(component, setup, train, base);
  std::vector<std::unique_ptr<Learner>> parts;
  for (std::int64_t h = 0; h < std::ssize(setup.horizons); ++h)
    parts.push_back(std::make_unique<LocalLearner>(component, of_one_horizon(setup), of_horizon(train, h), base));
  return std::make_unique<HorizonLearner>(std::move(parts), setup.horizons);
}

LocalLearner::LocalLearner(const plugin::LoadedComponent& component, LearnerSetup setup, const Rows& train, plugin::CallOptions base)
    : setup_(std::move(setup)),
      train_(train),
      last_ends_(last_ends(train)),
      base_(std::move(base)),
      model_(component, setup_.model.params, options("create")),
      problem_(setup_, train_) {
  ASSAY_CHECK(train_.horizons == problem_.raw().n_horizons || train_.y.empty(), "a model learns as many horizons as its rows have");
}

plugin::CallOptions LocalLearner::options(std::string_view purpose) const {
  plugin::CallOptions options = base_;
  options.seed = SeedTree(setup_.seed).child(purpose).seed();
  options.max_threads = setup_.max_threads;
  return options;
}

LearnerTraits LocalLearner::traits() const {
  LearnerTraits traits;
  traits.by_steps = model_.has_step();
  traits.resumable = model_.has_step() && model_.has_train_state();
  traits.uses_validation = model_.has_fit() && !model_.has_step();
  traits.tells_slopes = model_.has_gradient();
  traits.linear = model_.is_linear();
  traits.tells_quantiles = model_.has_quantiles() && !setup_.levels.empty();
  traits.prunes = model_.has_step() && model_.has_prune();
  return traits;
}

void LocalLearner::begin() {
  step_ = 0;
  model_.begin(problem_.raw(), setup_.batch_size, options("weights"));
}

template <class Scalar>
double LocalLearner::run_epoch(std::int64_t index, double rate_factor) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(train_.count));
  std::iota(order.begin(), order.end(), 0);
  const SeedTree tree(setup_.seed);
  if (setup_.shuffle) {
    Random random(tree.child("order").child(static_cast<std::uint64_t>(index)));
    random.shuffle(std::span(order));
  }
  const std::int64_t size = std::min(setup_.batch_size, train_.count);
  std::vector<Scalar> x(static_cast<std::size_t>(size * train_.width())), y, weight;
  std::vector<TimeNs> time, label_end;
  std::vector<std::int32_t> entity, segment;
  std::vector<std::int64_t> group;
  std::vector<double> last_known;
  plugin::CallOptions call = options("step");
  const SeedTree steps = tree.child("step").child(static_cast<std::uint64_t>(index));
  double loss = 0;
  for (std::int64_t first = 0; first < train_.count; first += size) {
    const auto which =
        std::span(order).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(size, train_.count - first)));
    const auto rows = static_cast<std::int64_t>(which.size());
    gather(train_, which, x.data());
    side_by_side(train_.y, train_.count, which, y);
    pick(train_.time, which, time);
    pick(last_ends_.empty() ? train_.label_end : std::span<const TimeNs>(last_ends_), which, label_end);
    pick(train_.entity, which, entity);
    pick(train_.segment, which, segment);
    pick(train_.group, which, group);
    side_by_side(train_.last_known_target, train_.count, which, last_known);
    pick(train_.weight, which, weight);
    assay_batch batch = empty_batch(problem_.raw(), rows);
    batch.x = inputs_array(x.data(), dtype<Scalar>(), rows, train_);
    batch.y = targets_array(y.data(), dtype<Scalar>(), rows, train_.horizons);
    if (!weight.empty()) batch.weight = array_of(weight.data(), dtype<Scalar>(), {rows}, ASSAY_ARRAY_READ_ONLY);
    batch.time_ns = start_of(time);
    batch.label_end_ns = start_of(label_end);
    batch.entity = start_of(entity);
    batch.segment = start_of(segment);
    batch.group = start_of(group);
    batch.last_known_target = start_of(last_known);
    call.seed = steps.child(static_cast<std::uint64_t>(first)).seed();
    const assay_step at{sizeof(assay_step), 0, index, step_++, rate_factor};
    loss += model_.step(batch, at, call) * static_cast<double>(rows);
  }
  return loss / static_cast<double>(train_.count);
}

double LocalLearner::epoch(std::int64_t index, double rate_factor) {
  return model_.step_dtype() == ASSAY_F32 ? run_epoch<float>(index, rate_factor) : run_epoch<double>(index, rate_factor);
}

template <class Scalar>
void LocalLearner::fit_as(const Rows& validation, const Evaluate& evaluate) {
  std::vector<Scalar> x, y, weight, validation_x;
  std::vector<double> last_known, validation_last_known;
  const auto dense = [](const Rows& rows, std::vector<Scalar>& storage) -> const void* {
    if constexpr (std::is_same_v<Scalar, double>)
      if (rows.lookback == 0) return rows.x.data();  // as it lies in the mapped file: writing to it faults
    storage.resize(static_cast<std::size_t>(rows.count * rows.width()));
    gather(rows, all_rows(rows), storage.data());
    return storage.data();
  };
  assay_batch batch = empty_batch(problem_.raw(), train_.count);
  batch.x = inputs_array(dense(train_, x), dtype<Scalar>(), train_.count, train_);
  side_by_side(train_.y, train_.count, all_rows(train_), y);
  batch.y = targets_array(y.data(), dtype<Scalar>(), train_.count, train_.horizons);
  weight.assign(train_.weight.begin(), train_.weight.end());
  if (!weight.empty()) batch.weight = array_of(weight.data(), dtype<Scalar>(), {train_.count}, ASSAY_ARRAY_READ_ONLY);
  batch.time_ns = start_of(train_.time);
  batch.label_end_ns = start_of(last_ends_.empty() ? train_.label_end : std::span<const TimeNs>(last_ends_));
  batch.entity = start_of(train_.entity);
  batch.segment = start_of(train_.segment);
  batch.group = start_of(train_.group);
  batch.last_known_target = known_side_by_side(train_, last_known);
  assay_array validation_array{};
  plugin::CallOptions call = options("fit");
  if (evaluate) {
    validation_array = inputs_array(dense(validation, validation_x), dtype<Scalar>(), validation.count, validation);
    batch.validation_x = &validation_array;
    batch.validation_rows = validation.count;
    batch.validation_last_known_target = known_side_by_side(validation, validation_last_known);
    call.evaluate = [&](const assay_array& predictions) {
      if (predictions.rank != 2 || predictions.shape[0] != validation.count || predictions.shape[1] != setup_.outputs ||
          predictions.dtype != ASSAY_F64)
        throw Error(Fault::failed, "evaluate() of " + setup_.model.id,
                    fmt::format("predictions must be f64, {} rows x {} outputs", validation.count, setup_.outputs));
      std::vector<double> values;
      for (std::int64_t r = 0; r < predictions.shape[0]; ++r)
        for (std::int64_t k = 0; k < predictions.shape[1]; ++k)
          values.push_back(static_cast<const double*>(predictions.data)[r * predictions.stride[0] + k * predictions.stride[1]]);
      return evaluate(values, -1);
    };
  }
  model_.fit(batch, call);
}

void LocalLearner::fit(const Rows& validation, const Evaluate& evaluate) {
  if (model_.fit_dtype() == ASSAY_F32)
    fit_as<float>(validation, evaluate);
  else
    fit_as<double>(validation, evaluate);
}

// call(batch): the rows `which`, without labels.
template <class Scalar, class Call>
void LocalLearner::call_on(const Rows& rows, std::span<const std::int64_t> which, const Call& call) {
  std::vector<Scalar> x(which.size() * static_cast<std::size_t>(rows.width()));
  gather(rows, which, x.data());
  std::vector<TimeNs> time;
  std::vector<std::int32_t> entity, segment;
  std::vector<std::int64_t> group;
  std::vector<double> last_known;
  pick(rows.time, which, time);
  pick(rows.entity, which, entity);
  pick(rows.segment, which, segment);
  pick(rows.group, which, group);
  side_by_side(rows.last_known_target, rows.count, which, last_known);
  const auto count = static_cast<std::int64_t>(which.size());
  assay_batch batch = empty_batch(problem_.raw(), count);
  batch.x = inputs_array(x.data(), dtype<Scalar>(), count, rows);
  batch.time_ns = start_of(time);
  batch.entity = start_of(entity);
  batch.segment = start_of(segment);
  batch.group = start_of(group);
  batch.last_known_target = start_of(last_known);
  call(batch);
}

// call(batch, count): every call has kPredictChunk rows; the last row fills what is left of the chunk, and of its answers only the first
// `count` are kept.
template <class Call>
void LocalLearner::by_chunks(const Rows& rows, std::uint16_t dtype, const Call& call) {
  std::vector<std::int64_t> which(static_cast<std::size_t>(kPredictChunk));
  for (std::int64_t first = 0; first < rows.count; first += kPredictChunk) {
    for (std::int64_t i = 0; i < kPredictChunk; ++i) which[static_cast<std::size_t>(i)] = std::min(first + i, rows.count - 1);
    const std::int64_t count = std::min(kPredictChunk, rows.count - first);
    const auto on_batch = [&](const assay_batch& batch) { call(batch, count); };
    if (dtype == ASSAY_F32)
      call_on<float>(rows, which, on_batch);
    else
      call_on<double>(rows, which, on_batch);
  }
}

std::vector<double> LocalLearner::predict(const Rows& rows) {
  std::vector<double> out;
  std::vector<double> part(static_cast<std::size_t>(kPredictChunk * setup_.outputs));
  by_chunks(rows, model_.predict_dtype(), [&](const assay_batch& batch, std::int64_t count) {
    model_.predict(batch, part, options("predict"));
    out.insert(out.end(), part.begin(), part.begin() + count * setup_.outputs);
  });
  return out;
}

std::vector<double> LocalLearner::quantiles(const Rows& rows) {
  const auto levels = std::ssize(setup_.levels);
  std::vector<double> out, part(static_cast<std::size_t>(kPredictChunk * levels));
  try {
    by_chunks(rows, model_.quantiles_dtype(), [&](const assay_batch& batch, std::int64_t count) {
      model_.quantiles(batch, setup_.levels, part, options("predict"));
      out.insert(out.end(), part.begin(), part.begin() + count * levels);
    });
  } catch (const plugin::ComponentError& e) {
    if (e.status() != ASSAY_UNSUPPORTED) throw;
    return {};
  }
  return out;
}

Slopes LocalLearner::slopes(const Rows& rows, std::int64_t output) {
  Slopes out;
  std::vector<double> score(static_cast<std::size_t>(kPredictChunk)), slope(static_cast<std::size_t>(kPredictChunk * rows.width()));
  by_chunks(rows, model_.gradient_dtype(), [&](const assay_batch& batch, std::int64_t count) {
    model_.gradient(batch, output, score, slope, options("gradient"));
    out.score.insert(out.score.end(), score.begin(), score.begin() + count);
    out.slope.insert(out.slope.end(), slope.begin(), slope.begin() + count * rows.width());
  });
  return out;
}

void LocalLearner::keep_best() { best_ = model_.save(options("save")); }

void LocalLearner::restore_best() {
  if (best_.empty()) return;
  model_.load(best_, options("load"));
  step_ = 0;  // what is trained from there does not depend on how long the way there was
}

void LocalLearner::prune(plugin::Pruning method, double share) { model_.prune(method, share, options("prune")); }

plugin::ModelSize LocalLearner::size(plugin::Pruning method) { return model_.size(method, options("size")); }

// The shortest of several tries: what else the machine does only ever lengthens one.
PredictSpeed LocalLearner::predict_speed(const Rows& rows) {
  using Clock = std::chrono::steady_clock;
  constexpr int kTries = 5;
  constexpr double kTrySeconds = 2e-3;
  const auto seconds_a_row = [&](std::int64_t count) {
    std::vector<std::int64_t> which(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) which[static_cast<std::size_t>(i)] = i % rows.count;
    std::vector<double> out(static_cast<std::size_t>(count * setup_.outputs));
    plugin::CallOptions call = options("predict");
    call.max_threads = 1;
    double best = std::numeric_limits<double>::infinity();
    const auto measure = [&](const assay_batch& batch) {
      for (int i = 0; i < kTries; ++i) {
        const auto began = Clock::now();
        double taken = 0;
        std::int64_t done = 0;
        for (; done == 0 || taken < kTrySeconds; done += count) {
          model_.predict(batch, out, call);
          taken = std::chrono::duration<double>(Clock::now() - began).count();
        }
        best = std::min(best, taken / static_cast<double>(done));
      }
    };
    if (model_.predict_dtype() == ASSAY_F32)
      call_on<float>(rows, which, measure);
    else
      call_on<double>(rows, which, measure);
    return best;
  };
  return {seconds_a_row(1), seconds_a_row(kPredictChunk)};
}

plugin::StateBundle LocalLearner::bundle(plugin::StateEntries state, std::string note) const {
  plugin::StateBundle bundle;
  bundle.component_id = model_.id();
  bundle.component_version = model_.component().spec.version;
  bundle.state_version = model_.component().raw->state_version;
  bundle.params = {model_.id(), model_.params()};
  bundle.columns_hash = setup_.schema_hash;
  bundle.seed = setup_.seed;
  bundle.abi = fmt::format("{}.{}", ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR);
  bundle.note = std::move(note);
  bundle.state = std::move(state);
  return bundle;
}

std::vector<std::byte> LocalLearner::save(const std::string& note) {
  if (!model_.has_state()) return {};
  return bytes_of(plugin::bundle_bytes(bundle(model_.save(options("save")), note)));
}

std::vector<std::byte> LocalLearner::checkpoint() {
  std::vector<std::byte> bytes;
  append_bytes(bytes, plugin::bundle_bytes(bundle(model_.train_save(options("save")), std::to_string(step_))));
  append_bytes(bytes, plugin::bundle_bytes(bundle(best_, "best")));
  return bytes;
}

void LocalLearner::resume(std::span<const std::byte> checkpoint) {
  const plugin::StateBundle trained = plugin::parse_bundle(take_bytes(checkpoint), "the checkpoint");
  best_ = plugin::parse_bundle(take_bytes(checkpoint), "the checkpoint").state;
  const auto steps = text::to_integer(trained.note);
  if (!steps) throw Error(Fault::failed, "reading a checkpoint", "it does not say how many steps were done");
  begin();
  step_ = *steps;
  model_.train_load(problem_.raw(), trained.state, options("load"));
}

std::vector<double> LocalLearner::importance() {
  return model_.importance(static_cast<std::int64_t>(setup_.inputs.size()), options("importance"));
}

std::vector<std::pair<std::string, std::string>> LocalLearner::summary() {
  std::vector<std::pair<std::string, std::string>> out;
  if (!model_.has_summary()) return out;
  const plugin::StateEntries entries = model_.summary(options("summary"));
  for (const plugin::StateEntry& entry : entries.items()) {
    out.emplace_back(entry.name, entry.is_text ? entry.text : numbers_text(entry));
  }
  return out;
}

plugin::Graph LocalLearner::graph() { return model_.graph(problem_.raw(), options("graph")); }

void LocalLearner::load(std::span<const std::byte> bundle) {
  model_.load(plugin::parse_bundle(text_of(bundle), "the model bundle").state, options("load"));
}

}  // namespace assay::train
