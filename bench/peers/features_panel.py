"""pandas' side of features.panel_5: five features over a panel of 500 x 5,000; seconds."""

import time

from peer import need, serve

np = need("numpy", "python3-numpy")
pd = need("pandas", "python3-pandas")
ENTITIES, DAYS = 500, 5_000
rng = np.random.default_rng(1)
close = pd.DataFrame(100 * np.exp(np.cumsum(0.02 * rng.standard_normal((DAYS, ENTITIES)), axis=0)))  # one column an entity: pandas' best


def run():
    start = time.perf_counter()
    ret = close / close.shift(1) - 1
    mom = close / close.shift(60) - 1
    vol = ret.rolling(20).std()
    mean = close.rolling(60).mean() / close - 1
    top = close / close.rolling(20).max()
    target = close.shift(-1) / close - 1
    seconds = time.perf_counter() - start
    assert all(len(x) == DAYS for x in (mom, vol, mean, top, target))
    return seconds


serve("pandas " + pd.__version__, run)
