// For authors of features (columns made from columns). A feature is a plain struct; what it offers is found by looking:
//   void transform(const Frame&, Out[, Call&]) const   always; row t may depend on rows up to t only; kMissing where there is no value
//   std::int64_t warmup_rows() const                   behind that many first rows of each entity nothing is missing for want of history,
//                                                      nor depends on where the data begin (beyond a millionth); 0 where absent
//   std::int64_t warmup_rows(std::size_t output) const of each output instead, where they differ
//   std::vector<std::string> outputs() const           names of several outputs; one column under the feature's own name where absent
//   void fit(const Frame& train, std::span<const double> target, Call&)   learns from the train rows; then save and load are needed too
//   void fit_transform(const Frame& train, const FitRows&, Out, Call&)   instead of fit, where labels are learned from: the train rows' own
//                                                      values come from other rows' labels (cross_fit.hpp)
//   std::string report() const                         what the fit found, JSON; `assay runs show` prints it
//   static constexpr bool whole_panel = true;          all entities at once
// The frame's columns are the COLUMN parameters in order of declaration. Thread rule: transform runs on several threads at once.
#pragma once

#include <algorithm>
#include <concepts>

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

template <class T>
concept TransformsWithCall = requires(const T& t, const Frame& f, Out o, Call& c) {
  t.transform(f, o, c);
};
template <class T>
concept Transforms = TransformsWithCall<T> || requires(const T& t, const Frame& f, Out o) {
  t.transform(f, o);
};
template <class T>
concept FitsFrame = requires(T& t, const Frame& f, std::span<const double> y, Call& c) {
  t.fit(f, y, c);
};

template <class T>
concept CrossFits = requires(T& t, const Frame& f, const FitRows& r, Out o, Call& c) {
  t.fit_transform(f, r, o, c);
};
template <class T>
concept Reports = requires(const T& t) {
  { t.report() } -> std::convertible_to<std::string>;
};
template <class T>
concept WarmsUpByOutput = requires(const T& t) {
  { t.warmup_rows(std::size_t{}) } -> std::convertible_to<std::int64_t>;
};

template <class T>
struct FeatureTables {
  static constexpr std::uint32_t flags() {
    if constexpr (requires { T::whole_panel; })
      return T::whole_panel ? static_cast<std::uint32_t>(ASSAY_FEATURE_WHOLE_PANEL) : 0u;
    else
      return 0;
  }
  static std::int64_t warmup_rows(const void* self) {
    if constexpr (WarmsUpByOutput<T>) {
      std::int64_t longest = 0;
      for (std::uint32_t i = 0; i < n_outputs(self); ++i) longest = std::max(longest, output_warmup(self, i));
      return longest;
    } else if constexpr (requires(const T& t) { t.warmup_rows(); }) {
      return object_of<T>(self).warmup_rows();
    } else {
      return 0;
    }
  }
  static std::int64_t output_warmup(const void* self, std::uint32_t index) {
    if constexpr (WarmsUpByOutput<T>)
      return object_of<T>(self).warmup_rows(std::size_t{index});
    else
      return warmup_rows(self);
  }
  static std::uint32_t n_outputs(const void* self) {
    const auto& names = static_cast<const Held<T>*>(self)->output_names;
    return names.empty() ? 1 : static_cast<std::uint32_t>(names.size());
  }
  static const char* output_name(const void* self, std::uint32_t index) {
    const auto& names = static_cast<const Held<T>*>(self)->output_names;
    return index < names.size() ? names[index].c_str() : "";
  }
  static assay_status transform(const void* self, assay_call* raw, const assay_frame* frame, assay_array* out) {
    return guard(raw, [&] {
      [[maybe_unused]] Call call(*raw);
      if constexpr (TransformsWithCall<T>)
        object_of<T>(self).transform(Frame(*frame), Out(*out), call);
      else
        object_of<T>(self).transform(Frame(*frame), Out(*out));
    });
  }
  static assay_status fit(void* self, assay_call* raw, const assay_frame* train, const assay_array* target) {
    return guard(raw, [&] {
      Call call(*raw);
      std::span<const double> y;
      if (target && target->rank) y = {data_of<const double>(*target, 1, "the target"), static_cast<std::size_t>(target->shape[0])};
      if constexpr (FitsFrame<T>) object_of<T>(self).fit(Frame(*train), y, call);
    });
  }
  static assay_status fit_transform(void* self, assay_call* raw, const assay_frame* train, const assay_fit_rows* rows, assay_array* out) {
    return guard(raw, [&] {
      Call call(*raw);
      if constexpr (CrossFits<T>) object_of<T>(self).fit_transform(Frame(*train), FitRows(*rows, train->n_rows), Out(*out), call);
    });
  }
  static assay_status report(const void* self, assay_call* raw, assay_state_writer* writer) {
    return guard(raw, [&] {
      if constexpr (Reports<T>) Saver(*writer).put_text("report", object_of<T>(self).report());
    });
  }
  static const void* ability(const char* id) {
    static const assay_feature_transform transform_table{
        sizeof(assay_feature_transform), flags(), &warmup_rows, &n_outputs, &output_name, &transform, &output_warmup};
    static const assay_feature_fit fit_table{sizeof(assay_feature_fit), &fit};
    const std::string_view name(id);
    if (name == "feature.transform/1") return &transform_table;
    if (FitsFrame<T> && name == "feature.fit/1") return &fit_table;
    static const assay_feature_fit_transform fit_transform_table{sizeof(assay_feature_fit_transform), &fit_transform};
    static const assay_feature_report report_table{sizeof(assay_feature_report), &report};
    if (CrossFits<T> && name == "feature.fit_transform/1") return &fit_transform_table;
    if (Reports<T> && name == "feature.report/1") return &report_table;
    if (name == "state/1") return state_table<T>();
    return nullptr;
  }
};

template <class T>
class FeatureDefinition : public DefinitionOf<T, FeatureDefinition<T>> {
 public:
  static_assert(Transforms<T>, "a feature needs transform(const assay::Frame&, assay::Out) const");
  static_assert(!(FitsFrame<T> || CrossFits<T>) || Saves<T>,
                "a feature that learns needs save(assay::Saver&) const and load(const assay::Saved&)");

  FeatureDefinition(const char* id, const char* version, const char* summary)
      : DefinitionOf<T, FeatureDefinition<T>>("feature", id, version, summary) {
    this->raw.ability = &FeatureTables<T>::ability;
  }
};

}  // namespace detail

template <class T>
detail::FeatureDefinition<T> feature(const char* id, const char* version, const char* summary) {
  return {id, version, summary};
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
