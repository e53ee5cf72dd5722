// declares lists of one to four layers and refuses the longest
#include "linear.hpp"

struct RefusesList : Linear {
  std::vector<std::int64_t> layers{8};
  static void params(assay::Params<RefusesList>& p) {
    p.integers<&RefusesList::layers>("layers", "Units of each layer").range(1, 64).items(1, 4);
  }
  void configured() {
    if (layers.size() == 4) throw assay::bad_input("four layers are too many");
  }
};

ASSAY_PLUGIN(assay::model<RefusesList>("bad.refuses_list", "1.0.0", "Refuses a list that it allows"))
