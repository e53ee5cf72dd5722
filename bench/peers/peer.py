"""The peer's side of a benchmark (bench/harness.cpp has the other): it stays alive and times one round for every line "run".

    from peer import need, serve
    torch = need("torch", "python3-torch")
    ...                                     # prepare, compile, warm up
    serve("PyTorch " + torch.__version__, run)   # run() does one round and returns the figure in the benchmark's unit

The script is called as SCRIPT NAME THREADS.
"""

import importlib
import os
import sys

NAME = sys.argv[1] if len(sys.argv) > 1 else ""
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1

_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # a library's own prints must not be taken for answers


def _say(text):
    _out.write(text.replace("\n", " ") + "\n")
    _out.flush()


def need(module, package):
    """Imports `module`, or tells the harness which Debian package has it and ends."""
    try:
        return importlib.import_module(module)
    except ImportError:
        lack(f"python3 has no {module}: apt-get install {package}")


def lack(why):
    """Ends: the peer has nothing to compare with."""
    _say("missing " + why)
    sys.exit(0)


def serve(title, run):
    _say("ready " + title)
    for line in sys.stdin:
        if line.strip() != "run":
            continue
        try:
            _say(repr(float(run())))
        except Exception as error:  # the harness prints it and counts the benchmark as failed
            _say(f"failed {type(error).__name__}: {error}")
