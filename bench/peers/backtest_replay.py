"""numba's side of backtest.*: the same rule as one compiled loop over arrays, without orders, fills or trades kept."""

import time

from peer import NAME, THREADS, need, serve

np = need("numpy", "python3-numpy")
numba = need("numba", "python3-numba")
numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
COSTS = 7e-4


def walk(instruments, bars):
    rng = np.random.default_rng(1)
    gaps, moves = 0.002 * rng.standard_normal((bars, instruments)), 0.01 * rng.standard_normal((bars, instruments))
    close = 100 * np.exp(np.cumsum(gaps + moves, axis=0))
    return close / np.exp(moves), close


@numba.njit
def replay(open_, close, fast, slow, capital):
    bars, n = close.shape
    equity = np.empty(bars)
    units, wanted, quick, calm = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    side, waits = np.zeros(n, np.int8), np.zeros(n, np.bool_)
    cash = capital
    any_waits = False
    for t in range(bars):
        if any_waits:
            worth = cash
            for i in range(n):
                worth += units[i] * open_[t, i]
            for i in range(n):
                if waits[i]:
                    waits[i] = False
                    traded = wanted[i] * worth / open_[t, i] - units[i]
                    cash -= traded * open_[t, i] + abs(traded) * open_[t, i] * COSTS
                    units[i] += traded
            any_waits = False
        worth = cash
        for i in range(n):
            worth += units[i] * close[t, i]
            quick[i] += close[t, i]
            calm[i] += close[t, i]
            if t >= fast:
                quick[i] -= close[t - fast, i]
            if t >= slow:
                calm[i] -= close[t - slow, i]
            if t + 1 < slow:
                continue
            now = 1 if quick[i] / fast > calm[i] / slow else -1
            if side[i] != 0 and now != side[i]:
                waits[i] = any_waits = True
                wanted[i] = now / n
            side[i] = now
        equity[t] = worth
    return equity


@numba.njit(parallel=True)
def grid(open_, close):
    last = np.empty(1000)
    for i in numba.prange(1000):
        last[i] = replay(open_, close, 2 + i % 20, 30 + 2 * (i // 20), 1e6)[-1]
    return last


BARS = {"backtest.minute_1m": 1_000_000}.get(NAME, 5_000)
open_, close = walk(500 if NAME == "backtest.panel_500" else 1, BARS)
fast, slow = (50, 200) if NAME == "backtest.minute_1m" else (10, 30)


def run():
    start = time.perf_counter()
    if NAME == "backtest.grid_1000":
        result = grid(open_, close)
    else:
        for _ in range(100 if NAME == "backtest.sma_event" else 1):
            result = replay(open_, close, fast, slow, 1e6)
    seconds = time.perf_counter() - start
    assert np.isfinite(result).all()
    return seconds * 1e6 / 100 if NAME == "backtest.sma_event" else seconds


run()
serve("numba " + numba.__version__, run)
