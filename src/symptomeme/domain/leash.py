"""`python -P LEASH MODULE ARGUMENT…`: run a module that ends, with its process group, when its starter does.

Its standard input is a pipe whose other end the starter alone holds: it closes however the starter ends, SIGKILL too.
"""

import os
import runpy
import signal
import sys
import threading
from pathlib import Path

LEASH = Path(__file__).resolve()
"""This file, as a program."""


def _watch() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_watch, daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    sys.path.insert(0, "")  # as `python -m MODULE` has it
    runpy.run_module(module, run_name="__main__", alter_sys=True)
