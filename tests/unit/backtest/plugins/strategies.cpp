// Strategies that go wrong, and one that tells what it sees. Used by the session's tests.
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "assay/strategy.hpp"

namespace {

// mode: what it does on its third bar.
struct Trouble {
  std::string mode = "none";
  static void params(assay::Params<Trouble>& p) {
    p.choice<&Trouble::mode>("mode", "What goes wrong", {"none", "throws", "aborts", "hangs", "sleeps", "eats", "writes"});
  }
  void on_bar(assay::Market& market, assay::Call& call) {
    if (market.bar() == 0) market.target_weight(0, 0.5);
    if (market.bar() != 2) return;
    call.warn("about to try: " + mode);
    if (mode == "throws") throw assay::Error("the third bar is too much");
    if (mode == "aborts") std::abort();
    if (mode == "hangs")
      for (;;) std::this_thread::yield();
    if (mode == "sleeps")
      while (!call.stopping()) std::this_thread::yield();
    if (mode == "eats")
      for (std::vector<std::string> meals;;) meals.emplace_back(1 << 24, 'x');
    if (mode == "writes") const_cast<double&>(market[0].close()[0]) = 1;
  }
};

// Orders as many units as this process has seen replays.
struct Counts {
  static void params(assay::Params<Counts>&) {}
  void on_start(assay::Market&) { ++replays; }
  void on_bar(assay::Market& market) {
    if (market.bar() == 0) market.target_units(0, replays);
  }
  static inline int replays = 0;
};

// Holds as many units as a column says; a random number of the call's seed decides the rest.
struct Follows {
  std::string column;
  static void params(assay::Params<Follows>& p) { p.column<&Follows::column>("column", "How many units to hold"); }
  void on_bar(assay::Market& market) {
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      const assay::History history = market[i];
      if (!history.has_bar()) continue;
      const double units = history.feature(0).back() + (history.outputs() > 0 ? history.prediction().back() : 0);
      market.target_units(i, units);
    }
  }
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<Trouble>("test.trouble", "1.0.0", "Goes wrong on its third bar"),
             assay::strategy<Counts>("test.counts", "1.0.0", "Counts the replays of its process"),
             assay::strategy<Follows>("test.follows", "1.0.0", "Holds what a column says"))
