"""pandas' side of features.set_160_of_50: those of the 160 features that pandas computes by itself (without argmax, argmin, slope, r2 and
decay: 135 of them), over 50 entities x 5,000 days; seconds."""

import time

from peer import need, serve

np = need("numpy", "python3-numpy")
pd = need("pandas", "python3-pandas")
ENTITIES, DAYS = 50, 5_000
rng = np.random.default_rng(1)
walk = 100 * np.exp(np.cumsum(0.02 * rng.standard_normal((DAYS, ENTITIES)), axis=0))
close = pd.DataFrame(walk)  # one column an entity: pandas' best
open_ = close.shift(1).fillna(100) * (1 + 0.003 * rng.standard_normal((DAYS, ENTITIES)))
high = np.maximum(open_, close) * (1 + 0.005 * rng.random((DAYS, ENTITIES)))
low = np.minimum(open_, close) * (1 - 0.005 * rng.random((DAYS, ENTITIES)))
volume = pd.DataFrame(1e6 * rng.random((DAYS, ENTITIES)))


def of_window(n, base):
    r, size, gap, rise, fall, up, range2, signed, typical, paid = base
    c, v, change = close.rolling(n), volume.rolling(n), r.rolling(n)
    best, worst, volume_sum, sizes = high.rolling(n).max(), low.rolling(n).min(), v.sum(), size.rolling(n).sum()
    return [close / close.shift(n) - 1, c.mean() / close - 1, c.std() / close, best / close - 1, worst / close - 1,
            (close - worst) / (best - worst), change.std(), np.sqrt(fall.rolling(n).mean()), change.skew(), change.kurt(),
            up.rolling(n).mean(), rise.rolling(n).sum() / sizes, change.max(), change.min(), change.corr(r.shift(1)),
            np.sqrt(range2.rolling(n).mean() / (4 * np.log(2))), gap.rolling(n).mean(), volume / v.mean(), v.std() / v.mean(),
            size.rolling(n).corr(volume), c.corr(volume), signed.rolling(n).sum() / volume_sum, paid.rolling(n).sum() / volume_sum / close - 1]


def run():
    start = time.perf_counter()
    last, width, typical = close.shift(1), high - low, (high + low + close) / 3
    r = close / last - 1
    base = (r, r.abs(), open_ / last - 1, r.clip(lower=0), r.clip(upper=0) ** 2, (r > 0).astype(float).where(r.notna()),
            np.log(high / low) ** 2, np.sign(r) * volume, typical, typical * volume)
    features = [base[2], close / open_ - 1, r, width / close, (close - open_) / width, (high - np.maximum(open_, close)) / close,
                (np.minimum(open_, close) - low) / close, (2 * close - high - low) / width, typical / close - 1,
                (np.maximum(high, last) - np.minimum(low, last)) / last]
    usual = volume.rolling(20).mean()
    features += [r.shift(k) for k in range(1, 6)] + [volume.shift(k) / usual for k in range(1, 6)]
    for n in (5, 10, 20, 60, 120):
        features += of_window(n, base)
    seconds = time.perf_counter() - start
    assert len(features) == 135 and all(len(x) == DAYS for x in features)
    return seconds


serve("pandas " + pd.__version__, run)
