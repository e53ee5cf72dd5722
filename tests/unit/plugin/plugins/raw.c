/* A plugin in plain C (so abi.h is C11), whose note and table are set by macros: wrong versions, wrong CPU, wrong magic. */
#include <stddef.h>

#include "assay/abi.h"

#ifndef RAW_NOTE
#define RAW_NOTE "ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=none cxx=c isa=any features="
#endif
#ifndef RAW_MAGIC
#define RAW_MAGIC ASSAY_PLUGIN_MAGIC
#endif
#ifndef RAW_MINOR
#define RAW_MINOR 1
#endif
#ifndef RAW_COMPONENTS
#define RAW_COMPONENTS 1 /* 2: with one of a kind that is not known yet */
#endif
#ifndef RAW_ID
#define RAW_ID "raw.metric"
#endif

#if !defined(RAW_NO_NOTE)
__attribute__((used)) static const char note[] = RAW_NOTE;
#endif

static assay_status score(const void* self, assay_call* call, const assay_scored* rows, double* values) {
  (void)self, (void)call;
  *values = (double)rows->rows;
  return ASSAY_DONE;
}
static const assay_metric_score table = {sizeof table, ASSAY_METRIC_HIGHER_IS_BETTER, ASSAY_TASK_REGRESSION, 0, 1, NULL, &score};

static int object;
static void* create(assay_call* call, const assay_value* values, uint32_t n) {
  (void)call, (void)values, (void)n;
  return &object;
}
static void destroy(void* self) { (void)self; }
static const void* ability(const char* id) {
  const char* want = "metric.score/1";
  while (*id && *id == *want) ++id, ++want;
  return *id == *want ? &table : NULL;
}
static const assay_component component = {
    sizeof component, ASSAY_DETERMINISTIC, "metric", RAW_ID, "1.0.0", "In plain C", 1, 0, ASSAY_TASK_REGRESSION, 0, NULL, &create, &destroy,
    &ability};

/* What a later SDK might bring: a kind, a kind of parameter and abilities that this host has never heard of. */
static const void* later_ability(const char* id) { return *id == 's' ? &table : NULL; }
static const assay_param later_param = {
    sizeof later_param, 99, 0, 0, "pace", "Of a later kind", NULL, NULL, 0, 0, 0, 0, 0, NULL, 0, NULL, NULL, NULL};
static const assay_param* const later_params[] = {&later_param};
static const assay_component later = {sizeof later, 0,       "pricer", "raw.crossing", "1.0.0", "Of a later kind", 1, 1, 0, 0,
                                      later_params, &create, &destroy, &later_ability};

static const assay_component* const components[] = {&component, &later};
static const assay_plugin plugin = {RAW_MAGIC, sizeof plugin, ASSAY_ABI_MAJOR, RAW_MINOR,      RAW_MINOR,
                                    "none",    "c",           components,      RAW_COMPONENTS, 0};

const assay_plugin* assay_plugin_entry_v1(void) { return &plugin; }
