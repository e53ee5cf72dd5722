"""Recomputes the program's tests of forecasts from its own stored predictions, with numpy and scipy only. Not run by the tests:
  assay run two_logistics.yaml; assay runs show last --predictions --csv > predictions.csv; python3 recompute.py delong predictions.csv plain shrunk
  assay run sp500_ridge.yaml;   assay runs show last --predictions --csv > predictions.csv
  python3 recompute.py dm predictions.csv ridge baseline:historical_mean 5       (clark_west: with --set split.expanding=true)
  python3 recompute.py tables predictions.csv plain credit_taiwan_default.csv    (two_logistics.yaml with what test_real_data.cpp sets; needs
  scikit-learn and statsmodels; the threshold is the one that the program printed, as a fifth argument)
Its output stands as constants in test_real_data.cpp.
"""
import csv
import sys

import numpy as np
from scipy import stats


def forecasts(path, model):
    with open(path, newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["model"] == model and r["part"] == "test"]
    return {(r["known_at"], int(r["row"])): (float(r["truth"]), float(r["value"])) for r in rows}


def paired(path, a, b):
    first, second = forecasts(path, a), forecasts(path, b)
    keys = sorted(first.keys() & second.keys())
    return tuple(np.array(x) for x in ([first[k][0] for k in keys], [first[k][1] for k in keys], [second[k][1] for k in keys]))


def delong(y, a, b):
    """Placement values by plain comparison of every pair: slow and plainly right."""
    def placements(score):
        positive, negative = score[y == 1], score[y == 0]
        wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
        return wins.mean(axis=1), wins.mean(axis=0)
    (v10a, v01a), (v10b, v01b) = placements(a), placements(b)
    difference = v10a.mean() - v10b.mean()
    error = np.sqrt(np.var(v10a - v10b, ddof=1) / len(v10a) + np.var(v01a - v01b, ddof=1) / len(v01a))
    return difference, 2 * stats.norm.sf(abs(difference / error))


def long_run(d, lags):
    n, c = len(d), d - d.mean()
    return (c @ c + 2 * sum(c[k:] @ c[:-k] for k in range(1, lags + 1))) / n


def diebold_mariano(y, model, opponent, h):
    d = (y - opponent) ** 2 - (y - model) ** 2
    n = len(d)
    factor = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    t = d.mean() / np.sqrt(long_run(d, h - 1) / n) * factor
    return d.mean(), stats.t.sf(t, n - 1)


def clark_west(y, model, opponent, h):
    f = (y - opponent) ** 2 - (y - model) ** 2 + (opponent - model) ** 2
    return f.mean(), stats.norm.sf(f.mean() / np.sqrt(long_run(f, h - 1) / len(f)))


def tables(predictions, model, data, threshold):
    """Calibration line, segments by EDUCATION, fairness by SEX: the data file's columns joined to the stored predictions by row."""
    import statsmodels.api as sm
    from sklearn import metrics
    with open(data, newline="") as file:
        source = list(csv.DictReader(file))
    with open(predictions, newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["model"] == model and r["part"] == "test"]
    y, p = (np.array([float(r[name]) for r in rows]) for name in ("truth", "value"))
    column = lambda name: np.array([int(float(source[int(r["row"])][name])) for r in rows])
    fit = sm.Logit(y, sm.add_constant(np.log(p / (1 - p)))).fit(disp=0, tol=1e-13)
    print("calibration: slope %.12g error %.12g intercept %.12g error %.12g" % (fit.params[1], fit.bse[1], fit.params[0], fit.bse[0]))
    for level in (1, 2, 3):
        s = column("EDUCATION") == level
        print("EDUCATION %d: rows %d auc %.12g log_loss %.12g brier %.12g" %
              (level, s.sum(), metrics.roc_auc_score(y[s], p[s]), metrics.log_loss(y[s], p[s]), metrics.brier_score_loss(y[s], p[s])))
    for level in (1, 2):
        s = column("SEX") == level
        tn, fp, fn, tp = metrics.confusion_matrix(y[s], p[s] >= threshold).ravel()
        print("SEX %d: rows %d base %.12g selected %.12g true positive rate %.12g false positive rate %.12g" %
              (level, s.sum(), y[s].mean(), (tp + fp) / s.sum(), tp / (tp + fn), fp / (fp + tn)))


if __name__ == "__main__" and sys.argv[1] == "tables":
    tables(*sys.argv[2:5], float(sys.argv[5]))
elif __name__ == "__main__":
    kind, path, a, b = sys.argv[1:5]
    y, x, z = paired(path, a, b)
    if kind == "delong":
        print("difference %.12g  p_two_sided %.12g  n %d" % (*delong(y, x, z), len(y)))
    else:
        test = diebold_mariano if kind == "dm" else clark_west
        print("mean %.12g  p %.12g  n %d" % (*test(y, x, z, int(sys.argv[5])), len(y)))
