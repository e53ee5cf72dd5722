#include "run/fold_shelf.hpp"

#include <algorithm>

#include "base/sanitizers.hpp"
#include "run/messages.hpp"

// Under a sanitizer glibc's own allocator is not in use, and asking it to trim reads a null pointer.
#if defined(__GLIBC__) && !defined(ASSAY_SANITIZED)
#define ASSAY_TRIMS
#include <malloc.h>
#endif

namespace assay::run {

std::shared_ptr<const PreparedFold> FoldShelf::take(std::size_t index, bool accepts_missing, bool with_validation) {
  Slot* slot;
  {
    const std::lock_guard lock(mutex_);
    slot = &slots_[{index, accepts_missing, with_validation}];
  }
  const std::lock_guard lock(slot->mutex);
  std::shared_ptr<const PreparedFold> fold = slot->fold.lock();
  if (!fold) {
    fold = prepare(index, accepts_missing, with_validation);
    slot->fold = fold;
  }
  const std::lock_guard latest(mutex_);
  latest_.remove(fold);
  latest_.push_front(fold);
  if (latest_.size() > kept_) latest_.pop_back();
  return fold;
}

void FoldShelf::keep(std::size_t folds) {
  const std::lock_guard lock(mutex_);
  kept_ = folds;
  if (latest_.size() > kept_) latest_.resize(kept_);
}

std::shared_ptr<const PreparedFold> FoldShelf::prepare(std::size_t index, bool accepts_missing, bool with_validation) const {
  pipeline::Fold rows = fold(index);
  if (with_validation) {
    rows.train.insert(rows.train.end(), rows.validation.begin(), rows.validation.end());
    std::sort(rows.train.begin(), rows.train.end());
    rows.validation.clear();
  }
  auto out = std::make_shared<PreparedFold>();
  out->data = pipeline::assemble_fold(
      data_.dataset, rows, data_.folds,
      {experiment_.prepare, experiment_.select, accepts_missing, judge_.get(), experiment_.seed, &experiment_.train});
  if (experiment_.resources.isolation == "process") {
    out->packed_train = pack(train::rows_of(out->data.train));
    out->mapped_train = worker::PackedFile::of(out->packed_train);
    out->data.train.x = {};
  }
  // The fold has its rows; the frame is read again only for the next fold and for the summary.
  if (data_.loaded.let_go) data_.loaded.let_go();
#if defined(ASSAY_TRIMS)
  malloc_trim(0);
#endif
  return out;
}

}  // namespace assay::run
