// linear.logistic: minimises sum w_i loss_i + l2/2 |c|^2 over intercepts (not penalised) and coefficients by Newton's method with line
// search, to convergence (as scikit-learn's LogisticRegression with C = 1 / l2; l2 = 0 as R's glm). Several classes by softmax: with l2 = 0
// class 0 is the reference, with l2 > 0 every class has coefficients. Standard errors are those of the observed information. Used by
// linear.cpp alone. fit() on one thread; predict() is const.
#pragma once

#include "design.hpp"

namespace models {

struct Logistic {
  double l2 = 1;
  std::int64_t max_iterations = 100;

  static void params(assay::Params<Logistic>& p) {
    p.real<&Logistic::l2>("l2", "Penalty on squared weights of the inputs as they come in; 0: maximum likelihood")
        .range(0, 1e12)
        .log_scale();
    p.integer<&Logistic::max_iterations>("max_iterations", "Newton steps before it counts as not converged").range(1, 10000).not_tunable();
  }

  void fit(const assay::Batch& batch, assay::Call& call);
  void predict(const assay::Rows& rows, assay::Out out) const;
  void gradient(const assay::Rows& rows, std::int64_t output, assay::Slopes slopes) const;
  void graph(assay::Graph& g) const;
  void save(assay::Saver& s) const;
  void load(const assay::Saved& s);
  void importance(std::span<double> out) const;
  void summary(assay::Saver& s) const;

  // A column for each class that has coefficients: row 0 the intercept, then the inputs. Binary: one column, of class 1.
  Eigen::MatrixXd coefficients, errors;
  Eigen::VectorXd spread;  // deviations of the train inputs
  double deviance = 0;     // of the train rows: twice the negative log-likelihood, without the penalty
  std::int64_t iterations = 0;

 private:
  struct State {  // at one point of the way
    double penalised = 0, loss = 0;
    Eigen::VectorXd gradient;
    Eigen::MatrixXd hessian;
  };
  class Fit;
};

// One fit: theta holds the columns' coefficients one after the other, in the scale of the design.
class Logistic::Fit {
 public:
  Fit(Design& design, const assay::Batch& batch, double l2)
      : design_(design), problem_(batch.problem()), y_(batch.y()), l2_(l2), classes_(static_cast<Index>(problem_.class_count())) {
    columns_ = classes_ == 2 || l2 == 0 ? classes_ - 1 : classes_;
    row_weight_.resize(design.rows());
    Eigen::VectorXd seen = Eigen::VectorXd::Zero(classes_);
    const auto of_class = problem_.class_weight();
    for (Index r = 0; r < design.rows(); ++r) {
      if (!(y_[r] >= 0 && y_[r] < static_cast<double>(classes_))) throw assay::bad_input("a target is no class number of the problem");
      row_weight_[r] = design.weight(r) * (of_class.empty() ? 1.0 : of_class[static_cast<std::size_t>(y_[r])]);
      seen[static_cast<Index>(y_[r])] += row_weight_[r];
    }
    for (Index k = 0; k < classes_; ++k)
      if (!(seen[k] > 0)) throw assay::bad_input("the train rows hold no row of class " + std::to_string(k));
  }

  Index columns() const { return columns_; }
  // What class weights added to a column's log-odds: taken off again, so that probabilities are those of the data as they are.
  double weight_shift(Index column) const {
    const auto weight = problem_.class_weight();
    if (weight.empty()) return 0;
    const Index shift = classes_ - columns_;
    return std::log(weight[static_cast<std::size_t>(column + shift)]) - (shift == 1 ? std::log(weight[0]) : 0.0);
  }
  Index size() const { return columns_ * design_.size(); }

  State at(const Eigen::VectorXd& theta, bool with_slopes) {
    const Index n = design_.size();
    const Eigen::Map<const Eigen::MatrixXd> table(theta.data(), n, columns_);
    State state;
    if (with_slopes) {
      state.gradient = Eigen::VectorXd::Zero(size());
      state.hessian = Eigen::MatrixXd::Zero(size(), size());
    }
    design_.each_block([&](Index first, const auto& block) {
      Eigen::MatrixXd chance = block * table;  // logits, then probabilities
      for (Index r = 0; r < block.rows(); ++r) state.loss += row_weight_[first + r] * row_loss(chance, r, y_[first + r]);
      if (with_slopes) add_slopes(state, first, block, chance);
    });
    state.penalised = state.loss;
    for (Index b = 0; b < columns_; ++b)
      for (Index j = 1; j < n; ++j) {
        const double stiffness = l2_ / (design_.scale(j - 1) * design_.scale(j - 1));
        state.penalised += 0.5 * stiffness * table(j, b) * table(j, b);
        if (!with_slopes) continue;
        state.gradient[b * n + j] += stiffness * table(j, b);
        state.hessian(b * n + j, b * n + j) += stiffness;
      }
    if (with_slopes && columns_ == classes_) {  // a common shift of all intercepts changes nothing: hold the first
      state.gradient[0] = 0;
      state.hessian.row(0).setZero();
      state.hessian.col(0).setZero();
      state.hessian(0, 0) = 1;
    }
    return state;
  }

 private:
  // Replaces row r of logits by probabilities; returns the loss of label y. Where columns are fewer than classes, class 0 has logit 0.
  double row_loss(Eigen::MatrixXd& z, Index r, double y) const {
    const Index shift = classes_ - columns_;
    const Index own = static_cast<Index>(y) - shift;
    const double largest = shift ? std::max(0.0, z.row(r).maxCoeff()) : z.row(r).maxCoeff();
    const double logit = own < 0 ? 0.0 : z(r, own);
    double total = shift ? std::exp(-largest) : 0.0;
    for (Index b = 0; b < columns_; ++b) total += z(r, b) = std::exp(z(r, b) - largest);
    z.row(r) /= total;
    return std::log(total) + largest - logit;
  }

  template <class B>
  void add_slopes(State& state, Index first, const B& block, const Eigen::MatrixXd& chance) const {
    const Index n = design_.size(), shift = classes_ - columns_;
    Eigen::VectorXd slope(block.rows());
    Block weighted(block.rows(), n);
    for (Index b = 0; b < columns_; ++b) {
      for (Index r = 0; r < block.rows(); ++r)
        slope[r] = row_weight_[first + r] * (chance(r, b) - (static_cast<Index>(y_[first + r]) - shift == b ? 1.0 : 0.0));
      state.gradient.segment(b * n, n).noalias() += block.transpose() * slope;
      for (Index c = 0; c <= b; ++c) {
        for (Index r = 0; r < block.rows(); ++r)
          weighted.row(r) = row_weight_[first + r] * chance(r, b) * ((b == c ? 1.0 : 0.0) - chance(r, c)) * block.row(r);
        const Eigen::MatrixXd part = block.transpose() * weighted;
        state.hessian.block(b * n, c * n, n, n) += part;
        if (b != c) state.hessian.block(c * n, b * n, n, n) += part;
      }
    }
  }

  Design& design_;
  assay::Problem problem_;
  assay::VectorView<const double> y_;
  double l2_;
  Index classes_, columns_ = 0;
  Eigen::VectorXd row_weight_;
};

inline assay::Error separated(const Design& design, const Eigen::VectorXd& step) {
  Index widest = 0;
  step.cwiseAbs().maxCoeff(&widest);
  const Index column = widest % design.size();
  const std::string which =
      column == 0 ? "" : "; input " + std::to_string(design.kept()[static_cast<std::size_t>(column - 1)]) + " (from 0) runs off first";
  return assay::bad_input("the inputs separate the classes without error, so the coefficients have no finite best value" + which +
                          ": set l2 above 0 or leave that input out");
}

inline void Logistic::fit(const assay::Batch& batch, assay::Call& call) {
  Design design(batch);
  const Index dropped = l2 == 0 ? design.drop_combinations() : 0;
  tell_of_dropped(design, dropped, call);
  Fit fit(design, batch, l2);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(fit.size()), step;
  State state = fit.at(theta, true);
  Eigen::LLT<Eigen::MatrixXd> factor;
  bool converged = false;
  for (iterations = 0; iterations < max_iterations && !converged; ++iterations) {
    call.leave_if_stopping();
    factor.compute(state.hessian);
    if (factor.info() != Eigen::Success || factor.rcond() < 1e-15) throw separated(design, iterations ? step : state.gradient);
    step = factor.solve(-state.gradient);
    const double slope = state.gradient.dot(step), before = state.penalised;
    double length = 1;
    State next = fit.at(theta + step, true);
    while (!(next.penalised <= before + 1e-4 * length * slope + 1e-13 * std::abs(before)) && length > 1e-10) {  // Armijo's rule
      length /= 2;
      next = fit.at(theta + length * step, true);
    }
    theta += length * step;
    state = std::move(next);
    const double largest = length * step.cwiseAbs().maxCoeff();
    converged = largest <= 1e-10 * (1 + theta.cwiseAbs().maxCoeff());
    // The likelihood gains nothing any more, yet the coefficients still run: there is no maximum.
    if (l2 == 0 && largest > 0.5 && before - state.penalised < 1e-7 * design.total_weight()) throw separated(design, step);
  }
  if (!converged)
    throw assay::Error("linear.logistic has not converged in " + std::to_string(max_iterations) +
                       " Newton steps: raise l2 or max_iterations");
  deviance = 2 * state.loss;

  const Index n = design.size(), columns = fit.columns();
  spread = design.spread();
  coefficients = Eigen::MatrixXd::Zero(design.width() + 1, columns);
  errors = Eigen::MatrixXd::Constant(design.width() + 1, columns, assay::kMissing);
  factor.compute(state.hessian);
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(fit.size(), fit.size()));
  for (Index b = 0; b < columns; ++b) {
    Eigen::VectorXd to_intercept(n);
    to_intercept[0] = 1;
    coefficients(0, b) = theta[b * n];
    for (Index j = 1; j < n; ++j) {
      const Index row = design.kept()[static_cast<std::size_t>(j - 1)] + 1;
      to_intercept[j] = -design.centre(j - 1) / design.scale(j - 1);
      coefficients(row, b) = theta[b * n + j] / design.scale(j - 1);
      coefficients(0, b) -= coefficients(row, b) * design.centre(j - 1);
      if (l2 == 0) errors(row, b) = std::sqrt(inverse(b * n + j, b * n + j)) / design.scale(j - 1);
    }
    coefficients(0, b) -= fit.weight_shift(b);
    if (l2 == 0) errors(0, b) = std::sqrt(to_intercept.dot(inverse.block(b * n, b * n, n, n) * to_intercept));
  }
}

inline void Logistic::predict(const assay::Rows& rows, assay::Out out) const {
  const FlatRows<double> flat(rows);
  const Index outputs = out.cols(), columns = coefficients.cols(), width = flat.width();
  if (coefficients.rows() != width + 1 || (columns != outputs && columns + 1 != outputs))
    throw assay::bad_input("linear.logistic has been fitted to another problem");
  std::vector<double> buffer(static_cast<std::size_t>(flat.is_direct() ? 0 : width));
  for (Index r = 0; r < flat.size(); ++r) {
    const Eigen::Map<const Eigen::VectorXd> x(flat.take(r, 1, buffer.data()).row(0).data(), width);
    const auto logit = [&](Index c) { return coefficients(0, c) + coefficients.col(c).tail(width).dot(x); };
    if (outputs == 1) {
      out(r) = 1 / (1 + std::exp(-logit(0)));
      continue;
    }
    const Index shift = outputs - columns;
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (Index c = 0; c < outputs; ++c) largest = std::max(largest, out(r, c) = c < shift ? 0.0 : logit(c - shift));
    for (Index c = 0; c < outputs; ++c) total += out(r, c) = std::exp(out(r, c) - largest);
    for (Index c = 0; c < outputs; ++c) out(r, c) /= total;
  }
}

// A class's score is its logit less the mean of the others'; that of two classes has one column, a reference class has the logit 0.
inline void Logistic::gradient(const assay::Rows& rows, std::int64_t output, assay::Slopes slopes) const {
  const FlatRows<double> flat(rows);
  const Index outputs = rows.problem().outputs(), classes = std::max<Index>(2, outputs), columns = coefficients.cols(),
              width = flat.width();
  if (coefficients.rows() != width + 1 || (columns != outputs && columns + 1 != outputs))
    throw assay::bad_input("linear.logistic has been fitted to another problem");
  if (output < 0 || output >= classes) throw assay::bad_input("there is no such class");
  Eigen::VectorXd direction = Eigen::VectorXd::Constant(classes, -1 / static_cast<double>(classes - 1));
  direction[output] = 1;
  const Eigen::VectorXd weights = coefficients * direction.tail(columns);
  std::vector<double> buffer(static_cast<std::size_t>(flat.is_direct() ? 0 : width));
  for (Index r = 0; r < flat.size(); ++r) {
    const Eigen::Map<const Eigen::VectorXd> x(flat.take(r, 1, buffer.data()).row(0).data(), width);
    slopes.score(r) = weights[0] + weights.tail(width).dot(x);
    std::copy_n(weights.data() + 1, width, slopes.of_row(r).data());
  }
}

inline void Logistic::graph(assay::Graph& g) const {
  const Index outputs = g.problem().outputs(), columns = coefficients.cols(), width = flat_width(g.problem());
  if (coefficients.rows() != width + 1 || (columns != outputs && columns + 1 != outputs))
    throw assay::bad_input("linear.logistic has been fitted to another problem");
  Block all = Block::Zero(width + 1, outputs);  // a reference class has the logit 0
  all.rightCols(columns) = coefficients;
  const std::span<const double> numbers(all.data(), static_cast<std::size_t>(all.size()));
  const auto n = static_cast<std::size_t>(outputs);
  const std::string product = g.node("MatMul", {flat_rows(g), g.constant(numbers.subspan(n), {width, outputs})});
  const std::string logits = g.node("Add", {product, g.constant(numbers.first(n), {outputs})});
  g.predicts(outputs == 1 ? g.node("Sigmoid", {logits}) : g.node("Softmax", {logits}, {{"axis", -1}}));
}

inline void Logistic::save(assay::Saver& s) const {
  s.put("coefficients", coefficients);
  s.put("errors", errors);
  s.put("spread", spread);
  s.put("deviance", deviance);
  s.put("iterations", iterations);
}
inline void Logistic::load(const assay::Saved& s) {
  const Eigen::MatrixXd c = s.matrix("coefficients"), e = s.matrix("errors");
  const Eigen::VectorXd widths = s.vector("spread");
  const double d = s.number("deviance");
  const std::int64_t i = s.number("iterations");
  if (c.rows() < 1 || c.cols() < 1 || e.rows() != c.rows() || e.cols() != c.cols() || widths.size() + 1 != c.rows())
    throw assay::bad_state("linear.logistic: the saved coefficients and standard errors do not fit together");
  coefficients = c;
  errors = e;
  spread = widths;
  deviance = d;
  iterations = i;
}
// A softmax stays the same where all classes' weights of an input move together, so they are taken about their middle; a reference class
// has zeros.
inline void Logistic::importance(std::span<double> out) const {
  Eigen::MatrixXd weights = coefficients.bottomRows(coefficients.rows() - 1);
  if (weights.cols() > 1) {
    if (l2 == 0) weights.conservativeResizeLike(Eigen::MatrixXd::Zero(weights.rows(), weights.cols() + 1));
    weights.colwise() -= Eigen::VectorXd(weights.rowwise().mean());
  }
  add_up(spread, weights, out);
}
inline void Logistic::summary(
    assay::Saver& s) const {  // row 0 is the intercept; errors are missing where l2 > 0: shrunk weights are biased
  s.put("coefficients", coefficients);
  s.put("standard_errors", errors);
  s.put("deviance", deviance);
  s.put("iterations", iterations);
}

}  // namespace models
