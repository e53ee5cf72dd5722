// For authors of models. A model is a plain struct; what it offers is found by looking:
//   void fit(const Batch&, Call&)                         all data at once                                        } one of
//   void begin(const Problem&, std::int64_t batch, Call&) and double step(const Batch&, const Step&, Call&)         } these
//   void predict(const Rows&, Out[, Call&]) const         always
//   save(Saver&) const, load(const Saved&);  train_save(Saver&) const, train_load([const Problem&,] const Saved&)
//   importance(std::span<double>[, Call&]) const;  summary(Saver&) const;  configured() once its parameters are set
//   graph(Graph&) const                                   what predict computes, for `assay export`
//   gradient(const Rows&, std::int64_t output, Slopes[, Call&]) const   slopes of a raw score (abi.h says which), for `assay explain`
//   prune(Pruning, double share[, Call&]); ModelSize size(Pruning) const         takes weights or units away (abi.h says how), for
//   train.network_pruning
//   quantiles(const Rows&, std::span<const double> levels, Out[, Call&]) const   how sure a regression is: rows x levels, never falling
//   along a row; the levels that are asked for are told in Problem::levels() while it learns
//   static constexpr bool takes_categories = true         inputs of kind category are learned as such, not as numbers
//   static constexpr bool takes_horizons = true           one fit learns Problem::horizons() values a row (Batch::y_by_horizon), and
//   predict gives as many
// `using Scalar = float;` asks for x, y and weight in float. Thread rule: predict runs on several threads at once.
#pragma once

#include "assay/detail/graph.hpp"
#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

enum class Pruning : std::uint32_t { weights = ASSAY_PRUNE_WEIGHTS, units = ASSAY_PRUNE_UNITS };
struct ModelSize {  // assay_model_size
  std::int64_t parameters = 0, zeros = 0, prunable = 0, pruned = 0;
};

namespace detail {

template <class T>
concept Fits = requires(T& t, const Batch& b, Call& c) {
  t.fit(b, c);
}
|| requires(T& t, const Batch& b) { t.fit(b); };
template <class T>
concept StepsWithStep = requires(T& t, const Batch& b, const Step& s, Call& c) {
  { t.step(b, s, c) } -> std::convertible_to<double>;
};
template <class T>
concept StepsPlain = requires(T& t, const Batch& b, Call& c) {
  { t.step(b, c) } -> std::convertible_to<double>;
};
template <class T>
concept Steps = StepsWithStep<T> || StepsPlain<T>;
template <class T>
concept Begins = requires(T& t, const Problem& p, std::int64_t n, Call& c) {
  t.begin(p, n, c);
};
template <class T>
concept PredictsWithCall = requires(const T& t, const Rows& r, Out o, Call& c) {
  t.predict(r, o, c);
};
template <class T>
concept Predicts = PredictsWithCall<T> || requires(const T& t, const Rows& r, Out o) {
  t.predict(r, o);
};
template <class T>
concept TrainSaves = requires(const T& t, Saver& s) {
  t.train_save(s);
};
template <class T>
concept TrainLoads = requires(T& t, const Problem& p, const Saved& s) {
  t.train_load(p, s);
}
|| requires(T& t, const Saved& s) { t.train_load(s); };
template <class T>
concept RanksInputs = requires(const T& t, std::span<double> out) {
  t.importance(out);
}
|| requires(const T& t, std::span<double> out, Call& c) { t.importance(out, c); };
template <class T>
concept Summarises = requires(const T& t, Saver& s) {
  t.summary(s);
};
template <class T>
concept TellsGraph = requires(const T& t, Graph& g) {
  t.graph(g);
};

template <class T>
concept TellsSlopesWithCall = requires(const T& t, const Rows& r, std::int64_t k, Slopes s, Call& c) {
  t.gradient(r, k, s, c);
};
template <class T>
concept TellsSlopes = TellsSlopesWithCall<T> || requires(const T& t, const Rows& r, std::int64_t k, Slopes s) {
  t.gradient(r, k, s);
};

template <class T>
concept TellsQuantilesWithCall = requires(const T& t, const Rows& r, std::span<const double> levels, Out o, Call& c) {
  t.quantiles(r, levels, o, c);
};
template <class T>
concept TellsQuantiles = TellsQuantilesWithCall<T> || requires(const T& t, const Rows& r, std::span<const double> levels, Out o) {
  t.quantiles(r, levels, o);
};

template <class T>
concept PrunesWithCall = requires(T& t, Pruning p, double share, Call& c) {
  t.prune(p, share, c);
};
template <class T>
concept Prunes = PrunesWithCall<T> || requires(T& t, Pruning p, double share) {
  t.prune(p, share);
};
template <class T>
concept TellsSize = requires(const T& t, Pruning p) {
  { t.size(p) } -> std::convertible_to<ModelSize>;
};

template <class T>
struct ScalarOf {
  using Type = double;
};
template <class T>
requires requires { typename T::Scalar; }
struct ScalarOf<T> {
  using Type = typename T::Scalar;
  static_assert(std::is_same_v<Type, float> || std::is_same_v<Type, double>, "Scalar is float or double");
};

template <class T>
struct ModelTables {
  static constexpr std::uint16_t kDtype = dtype_of<typename ScalarOf<T>::Type>();

  static assay_status fit(void* self, assay_call* raw, const assay_batch* batch) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      if constexpr (requires(T & t, const Batch& b, Call& c) { t.fit(b, c); })
        object_of<T>(self).fit(Batch(*batch), call);
      else if constexpr (Fits<T>)
        object_of<T>(self).fit(Batch(*batch));
    });
  }
  static assay_status begin(void* self, assay_call* raw, const assay_problem* problem, std::int64_t batch_size) {
    return guard(raw, [&] {
      Call call(*raw);
      if constexpr (Begins<T>) object_of<T>(self).begin(Problem(*problem), batch_size, call);
    });
  }
  static assay_status step(void* self, assay_call* raw, const assay_batch* batch, const assay_step* at, double* mean_loss) {
    return guard(raw, [&] {
      Call call(*raw);
      if constexpr (StepsWithStep<T>)
        *mean_loss = object_of<T>(self).step(Batch(*batch), Step(*at), call);
      else if constexpr (StepsPlain<T>)
        *mean_loss = object_of<T>(self).step(Batch(*batch), call);
    });
  }
  static assay_status predict(const void* self, assay_call* raw, const assay_batch* rows, assay_array* out) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      if constexpr (PredictsWithCall<T>)
        object_of<T>(self).predict(Rows(*rows), Out(*out), call);
      else
        object_of<T>(self).predict(Rows(*rows), Out(*out));
    });
  }
  static assay_status quantiles(const void* self, assay_call* raw, const assay_batch* rows, const double* levels, std::int64_t n_levels,
                                assay_array* out) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      const std::span<const double> asked(levels, static_cast<std::size_t>(n_levels));
      if constexpr (TellsQuantilesWithCall<T>)
        object_of<T>(self).quantiles(Rows(*rows), asked, Out(*out), call);
      else if constexpr (TellsQuantiles<T>)
        object_of<T>(self).quantiles(Rows(*rows), asked, Out(*out));
    });
  }
  static assay_status importance(const void* self, assay_call* raw, assay_array* out) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      const std::span<double> values(data_of<double>(*out, 1, "the importance"), static_cast<std::size_t>(out->shape[0]));
      if constexpr (requires(const T& t, Call& c) { t.importance(values, c); })
        object_of<T>(self).importance(values, call);
      else if constexpr (RanksInputs<T>)
        object_of<T>(self).importance(values);
    });
  }
  static assay_status summary(const void* self, assay_call* raw, assay_state_writer* writer) {
    return guard(raw, [&] {
      Saver saver(*writer);
      if constexpr (Summarises<T>) object_of<T>(self).summary(saver);
    });
  }
  static assay_status graph(const void* self, assay_call* raw, assay_graph_writer* writer) {
    return guard(raw, [&] {
      Graph told(*writer);
      if constexpr (TellsGraph<T>) object_of<T>(self).graph(told);
    });
  }
  static assay_status gradient(const void* self, assay_call* raw, const assay_batch* rows, std::int64_t output, assay_array* score,
                               assay_array* slope) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      if constexpr (TellsSlopesWithCall<T>)
        object_of<T>(self).gradient(Rows(*rows), output, Slopes(*score, *slope), call);
      else if constexpr (TellsSlopes<T>)
        object_of<T>(self).gradient(Rows(*rows), output, Slopes(*score, *slope));
    });
  }
  static assay_status prune(void* self, assay_call* raw, std::uint32_t method, double share) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      if constexpr (PrunesWithCall<T>)
        object_of<T>(self).prune(pruning_of(method), share, call);
      else if constexpr (Prunes<T>)
        object_of<T>(self).prune(pruning_of(method), share);
    });
  }
  static assay_status size(const void* self, assay_call* raw, std::uint32_t method, assay_model_size* out) {
    return guard(raw, [&] {
      if constexpr (TellsSize<T>) {
        const ModelSize size = object_of<T>(self).size(pruning_of(method));
        out->parameters = size.parameters;
        out->zeros = size.zeros;
        out->prunable = size.prunable;
        out->pruned = size.pruned;
      }
    });
  }
  static Pruning pruning_of(std::uint32_t method) {
    if (method > ASSAY_PRUNE_UNITS) throw Error("a way of pruning that the model does not know", ASSAY_UNSUPPORTED);
    return static_cast<Pruning>(method);
  }
  static assay_status train_save(const void* self, assay_call* raw, assay_state_writer* writer) {
    return guard(raw, [&] {
      Saver saver(*writer);
      if constexpr (TrainSaves<T>) object_of<T>(self).train_save(saver);
    });
  }
  static assay_status train_load(void* self, assay_call* raw, const assay_problem* problem, assay_state_reader* reader) {
    return guard(raw, [&] {
      const Saved saved(*reader);
      if constexpr (requires(T & t, const Problem& p) { t.train_load(p, saved); })
        object_of<T>(self).train_load(Problem(*problem), saved);
      else if constexpr (TrainLoads<T>)
        object_of<T>(self).train_load(saved);
    });
  }

  static const void* ability(const char* id) {
    static const assay_model_fit fit_table{sizeof(assay_model_fit), kDtype, 0, &fit};
    static const assay_model_step step_table{sizeof(assay_model_step), kDtype, 0, &begin, &step};
    static const assay_model_predict predict_table{sizeof(assay_model_predict), kDtype, 0, &predict};
    static const assay_model_quantiles quantiles_table{sizeof(assay_model_quantiles), kDtype, 0, &quantiles};
    static const assay_model_importance importance_table{sizeof(assay_model_importance), &importance};
    static const assay_model_summary summary_table{sizeof(assay_model_summary), &summary};
    static const assay_model_graph graph_table{sizeof(assay_model_graph), &graph};
    static const assay_model_gradient gradient_table{sizeof(assay_model_gradient), kDtype, 0, &gradient};
    static const assay_model_prune prune_table{sizeof(assay_model_prune), 0, &prune, &size};
    static const assay_train_state train_table{sizeof(assay_train_state), &train_save, &train_load};
    const std::string_view name(id);
    if (Fits<T> && name == "model.fit/1") return &fit_table;
    if (Steps<T> && name == "model.step/1") return &step_table;
    if (name == "model.predict/1") return &predict_table;
    if (TellsQuantiles<T> && name == "model.quantiles/1") return &quantiles_table;
    if (RanksInputs<T> && name == "model.importance/1") return &importance_table;
    if (Summarises<T> && name == "model.summary/1") return &summary_table;
    if (TellsGraph<T> && name == "model.graph/1") return &graph_table;
    if (TellsSlopes<T> && name == "model.gradient/1") return &gradient_table;
    if (Prunes<T> && name == "model.prune/1") return &prune_table;
    if (TrainSaves<T> && name == "train_state/1") return &train_table;
    if constexpr (requires { T::takes_categories; }) {
      static const assay_model_categories categories_table{sizeof(assay_model_categories)};
      if (T::takes_categories && name == "model.categories/1") return &categories_table;
    }
    if constexpr (requires { T::takes_horizons; }) {
      static const assay_model_horizons horizons_table{sizeof(assay_model_horizons)};
      if (T::takes_horizons && name == "model.horizons/1") return &horizons_table;
    }
    if (name == "state/1") return state_table<T>();
    return nullptr;
  }
};

template <class T>
class ModelDefinition : public DefinitionOf<T, ModelDefinition<T>> {
 public:
  static_assert(
      Fits<T> || Steps<T>,
      "a model needs fit(const assay::Batch&, assay::Call&) or double step(const assay::Batch&, const assay::Step&, assay::Call&)");
  static_assert(!Steps<T> || Begins<T>, "step() needs begin(const assay::Problem&, std::int64_t batch_size, assay::Call&) beside it");
  static_assert(Predicts<T>, "a model needs predict(const assay::Rows&, assay::Out) const");
  static_assert(TrainSaves<T> == TrainLoads<T>, "train_save(assay::Saver&) const and train_load(const assay::Saved&) come together");

  static_assert(Prunes<T> == TellsSize<T>, "prune(assay::Pruning, double) and assay::ModelSize size(assay::Pruning) const come together");
  static_assert(!Prunes<T> || Steps<T>, "prune() is for models that are trained by step()");

  ModelDefinition(const char* id, const char* version, const char* summary)
      : DefinitionOf<T, ModelDefinition<T>>("model", id, version, summary) {
    this->raw.tasks = ASSAY_TASK_REGRESSION;
    this->raw.ability = &ModelTables<T>::ability;
  }
  // Task::regression where nothing is said.
  template <std::same_as<Task>... Tasks>
  ModelDefinition& tasks(Tasks... tasks) {
    return this->raw.tasks = task_bits(tasks...), *this;
  }
  ModelDefinition& baseline() { return this->flag(ASSAY_BASELINE); }
  ModelDefinition& accepts_missing() { return this->flag(ASSAY_ACCEPTS_MISSING); }
  ModelDefinition& takes_weights() { return this->flag(ASSAY_TAKES_WEIGHTS); }  // Batch::weight() counts in the loss
  ModelDefinition& linear() { return this->flag(ASSAY_LINEAR); }                // gradient() has the same slopes for every row
  ModelDefinition& not_concurrent() { return this->raw.flags &= ~ASSAY_CONCURRENT_PREDICT, *this; }
};

}  // namespace detail

template <class T>
detail::ModelDefinition<T> model(const char* id, const char* version, const char* summary) {
  return {id, version, summary};
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
