"""Independent numbers for tests/unit/stats and tests/unit/metrics: run with numpy, scipy, scikit-learn and statsmodels, by hand.

    python3 tests/unit/stats/oracle.py

The data come from a generator that test_data.hpp repeats in C++. Where no package has a method (DeLong, Politis-White), it is
written out here from the paper in the plainest way, not the way that core/stats does it.
"""
import numpy as np
import scipy
import scipy.fft
import scipy.optimize
import scipy.stats as ss
import sklearn
import sklearn.metrics as sm
import statsmodels
import statsmodels.api as sma
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests


class Numbers:
    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        self.state = (1103515245 * self.state + 12345) & 0x7FFFFFFF
        return self.state / 2147483648.0


def binary_table(n, seed):
    u = Numbers(seed)
    truth, a, b, weight = [], [], [], []
    for _ in range(n):
        s = np.floor(20 * u()) / 20
        truth.append(1.0 if u() < 0.15 + 0.6 * s else 0.0)
        a.append(s)
        b.append(np.floor(10 * (0.5 * s + 0.5 * u())) / 10)
        weight.append(1 + np.floor(4 * u()))
    return np.array(truth), np.array(a), np.array(b), np.array(weight)


def series(n, seed, phi):
    u = Numbers(seed)
    e, out = 0.0, []
    for _ in range(n):
        e = phi * e + (u() - 0.5)
        out.append(e)
    return np.array(out)


def show(name, *values):
    print(name, " ".join(repr(float(v)) for v in values))


def delong_naive(truth, scores):
    pos, neg = truth == 1, truth == 0
    v10, v01 = [], []
    for s in scores:
        psi = (s[pos][:, None] > s[neg][None, :]) + 0.5 * (s[pos][:, None] == s[neg][None, :])
        v10.append(psi.mean(1))
        v01.append(psi.mean(0))
    s10, s01 = np.atleast_2d(np.cov(v10)), np.atleast_2d(np.cov(v01))
    return [v.mean() for v in v10], s10 / pos.sum() + s01 / neg.sum()


def politis_white(x):
    n = len(x)
    d = x - x.mean()
    R = lambda k: (d[: n - abs(k)] * d[abs(k):]).sum() / n
    kn = max(5, int(np.ceil(np.sqrt(np.log10(n)))))
    m_max = int(np.ceil(np.sqrt(n))) + kn
    bound = 2 * np.sqrt(np.log10(n) / n)
    rho = np.array([abs(R(k)) / R(0) for k in range(0, m_max + 1)])
    candidates = [j for j in range(1, m_max - kn + 2) if np.all(rho[j:j + kn] < bound)]
    if candidates:
        m = candidates[0]
    else:
        big = [j for j in range(1, m_max + 1) if rho[j] >= bound]
        m = max(big) if big else 1
    M = min(2 * m, m_max)
    lam = lambda t: 1.0 if abs(t) <= 0.5 else (2 * (1 - abs(t)) if abs(t) <= 1 else 0.0)
    ks = range(-M, M + 1)
    G = sum(lam(k / M) * abs(k) * R(k) for k in ks)
    g0 = sum(lam(k / M) * R(k) for k in ks)
    top = np.ceil(min(3 * np.sqrt(n), n / 3))
    length = lambda D: min(top, max(1.0, (2 * G ** 2 / D) ** (1 / 3) * n ** (1 / 3)))
    return length(2 * g0 ** 2), length(4 / 3 * g0 ** 2)


def weighted_ks(truth, score, w):
    best = 0
    for t in np.unique(score):
        below = score <= t
        best = max(best, abs(w[below & (truth == 1)].sum() / w[truth == 1].sum() - w[below & (truth == 0)].sum() / w[truth == 0].sum()))
    return best


def weighted_pearson(x, y, w):
    c = np.cov(x, y, aweights=w)
    return c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])


def hac(d, lags, kernel):
    fit = sma.OLS(d, np.ones(len(d))).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "kernel": kernel})
    return fit.bse[0]


def distributions():
    print("== distributions (scipy", scipy.__version__, ")")
    show("normal", ss.norm.cdf(-1.3), ss.norm.sf(9), ss.norm.ppf(0.975), ss.norm.ppf(1e-12))
    show("t", ss.t.cdf(1.7, 4), ss.t.sf(6.5, 11.5), ss.t.ppf(0.975, 9),
         scipy.optimize.brentq(lambda x: ss.t.cdf(x, 2.5) - 0.01, -10, 0, xtol=1e-14))  # scipy's own ppf has nine digits here
    show("chi2", ss.chi2.cdf(3.2, 2), ss.chi2.sf(40, 7), ss.chi2.ppf(0.95, 5))
    show("f", ss.f.sf(3.1, 4, 17))
    show("binom", ss.binom.cdf(3, 12, 0.4))


def roc():
    print("== roc (sklearn", sklearn.__version__, ")")
    t, a, b, w = binary_table(120, 1)
    show("auc", sm.roc_auc_score(t, a), sm.roc_auc_score(t, b), sm.roc_auc_score(t, a, sample_weight=w))
    show("ks", ss.ks_2samp(a[t == 1], a[t == 0]).statistic, weighted_ks(t, a, w))
    aucs, cov = delong_naive(t, [a, b])
    var = cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]
    z = (aucs[0] - aucs[1]) / np.sqrt(var)
    show("delong", *aucs, cov[0, 0], cov[1, 1], np.sqrt(var), z, 2 * ss.norm.sf(abs(z)))
    show("corr", np.corrcoef(a, b)[0, 1], ss.spearmanr(a, b)[0], weighted_pearson(a, b, w), weighted_pearson(ss.rankdata(a), ss.rankdata(b), w))


def tests():
    print("== forecast tests (statsmodels", statsmodels.__version__, ")")
    d = series(80, 5, 0.5) + 0.1
    n = len(d)
    for h in (1, 3):
        se = hac(d, h - 1, "uniform") if h > 1 else np.sqrt(d.var() / n)
        hln = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
        stat = d.mean() / se * hln
        show(f"dm h={h}", d.mean(), se / hln, stat, 2 * ss.t.sf(abs(stat), n - 1), ss.t.sf(stat, n - 1))
    show("bartlett lags 4, as variance", hac(d, 4, "bartlett") ** 2 * n)
    wave = np.array([(-1.0) ** i for i in range(30)]) + 0.01 * np.arange(30)
    h = 2
    hln = np.sqrt((30 + 1 - 2 * h + h * (h - 1) / 30) / 30)
    se = hac(wave, 1, "bartlett")
    show("dm alternating h=2 (flat variance negative)", wave.mean() / se * hln)
    y, s, l = series(60, 7, 0.3), np.zeros(60), 0.3 * series(60, 7, 0.3) + 0.2 * series(60, 11, 0.0)
    f = y ** 2 - (y - l) ** 2 + l ** 2
    fit = sma.OLS(f, np.ones(60)).fit()
    stat = f.mean() / (f.std() / np.sqrt(60))
    show("cw", f.mean(), stat, ss.norm.sf(stat))
    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    show("holm", *multipletests(p, method="holm")[1])
    show("mcnemar 10 3", mcnemar([[0, 10], [3, 0]], exact=True).pvalue)
    show("effect se=2 df=19", (ss.t.ppf(0.975, 19) + ss.t.ppf(0.8, 19)) * 2)


def blocks():
    print("== block length (written from the paper)")
    for name, x in (("ar 0.6", series(400, 3, 0.6)), ("ar 0.95", series(250, 9, 0.95)), ("noise", series(300, 4, 0.0)), ("ar -0.5", series(150, 6, -0.5))):
        show(name, *politis_white(x))


def bootstraps():
    print("== bootstrap (scipy.stats.bootstrap, 100000 resamples)")
    x = np.exp(2 * series(40, 21, 0.0))
    for method in ("percentile", "basic", "BCa"):
        for name, statistic in (("mean", np.mean), ("variance", np.var)):
            r = ss.bootstrap((x,), statistic, n_resamples=100000, method=method, random_state=1, vectorized=True, axis=-1, batch=2000)
            show(f"{name} {method}", r.confidence_interval.low, r.confidence_interval.high, r.standard_error)


def calibrations():
    print("== calibration (statsmodels)")
    t, a, b, w = binary_table(300, 2)
    p = 0.05 + 0.9 * a
    x = np.log(p / (1 - p))
    fit = sma.Logit(t, sma.add_constant(x)).fit(disp=0, tol=1e-12)
    show("line", *fit.params, *fit.bse, sm.log_loss(t, fit.predict()))
    wfit = sma.GLM(t, sma.add_constant(x), family=sma.families.Binomial(), freq_weights=w).fit(tol=1e-14)
    show("weighted line", *wfit.params, *wfit.bse)
    off = sma.GLM(t, np.ones((300, 1)), family=sma.families.Binomial(), offset=x).fit(tol=1e-14)
    show("in the large", off.params[0], off.bse[0])
    from sklearn.calibration import calibration_curve
    rate, mean = calibration_curve(t, p, n_bins=5, strategy="uniform")
    show("curve rate", *rate)
    show("curve mean", *mean)
    from statsmodels.stats.proportion import proportion_confint
    first = p < 0.2
    show("wilson first bin", first.sum(), *proportion_confint(t[first].sum(), first.sum(), method="wilson"))
    show("brier", sm.brier_score_loss(t, p))


def means():
    print("== interval of a mean (cosines: scipy.fft.dct type II, orthonormal; bounds: scipy.stats.t)")
    for n, seed, phi, count in ((120, 5, 0.5, 8), (60, 6, 0.0, 3), (2, 7, 0.0, 1)):
        x = series(n, seed, phi)
        error = np.sqrt(np.mean(scipy.fft.dct(x, norm="ortho")[1:count + 1] ** 2) / n)
        show(f"n {n}, {count} cosines", x.mean(), error, *ss.t.interval(0.95, count, x.mean(), error))


def metrics():
    print("== metrics (sklearn, scipy)")
    t, a, b, w = binary_table(120, 1)
    p = 0.02 + 0.96 * a
    d = (p >= 0.5).astype(float)
    for name, kw in (("plain", {}), ("weighted", {"sample_weight": w})):
        show(name, sm.accuracy_score(t, d, **kw), sm.precision_score(t, d, **kw), sm.recall_score(t, d, **kw), sm.f1_score(t, d, **kw),
             sm.roc_auc_score(t, p, **kw), sm.brier_score_loss(t, p, **kw), sm.log_loss(t, p, **kw))
        show(name + " confusion tn fp fn tp", *sm.confusion_matrix(t, d, **kw).ravel())
    u = Numbers(17)
    truth, probability = [], []
    for _ in range(90):
        k = np.floor(3 * u())
        raw = np.array([0.2 + np.floor(5 * u()) + (2 if c == k else 0) for c in range(3)])
        truth.append(k)
        probability.append(raw / raw.sum())
    truth, probability = np.array(truth), np.array(probability)
    decision = probability.argmax(1)
    for average in ("macro", "weighted", "micro"):
        show("multiclass " + average, sm.precision_score(truth, decision, average=average), sm.recall_score(truth, decision, average=average),
             sm.f1_score(truth, decision, average=average), sm.roc_auc_score(truth, probability, average=average, multi_class="ovr"))
    onehot = np.eye(3)[truth.astype(int)]
    show("multiclass accuracy brier log_loss", sm.accuracy_score(truth, decision), ((probability - onehot) ** 2).sum(1).mean(), sm.log_loss(truth, probability))
    few = np.where(truth == 2, 1, truth)
    dec = np.where(decision == 1, 0, decision)
    show("macro with class 2 only decided and class 1 never", sm.precision_score(few, dec, average="macro", zero_division=0),
         sm.recall_score(few, dec, average="macro", zero_division=0), sm.f1_score(few, dec, average="macro", zero_division=0))
    y = series(100, 31, 0.4)
    f = 0.5 * y + 0.3 * series(100, 32, 0.0)
    w = np.array([1 + np.floor(4 * v) for v in (lambda g: [g() for _ in range(100)])(Numbers(33))])
    for name, kw in (("regression", {}), ("regression weighted", {"sample_weight": w})):
        show(name, sm.mean_squared_error(y, f, **kw), np.sqrt(sm.mean_squared_error(y, f, **kw)), sm.mean_absolute_error(y, f, **kw), sm.r2_score(y, f, **kw))
    show("smape bias", np.mean(2 * abs(y - f) / (abs(y) + abs(f))), np.mean(f - y))
    show("ic rank_ic", ss.pearsonr(y, f)[0], ss.spearmanr(np.floor(10 * y), np.floor(10 * f))[0])
    rank = [ss.spearmanr(np.floor(10 * y[i:i + 10]), np.floor(10 * f[i:i + 10]))[0] for i in range(0, 100, 10)]
    lin = [ss.pearsonr(y[i:i + 10], f[i:i + 10])[0] for i in range(0, 100, 10)]
    show("icir rank linear", np.mean(rank) / np.std(rank, ddof=1), np.mean(lin) / np.std(lin, ddof=1))
    show("directional", np.mean(np.sign(y) == np.sign(f)))


if __name__ == "__main__":
    for part in (distributions, roc, tests, blocks, bootstraps, calibrations, means, metrics):
        part()
