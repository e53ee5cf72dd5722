// Any text is either an expression that can be evaluated or an ExpressionError whose place lies in the text: never a crash.
#include <cstdlib>

#include "base/text.hpp"
#include "pipeline/expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace assay;
  static const data::Frame frame = [] {
    data::FrameNotes notes;
    return data::Frame::finish({data::Column::of_reals("x", {1, 2, 3, 4}), data::Column::of_booleans("b", {0, 1, 1, 0}),
                                data::Column::of_codes("c", {0, 1, -1, 0}, {"u", "7"}), data::Column::of_times("t", {0, 1, 2, 3})},
                               {}, notes);
  }();
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  try {
    pipeline::Plan plan(frame);
    const std::vector<int> root = {plan.add("f", text, pipeline::Use::target)};
    if (plan.evaluate(root)[0].size() != frame.rows()) std::abort();
  } catch (const pipeline::ExpressionError& error) {
    if (error.offset() < 0 || error.offset() > static_cast<std::int64_t>(text.size())) std::abort();
  }
  return 0;
}
