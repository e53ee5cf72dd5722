"""pandas' C engine reads the file that bench/data_csv_1m.cpp has written (its path stands in ASSAY_BENCH_CSV)."""

import os
import time

from peer import need, serve

pandas = need("pandas", "python3-pandas")
PATH = os.environ["ASSAY_BENCH_CSV"]


def run():
    start = time.perf_counter()
    table = pandas.read_csv(PATH)
    seconds = time.perf_counter() - start
    assert len(table) == 1_000_000
    return seconds


serve("pandas " + pandas.__version__, run)
