// The worker of the session's tests: what `assay worker --backtest` does.
#include "backtest/session.hpp"

int main() { return assay::backtest::run_worker(); }
