// claims any ability that it is asked for
#include "linear.hpp"

namespace {
const void* any_ability(const char* id) {
  const void* table = assay::detail::ModelTables<Linear>::ability(id);
  return table ? table : any_ability("model.predict/1");
}
auto claiming() {
  auto definition = assay::model<Linear>("bad.claims_abilities", "1.0.0", "claims any ability that it is asked for");
  definition.raw.ability = &any_ability;
  return definition;
}
}  // namespace

ASSAY_PLUGIN(claiming())
