// Order statistics of windows: exact, so the two ways below give the same bits. A short window is a sorted array, where moving what lies
// between the value that leaves and the one that comes is faster than any tree. Long windows are cut into blocks: the values of two
// blocks are sorted once, and a tree of counts over their places (Fenwick 1994) is asked and updated in the logarithm of the window.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "pipeline/rolling.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kLongestSorted = 4096;  // rows; measured: at 4,000 the array takes two thirds of the tree's time, at 10,000 twice

// A value's place among those of the window: how many are less, how many equal.
struct Standing {
  std::size_t less, equal;
};

class SortedArray {
 public:
  explicit SortedArray(std::int64_t rows) : values_(static_cast<std::size_t>(rows)) {}
  std::size_t size() const { return size_; }
  double at(std::size_t k) const { return values_[k]; }
  void insert(double x) {
    const std::size_t to = less_than(x);
    std::copy_backward(values_.begin() + to, values_.begin() + size_, values_.begin() + size_ + 1);
    values_[to] = x;
    ++size_;
  }
  void erase(double x) {
    const std::size_t from = less_than(x);
    std::copy(values_.begin() + from + 1, values_.begin() + size_, values_.begin() + from);
    --size_;
  }
  void replace(double old, double x) {
    const std::size_t from = less_than(old), to = less_than(x);
    const auto begin = values_.begin();
    if (to <= from) {
      std::copy_backward(begin + to, begin + from, begin + from + 1);
      values_[to] = x;
    } else {
      std::copy(begin + from + 1, begin + to, begin + from);
      values_[to - 1] = x;
    }
  }
  Standing standing(double x) const {
    const std::size_t less = less_than(x);
    return {less, search([x](double value) { return value <= x; }) - less};
  }

 private:
  std::size_t less_than(double x) const {
    return search([x](double value) { return value < x; });
  }
  template <class Before>
  std::size_t search(Before before) const {  // without branches to guess wrong
    const double* base = values_.data();
    std::size_t left = size_;
    while (left > 1) {
      const std::size_t half = left / 2;
      base += half * static_cast<std::size_t>(before(base[half - 1]));  // a product: compilers make a branch of a choice
      left -= half;
    }
    return static_cast<std::size_t>(base - values_.data()) + (left == 1 && before(*base) ? 1 : 0);
  }
  std::vector<double> values_;
  std::size_t size_ = 0;
};

// What a window's order gives for its last row.
template <class Ordered>
double answer(const Window& window, const Ordered& ordered, double present) {
  const std::size_t size = ordered.size();
  if (size == 0 || static_cast<std::int64_t>(size) < window.min_count) return kMissing;
  const double count = static_cast<double>(size);
  if (window.op == Op::rank) {
    if (std::isnan(present)) return kMissing;
    const Standing standing = ordered.standing(present);
    return (static_cast<double>(standing.less) + (static_cast<double>(standing.equal) + 1) / 2) / count;
  }
  const double place = (window.op == Op::median ? 0.5 : window.share) * (count - 1);
  const double below = std::floor(place), share = place - below;
  const double low = ordered.at(static_cast<std::size_t>(below));
  if (share == 0) return low;
  const double high = ordered.at(static_cast<std::size_t>(below) + 1);
  return share == 0.5 ? low / 2 + high / 2 : low + (high - low) * share;
}

void short_windows(const Window& window, std::span<const double> x, std::span<double> out) {
  SortedArray sorted(window.rows);
  const auto rows = static_cast<std::size_t>(window.rows);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double old = i >= rows ? x[i - rows] : kMissing;
    if (std::isnan(old)) {
      if (!std::isnan(x[i])) sorted.insert(x[i]);
    } else if (std::isnan(x[i])) {
      sorted.erase(old);
    } else {
      sorted.replace(old, x[i]);
    }
    out[i] = answer(window, sorted, x[i]);
  }
}

// Counts over the sorted values of a stretch of rows.
class CountTree {
 public:
  void sort(std::span<const double> x) {
    order_.clear();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isnan(x[i])) order_.push_back({x[i], i});
    }
    std::sort(order_.begin(), order_.end(), [](const Entry& a, const Entry& b) { return a.value < b.value; });
    place_.resize(x.size());
    values_.clear();
    for (const Entry& entry : order_) {
      if (values_.empty() || values_.back() != entry.value) values_.push_back(entry.value);
      place_[entry.row] = values_.size();  // from 1 on
    }
    tree_.assign(values_.size() + 1, 0);
    size_ = 0;
  }
  void add(std::size_t row, int count) {
    for (std::size_t k = place_[row]; k < tree_.size(); k += k & (~k + 1)) tree_[k] += count;
    size_ += static_cast<std::size_t>(count);
  }
  std::size_t size() const { return size_; }
  double at(std::size_t k) const {
    std::size_t place = 0;
    for (std::size_t step = std::bit_floor(tree_.size() - 1); step > 0; step /= 2) {
      if (place + step < tree_.size() && static_cast<std::size_t>(tree_[place + step]) <= k) {
        place += step;
        k -= static_cast<std::size_t>(tree_[place]);
      }
    }
    return values_[place];
  }
  Standing standing(double x) const {
    const auto place = static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), x) - values_.begin());
    const std::size_t less = up_to(place);
    return {less, up_to(place + 1) - less};
  }

 private:
  struct Entry {
    double value;
    std::size_t row;
  };
  std::size_t up_to(std::size_t place) const {
    std::size_t count = 0;
    for (; place > 0; place &= place - 1) count += static_cast<std::size_t>(tree_[place]);
    return count;
  }
  std::vector<Entry> order_;
  std::vector<std::size_t> place_;  // of each row among the distinct values
  std::vector<double> values_;
  std::vector<std::int32_t> tree_;
  std::size_t size_ = 0;
};

void long_windows(const Window& window, std::span<const double> x, std::span<double> out) {
  CountTree tree;
  const auto rows = static_cast<std::size_t>(window.rows);
  for (std::size_t begin = 0; begin < x.size(); begin += rows) {
    const std::size_t end = std::min(begin + rows, x.size()), from = begin < rows ? 0 : begin - rows + 1;
    tree.sort(x.subspan(from, end - from));
    const auto add = [&](std::size_t row, int count) {
      if (!std::isnan(x[row])) tree.add(row - from, count);
    };
    for (std::size_t i = from; i < begin; ++i) add(i, 1);
    for (std::size_t i = begin; i < end; ++i) {
      add(i, 1);
      if (i > begin && i >= rows) add(i - rows, -1);  // the first window of the block begins at `from`
      out[i] = answer(window, tree, x[i]);
    }
  }
}

}  // namespace

void rolling_order(const Window& window, std::span<const double> x, std::span<double> out) {
  window.rows <= kLongestSorted ? short_windows(window, x, out) : long_windows(window, x, out);
}

}  // namespace assay::pipeline
