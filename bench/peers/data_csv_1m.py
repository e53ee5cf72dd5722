"""pandas' C engine, or data.table's fread, reads the file that bench/data_csv_1m.cpp has written (its path stands in ASSAY_BENCH_CSV).

The benchmark's name says whose: data.csv_1m_fread* is fread, on as many threads as the benchmark names; pandas has one thread alone.
"""

import os
import shutil
import subprocess
import time

from peer import NAME, THREADS, lack, need, serve

PATH = os.environ["ASSAY_BENCH_CSV"]

# R stays alive and answers each line it gets with the seconds of one read.
FREAD = """
suppressMessages(library(data.table))
setDTthreads(as.integer(Sys.getenv("ASSAY_BENCH_THREADS")))
cat("data.table", as.character(packageVersion("data.table")), "fread\\n"); flush(stdout())
lines <- file("stdin", "r")
while (length(readLines(lines, 1)) == 1) {
  start <- Sys.time()
  table <- fread(Sys.getenv("ASSAY_BENCH_CSV"), showProgress = FALSE)
  seconds <- as.numeric(Sys.time() - start, units = "secs")
  stopifnot(nrow(table) == 1000000)
  cat(format(seconds, digits = 15), "\\n"); flush(stdout())
}
"""


def by_pandas():
    pandas = need("pandas", "python3-pandas")

    def run():
        start = time.perf_counter()
        table = pandas.read_csv(PATH)
        seconds = time.perf_counter() - start
        assert len(table) == 1_000_000
        return seconds

    return "pandas " + pandas.__version__, run


def by_fread():
    missing = "there is no data.table for R: apt-get install r-cran-data.table"
    if shutil.which("Rscript") is None:
        lack(missing)
    r = subprocess.Popen(["Rscript", "-e", FREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         env=dict(os.environ, ASSAY_BENCH_THREADS=str(THREADS), OMP_NUM_THREADS=str(THREADS)))
    title = r.stdout.readline().strip()
    if not title:
        lack(missing)

    def run():
        r.stdin.write("run\n")
        r.stdin.flush()
        return float(r.stdout.readline())

    return title, run


serve(*(by_fread() if "fread" in NAME else by_pandas()))
