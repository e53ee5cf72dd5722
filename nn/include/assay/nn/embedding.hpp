// Categories as learned vectors: the named input columns hold category numbers 0..n-1 and are replaced by rows of a table each; the other
// columns come first, as they are. A missing or unknown category has a row of its own. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include <cmath>

#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

struct EmbeddedColumn {
  std::ptrdiff_t column = 0, categories = 0, size = 0;  // size: of a category's vector
};

template <class S>
class EmbeddingLayer final : public Layer<S> {
 public:
  EmbeddingLayer(Shape in, std::vector<EmbeddedColumn> columns)
      : Layer<S>(in, {in.time, out_features(in, columns)}), columns_(std::move(columns)) {
    std::vector<bool> embedded(static_cast<std::size_t>(in.features));
    std::ptrdiff_t offset = 0, at = in.features - static_cast<std::ptrdiff_t>(columns_.size());
    for (const EmbeddedColumn& c : columns_) {
      if (embedded[static_cast<std::size_t>(c.column)]) throw bad_input("a column is embedded twice");
      embedded[static_cast<std::size_t>(c.column)] = true;
      tables_.push_back({offset, at});
      offset += (c.categories + 1) * padded<S>(c.size);
      at += c.size;
    }
    parameters_ = offset;
    for (std::ptrdiff_t c = 0; c < in.features; ++c)
      if (!embedded[static_cast<std::size_t>(c)]) plain_.push_back(c);
  }

  std::ptrdiff_t parameters() const override { return parameters_; }
  void initialise(S* parameters, S*, const Random& random, std::optional<Initial>) const override {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Random own = random.child(i);
      const std::ptrdiff_t stride = padded<S>(columns_[i].size);
      for (std::ptrdiff_t k = 0; k <= columns_[i].categories; ++k)
        for (std::ptrdiff_t c = 0; c < columns_[i].size; ++c)
          parameters[tables_[i].offset + k * stride + c] = static_cast<S>(0.05 * own.normal());
    }
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::ptrdiff_t stride = padded<S>(columns_[i].size);
      out.push_back(
          {prefix + "table" + std::to_string(i), columns_[i].categories + 1, columns_[i].size, tables_[i].offset, stride, 1, stride});
    }
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);
    std::vector<std::string> parts;
    if (!plain_.empty()) {
      const std::vector<std::int64_t> columns(plain_.begin(), plain_.end());
      parts.push_back(g.node("Gather", {x, g.graph().constant(columns, {static_cast<std::int64_t>(columns.size())})}, {{"axis", -1}}));
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string code = g.node("Gather", {x, g.graph().scalar(std::int64_t{columns_[i].column})}, {{"axis", -1}});
      const std::string count = g.scalar(static_cast<S>(columns_[i].categories));
      const std::string known = g.node("And", {g.node("GreaterOrEqual", {code, g.scalar(S{0})}), g.node("Less", {code, count})});
      const std::string row = g.graph().template cast<std::int64_t>(g.node("Where", {known, code, count}));
      parts.push_back(g.node("Gather", {g.constant(a[i], {columns_[i].categories + 1, columns_[i].size}), row}, {{"axis", 0}}));
    }
    return parts.size() == 1 ? parts.front() : g.node("Concat", parts, {{"axis", -1}});
  }

  bool takes_bare_rows() const override { return true; }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    for (std::ptrdiff_t r = 0; r < this->in().time * pass.batch; ++r) {
      S* to = y.row(r);
      for (const std::ptrdiff_t c : plain_) *to++ = x.row(r)[c];
      for (std::size_t i = 0; i < columns_.size(); ++i)
        std::copy_n(pass.parameters + vector_of(i, x.row(r)), columns_[i].size, y.row(r) + tables_[i].at);
    }
  }
  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t rows = this->in().time * pass.batch, below_width = padded<S>(this->in().features);
    detail::fill_zero(gradients, parameters_);
    for (std::ptrdiff_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        S* const to = gradients + vector_of(i, x.row(r));
        for (std::ptrdiff_t c = 0; c < columns_[i].size; ++c) to[c] += dy.row(r)[tables_[i].at + c];
      }
    if (dx.data == nullptr) return;
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      detail::fill_zero(dx.row(r), below_width);
      for (std::size_t k = 0; k < plain_.size(); ++k) dx.row(r)[plain_[k]] = dy.row(r)[k];
    }
    detail::apply_epilogue(below, rows, below_width, dx);
  }

 private:
  struct Table {
    std::ptrdiff_t offset, at;  // of the parameters; of the output's features
  };

  static std::ptrdiff_t out_features(Shape in, const std::vector<EmbeddedColumn>& columns) {
    std::ptrdiff_t n = in.features - static_cast<std::ptrdiff_t>(columns.size());
    for (const EmbeddedColumn& c : columns) {
      if (c.column < 0 || c.column >= in.features || c.categories <= 0 || c.size <= 0)
        throw bad_input("an embedding needs a column of the inputs, categories and a size");
      n += c.size;
    }
    return n;
  }

  // Where the vector of this row's category lies; the last row of a table is for what is missing or unknown.
  std::ptrdiff_t vector_of(std::size_t i, const S* row) const {
    const S code = row[columns_[i].column];
    const bool known = code >= S{0} && code < static_cast<S>(columns_[i].categories);
    return tables_[i].offset + (known ? static_cast<std::ptrdiff_t>(code) : columns_[i].categories) * padded<S>(columns_[i].size);
  }

  std::vector<EmbeddedColumn> columns_;
  std::vector<Table> tables_;
  std::vector<std::ptrdiff_t> plain_;
  std::ptrdiff_t parameters_ = 0;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
