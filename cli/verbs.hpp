// The list of verbs, one function for each file beside this one. Used by main.
#pragma once

#include <vector>

#include "cli/verb.hpp"

namespace assay::cli {

const std::vector<Verb>& verbs();

Verb run_verb();
Verb check_verb();
Verb runs_list_verb();
Verb runs_show_verb();
Verb runs_compare_verb();
Verb runs_delete_verb();
Verb rerun_verb();
Verb reveal_verb();
Verb predict_verb();
Verb export_verb();
Verb explain_verb();
Verb sweep_best_verb();
Verb plugin_list_verb();
Verb plugin_show_verb();
Verb plugin_check_verb();
Verb plugin_new_verb();
Verb plugin_docs_verb();
Verb schema_verb();
Verb data_check_verb();
Verb audit_verb();

}  // namespace assay::cli
