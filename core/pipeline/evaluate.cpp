// A plan's columns, computed in entity order, so that shifts and windows run over contiguous memory; each node once, and its memory is
// handed on as soon as no one needs it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/expression.hpp"
#include "pipeline/rolling.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

double finite(double value) { return std::isfinite(value) ? value : kMissing; }
double truth(bool value) { return value ? 1.0 : 0.0; }

double floored_modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
double both(double a, double b) {
  if (a == 0 || b == 0) return 0;
  return std::isnan(a) || std::isnan(b) ? kMissing : 1;
}
double either(double a, double b) {
  if (a == 1 || b == 1) return 1;
  return std::isnan(a) || std::isnan(b) ? kMissing : 0;
}
double compared(Op op, double a, double b) {
  switch (op) {
    case Op::equal:
      return truth(a == b);
    case Op::not_equal:
      return truth(a != b);
    case Op::less:
      return truth(a < b);
    case Op::less_equal:
      return truth(a <= b);
    case Op::greater:
      return truth(a > b);
    default:
      return truth(a >= b);
  }
}

// A node's value: one number for all rows, or one a row.
struct Values {
  std::vector<double> rows;
  double number = 0;
  bool scalar = false;
};

}  // namespace

class PlanRunner {
 public:
  explicit PlanRunner(const Plan& plan) : plan_(plan), frame_(plan.frame_), size_(frame_.rows()) {
    starts_.push_back(0);
    if (frame_.entity_count() <= 1) {
      starts_.push_back(size_);
      return;
    }
    order_.reserve(size_);
    for (std::size_t entity = 0; entity < frame_.entity_count(); ++entity) {
      const auto rows = frame_.rows_of_entity(static_cast<std::int32_t>(entity));
      order_.insert(order_.end(), rows.begin(), rows.end());
      starts_.push_back(order_.size());
    }
  }

  std::vector<std::vector<double>> run(std::span<const int> roots) {
    count_uses(roots);
    values_.resize(plan_.nodes_.size());
    for (std::size_t i = 0; i < plan_.nodes_.size(); ++i) {
      if (uses_[i] == 0) continue;
      const PlanNode& node = plan_.nodes_[i];
      if (node.type == ValueType::text) continue;
      values_[i] = compute(node);
      for (const int argument : node.arguments) release(argument);
    }
    std::vector<std::vector<double>> result;
    for (const int root : roots) {
      result.push_back(in_frame_order(values_[Plan::at(root)]));
      release(root);
    }
    return result;
  }

 private:
  void count_uses(std::span<const int> roots) {
    uses_.assign(plan_.nodes_.size(), 0);
    for (const int root : roots) ++uses_[Plan::at(root)];
    for (std::size_t i = plan_.nodes_.size(); i-- > 0;) {
      if (uses_[i] == 0) continue;
      for (const int argument : plan_.nodes_[i].arguments) ++uses_[Plan::at(argument)];
    }
  }
  void release(int index) {
    if (--uses_[Plan::at(index)] > 0) return;
    Values& done = values_[Plan::at(index)];
    if (!done.rows.empty()) pool_.push_back(std::move(done.rows));
    done = {};
  }
  std::vector<double> buffer() {
    if (pool_.empty()) return std::vector<double>(size_);
    std::vector<double> taken = std::move(pool_.back());
    pool_.pop_back();
    return taken;
  }
  std::vector<double> in_frame_order(const Values& values) const {
    if (values.scalar) return std::vector<double>(size_, values.number);
    if (order_.empty()) return values.rows;
    std::vector<double> result(size_);
    for (std::size_t i = 0; i < size_; ++i) result[static_cast<std::size_t>(order_[i])] = values.rows[i];
    return result;
  }
  Values in_entity_order(std::span<const double> rows) {
    Values values;
    values.rows = buffer();
    if (order_.empty()) {
      std::copy(rows.begin(), rows.end(), values.rows.begin());
    } else {
      for (std::size_t i = 0; i < size_; ++i) values.rows[i] = rows[static_cast<std::size_t>(order_[i])];
    }
    return values;
  }

  Values load(const PlanNode& node) {
    const data::Column& column = *plan_.column(node.text);
    if (column.type() == data::ColumnType::timestamp) {
      std::vector<double> rows(size_);
      const auto times = column.times();
      std::transform(times.begin(), times.end(), rows.begin(),
                     [](TimeNs time) { return time == kMissingTime ? kMissing : static_cast<double>(time); });
      return in_entity_order(rows);
    }
    if (column.type() == data::ColumnType::real) {
      Values values = in_entity_order(column.reals());
      for (double& x : values.rows) x = finite(x);
      return values;
    }
    return in_entity_order(column.to_reals());
  }

  const Values& argument(const PlanNode& node, std::size_t i) const { return values_[Plan::at(node.arguments[i])]; }
  const PlanNode& argument_node(const PlanNode& node, std::size_t i) const { return plan_.nodes_[Plan::at(node.arguments[i])]; }

  template <class F>
  Values each(const Values& a, F f) {
    if (a.scalar) return {{}, f(a.number), true};
    Values result;
    result.rows = buffer();
    const double* in = a.rows.data();
    double* out = result.rows.data();
    for (std::size_t i = 0; i < size_; ++i) out[i] = f(in[i]);
    return result;
  }
  template <class F>
  Values pairs(const Values& a, const Values& b, F f) {
    if (b.scalar) return each(a, [&, y = b.number](double x) { return f(x, y); });
    if (a.scalar) return each(b, [&, x = a.number](double y) { return f(x, y); });
    Values result;
    result.rows = buffer();
    const double *left = a.rows.data(), *right = b.rows.data();
    double* out = result.rows.data();
    for (std::size_t i = 0; i < size_; ++i) out[i] = f(left[i], right[i]);
    return result;
  }
  template <class F>
  Values triples(const Values& a, const Values& b, const Values& c, F f) {
    if (a.scalar && b.scalar && c.scalar) return {{}, f(a.number, b.number, c.number), true};
    Values result;
    result.rows = buffer();
    const auto at = [](const Values& values, std::size_t i) { return values.scalar ? values.number : values.rows[i]; };
    for (std::size_t i = 0; i < size_; ++i) result.rows[i] = f(at(a, i), at(b, i), at(c, i));
    return result;
  }

  Values compute(const PlanNode& node) {
    switch (node.op) {
      case Op::column:
        return load(node);
      case Op::constant:
        return {{}, node.number, true};
      case Op::row: {
        std::vector<double> rows(frame_.source_row().begin(), frame_.source_row().end());
        return in_entity_order(rows);
      }
      case Op::add:
        return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a + b); });
      case Op::subtract:
        return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a - b); });
      case Op::multiply:
        return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a * b); });
      case Op::divide:
        return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(a / b); });
      case Op::modulo:
        return pairs(argument(node, 0), argument(node, 1), [](double a, double b) { return finite(floored_modulo(a, b)); });
      case Op::negate:
        return each(argument(node, 0), [](double a) { return -a; });
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
        return comparison(node);
      case Op::logical_and:
        return pairs(argument(node, 0), argument(node, 1), both);
      case Op::logical_or:
        return pairs(argument(node, 0), argument(node, 1), either);
      case Op::logical_not:
        return each(argument(node, 0), [](double a) { return std::isnan(a) ? a : 1 - a; });
      case Op::choose:
        return triples(argument(node, 0), argument(node, 1), argument(node, 2), [](double c, double a, double b) {
          return std::isnan(c) ? c : c != 0 ? a : b;
        });
      default:
        return call(node);
    }
  }

  Values call(const PlanNode& node) {
    const Values& x = argument(node, 0);
    switch (node.op) {
      case Op::log:
        return each(x, [](double a) { return finite(std::log(a)); });
      case Op::exp:
        return each(x, [](double a) { return finite(std::exp(a)); });
      case Op::abs:
        return each(x, [](double a) { return std::fabs(a); });
      case Op::sqrt:
        return each(x, [](double a) { return std::sqrt(a); });
      case Op::sign:
        return each(x, [](double a) { return std::isnan(a) ? a : truth(a > 0) - truth(a < 0); });
      case Op::pow:
        return pairs(x, argument(node, 1),
                     [](double a, double b) { return std::isnan(a) || std::isnan(b) ? kMissing : finite(std::pow(a, b)); });
      case Op::clip:
        return triples(x, argument(node, 1), argument(node, 2), [](double a, double low, double high) {
          if (std::isnan(a) || !(low <= high)) return kMissing;
          return a < low ? low : a > high ? high : a;
        });
      case Op::least:
        return folded(node, [](double a, double b) { return std::isnan(a) || a < b ? a : b; });
      case Op::greatest:
        return folded(node, [](double a, double b) { return std::isnan(a) || a > b ? a : b; });
      case Op::lag:
        return shifted(x, node.window);
      case Op::lead:
        return shifted(x, -node.window);
      default:
        return rolled(node);
    }
  }
  template <class F>
  Values folded(const PlanNode& node, F f) {
    Values result = pairs(argument(node, 0), argument(node, 1), f);
    for (std::size_t i = 2; i < node.arguments.size(); ++i) {
      Values next = pairs(result, argument(node, i), f);
      if (!result.rows.empty()) pool_.push_back(std::move(result.rows));
      result = std::move(next);
    }
    return result;
  }

  Values full(const Values& x) {
    Values result;
    result.rows = buffer();
    std::fill(result.rows.begin(), result.rows.end(), x.number);
    return result;
  }
  // by > 0: from earlier rows. A constant shifted is missing at the entity's edge too.
  Values shifted(const Values& values, std::int64_t by) {
    Values held;
    if (values.scalar) held = full(values);
    const std::vector<double>& x = values.scalar ? held.rows : values.rows;
    Values result;
    result.rows = buffer();
    for (std::size_t entity = 0; entity + 1 < starts_.size(); ++entity) {
      const auto begin = static_cast<std::int64_t>(starts_[entity]), end = static_cast<std::int64_t>(starts_[entity + 1]);
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t from = i - by;
        result.rows[static_cast<std::size_t>(i)] = from < begin || from >= end ? kMissing : x[static_cast<std::size_t>(from)];
      }
    }
    return result;
  }
  Values rolled(const PlanNode& node) {
    const Values& values = argument(node, 0);
    Values held;
    if (values.scalar) held = full(values);
    const std::vector<double>& x = values.scalar ? held.rows : values.rows;
    Values result;
    result.rows = buffer();
    for (std::size_t entity = 0; entity + 1 < starts_.size(); ++entity) {
      const std::size_t begin = starts_[entity], count = starts_[entity + 1] - begin;
      rolling(node.op, std::span(x).subspan(begin, count), node.window, node.min_count, std::span(result.rows).subspan(begin, count));
    }
    for (double& y : result.rows) y = finite(y);
    return result;
  }

  Values comparison(const PlanNode& node) {
    const PlanNode &left = argument_node(node, 0), &right = argument_node(node, 1);
    if (left.type == ValueType::category) return category(node, left, argument(node, 0), right, argument(node, 1));
    if (right.type == ValueType::category) return category(node, right, argument(node, 1), left, argument(node, 0));
    const Op op = node.op;
    return pairs(argument(node, 0), argument(node, 1),
                 [op](double a, double b) { return std::isnan(a) || std::isnan(b) ? kMissing : compared(op, a, b); });
  }

  // == and != of a category's codes with text, a number, or another category: by the levels' texts.
  Values category(const PlanNode& node, const PlanNode& mine, const Values& codes, const PlanNode& other, const Values& others) {
    const double hit = truth(node.op == Op::equal), miss = 1 - hit;
    const auto& levels = plan_.column(column_of(mine))->levels();
    const auto verdict = [&](bool same) { return same ? hit : miss; };
    if (other.type == ValueType::text) {
      return each(codes,
                  [&](double code) { return std::isnan(code) ? code : verdict(levels[static_cast<std::size_t>(code)] == other.text); });
    }
    if (other.type == ValueType::category) {
      const auto& theirs = plan_.column(column_of(other))->levels();
      return pairs(codes, others, [&](double a, double b) {
        if (std::isnan(a) || std::isnan(b)) return kMissing;
        return verdict(levels[static_cast<std::size_t>(a)] == theirs[static_cast<std::size_t>(b)]);
      });
    }
    std::vector<double> numbers;
    for (const std::string& level : levels) numbers.push_back(text::to_real(level).value_or(kMissing));
    return pairs(codes, others, [&](double code, double number) {
      return std::isnan(code) || std::isnan(number) ? kMissing : verdict(numbers[static_cast<std::size_t>(code)] == number);
    });
  }
  static const std::string& column_of(const PlanNode& node) {
    ASSAY_CHECK(node.op == Op::column, "only columns are categories");
    return node.text;
  }

  const Plan& plan_;
  const data::Frame& frame_;
  std::size_t size_;
  std::vector<std::int64_t> order_;  // entity order -> frame row; empty where they are the same
  std::vector<std::size_t> starts_;  // of each entity in entity order, and the end
  std::vector<int> uses_;
  std::vector<Values> values_;
  std::vector<std::vector<double>> pool_;
};

std::vector<std::vector<double>> Plan::evaluate(std::span<const int> roots) { return PlanRunner(*this).run(roots); }

}  // namespace assay::pipeline
