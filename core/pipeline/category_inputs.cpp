#include "pipeline/category_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "pipeline/prepare_steps.hpp"

namespace assay::pipeline {

namespace {

struct Cells {
  std::size_t present = 0, text = 0;
  std::int64_t first_row = -1;  // of the source, of the first cell that is no number
  std::string first;
};

// as_text: every cell counts as text, whatever it holds.
Cells look_at(const data::Column& column, std::span<const std::int64_t> source_row, bool as_text) {
  std::vector<bool> is_text;
  for (const std::string& level : column.levels()) is_text.push_back(as_text || !text::to_real(level));
  Cells cells;
  for (std::size_t r = 0; r < column.size(); ++r) {
    const std::int32_t code = column.codes()[r];
    if (code == data::kMissingCode) continue;
    ++cells.present;
    if (!is_text[static_cast<std::size_t>(code)]) continue;
    ++cells.text;
    if (cells.first_row >= 0 && cells.first_row < source_row[r]) continue;
    cells.first_row = source_row[r];
    cells.first = column.levels()[static_cast<std::size_t>(code)];
  }
  return cells;
}

std::string shortened(const std::string& cell) {
  std::size_t most = 40;
  if (cell.size() <= most) return cell;
  while (most > 0 && (static_cast<unsigned char>(cell[most]) & 0xC0) == 0x80) --most;  // no half of a character
  return cell.substr(0, most) + "...";
}

// Every text is digits with one kind of mark before each three of them, "1,234": what the reader leaves as text, since the mark may stand
// between thousands or before decimals.
bool could_be_numbers(const std::vector<std::string>& levels) {
  const auto ambiguous = [](const std::string& text) {
    const std::size_t first = text.find_first_of(",.");
    if (first == std::string::npos || (text.size() - first) % 4 != 0) return false;
    const std::size_t sign = text.front() == '-' || text.front() == '+' ? 1 : 0;
    if (first == sign || first - sign > 3) return false;
    for (std::size_t i = sign; i < text.size(); ++i) {
      const bool mark = i >= first && (i - first) % 4 == 0;
      if (mark ? text[i] != text[first] : text[i] < '0' || text[i] > '9') return false;
    }
    return true;
  };
  return !levels.empty() && std::all_of(levels.begin(), levels.end(), ambiguous);
}

}  // namespace

void warn_of_categories(const config::Experiment& experiment, const Dataset& dataset, bool as_categories, Diagnostics& diagnostics) {
  const auto& asked_for = experiment.data.categorical;
  for (const InputColumn& input : input_columns(dataset.frame, dataset.inputs)) {
    const auto takes = [&](const config::Component& step) { return step.id == "one_hot" && works_on(step, input); };
    if (input.kind != InputKind::category || std::any_of(experiment.prepare.begin(), experiment.prepare.end(), takes)) continue;
    const bool wanted = std::find(asked_for.begin(), asked_for.end(), input.name) != asked_for.end();
    const Cells cells = look_at(dataset.frame.at(input.name), dataset.frame.source_row(), wanted);
    if (cells.present == 0) continue;
    if (!wanted && could_be_numbers(input.levels)) {
      diagnostics.data_error(
          experiment.data.place,
          fmt::format("column '{}' holds texts such as '{}': thousands, or a number with decimals?", input.name, shortened(cells.first)),
          fmt::format("say which: `thousands: \"{0}\"` or `decimal: \"{0}\"`; `categorical: [{1}]` if they are no numbers",
                      cells.first.find(',') != std::string::npos ? ',' : '.', input.name),
          "data");
      continue;
    }
    const std::string one_hot = fmt::format("{{use: one_hot, columns: [{}]}}", input.name), where = shortened(cells.first);
    if (!wanted && 2 * cells.text < cells.present) {
      diagnostics.warning(
          experiment.data.place,
          fmt::format("column '{}' became text because of row {}, '{}' ({} of {} cells are no numbers): the model sees codes "
                      "instead of its numbers",
                      input.name, cells.first_row + 1, where, cells.text, cells.present),
          fmt::format("mend that row, or count the cell as missing with data.missing: [\"{}\"]; prepare {} if it is a "
                      "category",
                      where, one_hot),
          "data");
    } else if (!as_categories) {
      diagnostics.warning(experiment.inputs.place.line != 0 ? experiment.inputs.place : experiment.data.place,
                          fmt::format("the input '{}' is text (row {}: '{}'): the model sees the codes of its {} levels as if they were "
                                      "amounts",
                                      input.name, cells.first_row + 1, where, input.levels.size()),
                          fmt::format("prepare {}, or leave it out of the inputs", one_hot), "inputs");
    }
  }
}

}  // namespace assay::pipeline
