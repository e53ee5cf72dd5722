// linear.ridge: minimises sum w_i (y_i - b - x_i'c)^2 + l2 |c|^2 in closed form; the intercept b is not penalised (Hoerl and Kennard 1970;
// as scikit-learn's Ridge with alpha = l2). With l2 = 0 it is least squares, with standard errors. Quantiles are the forecast with the
// empirical quantiles of its leave-one-out errors around it: row i's error when the row itself had not been learned from is
// e_i / (1 - h_i), with h_i = w_i z_i' G^-1 z_i (Allen 1974). Used by linear.cpp alone. predict() is const and costs no allocation.
#pragma once

#include "../empirical_quantiles.hpp"
#include "design.hpp"

namespace models {

struct Ridge {
  double l2 = 1e-3;

  static void params(assay::Params<Ridge>& p) {
    p.real<&Ridge::l2>("l2", "Penalty on squared weights of the inputs as they come in; 0: least squares").range(0, 1e12).log_scale();
  }

  void fit(const assay::Batch& batch, assay::Call& call) {
    call.leave_if_stopping();
    Design design(batch);
    const Index dropped = l2 == 0 ? design.drop_combinations() : 0;
    tell_of_dropped(design, dropped, call);
    const auto y = batch.y();
    double mean = 0;
    for (Index r = 0; r < design.rows(); ++r) mean += design.weight(r) / design.total_weight() * y[r];
    if (!std::isfinite(mean)) throw assay::bad_input("a target is missing or infinite");

    const Index n = design.size();
    Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(n, n);
    Eigen::VectorXd moment = Eigen::VectorXd::Zero(n);
    design.each_block([&](Index first, const auto& block) {
      Block weighted = block;
      for (Index r = 0; r < block.rows(); ++r) {
        weighted.row(r) *= design.weight(first + r);
        moment += weighted.row(r).transpose() * (y[first + r] - mean);
      }
      gram.noalias() += block.transpose() * weighted;
    });
    for (Index j = 1; j < n; ++j) gram(j, j) += l2 / (design.scale(j - 1) * design.scale(j - 1));
    const Eigen::LLT<Eigen::MatrixXd> factor(gram);
    if (factor.info() != Eigen::Success) throw assay::bad_input("the inputs are too close to linear combinations of each other: raise l2");
    Eigen::VectorXd solution = factor.solve(moment);
    solution += factor.solve(moment - gram * solution);  // one refinement

    spread = design.spread();
    weights = Eigen::VectorXd::Zero(design.width());
    intercept = mean + solution[0];
    for (Index j = 1; j < n; ++j) {
      const double c = solution[j] / design.scale(j - 1);
      weights[design.kept()[static_cast<std::size_t>(j - 1)]] = c;
      intercept -= c * design.centre(j - 1);
    }
    errors = Eigen::VectorXd::Constant(design.width() + 1, assay::kMissing);
    if (l2 == 0 && design.rows() > n) estimate_errors(design, y, mean, solution, factor);
    const auto levels = batch.problem().levels();
    left_out.learn(levels, levels.empty() ? std::vector<Weighted>() : left_out_errors(design, y, mean, solution, factor));
  }

  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out) const {
    left_out.expect(levels);
    std::vector<double> forecast(static_cast<std::size_t>(rows.size()));
    assay_array array = assay::detail::array_of(forecast.data(), {rows.size(), 1});
    predict(rows, assay::Out(array));
    for (Index r = 0; r < rows.size(); ++r) left_out.put(forecast[static_cast<std::size_t>(r)], out, r);
  }

  void predict(const assay::Rows& rows, assay::Out out) const {
    const FlatRows<double> flat(rows);
    if (weights.size() != flat.width()) throw assay::bad_input("linear.ridge has been fitted to another number of inputs");
    std::vector<double> buffer(static_cast<std::size_t>(flat.is_direct() ? 0 : flat.width()));
    for (Index r = 0; r < flat.size(); ++r)
      out(r) = intercept + Eigen::Map<const Eigen::VectorXd>(flat.take(r, 1, buffer.data()).row(0).data(), weights.size()).dot(weights);
  }

  void gradient(const assay::Rows& rows, std::int64_t, assay::Slopes slopes) const {
    std::vector<double> value(static_cast<std::size_t>(rows.size()));
    assay_array array = assay::detail::array_of(value.data(), {rows.size(), 1});
    predict(rows, assay::Out(array));
    for (std::int64_t r = 0; r < rows.size(); ++r) {
      slopes.score(r) = value[static_cast<std::size_t>(r)];
      std::copy(weights.begin(), weights.end(), slopes.of_row(r).begin());
    }
  }

  void graph(assay::Graph& g) const {
    if (weights.size() != flat_width(g.problem())) throw assay::bad_input("linear.ridge has been fitted to another number of inputs");
    const std::span<const double> w(weights.data(), static_cast<std::size_t>(weights.size()));
    const std::string product = g.node("MatMul", {flat_rows(g), g.constant(w, {weights.size(), 1})});
    const std::string forecast = g.node("Add", {product, g.scalar(intercept)});
    g.predicts(forecast);
    const auto levels = static_cast<std::int64_t>(left_out.values().size());
    if (levels > 0) g.gives_quantiles(g.node("Add", {forecast, g.constant(left_out.values(), {levels})}));
  }

  void save(assay::Saver& s) const {
    s.put("intercept", intercept);
    s.put("weights", weights);
    s.put("errors", errors);
    s.put("spread", spread);
    left_out.save(s, "left_out");
  }
  void load(const assay::Saved& s) {
    const double b = s.number("intercept");
    const Eigen::VectorXd w = s.vector("weights"), e = s.vector("errors"), d = s.vector("spread");
    if (e.size() != w.size() + 1 || d.size() != w.size())
      throw assay::bad_state("linear.ridge: weights, standard errors and deviations differ in number");
    ErrorQuantiles q = ErrorQuantiles::loaded(s, "left_out");
    intercept = b;
    weights = w;
    errors = e;
    spread = d;
    left_out = std::move(q);
  }
  void importance(std::span<double> out) const { add_up(spread, weights, out); }
  void summary(assay::Saver& s) const {  // errors[0] is the intercept's; missing where l2 > 0: a shrunk weight is biased
    s.put("intercept", intercept);
    s.put("coefficients", weights);
    s.put("standard_errors", errors);
  }

  double intercept = 0;
  Eigen::VectorXd weights, errors, spread;  // spread: deviations of the train inputs
  ErrorQuantiles left_out;

 private:
  void estimate_errors(Design& design, const assay::VectorView<const double>& y, double mean, const Eigen::VectorXd& solution,
                       const Eigen::LLT<Eigen::MatrixXd>& factor) {
    double squares = 0;
    design.each_block([&](Index first, const auto& block) {
      const Eigen::VectorXd fitted = block * solution;
      for (Index r = 0; r < block.rows(); ++r) squares += design.weight(first + r) * std::pow(y[first + r] - mean - fitted[r], 2);
    });
    const Index n = design.size();
    const double variance = squares / static_cast<double>(design.rows() - n);
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
    Eigen::VectorXd to_intercept(n);
    to_intercept[0] = 1;
    for (Index j = 1; j < n; ++j) {
      to_intercept[j] = -design.centre(j - 1) / design.scale(j - 1);
      errors[design.kept()[static_cast<std::size_t>(j - 1)] + 1] = std::sqrt(variance * inverse(j, j)) / design.scale(j - 1);
    }
    errors[0] = std::sqrt(variance * to_intercept.dot(inverse * to_intercept));
  }

  // A row that alone decides some coefficient (h = 1) has no error without itself: it is left out.
  static std::vector<Weighted> left_out_errors(Design& design, const assay::VectorView<const double>& y, double mean,
                                               const Eigen::VectorXd& solution, const Eigen::LLT<Eigen::MatrixXd>& factor) {
    constexpr double kDecidesAlone = 1 - 1e-9;
    std::vector<Weighted> out;
    design.each_block([&](Index first, const auto& block) {
      const Eigen::MatrixXd half = factor.matrixL().solve(block.transpose());
      const Eigen::VectorXd fitted = block * solution;
      for (Index r = 0; r < block.rows(); ++r) {
        const double weight = design.weight(first + r), h = weight * half.col(r).squaredNorm();
        if (h < kDecidesAlone) out.push_back({(y[first + r] - mean - fitted[r]) / (1 - h), weight});
      }
    });
    if (out.empty()) throw assay::bad_input("there are too few train rows for quantiles: no row's error is known without the row itself");
    return out;
  }
};

}  // namespace models
