"""The other side of features.rolling_*: one function over 500 x 5,000, mean seconds of the windows 5, 20 and 60.

ASSAY_BENCH_ROLLING says whose: "pandas" (also where it is empty), "bottleneck" or "numba" (a plain loop over one column after the other).
Each gets the layout that suits it best.
"""

import os
import time

from peer import NAME, lack, need, serve

np = need("numpy", "python3-numpy")
WHOSE = os.environ.get("ASSAY_BENCH_ROLLING", "") or "pandas"
WINDOWS = (5, 20, 60)
ENTITIES, DAYS = 500, 5_000
rng = np.random.default_rng(1)
close = 100 * np.exp(np.cumsum(0.02 * rng.standard_normal((DAYS, ENTITIES)), axis=0))
volume = np.exp(rng.standard_normal((DAYS, ENTITIES)))
function = NAME.rsplit("rolling_", 1)[1]


def by_pandas():
    pd = need("pandas", "python3-pandas")
    frame, other = pd.DataFrame(close), pd.DataFrame(volume)

    def trend(frame, n, what):
        place = pd.DataFrame(np.broadcast_to(np.arange(float(DAYS))[:, None], close.shape))
        rolling = frame.rolling(n)
        return rolling.cov(place) / place.rolling(n).var() if what == "slope" else rolling.corr(place) ** 2

    table = {
        "median": lambda n: frame.rolling(n).median(),
        "quantile": lambda n: frame.rolling(n).quantile(0.2),
        "rank": lambda n: frame.rolling(n).rank(pct=True),
        "corr": lambda n: frame.rolling(n).corr(other),
        "cov": lambda n: frame.rolling(n).cov(other),
        "slope": lambda n: trend(frame, n, "slope"),
        "r2": lambda n: trend(frame, n, "r2"),
        "ewm_mean": lambda n: frame.ewm(span=n).mean(),
        "ewm_std": lambda n: frame.ewm(span=n).std(),
        "argmin": lambda n: frame.iloc[:, :5].rolling(n).apply(lambda w: n - 1 - w.argmin(), raw=True),
        "argmax": lambda n: frame.iloc[:, :5].rolling(n).apply(lambda w: n - 1 - w.argmax(), raw=True),
        "decay_linear": lambda n: frame.iloc[:, :5].rolling(n).apply(lambda w, v=np.arange(1.0, n + 1): w @ v / v.sum(), raw=True),
    }
    # Functions of the user's own take pandas minutes: 5 of the 500 columns are timed and multiplied.
    scale = 100 if function in ("argmin", "argmax", "decay_linear") else 1
    return "pandas " + pd.__version__, table.get(function, lambda n: getattr(frame.rolling(n), function)()), scale


def by_bottleneck():
    bn = need("bottleneck", "python3-bottleneck")
    columns = np.ascontiguousarray(close.T)
    table = {
        "std": lambda n: bn.move_std(columns, n, ddof=1, axis=1),
        "var": lambda n: bn.move_var(columns, n, ddof=1, axis=1),
        **{f: (lambda n, f=f: getattr(bn, "move_" + f)(columns, n, axis=1))
           for f in ("mean", "sum", "min", "max", "argmin", "argmax", "median", "rank")},
    }
    return "bottleneck " + bn.__version__, table.get(function), 1


def by_numba():
    numba = need("numba", "python3-numba")
    columns, others = np.ascontiguousarray(close.T), np.ascontiguousarray(volume.T)
    place = np.arange(float(DAYS))

    @numba.njit
    def moments(x, y, n, what):  # running sums, the way a plain loop is written
        out = np.full(x.shape, np.nan)
        for e in range(x.shape[0]):
            s = np.zeros(5)
            fourth = np.zeros(2)
            for i in range(x.shape[1]):
                for old in range(2):
                    j = i - n if old else i
                    if j < 0:
                        continue
                    sign = -1.0 if old else 1.0
                    a, b = x[e, j] - x[e, 0], y[e, j] - y[e, 0]
                    s[0] += sign * a
                    s[1] += sign * a * a
                    if 2 <= what <= 6:
                        s[2] += sign * b
                        s[3] += sign * b * b
                        s[4] += sign * a * b
                    if what == 5 or what == 6:
                        fourth[0] += sign * a**3
                        fourth[1] += sign * a**4
                if i < n - 1:
                    continue
                mean = s[0] / n
                var = s[1] - n * mean * mean
                if what == 0:
                    out[e, i] = mean + x[e, 0]
                elif what == 1:
                    out[e, i] = np.sqrt(max(var, 0.0) / (n - 1))
                elif what == 7:
                    out[e, i] = max(var, 0.0) / (n - 1)
                elif what == 8:
                    out[e, i] = s[0] + n * x[e, 0]
                elif what == 2:
                    out[e, i] = (s[4] - mean * s[2]) / (n - 1)
                elif what == 3:
                    out[e, i] = (s[4] - mean * s[2]) / np.sqrt(var * (s[3] - s[2] * s[2] / n))
                elif what == 4:
                    out[e, i] = (s[4] - mean * s[2]) / (s[3] - s[2] * s[2] / n)
                elif what == 5:
                    m3 = fourth[0] - 3 * mean * s[1] + 2 * n * mean**3
                    out[e, i] = m3 / var**1.5
                else:
                    m4 = fourth[1] - 4 * mean * fourth[0] + 6 * mean**2 * s[1] - 3 * n * mean**4
                    out[e, i] = m4 / var**2
        return out

    @numba.njit
    def fading(x, n, deviation):
        out = np.empty(x.shape)
        keep = 1 - 2 / (n + 1)
        for e in range(x.shape[0]):
            weight, squares_of_weights, mean, squares = 0.0, 0.0, 0.0, 0.0
            for i in range(x.shape[1]):
                weight = weight * keep + 1
                squares_of_weights = squares_of_weights * keep * keep + 1
                apart = x[e, i] - mean
                mean += apart / weight
                squares = squares * keep + apart * (x[e, i] - mean)
                left = weight * weight - squares_of_weights
                out[e, i] = np.sqrt(squares * weight / left) if deviation and left > 0 else mean
        return out

    @numba.njit
    def ordered(x, n, q, rank):  # a sorted array: the value that leaves is taken out, the one that comes is put in
        out = np.full(x.shape, np.nan)
        window = np.empty(n)
        for e in range(x.shape[0]):
            size = 0
            for i in range(x.shape[1]):
                if i >= n:
                    k = np.searchsorted(window[:size], x[e, i - n])
                    for j in range(k, size - 1):
                        window[j] = window[j + 1]
                    size -= 1
                k = np.searchsorted(window[:size], x[e, i])
                for j in range(size, k, -1):
                    window[j] = window[j - 1]
                window[k] = x[e, i]
                size += 1
                if size == n:
                    if rank:
                        out[e, i] = (k + 1) / n
                    else:
                        place = q * (n - 1)
                        low = int(place)
                        high = min(low + 1, n - 1)
                        out[e, i] = window[low] + (place - low) * (window[high] - window[low])
        return out

    places = np.ascontiguousarray(np.broadcast_to(place, columns.shape))
    table = {
        "mean": lambda n: moments(columns, columns, n, 0),
        "std": lambda n: moments(columns, columns, n, 1),
        "var": lambda n: moments(columns, columns, n, 7),
        "sum": lambda n: moments(columns, columns, n, 8),
        "cov": lambda n: moments(columns, others, n, 2),
        "corr": lambda n: moments(columns, others, n, 3),
        "slope": lambda n: moments(columns, places, n, 4),
        "skew": lambda n: moments(columns, columns, n, 5),
        "kurt": lambda n: moments(columns, columns, n, 6),
        "ewm_mean": lambda n: fading(columns, n, False),
        "ewm_std": lambda n: fading(columns, n, True),
        "median": lambda n: ordered(columns, n, 0.5, False),
        "quantile": lambda n: ordered(columns, n, 0.2, False),
        "rank": lambda n: ordered(columns, n, 0.0, True),
    }
    return "numba " + numba.__version__, table.get(function), 1


title, work, scale = {"pandas": by_pandas, "bottleneck": by_bottleneck, "numba": by_numba}[WHOSE]()
if work is None:
    lack(f"{title} has no rolling {function}")


def run():
    total = 0
    for window in WINDOWS:
        start = time.perf_counter()
        work(window)
        total += time.perf_counter() - start
    return scale * total / len(WINDOWS)


run()  # numba compiles
serve(title, run)
