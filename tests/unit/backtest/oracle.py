"""Writes the expected figures of test_account_and_figures.cpp, computed by pandas: /usr/bin/python3 oracle.py > oracle.inc"""
import numpy as np
import pandas as pd

t = np.arange(500)
x = (t * 7919 % 1009) / 1009 - 0.48
equity = pd.Series(50_000 * np.cumprod(1 + 0.03 * x), index=pd.to_datetime(t + t // 5 * 2, unit="D"))
curve = pd.concat([pd.Series([50_000.0], index=[equity.index[0] - pd.Timedelta("1D")]), equity])
returns = curve.pct_change().dropna()
excess = returns - 0.02 / 260
peaks = curve.cummax()
falls = curve / peaks - 1
trough = falls.idxmin()
peak = curve[:trough].idxmax()
after = curve[trough:]
back = after[after >= curve[peak]]
years = (equity.index[-1] - equity.index[0]) / pd.Timedelta("365.25D")
cagr = (equity.iloc[-1] / 50_000) ** (1 / years) - 1
results = np.array([(i * 37) % 23 - 9.5 for i in range(40)])
day = lambda when: (when - pd.Timestamp(0)).days
figures = {
    "final_equity": equity.iloc[-1],
    "peak_equity": curve.max(),
    "total_return": equity.iloc[-1] / 50_000 - 1,
    "cagr": cagr,
    "volatility": returns.std() * np.sqrt(260),
    "sharpe": excess.mean() / returns.std() * np.sqrt(260),
    "sortino": excess.mean() / np.sqrt((excess.clip(upper=0) ** 2).mean()) * np.sqrt(260),
    "max_drawdown": falls.min(),
    "calmar": cagr / -falls.min(),
    "exposure": np.mean(t % 3 != 0),
    "turnover": 1_234_567 / 2 / equity.mean() / (500 / 260),
    "hit_rate": np.mean(results > 0),
    "profit_factor": results[results > 0].sum() / -results[results < 0].sum(),
    "best_trade": results.max() / 1000,
    "worst_trade": results.min() / 1000,
    "costs": 321.5,
}
for name, value in figures.items():
    print(f"  CHECK(p.{name} == Approx({float(value)!r}).epsilon(1e-10));")
print("  CHECK(p.trades == 40);")
for name, when in {"drawdown_from": peak, "drawdown_to": trough}.items():
    print(f"  CHECK(p.{name} == {day(when)} * kNsPerDay);")
print(f"  CHECK(p.recovered == {str(day(back.index[0])) + ' * kNsPerDay' if len(back) else 'kMissingTime'});")
