// The inverse distributions: scipy.stats.norm.ppf(p); Student's by mpmath with 40 digits (scipy's t.ppf has nine where degrees are no whole
// number): findroot(lambda t: log(betainc(df / 2, 0.5, 0, df / (df + t^2), regularized=True) / 2) - log(min(p, 1 - p))).
#include <cmath>

#include "assay/nn/density.hpp"
#include "support/catch.hpp"

using assay::nn::normal_quantile;
using assay::nn::student_t_quantile;

TEST_CASE("the normal's quantiles are scipy's") {
  struct Row {
    double p, value;
  };
  for (const Row& row : {Row{0.001, -3.090232306167813},
                         {0.05, -1.6448536269514729},
                         {0.25, -0.6744897501960817},
                         {0.4, -0.2533471031357997},
                         {0.75, 0.6744897501960817},
                         {0.975, 1.959963984540054},
                         {0.9999, 3.719016485455709}}) {
    INFO(row.p);
    CHECK(normal_quantile(row.p) == Approx(row.value).epsilon(1e-14));
  }
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(1e-300) == Approx(-37.0471).epsilon(1e-6));
}

TEST_CASE("Student's quantiles are mpmath's, for any degrees of freedom") {
  struct Row {
    double p, df, value;
  };
  for (const Row& row : {Row{0.0001, 2.000001, -70.69994358782478},
                         {0.05, 2.000001, -2.919984584690885},
                         {0.3, 2.000001, -0.6172133492968163},
                         {0.9, 2.000001, 1.8856176678436316},
                         {0.995, 2.000001, 9.924834848936166},
                         {0.0001, 2.5, -34.86796932111477},
                         {0.05, 2.5, -2.5582186141359364},
                         {0.3, 2.5, -0.5973077382523175},
                         {0.9, 2.5, 1.7302509288071768},
                         {0.995, 2.5, 7.163728138948783},
                         {0.0001, 3.7, -14.780396445535024},
                         {0.05, 3.7, -2.182493803914602},
                         {0.3, 3.7, -0.5724353841388498},
                         {0.9, 3.7, 1.5575658388615077},
                         {0.995, 3.7, 4.8692522532278275},
                         {0.0001, 7, -7.063432828157514},
                         {0.05, 7, -1.8945786050900073},
                         {0.3, 7, -0.5491096579472851},
                         {0.9, 7, 1.4149239276505086},
                         {0.995, 7, 3.4994832973504932},
                         {0.0001, 30.25, -4.229237662207531},
                         {0.3, 30.25, -0.5299721906503265},
                         {0.995, 30.25, 2.7484680882748163},
                         {0.0001, 1000.5, -3.7328446675095424},
                         {0.3, 1000.5, -0.5245676237324935},
                         {0.995, 1000.5, 2.5807522321743113}}) {
    INFO(row.p << ' ' << row.df);
    CHECK(student_t_quantile(row.p, row.df) == Approx(row.value).epsilon(1e-12));
  }
  CHECK(student_t_quantile(0.995, 1e6) == Approx(2.575834220105334).epsilon(1e-8));
  CHECK(student_t_quantile(0.5, 3.3) == 0);
}

TEST_CASE("quantiles rise with the level, whatever the degrees") {
  for (const double df : {2.0, 2.3, 11.0, 250.0, 1e5}) {
    double before = -INFINITY;
    for (int i = 1; i < 1000; ++i) {
      const double t = student_t_quantile(i / 1000.0, df);
      CHECK(t > before);
      CHECK(t == Approx(-student_t_quantile(1 - i / 1000.0, df)).margin(1e-12));
      before = t;
    }
  }
}
