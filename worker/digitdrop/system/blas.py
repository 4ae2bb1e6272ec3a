"""Pools of threads that libraries would start, and that nothing here uses."""

import os


def no_blas_threads() -> None:
    """Keep OpenBLAS from starting a thread for each core; to be called before NumPy is imported.

    NumPy and OpenCV each bring one. No matrix here is large enough for them, and starting them
    costs every process 0.07 to 0.19 s of CPU time on two cores (`docs/performance.md`). The
    processes that this one starts inherit it; whoever has set the variable is obeyed.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
