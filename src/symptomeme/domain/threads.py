"""How many threads of torch an answer takes."""

from contextlib import suppress

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.params import read_params

THREADS = 1
"""Where no params.yaml says otherwise: on cores that others use too, threads wait for one another at every layer."""


def threads_here() -> int:
    """`base.threads` of the current folder's params.yaml, as its stages take; without a valid one THREADS."""
    with suppress(ParamsError):
        return read_params().base.threads
    return THREADS
