// Pruning a planned network: which of its weights become zero, and which units (of dense, recurrent layers; filters of convolutions) leave
// it, in all gates and in every array that they touch. Used by neural plugins. A unit leaves only where all that reads it is known: what
// stands before a layer norm, an embedding, a residual or temporal block or an unknown layer stays, and so does the last layer; inside of
// blocks units leave as outside. Functions on values; nothing here trains.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "assay/nn/layer_spec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// The units of each layer that has some, in the order of layers, and whose the rows and columns of each array are: line l belongs to unit
// l % units of its owner, whether lines are the times of a flattened window, the taps of a filter, the gates of a cell or its two
// directions.
class UnitMap {
 public:
  static constexpr std::ptrdiff_t kNone = -1;
  struct Owner {
    std::ptrdiff_t rows = kNone, cols = kNone;
  };

  // sizes: the units that are left in each; empty: all. Throws bad_state where they do not suit the layers.
  explicit UnitMap(std::vector<LayerSpec> layers, std::vector<std::int64_t> sizes = {})
      : layers_(std::move(layers)), sizes_(std::move(sizes)) {
    stays(walk("", layers_, kNone));
    bool sound = sizes_.empty() || sizes_.size() == units_.size();
    for (std::size_t g = 0; sound && g < units_.size(); ++g) sound = units_[g] == began_[g] || may_shrink(g);
    if (!sound) throw_unsuited();
  }

  const std::vector<LayerSpec>& layers() const { return layers_; }  // with the units that are left
  std::size_t size() const { return units_.size(); }
  std::int64_t units(std::size_t group) const { return units_[group]; }
  std::int64_t began(std::size_t group) const { return began_[group]; }  // with so many
  bool may_shrink(std::size_t group) const { return !fixed_[group] && began_[group] > 1; }
  Owner owner(const std::string& array) const {
    const auto found = owners_.find(array);
    return found == owners_.end() ? Owner{} : found->second;
  }

 private:
  [[noreturn]] static void throw_unsuited() { throw bad_state("the saved units make no sense for the layers of the network"); }

  std::ptrdiff_t walk(const std::string& prefix, std::vector<LayerSpec>& layers, std::ptrdiff_t in) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      LayerSpec::variant& layer = layers[i];
      in = std::visit([&](auto& spec) { return step(prefix + "layer" + std::to_string(i) + ".", spec, in); }, layer);
    }
    return in;
  }

  std::ptrdiff_t add(std::ptrdiff_t& units) {
    const std::size_t group = units_.size();
    began_.push_back(units);
    if (group < sizes_.size()) {
      if (sizes_[group] < 1 || sizes_[group] > units) throw_unsuited();
      units = static_cast<std::ptrdiff_t>(sizes_[group]);
    }
    units_.push_back(units);
    fixed_.push_back(false);
    return static_cast<std::ptrdiff_t>(group);
  }
  void stays(std::ptrdiff_t group) {
    if (group != kNone) fixed_[static_cast<std::size_t>(group)] = true;
  }

  std::ptrdiff_t weighted(const std::string& prefix, std::ptrdiff_t& units, std::ptrdiff_t in) {
    const std::ptrdiff_t out = add(units);
    owners_[prefix + "weight"] = {in, out};
    owners_[prefix + "bias"] = {kNone, out};
    return out;
  }
  template <class Cell>
  std::ptrdiff_t recurrent(const std::string& prefix, Cell& s, std::ptrdiff_t in) {
    const std::ptrdiff_t out = add(s.units);
    for (const char* direction : {"forward.", "backward."}) {  // units of both directions leave in pairs
      const std::string own = s.bidirectional ? prefix + direction : prefix;
      owners_[own + "input_weight"] = {in, out};
      owners_[own + "state_weight"] = {out, out};
      owners_[own + "bias"] = {kNone, out};
    }
    return out;
  }

  std::ptrdiff_t step(const std::string& prefix, Dense& s, std::ptrdiff_t in) { return weighted(prefix, s.units, in); }
  std::ptrdiff_t step(const std::string& prefix, Conv1d& s, std::ptrdiff_t in) { return weighted(prefix, s.filters, in); }
  std::ptrdiff_t step(const std::string& prefix, Lstm& s, std::ptrdiff_t in) { return recurrent(prefix, s, in); }
  std::ptrdiff_t step(const std::string& prefix, Gru& s, std::ptrdiff_t in) { return recurrent(prefix, s, in); }
  static std::ptrdiff_t step(const std::string&, Pool&, std::ptrdiff_t in) { return in; }
  static std::ptrdiff_t step(const std::string&, GlobalPool&, std::ptrdiff_t in) { return in; }
  static std::ptrdiff_t step(const std::string&, Dropout&, std::ptrdiff_t in) { return in; }
  static std::ptrdiff_t step(const std::string&, Activate&, std::ptrdiff_t in) { return in; }
  static std::ptrdiff_t step(const std::string&, Flatten&, std::ptrdiff_t in) { return in; }
  static std::ptrdiff_t step(const std::string&, Last&, std::ptrdiff_t in) { return in; }
  std::ptrdiff_t step(const std::string& prefix, BatchNorm&, std::ptrdiff_t in) {
    for (const char* array : {"gain", "shift", "running_mean", "running_variance"}) owners_[prefix + array] = {kNone, in};
    return in;
  }
  std::ptrdiff_t step(const std::string& prefix, Residual& s, std::ptrdiff_t in) {
    stays(in);
    const std::ptrdiff_t out = walk(prefix, s.body, kNone);
    stays(out);
    return out;
  }
  std::ptrdiff_t step(const std::string& prefix, TcnBlock& s, std::ptrdiff_t in) {
    stays(in);
    if (s.inner == 0) s.inner = s.filters;
    const std::ptrdiff_t inner = weighted(prefix + "layer0.layer0.", s.inner, kNone);
    owners_[prefix + (s.dropout > 0 ? "layer0.layer2." : "layer0.layer1.") + "weight"] = {inner, kNone};
    return kNone;
  }
  template <class Other>  // reads all of its inputs at once, or is not known here
  std::ptrdiff_t step(const std::string&, Other&, std::ptrdiff_t in) {
    stays(in);
    return kNone;
  }

  std::vector<LayerSpec> layers_;
  std::vector<std::int64_t> sizes_, units_, began_;
  std::vector<bool> fixed_;
  std::map<std::string, Owner> owners_;
};

// Weights of products, which pruning may take; biases, norms and tables of embeddings it leaves.
inline bool is_weight(const Array& array) { return !array.is_state && array.name.ends_with("weight"); }

// At least that share of `all`: 0.3 of 10 is 3, whatever 0.3 * 10 is in binary.
inline std::int64_t count_of_share(double share, std::int64_t all) {
  return std::min(all, static_cast<std::int64_t>(std::ceil(share * static_cast<double>(all) - 1e-9)));
}

// Sets the smallest weights of each array to zero, and so their places in `live` (laid out as the parameters, 1 elsewhere), until at least
// that share of the array is zero; of equal ones the first in the array's own order.
template <class S>
inline void prune_weights(const std::vector<Array>& arrays, std::span<S> parameters, std::span<S> live, double share) {
  std::vector<std::pair<S, std::ptrdiff_t>> order;  // size, place in the array
  for (const Array& a : arrays) {
    if (!is_weight(a)) continue;
    order.clear();
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i)
      order.emplace_back(std::abs(parameters[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))]), i);
    const std::int64_t gone = count_of_share(share, a.rows * a.cols);
    std::nth_element(order.begin(), order.begin() + gone, order.end());
    for (std::int64_t k = 0; k < gone; ++k) {
      const std::ptrdiff_t i = order[static_cast<std::size_t>(k)].second;
      const auto at = static_cast<std::size_t>(a.at(i / a.cols, i % a.cols));
      parameters[at] = live[at] = S{0};
    }
  }
}

// The units of each group that stay, in their order, when at least that share of those that it began with is to leave; one stays in any
// case. Those of least norm leave: of the weights that lead to the unit, those of all gates and of both directions together.
template <class S>
inline std::vector<std::vector<std::ptrdiff_t>> units_that_stay(const UnitMap& map, const std::vector<Array>& arrays,
                                                                std::span<const S> parameters, double share) {
  std::vector<std::vector<std::ptrdiff_t>> stay(map.size());
  for (std::size_t g = 0; g < map.size(); ++g) {
    const std::int64_t units = map.units(g);
    stay[g].resize(static_cast<std::size_t>(units));
    std::iota(stay[g].begin(), stay[g].end(), 0);
    if (!map.may_shrink(g)) continue;
    const std::int64_t left = std::max<std::int64_t>(1, map.began(g) - count_of_share(share, map.began(g)));
    if (left >= units) continue;
    std::vector<double> squares(stay[g].size());
    for (const Array& a : arrays) {
      if (!is_weight(a) || map.owner(a.name).cols != static_cast<std::ptrdiff_t>(g)) continue;
      for (std::ptrdiff_t r = 0; r < a.rows; ++r)
        for (std::ptrdiff_t c = 0; c < a.cols; ++c) {
          const auto value = static_cast<double>(parameters[static_cast<std::size_t>(a.at(r, c))]);
          squares[static_cast<std::size_t>(c % units)] += value * value;
        }
    }
    std::stable_sort(stay[g].begin(), stay[g].end(),
                     [&](auto x, auto y) { return squares[static_cast<std::size_t>(x)] < squares[static_cast<std::size_t>(y)]; });
    stay[g].erase(stay[g].begin(), stay[g].end() - left);
    std::sort(stay[g].begin(), stay[g].end());
  }
  return stay;
}

// Copies what stays from a block of the network of `map` (parameters, state, an optimiser's block) to that of the smaller one. The arrays
// of both have the same order.
template <class S>
inline void copy_staying(const UnitMap& map, const std::vector<std::vector<std::ptrdiff_t>>& stay, const std::vector<Array>& arrays,
                         std::span<const S> from, const std::vector<Array>& smaller, std::span<S> to, bool states) {
  const auto lines_of = [&](std::ptrdiff_t owner, std::ptrdiff_t count) {
    std::vector<std::ptrdiff_t> lines;
    for (std::ptrdiff_t l = 0; l < count; ++l) {
      const auto g = static_cast<std::size_t>(owner);
      if (owner == UnitMap::kNone || std::binary_search(stay[g].begin(), stay[g].end(), l % map.units(g))) lines.push_back(l);
    }
    return lines;
  };
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const Array &a = arrays[k], &b = smaller[k];
    if (a.is_state != states) continue;
    const UnitMap::Owner owner = map.owner(a.name);
    const std::vector<std::ptrdiff_t> rows = lines_of(owner.rows, a.rows), cols = lines_of(owner.cols, a.cols);
    for (std::size_t r = 0; r < rows.size(); ++r)
      for (std::size_t c = 0; c < cols.size(); ++c)
        to[static_cast<std::size_t>(b.at(static_cast<std::ptrdiff_t>(r), static_cast<std::ptrdiff_t>(c)))] =
            from[static_cast<std::size_t>(a.at(rows[r], cols[c]))];
  }
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
