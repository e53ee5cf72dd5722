// What a component (a plugin's, or one of the host's own steps and splits) tells about itself and its parameters, and the catalogue in
// which the checker looks it up. Implemented by plugin/registry; used by config to check files, write the schema and the reference. Values,
// thread-safe for reading.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.hpp"

namespace assay::config {

enum class ParamKind { boolean, integer, real, text, choice, column, list, component };

// What a text must look like beyond being text. span: "3y", "6mo", "20"; share_or_span: a share such as 0.2 (kept as a real) or a span;
// bytes: "2GB"; scalar: any plain value, kept as written; name: not empty.
enum class TextForm { any, span, share_or_span, expression, path, bytes, scalar, name };

struct ParamSpec {
  std::string name, doc, unit;
  ParamKind kind = ParamKind::real;
  TextForm form = TextForm::any;          // of text; plugins' parameters are `any`
  ParamKind item_kind = ParamKind::real;  // of a list
  bool required = false;
  Value fallback;  // none with required
  double min = -std::numeric_limits<double>::infinity(), max = std::numeric_limits<double>::infinity();
  bool open_min = false, open_max = false;
  double step = 0;
  std::size_t min_items = 0, max_items = std::numeric_limits<std::size_t>::max();
  std::vector<std::string> choices;
  std::string component_kind;
  bool log_scale = false, tunable = true;
  std::string only_if;  // an earlier parameter's name; this one counts only where that one equals only_if_value
  Value only_if_value;
  bool optional = false;  // a column that the data may lack
};

struct ComponentSpec {
  std::string kind, id, version, summary;
  std::vector<ParamSpec> params;
  unsigned tasks = 0;  // ASSAY_TASK_*; models and metrics
  std::vector<std::string> abilities;
  int direction = 0;             // metrics: +1 higher is better, -1 lower, 0 neither
  bool needs_quantiles = false;  // metrics
  bool baseline = false;
  bool accepts_missing = false, takes_weights = false;
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;
  // The full id, or a short name: the part after the last dot where that is unique within the kind ("prior" for "baseline.prior").
  virtual const ComponentSpec* find(std::string_view kind, std::string_view id) const = 0;
  virtual std::vector<const ComponentSpec*> all(std::string_view kind) const = 0;
  // Files that may hold what was not found, but cannot be used, each with its reason.
  virtual std::vector<std::string> not_used() const { return {}; }
};

}  // namespace assay::config
