// The usual technical indicators in one library. What each computes, from which row on it no longer depends on where the data begin, and
// where its formula is from: docs/indicators.md.
#include "momentum.hpp"
#include "trend.hpp"
#include "volatility.hpp"
#include "volume.hpp"

using namespace assay::features;

ASSAY_PLUGIN(assay::feature<Rsi>("technical.rsi", "2.0.0", "Relative strength index with Wilder's smoothing, 0 to 100"),
             assay::feature<Macd>("technical.macd", "1.0.0", "Distance of a fast and a slow exponential mean, with its own mean"),
             assay::feature<Stochastic>("technical.stochastic", "1.0.0", "Where the close stands in the range of a window, 0 to 100"),
             assay::feature<WilliamsR>("technical.williams_r", "1.0.0",
                                       "Where the close stands below the top of a window's range, -100 to 0"),
             assay::feature<Cci>("technical.cci", "1.0.0", "Commodity channel index: distance from the mean in mean distances"),
             assay::feature<Mfi>("technical.mfi", "1.0.0", "Money flow index: the share of money that came in, 0 to 100"),
             assay::feature<Atr>("technical.atr", "1.0.0", "Average true range with Wilder's smoothing"),
             assay::feature<Adx>("technical.adx", "1.0.0", "Directional movement: its strength (ADX) and both directions"),
             assay::feature<Bollinger>("technical.bollinger", "1.0.0", "Bands of so many deviations around a mean"),
             assay::feature<Keltner>("technical.keltner", "1.0.0", "Lines of so many average true ranges around an exponential mean"),
             assay::feature<Donchian>("technical.donchian", "1.0.0", "Highest and lowest price of a window"),
             assay::feature<Obv>("technical.obv", "1.0.0", "What on-balance volume gained over a window"),
             assay::feature<Vwap>("technical.vwap", "1.0.0", "Mean price of a window, weighted by volume"),
             assay::feature<SessionVwap>("technical.session_vwap", "1.0.0", "Mean price since the session began, weighted by volume"),
             assay::feature<Parkinson>("technical.parkinson", "1.0.0", "Volatility from highs and lows"),
             assay::feature<GarmanKlass>("technical.garman_klass", "1.0.0", "Volatility from highs, lows, opens and closes"),
             assay::feature<RogersSatchell>("technical.rogers_satchell", "1.0.0", "Volatility from all four prices, free of the drift"),
             assay::feature<YangZhang>("technical.yang_zhang", "1.0.0", "Volatility from all four prices and the gaps over night"))
