"""Benches: ratios to a peer or a bound, run side by side."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes, as the program does
