"""Which instructions of the processor are used: the same ones everywhere, in training as in serving."""

import os
from contextlib import suppress
from pathlib import Path

SAME_INSTRUCTIONS = {
    "MKL_CBWR": "AVX2,STRICT",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
"""Where a processor has AVX2: no more than that is used, so that last digits are the same as without AVX-512."""


def use_same_instructions() -> None:
    """Set them for what this process loads and starts from here on; a variable that is already set wins."""
    if has_avx2():
        for name, value in SAME_INSTRUCTIONS.items():
            os.environ.setdefault(name, value)


def has_avx2() -> bool:
    """Whether this is Linux on a processor with AVX2: nothing else is asked to use it, or it would crash."""
    with suppress(OSError):
        return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return False
