#include "cli/verbs.hpp"

namespace assay::cli {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list{run_verb(),         check_verb(),       runs_list_verb(),   runs_show_verb(),   runs_compare_verb(),
                                      runs_delete_verb(), rerun_verb(),       reveal_verb(),      predict_verb(),     export_verb(),
                                      explain_verb(),     sweep_best_verb(),  plugin_list_verb(), plugin_show_verb(), plugin_check_verb(),
                                      plugin_new_verb(),  plugin_docs_verb(), schema_verb(),      data_check_verb(),  audit_verb()};
  return list;
}

}  // namespace assay::cli
