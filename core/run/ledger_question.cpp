#include "run/ledger_question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "config/experiment_reader.hpp"

namespace assay::run {

store::Question question_of(const ExperimentData& data, std::span<const pipeline::Fold> folds) {
  const pipeline::Dataset& dataset = data.dataset;
  store::Question question;
  question.source = data.loaded.identity;
  question.content = data.loaded.hash;
  question.target = fmt::format("{} {}", config::to_text(dataset.task), dataset.target_column);
  std::set<std::int32_t> codes;
  for (const pipeline::Fold& fold : folds)
    for (const std::int64_t row : fold.test) {
      const auto r = static_cast<std::size_t>(row);
      if (!dataset.frame.entity().empty()) codes.insert(dataset.frame.entity()[r]);
      if (!dataset.has_time() || dataset.label_end[r] == kMissingTime) continue;
      const TimeNs start = dataset.frame.known_at()[r];
      question.first = question.first == kMissingTime ? start : std::min(question.first, start);
      question.last = std::max(question.last, dataset.label_end[r]);
    }
  for (const std::int32_t code : codes) question.entities.push_back(dataset.frame.entity_names()[static_cast<std::size_t>(code)]);
  std::sort(question.entities.begin(), question.entities.end());
  return question;
}

std::string configuration_hash(const config::Experiment& experiment) { return sha256_hex(config::configuration_text(experiment)); }

}  // namespace assay::run
