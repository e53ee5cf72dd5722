"""Optuna's side of sweep.random_1000: 1,000 trials of a random sampler whose objective is nothing, in memory; microseconds a trial."""
import time

from peer import need, serve

optuna = need("optuna", "python3-optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS = 1000


def objective(trial):
    trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    trial.suggest_float("weight_decay", 0, 0.1)
    trial.suggest_float("beta1", 0.5, 0.99)
    trial.suggest_int("batch_size", 16, 256, log=True)
    return -abs(trial.suggest_int("epochs", 1, 50) - 25)


def run():
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    start = time.perf_counter()
    study.optimize(objective, n_trials=TRIALS)
    seconds = time.perf_counter() - start
    if study.best_value != 0:
        raise ValueError("1000 random points meet the best of 50 values")
    return seconds * 1e6 / TRIALS


serve("Optuna " + optuna.__version__ + " in memory", run)
