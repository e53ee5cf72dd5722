"""Optuna's side of sweep.scaling: trials that multiply matrices (numpy lets the interpreter's lock go) on one and on N of its threads."""
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
from peer import THREADS, need, serve  # noqa: E402

numpy = need("numpy", "python3-numpy")
optuna = need("optuna", "python3-optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS = 128
x = numpy.random.default_rng(1).standard_normal((32, 64))
w = numpy.random.default_rng(2).standard_normal((64, 64)) / 8


def objective(trial):
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    y = x
    for _ in range(3000):  # steps of about the size of a small network's
        y = numpy.tanh(y @ w) * (1 - rate)
    return float(y.sum())


def seconds(jobs):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    start = time.perf_counter()
    study.optimize(objective, n_trials=TRIALS, n_jobs=jobs)
    return time.perf_counter() - start


serve("Optuna " + optuna.__version__, lambda: seconds(1) / seconds(THREADS) / THREADS)
